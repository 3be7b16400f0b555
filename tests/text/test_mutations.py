"""A page whose markup drifted is read right, or the drift is named: never is it silently read wrong."""

from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from archive.listing import read_listing
from archive.model import Article, Listing, PageOutcome
from archive.site import Site
from archive.text import read_post
from crawler.replica.listing_page import listing_page
from crawler.replica.model import WATCHDOG
from tests.text.conftest import HTML, NOW, article, blog, rendered
from tests.text.mutations import mutated
from tests.text.test_real_pages import sister

LISTING = "https://www.rferl.org/Watchdog"
SOME = [(seed, 40) for seed in range(3)]
MANY = [pytest.param(seed, 1000, marks=pytest.mark.slow) for seed in range(100, 104)]


@dataclass(frozen=True)
class Seen:
    """What must be right of a post, whatever its markup."""

    title: str
    authors: tuple[str, ...]
    published: object
    text: tuple[str, ...]
    pictures: frozenset[str]
    captions: frozenset[str]

    @classmethod
    def of(cls, read: Article) -> "Seen":
        """A dateline may stand before the first paragraph or in a field of its own."""
        texts = [block.text for block in read.blocks]
        if texts and read.dateline:
            texts[0] = texts[0].removeprefix(read.dateline).lstrip(" -—")
        return cls(
            title=read.title,
            authors=read.authors,
            published=read.published,
            text=tuple(texts),
            pictures=frozenset(image.original for image in read.images),
            captions=frozenset(image.caption for image in read.images if image.caption),
        )


def wrong(before: Article, after: Article) -> list[str]:
    """What differs. A caption may be missed, but is never another's; a date may be unknown, but never another."""
    old, new = Seen.of(before), Seen.of(after)
    names = [name for name in ("title", "authors", "text", "pictures") if getattr(old, name) != getattr(new, name)]
    names += ["published"] * (new.published not in {old.published, None})
    return names + ["captions"] * (not new.captions <= old.captions)


@pytest.mark.parametrize(("seed", "count"), [*SOME, *MANY])
def test_drifted_post_is_read_right_or_named(seed: int, count: int, site: Site) -> None:
    dice = Random(seed)
    silent: list[object] = []
    for _ in range(count):
        post = dice.choice(blog().listing())
        before = article(rendered(post), site, post.url)
        page, change = mutated(rendered(post), dice, changes=dice.choice((1, 1, 2, 3)))
        read = read_post(page, content_type=HTML, url=post.url, site=site, captured=NOW)
        if read.outcome is PageOutcome.OK and read.article and (names := wrong(before, read.article)):
            silent.append((post.template.value, post.id, change, names))
    assert silent == []


@pytest.mark.parametrize("name", ["voanews-article-2024.html", "rferl-article-2013.html"])
@pytest.mark.parametrize(("seed", "count"), [*SOME[:1], *MANY[:1]])
def test_drifted_real_page_is_read_right_or_named(
    name: str, seed: int, count: int, site: Site, shared_data: Path
) -> None:
    real = (shared_data / "pangea" / "html" / name).read_bytes()
    host, path = (
        ("www.voanews.com", "/a/7585813.html") if name.startswith("voa") else ("www.rferl.org", "/a/24877127.html")
    )
    rules = sister(site, host)
    before = article(real, rules, f"https://{host}{path}")
    dice = Random(seed)
    silent: list[object] = []
    for _ in range(count):
        page, change = mutated(real, dice)
        read = read_post(page, content_type=HTML, url=before.url, site=rules, captured=NOW)
        if read.outcome is PageOutcome.OK and read.article and (names := wrong(before, read.article)):
            silent.append((change, names))
    assert silent == []


def cards_of(listing: Listing) -> list[tuple[str, str | None, bool]]:
    """Cards in the order of their ids, since a page that shows them in another order is read in that order."""
    return sorted((card.identity, card.title, card.has_text) for card in listing.cards)


@pytest.mark.parametrize(("seed", "count"), [*SOME, *MANY])
def test_drifted_listing_is_read_right_or_named(seed: int, count: int, site: Site) -> None:
    dice = Random(seed)
    silent: list[object] = []
    for _ in range(count):
        first = dice.randrange(len(blog().listing()) - 2)
        page = listing_page(WATCHDOG, blog().listing()[first : first + 2], "/Watchdog?p=1", blog().column()).encode()
        before = read_listing(page, content_type=HTML, url=LISTING, site=site)
        drifted, change = mutated(page, dice)
        after = read_listing(drifted, content_type=HTML, url=LISTING, site=site)
        same = (cards_of(after), after.next_url) == (cards_of(before), before.next_url)
        if after.outcome is PageOutcome.OK and not same:
            silent.append((first, change, cards_of(after), cards_of(before), after.next_url))
    assert silent == []
