"""The whole replica: a blog behind a raw server, with its faults and its byte log."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Self

from crawler.replica import router
from crawler.replica.faults import Scene, spoil
from crawler.replica.framing import Answer, Message, message, wishes
from crawler.replica.model import CANONICAL_HOST
from crawler.replica.server import LoggedExchange, RawServer, Reply, Request, parse_request
from crawler.replica.simulator import BlogSimulator
from crawler.replica.tls import Certificates, make_certificates

_CONDITIONS = ("if-none-match", "if-modified-since")


class ReplicaServer:
    """Serves a ``BlogSimulator`` on 127.0.0.1 under the real site's host names; a context manager.

    It tells hosts apart by the ``Host`` header, so clients must be routed to it (``resolve``). Pages are cached until
    a verb changes the blog. ``before`` is called with each request before it is answered: the place
    from which a story changes the blog while it is being crawled. ``clock`` is what ``Date`` says: the machine's time,
    whatever the blog's own is, until a story lets both go together.
    """

    def __init__(self, blog: BlogSimulator, *, has_tls: bool = False, port: int = 0, tls_port: int = 0) -> None:
        self.blog = blog
        self.before: Callable[[Request], None] | None = None
        self.clock: Callable[[], datetime] = partial(datetime.now, UTC)
        self.certificates: Certificates | None = make_certificates(router.HOSTS) if has_tls else None
        context: ssl.SSLContext | None = self.certificates.server_context() if self.certificates else None
        self._server = RawServer(self._respond, tls=context, port=port, tls_port=tls_port)
        self._cached: dict[tuple[str | bool, ...], Message] = {}
        self._cached_revision = -1

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    @property
    def log(self) -> list[LoggedExchange]:
        """Every exchange so far, byte for byte, in order of arrival."""
        return self._server.log

    @property
    def server(self) -> RawServer:
        """The sockets below, for counting connections."""
        return self._server

    @property
    def address(self) -> tuple[str, int]:
        """Where HTTP is served."""
        return self._server.address

    @property
    def tls_address(self) -> tuple[str, int]:
        """Where HTTPS is served."""
        return self._server.tls_address

    @property
    def ca_pem(self) -> bytes:
        """The authority a client must trust.

        Raises:
            ValueError: the server has no TLS.
        """
        if self.certificates is None:
            raise ValueError("this server was started without TLS")
        return self.certificates.ca_pem

    @property
    def resolve(self) -> tuple[str, ...]:
        """Routing rules ``HOST:PORT:ADDRESS:PORT`` for every host: port 80, and 443 where there is TLS."""
        rules = [(80, self.address)]
        if self.certificates:
            rules.append((443, self.tls_address))
        return tuple(f"{host}:{port}:{to[0]}:{to[1]}" for port, to in rules for host in router.HOSTS)

    def prepare(self) -> None:
        """Make every page of the blog before it is asked for, bare and packed, so that no client pays for it."""
        blog = self.blog
        last = -(-len(blog.listing()) // blog.page_size)
        targets = [
            "/Watchdog",
            *(f"/Watchdog?p={page}" for page in range(1, last)),
            *(post.path for post in blog.everything()),
        ]
        for target in targets:
            for encoding in ("identity", "gzip"):
                for is_tls in (False, True) if self.certificates else (False,):
                    raw = f"GET {target} HTTP/1.1\r\nHost: {CANONICAL_HOST}\r\nAccept-Encoding: {encoding}\r\n\r\n"
                    self._message(parse_request(raw.encode(), is_tls=is_tls))

    def _respond(self, request: Request) -> Reply:
        if self.before:
            self.before(request)
        blog = self.blog
        if request.method != "GET":
            return message(Answer(status=405, content_type="text/plain"), request, self.clock()).reply()
        struck = next((fault for fault in blog.faults if fault.strikes(request)), None)
        if struck:
            answer = router.answer(blog, request)
            return spoil(struck.kind, Scene(answer=answer, request=request, now=self.clock(), seconds=struck.seconds))
        if blog.refuses_agents and router.is_refused(request):
            return message(router.refusal(), request, self.clock()).reply()
        if any(name in request.headers for name in _CONDITIONS):
            return message(router.answer(blog, request), request, self.clock()).reply()
        return self._message(request).reply()

    def _message(self, request: Request) -> Message:
        """The framed answer, from the cache where the blog has not changed since (it may change at any moment)."""
        revision = self.blog.revision
        if self._cached_revision != revision:
            self._cached, self._cached_revision = {}, revision
        cached = self._cached
        key = (request.host, request.target, request.is_tls, *wishes(request))
        if key not in cached:
            cached[key] = message(router.answer(self.blog, request), request, self.clock())
        return cached[key]
