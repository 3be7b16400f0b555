"""A raw HTTP/1.1 server on 127.0.0.1 that keeps every byte it received and sent.

``RawServer`` knows nothing of blogs: it is given a function from ``Request`` to ``Reply``, and a reply is bytes.
"""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Self

_SETTLE = 0.05
"""Seconds between the last bytes and a reset: a reset overtakes bytes that the other side has not read yet."""
_HANG = 3600.0


class After(StrEnum):
    """What becomes of the connection when a reply is out; over TLS, ``CLOSE`` is announced and ``VANISH`` is not."""

    KEEP = "keep"
    CLOSE = "close"
    VANISH = "vanish"
    RESET = "reset"
    HANG = "hang"
    DIE_ON_NEXT = "die-on-next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as received; header names are lower case, the first of each name counts."""

    raw: bytes
    method: str
    target: str
    version: str
    headers: dict[str, str]
    is_tls: bool

    @property
    def host(self) -> str:
        """The host asked for, without its port."""
        return self.headers.get("host", "").partition(":")[0].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to send: ``parts`` are bytes, or seconds to wait; then ``after``."""

    parts: tuple[bytes | float, ...]
    after: After = After.KEEP


@dataclass(slots=True, kw_only=True)
class LoggedExchange:
    """What went over the wire for one request, in order of arrival.

    ``connection`` and ``number`` count from 0; ``began`` and ``ended`` are seconds of ``time.monotonic``; ``open_now``
    is how many connections were open when the request came. ``is_failed`` says that sending broke off.
    """

    connection: int
    number: int
    is_tls: bool
    host: str
    target: str
    at: datetime
    began: float
    open_now: int
    received: bytes
    pieces: list[bytes] = field(default_factory=list)
    ended: float | None = None
    is_failed: bool = False

    @property
    def sent(self) -> bytes:
        """Every byte that was sent."""
        return b"".join(self.pieces)


Respond = Callable[[Request], Reply]


def parse_request(raw: bytes, *, is_tls: bool) -> Request:
    """Read a request's head; garbage gives empty fields."""
    lines = raw.decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    target, _, version = rest.rpartition(" ")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return Request(raw=raw, method=method, target=target, version=version, headers=headers, is_tls=is_tls)


class RawServer:
    """Serves ``respond`` over HTTP, and over HTTPS too when given a TLS context; a context manager.

    Ports of 0 are chosen by the system. ``log`` holds one ``LoggedExchange`` per request, ``connections`` the number
    of connections accepted so far, ``most_open`` how many were open at once at most.
    """

    def __init__(
        self, respond: Respond, *, tls: ssl.SSLContext | None = None, port: int = 0, tls_port: int = 0
    ) -> None:
        self.log: list[LoggedExchange] = []
        self.connections = 0
        self.most_open = 0
        self._respond = respond
        self._tls = tls
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._plain = socket.create_server(("127.0.0.1", port), backlog=128)
        self._secure = socket.create_server(("127.0.0.1", tls_port), backlog=128) if tls else None

    @property
    def open_now(self) -> int:
        """How many connections are open."""
        return len(self._open)

    @property
    def address(self) -> tuple[str, int]:
        """Where HTTP is served."""
        host, port = self._plain.getsockname()
        return str(host), int(port)

    @property
    def tls_address(self) -> tuple[str, int]:
        """Where HTTPS is served.

        Raises:
            ValueError: the server has no TLS.
        """
        if self._secure is None:
            raise ValueError("this server was started without TLS")
        host, port = self._secure.getsockname()
        return str(host), int(port)

    def __enter__(self) -> Self:
        self._start(self._accept, self._plain, None)
        if self._secure:
            self._start(self._accept, self._secure, self._tls)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for listener in filter(None, (self._plain, self._secure)):
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)

    def _start(self, run: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                number = self.connections
                self.connections += 1
                self._open.add(connection)
                self.most_open = max(self.most_open, len(self._open))
            self._start(self._converse, connection, number, tls)

    def _converse(self, bare: socket.socket, number: int, tls: ssl.SSLContext | None) -> None:
        connection = bare
        try:
            bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                connection = tls.wrap_socket(bare, server_side=True)
                with self._lock:
                    self._open.discard(bare)
                    self._open.add(connection)
            last = self._exchanges(connection, number, is_tls=tls is not None)
            if isinstance(connection, ssl.SSLSocket) and last is After.CLOSE:
                _say_farewell(connection)
        except OSError:
            pass  # the other side went away, or spoke no TLS: what was said until then is in the log
        finally:
            with self._lock:
                self._open.discard(bare)
                self._open.discard(connection)
            connection.close()

    def _exchanges(self, connection: socket.socket, number: int, *, is_tls: bool) -> After:
        """Answer requests until the connection ends; says how the last one left it."""
        rest = b""
        after = After.KEEP
        count = 0
        while True:
            raw, rest = _read_request(connection, rest)
            if not raw:
                return after
            request = parse_request(raw, is_tls=is_tls)
            logged = LoggedExchange(
                connection=number,
                number=count,
                is_tls=is_tls,
                host=request.host,
                target=request.target,
                at=datetime.now(UTC),
                began=time.monotonic(),
                open_now=len(self._open),
                received=raw,
            )
            self.log.append(logged)
            if after is After.DIE_ON_NEXT:
                logged.ended = time.monotonic()
                return After.VANISH
            after = self._answer(connection, request, logged)
            if after not in {After.KEEP, After.DIE_ON_NEXT}:
                return after
            count += 1

    def _answer(self, connection: socket.socket, request: Request, logged: LoggedExchange) -> After:
        reply = self._respond(request)
        try:
            for part in reply.parts:
                if isinstance(part, bytes):
                    connection.sendall(part)
                    logged.pieces.append(part)
                elif self._stopping.wait(part):
                    break
            if reply.after is After.HANG:
                self._stopping.wait(_HANG)
            elif reply.after is After.RESET:
                self._stopping.wait(_SETTLE)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            logged.is_failed = True
            raise
        finally:
            logged.ended = time.monotonic()
        if request.headers.get("connection", "").lower() == "close":
            return After.CLOSE
        return reply.after


def _say_farewell(connection: ssl.SSLSocket) -> None:
    """Tell TLS that nothing more comes (close_notify, RFC 8446 section 6.1), and wait a little for the other side's."""
    connection.settimeout(1.0)
    connection.unwrap()


def _read_request(connection: socket.socket, data: bytes) -> tuple[bytes, bytes]:
    """One request's bytes, body included, and what already came after it; empty at the end."""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return data, b""
        data += more
    end = data.index(b"\r\n\r\n") + 4
    length = int(parse_request(data[:end], is_tls=False).headers.get("content-length", "0") or 0)
    while len(data) < end + length:
        more = connection.recv(65536)
        if not more:
            break
        data += more
    return data[: end + length], data[end + length :]
