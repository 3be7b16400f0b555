"""The inline text of a listing, for posts whose own page is refused or gone."""

import pytest

from archive.model import Article, Identity, TextOrigin
from archive.text import read_card
from crawler.replica.listing_page import listing_page
from crawler.replica.model import WATCHDOG, Kind, Template
from tests.text.conftest import HTML, blog, watchdog
from tests.text.test_listing import LISTING, TEXT, card, content


def read(html: str, identity: str) -> Article | None:
    return read_card(html.encode(), content_type=HTML, url=LISTING, site=watchdog(), identity=Identity(identity))


@pytest.mark.parametrize("template", Template)
def test_inline_text_is_the_post_s_own(template: Template) -> None:
    posts = blog().listing()
    for place in range(0, len(posts) - 1, 2):
        two = posts[place : place + 2]
        html = listing_page(WATCHDOG, two, None, blog().column())
        for post in two:
            if post.template is not template:
                continue
            found, truth = read(html, str(post.id)), post.truth
            if post.kind is not Kind.ARTICLE:
                assert found is None
                continue
            assert found is not None
            assert (found.origin, found.alarms) == (TextOrigin.LISTING, ())
            assert [block.text for block in found.blocks] == [block.text for block in truth.blocks]
            assert [image.original for image in found.images] == [image.original for image in truth.images]
            assert (found.title, found.url, found.language) == (truth.title, post.url, truth.language)
            assert (found.dateline, found.corrections) == (truth.dateline, truth.corrections)
            assert (found.credit and found.credit.text) == (truth.credit and truth.credit.text)
            assert found.published == truth.published.replace(microsecond=0) or template is Template.T2013


def test_cover_of_one_post_is_not_the_next_one_s() -> None:
    cover = '<div class="cover-media"><figure><img src="https://gdb.rferl.org/1_w250.jpg"></figure></div>'
    without_text = f'<div><h4><a href="/a/p/1234.html">A film</a></h4>{cover}</div>'
    found = read(content(without_text + card(5678)), "5678")
    assert found is not None
    assert found.images == ()


@pytest.mark.parametrize("html", ["", content("<h1>Watchdog</h1>"), content(card(1234, body="")), "<h1>Blocked</h1>"])
def test_no_inline_text_is_none(html: str) -> None:
    assert read(html, "1234") is None


def test_boilerplate_within_the_inline_text_stays_out() -> None:
    player = '<div class="media-pholder"><div class="c-mmp">No media source currently available</div></div>'
    found = read(content(card(1234, body=f"{TEXT}</p>{player}<p>Share</p><p>{TEXT}")), "1234")
    assert found is not None
    assert [block.text for block in found.blocks] == [TEXT, TEXT]
