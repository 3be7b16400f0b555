"""An answer, and the bytes of the HTTP message that carries it."""

import gzip
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from crawler.replica.server import After, Reply, Request
from crawler.replica.times import http_date

REASONS = {
    200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 410: "Gone", 429: "Too Many Requests", 500: "Internal Server Error",
    503: "Service Unavailable",
}  # fmt: skip


class Framed(StrEnum):
    """How the body's end is told."""

    LENGTH = "length"
    CHUNKED = "chunked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the site says, before it is an HTTP message.

    ``modified`` gives ``Last-Modified`` and conditional GETs; ``tag`` is an ETag other than the body's, empty for none.
    """

    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    modified: datetime | None = None
    is_compressible: bool = True
    framed: Framed = Framed.LENGTH
    closes: bool = False
    tag: str | None = None

    @property
    def etag(self) -> str:
        """A strong validator over the body, unless it has another one."""
        return self.tag if self.tag is not None else f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


def html(page: str, *, status: int = 200, modified: datetime | None = None) -> Answer:
    """A page."""
    return Answer(status=status, body=page.encode(), modified=modified)


def mixed(answer: Answer, target: str) -> Answer:
    """Give an answer the framing of its URL: a third is chunked, a twentieth ends the connection; always the same."""
    first, second = hashlib.sha256(target.encode()).digest()[:2]
    return replace(answer, framed=Framed.CHUNKED if first % 3 == 0 else Framed.LENGTH, closes=second % 20 == 0)


def is_fresh(answer: Answer, request: Request) -> bool:
    """Whether a conditional GET finds nothing new (RFC 9110 section 13.2.2)."""
    if answer.status != 200 or answer.modified is None:
        return False
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return answer.etag.removeprefix("W/") in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return answer.modified.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def chunks(body: bytes, size: int = 8192) -> bytes:
    """The body in chunks (RFC 9112 section 7.1)."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An HTTP answer in two pieces, so that a cached body is never copied."""

    head: bytes
    body: bytes
    after: After = After.KEEP

    def reply(self) -> Reply:
        """The message as it should go out."""
        return Reply(parts=(self.head, self.body) if self.body else (self.head,), after=self.after)


def wishes(request: Request) -> tuple[bool, bool, bool, bool]:
    """All that an answer depends on beside its URL: gzip? chunks? kept open? asked by a script?"""
    headers = request.headers
    is_new = request.version == "HTTP/1.1"
    return (
        "gzip" in headers.get("accept-encoding", ""),
        is_new,
        is_new and headers.get("connection", "").lower() != "close",
        headers.get("x-requested-with", "").lower() == "xmlhttprequest",
    )


def message(answer: Answer, request: Request, now: datetime) -> Message:
    """Frame an answer for one request: gzip when asked for, 304 when nothing is new."""
    takes_gzip, takes_chunks, keeps_open, _ = wishes(request)
    fresh = is_fresh(answer, request)
    body = b"" if fresh else answer.body
    lines = [("Content-Type", answer.content_type), ("Date", http_date(now)), ("Server", "replica")]
    if answer.modified is not None:
        lines += [("ETag", answer.etag)] if answer.etag else []
        lines += [("Last-Modified", http_date(answer.modified)), ("Cache-Control", "max-age=60")]
    if answer.is_compressible and body:
        lines.append(("Vary", "Accept-Encoding, X-Requested-With"))
        if takes_gzip:
            body = gzip.compress(body, 5, mtime=0)
            lines.append(("Content-Encoding", "gzip"))
    lines += answer.headers
    if fresh:
        pass  # a 304 has no body and needs no length
    elif answer.framed is Framed.CHUNKED and takes_chunks:
        body = chunks(body)
        lines.append(("Transfer-Encoding", "chunked"))
    else:
        lines.append(("Content-Length", str(len(body))))
    keeps = keeps_open and not answer.closes
    lines.append(("Connection", "keep-alive" if keeps else "close"))
    status = 304 if fresh else answer.status
    fields = "".join(f"{name}: {value}\r\n" for name, value in lines)
    head = f"HTTP/1.1 {status} {REASONS[status]}\r\n{fields}\r\n"
    return Message(head=head.encode(), body=body, after=After.KEEP if keeps else After.CLOSE)
