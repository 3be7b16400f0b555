"""Every fault, seen by a client that reads bytes: what is logged is what arrived."""

import gzip
import time
from collections.abc import Callable

import pytest

from crawler.replica import BlogSimulator, ReplicaServer, fictional_blog
from crawler.replica.faults import AWKWARD, FaultKind
from tests.replica.client import get, request_bytes, speak


@pytest.fixture
def blog() -> BlogSimulator:
    return fictional_blog(posts=6, others=0)


def page_of(blog: BlogSimulator, path: str) -> bytes:
    with ReplicaServer(blog) as server:
        return get(server, path).body


def head_of(received: bytes) -> bytes:
    return received.partition(b"\r\n\r\n")[0]


def body_of(received: bytes) -> bytes:
    return received.partition(b"\r\n\r\n")[2]


def stated_length(received: bytes) -> int:
    line = next(line for line in head_of(received).split(b"\r\n") if line.startswith(b"Content-Length"))
    return int(line.partition(b":")[2])


def starts(*prefix: bytes) -> Callable[[bytes, bytes], bool]:
    return lambda received, _: received.startswith(prefix)


def leads_to(location: bytes) -> Callable[[bytes, bytes], bool]:
    return lambda received, _: received.startswith(b"HTTP/1.1 302 ") and b"Location: " + location in received


SEEN: dict[FaultKind, Callable[[bytes, bytes], bool]] = {
    FaultKind.RESET_BEFORE: lambda received, _: received == b"",
    FaultKind.CLOSE_BEFORE: lambda received, _: received == b"",
    FaultKind.RESET_MID_BODY: lambda received, page: body_of(received) == page[: len(page) // 2],
    FaultKind.CUT_BODY: lambda received, page: stated_length(received) == len(page) > len(body_of(received)) > 0,
    FaultKind.CUT_CHUNK: lambda received, page: f"{len(page):x}\r\n".encode() in received and len(received) < len(page),
    FaultKind.SLOW: lambda received, page: body_of(received) == page,
    FaultKind.DIE_ON_NEXT: starts(b"HTTP/1.1 200 OK"),
    FaultKind.NOT_HTTP: starts(b"220 "),
    FaultKind.ERROR_500: starts(b"HTTP/1.1 500 "),
    FaultKind.UNAVAILABLE_503: lambda received, _: b" 503 " in received and b"\r\nRetry-After: 7\r\n" in received,
    FaultKind.TOO_MANY_429: lambda received, _: b" 429 " in received and b"\r\nRetry-After: 7\r\n" in received,
    FaultKind.FORBIDDEN_403: starts(b"HTTP/1.1 403 "),
    FaultKind.BLOCK_PAGE: lambda received, _: b" 200 OK" in received and b"responsive-indicator" not in received,
    FaultKind.EMPTY_200: lambda received, _: stated_length(received) == 0,
    FaultKind.ELEVEN_BYTES: lambda received, _: stated_length(received) == len(body_of(received)) == 11,
    FaultKind.REDIRECT_LOOP: leads_to(b"/"),
    FaultKind.REDIRECT_PRIVATE: leads_to(b"http://169.254.169.254/"),
    FaultKind.REDIRECT_FOREIGN: leads_to(b"https://elsewhere.example/"),
    FaultKind.REDIRECT_SCHEME: leads_to(b"file:///"),
    FaultKind.NO_CONTENT_204: lambda received, _: b" 204 " in received and body_of(received) == b"",
    FaultKind.NOT_MODIFIED_304: lambda received, _: b" 304 " in received and body_of(received) == b"",
    FaultKind.EARLY_HINTS: lambda received, page: received.count(b"HTTP/1.1 ") == 3 and page[-200:] in received,
    FaultKind.CHUNK_EXTENSIONS: lambda received, _: b';note="of no use" ; x\r\n' in received,
    FaultKind.TRAILERS: lambda received, _: received.endswith(
        b"\r\n000\r\nX-Checksum: 1234\r\nx-ODD-trailer:  spaced \r\n\r\n"
    ),
    FaultKind.GZIP_CHUNKED: lambda received, page: gzip.decompress(unchunked(body_of(received))) == page,
    FaultKind.ODD_HEADERS: lambda received, page: b"\r\ncONTENT-tYPE:" in received and body_of(received) == page,
    FaultKind.BAD_HEADER_LINES: lambda received, page: (
        b"\r\n\tsecond\r\nthis line has no colon\r\nX-Latin: caf\xe9 \xa7\r\n\r\n" in received
        and body_of(received) == page
    ),
    FaultKind.NO_REASON: starts(b"HTTP/1.1 200\r\n"),
    FaultKind.ODD_REASON: starts(b"HTTP/1.1 200 Fine,  Thanks!\r\n"),
    FaultKind.HTTP_10: lambda received, page: received.startswith(b"HTTP/1.0 ") and body_of(received) == page,
    FaultKind.LF_ONLY: lambda received, page: b"\r" not in received.partition(b"\n\n")[0] and received.endswith(page),
    FaultKind.SURPLUS: lambda received, page: body_of(received)[stated_length(received) :] != b"" and page in received,
    FaultKind.HUGE: lambda received, page: len(received) > len(page) + 20 * 2**20,
    FaultKind.BOMB: lambda received, _: b"Content-Encoding: gzip" in received and len(received) < 2**20,
    FaultKind.DEEP: lambda received, _: received.count(b"<div>") == 200_000,
    FaultKind.NULS: lambda received, _: b"<p>\0\0" in received,
}


def unchunked(body: bytes) -> bytes:
    data = b""
    while size := int(body.partition(b"\r\n")[0], 16):
        body = body.partition(b"\r\n")[2]
        data, body = data + body[:size], body[size + 2 :]
    return data


@pytest.mark.parametrize("kind", SEEN)
def test_fault_is_seen_once_and_logged_byte_for_byte(blog: BlogSimulator, kind: FaultKind) -> None:
    path = blog.listing()[1].path
    page = page_of(blog, path)
    fault = blog.fault(path, kind, seconds=0.02 if kind is FaultKind.SLOW else 7)
    with ReplicaServer(blog) as server:
        received = speak(server.address, request_bytes(path, "Connection: close"))
        assert server.log[0].sent == received
        assert SEEN[kind](received, page)
        assert get(server, path).body == page, "the next answer is whole again"
    assert (fault.hits, fault.left) == (1, 0)


def test_table_above_knows_every_fault_but_the_endless_one() -> None:
    assert set(FaultKind) - set(SEEN) == {FaultKind.HANG}


def test_awkward_answers_still_carry_the_page(blog: BlogSimulator) -> None:
    path = blog.listing()[1].path
    page = page_of(blog, path)
    for kind in AWKWARD:
        blog.fault(path, kind)
        with ReplicaServer(blog) as server:
            received = speak(server.address, request_bytes(path, "Connection: close"))
        assert kind is FaultKind.GZIP_CHUNKED or page[-100:] in received


def test_hanging_answer_sends_its_head_and_nothing_more(blog: BlogSimulator) -> None:
    blog.fault("/Watchdog", FaultKind.HANG)
    began = time.monotonic()
    with ReplicaServer(blog) as server:
        received = speak(server.address, request_bytes("/Watchdog"), patience=0.2)
    assert (head_of(received)[:12], body_of(received)) == (b"HTTP/1.1 200", b"")
    assert time.monotonic() - began < 3, "stopping the server ends what hangs"


def test_kept_alive_connection_that_dies_swallows_the_next_request(blog: BlogSimulator) -> None:
    first, second = request_bytes("/robots.txt"), request_bytes("/Watchdog")
    blog.fault("/robots.txt", FaultKind.DIE_ON_NEXT)
    with ReplicaServer(blog) as server:
        received = speak(server.address, first, second)
        assert b"Connection: keep-alive" in received
        assert [(exchange.received, exchange.sent) for exchange in server.log] == [(first, received), (second, b"")]


def test_redirect_loop_goes_round(blog: BlogSimulator) -> None:
    blog.fault("/Watchdog", FaultKind.REDIRECT_LOOP, times=None)
    with ReplicaServer(blog) as server:
        seen = [target := "/Watchdog"]
        for _ in range(3):
            target = get(server, target).headers["location"]
            seen.append(target)
    assert seen == ["/Watchdog", "/Watchdog?turn=1", "/Watchdog?turn=2", "/Watchdog?turn=1"]


def test_fault_may_choose_its_requests_by_a_function_and_strike_for_ever(blog: BlogSimulator) -> None:
    fault = blog.fault(lambda request: request.host == "gdb.rferl.org", FaultKind.ERROR_500, times=None)
    with ReplicaServer(blog) as server:
        assert [get(server, "/x", host="gdb.rferl.org").status for _ in range(3)] == [500, 500, 500]
        assert get(server, "/Watchdog").status == 200
    assert fault.hits == 3


def test_newest_matching_fault_wins(blog: BlogSimulator) -> None:
    blog.fault("/Watchdog", FaultKind.ERROR_500)
    blog.fault("/Watchdog", FaultKind.FORBIDDEN_403)
    with ReplicaServer(blog) as server:
        assert [get(server, "/Watchdog").status for _ in range(3)] == [403, 500, 200]
