"""Night after night, unattended, whatever happens: no edit and no disappearance is missed, and none is made up."""

import re
import sys
from datetime import datetime, timedelta
from random import Random

import pytest

from archive.recheck import Looked, interval
from archive.site import RecheckRules, load_site
from tests.stories.history import DAY, MARK, Absence, History, Served, troubles
from tests.stories.nightfall import quick_site
from tests.stories.story import Story
from tests.stories.survival import assert_sound

pytestmark = pytest.mark.e2e

QUIET = [
    "/Watchdog",
    "/Watchdog?p=1",
    "/Watchdog?p=2",
    "/robots.txt",
    "/rss/?zoneid=646&count=200",
    "/sitemap_8_latest.xml.gz",
]
"""What every night asks for on which nothing is new, whatever the archive holds; looks at posts come on top."""


def stated(rules: RecheckRules, story: Story, one: Served | Absence) -> timedelta:
    """The stated re-check interval of a post at the end of its time; a change of our knowing can only shorten it."""
    post = story.blog[one.post]
    end = one.end or story.blog.now
    looked = Looked(identity=str(post.id), since=post.published, looked=end, tried=end)  # type: ignore[arg-type]
    return interval(rules, looked)


def must_be_known(rules: RecheckRules, history: History, one: Served | Absence, *, looks: int = 1) -> bool:
    """Whether it lasted longer than the post's interval, bad nights not counted."""
    end = one.end or history.blog.now
    lost = sum(1 for night in history.bad_nights if one.begin <= night <= end + DAY)
    return end - one.begin > stated(rules, history.story, one) + (looks - 1) * DAY + lost * 2 * DAY


def marks(story: Story, *, of_listings: bool = False) -> dict[int, list[str]]:
    """The marks in the texts that the archive holds, post by post; also in those that a listing alone showed."""
    found: dict[int, list[str]] = {}
    rows = story.rows(
        "SELECT p.identity, t.text FROM versions v JOIN posts p ON p.id = v.post_id JOIN texts t ON t.id = v.text_id "
        "WHERE ? OR v.origin = 'permalink'",
        of_listings,
    )
    for identity, text in rows:
        mark = re.search(rf"{MARK}\d{{5}}", str(text))
        found.setdefault(int(str(identity)), []).append(mark[0] if mark else "")
    return found


def live_through(story: Story, seed: int, nights: int) -> History:
    history = History(story, Random(seed))
    for trouble in troubles(Random(seed + 1), nights):
        history.day()
        history.dark(trouble)
    return history


def assert_nothing_is_missed_or_made_up(history: History, rules: RecheckRules) -> None:
    story = history.story
    held, known = marks(story), marks(story, of_listings=True)
    served = {(one.post, one.mark) for one in history.served}
    for post, found in held.items():
        assert len(found) == len(set(found)), f"a false edit of {post}: {found}"
        assert {(post, mark) for mark in found if post in history.plain} <= served
    missed = [
        one for one in history.served if must_be_known(rules, history, one) and one.mark not in known.get(one.post, [])
    ]
    assert missed == []


def assert_absences_are_known(history: History, rules: RecheckRules) -> None:
    story = history.story
    gone = story.rows("SELECT p.identity, e.time FROM events e JOIN posts p ON p.id = e.post_id WHERE e.kind = 'gone'")
    for identity, time in gone:
        moment = true_time(history, datetime.fromtimestamp(int(str(time)) / 1e6, tz=story.blog.now.tzinfo))
        assert any(
            str(one.post) == identity and one.begin <= moment <= (one.end or story.blog.now + DAY)
            for one in history.absences
        ), f"a false deletion of {identity}"
    confirmed = {
        int(str(identity))
        for (identity,) in story.rows("SELECT identity FROM posts_current WHERE state = 'gone' AND is_confirmed_gone")
    }
    now_gone = {one.post for one in history.absences if one.end is None}
    assert confirmed <= now_gone
    due = {
        one.post
        for one in history.absences
        if one.end is None and must_be_known(rules, history, one, looks=2) and one.post in held_ids(story)
    }
    assert due <= confirmed


def true_time(history: History, told: datetime) -> datetime:
    """The true time of what a machine with a wrong clock dated."""
    for night, error in history.wrong_clocks:
        if abs(told - (night + error)) < DAY / 2:
            return told - error
    return told


def held_ids(story: Story) -> set[int]:
    return {int(str(identity)) for (identity,) in story.rows("SELECT identity FROM posts WHERE is_opened")}


def assert_quiet_nights_cost_the_same(history: History, rules: RecheckRules) -> None:
    story = history.story
    for number in range(4):
        before = len(story.server.log)
        history.blog.advance(DAY)
        code = history.dark(None)
        if number < 2:
            continue  # what the last trouble left over is made up for
        asked = [one.target for one in story.server.log[before:]]
        assert code == 0
        assert sorted(target for target in asked if not target.startswith("/a/")) == QUIET
        assert len(asked) - len(QUIET) <= rules.budget


def assert_many_nights_end_well(story: Story, seed: int, nights: int, *, budget: int) -> None:
    path = quick_site(story.folder, budget=budget)
    story.site = str(path)
    rules = load_site(path).recheck
    history = live_through(story, seed, nights)
    try:
        assert_quiet_nights_cost_the_same(history, rules)
        assert_nothing_is_missed_or_made_up(history, rules)
        assert_absences_are_known(history, rules)
        assert story.rows("SELECT is_walk_complete FROM runs ORDER BY id DESC LIMIT 1") == [(1,)]
        assert story.server.server.most_open <= 2, "the server may see an end after the next beginning"
        assert_sound(story)
    except BaseException:
        sys.stderr.write("\n".join(history.happened) + (story.folder / "night.log").read_text(encoding="utf-8"))
        raise


@pytest.mark.timeout(900)
@pytest.mark.parametrize("story", [12], indirect=True)
def test_sixty_nights_miss_nothing_and_make_nothing_up(story: Story) -> None:
    assert_many_nights_end_well(story, seed=1, nights=60, budget=16)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("story", [16], indirect=True)
@pytest.mark.parametrize("seed", [2, 3])
def test_four_hundred_nights_miss_nothing_and_make_nothing_up(story: Story, seed: int) -> None:
    """The blog grows to some two hundred posts, which this site file's intervals make forty looks a night."""
    assert_many_nights_end_well(story, seed=seed, nights=400, budget=48)
