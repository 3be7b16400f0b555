"""The start-up self-test: awkward answers over loopback; what is recorded must be what was sent."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

from archive.errors import SelfTestError
from archive.model import Purpose
from crawler.wire.address import RouteRules, Rule
from crawler.wire.client import Answer, Asking, Wire

_HOST = "self-test.invalid"
_CLOSING = ("cut off", "until close", "surplus", "not HTTP")
_ANSWERS: dict[str, tuple[bytes, bytes, bytes, bytes, bytes]] = {
    "plain": (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"hello", b"", b"hello"),
    "interim": (
        b"HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\n",
        b"HTTP/1.1 200 \r\ncOnTeNt-LeNgTh :5\r\nX-Two:  a \r\nX-Two: b\r\n\r\n",
        b"hello",
        b"",
        b"hello",
    ),
    "bodiless": (b"", b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', b"", b"", b""),
    "awkward": (
        b"",
        b"HTTP/1.1 200\nno colon\nX-Caf\xe9: caf\xe9\nX-Fold: a\n b\nContent-Length: 5, 5\n\n",
        b"hello",
        b"",
        b"hello",
    ),
    "chunked": (
        b"",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        b'5;a="b"\r\nhello\r\n0;x\r\nX-Trailer: 1\r\n\r\n',
        b"",
        b"hello",
    ),
    "surplus": (
        b"",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"surplus",
        b"hello",
    ),
    "cut off": (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"hello", b"", b"hello"),
    "until close": (b"", b"HTTP/1.0 200 Fine \xfc Thanks\r\n\r\n", b"hello", b"", b"hello"),
    "not HTTP": (b"", b"", b"", b"no http at all", b""),
}
"""Name -> interim heads, head, body, surplus as they must be told apart; entity."""
_SECONDS = 5.0


async def self_test() -> None:
    """Have this machine's recorder record known bytes, in a fraction of a second.

    Raises:
        SelfTestError: what was recorded is not what was sent.
    """
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                requests.append(await reader.readuntil(b"\r\n\r\n"))
                name, answer = answers[len(requests) - 1]
                writer.write(b"".join(answer[:4]))
                if name in _CLOSING:
                    break
        writer.close()

    answers = list(_ANSWERS.items())
    try:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
    except OSError as error:
        raise SelfTestError(
            f"the self-test cannot listen on 127.0.0.1: {error}",
            hint="Nothing was crawled. Allow loopback connections.",
        ) from error
    port = server.sockets[0].getsockname()[1]
    rule = Rule(host=_HOST, port=80, address="127.0.0.1", to_port=port)
    wire = Wire(RouteRules(rules=(rule,)), on_stray=lambda _: None)
    try:
        for number, (name, known) in enumerate(answers):
            answer = await wire.exchange(_asking(number))
            _compare(name, known, answer, requests[-1])
    finally:
        await wire.close()
        server.close()
        await server.wait_closed()


def _asking(number: int) -> Asking:
    return Asking(
        sequence=number,
        url=f"http://{_HOST}/{number}",
        purpose=Purpose.OTHER,
        via=None,
        began=datetime.now(UTC),
        method="GET",
        host=_HOST,
        port=80,
        is_tls=False,
        request=b"GET /%d HTTP/1.1\r\nHost: self-test.invalid\r\nx-odd-CASE:  1 \r\n\r\n" % number,
        seconds=_SECONDS,
        max_bytes=1000,
    )


def _compare(name: str, known: tuple[bytes, ...], answer: Answer, request: bytes) -> None:
    exchange = answer.exchange
    recorded = (exchange.interim, exchange.head, exchange.body, exchange.surplus, answer.entity)
    for sent, kept in ((known, recorded), (request, exchange.request)):
        if sent != kept:
            raise SelfTestError(
                f"self-test {name!r}: {sent!r} was recorded as {kept!r}",
                hint="Nothing was crawled. Install the locked requirements again; if that does not help, report this.",
            )
