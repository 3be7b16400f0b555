"""What the values of a site file may be: each kind a type, with the words that refuse another."""

import re
from collections.abc import Callable
from typing import Annotated

from archive.tables import NumberRule, TextRule

URL = re.compile(
    r"(?P<scheme>https?)://(?P<user>(?:[^/?#\\\s]*@)?)(?P<host>\[[0-9a-f:.]+\]|[^/?#\\\s:@\[\]]+)(?::(?P<port>\d*))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.IGNORECASE | re.DOTALL,
)
"""A whole http URL; a backslash or space in the authority, which clients read in different ways, is none."""
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_HOST = r"(?=.{1,253}$)[a-z0-9_][a-z0-9_-]{0,62}(\.[a-z0-9_][a-z0-9_-]{0,62})*|\[[0-9a-f:.]+\]"


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _selects(selector: str) -> bool:
    from cssselect import HTMLTranslator, SelectorError  # noqa: PLC0415  # only who reads a site file pays for it

    try:
        HTMLTranslator().css_to_xpath(selector)
    except (SelectorError, RecursionError):
        return False
    return True


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


def _is_url(text: str) -> bool:
    return URL.fullmatch(text) is not None and re.search(r"[\x00-\x20\x7f]", text) is None


Line = Annotated[str, TextRule("a line of text, not empty", _matches(r"(?=.*\S)[^\x00-\x1f\x7f-\x9f]+"))]
Regex = Annotated[str, TextRule("a regular expression of Python's re", _compiles)]
Selector = Annotated[str, TextRule("a CSS selector", _selects)]
Host = Annotated[str, TextRule("a host name in small letters, without scheme and port", _matches(_HOST))]
Url = Annotated[str, TextRule("a whole URL that begins with https:// or http://", _is_url)]
SitePath = Annotated[str, TextRule("a path that begins with /", _matches(r"/[^\x00-\x20\x7f]*"))]
RobotsRule = Annotated[str, TextRule("a path pattern that begins with / or *", _matches(r"[/*][^\x00-\x20\x7f]*"))]
Slug = Annotated[str, TextRule("small letters, digits and hyphens, 64 at most", _matches(r"[a-z0-9][a-z0-9-]{0,63}"))]
LanguageTag = Annotated[str, TextRule("a language tag like en or pt-BR", _matches(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"))]
Seconds = Annotated[float, NumberRule(0, 86_400, "seconds")]
Span = Annotated[
    str, TextRule("a span like 12h, 90m or 2d, 10m at least", _matches(r"(?=\d{2}m|\d+[hd]|\d{3,5}m)[1-9]\d{0,4}[mhd]"))
]
Window = Annotated[
    str, TextRule("two different times of day like 22:00-05:30", _matches(rf"(?P<a>{_CLOCK})-(?!(?P=a)$){_CLOCK}"))
]
