"""The simulator's verbs, each seen from outside."""

import hashlib
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from crawler.replica import BlogSimulator, ReplicaServer, Request, fictional_blog
from tests.replica.client import get

DIGEST = """
import hashlib
from crawler.replica import fictional_blog
from crawler.replica.article_page import article_page
from crawler.replica.listing_page import listing_page
from crawler.replica.model import WATCHDOG
blog = fictional_blog(posts=60, others=20)
pages = [article_page(post, blog.column()) for post in blog.everything()]
pages.append(listing_page(WATCHDOG, blog.listing(), None, blog.column()))
print(hashlib.sha256("".join(pages).encode()).hexdigest())
"""


@pytest.fixture
def blog() -> BlogSimulator:
    return fictional_blog(posts=12, others=6)


def test_same_seed_gives_the_same_bytes_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_another_seed_gives_another_blog() -> None:
    def digest(seed: int) -> str:
        posts = fictional_blog(seed=seed, posts=12, others=0).listing()
        return hashlib.sha256(repr(posts).encode()).hexdigest()

    assert digest(1) != digest(2)


def test_published_post_stands_on_top_of_listing_feed_and_sidebar(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as server:
        get(server, "/Watchdog")
        post = blog.write("A New Post", "Its only paragraph.", slug="a-new-post")
        assert post.path in get(server, "/Watchdog").text
        assert post.url in get(server, "/rss/?zoneid=646").text
        assert post.path in get(server, blog.listing()[-1].path).text
    assert blog.listing()[0] is post


def test_taken_id_is_refused(blog: BlogSimulator) -> None:
    with pytest.raises(ValueError, match="is taken"):
        blog.publish(blog.listing()[0])


@pytest.mark.parametrize("status", [404, 410])
def test_deleted_post_is_gone_everywhere_until_restored(blog: BlogSimulator, status: int) -> None:
    post = blog.listing()[0]
    with ReplicaServer(blog) as server:
        blog.delete(post.id, status)
        assert get(server, post.path).status == status
        assert post.path not in get(server, "/Watchdog").text
        assert post.url not in get(server, "/rss/?zoneid=646").text
        blog.restore(post.id)
        assert get(server, post.path).status == 200
        assert post.path in get(server, "/Watchdog").text


def test_moved_post_redirects_from_its_old_address(blog: BlogSimulator) -> None:
    old = blog.listing()[2]
    with ReplicaServer(blog) as server:
        new = blog.move(old.id, "another-name")
        got = get(server, old.path)
        assert (got.status, got.headers["location"]) == (301, f"http://www.rferl.org{new.path}")
        assert get(server, new.path).status == 200


def test_silent_edit_changes_the_text_and_not_the_stated_time(blog: BlogSimulator) -> None:
    blog.advance(timedelta(days=1))
    post = next(post for post in blog.listing() if post.has_json_ld)
    silent = blog.edit(post.id, body=["One.", "Two."], is_silent=True)
    assert [block.text for block in silent.truth.blocks] == ["One.", "Two."]
    assert silent.truth.modified == post.truth.modified
    loud = blog.edit(post.id, title="Three")
    assert (loud.truth.title, loud.truth.modified) == ("Three", blog.now)


def test_story_may_change_the_blog_while_it_is_read(blog: BlogSimulator) -> None:
    def publish_at_page_2(request: Request) -> None:
        if request.target == "/Watchdog?p=2":
            blog.write("Published In Between", "It shifts every page by one.")

    before = blog.listing()
    with ReplicaServer(blog) as server:
        server.before = publish_at_page_2
        get(server, "/Watchdog?p=1")
        shifted = get(server, "/Watchdog?p=2").text
    shown = [post for post in before if f'blog-item__title"><a href="{post.path}"' in shifted]
    assert shown == list(before[3:5])
