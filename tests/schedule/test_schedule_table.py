"""A site file's ``[schedule]`` table: what is refused, when runs are due, when the window is open."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.config import shipped_sites
from archive.errors import ConfigError
from archive.schedule import schedule_of
from archive.site import ScheduleRules, Site, load_site, parse_site
from crawler.schedule import trigger_of


def site(**table: object) -> Site:
    shipped = load_site(shipped_sites() / "rferl-watchdog.toml")
    return replace(shipped, schedule=ScheduleRules(**table))  # type: ignore[arg-type]  # keys of a table


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_shipped_site_is_scheduled() -> None:
    schedule = schedule_of(load_site(shipped_sites() / "rferl-watchdog.toml"))
    assert schedule.is_enabled
    assert schedule.after(at("2026-11-23T12:00")) == at("2026-11-24T02:17")


WRONG_IN_FILE = [
    ('cron = "17 25 * * *"', "17 23 * * *"),
    ('cron = "0 3 * * *"\nevery = "12h"', "one of them"),
    ('every = "5m"', "10m at least"),
    ('every = "12 hours"', "12h"),
    ('window = "22-5"', "22:00-05:30"),
    ('window = "03:00-03:00"', "22:00-05:30"),
    ("jitter = -1", "from 0"),
    ('jitter = "10m"', "whole number"),
    ('corn = "0 3 * * *"', "schedule.cron|“cron”"),
]


@pytest.mark.parametrize(("table", "told"), WRONG_IN_FILE, ids=[table for table, _ in WRONG_IN_FILE])
def test_wrong_table_is_refused_and_the_right_form_named(table: str, told: str) -> None:
    toml = (shipped_sites() / "rferl-watchdog.toml").read_text().partition("[schedule]")[0]
    with pytest.raises(ConfigError) as refused:
        parse_site(f"{toml}[schedule]\n{table}\n".encode(), "rferl-watchdog.toml")
    assert any(words in f"{refused.value} {refused.value.hint}" for words in told.split("|"))


WRONG_IN_ITS_ZONE = [
    ("doubled in autumn", {"cron": "17 2 * * *", "zone": "Europe/Prague"}, "“17 3 * * *”"),
    ("skipped in spring", {"cron": "30 1 * * *", "zone": "Europe/London"}, "“30 2 * * *”"),
    ("one of a list", {"cron": "17 1,2 * * *", "zone": "America/New_York"}, "17 "),
    ("no such zone", {"cron": "17 3 * * *", "zone": "Europe/Prag"}, "Europe/Prague"),
    ("a zone with a blank", {"cron": "17 3 * * *", "zone": "America/New York"}, "America/New_York"),
    ("a path as zone", {"cron": "17 3 * * *", "zone": "../../etc/passwd"}, "Europe/Prague"),
    ("outside the window", {"cron": "0 12 * * *", "window": "22:00-05:00"}, "“0 22 * * *”"),
    ("put off beyond the window", {"cron": "50 4 * * *", "window": "22:00-05:00", "jitter": 900}, "jitter = 540"),
]


@pytest.mark.parametrize(
    ("table", "told"), [row[1:] for row in WRONG_IN_ITS_ZONE], ids=[row[0] for row in WRONG_IN_ITS_ZONE]
)
def test_time_that_a_night_would_skip_or_double_is_refused(table: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        schedule_of(site(**table))
    assert told in refused.value.hint


@pytest.mark.parametrize(
    "table",
    [
        {"cron": "17 2 * * *"},
        {"cron": "17 4 * * *", "zone": "Europe/Prague"},
        {"cron": "17 * * * *", "zone": "Europe/Prague"},
        {"cron": "17 2 * * *", "zone": "Asia/Tokyo"},
    ],
    ids=["UTC", "after the change", "every hour", "no summer time"],
)
def test_time_without_such_a_night_is_taken(table: dict[str, object]) -> None:
    assert schedule_of(site(**table)).cron is not None


def test_local_time_is_kept_across_the_change_of_summer_time() -> None:
    schedule = schedule_of(site(cron="17 4 * * *", zone="Europe/Prague"))
    assert schedule.after(at("2026-10-24T00:00")) == at("2026-10-24T02:17")
    assert schedule.after(at("2026-10-25T00:00")) == at("2026-10-25T03:17")


OVERDUE = [
    ("never run", {"cron": "0 3 * * *"}, None, "2026-11-23T12:00", True),
    ("ran last night", {"cron": "0 3 * * *"}, "2026-11-23T03:00:01", "2026-11-23T12:00", False),
    ("ran the night before", {"cron": "0 3 * * *"}, "2026-11-22T03:00:01", "2026-11-23T12:00", True),
    ("due in a moment", {"cron": "0 3 * * *"}, "2026-11-22T03:00:01", "2026-11-23T02:59", False),
    ("weekly, four days ago", {"cron": "0 3 * * 0"}, "2026-11-22T03:00:01", "2026-11-26T12:00", False),
    ("weekly, nine days ago", {"cron": "0 3 * * 0"}, "2026-11-15T03:00:01", "2026-11-24T12:00", True),
    ("once in four years", {"cron": "0 3 29 2 *"}, "2024-02-29T03:00:01", "2026-11-24T12:00", False),
    ("span not over", {"every": "12h"}, "2026-11-23T03:00", "2026-11-23T12:00", False),
    ("span over", {"every": "12h"}, "2026-11-23T03:00", "2026-11-23T15:00", True),
]


@pytest.mark.parametrize(
    ("table", "last", "now", "expected"), [row[1:] for row in OVERDUE], ids=[row[0] for row in OVERDUE]
)
def test_site_is_overdue_when_a_time_went_by_without_it(
    table: dict[str, object], last: str | None, now: str, *, expected: bool
) -> None:
    assert schedule_of(site(**table)).is_overdue(at(last) if last else None, at(now)) is expected


def test_window_across_midnight_opens_and_closes() -> None:
    schedule = schedule_of(site(every="12h", window="22:00-05:30", zone="Europe/Prague"))
    noon, night, morning = at("2026-07-10T10:00"), at("2026-07-10T22:00"), at("2026-07-11T03:30")
    assert not schedule.is_open(noon)
    assert schedule.opens(noon) == at("2026-07-10T20:00")
    assert schedule.is_open(night)
    assert schedule.closes(night) == morning
    assert not schedule.is_open(morning)
    assert schedule.after(noon, last=noon - timedelta(hours=1)) == at("2026-07-10T21:00")


CHANGES = {
    "UTC": ("2027-03-28", "2027-10-31"),
    "Europe/Prague": ("2027-03-28", "2027-10-31"),
    "America/New_York": ("2027-03-14", "2027-11-07"),
    "Australia/Lord_Howe": ("2027-04-04", "2027-10-03"),
    "America/Santiago": ("2027-04-04", "2027-09-05"),
    "Asia/Kolkata": ("2027-03-28", "2027-10-31"),
}
"""Days on which summer time begins or ends, if the zone has one."""


@given(
    zone=st.sampled_from(list(CHANGES)),
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=4),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=3),
    which=st.integers(0, 1),
)
def test_every_day_around_the_change_of_summer_time_has_each_of_its_fires_once(
    zone: str, hours: set[int], minutes: set[int], which: int
) -> None:
    line = f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *"
    try:
        schedule = schedule_of(site(cron=line, zone=zone))
    except ConfigError:
        return  # a time that such a night skips or doubles is refused
    first = datetime.combine(date.fromisoformat(CHANGES[zone][which]), time(), schedule.zone) - timedelta(days=1)
    trigger = trigger_of(schedule, last=None, now=first)
    fired = [trigger.get_next_fire_time(None, first.astimezone(UTC) - timedelta(microseconds=1))]
    while fired[-1].astimezone(schedule.zone).date() < first.date() + timedelta(days=4):
        fired.append(trigger.get_next_fire_time(fired[-1], fired[-1]))
    days = Counter(one.astimezone(schedule.zone).date() for one in fired[:-1])
    assert days == {first.date() + timedelta(days=n): len(hours) * len(minutes) for n in range(4)}
    assert tuple(fired[1:]) == schedule.between(fired[0], fired[-1])
