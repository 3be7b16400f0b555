"""Exchanges without a whole answer: each is named, and whatever came is kept."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import pytest

from archive.model import Failure, FailureKind, Framing, Truncation
from crawler.replica.server import After
from crawler.wire import Answer, RouteRules, Wire
from tests.wire.conftest import HOST, PLAIN, Site, asking, routed_to

HALF_HEAD = b"HTTP/1.1 200 OK\r\nContent-Le"
CONTRADICTION = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello"


@pytest.mark.parametrize(
    ("sent", "after", "kind"),
    [
        pytest.param(b"", After.CLOSE, FailureKind.EMPTY, id="closed without an answer"),
        pytest.param(HALF_HEAD, After.CLOSE, FailureKind.EMPTY, id="closed within the head"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", After.CLOSE, FailureKind.EMPTY, id="closed after a 1xx"),
        pytest.param(b"", After.RESET, FailureKind.RESET, id="reset without an answer"),
        pytest.param(HALF_HEAD, After.RESET, FailureKind.RESET, id="reset within the head"),
        pytest.param(b"<p>only a body", After.CLOSE, FailureKind.GARBLED, id="no head"),
        pytest.param(b"HTTP/2 200 OK\r\n\r\n", After.CLOSE, FailureKind.GARBLED, id="another HTTP"),
        pytest.param(b"HTTP/1.1 OK\r\n\r\nhello", After.CLOSE, FailureKind.GARBLED, id="no status"),
        pytest.param(b"HTTP/1.1 2000 OK\r\n\r\nhello", After.CLOSE, FailureKind.GARBLED, id="four digits of status"),
        pytest.param(b"\r\n" + PLAIN, After.CLOSE, FailureKind.GARBLED, id="a blank line first"),
        pytest.param(CONTRADICTION, After.CLOSE, FailureKind.GARBLED, id="contradicting lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", After.CLOSE, FailureKind.GARBLED, id="below 0"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: y\r\n" * 20_000, After.CLOSE, FailureKind.GARBLED, id="endless head"),
    ],
)
async def test_exchange_without_an_answer_is_named_and_keeps_what_came(
    site: Site, sent: bytes, after: After, kind: FailureKind
) -> None:
    site.answers("case", sent, after=after)

    answer = await site.ask("case")

    exchange = answer.exchange
    assert exchange.failure is not None
    assert exchange.failure.kind is kind
    assert exchange.failure.message
    assert (exchange.interim, exchange.head, exchange.body) == (b"", b"", b"")
    assert exchange.surplus == sent
    assert exchange.request == site.server.log[0].received
    assert (answer.status, answer.entity, answer.is_resendable) == (None, b"", False)
    assert exchange.peer is not None
    assert (exchange.peer.address, exchange.peer.port) == site.server.address


async def test_garbled_answer_of_a_silent_server_ends_soon(site: Site) -> None:
    site.answers("case", b"SSH-2.0-x\r\n", after=After.HANG)
    began = time.monotonic()

    answer = await site.ask("case", seconds=30)

    assert answer.exchange.failure is not None
    assert answer.exchange.failure.kind is FailureKind.GARBLED
    assert answer.exchange.surplus == b"SSH-2.0-x\r\n"
    assert time.monotonic() - began < 5


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def exchange_with(rules: RouteRules, host: str = HOST) -> Answer:
    wire = Wire(rules, on_stray=lambda _: None)
    try:
        return await wire.exchange(asking("x", host=host))
    finally:
        await wire.close()


@pytest.mark.parametrize(
    ("host", "rules", "kind"),
    [
        pytest.param(HOST, routed_to(closed_port()), FailureKind.REFUSED, id="refused"),
        pytest.param("no-such-host.invalid", RouteRules(), FailureKind.NAME, id="name not resolved"),
        pytest.param("a" * 64 + ".example", RouteRules(), FailureKind.NAME, id="label too long"),
        pytest.param("blog..example", RouteRules(), FailureKind.NAME, id="empty label"),
    ],
)
async def test_nothing_is_said_to_have_been_sent_without_a_connection(
    host: str, rules: RouteRules, kind: FailureKind
) -> None:
    exchange = (await exchange_with(rules, host)).exchange

    assert exchange.failure is not None
    assert exchange.failure.kind is kind
    assert exchange.request == exchange.received == b""


async def test_time_limit_keeps_what_came(site: Site) -> None:
    site.answers("case", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", after=After.HANG)

    answer = await site.ask("case", seconds=0.2)

    assert answer.exchange.truncation is Truncation.TIME
    assert answer.exchange.body == b"hello"
    assert 150 <= answer.exchange.took_ms <= 2000


async def test_slow_drops_do_not_prolong_the_time_limit(site: Site) -> None:
    site.answers(
        "case", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", *(part for _ in range(90) for part in (b"x", 0.05))
    )
    began = time.monotonic()

    answer = await site.ask("case", seconds=0.3)

    assert answer.exchange.truncation is Truncation.TIME
    assert time.monotonic() - began < 2


async def test_time_limit_before_a_head_is_a_timeout(site: Site) -> None:
    site.answers("case", HALF_HEAD, after=After.HANG)

    answer = await site.ask("case", seconds=0.2)

    assert answer.exchange.failure == Failure(kind=FailureKind.TIMEOUT, message="the time for this exchange was up")
    assert answer.exchange.surplus == HALF_HEAD


async def test_connecting_is_within_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.settimeout(0)
            filler.connect_ex(("127.0.0.1", port))
        wire = Wire(routed_to(port), on_stray=lambda _: None)
        answer = await wire.exchange(asking("x", seconds=0.3))
        await wire.close()
        for filler in fillers:
            filler.close()

    assert answer.exchange.failure == Failure(kind=FailureKind.TIMEOUT, message="connecting took too long")
    assert answer.exchange.request == b""


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n", id="by its length"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="until close"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7A120\r\n", id="in a chunk"),
    ],
)
async def test_size_limit_keeps_what_came(site: Site, head: bytes) -> None:
    whole = head + b"x" * 500_000
    site.answers("case", whole, after=After.CLOSE)

    exchange = (await site.ask("case", max_bytes=1000)).exchange

    assert exchange.truncation is Truncation.LENGTH
    assert exchange.head + exchange.body == whole[: len(exchange.received)]
    assert len(exchange.received) < len(whole)


async def test_body_of_just_the_size_limit_is_whole(site: Site) -> None:
    site.answers("case", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)

    assert (await site.ask("case", max_bytes=1000)).exchange.truncation is None


@pytest.mark.parametrize("framing", [Framing.CLOSE, Framing.LENGTH, Framing.CHUNKED])
async def test_huge_body_takes_linear_time(site: Site, framing: Framing) -> None:
    size = 40_000_000
    frames = {
        Framing.CLOSE: (b"\r\n", b"x" * size, After.CLOSE),
        Framing.LENGTH: (b"Content-Length: %d\r\n\r\n" % size, b"x" * size, After.KEEP),
        Framing.CHUNKED: (
            b"Transfer-Encoding: chunked\r\n\r\n",
            b"%x\r\n%b\r\n0\r\n\r\n" % (size, b"x" * size),
            After.KEEP,
        ),
    }
    more, body, after = frames[framing]
    site.answers("case", b"HTTP/1.1 200 OK\r\n" + more + body, after=after)
    began = time.monotonic()

    answer = await site.ask("case", seconds=60)

    assert answer.exchange.body == body
    assert len(answer.entity) == size
    assert time.monotonic() - began < 5


async def test_dead_kept_alive_connection_is_recorded_and_may_be_asked_again(site: Site) -> None:
    site.answers("first", PLAIN, after=After.DIE_ON_NEXT)

    await site.ask("first")
    dead = await site.ask("second")
    again = await site.ask("second", is_fresh=True)

    assert dead.is_resendable
    assert dead.exchange.failure is not None
    assert dead.exchange.failure.kind in (FailureKind.EMPTY, FailureKind.RESET)
    assert dead.exchange.request == site.server.log[1].received
    assert dead.exchange.received == b""
    assert again.exchange.received == PLAIN
    assert not again.is_resendable
    assert site.server.connections == 2


async def test_connection_that_died_while_idle_is_not_used(site: Site) -> None:
    site.answers("first", PLAIN, 0.05, after=After.CLOSE)

    await site.ask("first")
    await asyncio.sleep(0.2)
    second = await site.ask("second")

    assert second.exchange.received == PLAIN
    assert len(site.server.log) == 2


async def test_what_is_said_out_of_turn_is_kept_and_ends_the_connection(site: Site) -> None:
    late = b"HTTP/1.1 408 Request Timeout\r\n\r\n"
    site.answers("first", PLAIN, 0.1, late[:10], 0.05, late[10:], after=After.CLOSE)

    first = await site.ask("first")
    await asyncio.sleep(0.4)
    second = await site.ask("second")

    assert first.exchange.received == second.exchange.received == PLAIN
    assert site.server.connections == 2
    assert [(stray.after, stray.data) for stray in site.strays] == [(1, late)]


async def test_what_is_said_before_the_request_belongs_to_its_exchange(
    speak: Callable[[bytes], Awaitable[int]],
) -> None:
    port = await speak(PLAIN)

    answer = await exchange_with(routed_to(port))

    assert answer.exchange.received == PLAIN


async def test_idle_connection_is_closed_after_its_seconds(site: Site) -> None:
    wire = Wire(routed_to(site.server.address[1]), on_stray=site.strays.append, idle_seconds=0.05)

    await wire.exchange(asking("x"))
    await asyncio.sleep(0.2)
    await wire.exchange(asking("x"))
    await wire.close()

    assert site.server.connections == 2
    assert site.strays == []


async def test_proxies_of_the_environment_are_not_looked_at(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")

    assert (await site.ask("x")).exchange.received == PLAIN


async def test_cancelled_exchange_leaves_no_connection(site: Site) -> None:
    site.answers("case", after=After.HANG)
    task = asyncio.ensure_future(site.ask("case"))
    await asyncio.sleep(0.1)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (await site.ask("next")).exchange.received == PLAIN
    assert site.server.connections == 2
