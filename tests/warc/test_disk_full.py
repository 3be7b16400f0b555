"""A disk that fills up costs the exchange at hand and nothing else."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.errors import DiskFullError, ExitCode
from archive.model import Capture, Exchange, Omission, OmissionKind
from archive.warc import (
    AskedLog,
    LaidExchange,
    LaidOmission,
    groups,
    load_exchange,
    recover,
    walk,
    warc_files,
)
from tests.warc.awkward import AWKWARD
from tests.warc.makers import END, NOW, open_writer, page, run_start

EXCHANGES = [replace(AWKWARD["over-tls"], sequence=1), *(page(number, b"%d gulls" % number) for number in range(2, 6))]


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Let the kernel refuse to make any file larger, as a full disk does: first a short write, then an error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def crawl(collection: Collection, laid: list[Capture]) -> None:
    """Lay down a run as far as the disk takes it; close it in any case."""
    writer = open_writer(collection)
    try:
        laid.extend(writer.append(one) for one in EXCHANGES)
    finally:
        writer.close(END)


def whole_size(folder: Path) -> int:
    collection = Collection(folder)
    crawl(collection, [])
    return warc_files(collection)[0].stat().st_size


@pytest.mark.parametrize("part", range(40))
def test_what_lies_on_a_full_disk_is_whole_and_the_next_run_goes_on(tmp_path: Path, part: int) -> None:
    limit = part * whole_size(tmp_path / "whole") // 40
    collection = Collection(tmp_path / "full")
    laid: list[Capture] = []
    with no_file_over(limit), pytest.raises(DiskFullError) as refusal:
        crawl(collection, laid)
    assert refusal.value.exit_code is ExitCode.DISK_FULL
    assert refusal.value.hint
    assert recover(collection) == ()
    units = [unit for path in warc_files(collection) for unit in groups(path)]
    assert [unit.capture for unit in units if isinstance(unit, LaidExchange)] == laid
    assert [load_exchange(collection, capture) for capture in laid] == EXCHANGES[: len(laid)]
    writer = open_writer(collection, run=run_start("run-2"))
    later = writer.append(EXCHANGES[-1])
    writer.close(replace(END, uid="run-2"))
    assert load_exchange(collection, later) == EXCHANGES[-1]


def test_exchange_that_did_not_fit_can_be_tried_again(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    writer = open_writer(collection)
    with no_file_over(warc_files(collection)[0].stat().st_size + 700), pytest.raises(DiskFullError):
        writer.append(EXCHANGES[0])
    capture = writer.append(EXCHANGES[0])
    writer.close(END)
    assert load_exchange(collection, capture) == EXCHANGES[0]
    assert len(list(walk(warc_files(collection)[0]))) == 3 + 2 + 3 + 1


def test_full_disk_refuses_an_omission_whole(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    writer = open_writer(collection)
    omission = Omission(run="run-1", url="http://x.example/", kind=OmissionKind.LIMIT, reason="enough", time=NOW)
    with no_file_over(warc_files(collection)[0].stat().st_size + 100), pytest.raises(DiskFullError):
        writer.note(omission)
    writer.close(END)
    assert not any(isinstance(unit, LaidOmission) for unit in groups(warc_files(collection)[0]))


def test_full_disk_at_rollover_leaves_no_empty_file(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    writer = open_writer(collection, max_bytes=1)
    first = writer.append(EXCHANGES[1])
    with no_file_over(100), pytest.raises(DiskFullError):
        writer.append(EXCHANGES[2])
    assert warc_files(collection)[-1].name == first.record.file
    later = writer.append(EXCHANGES[2])
    writer.close(END)
    assert [load_exchange(collection, capture) for capture in (first, later)] == EXCHANGES[1:3]


def test_full_disk_refuses_to_let_a_request_be_sent(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    collection.create()
    log = AskedLog(collection, "run-1")
    with no_file_over(10), pytest.raises(DiskFullError):
        log.ask(1, "http://blog.example/", NOW)
    log.close(is_settled=False)


def test_file_beyond_reach_is_no_traceback(tmp_path: Path) -> None:
    exchange: Exchange = EXCHANGES[0]
    collection = Collection(tmp_path)
    writer = open_writer(collection)
    with no_file_over(0), pytest.raises(DiskFullError, match="File too large"):
        writer.append(exchange)
    with no_file_over(0), pytest.raises(DiskFullError):
        writer.close(END)
    assert warc_files(collection)[0].name.endswith(".gz")
