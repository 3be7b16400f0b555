"""The awkward answers: what real servers send although nobody should, each as an exchange."""

import gzip
from dataclasses import replace

from archive.model import Exchange, Failure, FailureKind, Framing, Truncation
from tests.warc.makers import PEER, PLAIN, TLS, URL

_TEXT = b"<p>The bell of the drowned harbour rang twice.</p>\n"
_GZIP = gzip.compress(_TEXT * 9, mtime=0)


def _answer(head: bytes, body: bytes = b"", framing: Framing = Framing.LENGTH) -> Exchange:
    return replace(PLAIN, head=head, body=body, framing=framing)


def _head(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join((status, *lines, b"", b""))


def _chunks(*pieces: bytes, extension: bytes = b"", end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%X%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces) + end


_CHUNKED = b"Transfer-Encoding: chunked"
_LENGTH = b"Content-Length: %d" % len(_TEXT)

AWKWARD: dict[str, Exchange] = {
    "204": _answer(_head(status=b"HTTP/1.1 204 No Content"), framing=Framing.BODILESS),
    "304": _answer(_head(b'ETag: "7"', status=b"HTTP/1.1 304 Not Modified"), framing=Framing.BODILESS),
    "404": _answer(_head(_LENGTH, status=b"HTTP/1.1 404 Not Found"), _TEXT),
    "500": _answer(_head(_LENGTH, status=b"HTTP/1.1 500 Oh No"), _TEXT),
    "redirect": _answer(_head(b"Location: /b", b"Content-Length: 0", status=b"HTTP/1.1 302 Moved On")),
    "empty-200": _answer(_head(b"Content-Length: 0")),
    "http-1.0-until-close": _answer(_head(status=b"HTTP/1.0 200 OK"), _TEXT, Framing.CLOSE),
    "lf-only-head": _answer(b"HTTP/1.1 200 OK\n" + _LENGTH + b"\n\n", _TEXT),
    "no-reason": _answer(_head(_LENGTH, status=b"HTTP/1.1 200"), _TEXT),
    "odd-reason": _answer(_head(_LENGTH, status=b"HTTP/1.1 200  F\xefne:  Thanks "), _TEXT),
    "odd-status-999": _answer(_head(_LENGTH, status=b"HTTP/1.1 999 Request Denied"), _TEXT),
    "lower-case-protocol": _answer(_head(_LENGTH, status=b"http/1.1 200 ok"), _TEXT),
    "colon-less-line": _answer(_head(b"nonsense", _LENGTH, b": no name", b"x-EMPTY:"), _TEXT),
    "latin-1-value": _answer(_head(b"X-Caf\xe9: caf\xe9", _LENGTH), _TEXT),
    "utf-8-value": _answer(_head("X-Маяк: маяк".encode(), _LENGTH), _TEXT),
    "folded-and-repeated": _answer(_head(b"Set-Cookie: a=1", b"SET-cookie:b=2", b"X-F: 1,", b"\t2", _LENGTH), _TEXT),
    "blank-looking-fold": _answer(_head(b"X-F: 1,", b"  ", b" 2", _LENGTH), _TEXT),
    "odd-spacing": _answer(_head(b"Content-Type :text/html", b"X:    y   ", _LENGTH), _TEXT),
    "early-hints": replace(
        _answer(_head(_LENGTH), _TEXT),
        interim=_head(b"Link: </s.css>; rel=preload", status=b"HTTP/1.1 103 Early Hints"),
    ),
    "gzip": _answer(_head(b"Content-Encoding: gzip", b"Content-Length: %d" % len(_GZIP)), _GZIP),
    "gzip-that-is-none": _answer(_head(b"Content-Encoding: gzip", _LENGTH), _TEXT),
    "gzip-damaged": _answer(_head(b"Content-Encoding: gzip"), _GZIP[:40] + b"\0\xff" * 9 + _GZIP[58:], Framing.CLOSE),
    "deflate-that-is-none": _answer(_head(b"Content-Encoding: deflate", _LENGTH), _TEXT),
    "brotli-that-is-none": _answer(_head(b"Content-Encoding: br", _LENGTH), _TEXT),
    "chunked": _answer(_head(_CHUNKED), _chunks(_TEXT, _TEXT), Framing.CHUNKED),
    "chunked-with-extensions": _answer(
        _head(b"TRANSFER-encoding:  Chunked"), _chunks(_TEXT, b"x", extension=b";a=b;c"), Framing.CHUNKED
    ),
    "chunked-with-trailers": _answer(
        _head(_CHUNKED, b"Trailer: X-Sum"), _chunks(_TEXT, end=b"0\r\nX-Sum: 7\r\n\r\n"), Framing.CHUNKED
    ),
    "chunked-bare-lf": _answer(_head(_CHUNKED), b"3\nabc\n002\nde\n0\n\n", Framing.CHUNKED),
    "gzip-and-chunked": _answer(
        _head(b"Content-Encoding: gzip", _CHUNKED), _chunks(_GZIP[:7], _GZIP[7:]), Framing.CHUNKED
    ),
    "chunked-said-but-not-done": _answer(_head(_CHUNKED), _TEXT, Framing.CLOSE),
    "chunked-said-before-colon-gap": _answer(_head(b"Transfer-Encoding : chunked"), _chunks(_TEXT), Framing.CHUNKED),
    "renamed-already": _answer(_head(b"X-Orig-Transfer-Encoding: chunked", _CHUNKED), _chunks(_TEXT), Framing.CHUNKED),
    "bytes-after-the-end": replace(_answer(_head(_LENGTH), _TEXT), surplus=b"HTTP/1.1 200 OK\r\n\r\nnobody asked"),
    "cut-off-body": replace(_answer(_head(b"Content-Length: 5000"), _TEXT), truncation=Truncation.DISCONNECT),
    "cut-off-at-the-size-limit": replace(
        _answer(_head(b"Content-Length: 9999"), _TEXT * 3), truncation=Truncation.LENGTH
    ),
    "cut-off-chunk": replace(
        _answer(_head(_CHUNKED), b"FF\r\nonly this", Framing.CHUNKED), truncation=Truncation.DISCONNECT
    ),
    "cut-off-size-line": replace(
        _answer(_head(_CHUNKED), b"3\r\nabc\r\n1", Framing.CHUNKED), truncation=Truncation.TIME
    ),
    "reset": replace(
        _answer(b""), failure=Failure(kind=FailureKind.RESET, message="connection reset by peer"), surplus=b"HTT"
    ),
    "name-not-resolved": replace(
        _answer(b""),
        failure=Failure(kind=FailureKind.NAME, message="no such\nhost: «nowhere»"),
        request=b"",
        peer=None,
    ),
    "over-tls": replace(
        _answer(_head(_LENGTH), _TEXT), url=URL.replace("http:", "https:"), peer=replace(PEER, tls=TLS)
    ),
    "ipv6-routed": replace(
        _answer(_head(_LENGTH), _TEXT), peer=replace(PEER, address="::1", is_routed=True, resolved=())
    ),
    "url-not-a-uri": replace(
        _answer(_head(_LENGTH), _TEXT), url='http://blog.example/a b?q="ü"&r=[1]&s=%zz|<>', via="ünknown"
    ),
}
"""Name -> exchange; the answers of the notes' table and a few more."""
