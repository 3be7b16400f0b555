"""Records first, reading later: a crawl on a weak machine, or in a hurry."""

import pytest

from archive.rebuild import compare, rebuild
from tests.stories.story import Story

pytestmark = pytest.mark.e2e


def test_records_kept_now_are_indexed_later_as_if_they_had_been_at_once(story: Story) -> None:
    assert story.crawl("--index-later").code == 0
    assert story.rows("SELECT count(*) FROM exchanges") == [(0,)]
    indexed = story.vigil("index")
    assert indexed.code == 0, indexed.err
    assert story.archived() == story.published()
    live = story.collection.database.rename(story.folder / "live.db")
    rebuild(story.collection, workers=1)
    assert compare(live, story.collection.database) == []


def test_next_crawl_indexes_what_was_left(story: Story) -> None:
    assert story.crawl("--index-later").code == 0
    second = story.crawl()
    assert second.code == 0, second.err
    assert story.archived() == story.published()
    assert story.rows("SELECT count(*) FROM exchanges WHERE purpose = 'post'") == [(len(story.published()),)]
