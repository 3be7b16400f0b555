"""A crawl of given requests through Scrapy and ``CaptureHandler``, and a recorder that says what it was told."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Self

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.model import Capture, CaptureKind, Exchange, RecordRef
from crawler.recording import Recorder, set_recorder


def captured(exchange: Exchange) -> Capture:
    """What a recorder in memory says of an exchange."""
    where = RecordRef(file="in-memory", offset=exchange.sequence, length=1, record_id="<urn:uuid:0>")
    return Capture(
        run="r",
        sequence=exchange.sequence,
        url=exchange.url,
        purpose=exchange.purpose,
        via=exchange.via,
        time=exchange.began,
        kind=CaptureKind.FAILURE if exchange.failure else CaptureKind.RESPONSE,
        record=where,
        request=None,
        metadata=where,
        status=None,
        payload_digest=None,
        payload_bytes=0,
        content_type=None,
        location=None,
        etag=None,
        last_modified=None,
        truncation=exchange.truncation,
        failure=exchange.failure,
    )


@dataclass(slots=True)
class Notebook:
    """A recorder in memory; ``said`` is what happened, in order; ``refusal`` is raised in place of laying down."""

    refusal: Exception | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    last: int = 0
    finishes: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def next_sequence(self) -> int:
        self.last += 1
        return self.last

    async def take_turn(self, url: str) -> None:
        self.said.append(f"turn {url}")

    def asked(self, sequence: int, url: str, time: datetime) -> None:
        assert time.tzinfo is not None
        self.said.append(f"asked {sequence} {url}")

    def before_end(self, finish: Callable[[], Awaitable[None]]) -> None:
        self.finishes.append(finish)

    async def lay(self, exchange: Exchange) -> Capture:
        self.said.append(f"laid {exchange.sequence}")
        if self.refusal is not None:
            raise self.refusal
        self.exchanges.append(exchange)
        return captured(exchange)


@dataclass(slots=True)
class Outcome:
    """What came of a crawl: responses and errors in the order they were given to the spider."""

    responses: list[Response] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)


class _Asker(Spider):
    name = "asker"
    recorder: ClassVar[Recorder | None] = None

    def __init__(self, requests: Sequence[Request], outcome: Outcome, said: list[str]) -> None:
        super().__init__()
        self._requests = requests
        self._outcome = outcome
        self._said = said

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: object, **kwargs: object) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        if cls.recorder is not None:
            set_recorder(crawler, cls.recorder)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        for request in self._requests:
            yield request.replace(callback=self.take, errback=self.mourn, dont_filter=True)

    def take(self, response: Response) -> None:
        self._said.append("spider")
        self._outcome.responses.append(response)

    def mourn(self, failure: Failure) -> None:
        assert failure.value is not None
        self._said.append("errback")
        self._outcome.errors.append(failure.value)
        self._outcome.requests.append(failure.request)  # type: ignore[attr-defined]


async def crawl(
    requests: Sequence[Request], recorder: Recorder | None, resolve: Sequence[str], **settings: object
) -> Outcome:
    """Crawl ``requests`` one by one."""
    outcome = Outcome()
    said = recorder.said if isinstance(recorder, Notebook) else []
    spider = type("_Recorded", (_Asker,), {"recorder": recorder})
    runner = AsyncCrawlerRunner(
        {
            "TWISTED_REACTOR_ENABLED": False,
            "DOWNLOAD_HANDLERS": {
                "http": "crawler.capture.CaptureHandler",
                "https": "crawler.capture.CaptureHandler",
            },
            "VIGIL_RESOLVE": list(resolve),
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "RETRY_ENABLED": False,
            "COOKIES_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "DEFAULT_REQUEST_HEADERS": {"Accept-Encoding": "gzip"},
            "LOG_LEVEL": "ERROR",
            **settings,
        }
    )
    await runner.crawl(spider, requests=requests, outcome=outcome, said=said)
    return outcome
