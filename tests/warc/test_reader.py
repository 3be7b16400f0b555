"""Records are read from any file, whole or hostile, and nothing but a named complaint comes of damage."""

import gzip
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.collection import Collection
from archive.errors import DamagedRecordError, IntegrityError, NotFoundError, StorageError
from archive.model import CaptureKind, RecordRef
from archive.warc import LaidExchange, groups, load_exchange, read_record, walk
from tests.warc.awkward import AWKWARD
from tests.warc.makers import MEMORY, PLAIN, lay, only_file, page

REAL = sorted((Path(__file__).parents[3] / "shared" / "data" / "warc").glob("*arc*"))
RECORD = b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:x:1>\r\nContent-Length: 5\r\n\r\nhello\r\n\r\n"


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


def write(folder: Path, *members: bytes) -> Path:
    path = folder / "foreign.warc.gz"
    path.write_bytes(b"".join(gzip.compress(member) for member in members))
    return path


def test_record_is_read_from_its_place(collection: Collection) -> None:
    (capture,) = lay(collection, PLAIN)
    record = read_record(collection, capture.record)
    assert record.ref == capture.record
    assert record.time == PLAIN.began
    assert record.get("warc-type") == "response"
    assert record.get("WARC-Nothing") is None


@pytest.mark.parametrize("change", ["offset", "length", "record_id"])
def test_place_that_is_not_right_is_refused(collection: Collection, change: str) -> None:
    (capture,) = lay(collection, PLAIN)
    ref = capture.record
    wrong = {
        "offset": replace(ref, offset=ref.offset + 1),
        "length": replace(ref, length=ref.length - 1),
        "record_id": replace(ref, record_id="<urn:uuid:00000000-0000-4000-8000-000000000000>"),
    }
    with pytest.raises(DamagedRecordError, match=ref.file) as refusal:
        read_record(collection, wrong[change])
    assert refusal.value.hint


def test_place_that_covers_two_records_is_refused(collection: Collection) -> None:
    (capture,) = lay(collection, PLAIN)
    with pytest.raises(DamagedRecordError):
        read_record(collection, replace(capture.record, length=capture.record.length + capture.metadata.length))


def test_file_that_is_not_there_is_named(collection: Collection) -> None:
    collection.create()
    with pytest.raises(NotFoundError, match=r"nowhere\.warc\.gz"):
        read_record(collection, RecordRef(file="nowhere.warc.gz", offset=0, length=1, record_id=""))


def test_name_of_a_file_cannot_lead_out_of_the_archive(collection: Collection) -> None:
    collection.create()
    (collection.root / "secret").write_bytes(gzip.compress(RECORD))
    with pytest.raises(NotFoundError):
        read_record(collection, RecordRef(file="../secret", offset=0, length=99, record_id="<urn:x:1>"))


def test_folder_in_place_of_a_file_is_a_storage_error(collection: Collection) -> None:
    (collection.warcs / "folder.warc.gz").mkdir(parents=True)
    with pytest.raises(StorageError):
        read_record(collection, RecordRef(file="folder.warc.gz", offset=0, length=9, record_id=""))
    with pytest.raises(StorageError):
        list(walk(collection.warcs / "folder.warc.gz"))


FOREIGN = {
    "plain": RECORD,
    "older-version": RECORD.replace(b"1.1", b"0.18"),
    "bare-line-feeds": RECORD.replace(b"\r\n", b"\n"),
    "folded-field": RECORD.replace(b"resource", b"\r\n resource"),
    "no-blank-line-at-the-end": RECORD[:-4],
    "empty-block": RECORD.replace(b"Length: 5", b"Length: 0").replace(b"hello", b""),
}


@pytest.mark.parametrize("record", FOREIGN.values(), ids=FOREIGN)
def test_record_of_other_software_is_read(tmp_path: Path, record: bytes) -> None:
    first, second = walk(write(tmp_path, record, RECORD))
    assert first.get("WARC-Type") == "resource"
    assert first.block in (b"hello", b"")
    assert second.ref.offset == first.ref.length
    assert second.block == b"hello"


DAMAGED = {
    "no-warc": b"<html>",
    "no-header-end": b"WARC/1.1\r\nContent-Length: 5\r\n",
    "header-of-two-megabytes": b"WARC/1.1\r\n" + b"a" * 2_000_000,
    "no-length": RECORD.replace(b"Content-Length: 5\r\n", b""),
    "negative-length": RECORD.replace(b"Length: 5", b"Length: -5"),
    "length-no-number": RECORD.replace(b"Length: 5", b"Length: five"),
    "length-of-a-terabyte": RECORD.replace(b"Length: 5", b"Length: 1099511627776"),
    "length-too-large": RECORD.replace(b"Length: 5", b"Length: 5000"),
    "length-too-small": RECORD.replace(b"Length: 5", b"Length: 2"),
    "two-records-in-one-member": RECORD * 2,
    "large-rest-in-one-member": RECORD + bytes(3_000_000),
    "nothing": b"",
}


@pytest.mark.parametrize("member", DAMAGED.values(), ids=DAMAGED)
def test_damaged_record_is_named_with_file_and_offset(tmp_path: Path, member: bytes) -> None:
    path = write(tmp_path, RECORD, member, RECORD)
    records = walk(path)
    good = next(records)
    with pytest.raises(DamagedRecordError, match=rf"foreign\.warc\.gz, offset {good.end}:") as refusal:
        next(records)
    assert refusal.value.hint


@pytest.mark.parametrize("data", [b"WARC/1.1\r\n", b"\x1f\x8b", b"\x1f\x8b\x08\0", bytes(100), b"PK\x03\x04"])
def test_file_that_is_no_gzip_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "foreign.warc.gz"
    path.write_bytes(data)
    with pytest.raises(DamagedRecordError, match="offset 0:"):
        list(walk(path))


def test_empty_file_holds_no_record(tmp_path: Path) -> None:
    assert list(walk(write(tmp_path))) == []


@pytest.mark.parametrize("number", range(3), ids=["said-to-be-small", "before-the-header", "more-than-there-is"])
def test_bomb_is_refused_within_its_memory(tmp_path: Path, number: int) -> None:
    zeros = bytes(200_000_000)
    bomb = (
        RECORD.replace(b"hello", zeros),
        zeros,
        RECORD.replace(b"Length: 5", b"Length: 999999999"),
    )[number]
    path = write(tmp_path, bomb)
    del zeros, bomb
    tracemalloc.start()
    with pytest.raises(DamagedRecordError):
        list(walk(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.skipif(not REAL, reason="needs ../shared/data, which is not here")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_file_of_other_software_is_read_or_refused_by_name(tmp_path: Path, path: Path) -> None:
    collection = Collection(tmp_path)
    collection.create()
    copy = collection.warcs / path.name
    copy.symlink_to(path)
    for read in (walk, groups):
        try:
            assert all(unit is not None for unit in read(copy))
        except DamagedRecordError as error:
            assert path.name in str(error)  # noqa: PT017  most files are good ones


def test_most_real_files_are_read_to_their_end(shared_data: Path) -> None:
    whole = 0
    for path in (shared_data / "warc").glob("*.warc.gz"):
        try:
            whole += bool(list(walk(path)))
        except DamagedRecordError:
            continue
    assert whole >= 15


# --- our own files, altered ------------------------------------------------------------------------


def alter_metadata(path: Path, old: bytes, new: bytes) -> None:
    """Change a text in every record of a file and make digests and lengths right again, as a forger would."""
    out = bytearray()
    for record in walk(path):
        block = record.block.replace(old, new)
        header = record.header.replace(b"Content-Length: %d" % len(record.block), b"Content-Length: %d" % len(block))
        out += gzip.compress(header + block + b"\r\n\r\n")
    path.chmod(0o644)
    path.write_bytes(out)


ALTERED = {
    "kind": (b"vigil-kind: response", b"vigil-kind: hearsay"),
    "purpose": (b"vigil-purpose: post", b"vigil-purpose: ?"),
    "no-run": (b"vigil-sequence", b"vigil-sequins"),
    "sequence": (b"vigil-sequence: 1", b"vigil-sequence: 1_0"),
    "head-size": (b"wire-head-bytes: ", b"wire-head-bytes: 9"),
    "negative-head-size": (b"wire-head-bytes: ", b"wire-head-bytes: -"),
    "payload-size": (b"wire-payload-bytes: ", b"wire-payload-bytes: 1"),
    "renamed-at": (b"wire-renamed-at: ", b"wire-renamed-at: 1"),
    "records": (b"vigil-records: <urn:uuid:", b"vigil-records: <urn:uuid:0"),
    "start": (b'"started"', b'"begun"'),
    "start-is-no-json": (b'{\n  "uid"', b'{ "uid"":'),
}


@pytest.mark.parametrize(("old", "new"), ALTERED.values(), ids=ALTERED)
def test_altered_metadata_is_refused_with_file_and_offset(collection: Collection, old: bytes, new: bytes) -> None:
    lay(collection, AWKWARD["chunked"])
    path = only_file(collection)
    alter_metadata(path, old, new)
    with pytest.raises(DamagedRecordError, match=rf"{path.name}, offset \d+:"):
        list(groups(path))


ALTERED_WIRE = {
    "layout-no-base64": (b"wire-chunk-layout: ", b"wire-chunk-layout: !"),
    "layout-no-gzip": (b"wire-chunk-layout: ", b"wire-chunk-layout: AAAA"),
    "tail": (b"wire-tail: ", b"wire-tail: AAAA"),
    "framing": (b"wire-framing: chunked", b"wire-framing: guessed"),
    "other-framing": (b"wire-framing: chunked", b"wire-framing: close"),
    "digest": (b"wire-sha256: ", b"wire-sha256: 0"),
    "port": (b"peer-port: 8080", b"peer-port: http"),
    "certificate-digest": (b"tls-certificate: ", b"tls-certificate: 0"),
    "certificate-place": (b"tls-certificate: ", b"tls-certificate: x x x "),
}


@pytest.mark.parametrize(("old", "new"), ALTERED_WIRE.values(), ids=ALTERED_WIRE)
def test_wire_that_cannot_be_rebuilt_is_refused(collection: Collection, old: bytes, new: bytes) -> None:
    lay(collection, replace(AWKWARD["chunked"], peer=AWKWARD["over-tls"].peer))
    path = only_file(collection)
    alter_metadata(path, old, new)
    (unit,) = [unit for unit in groups(path) if isinstance(unit, LaidExchange)]
    with pytest.raises(IntegrityError, match=rf"{path.name}, offset \d+:"):
        load_exchange(collection, unit.capture)


def test_revisit_whose_original_holds_something_else_is_refused(collection: Collection) -> None:
    lay(collection, page(1, b"<p>gulls</p>"), page(2, b"<p>gulls</p>"))
    path = only_file(collection)
    (revisit,) = [u for u in groups(path) if isinstance(u, LaidExchange) and u.capture.kind is CaptureKind.REVISIT]
    alter_metadata(path, b"<p>gulls</p>", b"<p>crows</p>")
    with pytest.raises(DamagedRecordError):
        revisit.entity()


@given(at=st.integers(0, 7000), new=st.binary(max_size=20), dropped=st.integers(0, 20))
def test_any_damage_to_a_file_is_found_or_harmless(at: int, new: bytes, dropped: int) -> None:
    exchanges = (AWKWARD["over-tls"], page(2, b"<p>gulls</p>"), page(3, b"<p>gulls</p>"))
    with TemporaryDirectory(dir=MEMORY) as folder:
        collection = Collection(Path(folder))
        captures = lay(collection, *exchanges)
        path = only_file(collection)
        path.chmod(0o644)
        whole = path.read_bytes()
        path.write_bytes(whole[:at] + new + whole[at + dropped :])
        for capture, exchange in zip(captures, exchanges, strict=True):
            with suppress(IntegrityError):
                assert load_exchange(collection, capture) == exchange
        with suppress(IntegrityError):
            assert all(unit.entity() is not None for unit in groups(path) if isinstance(unit, LaidExchange))
