"""trafilatura says which blocks of a body are the post's text; what it is known to lose comes back.

It is given the body alone, as clean HTML: on the whole page it takes sidebars in and loses datelines, captions and
first paragraphs (site-facts 2.5). Of what it drops, a block comes back if it stands beside kept ones: link-laden credit
lines, list items, short lines. A box that it drops whole stays out, and is counted as lost.
"""

from functools import cache
from importlib.metadata import version

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from lxml.html.builder import E
from trafilatura.settings import Extractor

from archive.model import BlockKind
from archive.page import Element, tidy, visible
from archive.text.body import Source

EDITION = 1
"""Counts up when the same bytes and the same layout may be read otherwise, in the text or in any other field."""
_OPTIONS = Extractor(fast=True, comments=False, tables=False, output_format="txt")
_UNIQUE = 40
"""So many characters do not stand by chance within another paragraph."""
_TAGS = {BlockKind.HEADING: "h3", BlockKind.ITEM: "li", BlockKind.QUOTE: "blockquote", BlockKind.PARAGRAPH: "p"}


@cache
def software() -> str:
    """Name what reads posts today, with versions; an index holds the readings of one such software (decision 0011)."""
    return f"trafilatura {version('trafilatura')}, vigil {EDITION}"


def extractor(layout: str) -> str:
    """What made a text: names and versions, as stored with it."""
    return f"{software()}, layout {layout}"


def select(blocks: list[Source]) -> tuple[list[Source], list[Source]]:
    """Part the blocks of a body into those that are the post's and those that are not."""
    if not blocks:
        return [], []
    kept_at = _kept(["".join(block.text.split()) for block in blocks], _told(blocks))
    trusted = {None} | {blocks[index].box for index in kept_at}
    kept = [block for index, block in enumerate(blocks) if index in kept_at or block.box in trusted]
    lost = [block for index, block in enumerate(blocks) if index not in kept_at and block.box not in trusted]
    return kept, lost


def _kept(texts: list[str], told: str) -> set[int]:
    """Which of the texts are in what was told, which has them in the same order, one right behind the other."""
    kept: set[int] = set()
    place = 0
    for index, text in enumerate(texts):
        found = place if told.startswith(text, place) else told.find(text, place) if len(text) >= _UNIQUE else -1
        if found >= 0:
            kept.add(index)
            place = found + len(text)
    return kept


def _told(blocks: list[Source]) -> str:
    """What trafilatura says of the blocks, without white space."""
    document = trafilatura.bare_extraction(_html(blocks), options=_OPTIONS)
    if not isinstance(document, trafilatura.settings.Document) or document.body is None:
        return ""
    return "".join("".join(document.body.itertext()).split())


def _html(blocks: list[Source]) -> HtmlElement:
    """The blocks as a small page, in boxes with the classes and ids they had: trafilatura judges by these too."""
    article = E.article()
    parent, box = article, None
    for block in blocks:
        if block.box is not box:
            box = block.box
            parent = article if box is None else etree.SubElement(article, "div", _names(box))
        element = etree.SubElement(_home(parent, block.kind), _TAGS[block.kind])
        if any(piece.href for piece in block.pieces):
            _fill(element, block)
        else:
            element.text = block.text
    return E.html(E.body(article))


def _names(box: Element) -> dict[str, str]:
    return {name: tidy(value) for name in ("class", "id") if (value := box.get(name))}


def _home(parent: Element, kind: BlockKind) -> Element:
    """Where a block goes: items share a list, everything else stands by itself."""
    if kind is not BlockKind.ITEM:
        return parent
    if len(parent) and parent[-1].tag == "ul":
        return parent[-1]
    return etree.SubElement(parent, "ul")


def _fill(element: Element, block: Source) -> None:
    """Lay a block's text into its element, links as links: trafilatura weighs them."""
    for piece in block.pieces:
        text = visible(piece.text)
        if piece.href is not None:
            etree.SubElement(element, "a", href="#").text = text
        elif len(element):
            element[-1].tail = (element[-1].tail or "") + text
        else:
            element.text = (element.text or "") + text
