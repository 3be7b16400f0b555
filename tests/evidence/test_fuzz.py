"""Chance at work on a sealed archive: whatever bit or byte changes, a check finds it, or no seal covers that place."""

import random
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from archive.errors import VigilError
from archive.verify import Round
from tests.evidence.makers import Sealed

pytestmark = pytest.mark.fuzz

AT_ONCE = 50
ROUNDS = [*range(40), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(40, 2_000))]


def outside() -> list[str]:
    """The places that the documentation says no seal covers."""
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "evidence.md").read_text(encoding="utf-8")
    section = page.split("## What no seal covers")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [f"{place}*" if place.endswith("/") else place for cell in cells for place in re.findall("`(.+?)`", cell)]


def is_found(copy: Sealed) -> bool:
    try:
        return next(Round(copy.collection, copy.trust).findings(), None) is not None
    except VigilError:
        return True


def changed(before: bytes, chance: random.Random) -> tuple[bytes, str]:
    """One bit flipped, or one byte that is another."""
    place = chance.randrange(len(before))
    if chance.random() < 0.5:
        new, what = before[place] ^ 1 << chance.randrange(8), "bit"
    else:
        new, what = chance.choice([byte for byte in range(256) if byte != before[place]]), "byte"
    return before[:place] + bytes([new]) + before[place + 1 :], f"one {what} of byte {place}"


@pytest.mark.parametrize("seed", ROUNDS)
def test_change_is_found_or_lies_where_no_seal_covers(copy: Sealed, seed: int) -> None:
    """Each alone; three of four where the seals' law holds, the others anywhere in the folder."""
    chance = random.Random(seed)
    root = copy.collection.root
    everything = sorted(path for path in root.rglob("*") if path.is_file() and path.stat().st_size)
    places = outside()
    names = {path: path.relative_to(root).as_posix() for path in everything}
    covered = [path for path in everything if not any(fnmatch(names[path], place) for place in places)]
    for number in range(AT_ONCE):
        among = everything if number % 4 == 0 else covered
        path = chance.choices(among, [path.stat().st_size for path in among])[0]
        before = path.read_bytes()
        after, what = changed(before, chance)
        path.write_bytes(after)
        if not is_found(copy):
            assert path not in covered, f"{what} of {names[path]}"
        path.write_bytes(before)
    assert copy.found() == []


def test_no_place_is_said_to_be_uncovered_without_need(copy: Sealed) -> None:
    chance = random.Random(7)
    root = copy.collection.root
    for place in outside():
        there = sorted(path for path in root.rglob("*") if fnmatch(path.relative_to(root).as_posix(), place))
        assert not there or any(is_unseen(copy, chance.choice(there), chance) for _ in range(200)), place


def is_unseen(copy: Sealed, path: Path, chance: random.Random) -> bool:
    before = path.read_bytes()
    path.write_bytes(changed(before, chance)[0])
    unseen = not is_found(copy)
    path.write_bytes(before)
    return unseen
