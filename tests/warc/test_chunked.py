"""Chunked bodies come apart and together without a bit lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.chunked import Chunked, join, split

CASES = {
    "two-chunks": (b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde", b"\r\n"),
    "extension": (b'3;name="v;"\r\nabc\r\n0;last\r\n\r\n', b"abc", b"\r\n"),
    "trailers": (b"1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n", b"a", b"X-Sum: 7\r\n\r\n"),
    "bare-line-feeds": (b"3\nabc\n0\n\n", b"abc", b"\n"),
    "blanks-around-the-size": (b" 3 \t\r\nabc\r\n0\r\n\r\n", b"abc", b"\r\n"),
    "leading-zeros-and-case": (b"000a\r\n0123456789\r\n0A\r\n0123456789\r\n00\r\n\r\n", b"0123456789" * 2, b"\r\n"),
    "empty-body": (b"", b"", b""),
    "only-the-last-chunk": (b"0\r\n\r\n", b"", b"\r\n"),
    "cut-in-the-data": (b"ff\r\nabc", b"abc", b""),
    "cut-in-a-line-end": (b"3\r\nabc\r", b"abc", b"\r"),
    "cut-in-a-size-line": (b"3\r\nabc\r\n1", b"abc", b"1"),
    "no-line-end-after-data": (b"3\r\nabcdef\r\n0\r\n\r\n", b"abc", b"def\r\n0\r\n\r\n"),
    "no-size": (b"hello\r\n", b"", b"hello\r\n"),
    "size-too-long-to-be-true": (b"11112222333344445\r\nabc", b"", b"11112222333344445\r\nabc"),
    "size-beyond-all-memory": (b"ffffffffffffffff\r\nabc", b"abc", b""),
    "negative-size": (b"-1\r\nabc", b"", b"-1\r\nabc"),
}


@pytest.mark.parametrize(("body", "entity", "tail"), CASES.values(), ids=CASES)
def test_body_comes_apart_as_it_was_framed(body: bytes, entity: bytes, tail: bytes) -> None:
    parts = split(body)
    assert (parts.entity, parts.tail) == (entity, tail)
    assert join(parts) == body


CHUNK = st.tuples(st.binary(max_size=40), st.sampled_from([b"\r\n", b"\n", b";x=y\r\n", b" \r\n", b"\r\r\n"])).map(
    lambda chunk: b"%x%s%s\r\n" % (len(chunk[0]), chunk[1], chunk[0])
)
NEARLY = st.lists(st.one_of(CHUNK, st.sampled_from([b"0\r\n", b"\r\n", b"\n", b"5", b"zz"]), st.binary(max_size=9)))


@given(st.one_of(st.binary(), NEARLY.map(b"".join)))
def test_any_bytes_come_together_again(body: bytes) -> None:
    assert join(split(body)) == body


@given(st.lists(st.binary(min_size=1, max_size=50)))
def test_payload_is_what_the_chunks_carry(pieces: list[bytes]) -> None:
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    assert split(body).entity == b"".join(pieces)
    assert split(body).tail == b"\r\n"


@given(st.binary(), st.binary(), st.binary())
def test_join_takes_any_parts_without_raising(entity: bytes, layout: bytes, tail: bytes) -> None:
    assert join(Chunked(entity=entity, layout=layout, tail=tail)).endswith(tail)
