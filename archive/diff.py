"""What changed between two texts of a post: paragraph by paragraph, moved ones recognised, changed ones word by word.

Pure. Bounded for hostile texts: very long runs of other paragraphs, and very long paragraphs, are not compared closer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

ALIKE = 0.5
"""Paragraphs of which at least this share of the words is common are one that was changed."""
MOST_PAIRS = 10_000
"""So many pairs of other paragraphs are compared with each other; beyond, they are removed and added."""
MOST_WORDS = 4_000
"""Words of a paragraph that is compared word by word."""
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


class Change(StrEnum):
    """What became of a paragraph, or of a piece of one."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some words of a paragraph: same, added or removed."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A paragraph: its place before and after, from 1, and its pieces in reading order.

    A moved one stands where it is now, and says where it was; it may be changed as well.
    """

    change: Change
    before: int | None
    after: int | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Two texts compared: the headline, then the paragraphs."""

    title: Line
    lines: tuple[Line, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing changed."""
        return all(line.change is Change.SAME for line in (self.title, *self.lines))

    def count(self, change: Change) -> int:
        """Count the paragraphs of which this became."""
        return sum(line.change is change for line in self.lines)


def compare(old_title: str, old: Sequence[str], new_title: str, new: Sequence[str]) -> Diff:
    """Compare two texts, each a headline and paragraphs."""
    title = _line(1, 1, old_title, new_title, Change.CHANGED)
    pairs = _pairs(old, new)
    back = {there: here for here, there in pairs.items()}
    still = _in_order(pairs)
    lines: list[Line] = []
    at = 0
    for number, text in enumerate(new):
        origin = back.get(number)
        if origin is None:
            lines.append(_whole(Change.ADDED, None, number + 1, text))
            continue
        if origin in still:
            while at < origin:
                lines += [_whole(Change.REMOVED, at + 1, None, old[at])] if at not in pairs else []
                at += 1
            at = origin + 1
        how = Change.CHANGED if origin in still else Change.MOVED
        lines.append(_line(origin + 1, number + 1, old[origin], text, how))
    rest = (place for place in range(at, len(old)) if place not in pairs)
    lines += [_whole(Change.REMOVED, place + 1, None, old[place]) for place in rest]
    return Diff(title=title, lines=tuple(lines))


def _pairs(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Say which paragraph became which: the same in place, the same elsewhere, then the most alike."""
    pairs: dict[int, int] = {}
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        pairs |= {block.a + step: block.b + step for step in range(block.size)}
    taken = set(pairs.values())
    places: dict[str, list[int]] = {}
    for there, text in enumerate(new):
        if there not in taken:
            places.setdefault(text, []).append(there)
    for here, text in enumerate(old):
        if here not in pairs and places.get(text):
            pairs[here] = places[text].pop(0)
    taken = set(pairs.values())
    left = [here for here in range(len(old)) if here not in pairs]
    right = [there for there in range(len(new)) if there not in taken]
    if left and right and len(left) * len(right) <= MOST_PAIRS:
        _pair_alike(pairs, old, new, left, right)
    return pairs


def _pair_alike(
    pairs: dict[int, int], old: Sequence[str], new: Sequence[str], left: list[int], right: list[int]
) -> None:
    first = {here: _words(old[here]) for here in left}
    second = {there: _words(new[there]) for there in right}
    scores: list[tuple[float, int, int]] = []
    for here in left:
        for there in right:
            score = _likeness(first[here], second[there])
            if score >= ALIKE:
                scores.append((-score, abs(here - there), here * len(new) + there))
    taken: set[int] = set()
    for _, _, code in sorted(scores):
        here, there = divmod(code, len(new))
        if here not in pairs and there not in taken:
            pairs[here] = there
            taken.add(there)


def _likeness(first: list[str], second: list[str]) -> float:
    if not first or not second or len(first) > MOST_WORDS or len(second) > MOST_WORDS:
        return 0.0
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()


def _in_order(pairs: dict[int, int]) -> set[int]:
    """Choose the longest run of paragraphs that kept their order (patience sorting); the others moved."""
    tails: list[int] = []
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for here in sorted(pairs):
        there = pairs[here]
        low, high = 0, len(tails)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if tails[middle] < there else (low, middle)
        before[here] = ends[low - 1] if low else None
        tails[low : low + 1] = [there]
        ends[low : low + 1] = [here]
    still: set[int] = set()
    here_now: int | None = ends[-1] if ends else None
    while here_now is not None:
        still.add(here_now)
        here_now = before[here_now]
    return still


def _line(before: int, after: int, old: str, new: str, how: Change) -> Line:
    if old == new:
        change = Change.MOVED if how is Change.MOVED else Change.SAME
        return Line(change=change, before=before, after=after, pieces=(Piece(change=Change.SAME, text=new),))
    return Line(change=how, before=before, after=after, pieces=tuple(_pieces(old, new)))


def _whole(change: Change, before: int | None, after: int | None, text: str) -> Line:
    return Line(change=change, before=before, after=after, pieces=(Piece(change=change, text=text),))


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if not word.isspace()]


def _pieces(old: str, new: str) -> list[Piece]:
    first, second = _WORD.findall(old), _WORD.findall(new)
    if len(first) > MOST_WORDS or len(second) > MOST_WORDS:
        return [Piece(change=Change.REMOVED, text=old), Piece(change=Change.ADDED, text=new)]
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(change=Change.SAME, text="".join(first[a:b])))
            continue
        removed, added = "".join(first[a:b]), "".join(second[c:d])
        pieces += [Piece(change=Change.REMOVED, text=removed)] if removed else []
        pieces += [Piece(change=Change.ADDED, text=added)] if added else []
    return pieces
