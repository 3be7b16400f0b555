"""``vigil export`` and ``vigil cite``."""

import hashlib
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
    assert said.err == "vigil: 1 row in out; README.md there says what they are\n"
    assert (here / "out" / "posts.csv").read_bytes() == b"identity,title\r\n102,A boat for nobody\r\n"


def test_export_as_json_names_every_file_with_its_digest(vigil: Run, archive: Collection, here: Path) -> None:
    said = vigil("export", "out", "--format", "text", "--json")
    assert archive.root.exists()
    assert (said.code, said.err) == (ExitCode.OK, "")
    told = json.loads(said.out)
    assert (told["folder"], told["rows"]) == ("out", 2)
    there = {path.relative_to(here / "out").as_posix(): path for path in (here / "out").rglob("*") if path.is_file()}
    assert {one["path"]: (one["bytes"], one["sha256"]) for one in told["files"]} == {
        name: (len(path.read_bytes()), hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in there.items()
    }


def test_wacz_as_json_says_what_is_in_it_and_its_digest(vigil: Run, archive: Collection, here: Path) -> None:
    said = vigil("export", "--wacz", "-o", "some.wacz", "--query", "gulls", "--json")
    assert archive.root.exists()
    assert (said.code, said.err) == (ExitCode.OK, "")
    told, data = json.loads(said.out), (here / "some.wacz").read_bytes()
    assert (told["file"], told["bytes"], told["sha256"]) == ("some.wacz", len(data), hashlib.sha256(data).hexdigest())
    assert (told["files"], told["pages"], told["imported_left_out"]) == (1, 3, 0)
    assert told["records"] > told["pages"]
    assert told["warc_bytes"] < told["bytes"]


def test_export_of_nothing_says_so(vigil: Run, archive: Collection) -> None:
    said = vigil("export", "out", "--since", "2040")
    assert archive.root.exists()
    assert (said.code, said.err) == (ExitCode.OK, "vigil: 0 rows in out; no post fits\n")


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
