"""What the tests of the readers share: the shipped site file, small pages, the replica's pages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from archive.model import Article, Page
from archive.site import Layout, Site, load_site
from archive.text import read_post
from crawler.replica import BlogSimulator, Post, fictional_blog
from crawler.replica.article_page import article_page
from crawler.replica.model import Template
from crawler.replica.page_2013 import page_2013

ROOT = Path(__file__).parents[2]
NOW = datetime(2024, 5, 1, tzinfo=UTC)
URL = "https://www.rferl.org/a/a-post/31234567.html"
HTML = "text/html; charset=utf-8"

PostReader = Callable[..., Page]


@cache
def watchdog() -> Site:
    """The shipped site file."""
    return load_site(ROOT / "config" / "sites" / "rferl-watchdog.toml")


@cache
def blog() -> BlogSimulator:
    """The replica's blog of 300 posts, whose truth is known."""
    return fictional_blog(others=0)


def rendered(post: Post, of: BlogSimulator | None = None) -> bytes:
    """A post's own page in the template of its year."""
    render = page_2013 if post.template is Template.T2013 else article_page
    return render(post, (of or blog()).column()).encode()


@pytest.fixture(scope="session")
def site() -> Site:
    return watchdog()


def plain_site(**layout: object) -> Site:
    """A blog with plain markup: nothing but what the layout's keys say."""
    rules = Layout(name="plain", body=("article",), **layout)  # type: ignore[arg-type]  # keys of Layout, by name
    return replace(watchdog(), layouts=(rules,), listing=replace(watchdog().listing, marker=()), language=None)


def page(body: str, head: str = "<title>A post</title>") -> bytes:
    """A page of plain markup around a post's body."""
    return f"<html><head>{head}</head><body><h1>A post</h1><article>{body}</article></body></html>".encode()


def read(payload: bytes, site: Site | None = None, url: str = URL) -> Page:
    """Read a page as captured in 2024."""
    return read_post(payload, content_type=HTML, url=url, site=site or plain_site(), captured=NOW)


def article(payload: bytes, site: Site | None = None, url: str = URL) -> Article:
    """The article of a page that has one."""
    found = read(payload, site, url)
    assert found.article is not None, found
    return found.article


def texts(payload: bytes, site: Site | None = None) -> list[str]:
    """The blocks of a page as ``kind: text``."""
    return [f"{block.kind}: {block.text}" for block in article(payload, site).blocks]
