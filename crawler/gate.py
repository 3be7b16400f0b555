"""What may be asked for: scheme, host, robots.txt; and what a Retry-After means. A downloader middleware."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from archive.model import OmissionKind, Purpose
from crawler.pace import retry_after_seconds
from crawler.robots import SIZE_LIMIT, Robots, RobotsState, state_for_status
from crawler.run import Run

log = logging.getLogger(__name__)

LONGEST_WAIT = 3600.0
"""Seconds of a Retry-After that a run waits for; one that asks for more ends the run."""


class Gate:
    """Refuses a request that the site's rules or the host's robots.txt do not allow, and records each refusal.

    Stands first among the middlewares, so that redirects and retries pass it too.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._run = Run.of(crawler)
        self._robots: dict[str, asyncio.Future[Robots | RobotsState]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the gate of ``crawler``'s run."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let ``request`` pass, or refuse it.

        Raises:
            IgnoreRequest: it may not be asked for; the reason is on record.
        """
        hops = request.meta.get("redirect_urls")
        if hops:
            request.meta["via"] = hops[-1]
        parts = urlsplit(request.url)
        host = (parts.hostname or "").lower()
        if parts.scheme not in {"http", "https"}:
            self._refuse(request, OmissionKind.SCHEME, f"the scheme {parts.scheme!r} is not a web page's")
        if host not in self._run.site.hosts:
            self._refuse(request, OmissionKind.FOREIGN_HOST, f"the host {host} is not one of the site's hosts")
        if request.meta.get("vigil_purpose") is not Purpose.ROBOTS:
            await self._ask_robots(request, f"{parts.scheme}://{parts.netloc}", host)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Heed a Retry-After before anything else is asked of the host."""
        value = response.headers.get("Retry-After")
        if response.status in {429, 503} and value is not None:
            seconds = retry_after_seconds(value.decode("latin-1"), datetime.now(UTC))
            if seconds is not None:
                self._wait(urlsplit(request.url).hostname or "", seconds)
        return response

    def _wait(self, host: str, seconds: float) -> None:
        if seconds > LONGEST_WAIT:
            self._run.stop_because(f"the site asked to come back in {seconds:.0f} seconds")
        else:
            log.info("%s asked for a pause of %.0f seconds", host, seconds)
            self._run.pace.hold(host, seconds)

    async def _ask_robots(self, request: Request, origin: str, host: str) -> None:
        robots = await self._robots_of(origin, host)
        if isinstance(robots, Robots):
            verdict = robots.judge(request.url)
            if not verdict.is_allowed:
                self._refuse(request, OmissionKind.ROBOTS, "robots.txt forbids it and no exception allows it")
            if verdict.exception is not None:
                self._run.used_exceptions[verdict.exception.rule] += 1
        elif robots is not RobotsState.ABSENT:
            self._run.refuse_by_robots(host, robots)
            self._refuse(request, OmissionKind.ROBOTS, f"robots.txt is {robots}: without rules nothing is asked")

    async def _robots_of(self, origin: str, host: str) -> Robots | RobotsState:
        waiting = self._robots.get(origin)
        if waiting is None:
            waiting = self._robots[origin] = asyncio.get_running_loop().create_future()
            try:
                waiting.set_result(await self._fetch_robots(origin, host))
            except BaseException as error:
                waiting.set_exception(error)
                raise
        return await waiting

    async def _fetch_robots(self, origin: str, host: str) -> Robots | RobotsState:
        meta = {"vigil_purpose": Purpose.ROBOTS}
        request = Request(f"{origin}/robots.txt", meta=meta, priority=1000, dont_filter=True)
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, there are no rules to go by
            log.warning("robots.txt of %s could not be had: %s", host, error)
            return RobotsState.UNREACHABLE
        state = state_for_status(response.status)
        if state is not RobotsState.RULES:
            return state
        text = response.body[:SIZE_LIMIT].decode("utf-8", errors="replace")
        robots = Robots(text, self._run.options.user_agent, self._run.site.robots_exceptions)
        if robots.crawl_delay is not None:
            self._run.pace.respect_crawl_delay(host, robots.crawl_delay)
        return robots

    def _refuse(self, request: Request, kind: OmissionKind, reason: str) -> None:
        self._run.omit(request.url, kind, reason, via=request.meta.get("via"))
        raise IgnoreRequest(reason)
