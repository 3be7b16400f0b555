"""Dates as machines write them."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.dates import moment

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1991, 1, 2), datetime(2199, 1, 1), timezones=OFFSETS)  # noqa: DTZ001  # bounds are naive


@given(TIMES)
def test_iso_time_is_read_exactly(time: datetime) -> None:
    for text in (time.isoformat(), time.isoformat(" "), f" {time.isoformat()} "):
        read = moment(text)
        assert read is not None
        assert read.instant == time
        assert read.instant.tzinfo is UTC
        assert timedelta(minutes=read.offset or 0) == time.utcoffset()


@given(TIMES)
def test_mail_time_is_read_exactly(time: datetime) -> None:
    read = moment(format_datetime(time))
    assert read is not None
    assert read.instant == time.replace(microsecond=0)


@given(st.text())
def test_any_text_is_a_moment_or_none(text: str) -> None:
    read = moment(text)
    assert read is None or read.instant.year >= 1990


@pytest.mark.parametrize(
    ("text", "instant", "offset"),
    [
        ("2025-04-20T17:38:23.4598287Z", datetime(2025, 4, 20, 17, 38, 23, 459828, tzinfo=UTC), 0),
        ("2024-04-28 07:00:00Z", datetime(2024, 4, 28, 7, tzinfo=UTC), 0),
        ("2024-04-28T07:00", datetime(2024, 4, 28, 7, tzinfo=UTC), None),
        ("2024-04-28", datetime(2024, 4, 28, tzinfo=UTC), None),
        ("2024-04-28T07:00:00+0430", datetime(2024, 4, 28, 2, 30, tzinfo=UTC), 270),
    ],
)
def test_spellings_of_the_site(text: str, instant: datetime, offset: int | None) -> None:
    read = moment(text)
    assert read is not None
    assert (read.instant, read.offset) == (instant, offset)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "0001-01-01 00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-23:59",
        "2024",
        "1" * 70,
        "Mon, 99",
    ],
)
def test_none(text: str | None) -> None:
    assert moment(text) is None
