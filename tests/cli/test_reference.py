"""The generated reference is what its sources say."""

import os
import re
import subprocess
import sys
from pathlib import Path

from archive.errors import ExitCode
from archive.verify import CHECKS
from tests.cli.conftest import ROOT

REFERENCE = ROOT / "docs" / "reference"


def _generate(*words: str, script: Path = ROOT / "docs" / "generate.py") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, script, *words], capture_output=True, text=True, check=False, env=env)


def test_reference_is_fresh() -> None:
    done = _generate("--check")
    assert done.returncode == 0, done.stderr


def test_stale_page_is_found_and_written_anew(tmp_path: Path) -> None:
    script = tmp_path / "generate.py"
    script.write_text((ROOT / "docs" / "generate.py").read_text(encoding="utf-8"), encoding="utf-8")
    assert _generate(script=script).returncode == 0
    page = tmp_path / "reference" / "checks.md"
    fresh = page.read_text(encoding="utf-8")
    page.write_text(fresh.replace("record", "recrod"), encoding="utf-8")
    done = _generate("--check", script=script)
    assert (done.returncode, done.stderr) == (1, "stale: checks.md; run: python docs/generate.py\n")
    assert _generate(script=script).returncode == 0
    assert page.read_text(encoding="utf-8") == fresh


def test_reference_leaves_nothing_out() -> None:
    checks = re.findall(r"^## (.*)$", (REFERENCE / "checks.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert checks == sorted(CHECKS)
    codes = re.findall(
        r"^\| (\d+) \| ([A-Z_]+) \|", (REFERENCE / "exit-codes.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [(int(code), name) for code, name in codes] == [(int(code), code.name) for code in ExitCode]
    for page in REFERENCE.glob("*.md"):
        assert not re.search(r"\| +\|", page.read_text(encoding="utf-8")), f"{page.name} has a cell without words"
