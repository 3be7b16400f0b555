"""Through Scrapy: each exchange is laid down first, then the spider sees what the archive will read."""

import gzip
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    NotSupported,
    ResponseDataLossError,
)
from scrapy.http import HtmlResponse

from archive.collection import Collection
from archive.errors import DiskFullError, RefusedAddressError
from archive.model import (
    Capture,
    Exchange,
    FailureKind,
    Purpose,
    Route,
    RunEnd,
    RunStart,
    Truncation,
    sha256_of,
)
from archive.warc import WarcWriter, load_exchange
from crawler.capture import compose
from crawler.recording import WriterThread
from crawler.replica.server import After, RawServer, Reply
from tests.wire.conftest import PLAIN
from tests.wire.crawling import Notebook, crawl
from tests.wire.test_answers import CASES
from tests.wire.test_failures import closed_port

SITE = "http://blog.example"
PAGE = b"<html><p>caf\xc3\xa9</p></html>"
NOW = datetime(2026, 11, 22, 3, 17, tzinfo=UTC)


@pytest.fixture
def resolve(server: RawServer) -> list[str]:
    return [f"blog.example:80:127.0.0.1:{server.address[1]}", f"closed.example:80:127.0.0.1:{closed_port()}"]


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


async def test_exchange_waits_its_turn_is_announced_sent_laid_down_and_then_shown(
    server: RawServer, resolve: list[str], notebook: Notebook
) -> None:
    outcome = await crawl([Request(f"{SITE}/a")], notebook, resolve)

    assert notebook.said == [f"turn {SITE}/a", f"asked 1 {SITE}/a", "laid 1", "spider"]
    assert outcome.responses[0].body == b"plain"
    assert outcome.responses[0].meta["vigil_capture"] == 1
    assert notebook.exchanges[0].request == server.log[0].received


async def test_crawl_keeps_one_connection_and_asks_when_the_last_answer_is_on_disk(
    server: RawServer, resolve: list[str], notebook: Notebook
) -> None:
    outcome = await crawl([Request(f"{SITE}/{number}") for number in range(20)], notebook, resolve)

    assert len(outcome.responses) == 20
    assert server.connections == 1
    assert [line for line in notebook.said if line.startswith(("asked", "laid"))] == [
        line for number in range(20) for line in (f"asked {number + 1} {SITE}/{number}", f"laid {number + 1}")
    ]


async def test_url_that_names_no_place_is_refused(notebook: Notebook) -> None:
    outcome = await crawl([Request("http://blog.example:99999/", meta={"verbatim_url": True})], notebook, [])

    assert [type(error) for error in outcome.errors] == [NotSupported]
    assert notebook.exchanges == []


async def test_spider_is_shown_the_decoded_entity_and_the_facts(
    replies: dict[str, Reply], resolve: list[str], notebook: Notebook
) -> None:
    packed = gzip.compress(PAGE, mtime=0)
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-TYPE: text/html; charset=utf-8\r\nX-A: 1\r\nno colon\r\nx-a: 2\r\n"
        b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    replies["/a"] = Reply(parts=(head + b"%x\r\n%b\r\n0\r\nT: r\r\n\r\n" % (len(packed), packed),))

    response = (await crawl([Request(f"{SITE}/a")], notebook, resolve)).responses[0]

    assert isinstance(response, HtmlResponse)
    assert response.body == PAGE
    assert response.headers.getlist("X-A") == [b"1", b"2"]
    assert response.protocol == "HTTP/1.1"
    assert str(response.ip_address) == "127.0.0.1"
    assert response.certificate is None
    assert response.meta["download_latency"] > 0


async def test_refused_disk_keeps_the_answer_from_the_spider(resolve: list[str], notebook: Notebook) -> None:
    notebook.refusal = DiskFullError("no space is left", hint="Make room.")

    outcome = await crawl([Request(f"{SITE}/a")], notebook, resolve)

    assert outcome.responses == []
    assert [type(error) for error in outcome.errors] == [DiskFullError]


async def test_without_a_recorder_nothing_is_asked(server: RawServer, resolve: list[str]) -> None:
    outcome = await crawl([Request(f"{SITE}/a")], None, resolve)

    assert [type(error) for error in outcome.errors] == [NotSupported]
    assert "no recorder" in str(outcome.errors[0])
    assert server.connections == 0


TOO_BIG = Reply(parts=(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",))
HANG = Reply(parts=(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",), after=After.HANG)


@pytest.mark.parametrize(
    ("url", "reply", "error", "what"),
    [
        ("http://closed.example/", None, DownloadConnectionRefusedError, FailureKind.REFUSED),
        ("http://no-such-host.invalid/", None, CannotResolveHostError, FailureKind.NAME),
        ("http://127.0.0.1/", None, RefusedAddressError, FailureKind.ADDRESS),
        (f"{SITE}/a", Reply(parts=(), after=After.HANG), DownloadTimeoutError, FailureKind.TIMEOUT),
        (f"{SITE}/a", Reply(parts=(), after=After.RESET), DownloadFailedError, FailureKind.RESET),
        (f"{SITE}/a", Reply(parts=(), after=After.CLOSE), DownloadFailedError, FailureKind.EMPTY),
        (f"{SITE}/a", Reply(parts=(b"what?",), after=After.CLOSE), DownloadFailedError, FailureKind.GARBLED),
        ("https://closed.example:80/", None, DownloadConnectionRefusedError, FailureKind.REFUSED),
        (f"{SITE}/a", HANG, DownloadTimeoutError, Truncation.TIME),
        (f"{SITE}/a", Reply(parts=HANG.parts, after=After.CLOSE), ResponseDataLossError, Truncation.DISCONNECT),
        (f"{SITE}/a", TOO_BIG, DownloadCancelledError, Truncation.LENGTH),
    ],
)
async def test_failed_exchange_is_laid_down_and_raised_as_scrapys_own(
    replies: dict[str, Reply],
    resolve: list[str],
    notebook: Notebook,
    url: str,
    reply: Reply | None,
    error: type[Exception],
    what: FailureKind | Truncation,
) -> None:
    if reply is not None:
        replies["/a"] = reply

    outcome = await crawl([Request(url)], notebook, resolve, DOWNLOAD_TIMEOUT=1.0, DOWNLOAD_MAXSIZE=1000)

    assert [type(each) for each in outcome.errors] == [error]
    assert outcome.requests[0].meta["vigil_capture"] == 1
    exchange = notebook.exchanges[0]
    assert what in (exchange.failure and exchange.failure.kind, exchange.truncation)


async def test_cut_off_answer_is_asked_for_again_and_both_are_kept(notebook: Notebook) -> None:
    answers = iter([Reply(parts=(PLAIN[:-2],), after=After.CLOSE), Reply(parts=(PLAIN,))])
    with RawServer(lambda _: next(answers)) as server:
        resolve = [f"blog.example:80:127.0.0.1:{server.address[1]}"]
        outcome = await crawl([Request(f"{SITE}/a")], notebook, resolve, RETRY_ENABLED=True)

    assert [exchange.truncation for exchange in notebook.exchanges] == [Truncation.DISCONNECT, None]
    assert [exchange.received for exchange in notebook.exchanges] == [PLAIN[:-2], PLAIN]
    assert outcome.responses[0].meta["vigil_capture"] == 2


async def test_request_is_sent_again_when_its_kept_alive_connection_was_dead(
    replies: dict[str, Reply], server: RawServer, resolve: list[str], notebook: Notebook
) -> None:
    replies["/a"] = Reply(parts=(PLAIN,), after=After.DIE_ON_NEXT)

    outcome = await crawl([Request(f"{SITE}/a"), Request(f"{SITE}/b")], notebook, resolve)

    assert [response.meta["vigil_capture"] for response in outcome.responses] == [1, 3]
    dead = notebook.exchanges[1]
    assert dead.failure is not None
    assert dead.failure.kind in (FailureKind.EMPTY, FailureKind.RESET)
    assert dead.request == notebook.exchanges[2].request == server.log[1].received
    assert [line for line in notebook.said if line.startswith("asked")][1:] == [
        "asked 2 http://blog.example/b",
        "asked 3 http://blog.example/b",
    ]


async def test_robots_and_redirects_are_captures_with_their_purpose_and_way(
    replies: dict[str, Reply], resolve: list[str], notebook: Notebook
) -> None:
    replies["/robots.txt"] = Reply(parts=(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",))
    replies["/a"] = Reply(parts=(b"HTTP/1.1 302 Moved On\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",))
    meta = {"vigil_purpose": Purpose.POST, "via": f"{SITE}/list"}

    await crawl([Request(f"{SITE}/a", meta=meta)], notebook, resolve, ROBOTSTXT_OBEY=True)

    assert [(each.url, each.purpose, each.via) for each in notebook.exchanges] == [
        (f"{SITE}/robots.txt", Purpose.ROBOTS, None),
        (f"{SITE}/a", Purpose.POST, f"{SITE}/list"),
        (f"{SITE}/b", Purpose.POST, f"{SITE}/a"),
    ]


async def test_what_a_server_says_out_of_turn_is_an_exchange_in_which_nothing_was_asked(
    replies: dict[str, Reply], resolve: list[str], notebook: Notebook
) -> None:
    replies["/a"] = Reply(parts=(PLAIN, 0.1, b"HTTP/1.1 408 Request Timeout\r\n\r\n"), after=After.CLOSE)
    replies["/b"] = Reply(parts=(0.4, PLAIN))

    await crawl([Request(f"{SITE}/a"), Request(f"{SITE}/b")], notebook, resolve, DOWNLOAD_DELAY=0.3)

    stray = next(each for each in notebook.exchanges if each.request == b"")
    assert stray.received == b"HTTP/1.1 408 Request Timeout\r\n\r\n"
    assert stray.url == f"{SITE}/a"
    assert len(notebook.exchanges) == 3


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        pytest.param(
            Request(f"{SITE}/a?b=c%20d&e=%D0%B6#frag", headers={"X-B": "1", "Accept": ["a", "b"]}),
            b"GET /a?b=c%20d&e=%D0%B6 HTTP/1.1\r\nHost: blog.example\r\nX-B: 1\r\nAccept: a\r\nAccept: b\r\n\r\n",
            id="host first, headers in order, no fragment",
        ),
        pytest.param(Request("http://blog.example"), b"GET / HTTP/1.1\r\nHost: blog.example\r\n\r\n", id="no path"),
        pytest.param(
            Request("http://blog.example?p=1"), b"GET /?p=1 HTTP/1.1\r\nHost: blog.example\r\n\r\n", id="query only"
        ),
        pytest.param(
            Request("http://user:pass@blog.example:8080/a"),
            b"GET /a HTTP/1.1\r\nHost: blog.example:8080\r\n\r\n",
            id="port, no credentials",
        ),
        pytest.param(
            Request(f"{SITE}/a/../b//c/%7e|?x=[1]&&", meta={"verbatim_url": True}),
            b"GET /a/../b//c/%7e|?x=[1]&& HTTP/1.1\r\nHost: blog.example\r\n\r\n",
            id="as the site spells it",
        ),
        pytest.param(
            Request(f"{SITE}/a", headers={"Host": "other.example", "Proxy-Authorization": "secret"}),
            b"GET /a HTTP/1.1\r\nHost: other.example\r\n\r\n",
            id="host given",
        ),
        pytest.param(
            Request(f"{SITE}/a", method="POST", body=b"x=1"),
            b"POST /a HTTP/1.1\r\nHost: blog.example\r\nContent-Length: 3\r\n\r\nx=1",
            id="body",
        ),
    ],
)
def test_request_is_composed_byte_for_byte(request_: Request, sent: bytes) -> None:
    assert compose(request_) == sent


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(Request(f"{SITE}/a", headers={"X": "1\r\nHost: evil.example"}), id="header value"),
        pytest.param(Request(f"{SITE}/a", headers={"X\nY": "1"}), id="header name"),
        pytest.param(Request(f"{SITE}/a", headers={"X": "a\0b"}), id="NUL"),
        pytest.param(Request(f"{SITE}/a b", meta={"verbatim_url": True}), id="blank in the target"),
        pytest.param(Request(f"{SITE}/a\r\nX: y", meta={"verbatim_url": True}), id="line end in the target"),
        pytest.param(Request(f"{SITE}/a", method="GET / HTTP/1.1\r\nX:"), id="method"),
        pytest.param(Request(f"{SITE}/a", method="GET /b HTTP/1.0"), id="blank in the method"),
    ],
)
def test_request_that_would_smuggle_a_line_is_refused(request_: Request) -> None:
    with pytest.raises(NotSupported):
        compose(request_)


class Desk(Notebook):
    """A recorder that lays down in WARC files, and keeps what it laid down to compare."""

    def __init__(self, thread: WriterThread) -> None:
        super().__init__()
        self.thread = thread
        self.pairs: list[tuple[Exchange, Capture]] = []

    async def lay(self, exchange: Exchange) -> Capture:
        capture = await self.thread.append(exchange)
        self.pairs.append((exchange, capture))
        return capture


async def test_every_awkward_exchange_of_a_crawl_comes_back_from_its_warc_bit_for_bit(
    replies: dict[str, Reply], resolve: list[str], tmp_path: Path
) -> None:
    collection = Collection(tmp_path / "collection")
    run = RunStart(
        uid="r",
        site="s",
        started=NOW,
        route=Route.TEST,
        software="test",
        config_digest=sha256_of(b""),
        operator=None,
        contact=None,
        user_agent="test",
        mode="test",
    )
    writer = WarcWriter(
        collection, site_id="s", run=run, site_toml=b"", host_label="h", known_payload=lambda _digest, _url: None
    )
    desk = Desk(WriterThread(writer, on_fault=lambda error: pytest.fail(str(error))))
    for number, case in enumerate(CASES.values()):
        whole = case.interim + case.head + case.body + case.surplus
        replies[f"/{number}"] = Reply(parts=(whole,), after=case.after)
    requests = [Request(f"{SITE}/{number}", method=case.method) for number, case in enumerate(CASES.values())]

    await crawl(requests, desk, resolve, REDIRECT_ENABLED=False)
    await desk.thread.close(RunEnd(uid="r", ended=NOW, stop_reason="done", exit_code=0, is_walk_complete=True))

    assert len(desk.pairs) >= len(CASES)
    for exchange, capture in desk.pairs:
        assert load_exchange(collection, capture) == exchange


PROGRAM = """
import sys
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from crawler.recording import set_recorder
from tests.wire.crawling import Notebook

class Asker(Spider):
    name = "asker"

    @classmethod
    def from_crawler(cls, crawler):
        set_recorder(crawler, notebook)
        return super().from_crawler(crawler)

    async def start(self):
        yield Request("http://blog.example/a")

    def parse(self, response):
        print(response.body, notebook.exchanges[0].received)

notebook = Notebook()
handlers = dict.fromkeys(("http", "https"), "crawler.capture.CaptureHandler")
process = AsyncCrawlerProcess({
    "DOWNLOAD_HANDLERS": handlers, "VIGIL_RESOLVE": sys.argv[1:], "COOKIES_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "LOG_LEVEL": "ERROR",
})
process.crawl(Asker)
process.start()
"""


@pytest.mark.e2e
def test_capture_works_under_twisteds_asyncio_reactor_too(resolve: list[str], root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, *resolve],
        cwd=root,
        capture_output=True,
        timeout=60,
        check=False,
        text=True,
    )

    assert done.stdout == f"{PLAIN[-5:]!r} {PLAIN!r}\n"
    assert (done.returncode, done.stderr) == (0, "")
