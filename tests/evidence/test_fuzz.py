"""Chance at work on a sealed archive: whatever bit flips, a check finds it.

Left out are bytes that nothing seals: a token's and a signature's own wrapping (their hashes are never an identity),
copies of public keys in ``seals/trust``, the index, reports and logs, events of custody after the last seal.
"""

import random
import shutil
from pathlib import Path

import pytest

from tests.evidence.makers import Sealed

pytestmark = pytest.mark.fuzz


def sealed_files(sound: Sealed) -> list[Path]:
    root = sound.collection.root
    seals = root / "seals"
    lists = [path for path in seals.glob("run-*/**/*") if path.is_file() and path.suffix not in {".p7s", ".tst"}]
    return sorted([*sound.collection.warcs.iterdir(), *lists, seals / "log" / "leaves"])


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 100))])
def test_one_flipped_bit_is_found(copy: Sealed, seed: int) -> None:
    """Ten in each, one at a time."""
    chance = random.Random(seed)
    files = sealed_files(copy)
    sizes = [path.stat().st_size for path in files]
    for _ in range(10):
        path = chance.choices(files, sizes)[0]
        before = path.read_bytes()
        after = bytearray(before)
        place, bit = chance.randrange(len(before)), chance.randrange(8)
        after[place] ^= 1 << bit
        path.write_bytes(after)
        assert copy.found(), f"bit {bit} of byte {place} of {path.relative_to(copy.folder)}"
        path.write_bytes(before)
    assert copy.found() == []
    shutil.rmtree(copy.folder)
