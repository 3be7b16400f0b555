"""``vigil export`` and ``vigil cite``."""

import json
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.errors import ExitCode
from tests.cli.conftest import Run


def test_export_writes_a_folder_and_says_so(vigil: Run, archive: Collection, here: Path) -> None:
    said = vigil("export", "out", "--columns", "identity,title", "--until", "2026-07-30")
    assert archive.root.exists()
    assert (said.code, said.out) == (ExitCode.OK, "")
    assert said.err == "vigil: 1 rows in out; README.md there says what they are\n"
    assert (here / "out" / "posts.csv").read_bytes() == b"identity,title\r\n102,A boat for nobody\r\n"


WRONG = {
    "unknown column": (["--columns", "titel"], "there is no column titel"),
    "column twice": (["--columns", "title,title"], "named twice"),
    "wrong expression": (["--query", "(lamp"], "never closed"),
}


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_wrong_export_is_told_of(vigil: Run, archive: Collection, here: Path, words: list[str], message: str) -> None:
    said = vigil("export", "out", *words)
    assert archive.root.exists()
    assert (said.code, message in said.err, "hint: " in said.err) == (ExitCode.USAGE, True, True)
    assert not (here / "out").exists()


def test_cite_gives_the_version_that_stands_or_another(vigil: Run, archive: Collection) -> None:
    assert archive.root.exists()
    assert "version 2, text SHA-256 f87228b29f7b" in vigil("cite", "101").out
    (item,) = json.loads(vigil("cite", "101", "--version", "1", "--format", "csl").out)
    assert item["title"] == "The last lamp"
    assert "version 1, " in item["note"]
    said = vigil("cite", "101", "--version", "7")
    assert (said.code, "There is: 1 (025821f0c43c)" in said.err) == (ExitCode.NOT_FOUND, True)
