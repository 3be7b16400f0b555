"""The page for opposing experts is enough: a program written from it, with nothing of ours, finds the same."""

import copy
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence.makers import build_sealed
from tests.evidence.packing import CHECKS, Bench, make_bench
from tests.evidence.test_package_pages import CASES as PAGE_CASES
from tests.evidence.test_package_pages import Tamper, build_paged
from tests.evidence.test_package_tampering import CASES

PROGRAM = Path(__file__).with_name("by_hand.py")
QUICK = {"01", "03", "08", "13", "16", "22", "24", "28", "36"}
pytestmark = pytest.mark.reader


def by_hand(bench: Bench, folder: Path) -> tuple[str, set[str], str]:
    """Run the program with Python's own library alone; gives its verdict, the checks that failed, and its words."""
    words = bench.words(folder)
    package = bench.write(folder / "package")
    command = [sys.executable, "-I", "-S", str(PROGRAM), str(package), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout, done.stderr
    verdict, *numbers = done.stdout.splitlines()[-1].split()
    return verdict, {CHECKS[number] for number in numbers}, done.stdout + done.stderr


def test_it_imports_nothing_of_ours() -> None:
    names = re.findall(r"^(?:from|import) (\w+)", PROGRAM.read_text(), re.MULTILINE)
    assert set(names) <= sys.stdlib_module_names


def test_revisit_with_two_seals_is_verified(packed: Bench, tmp_path: Path) -> None:
    both = make_bench(packed.sealed.copied(tmp_path / "copy"), tmp_path / "copy", "102", 1)
    assert sum(name.endswith("log.tlog-proof") for name in both.files) == 2
    verdict, found, said = by_hand(both, tmp_path)
    assert (verdict, found) == ("VERIFIED", set()), said


@pytest.mark.parametrize(
    "case", [case if case[:2] in QUICK else pytest.param(case, marks=pytest.mark.slow) for case in CASES]
)
def test_it_finds_the_same(case: str, bench: Bench, tmp_path: Path) -> None:
    tamper, expected = CASES[case]
    tamper(bench)
    verdict, found, said = by_hand(bench, tmp_path)
    assert found == expected, said
    assert verdict == ("FAILED" if expected else "VERIFIED")


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("paged")
    return make_bench(build_sealed(folder / "sealed", build_paged), folder)


@pytest.mark.parametrize(("tamper", "expected"), PAGE_CASES.values(), ids=PAGE_CASES)
def test_it_finds_the_same_of_what_a_page_needs(
    tamper: Tamper, expected: set[str], paged: Bench, tmp_path: Path
) -> None:
    bench = copy.copy(paged)
    bench.files, bench.links = dict(paged.files), {}
    tamper(bench)
    assert by_hand(bench, tmp_path)[1] == expected
