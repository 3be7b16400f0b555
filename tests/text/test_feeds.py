"""Sitemaps and feeds: whole, in a stream, and safe on any input."""

import gzip
import re
import time
import tracemalloc
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.feeds import MAX_ENTRIES, read_feed
from archive.model import Feed, FeedEntry, Identity, PageOutcome
from crawler.replica import feeds as replica
from crawler.replica.model import WATCHDOG
from tests.text.conftest import blog, watchdog

URL = "https://www.rferl.org/sitemap_8_1.xml.gz"
HEAD = '<?xml version="1.0" encoding="utf-8"?>'
SITEMAP = f'{HEAD}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">%s</urlset>'


def read(payload: bytes | str) -> Feed:
    raw = payload.encode() if isinstance(payload, str) else payload
    return read_feed(raw, content_type="text/xml", url=URL, site=watchdog())


def entry(number: int) -> str:
    return (
        f"<url><loc>https://www.rferl.org/a/x/{number}.html</loc><lastmod>2025-04-20T17:38:23.4598287Z</lastmod></url>"
    )


def test_replica_s_own_files_are_read() -> None:
    posts = blog().listing()
    shard = read(replica.urlset([(post.url, post.modified, "weekly") for post in posts]))
    assert [found.url for found in shard.entries] == [post.url for post in posts]
    assert [found.modified for found in shard.entries] == [post.modified for post in posts]
    news = read(replica.news_sitemap(posts))
    assert [(found.title, found.published) for found in news.entries] == [
        (post.truth.title, post.published) for post in posts
    ]
    rss = read(replica.rss(WATCHDOG, posts, blog().now))
    assert [(found.identity, found.title) for found in rss.entries] == [
        (str(post.id), post.truth.title) for post in posts
    ]
    index = read(replica.sitemap_index(2, blog().now))
    assert (index.entries, len(index.sitemaps)) == ((), 5)
    assert {feed.outcome for feed in (shard, news, rss, index)} == {PageOutcome.OK}


@pytest.mark.parametrize(
    "feed",
    [
        pytest.param(
            f'{HEAD}<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A &amp; b</title>'
            '<link rel="self" href="/self"/><link rel="alternate" href="/a/x/1234.html"/><id>tag:1</id>'
            "<published>2025-04-20T10:00:00Z</published><updated>2025-04-21T10:00:00Z</updated></entry></feed>",
            id="atom",
        ),
        pytest.param(
            '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><link>https://www.rferl.org/</link>'
            "<item><guid>https://www.rferl.org/a/x/1234.html</guid><title><![CDATA[A & b]]></title>"
            "<dc:date>2025-04-20T10:00:00Z</dc:date><updated>2025-04-21T10:00:00Z</updated></item></channel></rss>",
            id="rss with dublin core",
        ),
        pytest.param(
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
            "<channel><title>x</title></channel><item><title>A &#38; b</title><link> /a/x/1234.html </link>"
            "<pubDate>Sun, 20 Apr 2025 12:00:00 +0200</pubDate><modified>2025-04-21T10:00Z</modified></item></rdf:RDF>",
            id="rss 1.0",
        ),
    ],
)
def test_formats_of_feeds(feed: str) -> None:
    assert read(feed) == Feed(
        outcome=PageOutcome.OK,
        entries=(
            FeedEntry(
                url="https://www.rferl.org/a/x/1234.html",
                identity=Identity("1234"),
                title="A & b",
                published=datetime(2025, 4, 20, 10, tzinfo=UTC),
                modified=datetime(2025, 4, 21, 10, tzinfo=UTC),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("payload", "outcome", "entries"),
    [
        pytest.param(b"", PageOutcome.EMPTY, 0, id="nothing"),
        pytest.param(replica.DEAD_FEED, PageOutcome.EMPTY, 0, id="dead feed of 11 bytes"),
        pytest.param("<!DOCTYPE html><html><title>x</title></html>", PageOutcome.BLOCKED, 0, id="a page in its place"),
        pytest.param("<html><body>Page not found<br>", PageOutcome.BLOCKED, 0, id="a broken page"),
        pytest.param("plain words, nothing else than plain words", PageOutcome.UNREADABLE, 0, id="text"),
        pytest.param(
            "<other><url><loc>https://www.rferl.org/</loc></url></other>", PageOutcome.UNREADABLE, 0, id="other XML"
        ),
        pytest.param(SITEMAP % (entry(1234) + entry(5678)), PageOutcome.OK, 2, id="plain"),
        pytest.param(gzip.compress((SITEMAP % entry(1234)).encode()), PageOutcome.OK, 1, id="gzip"),
        pytest.param(
            gzip.compress((SITEMAP % entry(1234)).encode()[:80]) + gzip.compress((SITEMAP % entry(1234)).encode()[80:]),
            PageOutcome.OK,
            1,
            id="two gzip members",
        ),
        pytest.param((SITEMAP % entry(1234))[:-9], PageOutcome.UNREADABLE, 1, id="cut off"),
        pytest.param(
            gzip.compress((SITEMAP % entry(1234)).encode())[:-9], PageOutcome.UNREADABLE, 1, id="cut off gzip"
        ),
        pytest.param(b"\x1f\x8b" + b"\0" * 99, PageOutcome.UNREADABLE, 0, id="no gzip"),
        pytest.param(
            (SITEMAP % entry(1234)).replace("utf-8", "klingon"), PageOutcome.UNREADABLE, 0, id="charset of no kind"
        ),
        pytest.param(
            (SITEMAP % entry(1234)).replace("utf-8", "utf-16").encode("utf-16"), PageOutcome.OK, 1, id="UTF-16"
        ),
        pytest.param(
            SITEMAP % "<url><loc></loc></url><url/><url><loc>ftp://x/</loc></url>", PageOutcome.OK, 0, id="no URLs"
        ),
        pytest.param(SITEMAP % ("<a>" * 50_000), PageOutcome.UNREADABLE, 0, id="deep"),
        pytest.param(SITEMAP % (entry(1234) * (MAX_ENTRIES + 1)), PageOutcome.UNREADABLE, MAX_ENTRIES, id="too many"),
    ],
)
def test_outcome_of_a_feed(payload: bytes | str, outcome: PageOutcome, entries: int) -> None:
    found = read(payload)
    assert (found.outcome, len(found.entries)) == (outcome, entries)


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p"> %p;]>',
    ],
)
def test_document_type_is_refused_before_anything_is_read(declaration: str) -> None:
    bomb = (SITEMAP % "<url><loc>https://www.rferl.org/a/x/1234.html?&c;&file;</loc></url>").replace(
        HEAD, HEAD + declaration
    )
    assert read(bomb) == Feed(outcome=PageOutcome.UNREADABLE)


def test_gzip_bomb_is_given_up_at_the_limit() -> None:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(2**20)
    bomb = b"".join(packer.compress(zeros) for _ in range(130)) + packer.flush()
    tracemalloc.start()
    try:
        found = read(bomb)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.outcome is PageOutcome.UNREADABLE
    assert most < 4 * 2**20


@given(st.binary(max_size=300), st.integers(0, 600), st.booleans())
def test_any_damage_is_an_outcome(noise: bytes, place: int, packed: bool) -> None:  # noqa: FBT001  # drawn
    whole = (SITEMAP % (entry(1234) * 3)).encode()
    whole = gzip.compress(whole) if packed else whole
    place %= len(whole)
    assert isinstance(read(whole[:place] + noise + whole[place + 3 :]), Feed)


def test_real_sitemaps_are_read_whole_in_seconds_and_flat_memory(shared_data: Path) -> None:
    files = sorted((shared_data / "pangea" / "sitemaps" / "www.rferl.org").iterdir())
    count, began = 0, time.process_time()
    for path in files:
        payload = path.read_bytes()
        found = read_feed(payload, content_type=None, url=f"https://www.rferl.org/{path.name}", site=watchdog())
        assert found.outcome is PageOutcome.OK
        plain = gzip.decompress(payload) if path.suffix == ".gz" else payload
        named = re.findall(rb"<loc>([^<]*)</loc>", plain)
        assert [one.url.encode() for one in (*found.entries, *found.sitemaps)] == named
        if re.search(r"_\d+\.xml", path.name):
            count += len(found.entries)
            assert all(one.identity and one.modified for one in found.entries)
    assert count == 199_499
    assert time.process_time() - began < 60
