"""Laws of reading an answer, over invented bytes: nothing is lost, and pieces do not matter."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.model import Framing
from crawler.wire.head import UnreadableHeadError, read_head
from crawler.wire.message import End, Message, MessageReader

FRAGMENTS = st.sampled_from(
    [
        b"HTTP/1.1 ",
        b"HTTP/1.0 ",
        b"200 OK",
        b"103 Early",
        b"304",
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"Content-Length: 5",
        b"Content-Length: 0",
        b"Transfer-Encoding: chunked",
        b"Connection: close",
        b"X : y",
        b" folded",
        b"no colon",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"0;x\r\nT: r\r\n\r\n",
        b"5 ;a\r\nhello\r\n",
        b"5\nhello\n",
        b"0\n\n",
        b"0\r\nno colon\r\n\r\n",
        b"hello",
        b"\x00\xff",
    ]
)
ANSWERS = st.one_of(
    st.lists(FRAGMENTS, max_size=14).map(b"".join),
    st.lists(FRAGMENTS, max_size=10).map(lambda parts: b"HTTP/1.1 200 OK\r\n" + b"".join(parts)),
    st.lists(FRAGMENTS, max_size=8).map(
        lambda parts: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(parts)
    ),
)
ENDS = st.sampled_from([End.CLOSED, End.RESET, End.TIME])


def read(pieces: list[bytes], end: End, *, max_body: int = 10**9) -> Message:
    reader = MessageReader("GET", max_body)
    for piece in pieces:
        reader.feed(piece)
    return reader.finish(End.DONE if reader.is_done else end, "the words of the network")


def cut(data: bytes, places: list[int]) -> list[bytes]:
    marks = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:stop] for start, stop in pairwise(marks)]


@given(ANSWERS, st.lists(st.integers(0, 400), max_size=6), ENDS)
def test_every_byte_is_kept_in_order(data: bytes, places: list[int], end: End) -> None:
    message = read(cut(data, places), end)

    assert message.interim + message.head + message.body + message.surplus == data
    assert (message.failure is None) == (message.reading is not None)


@given(ANSWERS, st.lists(st.integers(0, 400), max_size=6), ENDS)
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\nX", [52], End.CLOSED)
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 ;a\r\nhello\r\n0\r\n\r\nX", [55], End.CLOSED)
def test_how_the_bytes_come_in_pieces_changes_nothing(data: bytes, places: list[int], end: End) -> None:
    assert read(cut(data, places), end) == read([data], end)


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.sampled_from([b"", b";a", b'; a="b;c"'])), max_size=6),
    st.lists(st.sampled_from([b"A: b", b"x-y:  z "]), max_size=2),
    st.binary(max_size=20),
)
def test_chunks_give_back_what_was_put_into_them(
    chunks: list[tuple[bytes, bytes]], trailers: list[bytes], surplus: bytes
) -> None:
    body = b"".join(b"%X%b\r\n%b\r\n" % (len(data), extension, data) for data, extension in chunks)
    body += b"0\r\n" + b"".join(trailer + b"\r\n" for trailer in trailers) + b"\r\n"

    message = read([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + surplus], End.CLOSED)

    assert (message.framing, message.body, message.surplus) == (Framing.CHUNKED, body, surplus)
    assert message.entity == b"".join(data for data, _ in chunks)
    assert message.truncation is None
    assert message.may_reuse is not bool(surplus)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_head_or_are_refused(data: bytes) -> None:
    try:
        head = read_head(b"HTTP/1.1 200 OK\r\n" + data, "GET")
    except UnreadableHeadError:
        return
    assert (head.length is not None) == (head.framing is Framing.LENGTH)


@pytest.mark.parametrize("line", [b"\r\n", b"X: y\r\n", b" fold\r\n", b"HTTP/1.1 103 E\r\n\r\n"])
def test_head_of_many_small_pieces_takes_linear_time(line: bytes) -> None:
    reader = MessageReader("GET", 10**9)
    reader.feed(b"HTTP/1.1 103 Early\r\n")
    for _ in range(60_000):
        reader.feed(line)

    assert reader.is_lost or reader.is_done or reader.has_bytes


def test_hundred_thousand_chunks_are_read_in_linear_time() -> None:
    body = b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    message = read([head, *(body[at : at + 1000] for at in range(0, len(body), 1000))], End.CLOSED)

    assert message.body == body
    assert message.entity == b"x" * 100_000
