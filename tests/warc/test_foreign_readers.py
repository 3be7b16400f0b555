"""Software of others reads every file that we write."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import warcio.archiveiterator
from fastwarc.warc import ArchiveIterator
from hypothesis import given
from hypothesis import strategies as st

from archive.collection import Collection
from archive.model import Capture, CaptureKind, Exchange
from archive.warc import read_record
from tests.warc.awkward import AWKWARD
from tests.warc.makers import END, MEMORY, PLAIN, lay, only_file, open_writer, page
from tests.warc.test_round_trip import EXCHANGES

pytestmark = pytest.mark.reader


def ask(tool: str, *arguments: str | Path) -> str:
    """Run a tool that was installed beside this Python; it must end well."""
    command = [Path(sys.executable).with_name(tool), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


def lay_awkward(collection: Collection, *, without: set[str]) -> tuple[Capture, ...]:
    """Lay down the awkward answers, each under its own URL, then one payload twice."""
    exchanges = [
        replace(one, url=f"{one.url}&{name}" if "?" in one.url else f"{one.url}?{name}", sequence=number)
        for number, (name, one) in enumerate(AWKWARD.items())
        if name not in without
    ]
    return lay(collection, *exchanges, page(900, b"<p>gulls</p>"), page(901, b"<p>gulls</p>"))


def test_warcio_finds_every_digest_right(collection: Collection) -> None:
    lay_awkward(collection, without={"brotli-that-is-none"})  # warcio 1.8.1 breaks down where brotli 1.2 is installed
    said = ask("warcio", "check", "-v", only_file(collection))
    assert "digest failed" not in said
    assert said.count("digest pass") > 100


def test_fastwarc_finds_every_block_right(collection: Collection) -> None:
    lay_awkward(collection, without=set())
    ask("fastwarc", "check", only_file(collection))


def test_cdxj_indexer_lists_every_answer(collection: Collection) -> None:
    captures = lay_awkward(collection, without=set())
    listed = {}
    for line in ask("cdxj-indexer", only_file(collection)).splitlines():
        _key, _timestamp, fields = line.split(" ", 2)
        entry = json.loads(fields)
        if entry["url"].startswith("http"):
            listed[int(entry["offset"]), int(entry["length"])] = entry
    answers = [capture for capture in captures if capture.kind is not CaptureKind.FAILURE]
    assert set(listed) == {(capture.record.offset, capture.record.length) for capture in answers}
    for capture in answers:
        entry = listed[capture.record.offset, capture.record.length]
        assert entry["url"] == read_record(collection, capture.record).get("WARC-Target-URI")
        if capture.kind is not CaptureKind.NOT_MODIFIED:
            assert entry["status"] == str(capture.status)
            assert entry["digest"].removeprefix("sha256:") == capture.payload_digest


@pytest.mark.parametrize("name", sorted(AWKWARD.keys() - {"304", "lf-only-head"}))  # FastWARC cannot judge these two
def test_fastwarc_finds_the_payload_right(collection: Collection, name: str) -> None:
    lay(collection, AWKWARD[name])
    with only_file(collection).open("rb") as file:
        for record in ArchiveIterator(file, parse_http=False):
            if record.headers.get("WARC-Payload-Digest"):
                record.parse_http()
                assert record.verify_payload_digest()


LINES = st.sampled_from(
    [
        b" ",
        b"\xa0",
        b"\x0c",
        b"X: y",
        b"\tfold",
        b"Content-Encoding: gzip",
        b"Transfer-Encoding\t: chunked",
        b":",
        b"\xff",
    ]
)
HEADS = st.tuples(
    st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.0 404", b"HTTP/2 200", b"ICY 200 OK", b""]) | st.binary(max_size=9),
    st.lists(LINES | st.binary(max_size=12)),
    st.sampled_from([b"\r\n", b"\n"]),
    st.sampled_from([b"\r\n", b"\n", b""]),
).map(lambda parts: parts[2].join((parts[0], *parts[1])) + parts[2] + parts[3])


@given(st.lists(st.tuples(EXCHANGES, HEADS, st.text(max_size=8)), max_size=3))
def test_readers_agree_with_every_digest_of_any_exchanges(drawn: list[tuple[Exchange, bytes, str]]) -> None:
    exchanges = [replace(one, head=head, url=f"http://x.example/{path}") for one, head, path in drawn]
    with TemporaryDirectory(dir=MEMORY) as folder:
        collection = Collection(Path(folder))
        lay(collection, *exchanges)
        with only_file(collection).open("rb") as file:
            for record in warcio.archiveiterator.ArchiveIterator(file, check_digests=True):
                while record.content_stream().read(1 << 16):
                    pass
                assert record.digest_checker.passed is not False, record.digest_checker.problems
        with only_file(collection).open("rb") as file:
            assert all(record.verify_block_digest() for record in ArchiveIterator(file, parse_http=False))


def test_readers_take_an_empty_run(collection: Collection) -> None:
    open_writer(collection).close(END)
    ask("warcio", "check", only_file(collection))
    ask("fastwarc", "check", only_file(collection))
    assert "http" not in ask("cdxj-indexer", only_file(collection))


def test_readers_take_a_large_answer(collection: Collection) -> None:
    lay(collection, replace(PLAIN, body=bytes(range(256)) * 40_000))
    ask("warcio", "check", only_file(collection))
    ask("fastwarc", "check", "-p", only_file(collection))
