"""A page's bytes become a tree: character set, limits, CSS selectors, tidy text; never raises on what a server sent.

Limits: ``MAX_BYTES`` of HTML, ``MAX_TAGS`` signs ``<``, 255 elements in one another (libxml2's own). A page beyond one
of them is ``PageOutcome.UNREADABLE``; the largest page seen on the site has 150 kilobytes and 2,500 tags.
"""

import codecs
import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from urllib.parse import urljoin

import cssselect
from cssselect.parser import Attrib, Class, CombinedSelector, Hash
from cssselect.parser import Element as CssElement
from lxml import etree
from lxml.cssselect import CSSSelector
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from archive.model import PageOutcome

Element = etree._Element  # noqa: SLF001  # lxml has no other name for it

MAX_BYTES = 4 * 2**20
MAX_TAGS = 30_000

_ODD = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff\u00ad\ufffe\uffff\ud800-\udfff]")
"""Characters that a reader does not see, or that no text may hold; joiners and direction marks have a meaning."""
_WHOLE_URL = re.compile(r"https?://(?:[^/?#\\\s\[\]]+|\[[0-9a-f:.]+\](?::\d+)?)(?:[/?#][^\t\r\n]*)?", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://[^/?#]+", re.IGNORECASE)
_VISIBLE = re.compile(rb"[^\xef\xbb\xbf \t\r\n\0]")
_CHARSETS = re.compile(
    r"ascii|utf-8|utf-(16|32)(-[bl]e)?|iso8859-\d+|cp\d+|koi8-\w|gb\w+|hz|big5\w*|shift_jis\w*|euc_\w+|iso2022_\w+"
    r"|mac-\w+|tis-620|ptcp154|kz1048"
)


# --- selecting ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """What one part of a selector asks of an element; every element that fits is found under ``key`` in the index."""

    tag: str | None
    classes: tuple[str, ...]
    name: str | None
    attributes: tuple[tuple[str, str | None], ...]

    @property
    def key(self) -> str:
        if self.name:
            return f"#{self.name}"
        return f".{self.classes[0]}" if self.classes else self.tag or "*"

    @property
    def is_key_enough(self) -> bool:
        return (self.tag is not None) + len(self.classes) + (self.name is not None) == 1 and not self.attributes

    def fits(self, element: Element) -> bool:
        """Tell whether an element is as this part says."""
        if (self.tag and element.tag != self.tag) or (self.name and element.get("id") != self.name):
            return False
        if self.classes and not set(self.classes).issubset((element.get("class") or "").split()):
            return False
        return all(
            (element.get(name) is not None if value is None else element.get(name) == value)
            for name, value in self.attributes
        )


_Chain = tuple[tuple[str, _Part], ...]
"""The parts of a selector from left to right, each with the combinator before it: a space, ``>``, or nothing."""


@lru_cache(maxsize=1024)
def _selector(selector: str) -> CSSSelector:
    return CSSSelector(selector, translator="html")


@lru_cache(maxsize=1024)
def _chains(selector: str) -> tuple[_Chain, ...] | None:
    """A selector as chains of parts; ``None`` if it has a part for which the index is no help."""
    chains = [_chain(parsed.parsed_tree) for parsed in cssselect.parse(selector)]
    plain = tuple(parts for parts in chains if parts is not None)
    return plain if len(plain) == len(chains) else None


def _chain(tree: object, combinator: str = "") -> _Chain | None:
    if isinstance(tree, CombinedSelector):
        before, last = _chain(tree.selector), _chain(tree.subselector, tree.combinator)
        return before + last if before and last and tree.combinator in {" ", ">"} else None
    part = _part(tree)
    return None if part is None or part.key == "*" else ((combinator, part),)


def _part(tree: object) -> _Part | None:
    """One part of a selector: a tag, classes, an id, attributes that are there or have a value."""
    match tree:
        case CssElement(namespace=None):
            return _Part(tree.element.lower() if tree.element else None, (), None, ())
        case Class():
            inner = _part(tree.selector)
            return replace(inner, classes=(*inner.classes, tree.class_name)) if inner else None
        case Hash():
            inner = _part(tree.selector)
            return replace(inner, name=tree.id) if inner and inner.name is None else None
        case Attrib(namespace=None, operator="exists" | "="):
            inner = _part(tree.selector)
            value = tree.value.value if tree.value is not None else None
            return replace(inner, attributes=(*inner.attributes, (tree.attrib.lower(), value))) if inner else None
        case _:
            return None


class Tree:
    """A parsed page with an index of its classes and ids, made in one pass.

    A whole-page search by XPath costs a third of parsing the page, and a layout holds dozens of selectors: those of
    tags, classes, ids, attributes, descendants and children are looked up, others are searched. The tree must not be
    changed.
    """

    __slots__ = ("_classes", "_known", "_places", "root")

    def __init__(self, root: Element) -> None:
        self.root = root
        self._places: dict[Element, int] = {}
        self._known: dict[str, list[Element]] = {}
        spellings: dict[str, list[tuple[int, Element]]] = {}
        for place, element in enumerate(root.iter()):
            if names := element.get("class"):
                spellings.setdefault(names, []).append((place, element))
            if name := element.get("id"):
                self._known.setdefault(f"#{name}", []).append(element)
        self._classes: dict[str, list[list[tuple[int, Element]]]] = {}
        for spelling, found in spellings.items():
            for name in set(spelling.split()):
                self._classes.setdefault(name, []).append(found)

    def every(self, selectors: Iterable[str]) -> set[Element]:
        """Every element of the page that any of the selectors matches."""
        return {element for selector in selectors for element in self._found(selector)}

    def first(self, selectors: Iterable[str], outside: AbstractSet[Element] = frozenset()) -> list[Element]:
        """The elements of the first selector that matches any not in ``outside``, in the order of the page."""
        for selector in selectors:
            if found := [element for element in self._found(selector) if not is_within(element, outside)]:
                return found
        return []

    def in_order(self, elements: Iterable[Element]) -> list[Element]:
        """The elements as they follow one another on the page."""
        found = list(elements)
        if len(found) < 2:
            return found
        if not self._places:
            self._places = {element: place for place, element in enumerate(self.root.iter())}
        return sorted(found, key=self._places.__getitem__)

    def has(self, selectors: Iterable[str]) -> bool:
        """Tell whether any of the selectors matches anything."""
        return any(self._found(selector) for selector in selectors)

    def tagged(self, tag: str) -> list[Element]:
        """All elements of one tag, in the order of the page."""
        return self._at(tag)

    def _at(self, key: str) -> list[Element]:
        """What the index has under a class (``.lead``), an id (``#text``) or a tag, in the order of the page."""
        if key not in self._known:
            if key[0] == ".":
                spellings = self._classes.get(key[1:], [])
                found = (
                    spellings[0] if len(spellings) == 1 else sorted(chain.from_iterable(spellings), key=itemgetter(0))
                )
                self._known[key] = [element for _, element in found]
            else:
                self._known[key] = [] if key[0] == "#" else list(self.root.iter(key))
        return self._known[key]

    def _found(self, selector: str) -> list[Element]:
        chains = _chains(selector)
        if chains is None:
            return _selector(selector)(self.root)
        if len(chains) == 1:
            return self._along(chains[0])
        return self.in_order({element for parts in chains for element in self._along(parts)})

    def _along(self, parts: _Chain) -> list[Element]:
        combinator, part = parts[-1]
        if len(parts) == 1:
            return self._fitting(part)
        above = self._along(parts[:-1])
        if not above:
            return []
        if combinator == ">":
            found = [child for element in above for child in element if part.fits(child)]
        elif part.key[0] in ".#":
            around = set(above)
            return [element for element in self._fitting(part) if is_below(element, around)]
        else:
            found = [inner for element in above for inner in element.iterdescendants(part.key) if part.fits(inner)]
        return found if len(above) == 1 else self.in_order(dict.fromkeys(found))

    def _fitting(self, part: _Part) -> list[Element]:
        found = self._at(part.key)
        return found if part.is_key_enough else [element for element in found if part.fits(element)]


def inside(root: Element, selectors: Iterable[str]) -> list[Element]:
    """The elements of the first selector that matches within a small part of a page, ``root`` included."""
    for selector in selectors:
        if found := _selector(selector)(root):
            return list(found)
    return []


def is_within(element: Element, others: AbstractSet[Element]) -> bool:
    """Tell whether ``element`` is one of ``others`` or lies in one."""
    return element in others or is_below(element, others)


def is_below(element: Element, others: AbstractSet[Element]) -> bool:
    """Tell whether ``element`` lies in one of ``others``."""
    return bool(others) and any(parent in others for parent in element.iterancestors())


# --- bytes to tree ------------------------------------------------------------------------------


def parse(payload: bytes, content_type: str | None) -> Tree | PageOutcome:
    """Make a tree of a page, or say why there is none: ``EMPTY`` or ``UNREADABLE``."""
    return PageOutcome.UNREADABLE if len(payload) > MAX_BYTES else parse_text(decode(payload, content_type))


def parse_text(html: str) -> Tree | PageOutcome:
    """Make a tree of decoded HTML, a whole page or a piece of one."""
    if len(html) > MAX_BYTES or html.count("<") > MAX_TAGS:
        return PageOutcome.UNREADABLE
    html = html.replace("\0", "")
    if not html or html.isspace():
        return PageOutcome.EMPTY
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(html.encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        return PageOutcome.UNREADABLE
    # a page of comments alone has no root, whatever the types of lxml say
    if _is_cut(parser) or not isinstance(root, Element):
        return PageOutcome.UNREADABLE
    root.extend(list(root.itersiblings()))  # of a broken page the parser makes several
    return Tree(root)


def _is_cut(parser: etree.HTMLParser) -> bool:
    """Tell whether the parser gave up before the end, as it does at a depth of 256."""
    return any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log)


def decode(payload: bytes, content_type: str | None) -> str:
    """Decode a page: byte order mark, then HTTP header, then ``meta``, then UTF-8 if it fits, else windows-1252."""
    mark, _ = read_bom(payload)
    header = http_content_type_encoding(content_type)
    meta = html_body_declared_encoding(payload)
    if meta and meta.startswith("utf-16"):  # the declaration could not have been read (WHATWG HTML 13.2.3.2)
        meta = "utf-8"
    for name in (mark, header, meta):
        if name and _is_charset(name):
            return payload.decode(name, "replace")
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return payload.decode("cp1252", "replace")


def _is_charset(name: str) -> bool:
    try:
        return _CHARSETS.fullmatch(codecs.lookup(name).name) is not None
    except LookupError:
        return False


def is_blank(payload: bytes) -> bool:
    """Tell whether an answer says nothing: the CMS has an "empty" of 11 bytes (site-facts 1.5)."""
    return not _VISIBLE.search(payload) or (len(payload) < 32 and not re.search(rb"[<{\[]", payload))


def has_marker(payload: bytes, markers: Sequence[str]) -> bool:
    """Tell whether a page is of the site at all: it holds one of the marker strings, or the site file names none."""
    encodings = ("utf-8", "utf-16-le", "utf-16-be") if payload[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8",)
    return not markers or any(marker.encode(name) in payload for marker in markers for name in encodings)


# --- text and URLs -------------------------------------------------------------------------------


def visible(text: str) -> str:
    """``text`` without the characters that nobody sees."""
    return text if text.isprintable() else _ODD.sub("", text)


def tidy(text: str) -> str:
    """``text`` as a reader sees it on one line: white space normalised, invisible characters gone."""
    line = " ".join(text.split())
    return line if line.isprintable() else " ".join(_ODD.sub("", line).split())


def text_of(element: Element) -> str:
    """The tidy text of an element and all that is in it."""
    return tidy("".join(element.itertext()))


def absolute(base: str, url: str) -> str | None:
    """``url`` as found on a page at ``base``, made absolute; ``None`` unless it is http or https."""
    url = url.strip()
    if _WHOLE_URL.fullmatch(url):
        return url
    origin = _ORIGIN.match(base)
    if origin and url.startswith("/") and not url.startswith("//") and "/." not in url:
        joined = origin[0] + url  # what is less plain is left to the library, which is slow
    else:
        try:
            joined = urljoin(base, url)
        except ValueError:
            return None
    return joined if _WHOLE_URL.fullmatch(joined) else None
