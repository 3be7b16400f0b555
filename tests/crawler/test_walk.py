"""Walking a listing: pure rules, told as small stories."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from archive.model import Card, Identity, Listing, PageOutcome
from crawler.sources import Sources
from crawler.walk import Course, StopReason, Walk, day_before_page, may_hold_more

NEWEST = datetime(2026, 5, 1, 12, tzinfo=UTC)


def card(number: int) -> Card:
    """Post ``number`` of a blog with one post a day; higher numbers are newer."""
    return Card(
        position=0,
        url=f"https://blog.example/a/{number}.html",
        identity=Identity(str(number)),
        title=None,
        published=NEWEST - timedelta(days=1000 - number),
        has_text=True,
    )


def page(*numbers: int, more: bool = True) -> Listing:
    return Listing(
        outcome=PageOutcome.OK,
        cards=tuple(card(number) for number in numbers),
        next_url="https://blog.example/?p=9" if more else None,
    )


def a_walk(*, archived: set[int] | None = None, may_catch_up: bool = False, **rules: object) -> Walk:
    known = {Identity(str(number)) for number in archived or ()}
    return Walk(
        seen=set(),
        is_archived=known.__contains__,
        may_catch_up=may_catch_up,
        overlap=3,
        page_cap=1000,
        **rules,  # type: ignore[arg-type] # each test names the rule it is about
    )


def opened(walk: Walk, *pages: Listing) -> tuple[list[int], StopReason | None]:
    numbers: list[int] = []
    for one in pages:
        step = walk.take(one)
        numbers += [int(found.identity) for found in step.cards]
        if step.stop:
            return numbers, step.stop
    return numbers, None


def test_second_walk_from_the_top_does_not_shorten_the_stretch_that_was_walked() -> None:
    sources = Sources()
    for one in (page(9, 1, 8), page(7, 6), page(5, 4), page(9, 1, 8)):
        sources.listed(one)
    assert (sources.newest, sources.oldest) == (card(9).published, card(4).published)


def test_walk_goes_on_until_the_button_is_gone() -> None:
    numbers, stop = opened(a_walk(), page(9, 8), page(7, 6), page(5, more=False))
    assert (numbers, stop) == ([9, 8, 7, 6, 5], StopReason.NO_BUTTON)


def test_post_published_while_walking_is_not_opened_twice_and_hides_none() -> None:
    numbers, stop = opened(a_walk(), page(9, 8), page(8, 7), page(6, 5, more=False))
    assert (numbers, stop) == ([9, 8, 7, 6, 5], StopReason.NO_BUTTON)


def test_burst_of_posts_while_walking_does_not_look_like_a_stuck_server() -> None:
    numbers, _ = opened(
        a_walk(), page(9, 8), page(7, 6), page(9, 8), page(7, 6), page(9, 8), page(7, 6), page(5, 4, more=False)
    )
    assert numbers == [9, 8, 7, 6, 5, 4]


def test_server_that_ignores_the_page_number_does_not_hold_the_walk_for_ever() -> None:
    numbers, stop = opened(a_walk(), *[page(9, 8)] * 50)
    assert (numbers, stop) == ([9, 8], StopReason.NO_NEW_CARD)


def test_walk_is_caught_up_after_archived_cards_in_a_row() -> None:
    walk = a_walk(archived=set(range(1, 8)), may_catch_up=True)
    numbers, stop = opened(walk, page(9, 8), page(7, 6), page(5, 4), page(3, 2))
    assert (numbers, stop) == ([9, 8], StopReason.CAUGHT_UP)
    assert walk.pages == 3


def test_new_post_below_a_pinned_old_one_is_found() -> None:
    numbers, _ = opened(a_walk(archived={1, 7}, may_catch_up=True), page(1, 9), page(8, 7))
    assert numbers == [9, 8]


def test_first_walk_never_catches_up_with_itself() -> None:
    walk = a_walk(archived=set(range(1, 10)), may_catch_up=False)
    _, stop = opened(walk, page(9, 8), page(7, 6), page(5, 4), page(3, 2), page(1, more=False))
    assert stop is StopReason.NO_BUTTON


def test_resumed_walk_does_not_count_the_archived_posts_it_starts_among() -> None:
    start = card(6).published
    assert start is not None
    walk = a_walk(archived={6, 7, 8, 9, 1, 2, 3}, may_catch_up=True, counts_below=start.date())
    numbers, stop = opened(walk, page(9, 8), page(7, 6), page(5, 4), page(3, 2), page(1, more=False))
    assert (numbers, stop) == ([5, 4], StopReason.NO_BUTTON)


def test_posts_that_only_a_feed_brought_in_do_not_end_a_walk() -> None:
    walk = a_walk(archived=set(range(1, 10)), may_catch_up=True)
    walk.is_walked = lambda identity: int(identity) < 4
    numbers, stop = opened(walk, page(9, 8), page(7, 6), page(5, 4), page(3, 2), page(1, 0, more=False))
    assert (numbers, stop) == ([0], StopReason.NO_BUTTON)


def test_since_ends_the_walk_and_keeps_older_cards_closed() -> None:
    since = card(7).published
    numbers, stop = opened(a_walk(since=since), page(9, 8), page(7, 6), page(5, 4))
    assert (numbers, stop) == ([9, 8, 7], StopReason.SINCE)


def test_page_cap_ends_the_walk() -> None:
    walk = a_walk()
    walk.page_cap = 2
    assert opened(walk, page(9, 8), page(7, 6), page(5, 4)) == ([9, 8, 7, 6], StopReason.PAGE_CAP)


def test_page_that_is_no_listing_is_an_alarm_and_never_an_empty_one() -> None:
    reasons = {
        outcome: a_walk().take(Listing(outcome=outcome)).stop
        for outcome in PageOutcome
        if outcome is not PageOutcome.OK
    }
    assert reasons[PageOutcome.BLOCKED] is StopReason.BLOCKED
    assert reasons[PageOutcome.EMPTY] is StopReason.EMPTY
    assert reasons[PageOutcome.LAYOUT_DRIFT] is StopReason.DRIFT
    assert reasons[PageOutcome.PAST_THE_END] is StopReason.PAST_THE_END
    assert None not in reasons.values()


def test_course_resumes_at_every_gap_that_earlier_runs_left() -> None:
    first, second = date(2026, 3, 1), date(2020, 1, 1)
    course = Course(pending=[first, second], can_resume=True)
    assert course.after(StopReason.CAUGHT_UP) == first
    assert course.after(StopReason.CAUGHT_UP) == second
    assert course.after(StopReason.CAUGHT_UP) is None
    assert course.is_complete


def test_course_that_breaks_off_leaves_its_own_gap_above_the_older_ones() -> None:
    course = Course(pending=[date(2020, 1, 1)], can_resume=True)
    course.walk = a_walk()
    course.walk.take(page(9, 8))
    assert course.after(StopReason.LIMIT) is None
    published = card(8).published
    assert published is not None
    assert course.pending == [published.date(), date(2020, 1, 1)]
    assert not course.is_complete


def test_course_that_reaches_the_end_has_no_gap_left() -> None:
    course = Course(pending=[date(2026, 3, 1), date(2020, 1, 1)], can_resume=True)
    assert course.after(StopReason.NO_BUTTON) is None
    assert course.is_complete
    assert course.pending == []


def test_course_without_day_pages_starts_over() -> None:
    course = Course(pending=[], can_resume=False)
    course.walk = a_walk()
    course.walk.take(page(9, 8))
    course.leave()
    assert course.pending == []
    assert not course.is_complete


@given(st.sets(st.integers(0, 400), min_size=1, max_size=40), st.integers(1, 4), st.integers(-14, 14))
def test_day_pages_lead_to_every_post_that_any_day_page_shows(days: set[int], size: int, offset: int) -> None:
    """Whatever the site's time zone, the route visits all that the newest-on-or-before pages can show."""
    posts = sorted((NEWEST - timedelta(days=day) for day in days), reverse=True)

    def shown(day: date) -> Listing:
        newest = [post for post in posts if (post + timedelta(hours=offset)).date() <= day][:size]
        cards = tuple(
            Card(position=0, url="", identity=Identity(str(post)), title=None, published=post, has_text=True)
            for post in newest
        )
        return Listing(outcome=PageOutcome.OK, cards=cards)

    first = posts[0].date() + timedelta(days=2)
    expected = {found.identity for day in range(410) for found in shown(first - timedelta(days=day)).cards}
    met: set[Identity] = set()
    asked: date | None = first
    while asked is not None:
        listing = shown(asked)
        met |= {found.identity for found in listing.cards}
        following = day_before_page(asked, listing)
        assert following is None or following < asked
        asked = following
    assert met == expected


def test_day_with_only_posts_of_its_own_may_hold_more() -> None:
    day = NEWEST.date()
    both = Listing(outcome=PageOutcome.OK, cards=(card(1000), card(1000)))
    mixed = Listing(outcome=PageOutcome.OK, cards=(card(1000), card(990)))
    assert may_hold_more(day, both)
    assert not may_hold_more(day, mixed)
