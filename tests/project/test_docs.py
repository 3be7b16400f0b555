"""What holds for every page of the documentation, whatever it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DECISION_LINES = 60


def pages(root: Path) -> list[Path]:
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def test_every_link_within_the_tree_leads_somewhere(root: Path) -> None:
    broken = [
        f"{page.relative_to(root)}: {target}"
        for page in pages(root)
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_decisions_are_numbered_without_gap_and_short(root: Path) -> None:
    decisions = sorted((root / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    assert [path.name for path in decisions if path.read_text().count("\n") > DECISION_LINES] == []


def test_every_page_is_reached_from_the_index(root: Path) -> None:
    reached = set()
    waiting = ["index"]
    while waiting:
        name = waiting.pop()
        reached.add(name)
        page = root / "docs" / f"{name}.md"
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            for entry in re.findall(r"^(?!:)(\S+)$", tree, re.MULTILINE):
                found = {path.relative_to(root / "docs") for path in page.parent.glob(f"{entry}.md")}
                waiting += {str(path.with_suffix("")) for path in found} - reached
    every = {str(path.relative_to(root / "docs").with_suffix("")) for path in (root / "docs").rglob("*.md")}
    assert every - reached == {name for name in every if name.startswith("_build")}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_page_has_one_title(root: Path, name: str) -> None:
    text = re.sub(r"^```.*?^```", "", (root / name).read_text(), flags=re.MULTILINE | re.DOTALL)
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1


@pytest.mark.e2e
def test_pages_are_made_without_a_warning(root: Path, tmp_path: Path) -> None:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "-b",
        "html",
        root / "docs",
        tmp_path / "html",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert (done.returncode, done.stderr) == (0, "")
