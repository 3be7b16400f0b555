"""What stands in the tree: small pieces, no trace of the machine it was written on."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULE_LINES = 600
TEST_LINES = 400
FUNCTION_LINES = 60

LARGE_MODULES: dict[str, str] = {}
"""Path -> why it may have more than MODULE_LINES lines (TEST_LINES in tests)."""
LARGE_FUNCTIONS: dict[str, str] = {}
"""``path:name`` -> why it may have more than FUNCTION_LINES lines."""

HOSTS = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com", "debian" + ".org"]
MACHINE_PATHS = ["/" + "work/", "/" + "root/", "/" + "home/", "/" + "opt/"]


def sources(root: Path, *folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((root / folder).rglob("*.py"))


@pytest.fixture(scope="session")
def tracked(root: Path) -> list[Path]:
    """Every file that git keeps."""
    if not shutil.which("git") or not (root / ".git").exists():
        pytest.skip("needs git and a clone: it asks which files are ours")
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, check=True, text=True)
    return [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


def test_modules_are_small(root: Path) -> None:
    limits = {"archive": MODULE_LINES, "crawler": MODULE_LINES, "benchmarks": MODULE_LINES, "tests": TEST_LINES}
    large = {
        f"{path.relative_to(root)}": lines
        for folder, limit in limits.items()
        for path in sources(root, folder)
        if (lines := path.read_text().count("\n")) > limit
    }
    assert large.keys() == LARGE_MODULES.keys(), large


def test_functions_fit_a_screen(root: Path) -> None:
    large = {
        f"{path.relative_to(root)}:{node.name}": lines
        for path in sources(root, "archive", "crawler", "tests", "benchmarks")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert large.keys() == LARGE_FUNCTIONS.keys(), large


def test_no_tracked_file_names_a_machine_or_a_registry(root: Path, tracked: list[Path]) -> None:
    unwanted = re.compile("|".join(map(re.escape, HOSTS + MACHINE_PATHS)).encode())
    found = [
        f"{path.relative_to(root)}: {match[0].decode()}"
        for path in tracked
        if (match := unwanted.search(path.read_bytes()))
    ]
    assert found == []


def test_no_tracked_file_is_a_capture(root: Path, tracked: list[Path]) -> None:
    """Third-party pages are not ours to give away; golden archives hold the replica's pages only."""
    golden = root / "tests" / "golden"
    found = [path for path in tracked if {".warc", ".wacz"} & set(path.suffixes) and golden not in path.parents]
    assert found == []
