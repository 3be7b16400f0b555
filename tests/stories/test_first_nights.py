"""An archivist's first nights: everything is kept, exactly once, and the second night is cheap."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from archive.rebuild import compare, rebuild
from archive.warc import load_exchange, walk, warc_files
from crawler.replica import ReplicaServer, Request, fictional_blog
from tests.stories.story import Ended, Story

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Story, Ended]]:
    """A crawl of an operator who has a mail address."""
    blog = fictional_blog(posts=24)
    with ReplicaServer(blog, has_tls=True) as server:
        story = Story(blog=blog, server=server, folder=tmp_path_factory.mktemp("first"))
        story.environ["VIGIL_CONTACT"] = "mailto:archive@operator.example"
        yield story, story.crawl()


def test_first_night_keeps_every_post_of_the_blog(first_night: tuple[Story, Ended]) -> None:
    story, night = first_night
    assert night.code == 0, night.err
    assert "no button" in night.out
    assert story.archived() == story.published()
    assert story.rows("SELECT is_walk_complete, exit_code, route FROM runs") == [(1, 0, "test-route")]


def test_every_request_says_who_asks(first_night: tuple[Story, Ended]) -> None:
    story, _ = first_night
    (path,) = warc_files(story.collection)
    block = next(walk(path)).block
    assert b"\r\nhttp-header-from: archive@operator.example\r\n" in block
    for logged in story.server.log:
        assert b"\r\nFrom: archive@operator.example\r\n" in logged.received
        assert b"+mailto:archive@operator.example)\r\n" in logged.received


def test_run_leaves_an_index_for_replay_software(first_night: tuple[Story, Ended]) -> None:
    story, _ = first_night
    warcs = {path.name for path in story.collection.warcs.iterdir()}
    assert {path.name.removesuffix(".cdxj") for path in story.collection.indexes.iterdir()} == warcs
    assert all("rferl" in path.read_text() for path in story.collection.indexes.iterdir())


def test_every_byte_of_every_exchange_comes_back_from_the_archive(first_night: tuple[Story, Ended]) -> None:
    story, _ = first_night
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
