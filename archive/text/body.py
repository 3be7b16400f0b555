"""A body's elements become blocks of running text, in reading order.

Bare text between ``<br>`` pairs is a paragraph like any other (site-facts 0.5), and a drop cap is just a letter.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from archive.model import BlockKind, Link
from archive.page import Element, absolute, tidy

SILENT = frozenset(
    """script style noscript template iframe object embed svg audio video canvas map button select textarea input form
    figure picture head title""".split()  # noqa: SIM905  # a list of words reads best as words
)
"""Elements without text of the post; figures are read on their own."""
_BLOCKS = frozenset(
    """p div section article main header footer aside nav ul ol li dl dt dd table caption tbody thead tfoot tr td th
    blockquote h1 h2 h3 h4 h5 h6 pre address center fieldset details summary hr body html""".split()  # noqa: SIM905
)
_KINDS = {
    "li": BlockKind.ITEM,
    "blockquote": BlockKind.QUOTE,
    **{f"h{size}": BlockKind.HEADING for size in range(1, 6)},
}
"""``h6`` is none of them: before 2016 the site sets its credit lines in it."""
_HEADING_LENGTH = 150
_BOLD = frozenset({"b", "strong"})


class Piece(NamedTuple):
    """Some text, and the target of the link that it is."""

    text: str
    href: str | None
    is_bold: bool


_BREAK = Piece(text="\n", href=None, is_bold=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One block as the page has it. ``box`` is the nearest element around it, within the body, with a class or id."""

    kind: BlockKind
    text: str
    pieces: tuple[Piece, ...]
    box: Element | None
    is_bare: bool

    def links(self, url: str) -> Iterator[Link]:
        """The links in it, absolute: web addresses of other pages."""
        for piece in self.pieces:
            if piece.href is None or piece.href.startswith("#"):
                continue
            target, text = absolute(url, piece.href), tidy(piece.text)
            if target and text:
                yield Link(url=target, text=text)


def sources(body: Element, silent: AbstractSet[Element]) -> list[Source]:
    """Cut a body into blocks; nothing from within the elements of ``silent``."""
    reader = _Reader()
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            reader.leave(element, is_body=element is body)
        elif element in silent or element.tag in SILENT:
            walk.skip_subtree()
            reader.skip(element)
        else:
            reader.enter(element, is_body=element is body)
    reader.flush()
    return reader.found


class _Reader:
    """Follows a walk through a body; keeps what it is within."""

    def __init__(self) -> None:
        self.found: list[Source] = []
        self._pieces: list[Piece] = []
        self._kinds: list[tuple[Element, BlockKind]] = []
        self._boxes: list[Element] = []
        self._links: list[Element] = []
        self._bold = 0
        self._paragraphs = 0
        self._skipped: Element | None = None

    def skip(self, element: Element) -> None:
        """Pass over an element; a block ends the text before it."""
        self._skipped = element
        if element.tag in _BLOCKS or element.tag == "figure":
            self.flush()

    def enter(self, element: Element, *, is_body: bool) -> None:
        """Begin an element."""
        tag = element.tag
        if tag == "br":
            self._pieces.append(_BREAK)
        elif tag == "a":
            self._links.append(element)
        elif tag in _BOLD:
            self._bold += 1
        elif tag in _BLOCKS:
            self.flush()
            self._paragraphs += tag == "p"
            if tag in _KINDS:
                self._kinds.append((element, _KINDS[tag]))
            if not is_body and tag not in _KINDS and tag != "p" and (element.get("class") or element.get("id")):
                self._boxes.append(element)
        self._add(element.text)

    def leave(self, element: Element, *, is_body: bool) -> None:
        """End an element, and take the text behind it."""
        if element is self._skipped:
            self._skipped = None
        else:
            self._close(element)
        if not is_body:
            self._add(element.tail)

    def _close(self, element: Element) -> None:
        tag = element.tag
        if tag == "a":
            self._links.pop()
        elif tag in _BOLD:
            self._bold -= 1
        elif tag in _BLOCKS:
            self.flush()
            self._paragraphs -= tag == "p"
            if self._kinds and self._kinds[-1][0] is element:
                self._kinds.pop()
            if self._boxes and self._boxes[-1] is element:
                self._boxes.pop()

    def _add(self, text: str | None) -> None:
        if text:
            href = self._links[-1].get("href") if self._links else None
            self._pieces.append(Piece(text=text, href=href, is_bold=self._bold > 0))

    def flush(self) -> None:
        """End the block; an empty line (two line breaks) ended others within it."""
        for pieces in _split(self._pieces):
            if text := tidy("".join(piece.text for piece in pieces)):
                is_bare = self._paragraphs == 0 and not self._kinds
                is_bold = self._paragraphs == 0 and all(piece.is_bold for piece in pieces if piece.text.strip())
                is_heading = is_bare and is_bold and len(text) <= _HEADING_LENGTH and text[-1] not in ".:,;"
                kind = self._kinds[-1][1] if self._kinds else BlockKind.PARAGRAPH
                self.found.append(
                    Source(
                        kind=BlockKind.HEADING if is_heading else kind,
                        text=text,
                        pieces=tuple(pieces),
                        box=self._boxes[-1] if self._boxes else None,
                        is_bare=is_bare,
                    )
                )
        self._pieces = []


def _split(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Cut at empty lines: two or more line breaks with nothing but white space between."""
    block: list[Piece] = []
    breaks = 0
    for piece in pieces:
        if piece is _BREAK:
            breaks += 1
        elif piece.text.strip():
            if breaks >= 2:
                yield block
                block = []
            breaks = 0
        block.append(piece)
    yield block
