"""One TCP or TLS connection to a vetted address; the recording point."""

import asyncio
import ssl
from collections.abc import Callable

from archive.model import Peer
from crawler.wire.message import End, MessageReader

_LINGER_SECONDS = 0.05
"""How long a server that announced the connection's end may take to close it, so that bytes after the end are seen."""
_LOST_SECONDS = 2.0
"""How long more bytes of an answer that is no HTTP are waited for."""


class Connection(asyncio.Protocol):
    """Carries one exchange at a time; all bytes pass ``converse`` or ``data_received``."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader: MessageReader | None = None
        self._finished: asyncio.Future[tuple[End, str]] | None = None
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._on_idle_end: Callable[[], None] | None = None
        self.peer: Peer | None = None
        self.is_used = False

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        """The TLS side of the connection."""
        found = self._transport.get_extra_info("ssl_object") if self._transport else None
        return found if isinstance(found, ssl.SSLObject) else None

    @property
    def is_open(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing() and not self._closed.done()

    async def converse(self, request: bytes, reader: MessageReader, deadline: float) -> tuple[End, str]:
        """Send ``request`` and give ``reader`` what comes, until it is done or cannot be; ``deadline`` is in loop time.

        Returns why no more is waited for, and the network's own words for it.
        """
        self.stop_idling()
        self._reader = reader
        self._finished = self._loop.create_future()
        timer = self._loop.call_at(deadline, self._finish, End.TIME, "the time for this exchange was up")
        try:
            if self._transport is not None and self.is_open:
                self._transport.write(request)
            else:
                self._finish(End.RESET, "the connection was closed before the request was sent")
            end = await self._finished
            await self._see_the_rest(reader)
        except BaseException:
            self.abort()
            raise
        finally:
            timer.cancel()
            self._reader = None
            self._finished = None
            self.is_used = True
        return end

    async def _see_the_rest(self, reader: MessageReader) -> None:
        """Let bytes that the kernel holds already be read: what comes after the end belongs to this exchange."""
        await asyncio.sleep(0)
        if reader.is_closing and not self._closed.done():
            await asyncio.wait([self._closed], timeout=_LINGER_SECONDS)

    def idle(self, seconds: float, on_end: Callable[[], None]) -> None:
        """Wait for another request, at most ``seconds``; ``on_end`` is called when the connection is of no more use."""
        self._on_idle_end = on_end
        self._idle_timer = self._loop.call_later(seconds, self.close)

    def stop_idling(self) -> None:
        """Be about to be used again."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        self._on_idle_end = None

    def close(self) -> None:
        """Close in good order."""
        self._end_idling()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._end_idling()
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self, seconds: float) -> None:
        """Wait until the connection is closed; abort it after ``seconds``."""
        await asyncio.wait([self._closed], timeout=seconds)
        if not self._closed.done():
            self.abort()
            await self._closed

    # --- asyncio.Protocol ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Record bytes; on an idle connection they are out of turn, and end it."""
        reader = self._reader
        if reader is None:
            self.abort()
            return
        reader.feed(data)
        if reader.is_done:
            self._finish(End.DONE, "")
        elif reader.is_lost:
            self._loop.call_later(_LOST_SECONDS, self._finish_lost, reader)

    def eof_received(self) -> bool | None:
        """Take note of the server's close; the transport then closes too."""
        if self._reader is not None:
            self._reader.close()
            self._finish(End.CLOSED, "the server closed the connection")
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the connection's end."""
        if self._reader is not None:
            self._finish(End.RESET if exc else End.CLOSED, str(exc or "the connection was closed"))
        self._end_idling()
        if not self._closed.done():
            self._closed.set_result(None)

    def _finish(self, end: End, detail: str) -> None:
        if self._finished is not None and not self._finished.done():
            self._finished.set_result((end, detail))

    def _finish_lost(self, reader: MessageReader) -> None:
        if self._reader is reader:
            self._finish(End.DONE, "")

    def _end_idling(self) -> None:
        on_end = self._on_idle_end
        self.stop_idling()
        if on_end is not None:
            on_end()
