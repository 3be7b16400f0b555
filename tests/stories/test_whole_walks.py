"""Posts put in among older ones, which no quiet night meets: the listing is walked whole now and again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from archive.config import shipped_sites
from archive.query.walks import TO_THE_END
from crawler.replica import Post
from crawler.replica.faults import FaultKind
from crawler.walk import StopReason
from tests.stories.history import DAY
from tests.stories.nightfall import Nightfall
from tests.stories.story import SITE, Story

pytestmark = pytest.mark.e2e

EVERY = 91 * DAY


def put_in_among_older_ones(story: Story) -> Post:
    """Have the blog publish a post under a date at which it has ten newer ones."""
    old = story.blog.listing()[10]
    when = old.published - timedelta(minutes=5)
    return story.blog.publish(
        replace(old, id=old.id + 1, slug=None, title="The lamp that was late", published=when, modified=when)
    )


@pytest.fixture
def night(story: Story) -> Nightfall:
    """Past the first night, with a site file that names no feed: a real one shows but the newest 200 posts."""
    shipped = (shipped_sites() / f"{SITE}.toml").read_text(encoding="utf-8")
    path = story.folder / f"{SITE}.toml"
    path.write_text(shipped.replace("\nfeeds = [", "\n# [").replace("_per_run = 50", "_per_run = 0"))
    story.site = str(path)
    night = Nightfall(story=story)
    assert night.crawl(story.blog.now) == 0
    return night


def is_held(story: Story, post: Post) -> bool:
    return str(post.id) in story.archived()


def test_post_put_in_among_older_ones_is_found_by_the_next_whole_walk(story: Story, night: Nightfall) -> None:
    late = put_in_among_older_ones(story)
    story.blog.advance(DAY)
    assert night.crawl(story.blog.now) == 0
    assert not is_held(story, late), "a quiet night does not go so deep"
    story.blog.advance(EVERY)
    assert night.crawl(story.blog.now) == 0
    assert is_held(story, late)
    story.blog.advance(DAY)
    before = len(story.server.log)
    assert night.crawl(story.blog.now) == 0
    assert sum("Watchdog" in one.target for one in story.server.log[before:]) <= 3, "the next night is quiet again"
    assert "would walk" in (told := story.crawl("--dry-run").out)
    assert "to the listing's end" in told, "by this machine's clock, years have passed"


def test_whole_walk_that_was_cut_off_is_ended_by_the_next_night(story: Story, night: Nightfall) -> None:
    late = put_in_among_older_ones(story)
    story.blog.advance(EVERY)
    story.blog.fault(lambda request: "p=4" in request.target, FaultKind.RESET_BEFORE, times=20)
    assert night.crawl(story.blog.now) != 0
    assert not is_held(story, late)
    story.blog.faults.clear()
    story.blog.advance(DAY)
    before = len(story.server.log)
    assert night.crawl(story.blog.now) == 0
    assert is_held(story, late)
    pages = [one.target for one in story.server.log[before:] if "Watchdog" in one.target]
    assert any("/20" in page for page in pages), "it went on from a day page"


def test_reasons_by_which_a_whole_walk_is_known_are_the_walks_own() -> None:
    assert {one for one in StopReason if one.is_end_of_listing} == set(TO_THE_END)
