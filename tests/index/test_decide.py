"""What one capture means for one post."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import OutOfOrderError
from archive.ingest import advance, decide, text_hash
from archive.model import (
    Block,
    BlockKind,
    Capture,
    CaptureKind,
    Event,
    Gone,
    Identity,
    KnownPost,
    Moved,
    Page,
    PageOutcome,
    PostSeen,
    PostState,
    Rejected,
    Returned,
    Truncation,
    Unchanged,
    VersionAdded,
    VersionRestored,
)
from tests.index.makers import NOON, URL, alarmed, article, capture, listed, page

POST = Identity("1")
Told = tuple[Capture, Page | None]


def fold(told: Iterable[Told]) -> tuple[KnownPost | None, list[tuple[Event, ...]]]:
    known: KnownPost | None = None
    events: list[tuple[Event, ...]] = []
    for one, read in told:
        events.append(decide(known, one, read))
        known = advance(known, POST, one, read, events[-1])
    return known, events


def last(*told: Told) -> tuple[Event, ...]:
    return fold(told)[1][-1]


def added(read: Page, *, is_title_changed: bool = False, is_silent: bool = False, is_edit: bool = True) -> VersionAdded:
    assert read.article is not None
    return VersionAdded(
        text_hash=text_hash(read.article), is_title_changed=is_title_changed, is_silent=is_silent, is_edit=is_edit
    )


FIRST = (capture(0), page("Lost."))


def test_first_page_is_seen_and_gives_a_version_that_is_no_edit() -> None:
    assert last(FIRST) == (PostSeen(), added(page("Lost."), is_edit=False))


def test_same_text_leaves_a_post_unchanged() -> None:
    assert last(FIRST, (capture(1), page("Lost."))) == (Unchanged(),)


def test_other_white_space_and_another_unicode_form_are_the_same_text() -> None:
    told = (capture(0), page("Caf\u00e9  lost\u00a0hat."))
    assert last(told, (capture(1), page("Cafe\u0301 lost hat."))) == (Unchanged(),)


def test_other_kinds_of_block_are_the_same_text() -> None:
    read = article("One.", "Two.")
    as_items = replace(read, blocks=tuple(Block(kind=BlockKind.ITEM, text=block.text) for block in read.blocks))
    assert text_hash(read) == text_hash(as_items)


def test_paragraph_moved_into_the_headline_is_another_text() -> None:
    assert text_hash(article("b c", title="a")) != text_hash(article("c", title="a b"))


def test_edited_post_gets_second_version_silently_when_no_time_moved() -> None:
    assert last(FIRST, (capture(1), page("Found."))) == (added(page("Found."), is_silent=True),)


def test_edit_with_a_new_modification_time_is_not_silent() -> None:
    read = page("Found.")
    assert read.article is not None
    stated = replace(read, article=replace(read.article, modified=NOON + timedelta(hours=1)))
    assert last(FIRST, (capture(1), stated)) == (added(stated),)


def test_changed_headline_is_said() -> None:
    read = page("Lost.", title="Hat found")
    assert last(FIRST, (capture(1), read)) == (added(read, is_title_changed=True, is_silent=True),)


def test_text_of_before_is_restored_not_added() -> None:
    back = last(FIRST, (capture(1), page("Found.")), (capture(2), page("Lost.")))
    assert back == (VersionRestored(text_hash=text_hash(article("Lost."))),)


@pytest.mark.parametrize("status", [404, 410])
def test_gone_says_so_each_time(status: int) -> None:
    told = (FIRST, (capture(1, status=status), None), (capture(2, status=status), None))
    known, events = fold(told)
    assert events[1:] == [(Gone(status=status),), (Gone(status=status),)]
    assert known is not None
    assert known.state is PostState.GONE
    assert known.current == text_hash(article("Lost."))


def test_post_that_was_gone_at_first_contact_is_seen() -> None:
    assert last((capture(0, status=404), None)) == (PostSeen(), Gone(status=404))


def test_gone_post_returns() -> None:
    assert last(FIRST, (capture(1, status=404), None), (capture(2), page("Lost."))) == (Returned(), Unchanged())


REJECTED = {
    "no answer": ((capture(1, status=None), None), "no answer: timeout"),
    "forbidden": ((capture(1, status=403), None), "status 403"),
    "too many requests": ((capture(1, status=429), None), "status 429"),
    "server error": ((capture(1, status=503), None), "status 503"),
    "part of a page": ((capture(1, status=206), page("Fou")), "status 206"),
    "cut off": ((replace(capture(1), truncation=Truncation.DISCONNECT), page("Fou")), "cut-off body: disconnect"),
    "cut-off 404": (
        (replace(capture(1, status=404), truncation=Truncation.TIME), None),
        "cut-off body: time",
    ),
    "block page": ((capture(1), Page(outcome=PageOutcome.BLOCKED)), "block-page"),
    "soft 404": ((capture(1), Page(outcome=PageOutcome.SOFT_404)), "not-found-page"),
    "layout drift": ((capture(1), Page(outcome=PageOutcome.LAYOUT_DRIFT)), "layout-drift"),
    "alarms": ((capture(1), alarmed("Found.")), "layout-drift: no title"),
    "no post": ((capture(1), Page(outcome=PageOutcome.OK)), "no post on the page"),
    "unread": ((capture(1), None), "the page could not be read"),
    "home page": (
        (replace(capture(1, status=302), location="/"), None),
        "led away from posts to https://blog.example/",
    ),
}


@pytest.mark.parametrize(("told", "reason"), REJECTED.values(), ids=REJECTED)
def test_what_speaks_of_the_server_changes_nothing(told: Told, reason: str) -> None:
    before, _ = fold([FIRST])
    after, events = fold([FIRST, told])
    assert events[-1] == (Rejected(reason=reason),)
    assert before is not None
    assert after == replace(before, counted_to=told[0].time)


def test_refusals_alone_are_no_first_sight() -> None:
    told = [(capture(0, status=403), None), (capture(1), page("Lost."))]
    assert fold(told)[1] == [(Rejected(reason="status 403"),), (PostSeen(), added(page("Lost."), is_edit=False))]


def test_not_modified_leaves_a_known_post_unchanged() -> None:
    assert last(FIRST, (capture(1, status=304, kind=CaptureKind.NOT_MODIFIED), None)) == (Unchanged(),)


def test_not_modified_brings_a_gone_post_back() -> None:
    back = (capture(2, status=304, kind=CaptureKind.NOT_MODIFIED), None)
    assert last(FIRST, (capture(1, status=404), None), back) == (Returned(), Unchanged())


def test_not_modified_of_an_unknown_post_is_no_evidence() -> None:
    told = (capture(0, status=304, kind=CaptureKind.NOT_MODIFIED), None)
    assert last(told) == (Rejected(reason="not modified, but nothing of the post is kept"),)


def test_redirect_to_another_spelling_says_nothing_more() -> None:
    one = replace(capture(1, status=301), location="/a/new-slug/1.html")
    known, _ = fold([FIRST])
    assert decide(known, one, None, leads_to_itself=True) == ()


def test_redirect_to_another_post_is_a_move_told_once() -> None:
    one = replace(capture(1, status=301), location="/a/2.html")
    known, _ = fold([FIRST])
    events = decide(known, one, None, leads_to_itself=False)
    assert events == (Moved(before=URL, after="https://blog.example/a/2.html"),)
    again = advance(known, POST, one, None, events)
    assert decide(again, replace(one, time=one.time + timedelta(minutes=1)), None, leads_to_itself=False) == ()


def test_new_canonical_url_is_a_move() -> None:
    read = page("Lost.")
    assert read.article is not None
    moved = replace(read, article=replace(read.article, canonical_url="https://blog.example/a/hat/1.html"))
    assert last(FIRST, (capture(1), moved)) == (
        Moved(before=URL, after="https://blog.example/a/hat/1.html"),
        Unchanged(),
    )


def test_textless_post_is_a_version_like_any_other() -> None:
    assert last((capture(0), page())) == (PostSeen(), added(page(), is_edit=False))


def test_page_after_the_listing_copy_is_no_edit_of_it() -> None:
    told = [(capture(0), listed("Lost.")), (capture(1, status=403), None), (capture(2), page("Lost.", "Byline."))]
    assert fold(told)[1][-1] == (added(page("Lost.", "Byline."), is_edit=False),)


def test_listing_copy_that_changes_is_an_edit() -> None:
    told = [(capture(0), listed("Lost.")), (capture(1), listed("Found."))]
    assert fold(told)[1][-1] == (added(listed("Found."), is_silent=True),)


def test_listing_copy_says_nothing_once_the_page_was_read() -> None:
    assert last(FIRST, (capture(1), listed("Something else."))) == ()


def test_listing_copy_does_not_bring_a_gone_post_back() -> None:
    known, _ = fold([(capture(0, status=404), None), (capture(1), listed("Lost."))])
    assert known is not None
    assert (known.state, known.is_opened) == (PostState.GONE, False)


def test_older_capture_is_refused() -> None:
    known, _ = fold([(capture(5), page("Lost."))])
    with pytest.raises(OutOfOrderError, match="12:04"):
        decide(known, capture(4), page("Found."))


# --- laws ----------------------------------------------------------------------------------------

ANSWERS: list[tuple[int | None, Page | None]] = [
    (200, page("Lost.")),
    (200, page("Found.")),
    (200, page("Found.", title="Hat found")),
    (200, listed("Lost.")),
    (200, alarmed("Torn.")),
    (200, Page(outcome=PageOutcome.BLOCKED)),
    (404, None),
    (410, None),
    (403, None),
    (500, None),
    (None, None),
    (304, None),
]


@st.composite
def histories(draw: st.DrawFn) -> list[Told]:
    answers = draw(st.lists(st.sampled_from(ANSWERS), max_size=12))
    kinds = {304: CaptureKind.NOT_MODIFIED}
    return [
        (capture(minute, status=status, kind=kinds.get(status or 0, CaptureKind.RESPONSE)), read)
        for minute, (status, read) in enumerate(answers)
    ]


@given(histories())
def test_counting_the_last_capture_again_changes_nothing(told: list[Told]) -> None:
    known, _ = fold(told)
    for one, read in told[-1:]:
        events = decide(known, one, read)
        assert advance(known, POST, one, read, events) == known
        assert not any(isinstance(event, PostSeen | VersionAdded | VersionRestored | Returned) for event in events)


@given(histories())
def test_known_post_follows_from_its_events(told: list[Told]) -> None:
    known, events = fold(told)
    flat = [event for group in events for event in group]
    assert sum(isinstance(event, PostSeen) for event in flat) <= 1
    hashes = [event.text_hash for event in flat if isinstance(event, VersionAdded)]
    assert len(set(hashes)) == len(hashes)
    if known is not None:
        assert known.versions == tuple(hashes)
        assert (known.current is None) == (not hashes)
        assert known.counted_to == told[-1][0].time
    telling = [event for event in flat if not isinstance(event, Rejected)]
    assert not telling or isinstance(telling[0], PostSeen)


@given(histories())
def test_refusals_can_be_left_out_of_a_history(told: list[Told]) -> None:
    known, events = fold(told)
    kept = [one for one, group in zip(told, events, strict=True) if not any(isinstance(e, Rejected) for e in group)]
    again, _ = fold(kept)
    if known is not None and again is not None:
        assert replace(again, counted_to=known.counted_to) == known


@given(histories())
def test_edit_is_never_told_of_a_first_text(told: list[Told]) -> None:
    _, events = fold(told)
    first = [event for group in events for event in group if isinstance(event, VersionAdded)][:1]
    assert all(not event.is_edit and not event.is_silent and not event.is_title_changed for event in first)
