"""How polite the crawls of a story were, as the blog's server measured it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from time import monotonic, sleep

from crawler.replica import ReplicaServer
from crawler.replica.server import LoggedExchange

DELAY = 0.02
"""Seconds between two requests that the crawls of a long history keep."""
BLUR = 0.01
"""Seconds by which the server may see one request late: its thread waits for the processor."""
LATE = 0.05
"""Seconds by which it may note late that an answer has ended, on a machine with other work."""
FEW = 0.05
"""Share of the requests that may seem too near the one before, because the server saw that one late."""


def wait_until_all_is_closed(server: ReplicaServer) -> None:
    """Wait until the server has seen the end of every connection of a night that is over."""
    end = monotonic() + 5
    while server.server.open_now and monotonic() < end:
        sleep(0.005)
    assert server.server.open_now == 0, "a connection outlives its crawl"


def assert_polite(night: Sequence[LoggedExchange]) -> None:
    """Of each host: one connection and one request at a time, none before delay, Crawl-delay or Retry-After is over."""
    for host in {one.host for one in night}:
        _assert_polite([one for one in night if one.host == host])


def _assert_polite(night: Sequence[LoggedExchange]) -> None:
    for before, after in pairwise(night):
        assert after.connection >= before.connection, f"{after.target} goes back to a connection that was left"
        assert before.ended is not None
        assert after.began >= before.ended - LATE, f"{after.target} was asked for while {before.target} was answered"
        assert after.began - before.began >= _asked_pause(before) - BLUR, f"{after.target} came before its time"
    least = _crawl_delay(night) or DELAY
    gaps = [after.began - before.began for before, after in pairwise(night)]
    assert sum(gaps) >= least * (len(gaps) - 1) - BLUR, "faster than the delay on the whole"
    # The first request of a connection waits for the handshake, so what follows it seems near.
    near = [round(gap, 4) for gap, one in zip(gaps, night, strict=False) if one.number and gap < least - BLUR]
    assert len(near) <= max(1, FEW * len(gaps)), f"faster than the delay: {near}"


def _asked_pause(answered: LoggedExchange) -> float:
    """Seconds for which an answer asks to be left alone."""
    return next(_values(answered.sent, b"retry-after:"), 0.0)


def _crawl_delay(night: Sequence[LoggedExchange]) -> float:
    robots = [one.sent for one in night if one.target == "/robots.txt"]
    return max((value for sent in robots for value in _values(sent, b"crawl-delay:")), default=0.0)


def _values(sent: bytes, name: bytes) -> Iterator[float]:
    lines = (line.lower() for line in sent.splitlines())
    return (float(line.removeprefix(name)) for line in lines if line.startswith(name))
