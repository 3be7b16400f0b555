"""robots.txt, sitemaps and RSS, with the quirks that a spider must survive (Facts 1.5, 1.6)."""

import gzip
import re
from datetime import UTC, datetime, timedelta

import pytest
from protego import Protego

from crawler.replica import BlogSimulator, ReplicaServer, fictional_blog
from tests.replica.client import get

LOC = re.compile(r"<loc>([^<]+)</loc>")
ENTRY = re.compile(r"<loc>([^<]+)</loc><lastmod>([^<]+)</lastmod>")


@pytest.fixture(scope="module")
def blog() -> BlogSimulator:
    blog = fictional_blog(posts=120, others=80)
    blog.shard_size = 60
    return blog


def sitemap(server: ReplicaServer, name: str) -> str:
    return gzip.decompress(get(server, f"/sitemap_8_{name}.xml.gz").body).decode()


ALLOWED = [
    "/Watchdog",
    "/Watchdog/2016/3/19",
    "/latest-news/2021/12/7",
    "/a/x/1.html",
    "/amp/x/1.html",
    "/z/646",
    "/rss/?zoneid=646&count=200",
    "/podcast/?zoneId=646",
    "/sitemap_8_1.xml.gz",
]
DENIED = [
    "/Watchdog?p=1",
    "/Watchdog?p=1&d=28&m=1&y=2012",
    "/z/646?p=1",
    "/z/646/2010/12/3",
    "/api/zx",
    "/embed/player/0/1.html",
    "/comments/1.html",
    "/s?k=x",
]


@pytest.mark.parametrize(
    ("path", "is_allowed"), [(path, True) for path in ALLOWED] + [(path, False) for path in DENIED]
)
def test_robots_rules_are_the_cms_rules(blog: BlogSimulator, path: str, is_allowed: bool) -> None:  # noqa: FBT001
    with ReplicaServer(blog) as server:
        rules = Protego.parse(get(server, "/robots.txt").text)
    assert rules.can_fetch(f"https://www.rferl.org{path}", "vigil") is is_allowed
    assert rules.crawl_delay("vigil") is None
    assert list(rules.sitemaps) == ["https://www.rferl.org/sitemap.xml"]


def test_numbered_sitemaps_hold_the_whole_site_up_to_their_monthly_making(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as server:
        files = LOC.findall(get(server, "/sitemap.xml").text)
        numbered = [file for file in files if re.search(r"_\d+\.xml", file)]
        found = [LOC.findall(sitemap(server, str(number))) for number in range(1, len(numbered) + 1)]
    assert [file.rpartition("_")[2] for file in files[-3:]] == ["latest.xml.gz", "news.xml.gz", "sections.xml.gz"]
    expected = [post.url for post in blog.everything() if post.published <= datetime(2023, 12, 20, 17, 39, tzinfo=UTC)]
    assert [url for part in found for url in part] == expected
    assert {len(part) for part in found[:-1]} == {60}
    assert len(expected) < len(blog.everything()), "only the latest file closes the gap"


def test_latest_holds_thirty_days_and_news_two(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as server:
        latest, news = LOC.findall(sitemap(server, "latest")), sitemap(server, "news")
    for days, found in ((30, latest), (2, LOC.findall(news))):
        since = blog.now - timedelta(days=days)
        assert found == [post.url for post in blog.everything() if post.published > since]
        assert found
    assert "<news:publication_date>2023-12-31T" in news


def test_lastmod_is_when_a_post_changed_and_old_posts_carry_one_mass_edit(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as server:
        numbers = range(1, get(server, "/sitemap.xml").text.count("<lastmod>") + 1)
        times = dict(ENTRY.findall("".join(sitemap(server, str(number)) for number in numbers)))
    for post in blog.everything():
        if post.published.year == 2010:
            assert times[post.url] == "2012-02-02T16:23:37.7Z"
        elif post.url in times and post.modified < blog.shards_built:
            assert datetime.fromisoformat(times[post.url]) == post.modified


def test_sitemaps_name_articles_of_other_sections_without_saying_which(blog: BlogSimulator) -> None:
    other = blog.listing(blog.zones["Features"])[0]
    with ReplicaServer(blog) as server:
        page = get(server, other.path).text
    assert ">Features</a> </div>" in page
    assert "About This Blog" not in page


def test_loud_edit_moves_lastmod_and_silent_edit_does_not() -> None:
    blog = fictional_blog(posts=10, others=0)
    loud, silent = blog.listing()[:2]
    with ReplicaServer(blog) as server:
        before = dict(ENTRY.findall(sitemap(server, "latest")))
        blog.advance(timedelta(hours=3))
        blog.edit(loud.id, title="Another title")
        blog.edit(silent.id, body=["Another text."], is_silent=True)
        after = dict(ENTRY.findall(sitemap(server, "latest")))
        assert "Another text." in get(server, silent.path).text
    assert after[silent.url] == before[silent.url]
    assert after[loud.url] == "2024-01-01T15:00:00Z"


@pytest.mark.parametrize(
    ("count", "items"), [("", 20), ("&count=7", 7), ("&count=100", 100), ("&count=201", 20), ("&count=x", 20)]
)
def test_rss_gives_as_many_as_asked_up_to_two_hundred(blog: BlogSimulator, count: str, items: int) -> None:
    with ReplicaServer(blog) as server:
        feed = get(server, f"/rss/?zoneid=646{count}").text
    found = re.findall(r'<guid isPermaLink="true">([^<]+)</guid>', feed)
    assert found == [post.url for post in blog.listing()[:items]]


@pytest.mark.parametrize("target", ["/rss/?zoneid=99", "/rss/", "/api/zrqiteuuipt", "/podcast/?zoneId=0"])
def test_dead_feed_is_200_with_eleven_bytes(blog: BlogSimulator, target: str) -> None:
    with ReplicaServer(blog) as server:
        got = get(server, target)
    assert (got.status, len(got.body), got.body.decode("utf-8-sig").strip()) == (200, 11, "")
