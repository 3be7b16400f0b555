"""A machine that dies: what was kept stays whole, the request in flight is lost at most and named, the job ends."""

import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Self

import pytest

from crawler.replica import Request
from tests.stories.dying import MOMENTS
from tests.stories.story import Story
from tests.stories.survival import asked, assert_whole, kept, omitted, pages

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("story", [8], indirect=True)]

ONCE = (
    "before-the-file-is-read-only",
    "before-the-file-is-closed",
    "when-the-file-is-closed",
    "before-the-announcements-are-settled",
)
"""Moments that a run comes to once, when it closes."""
POLITE, HURRIED = "0.2", "0"
"""Delays at which a crawl reads pages itself, and in another process."""
REQUESTS = 12
"""Fewer than a first crawl of so many posts makes."""


@pytest.mark.parametrize(
    ("moment", "number", "delay"),
    [
        ("while-a-request-is-announced", 5, POLITE),
        ("before-the-request-goes-out", 3, HURRIED),
        ("while-records-are-written", 2, HURRIED),
        ("while-records-are-written", 3, HURRIED),
        ("while-records-are-written", 10, POLITE),
        ("between-sync-and-index", 8, HURRIED),
        ("before-the-file-is-closed", 1, POLITE),
        ("before-the-announcements-are-settled", 1, HURRIED),
    ],
    ids=str,
)
def test_crawl_that_dies_within_a_system_call_is_finished_by_the_next(
    story: Story, moment: str, number: int, delay: str
) -> None:
    before = Before.now(story)
    die_within(story, moment, number, "--delay", delay)
    assert_heals(story, before)


@pytest.mark.parametrize("seed", range(2))
def test_crawl_that_is_killed_at_any_time_is_finished_by_the_next(story: Story, seed: int) -> None:
    before = Before.now(story)
    die_after(story, *random_time(seed))
    assert_heals(story, before)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_no_moment_of_death_does_harm(story: Story, seed: int) -> None:
    """Five deaths at random in each; a crawl may die several times before one comes to its end."""
    chance = random.Random(seed)
    for _ in range(5):
        before = Before.now(story)
        if chance.random() < 0.5:
            moment = chance.choice(sorted(MOMENTS))
            delay = chance.choice((POLITE, HURRIED))
            die_within(story, moment, 1 if moment in ONCE else chance.randint(1, REQUESTS), "--delay", delay)
        else:
            die_after(story, *random_time(chance.randrange(2**32)))
        assert_heals(story, before)
        for _ in range(3):
            story.publish()


def random_time(seed: int) -> tuple[int, float]:
    chance = random.Random(seed)
    return chance.randint(1, REQUESTS), chance.uniform(0, 0.1)


def die_within(story: Story, moment: str, number: int, *words: str) -> None:
    living = story.machine
    story.machine = (sys.executable, "-m", "tests.stories.dying", moment, str(number))
    night = story.crawl("--full", *words)
    story.machine = living
    assert night.code == -signal.SIGKILL, night.err


def die_after(story: Story, requests: int, seconds: float) -> None:
    """Kill a crawl so many seconds after the blog got its so-manieth request."""
    fatal = len(story.server.log) + requests
    crawl = story.start(*story.crawl_words("--full"))

    def watch(_: Request) -> None:
        if len(story.server.log) >= fatal:
            time.sleep(seconds)
            crawl.kill()

    story.server.before = watch
    _, err = crawl.communicate(timeout=120)
    story.server.before = None
    assert crawl.returncode == -signal.SIGKILL, err


@dataclass(frozen=True, kw_only=True)
class Before:
    """How things stood before a crawl that died."""

    asked: int
    kept: int
    named: int

    @classmethod
    def now(cls, story: Story) -> Self:
        named = len(omitted(story, "lost")) if story.collection.database.exists() else 0
        there = story.collection.warcs.exists()
        return cls(asked=len(story.server.log), kept=len(kept(story)) if there else 0, named=named)


def assert_heals(story: Story, before: Before) -> None:
    """The next run names what was lost, asks for nothing twice that was kept, comes to the end, and all is sound."""
    died_at, whole = len(story.server.log), kept(story)
    in_flight = Counter(asked(story, before.asked)) - Counter(whole[before.kept :])
    assert in_flight.total() <= 1
    night = story.crawl()
    assert night.code == 0, night.err
    named = omitted(story, "lost")[before.named :]
    assert len(named) <= 1
    assert set(in_flight) <= set(named)
    assert not pages(story) & set(whole[before.kept :]) & set(asked(story, died_at))
    assert_whole(story)
