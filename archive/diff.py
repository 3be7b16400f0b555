"""What changed between two texts of a post: paragraph by paragraph, moved ones recognised, changed ones word by word.

Pure. Bounded for hostile texts: what would take too many steps to compare closer is shown as removed and added.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

ALIKE = 0.5
"""Paragraphs of which at least this share of the words is common are one that was changed."""
MOST_PAIRS = 10_000
"""So many pairs of other paragraphs are compared with each other; beyond, they are removed and added."""
MOST_STEPS = 100_000_000
"""What one comparison may cost: about two seconds at worst. Twenty paragraphs, each written anew, take a tenth."""
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


class _Effort:
    """What is left of the steps that one comparison may take."""

    def __init__(self) -> None:
        self._left = MOST_STEPS

    def allows(self, steps: int) -> bool:
        """Say whether so many may be taken, and take them from what is left."""
        if steps > self._left:
            return False
        self._left -= steps
        return True

    def allows_match(self, first: Sequence[str], second: Sequence[str]) -> bool:
        """Say whether these may be matched: each pair of equal items is looked at once for each block that is found."""
        often = Counter(first)
        equal = sum(often[item] for item in second)
        return self.allows(equal * min(len(first), len(second)))


def compare(old_title: str, old: Sequence[str], new_title: str, new: Sequence[str]) -> Diff:
    """Compare two texts, each a headline and paragraphs."""
    effort = _Effort()
    title = _line(1, 1, old_title, new_title, Change.CHANGED, effort)
    pairs = _pairs(old, new, effort)
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
        lines.append(_line(origin + 1, number + 1, old[origin], text, how, effort))
    rest = (place for place in range(at, len(old)) if place not in pairs)
    lines += [_whole(Change.REMOVED, place + 1, None, old[place]) for place in rest]
    return Diff(title=title, lines=tuple(lines))


def _pairs(old: Sequence[str], new: Sequence[str], effort: _Effort) -> dict[int, int]:
    """Say which paragraph became which: the same in place, the same elsewhere, then the most alike."""
    pairs: dict[int, int] = {}
    for tag, a, b, c, _ in _steps(old, new, effort):
        pairs |= {a + step: c + step for step in range(b - a)} if tag == "equal" else {}
    taken = set(pairs.values())
    places: dict[str, list[int]] = {}
    for there in reversed(range(len(new))):
        if there not in taken:
            places.setdefault(new[there], []).append(there)
    for here, text in enumerate(old):
        if here not in pairs and places.get(text):
            pairs[here] = places[text].pop()
    taken = set(pairs.values())
    left = {here: _words(text) for here, text in enumerate(old) if here not in pairs}
    right = {there: _words(text) for there, text in enumerate(new) if there not in taken}
    if len(left) * len(right) <= MOST_PAIRS:
        _pair_alike(pairs, left, right, effort)
    return pairs


def _pair_alike(
    pairs: dict[int, int], left: dict[int, list[str]], right: dict[int, list[str]], effort: _Effort
) -> None:
    scores = (
        (-_likeness(first, second, effort), abs(here - there), here, there)
        for here, first in left.items()
        for there, second in right.items()
    )
    taken: set[int] = set()
    for _, _, here, there in sorted(score for score in scores if score[0] <= -ALIKE):
        if here not in pairs and there not in taken:
            pairs[here] = there
            taken.add(there)


def _likeness(first: list[str], second: list[str], effort: _Effort) -> float:
    """Say which share of the words is common; where it would take too many steps, of their beginnings and ends."""
    if not effort.allows(20 * (len(first) + len(second))):
        return 0.0
    head, tail = _common_ends(first, second)
    inner = (first[head : len(first) - tail], second[head : len(second) - tail])
    common = head + tail
    if all(inner) and effort.allows_match(*inner):
        common += sum(block.size for block in SequenceMatcher(None, *inner, autojunk=False).get_matching_blocks())
    return 2 * common / (len(first) + len(second) or 1)


def _steps(old: Sequence[str], new: Sequence[str], effort: _Effort) -> list[tuple[str, int, int, int, int]]:
    """List what makes one of the other, as ``SequenceMatcher.get_opcodes`` does; the common ends cost nothing."""
    head, tail = _common_ends(old, new)
    first, second = old[head : len(old) - tail], new[head : len(new) - tail]
    inner = [("replace", 0, len(first), 0, len(second))]
    if effort.allows_match(first, second):
        inner = list(SequenceMatcher(None, first, second, autojunk=False).get_opcodes())
    told = [("equal", 0, head, 0, head)]
    told += [(tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in inner]
    return [*told, ("equal", len(old) - tail, len(old), len(new) - tail, len(new))]


def _common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Count the items that both begin with, and of the rest those that both end with."""
    shorter = min(len(old), len(new))
    head = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    most = shorter - head
    return head, next((place for place in range(most) if old[-1 - place] != new[-1 - place]), most)


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


def _line(before: int, after: int, old: str, new: str, how: Change, effort: _Effort) -> Line:
    if old == new:
        change = Change.MOVED if how is Change.MOVED else Change.SAME
        return Line(change=change, before=before, after=after, pieces=(Piece(change=Change.SAME, text=new),))
    return Line(change=how, before=before, after=after, pieces=tuple(_pieces(old, new, effort)))


def _whole(change: Change, before: int | None, after: int | None, text: str) -> Line:
    return Line(change=change, before=before, after=after, pieces=(Piece(change=change, text=text),))


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if not word.isspace()]


def _pieces(old: str, new: str, effort: _Effort) -> list[Piece]:
    first, second = _WORD.findall(old), _WORD.findall(new)
    pieces: list[Piece] = []
    for tag, a, b, c, d in _steps(first, second, effort):
        removed, added = "".join(first[a:b]), "".join(second[c:d])
        if tag == "equal":
            pieces += [Piece(change=Change.SAME, text=added)] if added else []
            continue
        pieces += [Piece(change=Change.REMOVED, text=removed)] if removed else []
        pieces += [Piece(change=Change.ADDED, text=added)] if added else []
    return pieces
