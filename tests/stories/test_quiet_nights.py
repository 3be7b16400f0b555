"""What a night costs does not grow with the archive: the blog's server counts.

The archives were made of invented posts by the product's own indexer, as if a first walk had ended the day before.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.config import shipped_sites
from archive.site import load_site
from benchmarks.nights import watched
from crawler.replica import ReplicaServer
from tests.stories.history import DAY
from tests.stories.nightfall import Nightfall
from tests.stories.story import SITE, Story

pytestmark = pytest.mark.e2e

QUIET = 6
"""Requests of a night on which nothing is new and nothing due: robots.txt, three listing pages, feed, sitemap."""
SECOND_LOOK = 3
"""Pages of a second look at the listing's top, after a walk of more pages than usual: posts may have shifted them."""
NEWS = 5
SOURCES = ("/robots.txt", "/Watchdog", "/rss/", "/sitemap")
NOW = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)
SIZES = [
    pytest.param((300, 3000), id="300 and 3,000 posts"),
    pytest.param((300, 30_000), id="300 and 30,000 posts", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
]


@dataclass(kw_only=True)
class Asked:
    """What the blog's server was asked in one night, in order: its sources, posts, and what their pages need."""

    sources: list[str]
    posts: list[str]
    needs: list[str]


class Nights:
    """Nights of a blog whose first walk is done."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._fall = Nightfall(story=story)
        assert story.archived() == story.published()
        story.blog.write("An invented page", "Its style sheets and pictures were kept by no night yet.")
        self.pass_one()

    def pass_one(self, *, days: int = 1) -> Asked:
        """Crawl the night after so many days."""
        self.story.blog.advance(days * DAY)
        before = len(self.story.server.log)
        assert self._fall.crawl(self.story.blog.now) == 0
        asked = [one.target for one in self.story.server.log[before:]]
        return Asked(
            sources=[target for target in asked if target.startswith(SOURCES)],
            posts=[target for target in asked if target.startswith("/a/")],
            needs=[target for target in asked if not target.startswith((*SOURCES, "/a/"))],
        )

    def edits(self) -> int:
        """How many edits the archive knows."""
        [(count,)] = self.story.rows("SELECT count(*) FROM events WHERE kind = 'version-added' AND is_edit = 1")
        return int(str(count))


def assert_cost_what_happened(nights: Nights, budget: int) -> list[list[str]]:
    """Let a quiet night, one of new posts and one of edits pass; give what else than posts they asked for."""
    story = nights.story
    quiet = nights.pass_one()
    assert len(quiet.sources) <= QUIET
    assert len(quiet.posts) <= budget
    assert quiet.needs == []

    new = []
    for number in range(NEWS):
        story.blog.advance(timedelta(hours=3))
        new.append(story.blog.write(f"Invented news, number {number}", "Nothing of it happened.", slug="news"))
    busy = nights.pass_one()
    assert story.archived() == story.published()
    assert len(busy.sources) <= QUIET + NEWS // 2 + 1 + SECOND_LOOK
    assert len(busy.posts) <= NEWS + budget
    assert all(busy.posts.count(post.path) == 1 for post in new)

    nights.pass_one(days=15)  # a post's look is weekly now, and was yesterday
    before = nights.edits()
    story.blog.advance(timedelta(hours=12))
    for post in new:
        story.blog.edit(post.id, body=[f"The invented editors set post {post.id} right."])
    edited = nights.pass_one()
    assert nights.edits() == before + NEWS
    assert len(edited.sources) <= QUIET
    assert len(edited.posts) <= budget
    assert edited.needs == []
    return [quiet.sources, busy.sources, sorted(busy.needs), edited.sources]


def lived_through(folder: Path, posts: int, budget: int) -> list[list[str]]:
    folder.mkdir()
    blog = watched(posts, Collection(folder / "collection"), NOW)
    with ReplicaServer(blog, has_tls=True) as server:
        return assert_cost_what_happened(Nights(Story(blog=blog, server=server, folder=folder)), budget)


@pytest.mark.parametrize("sizes", SIZES)
def test_night_costs_what_happened_and_the_same_for_every_size_of_the_archive(
    sizes: tuple[int, int], tmp_path: Path
) -> None:
    budget = load_site(shipped_sites() / f"{SITE}.toml").recheck.budget
    smaller, larger = (lived_through(tmp_path / str(size), size, budget) for size in sizes)
    assert smaller == larger
