"""When the next request to a host may go out: delay, jitter, Crawl-delay, Retry-After."""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic

from scrapy.exceptions import IgnoreRequest

SAME_URL_SECONDS = 1.0
"""Two captures of one URL are at least so far apart: CDX lines know whole seconds only (warc.md D4.7)."""


LOOK_SECONDS = 0.25
"""How often a request that waits for its turn looks whether the run ends."""


class TurnLostError(IgnoreRequest):
    """The run ends before a request's turn came: it is not asked for, and a later run will."""


@dataclass(slots=True)
class _Host:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    not_before: float = 0.0
    crawl_delay: float = 0.0


@dataclass(slots=True)
class Pace:
    """Gives each request its turn; asked last, when the connection is already free.

    Starts to one host are at least ``delay`` seconds apart; ``jitter`` (0 to 1) lengthens the delay at random by up
    to that part of it. ``shortest_gap`` is the shortest time in seconds between two starts to one host. No turn is
    given any more once ``is_over`` says so.
    """

    delay: float
    jitter: float
    is_over: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = monotonic
    shortest_gap: float | None = None
    _hosts: dict[str, _Host] = field(default_factory=dict)
    _recent: dict[str, float] = field(default_factory=dict)
    _order: deque[str] = field(default_factory=deque)
    _last_start: dict[str, float] = field(default_factory=dict)

    async def take_turn(self, host: str, url: str) -> None:
        """Wait until ``url`` may be asked for.

        Raises:
            TurnLostError: the run ends first.
        """
        lane = self._hosts.setdefault(host, _Host())
        async with lane.turn:
            while (wait := self._ready(lane, url) - self.clock()) > 0 and not self.is_over():  # noqa: ASYNC110 - time is waited for
                await asyncio.sleep(min(wait, LOOK_SECONDS))
            if self.is_over():
                raise TurnLostError(f"{url} is not asked for: the run ends")
            start = self.clock()
            self._remember(host, url, start)
            pause = max(self.delay, lane.crawl_delay)
            lane.not_before = max(lane.not_before, start + pause * (1 + random.uniform(0, self.jitter)))  # noqa: S311 - politeness, not secrecy

    def _ready(self, lane: _Host, url: str) -> float:
        return max(lane.not_before, self._recent.get(url, float("-inf")) + SAME_URL_SECONDS)

    def hold(self, host: str, seconds: float) -> None:
        """Ask ``host`` for nothing during the next ``seconds`` (Retry-After, RFC 9110 section 10.2.3)."""
        lane = self._hosts.setdefault(host, _Host())
        lane.not_before = max(lane.not_before, self.clock() + seconds)

    def respect_crawl_delay(self, host: str, seconds: float) -> None:
        """Keep at least ``seconds`` between two starts to ``host``, as its robots.txt asks."""
        lane = self._hosts.setdefault(host, _Host())
        lane.crawl_delay = seconds
        lane.not_before = max(lane.not_before, self._last_start.get(host, float("-inf")) + seconds)

    def _remember(self, host: str, url: str, start: float) -> None:
        before = self._last_start.get(host)
        if before is not None and (self.shortest_gap is None or start - before < self.shortest_gap):
            self.shortest_gap = start - before
        self._last_start[host] = start
        self._recent[url] = start
        self._order.append(url)
        while self._order and start - self._recent.get(self._order[0], start) > SAME_URL_SECONDS:
            self._recent.pop(self._order.popleft(), None)


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Read a Retry-After field: seconds from ``now`` (aware), None when it is neither a number nor a date."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
