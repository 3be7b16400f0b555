"""Whatever a server sends: no reader raises, and none takes more than the stated time and memory.

Stated, for a page within the limits of ``archive.page``: 10 seconds of one core and 250 MB; beyond them, nothing.
"""

import gc
import tracemalloc
from collections.abc import Callable
from functools import cache
from random import Random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.feeds import read_feed
from archive.listing import read_listing
from archive.model import Identity, Page, PageOutcome, Purpose
from archive.page import MAX_BYTES, MAX_TAGS
from archive.reading import read
from archive.text import read_card, read_post
from crawler.replica import feeds as replica
from crawler.replica.listing_page import listing_page
from crawler.replica.model import WATCHDOG, Template
from tests.conftest import SHARED_DATA
from tests.text.conftest import HTML, NOW, URL, blog, rendered, watchdog
from tests.text.mutations import mutated

SECONDS, BYTES = 10, 250 * 2**20
MANY = settings(max_examples=settings().max_examples * 10 if settings().max_examples >= 1000 else 200)
SNIPPETS = (
    b"\0", b"\xff\xfe", b"\xc3", b"<", b">", b'"', b"<!--", b"-->", b"<![CDATA[", b"<p>", b"</div>", b"<div>" * 300,
    b"<script>", b"</script>", b"<svg>", b"<math>", b"<table><tr>", b"<template>", b"&#0;&#x110000;&bad;",
    b"<a href='//['>", b"<plaintext>", b"<base href='http://['>", b"<meta charset=utf-7>", b"\r\n" * 50, b" " * 500,
    b"<?xml?>", b"]]>", b'{"@type":"Article"', b"<time datetime='9999-99-99'>", b"<a" + b" x=1" * 300,
    "\u202e\ud7ff\uffff\U0010ffff".encode(),
)  # fmt: skip


@cache
def corpus() -> tuple[bytes, ...]:
    """A page of every kind of post and template, a listing, a sitemap, and the real documents where they are."""
    posts = blog().listing()
    kinds = {(post.template, post.kind, post.has_breaks, post.language): post for post in posts}
    pages = [rendered(post) for post in kinds.values()]
    pages.append(listing_page(WATCHDOG, posts[:2], "/Watchdog?p=1", blog().column()).encode())
    pages.append(replica.rss(WATCHDOG, posts[:9], blog().now))
    real = SHARED_DATA / "pangea" / "html"
    return (*pages, *(path.read_bytes() for path in sorted(real.glob("*.html"))))


def all_readers(payload: bytes, content_type: str | None) -> None:
    site = watchdog()
    for purpose in Purpose:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
        read(purpose=purpose, status=200, head=head, payload=payload, url=URL, time=NOW, site=site)
    read_card(payload, content_type=content_type, url=site.listing.start, site=site, identity=Identity("31234567"))


@MANY
@given(st.data())
def test_damaged_page_is_read_without_a_raise(data: st.DataObject) -> None:
    page = data.draw(st.sampled_from(corpus()))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(page)))
        gone = data.draw(st.sampled_from((0, 1, 7, 300, 20_000)))
        page = page[:place] + data.draw(st.sampled_from(SNIPPETS) | st.binary(max_size=20)) + page[place + gone :]
    all_readers(
        page, data.draw(st.sampled_from((HTML, None, "text/html; charset=utf-16", "x" * 99, "text/html; charset=gbk")))
    )


@MANY
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_page_of_strange_markup_is_read_without_a_raise(seed: int, changes: int) -> None:
    dice = Random(seed)
    page, _ = mutated(dice.choice(corpus()[:-1]), dice, changes=changes)
    all_readers(page, HTML)


def body(inner: bytes) -> bytes:
    start = b'<html><body class="pg-article"><h1>T</h1><div id="article-content"><div class="wsw">'
    return start + inner + b'</div></div><div class="responsive-indicator">'


N = MAX_TAGS // 2 - 50
WORST: dict[str, Callable[[], bytes]] = {
    "one long paragraph": lambda: body(b"<p>" + b"word " * (MAX_BYTES // 5 - 100)),
    "many paragraphs": lambda: body(b"<p>word word word word word word</p>" * N),
    "many headings": lambda: body(b"<h3>x</h3>" * N),
    "many items": lambda: body(b"<ul>" + b"<li>x</li>" * N),
    "many line breaks": lambda: body(b"x<br>" * N * 2),
    "many links": lambda: body(b"".join(b'<a href="/a/x/%d.html">x</a>' % (10**6 + i) for i in range(N))),
    "links never closed": lambda: body(b'<a href="/a/x/123456.html">x' * N),
    "many boxes": lambda: body(b'<div class="a"><p>one two</p></div>' * (N // 2)),
    "many bodies": lambda: body(b'</div><div class="wsw">x' * N),
    "bodies in bodies": lambda: body((b'<div class="wsw">' * 180 + b"y" + b"</div>" * 180) * (N // 200)),
    "many pictures": lambda: body(
        b"".join(b'<figure><img src="https://gdb.rferl.org/%d.jpg" alt="x"></figure>' % i for i in range(N // 2))
    ),
    "many classes": lambda: body(b"".join(b'<i class="c%d d e">x</i>' % i for i in range(N))),
    "one long class": lambda: body(b'<p class="' + b"a " * (MAX_BYTES // 2 - 200) + b'">x'),
    "cells": lambda: body(b"<table>" + b"<tr><td>x" * N),
    "posts on a listing": lambda: body(
        b"".join(b'<h2><a href="/a/%d.html">t</a></h2><div class="wsw">x</div>' % (10**6 + i) for i in range(N // 3))
    ),
    "character references": lambda: body(b"&#1;&#xD800;&nbsp;" * (MAX_BYTES // 20)),
    "a line that tempts patterns": lambda: body((b"<p>" + b"by, " * 149 + b"</p>") * 2000),
    "deep JSON": lambda: b'<script type="application/ld+json">' + b"[" * 10**6 + b"</script>" + body(b"x"),
}


@pytest.mark.parametrize("name", WORST)
def test_worst_page_takes_the_stated_time(name: str) -> None:
    page = WORST[name]()
    assert len(page) <= MAX_BYTES
    assert page.count(b"<") <= MAX_TAGS
    began = process_time()
    all_readers(page, HTML)
    assert process_time() - began < SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("name", WORST)
def test_worst_page_takes_the_stated_memory(name: str) -> None:
    page = WORST[name]()
    gc.collect()
    tracemalloc.start()
    try:
        all_readers(page, HTML)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < BYTES


@pytest.mark.parametrize("inner", [b"<p>word ", b"word ", b"<div>", b"\0"])
def test_page_of_50_mb_takes_no_time(inner: bytes) -> None:
    page = body(inner * (50 * 2**20 // len(inner)))
    began = process_time()
    assert read_post(page, content_type=HTML, url=URL, site=watchdog(), captured=NOW) == Page(
        outcome=PageOutcome.UNREADABLE
    )
    assert read_listing(page, content_type=HTML, url=URL, site=watchdog()).outcome is PageOutcome.UNREADABLE
    assert read_feed(page, content_type=HTML, url=URL, site=watchdog()).outcome is PageOutcome.BLOCKED
    assert process_time() - began < 5


def test_same_bytes_give_the_same_reading() -> None:
    post = next(post for post in blog().listing() if post.template is Template.T2018)
    assert (
        len(
            {
                repr(read_post(rendered(post), content_type=HTML, url=post.url, site=watchdog(), captured=NOW))
                for _ in range(5)
            }
        )
        == 1
    )
