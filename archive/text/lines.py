"""Lines with a meaning of their own: credits, corrections, datelines, boilerplate (site-facts 2.4)."""

import re
from collections.abc import Iterable
from functools import lru_cache

from archive.model import BlockKind, Credit
from archive.site import Layout, TextRules
from archive.text.body import Source

_LONGEST_LINE = 600
_AND = re.compile(r"\s*(?:,|;|\band\b)\s*")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def without_boilerplate(blocks: Iterable[Source], layout: Layout, rules: TextRules) -> list[Source]:
    """The blocks that no ``drop_lines`` matches, or that a rule keeps."""
    return [block for block in blocks if not _is_dropped(block.text, layout) or _is_kept(block.text, layout, rules)]


def _is_dropped(text: str, layout: Layout) -> bool:
    return _fullmatch(layout.drop_lines, text) is not None


def _is_kept(text: str, layout: Layout, rules: TextRules) -> bool:
    return _fullmatch((*layout.keep_lines, *rules.credits), text) is not None or is_correction(text, rules)


def _fullmatch(patterns: Iterable[str], text: str) -> re.Match[str] | None:
    """The first pattern that fits a whole line; a long paragraph is no line, and would cost much time."""
    if len(text) > _LONGEST_LINE:
        return None
    return next((found for pattern in patterns if (found := _compiled(pattern).fullmatch(text))), None)


def is_correction(text: str, rules: TextRules) -> bool:
    """Tell whether a block is a correction or clarification."""
    return any(_compiled(pattern).match(text[:_LONGEST_LINE]) for pattern in rules.corrections)


def corrections_in(texts: Iterable[str], rules: TextRules) -> tuple[str, ...]:
    """The corrections and clarifications among a post's texts."""
    return tuple(text for text in texts if is_correction(text, rules))


def credit_of(texts: Iterable[str], rules: TextRules) -> Credit | None:
    """The credit line among a post's texts; of several the last, where the site puts it."""
    for text in reversed(list(texts)):
        if found := _fullmatch(rules.credits, text):
            groups = found.groupdict()
            return Credit(
                text=text,
                writer=groups.get("writer"),
                original_language=groups.get("language"),
                service=groups.get("service"),
                sources=tuple(filter(None, _AND.split(groups.get("sources") or ""))),
            )
    return None


def dateline_of(blocks: Iterable[Source], rules: TextRules) -> str | None:
    """The place with which a text begins: its first paragraph, or the second where an introduction is the first."""
    paragraphs = [block.text for block in blocks if block.kind is BlockKind.PARAGRAPH]
    for text in paragraphs[:2]:
        for pattern in rules.datelines:
            if found := _compiled(pattern).match(f"{text[:_LONGEST_LINE]} "):
                return found.groupdict().get("dateline")
    return None


def without_bare_dateline(blocks: list[Source], rules: TextRules) -> list[Source]:
    """The blocks without one that is a dateline and nothing else: it is a field, not a paragraph."""
    for place, block in enumerate(blocks[:2]):
        if block.is_bare and _fullmatch(rules.datelines, f"{block.text} "):
            return blocks[:place] + blocks[place + 1 :]
    return blocks
