"""What README and tutorial show is what happens: their ``console`` blocks are typed in, and the answers compared.

Numbers, times and digests differ from day to day and count as equal. Dots stand for what was left out: the rest of a
line, or whole lines.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.e2e

STAND_INS = {"make demo": "vigil demo --folder demo"}


class Step(NamedTuple):
    """A command line of a page, and the lines that the page shows below it."""

    command: str
    shown: list[str]


def steps(page: Path) -> list[Step]:
    found: list[Step] = []
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        is_whole = re.match(r"\$ (make|vigil) demo\b", block)  # it shows commands of its own
        for number, line in enumerate(block.splitlines()):
            if line.startswith("$ ") and not (is_whole and number):
                found.append(Step(line.removeprefix("$ "), []))
            elif line.strip():
                found[-1].shown.append(line)
    return found


def plain(text: str) -> str:
    """The words of ``text`` alone: numbers, times, digests and white space made equal."""
    digests = re.sub(r"\b[0-9a-f]{6,}\b", "0", text)
    return " ".join(re.sub(r"[\d.,:TZ-]*\d[\d.,:TZ-]*", "0", digests).split())


def typed(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    words = ["sh", "-c", STAND_INS.get(command, command)]
    return subprocess.run(
        words,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_what_the_page_shows_is_what_happens(root: Path, page: str, tmp_path: Path) -> None:
    typed_in = steps(root / page)
    assert typed_in
    for command, shown in typed_in:
        done = typed(command, tmp_path)
        assert done.returncode == 0, f"{shlex.quote(command)}\n{done.stdout}"
        happened = [plain(line) for line in done.stdout.splitlines()]
        missing = [line for line in shown if not any(told.startswith(plain(line.rstrip("…"))) for told in happened)]
        assert missing == [], f"{command}\n{done.stdout}"
