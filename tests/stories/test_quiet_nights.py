"""What a night costs does not grow with the archive: the blog's server counts."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from archive.config import shipped_sites
from archive.site import load_site
from crawler.replica import ReplicaServer, fictional_blog
from tests.stories.conftest import SITE, Story
from tests.stories.history import DAY
from tests.stories.nightfall import Nightfall

pytestmark = pytest.mark.e2e

QUIET = 6
"""Requests of a night on which nothing is new and nothing due: robots.txt, three listing pages, feed, sitemap."""
SECOND_LOOK = 3
"""Pages of a second look at the listing's top, after a walk of more pages than usual: posts may have shifted them."""
NEWS = 5
SIZES = [
    pytest.param((30, 300), id="30 and 300 posts"),
    pytest.param((300, 30_000), id="300 and 30,000 posts", marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
]


@dataclass(kw_only=True)
class Asked:
    """What the blog's server was asked in one night: pages of posts, and all else, in order."""

    posts: list[str]
    others: list[str]


class Nights:
    """Nights of a blog whose first walk is done."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._fall = Nightfall(story=story, patience=3000)
        story.blog.set_page_size(20)
        assert self._fall.crawl(story.blog.now) == 0
        story.blog.set_page_size(2)
        assert story.archived() == story.published()
        story.blog.advance(timedelta(hours=12))

    def pass_one(self, *, days: int = 1) -> Asked:
        """Crawl the night after so many days."""
        self.story.blog.advance(days * DAY)
        before = len(self.story.server.log)
        assert self._fall.crawl(self.story.blog.now) == 0
        asked = [one.target for one in self.story.server.log[before:]]
        is_post = ["/a/" in target for target in asked]
        return Asked(
            posts=[target for target, is_one in zip(asked, is_post, strict=True) if is_one],
            others=[target for target, is_one in zip(asked, is_post, strict=True) if not is_one],
        )

    def edits(self) -> int:
        """How many edits the archive knows."""
        [(count,)] = self.story.rows("SELECT count(*) FROM events WHERE kind = 'version-added' AND is_edit = 1")
        return int(str(count))


def assert_cost_what_happened(nights: Nights, budget: int) -> list[list[str]]:
    """Let a quiet night, one of new posts and one of edits pass; give what else than posts each asked for."""
    story = nights.story
    quiet = nights.pass_one()
    assert len(quiet.others) <= QUIET
    assert len(quiet.posts) <= budget

    new = []
    for number in range(NEWS):
        story.blog.advance(timedelta(hours=3))
        new.append(story.blog.write(f"Invented news, number {number}", "Nothing of it happened.", slug="news"))
    busy = nights.pass_one()
    assert story.archived() == story.published()
    assert len(busy.others) <= QUIET + NEWS // 2 + 1 + SECOND_LOOK
    assert len(busy.posts) <= NEWS + budget
    assert all(busy.posts.count(post.path) == 1 for post in new)

    nights.pass_one(days=15)  # a post's look is weekly now, and was yesterday
    before = nights.edits()
    story.blog.advance(timedelta(hours=12))
    for post in new:
        story.blog.edit(post.id, body=[f"The invented editors set post {post.id} right."])
    edited = nights.pass_one()
    assert nights.edits() == before + NEWS
    assert len(edited.others) <= QUIET
    assert len(edited.posts) <= budget
    return [quiet.others, busy.others, edited.others]


def lived_through(folder: Path, posts: int, budget: int) -> list[list[str]]:
    folder.mkdir()
    blog = fictional_blog(posts=posts, others=0)
    with ReplicaServer(blog, has_tls=True) as server:
        return assert_cost_what_happened(Nights(Story(blog=blog, server=server, folder=folder)), budget)


@pytest.mark.parametrize("sizes", SIZES)
def test_night_costs_what_happened_and_the_same_for_every_size_of_the_archive(
    sizes: tuple[int, int], tmp_path: Path
) -> None:
    budget = load_site(shipped_sites() / f"{SITE}.toml").recheck.budget
    smaller, larger = (lived_through(tmp_path / str(size), size, budget) for size in sizes)
    assert smaller == larger
