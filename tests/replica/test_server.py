"""The raw server: its log is what went over the wire, and it answers as the site's edge does."""

import gzip
import socket
import ssl
import time

import pytest

from crawler.replica import After, RawServer, ReplicaServer, Reply, Request, fictional_blog
from tests.replica.client import get, request_bytes, speak


@pytest.fixture(scope="module")
def server() -> ReplicaServer:
    return ReplicaServer(fictional_blog(posts=10, others=5), has_tls=True)


@pytest.fixture(scope="module", autouse=True)
def running(server: ReplicaServer) -> object:
    with server:
        yield server


def test_log_holds_the_bytes_that_were_sent_and_received(server: ReplicaServer) -> None:
    first, second = request_bytes("/robots.txt"), request_bytes("/Watchdog", "Connection: close")
    start = len(server.log)
    received = speak(server.address, first, second)
    one, two = server.log[start:]
    assert (one.received, two.received) == (first, second)
    assert one.sent + two.sent == received
    assert (one.connection, one.number, two.number) == (two.connection, 0, 1)
    assert two.ended is not None
    assert one.began <= two.began <= two.ended


def test_tls_shows_our_authority_and_logs_the_plain_bytes(server: ReplicaServer) -> None:
    context = ssl.create_default_context(cadata=server.ca_pem.decode())
    asked = request_bytes("/robots.txt", "Connection: close")
    with (
        socket.create_connection(server.tls_address) as bare,
        context.wrap_socket(bare, server_hostname="www.rferl.org") as secure,
    ):
        assert server.certificates
        assert secure.getpeercert(binary_form=True) == server.certificates.leaf_der
        secure.sendall(asked)
        received = b"".join(iter(lambda: secure.recv(65536), b""))
    assert server.log[-1].is_tls
    assert (server.log[-1].received, server.log[-1].sent) == (asked, received)


@pytest.mark.parametrize(
    "agent", ["python-requests/2.32", "Scrapy/2.19 (+https://scrapy.org)", "curl/8", "Wget/1.21", ""]
)
def test_library_agents_get_403_on_everything(server: ReplicaServer, agent: str) -> None:
    for target in ("/robots.txt", "/Watchdog", "/sitemap.xml", "/rss/?zoneid=646"):
        assert get(server, target, User_Agent=agent).status == 403


def test_missing_agent_gets_403(server: ReplicaServer) -> None:
    answer = speak(server.address, b"GET /Watchdog HTTP/1.1\r\nHost: www.rferl.org\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ")


def test_only_get_is_answered(server: ReplicaServer) -> None:
    asked = request_bytes("/Watchdog", "Connection: close").replace(b"GET", b"POST")
    assert speak(server.address, asked).startswith(b"HTTP/1.1 405 ")


def test_gzip_comes_when_asked_for_and_holds_the_same_page(server: ReplicaServer) -> None:
    packed, bare = get(server, "/Watchdog", Accept_Encoding="gzip"), get(server, "/Watchdog")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in bare.headers
    assert gzip.decompress(packed.body) == bare.body


def test_pages_are_framed_in_both_ways(server: ReplicaServer) -> None:
    answers = [get(server, post.path).headers for post in server.blog.everything()]
    assert {"transfer-encoding" in headers for headers in answers} == {True, False}
    assert all(("transfer-encoding" in headers) != ("content-length" in headers) for headers in answers)


@pytest.mark.parametrize("header", ["If_None_Match", "If_Modified_Since"])
def test_conditional_get_of_an_unchanged_post_is_304_and_of_an_edited_one_200(header: str) -> None:
    blog = fictional_blog(posts=10, others=0)
    post = blog.listing()[3]
    with ReplicaServer(blog) as mine:
        first = get(mine, post.path)
        validator = first.headers["etag" if header == "If_None_Match" else "last-modified"]
        again = get(mine, post.path, **{header: validator})
        assert (again.status, again.body) == (304, b"")
        blog.edit(post.id, body=["Another text."], is_silent=True)
        assert get(mine, post.path, **{header: validator}).status == 200


@pytest.mark.parametrize("validator", ['"other"', "yesterday", ""])
def test_conditional_get_with_a_foreign_or_broken_validator_is_200(server: ReplicaServer, validator: str) -> None:
    path = server.blog.listing()[0].path
    assert get(server, path, If_None_Match=validator).status == 200
    assert get(server, path, If_Modified_Since=validator).status == 200


def test_pictures_are_real_and_lasting(server: ReplicaServer) -> None:
    images = [image for post in server.blog.listing() for image in post.truth.images]
    assert images
    for image in images:
        target = "/" + image.url.rpartition("/")[2]
        got = get(server, target, host="gdb.rferl.org")
        assert got.body.startswith(b"\x89PNG\r\n\x1a\n" if target.endswith("png") else b"\xff\xd8\xff\xe0")
        assert got.headers["content-type"] in {"image/png", "image/jpeg"}
        assert get(server, target, host="gdb.rferl.org", If_None_Match=got.headers["etag"]).status == 304


def test_other_hosts_of_the_site_lead_to_the_canonical_one(server: ReplicaServer) -> None:
    for host in ("m.rferl.org", "www1.rferl.org", "www.rferl.eu"):
        got = get(server, "/Watchdog?p=1", host=host)
        assert (got.status, got.headers["location"]) == (301, "http://www.rferl.org/Watchdog?p=1")


def test_raw_server_sends_parts_with_pauses_and_counts_connections() -> None:
    def respond(request: Request) -> Reply:
        return Reply(parts=(b"HTTP/1.1 200 OK\r\n\r\n", 0.05, request.target.encode()), after=After.CLOSE)

    with RawServer(respond) as raw:
        began = time.monotonic()
        assert speak(raw.address, request_bytes("/one")) == b"HTTP/1.1 200 OK\r\n\r\n/one"
        assert time.monotonic() - began >= 0.05
        speak(raw.address, request_bytes("/two"))
        assert (raw.connections, raw.most_open) == (2, 1)
        assert [(exchange.target, exchange.open_now) for exchange in raw.log] == [("/one", 1), ("/two", 1)]


def test_log_says_when_the_other_side_went_away_too_early() -> None:
    big = bytes(2**20)

    def respond(_: Request) -> Reply:
        return Reply(parts=(b"HTTP/1.1 200 OK\r\n\r\n", *(big for _ in range(64))))

    with RawServer(respond) as raw:
        with socket.create_connection(raw.address) as connection:
            connection.sendall(request_bytes("/big"))
            connection.recv(10)
        deadline = time.monotonic() + 5
        while raw.log[0].ended is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert raw.log[0].is_failed
        assert len(raw.log[0].sent) < 64 * 2**20


def test_connections_open_at_once_are_counted(server: ReplicaServer) -> None:
    with socket.create_connection(server.address), socket.create_connection(server.address):
        get(server, "/robots.txt")
    assert server.log[-1].open_now >= 3
    assert server.server.most_open >= 3


def test_server_answers_fast_enough_for_a_crawl_of_thousands_of_pages(server: ReplicaServer) -> None:
    post = server.blog.listing()[0]
    asked, count = request_bytes(post.path), 500
    size = len(speak(server.address, request_bytes(post.path, "Connection: close"))) + len("keep-alive") - len("close")
    began = time.monotonic()
    with socket.create_connection(server.address) as connection:
        for _ in range(count):
            connection.sendall(asked)
            left = size
            while left:
                left -= len(connection.recv(left))
    assert count / (time.monotonic() - began) > 300, "a tenth of what an idle machine does"
