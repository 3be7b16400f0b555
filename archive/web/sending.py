"""Bytes of the archive on their way to a client: piece by piece, whole or a range of them (RFC 9110 section 14)."""

import asyncio
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from datasette.utils.asgi import Request

from archive.errors import VigilError
from archive.web.guard import Send

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is sent: its length, its strong ETag, its headers, and how its bytes from one place to another are had."""

    size: int
    etag: str
    headers: Mapping[str, str]
    pieces: Callable[[int, int], Iterator[bytes]]
    status: int = 200


class Sending:
    """An answer of Datasette's kind that sends bytes as they are asked for; made by ``send``."""

    def __init__(
        self, status: int, headers: Mapping[str, str], first: bytes = b"", rest: Iterator[bytes] | None = None
    ) -> None:
        self.status = status
        self.headers = headers
        self._first = first
        self._rest = iter(()) if rest is None else rest

    async def asgi_send(self, send: Send) -> None:
        """Send the answer; one that turns out damaged on its way is cut off, so that nobody takes it for whole."""
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        piece = self._first
        try:
            while piece:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await asyncio.to_thread(next, self._rest, b"")
        except VigilError as error:
            sys.stderr.write(f"vigil: an answer was cut off: {error}\n")
            return
        await send({"type": "http.response.body", "body": b""})


async def send(request: Request, what: Sent) -> Sending:
    """Answer with all of it, with the range that was asked for (206), or with neither (304, 416).

    Raises:
        NotFoundError, DamagedRecordError, StorageError: its beginning cannot be had.
    """
    headers = {**what.headers, "ETag": what.etag, "Accept-Ranges": "bytes"}
    if what.etag in {tag.strip() for tag in (request.headers.get("if-none-match") or "").split(",")}:
        headers.pop("Content-Type", None)
        return Sending(304, headers)
    start, end, status = 0, what.size, what.status
    asked = _RANGE.fullmatch(request.headers.get("range") or "")
    if asked and status == 200 and request.headers.get("if-range", what.etag) == what.etag:
        start, end = _bounds(asked, what.size)
        if start >= end:
            return Sending(416, headers | {"Content-Range": f"bytes */{what.size}", "Content-Length": "0"})
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{what.size}"
        status = 206
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Sending(status, headers)
    pieces = what.pieces(start, end)
    return Sending(status, headers, await asyncio.to_thread(next, pieces, b""), pieces)


def _bounds(asked: re.Match[str], size: int) -> tuple[int, int]:
    first, last, suffix = asked.groups()
    if suffix is not None:
        return max(0, size - int(suffix)), size
    return int(first), min(size, int(last) + 1 if last else size)
