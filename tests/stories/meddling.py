"""Scrapy extensions that meddle with a run's count of requests, as a faulty component would."""

import asyncio
from datetime import UTC, datetime
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler

from archive.model import Exchange, Failure, FailureKind, Framing, Purpose
from crawler.run import Run

NEVER = "https://www.rferl.org/never"


class Asks:
    """Notes once that a request will be sent, and sends none."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.is_done = False
        crawler.signals.connect(self.meddle, signal=signals.response_received)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def meddle(self) -> None:
        if not self.is_done:
            self.is_done = True
            self.act(Run.of(self.crawler))

    def act(self, run: Run) -> None:
        run.asked(run.next_sequence(), NEVER, datetime.now(UTC))


class Lays(Asks):
    """Lays down an exchange that was never announced."""

    def act(self, run: Run) -> None:
        exchange = Exchange(
            sequence=run.next_sequence(),
            url=NEVER,
            purpose=Purpose.POST,
            via=None,
            began=datetime.now(UTC),
            took_ms=1,
            request=b"GET /never HTTP/1.1\r\nHost: www.rferl.org\r\n\r\n",
            head=b"",
            body=b"",
            framing=Framing.BODILESS,
            truncation=None,
            failure=Failure(kind=FailureKind.TIMEOUT, message="nobody asked"),
        )
        task = asyncio.get_running_loop().create_task(run.lay(exchange))

        async def finish() -> None:
            await task

        run.before_end(finish)
