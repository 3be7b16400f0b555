"""The start-up self-test: awkward answers over loopback; what is recorded must be what was sent."""

import asyncio
from datetime import UTC, datetime

from archive.errors import SelfTestError
from archive.model import Purpose
from crawler.wire.address import RouteRules, Rule
from crawler.wire.client import Answer, Asking, Stray, Wire

_HOST = "self-test.invalid"
_ANSWERS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\nHTTP/1.1 200 \r\ncOnTeNt-LeNgTh :5\r\nX-Two:  a \r\nX-Two: b\r\n\r\nhello",
    b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
    b"HTTP/1.1 200\nno colon\nX-Caf\xe9: caf\xe9\nX-Fold: a\n b\nContent-Length: 5, 5\n\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0;x\r\nX-Trailer: 1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhellosurplus",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhello",
    b"HTTP/1.0 200 Fine \xfc Thanks\r\n\r\nuntil close",
    b"no http at all",
)
_ENTITIES = (b"hello", b"hello", b"", b"hello", b"hello", b"hello", b"hello", b"until close", b"")
_SECONDS = 5.0


async def self_test() -> None:
    """Have this machine's recorder record known bytes, in a fraction of a second.

    Raises:
        SelfTestError: what was recorded is not what was sent.
    """
    requests: list[bytes] = []
    strays: list[Stray] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await reader.readuntil(b"\r\n\r\n")) and len(requests) < len(_ANSWERS):
                answer = _ANSWERS[len(requests)]
                requests.append(request)
                writer.write(answer)
                if answer.endswith((b"surplus", b"close", b"at all")) or b"Connection: close" in answer:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire = Wire(
        RouteRules(rules=(Rule(host=_HOST, port=80, address="127.0.0.1", to_port=port),)), on_stray=strays.append
    )
    try:
        for number, sent in enumerate(_ANSWERS):
            answer = await wire.exchange(_asking(number))
            _compare(number, answer, sent, requests)
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


def _compare(number: int, answer: Answer, sent: bytes, requests: list[bytes]) -> None:
    exchange = answer.exchange
    for what, recorded, known in (
        ("an answer", exchange.received, sent),
        ("a request", exchange.request, requests[-1] if len(requests) > number else None),
        ("a body", answer.entity, _ENTITIES[number]),
    ):
        if recorded != known:
            raise SelfTestError(
                f"self-test {number}: {what} of {known!r} was recorded as {recorded!r}"
                + (f" ({exchange.failure.message})" if exchange.failure else ""),
                hint="Nothing was crawled. Reinstall the locked versions of h11 and Python, and report this line.",
            )
