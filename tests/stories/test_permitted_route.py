"""The operator takes the robots.txt exception out of the site file: vigil goes only where it may."""

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from archive.config import shipped_sites
from crawler.replica import ReplicaServer, fictional_blog
from crawler.replica.faults import FaultKind
from tests.stories.story import SITE, Story

pytestmark = pytest.mark.e2e


def without_exceptions(folder: Path) -> str:
    """Write the shipped site file without its robots exceptions; give its path."""
    text = (shipped_sites() / f"{SITE}.toml").read_text(encoding="utf-8")
    text = re.sub(r"\[\[robots\.exceptions\]\].*?(?=\n\[|\Z)", "", text, flags=re.DOTALL)
    assert "robots" not in tomllib.loads(text)
    path = folder / f"{SITE}.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def shown_by_day_pages(story: Story) -> set[str]:
    """What any day page of the blog's life shows."""
    days = sorted(post.published.date() for post in story.blog.listing())
    found: set[str] = set()
    day = days[0]
    while day <= story.blog.now.date():
        night = datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC) - timedelta(microseconds=1)
        found |= {str(post.id) for post in story.blog.listing(until=night)[: story.blog.page_size]}
        day += timedelta(days=1)
    return found


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A blog with a day of five posts, whose zone feed is dead, after a night on the permitted route."""
    folder = tmp_path_factory.mktemp("permitted")
    blog = fictional_blog(posts=20)
    with ReplicaServer(blog, has_tls=True) as server:
        story = Story(blog=blog, server=server, folder=folder, site=without_exceptions(folder))
        for _ in range(4):
            story.publish()
        blog.advance(timedelta(days=3))
        blog.fault("/rss/", FaultKind.ELEVEN_BYTES, times=None)
        ended = story.crawl()
        assert ended.code == 10, ended.err  # the dead feed is an alarm
        yield story


def test_permitted_route_finds_what_day_pages_and_candidates_show(night: Story) -> None:
    opened = night.rows(
        "SELECT p.identity FROM posts p JOIN candidates c ON c.identity = p.identity WHERE p.is_ours AND p.is_opened"
    )
    reached_as_candidates = {str(identity) for (identity,) in opened}
    archived = {str(identity) for (identity,) in night.rows("SELECT identity FROM posts WHERE is_opened AND is_ours")}
    assert archived >= shown_by_day_pages(night)
    assert archived == shown_by_day_pages(night) | reached_as_candidates
    assert archived <= night.published()


def test_nothing_that_robots_forbids_was_asked(night: Story) -> None:
    asked = [logged.target for logged in night.server.log]
    assert not [target for target in asked if "?p=" in target or target.startswith(("/api/", "/embed/"))]
    refused = night.rows("SELECT url FROM omissions WHERE kind = 'robots'")
    assert refused == [("https://www.rferl.org/Watchdog?p=1",)]


def test_days_that_may_hold_more_are_named(night: Story) -> None:
    crowded = max(post.published for post in night.blog.listing()).date()
    named = night.rows("SELECT url FROM omissions WHERE kind = 'maybe-more'")
    assert any(f"/Watchdog/{crowded.year}/{crowded.month}/" in str(url) for (url,) in named)


def test_site_wide_candidates_stay_within_the_nightly_budget(night: Story) -> None:
    budget = 50
    via_sitemap = night.rows(
        "SELECT count(*) FROM exchanges WHERE purpose = 'post' AND via LIKE '%/sitemap%' AND location IS NULL"
    )
    assert 0 < int(str(via_sitemap[0][0])) <= budget
    foreign = night.rows("SELECT count(*) FROM posts WHERE is_opened AND NOT is_ours")
    assert int(str(foreign[0][0])) > 0, "the replica's other zones are among the candidates"
    assert night.rows("SELECT count(*) FROM gaps g JOIN candidates c ON c.identity = g.identity") == [(0,)]


def test_next_permitted_night_is_cheap(night: Story) -> None:
    asked = len([logged for logged in night.server.log if re.search(r"/Watchdog/\d", logged.target)])
    night.crawl()
    again = len([logged for logged in night.server.log if re.search(r"/Watchdog/\d", logged.target)]) - asked
    assert again <= 8
