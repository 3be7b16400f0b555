"""An archivist's first nights: everything is kept, exactly once, and the second night is cheap."""

from datetime import timedelta

import pytest

from archive.rebuild import compare, rebuild
from archive.warc import load_exchange
from crawler.replica import Request
from tests.stories.conftest import Story

pytestmark = pytest.mark.e2e


def test_first_night_keeps_every_post_of_the_blog(story: Story) -> None:
    night = story.crawl()
    assert night.code == 0, night.err
    assert "no button" in night.out
    assert story.archived() == story.published()
    assert story.rows("SELECT is_walk_complete, exit_code, route FROM runs") == [(1, 0, "test-route")]


def test_every_byte_of_every_exchange_comes_back_from_the_archive(story: Story) -> None:
    assert story.crawl().code == 0
    laid = story.laid()
    assert len(laid) == len(story.server.log)
    for unit, logged in zip(laid, story.server.log, strict=True):
        exchange = load_exchange(story.collection, unit.capture)
        assert exchange.request == logged.received, unit.capture.url
        assert exchange.received == logged.sent, unit.capture.url
        assert exchange.peer is not None
        assert exchange.peer.tls is not None
        assert exchange.peer.tls.version == "1.3"
        assert story.server.certificates is not None
        assert exchange.peer.tls.chain[0] == story.server.certificates.leaf_der


def test_quiet_night_costs_a_few_requests_and_adds_no_row_of_text(story: Story) -> None:
    story.crawl()
    before = story.rows("SELECT count(*) FROM texts"), story.rows("SELECT count(*) FROM versions")
    asked = len(story.server.log)
    night = story.crawl()
    assert night.code == 0, night.err
    assert "caught up" in night.out
    assert len(story.server.log) - asked <= 6
    assert (story.rows("SELECT count(*) FROM texts"), story.rows("SELECT count(*) FROM versions")) == before


def test_new_post_is_found_the_next_night_and_nothing_is_opened_twice(story: Story) -> None:
    story.crawl()
    story.blog.advance(timedelta(days=1))
    new = str(story.publish().id)
    assert story.crawl().code == 0
    assert story.archived() == story.published()
    opened = story.rows("SELECT count(*) FROM exchanges WHERE purpose = 'post'")
    assert opened == [(len(story.published()),)]
    assert (new,) in story.rows("SELECT identity FROM posts")


def test_post_published_while_the_walk_runs_is_kept_and_none_is_lost(story: Story) -> None:
    first = story.published()

    def publish_on_the_way(_: Request) -> None:
        if len(story.server.log) in {8, 15, 21}:
            story.publish()

    story.server.before = publish_on_the_way
    assert story.crawl().code == 0
    assert len(story.published()) == len(first) + 3
    assert story.archived() == story.published()
    assert story.rows("SELECT count(*) FROM exchanges WHERE purpose = 'post'") == [(len(story.published()),)]


def test_index_made_from_the_records_alone_equals_the_live_one(story: Story) -> None:
    story.crawl()
    story.blog.advance(timedelta(days=1))
    story.publish()
    story.blog.delete(min(post.id for post in story.blog.listing()))
    story.crawl("--full")
    live = story.collection.database.rename(story.folder / "live.db")
    rebuild(story.collection, workers=2)
    assert compare(live, story.collection.database) == []
