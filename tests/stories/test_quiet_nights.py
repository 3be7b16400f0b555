"""What a night costs does not grow with the archive: the blog's server counts."""

from datetime import timedelta

import pytest

from archive.config import shipped_sites
from archive.site import load_site
from tests.stories.conftest import SITE, Story
from tests.stories.history import DAY
from tests.stories.nightfall import Nightfall

pytestmark = pytest.mark.e2e

QUIET = 6
SECOND_LOOK = 3
"""Pages of a second look at the listing's top, after a walk of more pages than usual: posts may have shifted them."""
SIZES = [30, pytest.param(3000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]


@pytest.mark.parametrize("story", SIZES, indirect=True)
def test_quiet_night_costs_the_same_for_every_size_and_new_posts_cost_what_they_are(story: Story) -> None:
    budget = load_site(shipped_sites() / f"{SITE}.toml").recheck.budget
    night = Nightfall(story=story, patience=1500)
    assert night.crawl(story.blog.now) == 0
    known = len(story.archived())
    story.blog.advance(DAY)
    before = len(story.server.log)
    assert night.crawl(story.blog.now) == 0
    asked = story.server.log[before:]
    posts = [one for one in asked if "/a/" in one.target]
    assert len(asked) - len(posts) <= QUIET
    assert len(posts) <= budget
    for _ in range(5):
        story.blog.advance(timedelta(hours=4))
        story.publish()
    before = len(story.server.log)
    assert night.crawl(story.blog.now + timedelta(hours=4)) == 0
    others = [one for one in story.server.log[before:] if "/a/" not in one.target]
    assert len(others) <= QUIET + 3 + SECOND_LOOK
    assert len(story.archived()) == known + 5
