"""Chance at work on a sealed archive and on a package: whatever bit flips, whatever byte changes, a check finds it.

What is not found must stand in ``OUTSIDE``, with a proof that nothing sealed depends on it, and in the docs.
"""

import random
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path

import pytest

from archive.evidence.package import Packed
from archive.evidence.seal import token_name
from archive.evidence.signature import check_signature
from archive.evidence.tokens import check_token
from archive.evidence.trust import faults_of_copies
from archive.verify import Round, logged, sealed
from archive.verify.book import open_book
from archive.verify.file import Task, read_file
from archive.verify.package import check_package
from tests.evidence.makers import Sealed, build_sealed, now
from tests.evidence.packing import Bench, make_bench

pytestmark = [
    pytest.mark.fuzz,
    pytest.mark.filterwarnings("ignore:Parsed a serial number:cryptography.utils.CryptographyDeprecationWarning"),
]

CHANGES = 100
"""In each case below, one at a time; half of them single bits, half single bytes."""
DOCS = Path(__file__).parents[2] / "docs"


class Changes:
    """Single changes of files chosen by chance, a file as often as it is long."""

    def __init__(self, seed: int, sizes: dict[str, int]) -> None:
        self._chance = random.Random(seed)
        self._names, self._sizes = list(sizes), list(sizes.values())

    def choose(self) -> str:
        return self._chance.choices(self._names, self._sizes)[0]

    def change(self, data: bytes) -> tuple[bytes, str]:
        after = bytearray(data)
        place = self._chance.randrange(len(data))
        flip = 1 << self._chance.randrange(8) if self._chance.random() < 0.5 else self._chance.randrange(1, 256)
        after[place] ^= flip
        return bytes(after), f"byte {place} ^ {flip:#04x}"


# --- the archive ------------------------------------------------------------------------------------


class Guard:
    """What verify says of one changed file, by the checks that read it alone; shown equal to a whole round below."""

    def __init__(self, copy: Sealed) -> None:
        self._copy = copy
        self._trust = copy.trust
        self._book = open_book(copy.collection, self._trust, now=now(), is_held=False)

    def finds(self, path: Path) -> bool:
        if path.parent == self._copy.collection.warcs:
            read = read_file(Task(collection=self._copy.collection, path=path, index=None, is_fixity=True))
            book = self._book
            found = (
                finding
                for several in (
                    read.findings,
                    sealed.sealed_file(book, read.name, read.digest),
                    sealed.sealed_record(book, read.name, read.sealed),
                )
                for finding in several
            )
            return next(found, None) is not None
        book = open_book(self._copy.collection, self._trust, now=now(), is_held=False)
        looks = (*sealed.SEAL_CHECKS, *sealed.SEAL_END_CHECKS, *logged.LOG_CHECKS)
        return next((finding for look in looks for finding in look(book)), None) is not None


def _same_stamp(copy: Sealed, path: Path, before: bytes) -> bool:
    """The token proves what it proved: the same time, by the same authority, of the same bytes."""
    authority = copy.trust.authority(token_name(path.name)[1])
    assert authority
    stamped = (path.parent / token_name(path.name)[0]).read_bytes()
    first, then = (check_token(token, stamped, authority, now=now()) for token in (before, path.read_bytes()))
    return first == then


def _same_signature(copy: Sealed, path: Path, _before: bytes) -> bool:
    """The same bytes are signed by the same key, under the same root."""
    check_signature(path.with_suffix("").read_bytes(), path.read_bytes(), copy.trust.roots, now())
    return True


def _same_key(copy: Sealed, _path: Path, _before: bytes) -> bool:
    """The copy holds the same key, in other spelling."""
    return not list(faults_of_copies(copy.collection, copy.trust))


def _after_the_last_seal(copy: Sealed, _path: Path, before: bytes) -> bool:
    """No seal names an event that changed: only the last one, which nothing follows yet."""
    after = (copy.collection.state / "custody.jsonl").read_bytes()
    return before.splitlines()[:-1] == after.splitlines()[:-1]


OUTSIDE: dict[str, Callable[[Sealed, Path, bytes], bool]] = {
    "seals/*/*.tst": _same_stamp,
    "seals/*/*.p7s": _same_signature,
    "seals/trust/*": _same_key,
    "state/custody.jsonl": _after_the_last_seal,
}
"""What may change in an archive without a finding, and what is true of every such change."""


def _names(copy: Sealed) -> dict[str, int]:
    """All files of an archive that verify reads but the index, which is made from the others (docs say so)."""
    root = copy.collection.root
    files = [*copy.collection.warcs.iterdir(), *(root / "seals").rglob("*"), root / "state" / "custody.jsonl"]
    return {str(path.relative_to(root)): path.stat().st_size for path in sorted(files) if path.is_file()}


@pytest.fixture(scope="module")
def fuzzed(sound: Sealed, tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return sound.copied(tmp_path_factory.mktemp("fuzz") / "copy")


@pytest.fixture(scope="module")
def guard(fuzzed: Sealed) -> Guard:
    return Guard(fuzzed)


def _change(copy: Sealed, changes: Changes) -> Iterator[tuple[Path, bytes, str]]:
    """Change one file at a time, and put it back."""
    for _ in range(CHANGES):
        path = copy.collection.root / changes.choose()
        before = path.read_bytes()
        after, what = changes.change(before)
        path.write_bytes(after)
        try:
            yield path, before, f"{what} of {path.relative_to(copy.folder)}"
        finally:
            path.write_bytes(before)


@pytest.mark.parametrize("seed", [*range(13), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(13, 650))])
def test_a_change_of_an_archive_is_found_or_outside_what_is_sealed(fuzzed: Sealed, guard: Guard, seed: int) -> None:
    for path, before, what in _change(fuzzed, Changes(seed, _names(fuzzed))):
        if guard.finds(path):
            continue
        name = str(path.relative_to(fuzzed.collection.root))
        proofs = [proof for pattern, proof in OUTSIDE.items() if fnmatch(name, pattern)]
        assert proofs, f"{what}: not found"
        assert proofs[0](fuzzed, path, before), f"{what}: not found, and it matters"


def test_one_file_alone_says_what_a_whole_round_says(fuzzed: Sealed, guard: Guard) -> None:
    """On a sample of every kind of file, found or not."""
    names = _names(fuzzed)
    assert not list(Round(fuzzed.collection, fuzzed.trust).findings())
    for seed, name in enumerate(names):
        for path, _, what in _change(fuzzed, Changes(seed, {name: 1})):
            assert guard.finds(path) == bool(fuzzed.found()), what
            break


# --- the package ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("fuzzed package")
    return make_bench(build_sealed(folder / "sealed"), folder)


OUTSIDE_A_PACKAGE = ("PACKAGE.SHA256SUMS.p7s", "PACKAGE.SHA256SUMS.*.tst")
"""What may change in a package without a finding: what nothing lists, as it came after the list."""


def _still_holds(bench: Bench, name: str, data: bytes, when: datetime) -> bool:
    sums = bench.files["PACKAGE.SHA256SUMS"]
    if name.endswith(".p7s"):
        check_signature(sums, data, bench.sealed.trust.roots, when)
        return True
    authority = bench.sealed.trust.authority(token_name(name.removeprefix("PACKAGE."))[1])
    assert authority
    first, then = (check_token(token, sums, authority, now=when) for token in (bench.files[name], data))
    return first == then


@pytest.mark.parametrize("seed", [*range(7), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(7, 350))])
def test_a_change_of_a_package_is_found_or_outside_what_is_sealed(bench: Bench, seed: int) -> None:
    published, when = bench.published(), now()
    changes = Changes(seed, {name: len(data) for name, data in bench.files.items()})
    for _ in range(CHANGES):
        name = changes.choose()
        data, what = changes.change(bench.files[name])
        packed = Packed(files={**bench.files, name: data}, odd=())
        if next(iter(check_package(packed, published, when)), None) is None:
            assert any(fnmatch(name, pattern) for pattern in OUTSIDE_A_PACKAGE), f"{what} of {name}: not found"
            assert _still_holds(bench, name, data, when), f"{what} of {name}: not found, and it matters"


def test_the_docs_list_what_lies_outside() -> None:
    """In a table for archives, in a sentence for packages; and nothing that needs not be there."""
    section = (DOCS / "explanation" / "evidence.md").read_text().split("## What no seal covers")[1].split("\n## ")[0]
    told = [place for line in section.splitlines() if line.startswith("| `") for place in re.findall("`(.+?)`", line)]
    assert set(told) - {"archive.db", "indexes/", "reports/", "logs/", "vigil verify --deep"} == set(OUTSIDE)
    experts = (DOCS / "how-to" / "for-opposing-experts.md").read_text()
    assert [pattern for pattern in OUTSIDE_A_PACKAGE if f"`{pattern}`" not in experts] == []
