"""Where a run's sources contradict each other."""

from dataclasses import replace
from datetime import timedelta

from archive.model import Card, Feed, FeedEntry, Identity, Listing, PageOutcome, Purpose
from crawler.sources import Sources
from tests.index.makers import NOON, article

DAY = timedelta(days=1)


def url(number: int) -> str:
    return f"https://blog.example/a/{number}.html"


def sources(shown: list[int], fed: list[int]) -> Sources:
    """What a run met: posts are numbered by their age in days."""
    made = Sources()
    cards = tuple(
        Card(
            position=place,
            url=url(number),
            identity=Identity(f"{number}"),
            title="t",
            published=NOON - number * DAY,
            has_text=False,
        )
        for place, number in enumerate(shown)
    )
    made.listed(Listing(outcome=PageOutcome.OK, cards=cards))
    made.named(Purpose.FEED, feed(*fed), archived=())
    return made


def feed(*numbers: int) -> Feed:
    entries = (
        FeedEntry(url=url(number), identity=Identity(f"{number}"), published=NOON - number * DAY, modified=NOON)
        for number in numbers
    )
    return Feed(outcome=PageOutcome.OK, entries=tuple(entries))


def test_sources_that_agree_as_far_as_both_reach_say_nothing() -> None:
    assert list(sources([1, 2, 3], [1, 2, 3, 4, 5]).contradictions()) == []
    assert list(sources([1, 2, 3, 4, 5], [1, 2, 3]).contradictions()) == []
    assert list(sources([1, 2], []).contradictions()) == []


def test_post_that_one_source_lacks_where_it_should_stand_is_named() -> None:
    [(lacked, why)] = sources([1, 2, 3], [1, 3, 4]).contradictions()
    assert (lacked, "does not name it" in why) == (url(2), True)
    [(hidden, why)] = sources([1, 3, 4], [1, 2, 3]).contradictions()
    assert (hidden, "does not show it" in why) == (url(2), True)


def test_page_that_was_modified_after_the_sitemap_s_lastmod_is_doubted() -> None:
    made = sources([], [])
    made.named(Purpose.SITEMAP, feed(1, 2), archived={Identity("1")})
    assert made.doubt(Identity("1"), replace(article(), modified=NOON + timedelta(minutes=59))) is None
    told = made.doubt(Identity("1"), replace(article(), modified=NOON + DAY))
    assert told is not None
    assert "lastmod says" in told
    assert made.doubt(Identity("2"), replace(article(), modified=NOON + DAY)) is None, "only archived posts count"
