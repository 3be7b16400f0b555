"""What a piece of CSS names: further stylesheets, fonts, pictures. Pure; tinycss2 reads, whatever the bytes are."""

import re
from collections.abc import Iterable, Iterator
from operator import itemgetter

import tinycss2
from tinycss2.ast import AtKeywordToken, CurlyBracketsBlock, FunctionBlock, LiteralToken, Node, StringToken, URLToken

from archive.needs import Role

Reference = tuple[Role, str]
"""What a thing would be to the page, and how the page or sheet spells it."""

_FORMATS = ("woff2", "woff", "truetype", "ttf", "opentype", "otf", "svg", "embedded-opentype", "eot")
_UNNAMED = 3  # a font whose name tells no format stands before the two that no browser of today reads
_FORMAT = re.compile(rf"\.({'|'.join(_FORMATS)})(?:$|[?#])", re.IGNORECASE)
_IMAGE_SETS = {"image-set", "-webkit-image-set"}


def references(text: str) -> Iterator[Reference]:
    """Give what a sheet, or the declarations of a ``style`` attribute, name, in the order of the text.

    Pieces within pieces are kept on a list of our own: no depth of them is too deep.
    """
    waiting = [iter(tinycss2.parse_component_value_list(text, skip_comments=True))]
    rule = ""
    while waiting:
        node = next(waiting[-1], None)
        if node is None:
            waiting.pop()
            continue
        found, inner = _read(node, rule)
        yield from found
        if inner is not None:
            waiting.append(iter(inner))
        rule = _rule_after(node, rule, is_answered=bool(found))


def _rule_after(node: Node, rule: str, *, is_answered: bool) -> str:
    """Say within which at-rule's head the next piece stands; an ``@import`` ends with the first URL."""
    if isinstance(node, AtKeywordToken):
        return str(node.lower_value)
    is_over = isinstance(node, CurlyBracketsBlock) or (isinstance(node, LiteralToken) and node.value == ";")
    return "" if is_over or (rule == "import" and is_answered) else rule


def _read(node: Node, rule: str) -> tuple[list[Reference], Iterable[Node] | None]:
    """Give what one piece names, and the pieces in it that are still to be read."""
    place = _place(node)
    if rule == "namespace":
        return [], None
    if rule == "import" and place is None and isinstance(node, StringToken):
        place = str(node.value)
    if place is not None:
        return [(Role.STYLE if rule == "import" else Role.IMAGE, place)], None
    if isinstance(node, CurlyBracketsBlock) and rule == "font-face":
        return _of_font_face(node.content), None
    if isinstance(node, FunctionBlock):
        is_set = node.lower_name in _IMAGE_SETS
        return (_of_image_set(node.arguments), None) if is_set else ([], node.arguments)
    content = getattr(node, "content", None)
    return [], content if isinstance(content, list) else None


def _place(node: Node) -> str | None:
    """Give the reference of ``url(…)``, with quotes or without; None for any other piece."""
    if isinstance(node, URLToken):
        return str(node.value)
    if isinstance(node, FunctionBlock) and node.lower_name in {"url", "src"}:
        return next((str(one.value) for one in node.arguments if isinstance(one, StringToken)), "")
    return None


def _of_font_face(content: Iterable[Node]) -> list[Reference]:
    """Give the one file of a font face that a browser of today would take: the first of the best format it offers."""
    sources: list[tuple[int, str]] = []
    for node in content:
        if (place := _place(node)) is not None:
            sources.append((_rank(place), place))
        elif sources and isinstance(node, FunctionBlock) and node.lower_name == "format":
            words = "".join(str(getattr(one, "value", "")) for one in node.arguments)
            sources[-1] = (min(sources[-1][0], _rank(f".{words}")), sources[-1][1])
    return [(Role.FONT, min(sources, key=itemgetter(0))[1])] if sources else []


def _rank(place: str) -> int:
    """Say how much a browser wants a font of that name or format, 0 most."""
    found = _FORMAT.search(place)
    return _FORMATS.index(found[1].lower()) if found else len(_FORMATS) - _UNNAMED


def _of_image_set(arguments: Iterable[Node]) -> list[Reference]:
    """Give the first picture of an ``image-set``: the plainest, by custom."""
    for node in arguments:
        place = _place(node)
        if place is None and isinstance(node, StringToken):
            place = str(node.value)
        if place is not None:
            return [(Role.IMAGE, place)]
    return []
