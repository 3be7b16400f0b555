"""A message's head is read as leniently as servers are sloppy; encodings are undone within a limit."""

import gzip
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import payload
from archive.errors import DamagedRecordError

TEXT = b"The bell of the drowned harbour rang twice. " * 50
RAW_DEFLATE = zlib.compress(TEXT)[2:-4]
LIMIT = 1_000_000

HEADS = {
    "plain": (b"HTTP/1.1 200 OK\r\n\r\n", 200),
    "no-reason": (b"HTTP/1.0 404\r\n\r\n", 404),
    "lower-case": (b"http/1.1 503 x\n\n", 503),
    "two-blanks": (b"HTTP/1.1  301 x\r\n\r\n", 301),
    "four-digits": (b"HTTP/1.1 2000 x\r\n\r\n", None),
    "no-status-line": (b"<html>", None),
    "nothing": (b"", None),
}

CODED = {
    "not-coded": (b"", TEXT, TEXT),
    "identity": (b"Content-Encoding: identity", TEXT, TEXT),
    "gzip": (b"content-ENCODING:gzip", gzip.compress(TEXT), TEXT),
    "x-gzip": (b"Content-Encoding: X-GZip", gzip.compress(TEXT), TEXT),
    "two-gzip-members": (b"Content-Encoding: gzip", gzip.compress(TEXT) + gzip.compress(b"more"), TEXT + b"more"),
    "gzip-and-rubbish-behind": (b"Content-Encoding: gzip", gzip.compress(TEXT) + b"\0\0rubbish", TEXT),
    "zlib-deflate": (b"Content-Encoding: deflate", zlib.compress(TEXT), TEXT),
    "raw-deflate": (b"Content-Encoding: deflate", RAW_DEFLATE, TEXT),
    "gzip-over-deflate": (b"Content-Encoding: deflate, gzip", gzip.compress(zlib.compress(TEXT)), TEXT),
    "two-lines": (b"Content-Encoding: deflate\r\nContent-Encoding: gzip", gzip.compress(zlib.compress(TEXT)), TEXT),
    "folded": (b"Content-Encoding: deflate,\r\n gzip", gzip.compress(zlib.compress(TEXT)), TEXT),
    "nothing-in-gzip": (b"Content-Encoding: gzip", b"", b""),
}

HOSTILE = {
    "gzip-that-is-none": (b"Content-Encoding: gzip", TEXT),
    "gzip-damaged": (b"Content-Encoding: gzip", gzip.compress(TEXT)[:-8] + bytes(8)),
    "deflate-that-is-none": (b"Content-Encoding: deflate", b"\xff" * 50),
    "brotli": (b"Content-Encoding: br", TEXT),
    "gzip-bomb": (b"Content-Encoding: gzip", gzip.compress(bytes(50_000_000))),
    "gzip-bomb-of-many-members": (b"Content-Encoding: gzip", gzip.compress(bytes(LIMIT // 2)) * 9),
    "gzip-bomb-in-gzip": (b"Content-Encoding: gzip, gzip", gzip.compress(gzip.compress(bytes(50_000_000)))),
    "too-many-codings": (b"Content-Encoding: " + b",".join([b"gzip"] * 50), b""),
    "too-long-uncoded": (b"", bytes(LIMIT + 1)),
}


def head_with(field: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + (field + b"\r\n" if field else b"") + b"\r\n"


@pytest.mark.parametrize(("head", "status"), HEADS.values(), ids=HEADS)
def test_status_is_read_from_the_first_line(head: bytes, status: int | None) -> None:
    assert payload.status(head) == status


def test_fields_keep_order_repetition_and_folds() -> None:
    head = b"HTTP/1.1 200 OK\r\nA: 1\nno colon\r\nb :2\r\n\t3\r\nA:caf\xe9\r\n\r\nA: body"
    assert list(payload.fields(head)) == [("A", "1"), ("b", "2 3"), ("A", "café")]
    assert payload.field(head, "a") == "1"
    assert payload.field(head, "C") is None


@pytest.mark.parametrize(("field", "entity", "text"), CODED.values(), ids=CODED)
def test_encoding_is_undone(field: bytes, entity: bytes, text: bytes) -> None:
    assert payload.decode(head_with(field), entity, LIMIT) == text


def test_cut_off_gzip_gives_its_beginning() -> None:
    coded = gzip.compress(bytes(range(256)) * 400)
    text = payload.decode(head_with(b"Content-Encoding: gzip"), coded[: len(coded) // 2], LIMIT)
    assert text
    assert (bytes(range(256)) * 400).startswith(text)


@pytest.mark.parametrize(("field", "entity"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_payload_is_refused_within_its_memory(field: bytes, entity: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(DamagedRecordError) as refusal:
        payload.decode(head_with(field), entity, LIMIT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refusal.value.hint
    assert peak < 8 * LIMIT


@given(st.binary(), st.binary())
def test_any_head_and_entity_decode_or_are_refused(head: bytes, entity: bytes) -> None:
    with suppress(DamagedRecordError):
        text = payload.decode(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, deflate\r\n" + head, entity, LIMIT)
        assert len(text) <= LIMIT
