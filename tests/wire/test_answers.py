"""Awkward answers: the record holds each byte, cut where the message's parts end."""

from dataclasses import dataclass

import pytest

from archive.model import Framing, Truncation
from crawler.replica.server import After
from tests.wire.conftest import PLAIN, Site

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP_OF_HELLO = bytes.fromhex("1f8b0800000000000003cb48cdc9c9070086a6103605000000")


@dataclass(frozen=True, kw_only=True)
class Case:
    """An answer in its parts; ``is_kept`` says whether the connection takes another request after it."""

    head: bytes
    body: bytes = b""
    interim: bytes = b""
    surplus: bytes = b""
    framing: Framing = Framing.LENGTH
    status: int = 200
    entity: bytes | None = None
    is_kept: bool = True
    truncation: Truncation | None = None
    after: After = After.KEEP
    method: str = "GET"
    fields: tuple[tuple[bytes, bytes], ...] | None = None


FIVE = b"Content-Length: 5\r\n\r\n"
CASES = {
    "normal": Case(head=OK + FIVE, body=b"hello", fields=((b"Content-Length", b"5"),)),
    "empty": Case(head=OK + b"Content-Length: 0\r\n\r\n"),
    "204 with a length": Case(
        head=b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", status=204, framing=Framing.BODILESS
    ),
    "304": Case(head=b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', status=304, framing=Framing.BODILESS),
    "head asked for": Case(head=OK + FIVE, framing=Framing.BODILESS, method="HEAD"),
    "redirect": Case(head=b"HTTP/1.1 302 Moved On\r\nLocation: /b\r\n" + FIVE, body=b"hello", status=302),
    "100 and 103 first": Case(
        interim=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
        head=OK + FIVE,
        body=b"hello",
    ),
    "switches protocols": Case(
        head=b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        surplus=b"\0\1",
        status=101,
        framing=Framing.BODILESS,
        is_kept=False,
        after=After.CLOSE,
    ),
    "HTTP/1.0 until close": Case(
        head=b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\n",
        body=b"hello",
        framing=Framing.CLOSE,
        is_kept=False,
        after=After.CLOSE,
    ),
    "HTTP/1.0 with a length": Case(head=b"HTTP/1.0 200 OK\r\n" + FIVE, body=b"hello", is_kept=False, after=After.CLOSE),
    "nothing until close": Case(head=OK + b"\r\n", framing=Framing.CLOSE, is_kept=False, after=After.CLOSE),
    "connection: close": Case(
        head=OK + b"connection: Foo, CLOSE\r\n" + FIVE, body=b"hello", is_kept=False, after=After.CLOSE
    ),
    "announces a close, stays open": Case(head=OK + b"Connection: close\r\n" + FIVE, body=b"hello", is_kept=False),
    "bare line feeds": Case(head=b"HTTP/1.1 200 OK\nContent-Length: 5\n\n", body=b"hello"),
    "mixed line ends": Case(head=b"HTTP/1.1 200 OK\r\nContent-Length: 5\n\r\n", body=b"hello"),
    "no reason": Case(head=b"HTTP/1.1 200\r\n" + FIVE, body=b"hello"),
    "no reason but a blank": Case(head=b"HTTP/1.1 200 \r\n" + FIVE, body=b"hello"),
    "odd reason": Case(head=b"HTTP/1.1 200 F\xefne: \xd0\xb4 Thanks!\r\n" + FIVE, body=b"hello"),
    "two blanks": Case(head=b"HTTP/1.1  200  OK\r\n" + FIVE, body=b"hello"),
    "HTTP/1.2, status 999": Case(head=b"HTTP/1.2 999 No\r\n" + FIVE, body=b"hello", status=999),
    "odd case, order and spacing": Case(
        head=OK + b"x-ODD:a\r\ncOnTeNt-lEnGtH :  5  \r\nX-odd  :\tb \r\n\r\n",
        body=b"hello",
        fields=((b"x-ODD", b"a"), (b"cOnTeNt-lEnGtH", b"5"), (b"X-odd", b"b")),
    ),
    "repeated": Case(
        head=OK + b"Set-Cookie: a=1\r\nX: 1\r\nset-cookie: b=2\r\n" + FIVE,
        body=b"hello",
        fields=((b"Set-Cookie", b"a=1"), (b"X", b"1"), (b"set-cookie", b"b=2"), (b"Content-Length", b"5")),
    ),
    "folded": Case(
        head=OK + b" lead\r\nX: one\r\n two\r\n\tthree\r\n" + FIVE,
        body=b"hello",
        fields=((b"X", b"one two three"), (b"Content-Length", b"5")),
    ),
    "without a colon": Case(
        head=OK + b"no colon here\r\n: no name\r\n" + FIVE, body=b"hello", fields=((b"Content-Length", b"5"),)
    ),
    "Latin-1, controls and NUL": Case(head=OK + b"X-Caf\xe9: caf\xe9 \x01\x00\rz\r\n" + FIVE, body=b"hello"),
    "the same length twice": Case(head=OK + b"Content-Length: 5\r\n" + FIVE, body=b"hello"),
    "the same length in a list": Case(head=OK + b"Content-Length: 5, 5\r\n\r\n", body=b"hello"),
    "length and chunks": Case(
        head=OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        body=b"5\r\nhello\r\n0\r\n\r\n",
        framing=Framing.CHUNKED,
        entity=b"hello",
    ),
    "an unknown transfer coding": Case(
        head=OK + b"Transfer-Encoding: chunked, x-own\r\nContent-Length: 3\r\n\r\n",
        body=b"hello",
        framing=Framing.CLOSE,
        is_kept=False,
        after=After.CLOSE,
    ),
    "a transfer coding under chunks": Case(
        head=OK + b"Transfer-Encoding: x-own\r\ntransfer-encoding: Chunked\r\n\r\n",
        body=b"5\r\nhello\r\n0\r\n\r\n",
        framing=Framing.CHUNKED,
        entity=b"hello",
    ),
    "gzip": Case(
        head=OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(GZIP_OF_HELLO), body=GZIP_OF_HELLO
    ),
    "gzip in chunks": Case(
        head=OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
        body=b"A\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (GZIP_OF_HELLO[:10], len(GZIP_OF_HELLO) - 10, GZIP_OF_HELLO[10:]),
        framing=Framing.CHUNKED,
        entity=GZIP_OF_HELLO,
    ),
    "chunk extensions and trailers": Case(
        head=CHUNKED,
        body=b'002;a=b; c="d;e"\r\nhe\r\n3 \r\nllo\r\n000;last\r\nX-Trailer: 1\r\nx-two:  2\r\n\r\n',
        framing=Framing.CHUNKED,
        entity=b"hello",
    ),
    "a trailer without a colon": Case(
        head=CHUNKED, body=b"5\r\nhello\r\n0\r\nno colon\r\n\r\n", framing=Framing.CHUNKED, entity=b"hello"
    ),
    "a blank before a chunk extension": Case(
        head=CHUNKED, body=b"5 ;a\r\nhello\r\n0\r\n\r\n", framing=Framing.CHUNKED, entity=b"hello"
    ),
    "chunks with bare line feeds": Case(
        head=b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n",
        body=b"5\nhello\n0\n\n",
        framing=Framing.CHUNKED,
        entity=b"hello",
    ),
    "bytes after the end": Case(head=OK + FIVE, body=b"hello", surplus=b"\r\nmore", is_kept=False),
    "another answer after the end": Case(head=OK + FIVE, body=b"hello", surplus=PLAIN, is_kept=False),
    "bytes after the last chunk": Case(
        head=CHUNKED,
        body=b"5\r\nhello\r\n0\r\n\r\n",
        surplus=b"0\r\n\r\n",
        framing=Framing.CHUNKED,
        entity=b"hello",
        is_kept=False,
    ),
    "bytes after no body": Case(
        head=b"HTTP/1.1 304 Not Modified\r\n\r\n", surplus=b"x", status=304, framing=Framing.BODILESS, is_kept=False
    ),
    "cut off": Case(
        head=OK + b"Content-Length: 9\r\n\r\n",
        body=b"hello",
        truncation=Truncation.DISCONNECT,
        is_kept=False,
        after=After.CLOSE,
    ),
    "cut off by a reset": Case(
        head=OK + b"Content-Length: 9\r\n\r\n",
        body=b"hello",
        truncation=Truncation.DISCONNECT,
        is_kept=False,
        after=After.RESET,
    ),
    "until a reset": Case(
        head=OK + b"\r\n",
        body=b"hello",
        framing=Framing.CLOSE,
        truncation=Truncation.DISCONNECT,
        is_kept=False,
        after=After.RESET,
    ),
    "cut off before its body": Case(head=OK + FIVE, truncation=Truncation.DISCONNECT, is_kept=False, after=After.CLOSE),
    "a chunk cut off": Case(
        head=CHUNKED,
        body=b"5\r\nhello\r\n9\r\nagain",
        framing=Framing.CHUNKED,
        entity=b"helloagain",
        truncation=Truncation.DISCONNECT,
        is_kept=False,
        after=After.CLOSE,
    ),
    "chunks without an end": Case(
        head=CHUNKED,
        body=b"5\r\nhello\r\n",
        framing=Framing.CHUNKED,
        entity=b"hello",
        truncation=Truncation.DISCONNECT,
        is_kept=False,
        after=After.CLOSE,
    ),
    "broken chunks": Case(
        head=CHUNKED,
        body=b"5\r\nhello\r\nzz\r\nmore",
        framing=Framing.CHUNKED,
        entity=b"hello",
        truncation=Truncation.UNSPECIFIED,
        is_kept=False,
        after=After.CLOSE,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_awkward_answer_is_recorded_byte_for_byte(site: Site, case: Case) -> None:
    whole = case.interim + case.head + case.body + case.surplus
    site.answers("case", whole, after=case.after)

    answer = await site.ask("case", method=case.method)

    exchange = answer.exchange
    assert exchange.request == site.server.log[0].received
    assert exchange.received == whole
    assert (exchange.interim, exchange.head, exchange.body, exchange.surplus) == (
        case.interim,
        case.head,
        case.body,
        case.surplus,
    )
    assert (exchange.framing, exchange.truncation, exchange.failure) == (case.framing, case.truncation, None)
    assert answer.status == case.status
    assert answer.entity == (case.body if case.entity is None else case.entity)
    assert case.fields is None or answer.fields == case.fields


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_next_request_finds_a_clean_connection(site: Site, case: Case) -> None:
    site.answers("case", case.interim + case.head + case.body + case.surplus, after=case.after)

    await site.ask("case", method=case.method)
    after = await site.ask("after")

    assert after.exchange.received == PLAIN
    assert not after.is_resendable
    assert (site.server.connections == 1) is case.is_kept


async def test_kept_alive_connection_has_a_buffer_per_exchange(site: Site) -> None:
    wholes = {name: OK + b"Content-Length: %d\r\n\r\n" % len(name) + name.encode() for name in ("one", "", "three")}
    for name, whole in wholes.items():
        site.answers(name, whole[:20], 0.01, whole[20:])

    answers = [await site.ask(name) for name in wholes]

    assert site.server.connections == 1
    assert [answer.exchange.received for answer in answers] == list(wholes.values())
    assert [answer.exchange.request for answer in answers] == [logged.received for logged in site.server.log]


async def test_answer_in_many_small_pieces_is_the_same(site: Site) -> None:
    case = CASES["chunk extensions and trailers"]
    whole = b"HTTP/1.1 103 Early\r\n\r\n" + case.head + case.body
    site.answers("drops", *(part for byte in whole for part in (bytes([byte]), 0.0005)))

    answer = await site.ask("drops")

    assert answer.exchange.received == whole
    assert (answer.exchange.head, answer.exchange.body, answer.entity) == (case.head, case.body, b"hello")


@pytest.mark.parametrize("name", ["a blank before a chunk extension", "chunks with bare line feeds"])
async def test_chunks_that_only_browsers_read_are_whole_though_they_come_in_pieces(site: Site, name: str) -> None:
    case = CASES[name]
    site.answers("case", case.head + case.body[:9], 0.02, case.body[9:])

    answer = await site.ask("case", seconds=30)

    assert (answer.exchange.body, answer.entity) == (case.body, b"hello")
    assert answer.exchange.truncation is None
    assert answer.exchange.took_ms < 5000


@pytest.mark.parametrize("after", [After.KEEP, After.CLOSE])
async def test_bytes_sent_just_after_the_end_belong_to_the_exchange(site: Site, after: After) -> None:
    site.answers("case", PLAIN, b"more", 0.005, b" and more", after=after)

    exchange = (await site.ask("case")).exchange

    assert (exchange.head + exchange.body, exchange.surplus) == (PLAIN, b"more and more")
