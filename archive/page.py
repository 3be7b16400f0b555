"""A page's bytes become a tree: character set, limits, CSS selectors, tidy text; never raises on what a server sent.

Limits: ``MAX_BYTES`` of HTML, ``MAX_TAGS`` signs ``<``, 255 elements in one another (libxml2's own). A page beyond one
of them is ``PageOutcome.UNREADABLE``; the largest page seen on the site has 150 kilobytes and 2,500 tags.
"""

import codecs
import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

import cssselect
from cssselect.parser import Class, CombinedSelector, Hash
from cssselect.parser import Element as CssElement
from lxml import etree
from lxml.cssselect import CSSSelector
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from archive.model import PageOutcome

Element = etree._Element  # noqa: SLF001  # lxml has no other name for it

MAX_BYTES = 8 * 2**20
MAX_TAGS = 100_000

_ODD = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff\u00ad\ufffe\uffff\ud800-\udfff]")
"""Characters that a reader does not see, or that no text may hold; joiners and direction marks have a meaning."""
_CHARSETS = re.compile(
    r"ascii|utf-8|utf-(16|32)(-[bl]e)?|iso8859-\d+|cp\d+|koi8-\w|gb\w+|hz|big5\w*|shift_jis\w*|euc_\w+|iso2022_\w+"
    r"|mac-\w+|tis-620|ptcp154|kz1048"
)


# --- selecting ---------------------------------------------------------------------------------


class Tree:
    """A parsed page with an index of its classes and ids, made in one pass.

    A whole-page search by XPath costs a third of parsing the page, and a layout holds dozens of selectors: a plain
    selector (``p``, ``.lead``, ``div.lead``, ``#text``) is looked up, another is searched only if its last part occurs
    at all. The tree must not be changed.
    """

    __slots__ = ("_known", "_places", "root")

    def __init__(self, root: Element) -> None:
        self.root = root
        self._places: dict[Element, int] = {}
        spellings: dict[str, list[Element]] = {}
        self._known: dict[str, list[Element]] = {}
        for element in root.iter(etree.Element):
            if (names := element.get("class")) is not None:
                if names in spellings:
                    spellings[names].append(element)
                else:
                    spellings[names] = [element]
            if (name := element.get("id")) is not None:
                self._known.setdefault(f"#{name}", []).append(element)
        for names, elements in spellings.items():
            for name in set(names.split()):
                self._known.setdefault(f".{name}", []).extend(elements)

    def every(self, selectors: Iterable[str]) -> set[Element]:
        """Every element of the page that any of the selectors matches."""
        return {element for selector in selectors for element in self._found(selector)}

    def first(self, selectors: Iterable[str], outside: AbstractSet[Element] = frozenset()) -> list[Element]:
        """The elements of the first selector that matches any not in ``outside``, in the order of the page."""
        for selector in selectors:
            if found := [element for element in self._found(selector) if not is_within(element, outside)]:
                return self.in_order(found)
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
        if tag not in self._known:
            self._known[tag] = list(self.root.iter(tag))
        return self._known[tag]

    def _found(self, selector: str) -> list[Element]:
        keys, tag, is_plain = _plan(selector)
        if not is_plain:
            return _selector(selector)(self.root) if any(self._at(key) for key in keys) else []
        found = self._at(keys[0])
        return [element for element in found if element.tag == tag] if tag else found

    def _at(self, key: str) -> list[Element]:
        return self._known.get(key, []) if key[0] in ".#" else self.tagged(key)


@lru_cache(maxsize=1024)
def _selector(selector: str) -> CSSSelector:
    return CSSSelector(selector, translator="html")


@lru_cache(maxsize=1024)
def _plan(selector: str) -> tuple[tuple[str, ...], str | None, bool]:
    """Under which keys of the index a selector's matches lie, which tag they must have, and whether that is all."""
    trees = [parsed.parsed_tree for parsed in cssselect.parse(selector)]
    plain = len(trees) == 1 and isinstance(trees[0], Class | Hash | CssElement)
    inner = trees[0].selector if plain and isinstance(trees[0], Class | Hash) else trees[0]
    if plain and isinstance(inner, CssElement) and (inner.element or inner is not trees[0]):
        tag = inner.element.lower() if inner.element and inner is not trees[0] else None
        return (_key(trees[0]),), tag, True
    return tuple(_key(tree) for tree in trees), None, False


def _key(tree: object) -> str:
    """What every match of a selector's last part has: a class, an id, a tag; the root's tag where it has none."""
    if isinstance(tree, CombinedSelector):
        return _key(tree.subselector)
    if isinstance(tree, Class):
        return f".{tree.class_name}"
    if isinstance(tree, Hash):
        return f"#{tree.id}"
    if isinstance(tree, CssElement):
        return tree.element.lower() if tree.element else "html"
    return _key(getattr(tree, "selector", CssElement()))


def inside(root: Element, selectors: Iterable[str]) -> list[Element]:
    """The elements of the first selector that matches within a small part of a page, ``root`` included."""
    for selector in selectors:
        if found := _selector(selector)(root):
            return list(found)
    return []


def is_within(element: Element, others: AbstractSet[Element]) -> bool:
    """Tell whether ``element`` is one of ``others`` or lies in one."""
    return bool(others) and (element in others or any(parent in others for parent in element.iterancestors()))


# --- bytes to tree ------------------------------------------------------------------------------


def parse(payload: bytes, content_type: str | None) -> Tree | PageOutcome:
    """Make a tree of a page, or say why there is none: ``EMPTY`` or ``UNREADABLE``."""
    if len(payload) > MAX_BYTES or payload.count(b"<") > MAX_TAGS:
        return PageOutcome.UNREADABLE
    return parse_text(decode(payload, content_type))


def parse_text(html: str) -> Tree | PageOutcome:
    """Make a tree of decoded HTML, a whole page or a piece of one."""
    html = html.replace("\0", "")
    if not html.strip():
        return PageOutcome.EMPTY
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(html.encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        return PageOutcome.UNREADABLE
    # a page of comments alone has no root, whatever the types of lxml say
    return PageOutcome.UNREADABLE if _is_cut(parser) or not isinstance(root, Element) else Tree(root)


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
    return not payload.strip(b"\xef\xbb\xbf \t\r\n\0") or (len(payload) < 32 and not re.search(rb"[<{\[]", payload))


def has_marker(payload: bytes, markers: Sequence[str]) -> bool:
    """Tell whether a page is of the site at all: it holds one of the marker strings, or the site file names none."""
    return not markers or any(marker.encode() in payload for marker in markers)


# --- text and URLs -------------------------------------------------------------------------------


def visible(text: str) -> str:
    """``text`` without the characters that nobody sees."""
    return text if text.isascii() and text.isprintable() else _ODD.sub("", text)


def tidy(text: str) -> str:
    """``text`` as a reader sees it on one line: white space normalised, invisible characters gone."""
    return " ".join(visible(text).split())


def text_of(element: Element) -> str:
    """The tidy text of an element and all that is in it."""
    return tidy("".join(element.itertext()))


def absolute(base: str, url: str) -> str | None:
    """``url`` as found on a page at ``base``, made absolute; ``None`` unless it is http or https."""
    try:
        joined = urljoin(base, url.strip())
        return joined if urlsplit(joined).scheme in {"http", "https"} and urlsplit(joined).netloc else None
    except ValueError:
        return None
