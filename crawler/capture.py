"""Scrapy's download handler: what went over the wire is laid down first, then Scrapy sees the answer (law 2)."""

import asyncio
import ipaddress
import re
import sys
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    NotSupported,
    ResponseDataLossError,
)
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from archive.errors import RefusedAddressError
from archive.model import Capture, Exchange, Failure, FailureKind, Purpose, Truncation
from crawler.recording import Recorder, recorder_of, set_recorder
from crawler.wire.address import parse_route_rules
from crawler.wire.client import Answer, Asking, Stray, Wire

__all__ = ["CaptureHandler", "Recorder", "recorder_of", "set_recorder"]

_FAILURES = {
    FailureKind.NAME: CannotResolveHostError,
    FailureKind.REFUSED: DownloadConnectionRefusedError,
    FailureKind.TIMEOUT: DownloadTimeoutError,
    FailureKind.ADDRESS: RefusedAddressError,
}
_TRUNCATIONS = {
    Truncation.TIME: DownloadTimeoutError,
    Truncation.LENGTH: DownloadCancelledError,
}
_OURS = (b"host", b"content-length", b"transfer-encoding", b"proxy-authorization")
"""Fields that are written by ``compose`` or never."""
_METHOD = re.compile("[A-Z]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


_wires: WeakKeyDictionary[Crawler, Wire] = WeakKeyDictionary()
"""The wire of each crawl, as http and https have a handler each."""


class CaptureHandler(BaseDownloadHandler):
    """Fetches over ``Wire``, has the recorder lay the exchange down, and only then answers Scrapy.

    Settings read: ``CONCURRENT_REQUESTS_PER_DOMAIN`` (connections to one host name), ``DOWNLOAD_TIMEOUT`` (seconds for
    a whole exchange), ``DOWNLOAD_MAXSIZE`` (bytes of a body as framed on the wire, 0 for no limit), ``VIGIL_RESOLVE``
    (list of ``--resolve`` rules), ``VIGIL_CACERT`` (file).

    Request meta read: ``vigil_purpose`` (a ``Purpose``), ``via`` (URL), ``download_timeout``, ``download_maxsize``,
    ``redirect_urls``. Meta written: ``vigil_capture`` (the exchange's sequence number, of the last try), also when the
    request fails, and ``download_latency``.
    """

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._recorder = recorder_of(crawler)
        self._strays: set[asyncio.Task[Capture]] = set()
        self._wire = _wires.get(crawler) or Wire(
            parse_route_rules(settings.getlist("VIGIL_RESOLVE"), settings.get("VIGIL_CACERT")),
            on_stray=self._take_stray,
            per_host=max(1, settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")),
        )
        _wires[crawler] = self._wire
        self._seconds = settings.getfloat("DOWNLOAD_TIMEOUT")
        self._max_bytes = settings.getint("DOWNLOAD_MAXSIZE")
        self._recorder.before_end(self.close)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the handler of ``crawler``.

        Raises:
            UsageError: nobody records the crawl, or a ``--resolve`` rule cannot be read.
        """
        return cls(crawler)

    async def download_request(self, request: Request) -> Response:
        """Fetch ``request``, lay the exchange down, and give Scrapy the answer.

        Raises:
            StorageError: the disk refused, so the answer is not given.
            RefusedAddressError: the host has no public address.
            Exception: Scrapy's download exceptions, for exchanges that brought no whole answer.
        """
        answer = await self._exchange(request, is_fresh=False)
        if answer.is_resendable:
            answer = await self._exchange(request, is_fresh=True)
        request.meta["download_latency"] = answer.latency
        _raise_for(answer)
        return _response(request, answer)

    async def close(self) -> None:
        """Close the connections that were kept alive; what servers said on them out of turn is laid down first.

        The run asks for it before its last record, Scrapy once more when its engine has stopped.
        """
        await self._wire.close()
        _wires.pop(self.crawler, None)
        # A refusal of the disk is not raised here: the run has been told of it already, and closes for it.
        await asyncio.gather(*self._strays, return_exceptions=True)

    async def _exchange(self, request: Request, *, is_fresh: bool) -> Answer:
        # Scrapy 2.19 does not hold to its own limit: it starts all waiting requests at once (docs/decisions/0001). The
        # lane is left when the record is on disk, so that a crash loses one exchange of a connection at most.
        async with self._wire.lane(urlsplit(request.url).hostname or ""):
            await self._recorder.take_turn(request.url)
            asking = self._asking(request, is_fresh=is_fresh)
            request.meta["vigil_capture"] = asking.sequence
            self._recorder.asked(asking.sequence, asking.url, asking.began)
            answer = await self._wire.exchange(asking)
            await self._recorder.lay(answer.exchange)
        return answer

    def _take_stray(self, stray: Stray) -> None:
        """Lay down what a server said out of turn, as an exchange of its own in which nothing was asked."""
        exchange = Exchange(
            sequence=self._recorder.next_sequence(),
            url=stray.url,
            purpose=Purpose.OTHER,
            via=None,
            began=datetime.now(UTC),
            took_ms=0,
            request=b"",
            surplus=stray.data,
            failure=Failure(kind=FailureKind.OTHER, message=f"said out of turn after exchange {stray.after}"),
            peer=stray.peer,
        )
        self._recorder.asked(exchange.sequence, exchange.url, exchange.began)
        self._strays.add(asyncio.ensure_future(self._recorder.lay(exchange)))

    def _asking(self, request: Request, *, is_fresh: bool) -> Asking:
        if request.meta.get("proxy"):
            raise NotSupported("proxies are not supported: the archive must know with whom it spoke")
        sent = compose(request)
        parts = urlsplit(request.url)
        scheme = parts.scheme.lower()
        try:
            port = parts.port or _DEFAULT_PORTS[scheme]
        except ValueError as error:
            raise NotSupported(f"{request.url}: {error}") from None
        return Asking(
            sequence=self._recorder.next_sequence(),
            url=request.url.partition("#")[0],
            purpose=_purpose(request, parts.path),
            via=_via(request),
            began=datetime.now(UTC),
            method=request.method,
            host=parts.hostname or "",
            port=port,
            is_tls=scheme == "https",
            request=sent,
            seconds=float(request.meta.get("download_timeout") or self._seconds),
            max_bytes=int(request.meta.get("download_maxsize", self._max_bytes)) or sys.maxsize,
            is_fresh=is_fresh,
        )


def compose(request: Request) -> bytes:
    """Write the exact bytes of ``request``: Host first, then its headers in their order; path and query as they are.

    Raises:
        NotSupported: the request holds a byte that would end its line, or its method is no word.
    """
    if not _METHOD.fullmatch(request.method):
        raise NotSupported(f"no method: {request.method!r}")
    target, host = _target_and_host(request.url)
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), target)]
    fields = [(name, value) for name, value in _fields(request.headers) if name.lower() not in _OURS]
    given_host = request.headers.get(b"Host")
    lines.append(b"Host: " + (given_host or host))
    lines += [b"%s: %s" % field for field in fields]
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        lines.append(b"Content-Length: %d" % len(request.body))
    if any(forbidden in line for line in lines for forbidden in (b"\r", b"\n", b"\0")):
        raise NotSupported(f"a line end or NUL within the request for {request.url}")
    return b"\r\n".join([*lines, b"", request.body])


def _target_and_host(url: str) -> tuple[bytes, bytes]:
    rest = url.partition("#")[0].split("://", 1)[1]
    cut = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    target = rest[cut:]
    if not target.startswith("/"):
        target = "/" + target
    if any(character <= " " or character == "\x7f" for character in target):
        raise NotSupported(f"a blank or control character within {url!r}")
    return target.encode(), rest[:cut].rpartition("@")[2].encode()


def _fields(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, values in headers.items() for value in values]


def _purpose(request: Request, path: str) -> Purpose:
    given = request.meta.get("vigil_purpose")
    if given is not None:
        return Purpose(given)
    return Purpose.ROBOTS if path == "/robots.txt" else Purpose.OTHER


def _via(request: Request) -> str | None:
    redirected = request.meta.get("redirect_urls")
    via = redirected[-1] if redirected else request.meta.get("via")
    return str(via) if via else None


def _raise_for(answer: Answer) -> None:
    exchange = answer.exchange
    if exchange.failure is not None:
        raise _FAILURES.get(exchange.failure.kind, DownloadFailedError)(f"{exchange.url}: {exchange.failure.message}")
    if exchange.truncation is not None:
        kind = _TRUNCATIONS.get(exchange.truncation, ResponseDataLossError)
        raise kind(f"{exchange.url}: the body was cut off ({exchange.truncation}) after {len(exchange.body)} bytes")


def _response(request: Request, answer: Answer) -> Response:
    headers = Headers(list(answer.fields))
    peer = answer.exchange.peer
    kind = responsetypes.from_args(headers=headers, url=request.url, body=answer.entity)
    return kind(
        url=request.url,
        status=answer.status or 0,
        headers=headers,
        body=answer.entity,
        certificate=peer.tls.chain[0] if peer and peer.tls and peer.tls.chain else None,
        ip_address=ipaddress.ip_address(peer.address) if peer else None,
        protocol=f"HTTP/1.{answer.minor}",
    )
