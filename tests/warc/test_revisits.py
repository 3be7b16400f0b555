"""A payload that is held already is referred to, never copied, and never without looking at it again."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.model import Capture, CaptureKind, Exchange, Framing, RecordRef, Sha256, Truncation
from archive.warc import LaidExchange, groups, load_exchange, path_of, read_record, warc_files
from tests.warc.awkward import AWKWARD
from tests.warc.makers import END, NOW, PLAIN, lay, open_writer, page, run_start

PROFILE = "http://netpreserve.org/warc/1.1/revisit/"
TEXT = b"<p>The tide forgot the harbour again.</p>"


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


def second_run(collection: Collection, exchange: Exchange, known: RecordRef | None) -> Capture:
    """Lay one exchange down in a later run that is told where its payload lies."""
    writer = open_writer(collection, run=run_start("run-2"), known_payload=lambda _digest, _url: known)
    capture = writer.append(exchange)
    writer.close(replace(END, uid="run-2"))
    return capture


def test_same_payload_becomes_a_revisit(collection: Collection) -> None:
    first, second = lay(collection, page(1, TEXT), page(2, TEXT))
    assert (first.kind, second.kind) == (CaptureKind.RESPONSE, CaptureKind.REVISIT)
    assert second.payload_digest == first.payload_digest
    assert second.payload_bytes == len(TEXT)
    record = read_record(collection, second.record)
    assert record.type == "revisit"
    assert record.block == page(2, TEXT).head
    assert record.get("WARC-Profile") == PROFILE + "identical-payload-digest"
    assert record.get("WARC-Truncated") == "length"
    assert record.get("WARC-Payload-Digest") == f"sha256:{first.payload_digest}"
    assert record.get("WARC-Refers-To") == first.record.record_id
    original = read_record(collection, first.record)
    refers_to = (record.get("WARC-Refers-To-Target-URI"), record.get("WARC-Refers-To-Date"))
    assert refers_to == (original.get("WARC-Target-URI"), original.get("WARC-Date")) == second.original


def test_revisit_keeps_its_own_head_and_chunks(collection: Collection) -> None:
    chunked = replace(
        page(2, TEXT),
        head=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nETag: other\r\n\r\n",
        body=b"%x;x=y\r\n%s\r\n0\r\nSum: 1\r\n\r\n" % (len(TEXT), TEXT),
        framing=Framing.CHUNKED,
        surplus=b"more",
    )
    _first, second = lay(collection, page(1, TEXT), chunked)
    assert second.kind is CaptureKind.REVISIT
    assert load_exchange(collection, second) == chunked


def test_third_capture_refers_to_the_first_too(collection: Collection) -> None:
    first, second, third = lay(collection, page(1, TEXT), page(2, TEXT), page(3, TEXT))
    assert second.original == third.original
    assert read_record(collection, third.record).get("WARC-Refers-To") == first.record.record_id


def test_payload_of_an_earlier_run_is_found_by_the_caller(collection: Collection) -> None:
    (first,) = lay(collection, page(1, TEXT))
    asked: list[tuple[Sha256, str]] = []

    def known(digest: Sha256, url: str) -> RecordRef:
        asked.append((digest, url))
        return first.record

    writer = open_writer(collection, run=run_start("run-2"), known_payload=known)
    later = writer.append(page(2, TEXT))
    writer.close(replace(END, uid="run-2"))
    assert later.kind is CaptureKind.REVISIT
    assert asked == [(first.payload_digest, page(2, TEXT).url)]
    assert load_exchange(collection, later) == page(2, TEXT)
    (unit,) = [unit for unit in groups(warc_files(collection)[1]) if isinstance(unit, LaidExchange)]
    assert unit.entity() == TEXT


NOT_SHARED = {
    "empty": page(2, b""),
    "not-200": replace(page(2, TEXT), head=b"HTTP/1.1 404 Not Found\r\n\r\n"),
    "truncated": replace(page(2, TEXT), truncation=Truncation.DISCONNECT),
    "partial": replace(page(2, TEXT), head=b"HTTP/1.1 206 Partial\r\n\r\n"),
}


@pytest.mark.parametrize("exchange", NOT_SHARED.values(), ids=NOT_SHARED)
def test_answer_that_is_not_a_whole_200_is_stored_in_full(collection: Collection, exchange: Exchange) -> None:
    one_before = replace(exchange, sequence=1, body=exchange.body, truncation=None, head=page(1, exchange.body).head)
    _first, second = lay(collection, one_before, exchange)
    assert second.kind is CaptureKind.RESPONSE


@pytest.mark.parametrize("exchange", NOT_SHARED.values(), ids=NOT_SHARED)
def test_answer_that_is_not_a_whole_200_is_never_referred_to(collection: Collection, exchange: Exchange) -> None:
    _first, second = lay(collection, replace(exchange, sequence=1), page(2, exchange.body))
    assert second.kind is CaptureKind.RESPONSE


def test_claim_of_a_record_with_another_payload_is_not_believed(collection: Collection) -> None:
    (first,) = lay(collection, page(1, b"something else"))
    later = second_run(collection, page(2, TEXT), first.record)
    assert later.kind is CaptureKind.RESPONSE


def test_claim_of_a_longer_payload_with_the_same_end_is_not_believed(collection: Collection) -> None:
    (first,) = lay(collection, page(1, b"something before " + TEXT))
    assert second_run(collection, page(2, TEXT), first.record).kind is CaptureKind.RESPONSE


def test_claim_of_a_record_that_is_no_response_is_not_believed(collection: Collection) -> None:
    (first,) = lay(collection, page(1, TEXT))
    assert second_run(collection, page(2, TEXT), first.metadata).kind is CaptureKind.RESPONSE
    assert second_run(collection, page(3, TEXT), first.request).kind is CaptureKind.RESPONSE


def test_damaged_original_is_not_referred_to(collection: Collection) -> None:
    (first,) = lay(collection, page(1, TEXT))
    path = path_of(collection, first.record.file)
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(first.record.offset + first.record.length - 12)
        file.write(b"\0\0\0\0")
    assert second_run(collection, page(2, TEXT), first.record).kind is CaptureKind.RESPONSE


def test_original_whose_file_is_gone_is_not_referred_to(collection: Collection) -> None:
    (first,) = lay(collection, page(1, TEXT))
    path_of(collection, first.record.file).rename(collection.root / "moved-away")
    assert second_run(collection, page(2, TEXT), first.record).kind is CaptureKind.RESPONSE


def test_not_modified_is_an_empty_revisit_with_its_head_in_the_metadata(collection: Collection) -> None:
    (first,) = lay(collection, page(1, TEXT))
    exchange = replace(AWKWARD["304"], began=NOW.replace(minute=30))
    asked: list[str] = []

    def known_answer(url: str) -> RecordRef:
        asked.append(url)
        return first.record

    writer = open_writer(collection, run=run_start("run-2"), known_answer=known_answer)
    capture = writer.append(exchange)
    writer.close(replace(END, uid="run-2"))
    assert asked == [PLAIN.url]
    assert (capture.kind, capture.status, capture.etag) == (CaptureKind.NOT_MODIFIED, 304, '"7"')
    assert (capture.payload_digest, capture.payload_bytes) == (None, 0)
    record = read_record(collection, capture.record)
    assert (record.type, record.block) == ("revisit", b"")
    assert record.get("WARC-Profile") == PROFILE + "server-not-modified"
    assert record.get("WARC-Refers-To") == first.record.record_id
    assert record.get("WARC-Payload-Digest") == f"sha256:{first.payload_digest}"
    assert capture.original == (record.get("WARC-Refers-To-Target-URI"), record.get("WARC-Refers-To-Date"))
    assert load_exchange(collection, capture) == exchange


def test_not_modified_of_an_unknown_page_is_kept_all_the_same(collection: Collection) -> None:
    (capture,) = lay(collection, AWKWARD["304"])
    assert (capture.kind, capture.original) == (CaptureKind.NOT_MODIFIED, None)
    assert read_record(collection, capture.record).get("WARC-Refers-To") is None


def test_revisits_cost_a_small_part_of_the_page(collection: Collection) -> None:
    first, second = lay(collection, page(1, os.urandom(60_000)), page(2, b"x"))
    assert second.kind is CaptureKind.RESPONSE
    again = second_run(collection, replace(load_exchange(collection, first), sequence=9), first.record)
    assert again.kind is CaptureKind.REVISIT
    assert again.record.length < first.record.length / 30
