"""Running text of a page that no rule has read: the sign that a layout has drifted."""

from collections.abc import Set as AbstractSet

from lxml import etree

from archive.page import Element, Tree, is_within
from archive.text.body import SILENT

NO_TEXT = 20
"""Fewer unread words are none: a page without text has a label or two."""
MOST_WORDS = 60
"""So many unread words in paragraphs are no longer a footer's or a promotion's."""
MOST_SHARE = 0.25
"""Unread words by those read, above which the body that was found is only a part of the post."""
_PARAGRAPH = 12
"""Fewer words are a label, whatever element they stand in."""
_ELSEWHERE = SILENT | {"a", "nav", "header", "footer", "aside", "h1", "h2", "h3", "h4", "h5", "h6", "time", "label"}


def unread_words(tree: Tree, known: AbstractSet[Element]) -> int:
    """Words of running text anywhere on a page but in the parts that a rule knows; links and headings do not count."""
    words = 0
    walk = etree.iterwalk(tree.root, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            words += len((element.tail or "").split())
        elif element in known or element.tag in _ELSEWHERE:
            walk.skip_subtree()
        else:
            words += len((element.text or "").split())
    return words


def unread_paragraphs(tree: Tree, known: AbstractSet[Element]) -> int:
    """Words in ``p`` elements outside the parts that a rule knows: quick, for pages whose body was found."""
    words = 0
    for paragraph in tree.tagged("p"):
        if paragraph.getparent() in known or is_within(paragraph, known) or _is_elsewhere(paragraph):
            continue
        length = len("".join(paragraph.itertext()).split())
        words += length if length >= _PARAGRAPH else 0
    return words


def _is_elsewhere(element: Element) -> bool:
    return any(parent.tag in _ELSEWHERE for parent in element.iterancestors())
