"""Files: their names, their order, when they roll over, and that none is closed unread."""

import gzip
import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.errors import ConfigError, IntegrityError, StorageError
from archive.warc import LaidExchange, RunEnded, RunStarted, WarcWriter, groups, load_exchange, walk, warc_files
from tests.warc.awkward import AWKWARD
from tests.warc.makers import END, NOW, PLAIN, lay, no_payload, only_file, open_writer, page, run_start


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


def test_file_is_named_by_prefix_time_serial_and_host(collection: Collection) -> None:
    lay(collection, PLAIN)
    assert only_file(collection).name == "watchtower-20261122030000123-00001-testhost.warc.gz"


def test_file_is_open_while_written_and_read_only_when_closed(collection: Collection) -> None:
    writer = open_writer(collection)
    capture = writer.append(PLAIN)
    writer.sync()
    assert only_file(collection).name.endswith(".warc.gz.open")
    assert not capture.record.file.endswith(".open")
    assert load_exchange(collection, capture) == PLAIN
    writer.close(END)
    assert only_file(collection).name == capture.record.file
    assert stat.S_IMODE(only_file(collection).stat().st_mode) == 0o444
    assert load_exchange(collection, capture) == PLAIN


def test_serial_grows_over_runs_and_orders_files_whatever_the_clock_says(collection: Collection) -> None:
    for number, hours in enumerate((3, 1, 2), 1):
        run = replace(run_start(f"run-{number}"), started=NOW.replace(hour=hours))
        open_writer(collection, run=run).close(replace(END, uid=run.uid))
    serials = [re.findall(r"-(\d{5})-", path.name)[0] for path in warc_files(collection)]
    assert serials == ["00001", "00002", "00003"]
    runs = [unit.start.uid for path in warc_files(collection) for unit in groups(path) if isinstance(unit, RunStarted)]
    assert runs == ["run-1", "run-2", "run-3"]


def test_serial_counts_files_that_are_set_aside(collection: Collection) -> None:
    collection.create()
    (collection.warcs / "watchtower-20200101000000000-00041-h.warc.gz.invalid").touch()
    lay(collection, PLAIN)
    assert "-00042-" in only_file(collection).name


def test_serial_beyond_five_digits_still_orders(collection: Collection) -> None:
    collection.create()
    for serial in ("99999", "100000"):
        (collection.warcs / f"watchtower-20200101000000000-{serial}-h.warc.gz").touch()
    lay(collection, PLAIN)
    assert [path.name.split("-")[2] for path in warc_files(collection)] == ["99999", "100000", "100001"]


def test_rollover_comes_between_exchanges_and_repeats_only_the_warcinfo(collection: Collection) -> None:
    writer = open_writer(collection, max_bytes=6_000)
    exchanges = [replace(page(number, os.urandom(1000)), peer=AWKWARD["over-tls"].peer) for number in range(1, 13)]
    captures = [writer.append(one) for one in exchanges]
    writer.close(END)
    files = warc_files(collection)
    assert len(files) > 2
    assert [load_exchange(collection, capture) for capture in captures] == exchanges
    for path in files:
        records = list(walk(path))
        assert records[0].type == "warcinfo"
        assert records[0].get("WARC-Filename") == path.name
        assert {record.get("WARC-Warcinfo-ID") for record in records[1:]} == {records[0].ref.record_id}
        in_file = [unit.capture for unit in groups(path) if isinstance(unit, LaidExchange)]
        assert in_file == [capture for capture in captures if capture.record.file == path.name]
        certificates = [record for record in records if record.get("Content-Type") == "application/pkix-cert"]
        assert len(certificates) == 2
    kinds = [type(unit) for path in files for unit in groups(path) if not isinstance(unit, LaidExchange)]
    assert kinds.count(RunStarted) == kinds.count(RunEnded) == 1


def test_records_lie_without_a_gap_and_each_in_its_own_member(collection: Collection) -> None:
    lay(collection, *AWKWARD.values())
    path = only_file(collection)
    at = 0
    for record in walk(path):
        assert record.ref.offset == at
        at = record.end
    assert at == path.stat().st_size


def flip_a_bit(data: bytes) -> bytes:
    return data[:-300] + bytes([data[-300] ^ 1]) + data[-299:]


def drop_the_last_record(data: bytes) -> bytes:
    return data[: data.rindex(b"\x1f\x8b\x08\0")]


def repeat_the_last_record(data: bytes) -> bytes:
    return data + data[data.rindex(b"\x1f\x8b\x08\0") :]


def swap_a_header(data: bytes) -> bytes:
    at = data.rindex(b"\x1f\x8b\x08\0")
    return data[:at] + gzip.compress(gzip.decompress(data[at:]).replace(b"WARC-Date: 2026", b"WARC-Date: 2025"))


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a-flipped-bit": flip_a_bit,
    "a-record-less": drop_the_last_record,
    "a-record-more": repeat_the_last_record,
    "another-date": swap_a_header,
    "cut-off": lambda data: data[:-5],
    "zeros-at-the-end": lambda data: data + bytes(512),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_file_that_does_not_read_back_is_set_aside(collection: Collection, damage: Callable[[bytes], bytes]) -> None:
    writer = open_writer(collection)
    writer.append(PLAIN)
    path = only_file(collection)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(IntegrityError, match="read back") as refusal:
        writer.close(END)
    assert refusal.value.hint
    assert [path.name for path in collection.warcs.iterdir()] == [path.name.replace(".open", ".invalid")]
    assert warc_files(collection) == ()


def test_host_label_that_is_no_part_of_a_name_is_refused(collection: Collection) -> None:
    with pytest.raises(ConfigError, match="host label"):
        WarcWriter(
            collection, site_id="x", run=run_start(), site_toml=b"", host_label="../up", known_payload=no_payload
        )
    assert warc_files(collection) == ()


def test_closed_file_is_never_overwritten(collection: Collection) -> None:
    writer = open_writer(collection)
    path = only_file(collection)
    other = path.with_name(path.name.removesuffix(".open"))
    other.write_bytes(b"somebody else's")
    with pytest.raises(IntegrityError, match="exists already"):
        writer.close(END)
    assert other.read_bytes() == b"somebody else's"
    assert path.exists()


def test_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    collection.create()
    collection.warcs.rmdir()
    collection.warcs.symlink_to("/proc")
    with pytest.raises(StorageError, match="cannot be written"):
        open_writer(collection)
