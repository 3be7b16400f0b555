"""robots.txt with its open exceptions, and the pace between requests."""

import asyncio
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from archive.site import RobotsException
from crawler.pace import SAME_URL_SECONDS, Pace, TurnLostError, retry_after_seconds
from crawler.robots import Robots, RobotsState, state_for

RULES = """Sitemap: https://blog.example/sitemap.xml
User-agent: *
Disallow: /*?p=*
Disallow: /api/*
Crawl-delay: 7
"""
MORE = RobotsException(
    rule="/*?p=*", urls=(r"https://blog\.example/Watchdog\?p=\d+",), reason="the listing goes on there"
)
AGENT = "Mozilla/5.0 (compatible; vigil/1; +mailto:keeper@blog.example)"


@pytest.mark.parametrize(
    ("url", "exceptions", "is_allowed", "needs_exception"),
    [
        pytest.param("https://blog.example/Watchdog", (), True, False, id="plain page"),
        pytest.param("https://blog.example/Watchdog?p=1", (), False, False, id="load more, no exception"),
        pytest.param("https://blog.example/Watchdog?p=1", (MORE,), True, True, id="load more, excepted"),
        pytest.param("https://blog.example/Other?p=1", (MORE,), False, False, id="same rule, URL not excepted"),
        pytest.param("https://blog.example/Watchdog?p=1&x=", (MORE,), False, False, id="only part of the URL matches"),
        pytest.param("https://blog.example/api/Watchdog?p=1", (MORE,), False, False, id="another rule forbids it too"),
    ],
)
def test_exception_sets_aside_one_rule_for_its_urls_only(
    url: str, exceptions: tuple[RobotsException, ...], *, is_allowed: bool, needs_exception: bool
) -> None:
    verdict = Robots(RULES, AGENT, exceptions).judge(url)
    assert verdict.is_allowed is is_allowed
    assert (verdict.exception is not None) is needs_exception


def test_crawl_delay_is_read() -> None:
    assert Robots(RULES, AGENT, ()).crawl_delay == 7.0
    assert Robots("User-agent: *\nDisallow:\n", AGENT, ()).crawl_delay is None


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (200, b"User-agent: *", RobotsState.RULES),
        (200, b"", RobotsState.RULES),
        (200, b"\xef\xbb\xbf\r\n<!DOCTYPE html><title>Access restricted", RobotsState.REFUSED),
        (204, b"", RobotsState.REFUSED),
        (404, b"", RobotsState.ABSENT),
        (410, b"", RobotsState.ABSENT),
        (401, b"", RobotsState.REFUSED),
        (403, b"", RobotsState.REFUSED),
        (429, b"", RobotsState.UNREACHABLE),
        (500, b"", RobotsState.UNREACHABLE),
        (None, b"", RobotsState.UNREACHABLE),
    ],
)
def test_only_an_absent_robots_file_allows_everything(status: int | None, body: bytes, state: RobotsState) -> None:
    assert state_for(status, body) is state


def test_nobody_gets_a_turn_once_the_run_ends() -> None:
    ended = False

    async def end() -> None:
        nonlocal ended
        await asyncio.sleep(0.05)
        ended = True

    async def wait(pace: Pace) -> list[object]:
        turns = (pace.take_turn("a", f"http://a/{number}") for number in range(3))
        return list(await asyncio.gather(end(), *turns, return_exceptions=True))

    pace = Pace(delay=3600, jitter=0, is_over=lambda: ended)
    _, first, *others = asyncio.run(asyncio.wait_for(wait(pace), timeout=5))
    assert first is None
    assert [type(other) for other in others] == [TurnLostError, TurnLostError]


def test_pause_that_is_asked_for_while_a_request_waits_holds_it_too() -> None:
    pace = Pace(delay=0.1, jitter=0)

    async def wait() -> float:
        await pace.take_turn("a", "http://a/1")
        begun = pace.clock()
        turn = asyncio.ensure_future(pace.take_turn("a", "http://a/2"))
        await asyncio.sleep(0)
        pace.hold("a", 0.3)
        await turn
        return pace.clock() - begun

    assert asyncio.run(wait()) >= 0.3


def starts_of(pace: Pace, requests: list[tuple[str, str]]) -> list[float]:
    """Run requests through ``pace`` at once; seconds at which each got its turn."""

    async def ask(host: str, url: str) -> float:
        await pace.take_turn(host, url)
        return pace.clock()

    async def all_of_them() -> list[float]:
        return list(await asyncio.gather(*(ask(host, url) for host, url in requests)))

    return asyncio.run(all_of_them())


def test_requests_to_one_host_keep_the_delay_whatever_the_jitter() -> None:
    pace = Pace(delay=0.05, jitter=0.5)
    starts = starts_of(pace, [("a", f"http://a/{number}") for number in range(5)])
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert min(gaps) >= 0.05
    assert pace.shortest_gap is not None
    assert pace.shortest_gap >= 0.05


def test_hosts_do_not_wait_for_each_other() -> None:
    starts = starts_of(Pace(delay=5, jitter=0), [("a", "http://a/"), ("b", "http://b/")])
    assert abs(starts[0] - starts[1]) < 1


def test_one_url_is_not_captured_twice_within_a_second() -> None:
    starts = starts_of(Pace(delay=0, jitter=0), [("a", "http://a/x"), ("a", "http://a/x")])
    assert starts[1] - starts[0] >= SAME_URL_SECONDS


def test_pace_forgets_urls_so_that_a_long_crawl_stays_small() -> None:
    now = 0.0
    pace = Pace(delay=0, jitter=0, clock=lambda: now)

    async def crawl() -> None:
        nonlocal now
        for number in range(3000):
            now += 0.01
            await pace.take_turn("a", f"http://a/{number}")

    asyncio.run(crawl())
    assert len(pace._recent) <= 110  # noqa: SLF001 - memory is what this test is about


def test_retry_after_and_crawl_delay_hold_the_host() -> None:
    pace = Pace(delay=0, jitter=0)
    pace.hold("a", 0.1)
    begun = pace.clock()
    assert starts_of(pace, [("a", "http://a/1")])[0] - begun >= 0.1
    pace.respect_crawl_delay("a", 0.1)
    starts = starts_of(pace, [("a", "http://a/2"), ("a", "http://a/3")])
    assert starts[1] - starts[0] >= 0.1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 3 ", 3.0),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("١٢", None),  # digits, but not those of HTTP
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value, datetime(2026, 11, 23, 12, tzinfo=UTC)) == seconds
