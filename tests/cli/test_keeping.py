"""``vigil verify`` and ``vigil rebuild``."""

import json
import sqlite3
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.errors import ExitCode
from archive.warc import warc_files
from tests.cli.conftest import Run


@pytest.mark.usefixtures("archive")
def test_sound_archive_ends_with_0(vigil: Run) -> None:
    said = vigil("verify", "--deep")
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert said.out.startswith("sound: 3 files, ")


def test_finding_ends_with_20_and_names_file_offset_and_record(vigil: Run, archive: Collection) -> None:
    path = next(iter(sorted(archive.warcs.iterdir())))
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    said = vigil("verify", "--json")
    assert said.code == ExitCode.INTEGRITY
    *findings, verdict = map(json.loads, said.out.splitlines())
    assert verdict["verdict"] == "BROKEN"
    assert verdict["findings"] == len(findings) > 0
    assert findings[0]["check"] == "record-readable"
    assert findings[0]["file"] == path.name
    assert findings[0]["offset"] > 0
    assert findings[0]["hint"]
    told = vigil("verify")
    assert f"record-readable: {path.name}, offset {findings[0]['offset']}" in told.out


def test_deep_finding_ends_with_20(vigil: Run, archive: Collection) -> None:
    with sqlite3.connect(archive.database) as db:
        db.execute("UPDATE posts SET state = 'live'")
    db.close()
    assert vigil("verify").code == ExitCode.OK
    said = vigil("verify", "--deep")
    assert said.code == ExitCode.INTEGRITY
    assert "index-anew: archive.db" in said.out


def test_rebuild_brings_back_a_lost_index(vigil: Run, archive: Collection) -> None:
    archive.database.unlink()
    assert vigil("verify").code == ExitCode.INTEGRITY
    said = vigil("rebuild")
    assert (said.code, said.out) == (ExitCode.OK, "3 files, 3 runs, 8 captures: 2 posts in 3 versions\n")
    assert vigil("verify").code == ExitCode.OK


def test_no_archive_is_said_with_its_place(vigil: Run, here: Path) -> None:
    for verb in ("verify", "rebuild"):
        said = vigil(verb)
        assert said.code == ExitCode.NOT_FOUND
        assert f"vigil: there is no archive at {here / 'collection'} (default)" in said.err
        assert not (here / "collection").exists()


def test_a_run_that_is_writing_is_named_and_left_alone(vigil: Run, archive: Collection) -> None:
    path = warc_files(archive)[-1]
    path.rename(f"{path}.open")
    with archive.locked("a crawl"):
        said = vigil("verify")
        assert said.code == ExitCode.OK
        assert f"{path.name} is being written by a crawl" in said.err
        assert vigil("rebuild").code == ExitCode.LOCKED
