"""One TCP or TLS connection to a vetted address; the recording point."""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from archive.model import Peer
from crawler.wire.message import End, MessageReader
from crawler.wire.tls import is_close_announced

_SETTLE_SECONDS = 0.002
"""How long the end of an answer is listened to, so that bytes after it are not taken for the next one's."""
_LINGER_SECONDS = 0.05
"""How long it is, when the server said that it will close the connection or did say more than it should."""
_LOST_SECONDS = 2.0
"""How long a silence ends an answer whose end cannot be told."""
_STRAY_SECONDS = 0.5
"""How long more is waited for once a server speaks out of turn."""


class Connection(asyncio.Protocol):
    """Carries one exchange at a time; all bytes pass ``converse`` or ``data_received``.

    ``peer`` is set once the connection stands, ``closed`` is done when it no longer does. ``sent`` is what the last
    ``converse`` gave to the transport. ``stray`` is what the server said out of turn, on an idle connection.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader: MessageReader | None = None
        self._finished: asyncio.Future[tuple[End, str]] | None = None
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._timers: list[asyncio.TimerHandle] = []
        self._silence: asyncio.TimerHandle | None = None
        self._on_idle_end: Callable[[Connection], None] | None = None
        self._waiting: list[bytes] = []
        self.peer: Peer | None = None
        self.sent = b""
        self.is_used = False

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        """The TLS side of the connection."""
        found = self._transport.get_extra_info("ssl_object") if self._transport else None
        return found if isinstance(found, ssl.SSLObject) else None

    @property
    def is_open(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing() and not self.closed.done()

    @property
    def stray(self) -> bytes:
        """What came while nothing was asked."""
        return b"".join(self._waiting)

    async def converse(self, request: bytes, reader: MessageReader, deadline: float) -> tuple[End, str]:
        """Send ``request`` and give ``reader`` what comes, until it is done or cannot be; ``deadline`` is in loop time.

        Returns why no more is waited for, and the network's own words for it.
        """
        self._reader = reader
        self._finished = self._loop.create_future()
        self._timers.append(self._loop.call_at(deadline, self._finish, End.TIME, "the time for this exchange was up"))
        try:
            self._send(request)
            end = await self._finished
            await self._see_the_rest(reader)
        except BaseException:
            self.abort()
            raise
        finally:
            self._cancel_timers()
            self._reader = None
            self.is_used = True
        return end

    def idle(self, seconds: float, on_end: Callable[["Connection"], None]) -> None:
        """Wait for another request, at most ``seconds``; ``on_end`` is called if the connection ends before one."""
        self._on_idle_end = on_end
        self._timers.append(self._loop.call_later(seconds, self.close))

    def stop_idling(self) -> None:
        """Be about to be used again."""
        self._on_idle_end = None
        self._cancel_timers()

    def close(self) -> None:
        """Close in good order."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self, seconds: float) -> None:
        """Wait until the connection is closed; abort it after ``seconds``."""
        await asyncio.wait([self.closed], timeout=seconds)
        if not self.closed.done():
            self.abort()
            await self.closed

    # --- asyncio.Protocol ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; no check of its class, as uvloop has its own."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Record bytes: for the exchange under way, else as out of turn."""
        reader = self._reader
        if reader is None:
            self._hear_out_of_turn(data)
            return
        reader.feed(data)
        if reader.is_done:
            self._finish(End.DONE, "")
        elif reader.is_lost:
            if self._silence is not None:
                self._silence.cancel()
            self._silence = self._loop.call_later(_LOST_SECONDS, self._finish, End.DONE, "")

    def eof_received(self) -> None:
        """Take note of the server's close; the transport then closes too."""
        secure = self.ssl_object
        if secure is not None and not is_close_announced(secure):
            self._finish(End.RESET, "the connection ended without TLS saying so")
        self._finish(End.CLOSED, "the server closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the connection's end."""
        self._finish(End.RESET if exc else End.CLOSED, str(exc or "the connection was closed"))
        if not self.closed.done():
            self.closed.set_result(None)
        if self._on_idle_end is not None:
            on_end = self._on_idle_end
            self.stop_idling()
            on_end(self)

    # --- inner works --------------------------------------------------------------------------

    def _send(self, request: bytes) -> None:
        """Send, unless the server has closed already; what it said before being asked belongs to this exchange."""
        self.sent = b""
        if self._transport is not None and self.is_open:
            self.sent = request
            self._transport.write(request)
        early, self._waiting = self._waiting, []
        for data in early:
            self.data_received(data)
        if not self.sent:
            self._finish(End.CLOSED, "the connection was closed before the request was sent")

    async def _see_the_rest(self, reader: MessageReader) -> None:
        """Listen on for a moment: what comes after the end belongs to this exchange."""
        if reader.is_whole and not self.closed.done():
            await asyncio.sleep(_SETTLE_SECONDS)
        if reader.is_closing and not self.closed.done():
            await asyncio.wait([self.closed], timeout=_LINGER_SECONDS)

    def _hear_out_of_turn(self, data: bytes) -> None:
        if self._on_idle_end is not None and not self._waiting:
            self._timers.append(self._loop.call_later(_STRAY_SECONDS, self.close))
        self._waiting.append(data)

    def _cancel_timers(self) -> None:
        for timer in (*self._timers, self._silence):
            if timer is not None:
                timer.cancel()
        self._timers.clear()
        self._silence = None

    def _finish(self, end: End, detail: str) -> None:
        if self._finished is not None and not self._finished.done():
            self._finished.set_result((end, detail))
