"""The replica's own acceptance: a reader of the real listing could not tell our page from it (Facts 0.4, 2.3)."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from resiliparse.extract.html2text import extract_plain_text

from crawler.replica import BlogSimulator, Post, ReplicaServer, fictional_blog
from crawler.replica.model import Picture
from tests.replica.client import get


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def posts_of(sample: list[str]) -> list[list[str]]:
    """The sample's posts: each begins with its cover's caption, printed twice."""
    body = sample[sample.index("Watchdog") + 1 : sample.index("Load more")]
    starts = [place for place, pair in enumerate(pairwise(body)) if pair[0] == pair[1]]
    return [body[start:end] for start, end in zip(starts, [*starts[1:], len(body)], strict=True)]


def publish_sample(blog: BlogSimulator, post: list[str], minutes: int) -> Post:
    when = blog.now - timedelta(minutes=minutes)
    written = blog.write("A title that links to its post", *post[2:], slug="a-title", when=when)
    blog.delete(written.id)
    guid = "01000000-0aff-0242-0000-00000000000" + str(minutes)
    return blog.publish(replace(written, id=written.id + 1, cover=Picture(guid=guid, caption=post[0])))


@pytest.fixture
def sample(shared_data: Path) -> list[str]:
    path = shared_data / "watchdog-listing-2022-08.txt"
    if not path.is_file():
        pytest.skip("needs ../shared/data/watchdog-listing-2022-08.txt, which is not here")
    return lines_of(path.read_text())


def test_page_0_reads_like_the_real_one_line_for_line(sample: list[str]) -> None:
    blog = fictional_blog(posts=30, others=0)
    blog.about = sample[sample.index("About This Blog") + 1]
    blog.trouble = sample[sample.index("Journalists In Trouble") + 1].removesuffix(" More")
    blog.notice = ""
    for minutes, post in enumerate(posts_of(sample), start=1):
        publish_sample(blog, post, minutes)
    with ReplicaServer(blog) as server:
        page = get(server, "/Watchdog").text
    read = extract_plain_text(page, main_content=True, alt_texts=True, list_bullets=False)
    assert lines_of(read) == sample
