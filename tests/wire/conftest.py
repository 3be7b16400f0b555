"""A raw-socket server whose exact bytes are known, and a wire that is routed to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from archive.model import Purpose
from crawler.replica.server import After, RawServer, Reply, Request
from crawler.wire import Answer, Asking, RouteRules, Stray, Wire
from crawler.wire.address import Rule

HOST = "blog.example"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain"


@dataclass(slots=True)
class Site:
    """A server that answers ``/name`` as ``replies`` says, anything else with PLAIN; ``ask`` asks it over ``wire``."""

    server: RawServer
    wire: Wire
    replies: dict[str, Reply]
    strays: list[Stray] = field(default_factory=list)
    asked: int = 0

    def answers(self, name: str, *parts: bytes | float, after: After = After.KEEP) -> None:
        """Have ``/name`` answered so."""
        self.replies[f"/{name}"] = Reply(parts=parts, after=after)

    async def ask(
        self, name: str, *, method: str = "GET", seconds: float = 5.0, max_bytes: int = 10**9, is_fresh: bool = False
    ) -> Answer:
        """Ask for ``/name``."""
        self.asked += 1
        return await self.wire.exchange(
            asking(name, number=self.asked, method=method, seconds=seconds, max_bytes=max_bytes, is_fresh=is_fresh)
        )


def asking(  # noqa: PLR0913 (a request's facts, each with a default)
    name: str,
    *,
    number: int = 1,
    method: str = "GET",
    host: str = HOST,
    port: int = 80,
    is_tls: bool = False,
    seconds: float = 5.0,
    max_bytes: int = 10**9,
    is_fresh: bool = False,
) -> Asking:
    """A request for ``/name``."""
    return Asking(
        sequence=number,
        url=f"http{'s' * is_tls}://{host}/{name}",
        purpose=Purpose.OTHER,
        via=None,
        began=datetime.now(UTC),
        method=method,
        host=host,
        port=port,
        is_tls=is_tls,
        request=b"%s /%s HTTP/1.1\r\nHost: %s\r\nx-ODD:  1 \r\n\r\n" % (method.encode(), name.encode(), host.encode()),
        seconds=seconds,
        max_bytes=max_bytes,
        is_fresh=is_fresh,
    )


def routed_to(port: int, *, host: str = HOST, from_port: int = 80) -> RouteRules:
    """Rules under which ``host`` is served on ``port`` of this machine."""
    return RouteRules(rules=(Rule(host=host, port=from_port, address="127.0.0.1", to_port=port),))


@pytest.fixture
def replies() -> dict[str, Reply]:
    return {}


@pytest.fixture
def server(replies: dict[str, Reply]) -> Iterator[RawServer]:
    def respond(request: Request) -> Reply:
        return replies.get(request.target, Reply(parts=(PLAIN,)))

    with RawServer(respond) as running:
        yield running


@pytest.fixture
async def site(server: RawServer, replies: dict[str, Reply]) -> AsyncIterator[Site]:
    strays: list[Stray] = []
    swallowed: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: swallowed.append(context))
    wire = Wire(routed_to(server.address[1]), on_stray=strays.append)
    yield Site(server, wire, replies, strays)
    await wire.close()
    assert swallowed == []


@pytest.fixture
async def speak() -> AsyncIterator[Callable[[bytes], Awaitable[int]]]:
    """Start servers that say something before they are asked, and close; gives their ports."""
    servers: list[asyncio.Server] = []

    async def start(banner: bytes) -> int:
        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(banner)
            await writer.drain()
            writer.close()

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        return int(servers[-1].sockets[0].getsockname()[1])

    yield start
    for each in servers:
        each.close()
        await each.wait_closed()
