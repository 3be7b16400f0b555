"""The real listing of August 2022: its markup is the replica's, whose acceptance test proves it line for line."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from archive.listing import read_listing
from archive.model import Identity, PageOutcome, TextOrigin
from archive.site import Site
from archive.text import read_card
from crawler.replica import fictional_blog
from crawler.replica.listing_page import listing_page
from crawler.replica.model import WATCHDOG, Picture
from tests.text.conftest import HTML, article, rendered

LISTING = "https://www.rferl.org/Watchdog"


@pytest.fixture(scope="module")
def sample(shared_data: Path) -> list[list[str]]:
    """The sample's posts: lines, the first two of which are the cover's caption."""
    lines = [line for line in (shared_data / "watchdog-listing-2022-08.txt").read_text().splitlines() if line.strip()]
    body = lines[lines.index("Watchdog") + 1 : lines.index("Load more")]
    starts = [place for place, pair in enumerate(pairwise(body)) if pair[0] == pair[1]]
    return [body[start:end] for start, end in pairwise([*starts, len(body)])]


def test_posts_of_the_sample_are_read_with_exactly_its_paragraphs(sample: list[list[str]], site: Site) -> None:
    blog = fictional_blog(posts=4, others=0)
    for number, (caption, _, *paragraphs) in enumerate(sample, start=1):
        written = blog.write(f"Post {number}", *paragraphs, slug="post", when=blog.now - timedelta(minutes=number))
        blog.delete(written.id)
        cover = Picture(guid=f"01000000-0aff-0242-0000-00000000000{number}", caption=caption)
        blog.publish(replace(written, id=written.id + 1, cover=cover))
    posts = blog.listing()[: len(sample)]
    page = listing_page(WATCHDOG, posts, "/Watchdog?p=1", blog.column()).encode()
    listing = read_listing(page, content_type=HTML, url=LISTING, site=site)
    assert (listing.outcome, listing.next_url) == (PageOutcome.OK, f"{LISTING}?p=1")
    assert [card.title for card in listing.cards] == ["Post 1", "Post 2"]
    for post, (caption, _, *paragraphs) in zip(posts, sample, strict=True):
        card = read_card(page, content_type=HTML, url=LISTING, site=site, identity=Identity(str(post.id)))
        assert card is not None
        assert card.origin is TextOrigin.LISTING
        for found in (card, article(rendered(post, blog), site, post.url)):
            assert [block.text for block in found.blocks] == paragraphs
            assert [image.caption for image in found.images] == [caption]
    credit = article(rendered(posts[-1], blog), site, posts[-1].url).credit
    assert credit is not None
    assert f"Written by {credit.writer} based on an original story in Persian by {credit.service}" == sample[-1][-1]
