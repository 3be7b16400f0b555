"""A crash at any moment leaves an archive that is made whole, and what it cost is named."""

import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive.collection import Collection
from archive.warc import AskedLog, LaidExchange, Lost, Recovery, groups, load_exchange, recover, warc_files
from tests.warc.awkward import AWKWARD
from tests.warc.makers import END, MEMORY, NOW, PLAIN, lay, only_file, open_writer, page, run_start


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


@pytest.fixture
def quick() -> Iterator[Path]:
    with TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


def crashed(folder: Path) -> tuple[str, bytes, list[int]]:
    """Give the name and bytes of a file that was never closed, and the offsets at which its units end."""
    collection = Collection(folder)
    writer = open_writer(collection)
    writer.append(AWKWARD["over-tls"])
    writer.append(AWKWARD["reset"])
    path = only_file(collection)
    ends = [0, *(unit.record.offset + unit.record.length for unit in groups(path))]
    return path.name, path.read_bytes(), ends


def check_torn(collection: Collection, name: str, data: bytes, ends: list[int], at: int) -> None:
    """Tear the file at a byte and look at what recovery makes of it."""
    collection.create()
    (collection.warcs / name).write_bytes(data[:at])
    end = max(one for one in ends if one <= at)
    (recovery,) = recover(collection)
    assert (recovery.file, recovery.cut_bytes) == (name.removesuffix(".open"), at - end)
    assert recovery.is_removed == (end == 0)
    assert recovery.run == ("run-1" if end else None)
    if end:
        path = only_file(collection)
        assert path.name == name.removesuffix(".open")
        assert path.read_bytes() == data[:end]
        assert stat.S_IMODE(path.stat().st_mode) == 0o444
        path.unlink()
    assert not any(collection.warcs.iterdir())
    if recovery.kept_as:
        kept = collection.logs / recovery.kept_as
        assert kept.read_bytes() == data[end:at]
        kept.unlink()
    assert (recovery.kept_as is None) == (at == end)


def test_file_torn_at_any_byte_is_cut_at_the_last_whole_exchange(quick: Path) -> None:
    name, data, ends = crashed(quick / "crash")
    for at in range(len(data) + 1):
        check_torn(Collection(quick / "torn"), name, data, ends, at)


def test_second_recovery_finds_nothing_to_do(collection: Collection) -> None:
    writer = open_writer(collection)
    AskedLog(collection, "run-1").ask(1, PLAIN.url, NOW)
    writer.append(PLAIN)
    assert len(recover(collection)) == 1
    assert recover(collection) == ()


def test_nothing_is_recovered_after_a_good_end(collection: Collection) -> None:
    lay(collection, PLAIN)
    before = only_file(collection).read_bytes()
    assert recover(collection) == ()
    assert only_file(collection).read_bytes() == before


def test_zeros_behind_the_last_record_are_cut(collection: Collection) -> None:
    writer = open_writer(collection)
    capture = writer.append(PLAIN)
    path = only_file(collection)
    path.write_bytes(path.read_bytes() + bytes(4096))
    (recovery,) = recover(collection)
    assert recovery.cut_bytes == 4096
    assert load_exchange(collection, capture) == PLAIN


def test_what_stands_behind_a_damaged_record_is_set_aside_not_destroyed(collection: Collection) -> None:
    writer = open_writer(collection)
    first, second, _third = (writer.append(page(number, b"%d gulls" % number)) for number in (1, 2, 3))
    path = only_file(collection)
    data = bytearray(path.read_bytes())
    data[second.record.offset + 40] ^= 1
    path.write_bytes(data)
    (recovery,) = recover(collection)
    end = first.metadata.offset + first.metadata.length
    assert recovery.kept_as is not None
    assert only_file(collection).read_bytes() == data[:end]
    assert (collection.logs / recovery.kept_as).read_bytes() == data[end:]


def test_crash_between_change_of_mode_and_rename_is_healed(collection: Collection) -> None:
    writer = open_writer(collection)
    writer.append(PLAIN)
    only_file(collection).chmod(0o444)
    (recovery,) = recover(collection)
    assert recovery.cut_bytes == 0
    assert only_file(collection).suffix == ".gz"


# --- what was asked ---------------------------------------------------------------------------


def test_request_that_was_asked_but_never_laid_down_is_named(collection: Collection) -> None:
    writer = open_writer(collection, max_bytes=1)
    log = AskedLog(collection, "run-1")
    for number in (1, 2, 3):
        log.ask(number, f"http://blog.example/a/{number}.html", NOW)
    writer.append(page(1, b"one"))
    writer.append(page(3, b"three"))
    recoveries = recover(collection)
    lost = Lost(sequence=2, url="http://blog.example/a/2.html", time="2026-11-22T03:00:00.123456Z")
    assert [recovery.lost for recovery in recoveries] == [(lost,)]
    assert "2 http://blog.example/a/2.html" in str(recoveries[0])


def test_lost_request_is_named_even_where_no_file_was_left_open(collection: Collection) -> None:
    lay(collection, page(1, b"one"))
    log = AskedLog(collection, "run-1")
    log.ask(1, "http://blog.example/a/1.html", NOW)
    log.ask(2, "http://blog.example/ä b.html", NOW)
    (recovery,) = recover(collection)
    assert recovery.file is None
    assert [one.url for one in recovery.lost] == ["http://blog.example/ä b.html"]


def test_log_of_a_run_that_ended_well_is_settled_in_silence(collection: Collection) -> None:
    lay(collection, page(1, b"one"))
    log = AskedLog(collection, "run-1")
    log.ask(1, "http://blog.example/a/1.html", NOW)
    assert recover(collection) == ()
    assert [path.name for path in collection.logs.iterdir()] == ["run-1.recovered"]


def test_log_is_removed_when_the_run_closed_its_files(collection: Collection) -> None:
    lay(collection, PLAIN)
    log = AskedLog(collection, "run-1")
    log.ask(1, PLAIN.url, NOW)
    log.close(is_settled=True)
    assert list(collection.logs.iterdir()) == []


@pytest.mark.parametrize(
    "rest", [b'{"sequence": 2, "url"', b"\0" * 50 + b"\n", b'{"sequence": "x"}\n', b"[]\n", b"\xff\n"]
)
def test_torn_or_strange_lines_of_the_log_are_passed_over(collection: Collection, rest: bytes) -> None:
    open_writer(collection)
    log = AskedLog(collection, "run-1")
    log.ask(1, PLAIN.url, NOW)
    path = collection.logs / "run-1.asked"
    path.write_bytes(path.read_bytes() + rest)
    (recovery,) = recover(collection)
    assert [one.sequence for one in recovery.lost] == [1]


def test_other_runs_exchanges_do_not_answer_for_this_one(collection: Collection) -> None:
    lay(collection, page(1, b"one"))
    writer = open_writer(collection, run=run_start("run-2"))
    writer.sync()
    AskedLog(collection, "run-2").ask(1, PLAIN.url, NOW)
    (recovery,) = recover(collection)
    assert (recovery.run, [one.sequence for one in recovery.lost]) == ("run-2", [1])


@pytest.mark.parametrize(
    ("recovery", "words"),
    [
        (Recovery(run="r"), "Run r broke off; nothing that was asked is missing."),
        (
            Recovery(run=None, file="f", cut_bytes=7, is_removed=True),
            "f held nothing of a run yet and was removed (7 bytes)",
        ),
        (Recovery(run="r", file="f", cut_bytes=7), "f was left open by a crash; 7 bytes of an unfinished exchange"),
    ],
)
def test_recovery_tells_itself_in_a_sentence(recovery: Recovery, words: str) -> None:
    assert words in str(recovery)


CRAWL = """
import sys
from pathlib import Path
from archive.collection import Collection
from archive.warc import AskedLog
from tests.warc.makers import open_writer, page
collection = Collection(Path(sys.argv[1]))
writer = open_writer(collection, max_bytes=40_000)
log = AskedLog(collection, "run-1")
for number in range(1, 100_000):
    exchange = page(number, bytes([number % 251]) * 999 + b"%d" % number)
    log.ask(number, exchange.url, exchange.began)
    writer.append(exchange)
    writer.sync()
    print(number, flush=True)
"""


@pytest.mark.parametrize("seed", range(4))
def test_killed_run_loses_at_most_the_exchange_in_flight_and_names_it(quick: Path, seed: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", CRAWL, quick], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    time.sleep(random.Random(seed).uniform(0.0, 0.4))
    process.send_signal(signal.SIGKILL)
    said = [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    collection = Collection(quick)
    recoveries = recover(collection)
    laid = [u.capture.sequence for p in warc_files(collection) for u in groups(p) if isinstance(u, LaidExchange)]
    assert laid == list(range(1, len(laid) + 1))
    assert len(laid) >= max(said, default=1)
    lost = [one.sequence for recovery in recoveries for one in recovery.lost]
    assert lost in ([], [len(laid) + 1])
    assert not list(collection.warcs.glob("*.open"))
    open_writer(collection, run=run_start("run-2")).close(replace(END, uid="run-2"))
    assert recover(collection) == ()
