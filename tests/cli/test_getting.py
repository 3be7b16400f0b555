"""``vigil get``: exact bytes, the right capture, and never silently another."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.errors import ExitCode
from archive.warc import walk
from tests.cli.archives import chunked, exchange, failed, page
from tests.cli.conftest import ROOT, Run

GetBytes = Callable[..., bytes]


@pytest.fixture
def got(vigil: Run, tmp_path: Path) -> GetBytes:
    """Gives the bytes that ``vigil get -o`` writes."""

    def call(*words: str) -> bytes:
        path = tmp_path / "got"
        path.unlink(missing_ok=True)
        said = vigil("get", *words, "-o", str(path))
        assert (said.code, said.out) == (0, "")
        return path.read_bytes()

    return call


@pytest.mark.usefixtures("archive")
def test_wire_is_every_byte_that_came(got: GetBytes) -> None:
    assert got("--record", "3", "--wire") == chunked(3, "/chunks").received
    assert (
        got("--record", "1", "--wire")
        == exchange(1, "/a/the-last-lamp/101.html", got("--record", "1", "--body")).received
    )
    assert got("--record", "4", "--wire") == b""


@pytest.mark.usefixtures("archive")
def test_http_is_the_answer_and_body_its_content(got: GetBytes) -> None:
    whole = chunked(3, "/chunks")
    assert got("https://lantern.example/chunks", "--http") == whole.head + whole.body
    assert got("https://lantern.example/chunks", "--body") == b"abc"
    assert got("https://lantern.example/chunks", "--request") == whole.request


@pytest.mark.usefixtures("archive")
def test_body_of_a_revisit_comes_from_its_original(got: GetBytes) -> None:
    second = page("A boat for nobody", "Three boats came in, and the fourth did not.", "2026-07-30T10:00:00+00:00")
    assert got("--record", "6", "--body") == second


AS_OF = {
    "before the first edit": ("2026-08-01", 1, "the next one is of 2026-08-02T03:00:01.250000Z"),
    "the very microsecond": ("2026-08-02T03:00:01.250000Z", 5, "the next one is of 2026-08-03"),
    "a microsecond before": ("2026-08-02T03:00:01.249999Z", 1, "the next one is of 2026-08-02"),
    "a whole month": ("2026-08", 7, "there is no later one"),
    "a WARC time-stamp": ("20260802", 5, "the next one is of 2026-08-03"),
    "the far future": ("9999", 7, "there is no later one"),
}


@pytest.mark.parametrize(("time", "number", "following"), AS_OF.values(), ids=AS_OF)
@pytest.mark.usefixtures("archive")
def test_as_of_is_the_newest_capture_at_or_before(vigil: Run, time: str, number: int, following: str) -> None:
    said = vigil("get", "101", "--at", time, "--text")
    assert said.code == 0
    assert f": capture {number}; {following}" in said.err


@pytest.mark.usefixtures("archive")
def test_a_later_capture_is_never_given_instead(vigil: Run) -> None:
    said = vigil("get", "101", "--at", "2026-07", "--body")
    assert (said.code, said.out) == (ExitCode.NOT_FOUND, "")
    assert "at or before" in said.err


@pytest.mark.usefixtures("archive")
def test_text_is_the_one_that_stood_then(got: GetBytes) -> None:
    assert b"counts gulls on the pier" in got("101", "--at", "2026-08-01", "--text")
    assert b"counts gulls and herons on the pier" in got("101", "--text")
    assert b"the fourth did not" in got("102", "--text"), "a post that is gone keeps its last text"


def test_warc_is_a_copy_of_the_very_members(got: GetBytes, archive: Collection, tmp_path: Path) -> None:
    data = got("--record", "1", "--warc")
    path = next(iter(sorted(archive.warcs.iterdir())))
    whole = path.read_bytes()
    (tmp_path / "copy.warc.gz").write_bytes(data)
    records = list(walk(tmp_path / "copy.warc.gz"))
    assert [record.type for record in records] == [
        "warcinfo",
        "resource",
        "resource",
        "request",
        "response",
        "metadata",
    ]
    for record in records:
        record.check()
        assert data[record.ref.offset : record.end] in whole


@pytest.mark.usefixtures("archive")
def test_warc_of_a_revisit_brings_its_original_along(got: GetBytes, tmp_path: Path) -> None:
    (tmp_path / "copy.warc.gz").write_bytes(got("102", "--at", "2026-08-02", "--warc"))
    records = list(walk(tmp_path / "copy.warc.gz"))
    one = ["warcinfo", "resource", "resource", "request"]
    assert [record.type for record in records] == [*one, "response", "metadata", *one, "revisit", "metadata"]
    revisit = records[10]
    assert revisit.get("WARC-Refers-To") == records[4].ref.record_id


@pytest.mark.usefixtures("archive")
def test_warc_of_a_failure_is_request_and_metadata(got: GetBytes, tmp_path: Path) -> None:
    (tmp_path / "copy.warc.gz").write_bytes(got("--record", "4", "--warc"))
    types = [record.type for record in walk(tmp_path / "copy.warc.gz")]
    assert types == ["warcinfo", "resource", "resource", "request", "metadata"]
    assert failed(4, "/lost").request in [record.block for record in walk(tmp_path / "copy.warc.gz")]


@pytest.mark.reader
@pytest.mark.usefixtures("archive")
def test_foreign_reader_accepts_the_copy(got: GetBytes, tmp_path: Path) -> None:
    path = tmp_path / "copy.warc.gz"
    path.write_bytes(got("102", "--at", "2026-08-02", "--warc"))
    checker = Path(sys.executable).with_name("warcio")
    if not checker.exists():
        pytest.skip("warcio's own command is not installed")
    done = subprocess.run([checker, "check", "-v", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("digest pass") == 11


WRONG = {
    "no form": (["101"], ExitCode.USAGE, "One of --warc, --http, --wire"),
    "nothing named": (["--body"], ExitCode.USAGE, "name a URL or a post"),
    "record and time": (["--record", "1", "--at", "2026", "--body"], ExitCode.USAGE, "exclude each other"),
    "record of another": (["102", "--record", "1", "--body"], ExitCode.NOT_FOUND, "capture 1 is none of 102"),
    "unknown record": (["--record", "99", "--body"], ExitCode.NOT_FOUND, "no capture 99"),
    "body of a failure": (["--record", "4", "--body"], ExitCode.NOT_FOUND, "has no answer"),
    "failures only": (["https://lantern.example/lost", "--body"], ExitCode.NOT_FOUND, "no answer for"),
    "text of what is no post": (["https://lantern.example/chunks", "--text"], ExitCode.NOT_FOUND, "hint: "),
}


@pytest.mark.parametrize(("words", "code", "message"), WRONG.values(), ids=WRONG)
@pytest.mark.usefixtures("archive")
def test_what_cannot_be_got_is_said(vigil: Run, words: list[str], code: ExitCode, message: str) -> None:
    said = vigil("get", *words)
    assert (said.code, said.out) == (code, "")
    assert message in said.err


@pytest.mark.usefixtures("archive")
def test_a_file_that_is_there_is_not_overwritten(vigil: Run, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"kept")
    said = vigil("get", "101", "--body", "-o", str(path))
    assert said.code == ExitCode.USAGE
    assert path.read_bytes() == b"kept"


def test_damaged_record_is_not_given(vigil: Run, archive: Collection, tmp_path: Path) -> None:
    path = next(iter(sorted(archive.warcs.iterdir())))
    record = next(record for record in walk(path) if record.type == "response")
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[record.ref.offset + record.ref.length // 2] ^= 0xFF
    path.write_bytes(data)
    for form in ("--warc", "--http", "--wire", "--body"):
        said = vigil("get", "--record", "1", form, "-o", str(tmp_path / "out"))
        assert said.code == ExitCode.INTEGRITY
        assert f"{path.name}, offset {record.ref.offset}" in said.err
        assert not (tmp_path / "out").exists()


def test_missing_original_is_said(vigil: Run, archive: Collection) -> None:
    min(archive.warcs.iterdir()).unlink()
    said = vigil("get", "102", "--at", "2026-08-02", "--warc")
    assert said.code == ExitCode.NOT_FOUND
    assert re.search(r"00001-test.warc.gz is not in the archive", said.err)


def _on_a_terminal(here: Path, *words: str) -> tuple[int, str]:
    leader, follower = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "archive", "get", *words],
        cwd=here,
        stdout=follower,
        stderr=subprocess.PIPE,
        env=env,
        check=False,
    )
    os.close(follower)
    try:
        seen = os.read(leader, 65536).decode()
    except OSError:
        seen = ""
    os.close(leader)
    return done.returncode, seen + done.stderr.decode()


@pytest.mark.usefixtures("archive")
def test_binary_data_is_not_written_to_a_terminal(here: Path) -> None:
    code, seen = _on_a_terminal(here, "101", "--warc")
    assert code == ExitCode.USAGE
    assert "binary data is not written to a terminal" in seen
    code, seen = _on_a_terminal(here, "101", "--http")
    assert code == 0
    assert "content-TYPE: text/html; charset=utf-8\r\nContent-Length: 388\r\n" in seen


@pytest.mark.usefixtures("archive")
def test_bytes_go_to_a_pipe_as_they_are(here: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "archive", "get", "--record", "3", "--wire"]
    assert (
        subprocess.run(words, cwd=here, capture_output=True, check=True, env=env).stdout
        == chunked(3, "/chunks").received
    )
