"""The site and this machine differ about the time: a first night does not begin, a later one asks the archive."""

from datetime import UTC, datetime, timedelta

import pytest

from archive.errors import ExitCode
from tests.stories.story import Story
from tests.stories.survival import asked, assert_whole, last_run, omitted

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("story", [6], indirect=True)]


def stale() -> datetime:
    """What a cache says that keeps answers for days and hands their dates on."""
    return datetime.now(UTC) - timedelta(days=3)


def test_first_night_under_a_clock_that_the_site_contradicts_asks_nothing(story: Story) -> None:
    story.server.clock = stale
    ended = story.crawl()
    assert ended.code == ExitCode.CLOCK_WRONG
    assert "this machine's clock says" in ended.err + ended.out
    assert {url.rpartition("/")[2] for url in asked(story)} == {"robots.txt"}


def test_server_that_is_late_does_not_stop_a_night_that_the_night_before_bears_out(story: Story) -> None:
    assert story.crawl().code == 0
    story.server.clock = stale
    new = story.publish()
    assert story.crawl().code == 0
    assert str(new.id) in story.archived()
    assert [url.rpartition("/")[2] for url in omitted(story, "contradiction")] == ["robots.txt"]
    assert last_run(story, "exit_code") == (0,)
    assert_whole(story)
