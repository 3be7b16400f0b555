"""What may be asked for: scheme, host, robots.txt; and what a Retry-After means. A downloader middleware."""

import asyncio
import ipaddress
import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from archive.errors import ExitCode
from archive.model import OmissionKind, Purpose
from archive.requisites import refusal
from crawler.pace import TurnLostError, retry_after_seconds
from crawler.robots import SIZE_LIMIT, Robots, RobotsState, state_for
from crawler.run import RefusedError, Run
from crawler.wire.address import is_public

log = logging.getLogger(__name__)

CLOCK_LIMIT = timedelta(days=1)
"""Captures of nights that are dated less wrong than this stay in their order."""
LIKELY_PAUSE = timedelta(days=30)
"""A clock that says no more than this since the run before it is likelier right than a server that differs."""
LONGEST_WAIT = 3600.0
"""Seconds of a Retry-After that a run waits for; one that asks for more ends the run."""


class Patience:
    """Heeds a Retry-After before anything else is asked of the host.

    Stands last among the middlewares, since the one that retries hands no answer on that it asks for again.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._run = Run.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the patience of ``crawler``'s run."""
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Hold the host back as long as it asks for, or end the run where that is too long."""
        value = response.headers.get("Retry-After")
        if response.status in {429, 503} and value is not None:
            seconds = retry_after_seconds(value.decode("latin-1"), datetime.now(UTC))
            if seconds is not None:
                self._wait((urlsplit(request.url).hostname or "").lower(), seconds)
        return response

    def _wait(self, host: str, seconds: float) -> None:
        if seconds > LONGEST_WAIT:
            self._run.stop_because(f"{host} asked to come back in {seconds:.0f} seconds")
        else:
            log.info("%s asked for a pause of %.0f seconds", host, seconds)
            self._run.pace.hold(host, seconds)


class Gate:
    """Refuses a request that the site's rules or the host's robots.txt do not allow, and records each refusal.

    Stands first among the middlewares, so that redirects and retries pass it too.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._run = Run.of(crawler)
        site = self._run.site
        self._hosts_with_rules = site.requisite_hosts if site.requisites.enabled else frozenset(site.hosts)
        self._robots: dict[str, asyncio.Task[Robots | RobotsState]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the gate of ``crawler``'s run."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let ``request`` pass, or refuse it.

        Raises:
            RefusedError: it may not be asked for; the reason is on record.
            TurnLostError: the run ends first.
        """
        hops = request.meta.get("redirect_urls")
        if hops:
            request.meta["via"] = hops[-1]
            if request.url in hops:
                self._refuse(request, OmissionKind.ERROR, f"a circle of {len(hops)} redirects")
        if request.meta.get("vigil_purpose") is Purpose.REQUISITE:
            await self._let_requisite_pass(request)
            return
        parts = urlsplit(request.url)
        host = (parts.hostname or "").lower()
        if parts.scheme not in {"http", "https"}:
            self._refuse(request, OmissionKind.SCHEME, f"the scheme {parts.scheme!r} is not a web page's")
        is_robots = request.meta.get("vigil_purpose") is Purpose.ROBOTS
        if host not in (self._hosts_with_rules if is_robots else self._run.site.hosts):
            kind = OmissionKind.PRIVATE_ADDRESS if is_private(host) else OmissionKind.FOREIGN_HOST
            self._refuse(request, kind, f"the host {host} is not one of the site's hosts")
        if not is_robots:
            await self._ask_robots(request, f"{parts.scheme}://{parts.netloc}")

    async def _let_requisite_pass(self, request: Request) -> None:
        """Judge a requisite, each redirect of it too; its page's record tells why one was refused."""
        told = refusal(request.url, request.meta["vigil_role"], self._run.site)
        if told is not None:
            raise RefusedError(*told)
        parts = urlsplit(request.url)
        if (parts.hostname or "").lower() in self._run.tally.given_up:
            raise RefusedError(OmissionKind.ERROR, f"{parts.hostname} failed too often: nothing more is asked of it")
        await self._ask_robots(request, f"{parts.scheme}://{parts.netloc}")

    async def _ask_robots(self, request: Request, origin: str) -> None:
        if origin not in self._robots:
            self._robots[origin] = asyncio.get_running_loop().create_task(self._robots_of(origin))
        robots = await asyncio.shield(self._robots[origin])
        if isinstance(robots, Robots):
            verdict = robots.judge(request.url)
            if not verdict.is_allowed:
                self._refuse(request, OmissionKind.ROBOTS, "robots.txt forbids it and no exception allows it")
            if verdict.exception is not None:
                self._run.used_exceptions[verdict.exception.rule] += 1
        elif robots is not RobotsState.ABSENT:
            raise RefusedError(OmissionKind.ERROR, f"robots.txt of {origin} is {robots}")

    async def _robots_of(self, origin: str) -> Robots | RobotsState:
        """Ask for the rules of a host, once a run; where there are none to go by, nothing else is asked of it."""
        url = f"{origin}/robots.txt"
        robots = await self._fetch_robots(url, (urlsplit(origin).hostname or "").lower())
        if robots in {RobotsState.REFUSED, RobotsState.UNREACHABLE}:
            self._run.omit(url, OmissionKind.ROBOTS, f"it is {robots}: without rules nothing is asked of {origin}")
            if self._run.site.listing.start.startswith(f"{origin}/"):
                self._run.stop_because(f"{url} is {robots}", ExitCode.ROBOTS_REFUSED)
        return robots

    async def _fetch_robots(self, url: str, host: str) -> Robots | RobotsState:
        request = Request(url, meta={"vigil_purpose": Purpose.ROBOTS}, priority=1000, dont_filter=True)
        try:
            response = await self._crawler.engine.download_async(request)
        except TurnLostError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever went wrong, there are no rules to go by
            log.warning("%s could not be had: %s", url, error)
            return RobotsState.UNREACHABLE
        self._check_clock(response)
        state = state_for(response.status, response.body)
        if state is not RobotsState.RULES:
            return state
        text = response.body[:SIZE_LIMIT].decode("utf-8", errors="replace")
        robots = Robots(text, self._run.options.user_agent, self._run.site.robots_exceptions)
        if robots.crawl_delay is not None:
            self._run.pace.respect_crawl_delay(host, robots.crawl_delay)
        return robots

    def _check_clock(self, response: Response) -> None:
        """End the run where this machine's clock seems wrong: captures are ordered by their times.

        A server's clock alone does not end it: caches hand on old dates, and then the run before tells who is right.
        """
        told = server_time(response)
        now = datetime.now(UTC)
        if told is None or abs(now - told) <= CLOCK_LIMIT:
            return
        reason = f"this machine's clock says {now:%Y-%m-%d %H:%M} UTC, {response.url} {told:%Y-%m-%d %H:%M}"
        before = self._run.last_run
        if before is not None and timedelta(0) <= now - before <= LIKELY_PAUSE:
            self._run.omit(response.url, OmissionKind.CONTRADICTION, f"{reason}; the run before bears this machine out")
        else:
            self._run.stop_because(reason, ExitCode.CLOCK_WRONG)

    def _refuse(self, request: Request, kind: OmissionKind, reason: str) -> None:
        self._run.omit(request.url, kind, reason, via=request.meta.get("via"))
        raise RefusedError(kind, reason)


def server_time(response: Response) -> datetime | None:
    """Give the time at which an answer says that it was sent: Date, and Age where a cache kept it (RFC 9111 5.1)."""
    date, age = ((response.headers.get(name) or b"").decode("latin-1") for name in ("Date", "Age"))
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    held = int(age) if age.isascii() and age.isdigit() and len(age) < 9 else 0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) + timedelta(seconds=held)


def is_private(host: str) -> bool:
    """Tell whether ``host`` is an IP address that is not one of the open Internet."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not is_public(host)
