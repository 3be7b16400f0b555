"""When a post is looked at again: by age, within the budget, newest first, none for ever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.model import Identity
from archive.recheck import SLACK, Looked, choose, interval, is_whole, next_look
from archive.site import RecheckRules

RULES = RecheckRules(budget=20)
NOW = datetime(2026, 8, 1, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def post(age: float, looked: float = 1, *, name: str = "1", **facts: datetime | None) -> Looked:
    """A post published ``age`` days ago and looked at ``looked`` days ago."""
    then = NOW - looked * DAY
    made = Looked(identity=Identity(name), since=NOW - age * DAY, looked=then, tried=then, read=then)
    return replace(made, **facts)  # type: ignore[arg-type]  # each is a time


AGES = {"of today": (2, 1), "of last week": (15, 7), "of this year": (200, 30), "old": (4000, 91)}


@pytest.mark.parametrize(("age", "every"), AGES.values(), ids=AGES)
def test_older_posts_are_looked_at_less_often(age: float, every: int) -> None:
    one = post(age)
    assert interval(RULES, one) == every * DAY
    assert one.looked + every * DAY * 0.75 - SLACK <= next_look(RULES, one) <= one.looked + every * DAY


def test_change_makes_a_post_young_again() -> None:
    assert interval(RULES, post(4000, changed=NOW - 2 * DAY)) == DAY


def test_lastmod_newer_than_the_look_makes_a_post_due_and_asks_for_it_whole() -> None:
    one = post(4000, hinted=NOW - DAY / 2)
    assert next_look(RULES, one) <= NOW
    assert is_whole(RULES, one, NOW)


def test_first_disappearance_is_looked_at_again_the_next_night() -> None:
    one = post(4000, looked=0, gone_since=NOW)
    assert NOW + DAY / 4 < next_look(RULES, one) <= NOW + DAY - SLACK


def test_look_that_told_nothing_is_made_again_the_next_night_and_not_before() -> None:
    one = replace(post(4000, looked=200), tried=NOW)
    assert next_look(RULES, one) == NOW + DAY - SLACK


@given(st.integers(0, 4000), st.integers(0, 60))
def test_no_304_is_believed_for_longer_than_the_full_interval_or_the_post_s_own(age: int, read: int) -> None:
    one = replace(post(age), read=NOW - read * DAY)
    if not is_whole(RULES, one, NOW):
        assert NOW + interval(RULES, one) <= one.read + RULES.full * DAY  # type: ignore[operator]  # it is set above


def test_look_dated_by_a_clock_that_ran_ahead_puts_no_post_off() -> None:
    one = post(4000, looked=-400, gone_since=NOW + 400 * DAY)
    assert choose(RULES, [one], NOW) == [one]
    assert is_whole(RULES, post(4000, looked=-400), NOW)


@pytest.mark.parametrize(("posts", "budget"), [(300, 20), (14_000, 1000)])
def test_mass_edit_stays_within_the_budget_newest_first_and_none_is_dropped(posts: int, budget: int) -> None:
    rules = replace(RULES, budget=budget)
    waiting = [post(100 + number, name=str(number), hinted=NOW - DAY / 2) for number in range(posts)]
    nights, seen = 0, set[Identity]()
    while waiting:
        nights += 1
        chosen = choose(rules, waiting, NOW + nights * DAY)
        assert 0 < len(chosen) <= budget
        names = {one.identity for one in chosen}
        if nights == 1:
            assert {Identity(str(number)) for number in range(budget * 3 // 4)} <= names
        seen |= names
        waiting = [one for one in waiting if one.identity not in names]
    assert len(seen) == posts
    assert nights == -(-posts // budget)


def test_posts_archived_in_one_night_are_not_all_due_in_one_night() -> None:
    due = {next_look(RULES, post(4000, name=str(number))).date() for number in range(500)}
    assert len(due) > 20


def test_thirty_thousand_posts_are_chosen_from_in_a_moment() -> None:
    posts = [post(number / 5, looked=number % 100, name=str(number)) for number in range(30_000)]
    assert len(choose(RULES, posts, NOW)) == RULES.budget
