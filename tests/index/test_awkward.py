"""What a hostile or careless site may bring is kept, and read back as far as it can be."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import pytest

from archive import jobs
from archive.model import (
    Article,
    Block,
    BlockKind,
    Credit,
    Identity,
    Image,
    Link,
    Page,
    PageOutcome,
    Purpose,
    Statement,
)
from archive.query import Archive
from archive.rebuild import write_index
from crawler.replica import BlogSimulator
from crawler.replica.framing import Answer
from tests.index.makers import article
from tests.index.nights import HOME, LISTING, SITE_TOML, Watch, refused

P = ParamSpec("P")
T = TypeVar("T")


class Told(Executor):
    """Reads every post's page as ``article``, with the identity that its URL names."""

    def __init__(self, article: Article) -> None:
        self.article = article

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        del fn, kwargs
        future: Future[T] = Future()
        url = cast("jobs.Job", args[0]).url
        identity = Identity(url.rpartition("/")[2].removesuffix(".html"))
        own = replace(self.article, identity=identity, url=url, canonical_url=None)
        future.set_result(cast("T", Page(outcome=PageOutcome.OK, article=own)))
        return future


def some_page(_: Answer) -> Answer:
    """Bytes that are not looked at."""
    return Answer(body=b"page")


def held(folder: Path, blog: BlogSimulator, *articles: Article) -> Watch:
    """An archive in which these articles were read, each under its own number from 1001."""
    reader = Told(article())
    watch = Watch(folder, blog, reader)
    with watch.night() as night:
        for number, one in enumerate(articles, 1):
            reader.article = one
            night.ask(f"{HOME}/a/{1000 + number}.html", spoil=some_page)
    return watch


FULL = replace(
    article("One paragraph.", "Another."),
    blocks=(
        Block(kind=BlockKind.HEADING, text="A heading"),
        Block(kind=BlockKind.PARAGRAPH, text="One paragraph."),
        Block(kind=BlockKind.ITEM, text="an item"),
        Block(kind=BlockKind.QUOTE, text="“A quote.”"),
    ),
    authors=("Ada Fictional", "Žofie Vymyšlená"),
    published=datetime(2014, 5, 6, 7, 8, 9, tzinfo=UTC),
    published_offset=-300,
    modified=datetime(2014, 5, 6, 8, 0, tzinfo=UTC),
    dateline="LOWER VARNIA",
    category="Watchdog",
    tags=("hats",),
    images=(
        Image(url="https://i.example/1_w200.jpg", original="https://i.example/1.jpg", caption="A hat."),
        Image(url="https://i.example/2.jpg", original="https://i.example/2.jpg", caption=None),
    ),
    links=(Link(url="https://other.example/", text="there"),),
    credit=Credit(text="Written by Ada", writer="Ada", sources=("Varnian Service",)),
    corrections=("An earlier version lost the hat.",),
    statements=(Statement(field="title", source="json-ld", value="Hat lost"),),
)


def test_article_comes_back_as_it_was_read(tmp_path: Path, blog: BlogSimulator) -> None:
    watch = held(tmp_path, blog, FULL)
    with watch.archive() as archive:
        (version,) = archive.post("1001").versions
    url = f"{HOME}/a/1001.html"
    assert version.article == replace(FULL, identity=Identity("1001"), url=url, canonical_url=None)
    watch.close()


def test_state_of_a_page_is_kept_once_however_often_it_is_read(tmp_path: Path, blog: BlogSimulator) -> None:
    reader = Told(FULL)
    watch = Watch(tmp_path, blog, reader)
    captions = (replace(FULL.images[0], caption="A lost hat."), FULL.images[1])
    with watch.night() as night:
        for one in (FULL, FULL, replace(FULL, images=captions), replace(FULL, extractor="test 2")):
            reader.article = one
            night.ask(f"{HOME}/a/1001.html", spoil=some_page)
    counts = "SELECT (SELECT count(*) FROM {}) AS n"
    rows = {name: watch.index.number(counts.format(name)) for name in ("articles", "texts", "versions", "readings")}
    assert rows == {"articles": 2, "texts": 1, "versions": 1, "readings": 4}
    watch.close()


AWKWARD = {
    "half a surrogate pair": replace(FULL, title="Hat \ud83d lost", authors=("\udc00",), tags=("\ud800",)),
    "a NUL": replace(FULL, title="Hat\0lost", blocks=(Block(kind=BlockKind.PARAGRAPH, text="a\0b"),)),
    "no words": replace(FULL, title="", blocks=(), is_textless=True),
    "blocks of blanks": replace(FULL, blocks=tuple(Block(kind=BlockKind.ITEM, text=" \u00a0\n") for _ in range(3))),
    "line breaks within a block": replace(FULL, blocks=(Block(kind=BlockKind.QUOTE, text="a\n\nb\n\n\nc"),)),
    "the year 1": replace(FULL, published=datetime(1, 1, 1, tzinfo=UTC), modified=datetime(1, 1, 1, tzinfo=UTC)),
    "the year 9999": replace(FULL, published=datetime.max.replace(tzinfo=UTC)),
    "before 1970": replace(FULL, published=datetime(1953, 3, 1, 12, 0, tzinfo=UTC)),
    "no time at all": replace(FULL, published=None, modified=None, published_offset=None),
    "words of SQL": replace(FULL, title="'; DROP TABLE posts; --", authors=('"', "\\")),
    "a very long text": replace(FULL, blocks=(Block(kind=BlockKind.PARAGRAPH, text="word " * 400_000),)),
}


@pytest.mark.parametrize("one", AWKWARD.values(), ids=AWKWARD)
def test_awkward_article_is_kept_and_shown(tmp_path: Path, blog: BlogSimulator, one: Article) -> None:
    watch = held(tmp_path, blog, FULL, one, replace(FULL, title="Last"))
    with watch.archive() as archive:
        assert archive.post("1002").versions[0].article.published == one.published
        for row in archive.db.execute("SELECT * FROM posts_current, post_versions, post_events, captures_readable"):
            assert tuple(row)
        for post in archive.posts():
            assert archive.post(f"#{post.id}").current
        archive.search("paragraph OR word")
    watch.close()


def test_hundreds_of_posts_of_one_second_are_all_found_and_quickly(tmp_path: Path, blog: BlogSimulator) -> None:
    others = [replace(FULL, title=f"Post {number}") for number in range(300)]
    earlier = replace(FULL, title="Earlier", published=datetime(2014, 5, 6, 7, 8, 8, tzinfo=UTC))
    later = replace(FULL, title="Much later", published=datetime(2014, 5, 6, 8, 8, 9, tzinfo=UTC))
    watch = held(tmp_path, blog, later, *others, earlier)
    began = time.process_time()
    with watch.archive() as archive:
        titles = [post.title for post in archive.posts(limit=400)]
        assert (len(titles), titles[0]) == (302, "Much later")
        assert len(archive.search("paragraph", limit=400).hits) == 302
    assert time.process_time() - began < 5
    watch.close()


def test_time_of_publication_ahead_of_its_capture_does_not_put_a_post_on_top(
    tmp_path: Path, blog: BlogSimulator
) -> None:
    ahead = replace(FULL, title="From the future", published=datetime(2999, 1, 1, tzinfo=UTC))
    fresh = replace(FULL, title="Fresh", published=datetime(2024, 3, 2, 3, 0, 30, tzinfo=UTC))
    watch = held(tmp_path, blog, ahead, fresh)
    with watch.archive() as archive:
        assert [post.title for post in archive.posts()] == ["Fresh", "From the future"]
    watch.close()


# --- bytes -----------------------------------------------------------------------------------------


def bomb(one: Answer) -> Answer:
    """Says that it is compressed, and is not."""
    headers = (*one.headers, ("Content-Encoding", "gzip"))
    return replace(one, body=b"plainly not compressed at all", headers=headers, is_compressible=False)


@pytest.mark.parametrize(
    ("path", "purpose"),
    [("/Watchdog", Purpose.LISTING), ("/sitemap_8_latest.xml.gz", Purpose.SITEMAP), ("/a/hat/{id}.html", Purpose.POST)],
)
def test_page_that_cannot_be_decoded_is_unreadable(
    watch: Watch, blog: BlogSimulator, path: str, purpose: Purpose
) -> None:
    hat = min(post.id for post in blog.everything())
    with watch.night() as night:
        _, reading = night.ask(HOME + path.format(id=hat), purpose, spoil=bomb)
    assert reading is not None
    assert reading.outcome is PageOutcome.UNREADABLE
    assert watch.index.number("SELECT count(*) FROM exchanges WHERE outcome = 'unreadable'") == 1


def test_listing_that_cannot_be_decoded_later_gives_no_text(
    watch: Watch, blog: BlogSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    hat = min(blog.everything(), key=lambda post: post.id)
    night = watch.begin()
    night.look(2)
    night.ask(HOME + hat.path, spoil=refused)
    monkeypatch.setattr("archive.indexer.indexer.DECODED_LIMIT", 10)
    night.end()
    with watch.archive() as archive:
        assert archive.posts() == ()


def test_revisit_of_a_url_with_other_letters_than_a_uri_has_finds_its_original(watch: Watch, tmp_path: Path) -> None:
    with watch.night() as night:
        night.ask(f"{HOME}/a/žluť?x=^", Purpose.OTHER, spoil=lambda _: Answer(body=b"same"))
        night.ask(f"{HOME}/a/žluť?x=^", Purpose.OTHER, spoil=lambda _: Answer(body=b"same"))
    with watch.archive() as archive:
        revisit, _ = archive.captures(f"{HOME}/a/žluť?x=^")
        assert revisit.capture.original is not None
    write_index(watch.collection, tmp_path / "again.db")


def test_not_modified_names_the_capture_it_speaks_of(watch: Watch, blog: BlogSimulator) -> None:
    hat = min(blog.everything(), key=lambda post: post.id)
    with watch.night() as night:
        first, _ = night.ask(HOME + hat.path)
    assert first.etag is not None
    with watch.night() as night:
        again, _ = night.ask(HOME + hat.path, headers=f"If-None-Match: {first.etag}\r\n")
    assert again.status == 304
    with watch.archive() as archive:
        post = archive.post(str(hat.id))
        assert post.versions[0].last.capture.sequence == again.sequence
        assert [type(event.event).__name__ for event in post.events[2:]] == ["Unchanged"]
        newest = archive.captures(HOME + hat.path)[0].capture
        assert (newest.kind.value, newest.original) == ("not-modified", again.original)


# --- rules that change -----------------------------------------------------------------------------


def test_post_that_a_new_site_file_knows_by_another_name_gets_it(
    watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watch.night() as night:
        night.ask(f"{HOME}/a/hat/5000.html")
    renamed = SITE_TOML.replace(b"(?P<id>", b"(?P<id>hat/")
    assert renamed != SITE_TOML
    monkeypatch.setattr("tests.index.nights.SITE_TOML", renamed)
    with watch.night() as night:
        night.ask(f"{HOME}/a/hat/5000.html")
    assert watch.index.number("SELECT count(*) FROM rules") == 2
    with watch.archive() as archive:
        assert {row[0] for row in archive.db.execute("SELECT identity FROM urls")} == {"hat/5000"}
        assert archive.post(f"{HOME}/a/hat/5000.html").post.identity == "hat/5000"
    write_index(watch.collection, tmp_path / "again.db")


def test_decoding_has_an_end() -> None:
    assert jobs.DECODED_LIMIT <= 2**28


def test_listing_seen_again_is_sighted_again(watch: Watch) -> None:
    for _ in range(2):
        with watch.night() as night:
            night.look(2)
    with watch.archive() as archive:
        assert isinstance(archive, Archive)
        (post, *_) = [archive.post(f"#{number}") for number in (1, 2, 3)]
        assert post.sighting_count == 2
        assert {seen.page_url for seen in post.sightings} == {LISTING}


def test_sighting_list_is_cut_but_the_first_stays(watch: Watch) -> None:
    night = watch.begin()
    for _ in range(25):
        watch.clock += timedelta(hours=1)
        night.look()
    night.end()
    with watch.archive() as archive:
        post = archive.post("#1")
        times = [seen.time for seen in post.sightings]
        assert (post.sighting_count, len(times), times == sorted(times)) == (25, 21, True)
        assert post.sightings[0].capture_id == 1
