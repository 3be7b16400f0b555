"""Everything that can go wrong between a site and its reader, one kind each.

The first group breaks the connection, the second answers something else, the third says the right thing in an
awkward way: the page is whole, and a recorder must keep each of its bytes.
"""

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache

from crawler.replica.framing import REASONS, Answer, Framed, Message, chunks, html, message
from crawler.replica.server import After, Reply, Request

Matcher = str | Callable[[Request], bool]


class FaultKind(StrEnum):
    """What goes wrong; the value is the name used in tests and on the command line."""

    RESET_BEFORE = "reset-before"
    RESET_MID_BODY = "reset-mid-body"
    CLOSE_BEFORE = "close-before"
    CUT_BODY = "cut-body"
    CUT_CHUNK = "cut-chunk"
    HANG = "hang"
    SLOW = "slow"
    DIE_ON_NEXT = "die-on-next"
    NOT_HTTP = "not-http"

    ERROR_500 = "error-500"
    UNAVAILABLE_503 = "unavailable-503"
    TOO_MANY_429 = "too-many-429"
    FORBIDDEN_403 = "forbidden-403"
    BLOCK_PAGE = "block-page"
    EMPTY_200 = "empty-200"
    ELEVEN_BYTES = "eleven-bytes"
    REDIRECT_LOOP = "redirect-loop"
    REDIRECT_PRIVATE = "redirect-private"
    REDIRECT_FOREIGN = "redirect-foreign"
    REDIRECT_SCHEME = "redirect-scheme"
    NO_CONTENT_204 = "no-content-204"
    NOT_MODIFIED_304 = "not-modified-304"

    EARLY_HINTS = "early-hints"
    CHUNK_EXTENSIONS = "chunk-extensions"
    TRAILERS = "trailers"
    GZIP_CHUNKED = "gzip-chunked"
    ODD_HEADERS = "odd-headers"
    BAD_HEADER_LINES = "bad-header-lines"
    NO_REASON = "no-reason"
    ODD_REASON = "odd-reason"
    HTTP_10 = "http-1.0"
    LF_ONLY = "lf-only"
    SURPLUS = "surplus"
    HUGE = "huge"
    BOMB = "bomb"
    DEEP = "deep"
    NULS = "nuls"


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault that waits for its request.

    ``left`` is how often it still strikes (None: always), ``hits`` how often it did.
    """

    match: Matcher
    kind: FaultKind
    left: int | None
    seconds: float
    hits: int = 0

    def strikes(self, request: Request) -> bool:
        """Whether this request is spoilt; counts it if so."""
        if self.left == 0:
            return False
        if not (self.match in request.target if isinstance(self.match, str) else self.match(request)):
            return False
        self.hits += 1
        if self.left is not None:
            self.left -= 1
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a fault is given: the answer that would have been, and the request."""

    answer: Answer
    request: Request
    now: datetime
    seconds: float

    def message(self, answer: Answer | None = None) -> Message:
        """The answer framed as usual."""
        return message(answer or self.answer, self.request, self.now)

    def plain(self) -> Message:
        """The answer framed with its length and without gzip, so that it is easily bent."""
        return self.message(replace(self.answer, framed=Framed.LENGTH, is_compressible=False))


def spoil(kind: FaultKind, scene: Scene) -> Reply:
    """The reply that a fault makes of an answer."""
    return _SPOILERS[kind](scene)


# --- the connection breaks ------------------------------------------------------------------------


def _reset_before(_: Scene) -> Reply:
    return Reply(parts=(), after=After.RESET)


def _close_before(_: Scene) -> Reply:
    return Reply(parts=(), after=After.CLOSE)


def _reset_mid_body(scene: Scene) -> Reply:
    whole = scene.plain()
    return Reply(parts=(whole.head, whole.body[: len(whole.body) // 2]), after=After.RESET)


def _cut_body(scene: Scene) -> Reply:
    whole = scene.plain()
    return Reply(parts=(whole.head, whole.body[: len(whole.body) // 2]), after=After.CLOSE)


def _chunked_head(scene: Scene, *more: str) -> bytes:
    lines = scene.plain().head.decode().splitlines()
    kept = [line for line in lines if line and not line.startswith(("Content-Length", "Transfer-Encoding"))]
    return "\r\n".join((*kept, *more, "Transfer-Encoding: chunked", "", "")).encode()


def _cut_chunk(scene: Scene) -> Reply:
    body = scene.answer.body
    cut = b"%x\r\n%b" % (len(body), body[: len(body) // 2])
    return Reply(parts=(_chunked_head(scene), cut), after=After.CLOSE)


def _hang(scene: Scene) -> Reply:
    return Reply(parts=(scene.plain().head,), after=After.HANG)


def _slow(scene: Scene) -> Reply:
    whole = scene.plain()
    first, second = whole.body[: len(whole.body) // 2], whole.body[len(whole.body) // 2 :]
    return Reply(parts=(whole.head, scene.seconds, first, scene.seconds, second), after=whole.after)


def _die_on_next(scene: Scene) -> Reply:
    return replace(scene.message().reply(), after=After.DIE_ON_NEXT)


def _not_http(_: Scene) -> Reply:
    return Reply(parts=(b"220 replica ESMTP ready\r\n",), after=After.CLOSE)


# --- another answer comes -------------------------------------------------------------------------


def _instead(make: Callable[[Scene], Answer]) -> Callable[[Scene], Reply]:
    return lambda scene: scene.message(make(scene)).reply()


def _status(status: int, text: str) -> Callable[[Scene], Reply]:
    def make(scene: Scene) -> Answer:
        answer = html(f"<html><body><h1>{text}</h1></body></html>", status=status)
        return replace(answer, headers=(("Retry-After", f"{scene.seconds:.0f}"),)) if status in {429, 503} else answer

    return _instead(make)


def _to(location: Callable[[Scene], str]) -> Callable[[Scene], Reply]:
    return _instead(lambda scene: Answer(status=302, headers=(("Location", location(scene)),), is_compressible=False))


def _block_page(_: Scene) -> Answer:
    return html(
        "<html><head><title>Access restricted</title></head>\n"
        "<body><p>Access to this resource is restricted.</p></body></html>"
    )


def _loop_target(scene: Scene) -> str:
    path, _, query = scene.request.target.partition("?")
    return f"{path}?turn=1" if query != "turn=1" else f"{path}?turn=2"


def _bodiless(status: int) -> Callable[[Scene], Reply]:
    def make(scene: Scene) -> Reply:
        head = f"HTTP/1.1 {status} {REASONS[status]}\r\nETag: {scene.answer.etag}\r\n\r\n"
        return Reply(parts=(head.encode(),))

    return make


# --- the right answer, awkwardly ------------------------------------------------------------------


def _early_hints(scene: Scene) -> Reply:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n"
    reply = scene.message().reply()
    return replace(reply, parts=(hints, b"HTTP/1.1 100 Continue\r\n\r\n", *reply.parts))


def _chunk_lines(body: bytes, *, trailers: bytes = b"", extension: bytes = b"") -> bytes:
    half = len(body) // 2
    pieces = [piece for piece in (body[:half], body[half:]) if piece]
    sized = b"".join(b"%04X%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces)
    return sized + b"000" + extension + b"\r\n" + trailers + b"\r\n"


def _chunk_extensions(scene: Scene) -> Reply:
    body = _chunk_lines(scene.answer.body, extension=b';note="of no use" ; x')
    return Reply(parts=(_chunked_head(scene), body))


def _trailers(scene: Scene) -> Reply:
    body = _chunk_lines(scene.answer.body, trailers=b"X-Checksum: 1234\r\nx-ODD-trailer:  spaced \r\n")
    return Reply(parts=(_chunked_head(scene, "Trailer: X-Checksum"), body))


def _gzip_chunked(scene: Scene) -> Reply:
    packed = gzip.compress(scene.answer.body, mtime=0)
    return Reply(parts=(_chunked_head(scene, "Content-Encoding: gzip"), chunks(packed, 1000)))


def _bent(change: Callable[[list[str]], list[str]]) -> Callable[[Scene], Reply]:
    def make(scene: Scene) -> Reply:
        whole = scene.plain()
        lines = change(whole.head.decode().split("\r\n")[:-2])
        return Reply(parts=("\r\n".join((*lines, "", "")).encode("latin-1"), whole.body), after=whole.after)

    return make


def _odd_headers(lines: list[str]) -> list[str]:
    fields = [line.partition(":") for line in reversed(lines[1:])]
    odd = [f"{name.swapcase()}:{'  ' * (len(name) % 2)}{value.strip()} \t" for name, _, value in fields]
    return [lines[0], *odd, "X-EmPtY:"]


def _bad_header_lines(lines: list[str]) -> list[str]:
    return [
        *lines,
        "Set-Cookie: a=1",
        "SET-COOKIE: b=2",
        "X-Folded: first",
        "\tsecond",
        "this line has no colon",
        "X-Latin: caf\xe9 \xa7",
    ]


def _http_10(scene: Scene) -> Reply:
    whole = scene.plain()
    unwanted = ("Content-Length", "Connection")
    lines = [line for line in whole.head.decode().split("\r\n")[1:-2] if not line.startswith(unwanted)]
    head = "\r\n".join((f"HTTP/1.0 {scene.answer.status} OK", *lines, "", "")).encode()
    return Reply(parts=(head, whole.body), after=After.CLOSE)


def _lf_only(scene: Scene) -> Reply:
    whole = scene.plain()
    return Reply(parts=(whole.head.replace(b"\r\n", b"\n"), whole.body), after=whole.after)


def _surplus(scene: Scene) -> Reply:
    *first, last = scene.plain().reply().parts
    if not isinstance(last, bytes):
        raise TypeError("an answer ends with bytes")
    return Reply(parts=(*first, last + b"\r\nthese bytes belong to no message\r\n"), after=After.CLOSE)


def _huge(scene: Scene) -> Reply:
    filler = b"<!-- " + b"x" * 1018 + b"\n"
    body = scene.answer.body + filler * (20 * 1024)
    return scene.message(replace(scene.answer, body=body, is_compressible=False)).reply()


@cache
def _zeros() -> bytes:
    """256 MiB of nothing, packed."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream:
        for _ in range(256):
            stream.write(bytes(2**20))
    return packed.getvalue()


def _bomb(scene: Scene) -> Reply:
    bomb = Answer(body=_zeros(), headers=(("Content-Encoding", "gzip"),), is_compressible=False)
    return scene.message(bomb).reply()


def _deep(scene: Scene) -> Reply:
    return scene.message(html("<html><body>" + "<div>" * 200_000 + "deep" + "</div>" * 200_000)).reply()


def _nuls(scene: Scene) -> Reply:
    return scene.message(replace(scene.answer, body=scene.answer.body.replace(b"<p>", b"<p>\0\0"))).reply()


_SPOILERS: dict[FaultKind, Callable[[Scene], Reply]] = {
    FaultKind.RESET_BEFORE: _reset_before,
    FaultKind.RESET_MID_BODY: _reset_mid_body,
    FaultKind.CLOSE_BEFORE: _close_before,
    FaultKind.CUT_BODY: _cut_body,
    FaultKind.CUT_CHUNK: _cut_chunk,
    FaultKind.HANG: _hang,
    FaultKind.SLOW: _slow,
    FaultKind.DIE_ON_NEXT: _die_on_next,
    FaultKind.NOT_HTTP: _not_http,
    FaultKind.ERROR_500: _status(500, "Server Error"),
    FaultKind.UNAVAILABLE_503: _status(503, "Service Unavailable"),
    FaultKind.TOO_MANY_429: _status(429, "Too Many Requests"),
    FaultKind.FORBIDDEN_403: _status(403, "Access Denied"),
    FaultKind.BLOCK_PAGE: _instead(_block_page),
    FaultKind.EMPTY_200: _instead(lambda _: Answer(body=b"")),
    FaultKind.ELEVEN_BYTES: _instead(lambda _: Answer(body=b"\xef\xbb\xbf\r\n\r\n\r\n\r\n", is_compressible=False)),
    FaultKind.REDIRECT_LOOP: _to(_loop_target),
    FaultKind.REDIRECT_PRIVATE: _to(lambda _: "http://169.254.169.254/latest/meta-data/"),
    FaultKind.REDIRECT_FOREIGN: _to(lambda _: "https://elsewhere.example/a/1.html"),
    FaultKind.REDIRECT_SCHEME: _to(lambda _: "file:///etc/passwd"),
    FaultKind.NO_CONTENT_204: _bodiless(204),
    FaultKind.NOT_MODIFIED_304: _bodiless(304),
    FaultKind.EARLY_HINTS: _early_hints,
    FaultKind.CHUNK_EXTENSIONS: _chunk_extensions,
    FaultKind.TRAILERS: _trailers,
    FaultKind.GZIP_CHUNKED: _gzip_chunked,
    FaultKind.ODD_HEADERS: _bent(_odd_headers),
    FaultKind.BAD_HEADER_LINES: _bent(_bad_header_lines),
    FaultKind.NO_REASON: _bent(lambda lines: ["HTTP/1.1 200", *lines[1:]]),
    FaultKind.ODD_REASON: _bent(lambda lines: ["HTTP/1.1 200 Fine,  Thanks!", *lines[1:]]),
    FaultKind.HTTP_10: _http_10,
    FaultKind.LF_ONLY: _lf_only,
    FaultKind.SURPLUS: _surplus,
    FaultKind.HUGE: _huge,
    FaultKind.BOMB: _bomb,
    FaultKind.DEEP: _deep,
    FaultKind.NULS: _nuls,
}

AWKWARD = (
    FaultKind.EARLY_HINTS,
    FaultKind.CHUNK_EXTENSIONS,
    FaultKind.TRAILERS,
    FaultKind.GZIP_CHUNKED,
    FaultKind.ODD_HEADERS,
    FaultKind.BAD_HEADER_LINES,
    FaultKind.NO_REASON,
    FaultKind.ODD_REASON,
    FaultKind.HTTP_10,
    FaultKind.LF_ONLY,
    FaultKind.SURPLUS,
)
"""The kinds that say the right thing awkwardly: a crawl must come through all of them without a loss."""
