"""``Wire``: asks one thing of one server and gives back the exchange, byte for byte."""

import asyncio
import errno
import ssl
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from archive.model import Exchange, Failure, FailureKind, Peer, Purpose
from crawler.wire.address import Destination, RouteRules, find_destination
from crawler.wire.connection import Connection
from crawler.wire.message import Message, MessageReader
from crawler.wire.tls import UnprovenPeerError, facts_of, make_context

IDLE_SECONDS = 15.0
"""How long a connection is kept alive for the next request."""
_CLOSE_SECONDS = 0.5
_CONNECT_SECONDS = 10.0
"""How long one address is tried while the host has another."""
_SAFE_METHODS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request: ``request`` is sent as it is to ``host:port``.

    ``seconds`` is for the whole exchange, name resolving included; ``max_bytes`` is for the body as framed on the
    wire. ``began`` is UTC. ``is_fresh`` asks for a connection that was never used.
    """

    sequence: int
    url: str
    purpose: Purpose
    via: str | None
    began: datetime
    method: str
    host: str
    port: int
    is_tls: bool
    request: bytes
    seconds: float
    max_bytes: int
    is_fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An exchange, and what its answer says.

    ``status`` is ``None`` and ``fields`` empty where there is no final head. ``entity`` is the body without chunk
    framing, content-encoding kept. ``latency`` is the seconds from sending to the end of the exchange.
    ``is_resendable`` says that a kept-alive connection was dead before it brought a byte, so that the same may be
    asked again on a fresh one (RFC 9112 section 9.3.1).
    """

    exchange: Exchange
    status: int | None
    fields: tuple[tuple[bytes, bytes], ...]
    minor: int
    entity: bytes
    latency: float
    is_resendable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """What a server said on an idle connection, out of turn: after exchange ``after``, for ``url``."""

    url: str
    after: int
    data: bytes
    peer: Peer | None


class _NoConnectionError(Exception):
    """No connection could be had; carries the failure to record and the peer as far as known."""

    def __init__(self, failure: Failure, peer: Peer | None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.peer = peer


class Wire:
    """An HTTP/1.1 client that records all bytes.

    It keeps a connection alive for ``idle_seconds`` after an exchange and uses it for the next one to the same host,
    port and scheme. ``per_host`` is how many lanes a host has. ``on_stray`` gets what a server says out of turn.
    """

    def __init__(
        self,
        rules: RouteRules,
        *,
        on_stray: Callable[[Stray], None],
        per_host: int = 1,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._rules = rules
        self._on_stray = on_stray
        self._idle_seconds = idle_seconds
        self._tls: ssl.SSLContext | None = None
        self._idle: defaultdict[str, list[tuple[int, bool, Connection]]] = defaultdict(list)
        self._open: set[Connection] = set()
        self._lanes: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(per_host))

    def lane(self, host: str) -> asyncio.Semaphore:
        """Give the lanes to ``host``: who holds one for an exchange keeps to the limit of connections to a host."""
        return self._lanes[host.lower()]

    async def exchange(self, asking: Asking) -> Answer:
        """Ask, and give back what was sent and what came; a failure is an answer too, nothing is raised for it."""
        loop = asyncio.get_running_loop()
        tls = self._tls_context() if asking.is_tls else None
        started = loop.time()
        deadline = started + asking.seconds
        try:
            connection = self._take_idle(asking) or await self._connect(asking, tls, deadline)
        except _NoConnectionError as error:
            message = Message(failure=error.failure)
            return _answer(asking, message, error.peer, b"", loop.time() - started)
        was_used = connection.is_used
        reader = MessageReader(asking.method, asking.max_bytes)
        sent_at = loop.time()
        end, detail = await connection.converse(asking.request, reader, deadline)
        message = reader.finish(end, detail)
        self._put_back(connection, asking, message)
        is_dead = message.failure is not None and message.failure.kind in (FailureKind.RESET, FailureKind.EMPTY)
        return _answer(
            asking,
            message,
            connection.peer,
            connection.sent,
            loop.time() - started,
            latency=loop.time() - sent_at,
            is_resendable=is_dead and was_used and not reader.has_bytes and asking.method in _SAFE_METHODS,
        )

    async def close(self) -> None:
        """Close all connections, and wait until they are."""
        self._idle.clear()
        connections = list(self._open)
        for connection in connections:
            connection.close()
        await asyncio.gather(*(connection.wait_closed(_CLOSE_SECONDS) for connection in connections))

    def _take_idle(self, asking: Asking) -> Connection | None:
        """Take a kept-alive connection; one to another port of this host is closed, as it stands in a lane."""
        kept = self._idle.pop(asking.host.lower(), [])
        taken: Connection | None = None
        for port, is_tls, connection in kept:
            is_fit = (port, is_tls) == (asking.port, asking.is_tls) and connection.is_open and not connection.stray
            if not is_fit or asking.is_fresh:
                connection.close()
            elif taken is None:
                taken = connection
            else:
                self._idle[asking.host.lower()].append((port, is_tls, connection))
        if taken is not None:
            taken.stop_idling()
        return taken

    def _put_back(self, connection: Connection, asking: Asking, message: Message) -> None:
        if message.truncation or message.failure:
            connection.abort()
            return
        if not (message.may_reuse and connection.is_open):
            connection.close()
            return
        self._idle[asking.host.lower()].append((asking.port, asking.is_tls, connection))
        connection.idle(self._idle_seconds, lambda ended: self._forget(ended, asking))

    def _forget(self, connection: Connection, asking: Asking) -> None:
        kept = self._idle[asking.host.lower()]
        kept[:] = [each for each in kept if each[2] is not connection]
        if connection.stray:
            self._on_stray(Stray(url=asking.url, after=asking.sequence, data=connection.stray, peer=connection.peer))

    async def _connect(self, asking: Asking, tls: ssl.SSLContext | None, deadline: float) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(deadline):
                destination = await find_destination(asking.host, asking.port, self._rules)
        except TimeoutError:
            raise _NoConnectionError(_timeout("resolving the name took too long"), None) from None
        except OSError as error:
            failure = Failure(kind=FailureKind.NAME, message=str(error))
            raise _NoConnectionError(failure, None) from error
        if not destination.addresses:
            raise _NoConnectionError(_refused(asking.host, destination), _peer(destination, destination.refused[0]))
        last: _NoConnectionError | None = None
        for number, address in enumerate(destination.addresses):
            is_last = number == len(destination.addresses) - 1
            until = deadline if is_last else min(deadline, loop.time() + _CONNECT_SECONDS)
            try:
                return await self._connect_to(asking, tls, destination, address, until)
            except _NoConnectionError as error:
                last = error
        if last is None:
            raise RuntimeError("a destination without addresses was not refused")
        raise last

    async def _connect_to(
        self, asking: Asking, tls: ssl.SSLContext | None, destination: Destination, address: str, deadline: float
    ) -> Connection:
        loop = asyncio.get_running_loop()
        peer = _peer(destination, address)
        try:
            async with asyncio.timeout_at(deadline):
                _, connection = await loop.create_connection(
                    Connection,
                    address,
                    destination.port,
                    ssl=tls,
                    server_hostname=asking.host if tls else None,
                    ssl_shutdown_timeout=_CLOSE_SECONDS if tls else None,
                )
        except (OSError, ssl.SSLError, TimeoutError) as error:
            if isinstance(error, UnprovenPeerError):
                peer = replace(peer, tls=error.facts)
            raise _NoConnectionError(_connect_failure(error), peer) from error
        self._open.add(connection)
        connection.closed.add_done_callback(lambda _: self._open.discard(connection))
        connection.peer = _peer(destination, address, connection.ssl_object)
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = make_context(self._rules.ca_file)
        return self._tls


def _peer(destination: Destination, address: str, tls: ssl.SSLObject | None = None) -> Peer:
    return Peer(
        address=address,
        port=destination.port,
        resolved=destination.resolved,
        is_routed=destination.is_routed,
        tls=facts_of(tls) if tls is not None else None,
    )


def _timeout(message: str) -> Failure:
    return Failure(kind=FailureKind.TIMEOUT, message=message)


def _refused(host: str, destination: Destination) -> Failure:
    listed = ", ".join(destination.refused)
    return Failure(kind=FailureKind.ADDRESS, message=f"{host} resolves to no public address: {listed}")


def _connect_failure(error: Exception) -> Failure:
    text = str(error) or type(error).__name__
    if isinstance(error, ssl.SSLError):
        return Failure(kind=FailureKind.TLS, message=text)
    if isinstance(error, ConnectionRefusedError):
        return Failure(kind=FailureKind.REFUSED, message=text)
    if isinstance(error, TimeoutError) or (isinstance(error, OSError) and error.errno == errno.ETIMEDOUT):
        return _timeout("connecting took too long")
    if isinstance(error, ConnectionError):
        return Failure(kind=FailureKind.RESET, message=text)
    return Failure(kind=FailureKind.OTHER, message=text)


def _answer(
    asking: Asking,
    message: Message,
    peer: Peer | None,
    request: bytes,
    took: float,
    *,
    latency: float = 0.0,
    is_resendable: bool = False,
) -> Answer:
    exchange = Exchange(
        sequence=asking.sequence,
        url=asking.url,
        purpose=asking.purpose,
        via=asking.via,
        began=asking.began,
        took_ms=round(took * 1000),
        request=request,
        interim=message.interim,
        head=message.head,
        body=message.body,
        surplus=message.surplus,
        framing=message.framing,
        truncation=message.truncation,
        failure=message.failure,
        peer=peer,
    )
    head = message.reading
    return Answer(
        exchange=exchange,
        status=head.status if head else None,
        fields=head.fields if head else (),
        minor=head.minor if head else 1,
        entity=message.entity,
        latency=latency,
        is_resendable=is_resendable,
    )
