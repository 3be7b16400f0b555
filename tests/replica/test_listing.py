"""The listing and its "Load more", day pages, and other sections (Facts 1.3, 1.4)."""

import re
from datetime import UTC, datetime

import pytest

from crawler.replica import BlogSimulator, ReplicaServer, fictional_blog
from tests.replica.client import get

CARD = re.compile(r'class="title blog-item__title"><a href="([^"]+)"')
BUTTON = re.compile(r'<a class="btn link-showMore[^>]*data-ajax-url="([^"]*)" href="([^"]*)"[^>]*>Load more</a>')


@pytest.fixture(scope="module")
def blog() -> BlogSimulator:
    return fictional_blog(posts=41, others=30)


def cards(page: str) -> list[str]:
    return CARD.findall(page)


def button(page: str) -> str | None:
    found = BUTTON.search(page)
    if found is None:
        return None
    assert found[1] == found[2]
    return found[1].replace("&amp;", "&")


def paths(blog: BlogSimulator) -> list[str]:
    return [post.path for post in blog.listing()]


def walk(server: ReplicaServer, start: str) -> list[str]:
    found: list[str] = []
    target: str | None = start
    while target:
        page = get(server, target).text
        found += cards(page)
        target = button(page)
    return found


def test_following_the_button_shows_every_post_once_newest_first(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as server:
        assert walk(server, "/Watchdog") == paths(blog)
        assert [exchange.target for exchange in server.log][1] == "/Watchdog?p=1"
        assert len(server.log) == 21


def test_full_posts_stand_two_a_page(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as server:
        page = get(server, "/Watchdog").text
    assert cards(page) == paths(blog)[:2]
    assert page.count('<div class="wsw">') == 2 + 2, "two posts, two sidebar texts"


def test_button_has_the_attributes_of_unobtrusive_ajax(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as server:
        page = get(server, "/Watchdog").text
    anchor = re.search(r'<a class="btn link-showMore[^>]*>', page)
    assert anchor
    for attribute in ('data-ajax="true"', 'data-ajax-method="GET"', 'data-ajax-mode="after"', "data-ajax-update="):
        assert attribute in anchor[0]
    target = re.search(r'data-ajax-update="#(\w+)"', anchor[0])
    assert target
    assert f'id="{target[1]}"' in page


def test_plain_get_of_a_later_page_has_the_whole_shell_and_a_script_gets_a_fragment(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as server:
        page = get(server, "/Watchdog?p=1").text
        fragment = get(server, "/Watchdog?p=1", X_Requested_With="XMLHttpRequest").text
    assert "responsive-indicator" in page
    assert "Breaking News" in page
    assert "<html" not in fragment
    assert cards(fragment) == cards(page)
    assert button(fragment) == button(page) == "/Watchdog?p=2"


@pytest.mark.parametrize("target", ["/Watchdog?p=21", "/Watchdog?p=5000"])
def test_past_the_end_is_200_without_items_or_button(blog: BlogSimulator, target: str) -> None:
    with ReplicaServer(blog) as server:
        got = get(server, target)
    assert (got.status, cards(got.text), button(got.text)) == (200, [], None)


@pytest.mark.parametrize("target", ["/Watchdog?p=0", "/Watchdog?page=7", "/Watchdog?p=x", "/z/646", "/Watchdog?wr=1"])
def test_other_addresses_of_page_0(blog: BlogSimulator, target: str) -> None:
    with ReplicaServer(blog) as server:
        assert cards(get(server, target).text) == paths(blog)[:2]


def test_day_page_shows_the_newest_on_or_before_the_day_and_loads_more(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as server:
        page = get(server, "/Watchdog/2015/7/1").text
        assert button(page) == "/Watchdog?p=1&d=1&m=7&y=2015"
        shown = walk(server, "/Watchdog/2015/7/1")
    until = datetime(2015, 7, 2, tzinfo=UTC)
    assert shown == [post.path for post in blog.listing() if post.published < until]


def test_numbered_day_page_pages_by_its_own_path(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as server:
        assert button(get(server, "/z/646/2015/7/1").text) == "/z/646/2015/7/1?p=1"
        assert walk(server, "/z/646/2015/7/1") == walk(server, "/Watchdog/2015/7/1")


@pytest.mark.parametrize("target", ["/Watchdog/2015/13/1", "/Watchdog/2015/2/30", "/Nosuchblog", "/z/99999"])
def test_what_is_no_day_or_zone_is_404(blog: BlogSimulator, target: str) -> None:
    with ReplicaServer(blog) as server:
        assert get(server, target).status == 404


def test_other_sections_show_teasers_without_text(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as server:
        page = get(server, "/Features").text
    post = blog.listing(blog.zones["Features"])[0]
    assert post.path in page
    assert post.truth.blocks[0].text not in page


def test_page_size_and_reordering_show_at_once() -> None:
    mine = fictional_blog(posts=12, others=0)
    last = mine.listing()[-1]
    with ReplicaServer(mine) as server:
        get(server, "/Watchdog")
        mine.set_page_size(5)
        mine.reorder([last.id])
        shown = cards(get(server, "/Watchdog").text)
    assert shown[0] == last.path
    assert len(shown) == 5
