"""Times on the command line."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.cli.times import Time, parse_period
from archive.errors import UsageError

PERIODS = {
    "year": ("2026", "2026-01-01T00:00:00", "2026-12-31T23:59:59.999999"),
    "leap year": ("2024", "2024-01-01T00:00:00", "2024-12-31T23:59:59.999999"),
    "month": ("2026-08", "2026-08-01T00:00:00", "2026-08-31T23:59:59.999999"),
    "February of a leap year": ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59.999999"),
    "day": ("2026-08-31", "2026-08-31T00:00:00", "2026-08-31T23:59:59.999999"),
    "hour": ("2026-08-31T10", "2026-08-31T10:00:00", "2026-08-31T10:59:59.999999"),
    "minute": ("2026-08-31T10:05", "2026-08-31T10:05:00", "2026-08-31T10:05:59.999999"),
    "minute with a space": ("2026-08-31 10:05", "2026-08-31T10:05:00", "2026-08-31T10:05:59.999999"),
    "second": ("2026-08-31T10:05:09", "2026-08-31T10:05:09", "2026-08-31T10:05:09.999999"),
    "tenth": ("2026-08-31T10:05:09.2", "2026-08-31T10:05:09.2", "2026-08-31T10:05:09.299999"),
    "WARC-Date": ("2026-08-31T10:05:09.250001Z", "2026-08-31T10:05:09.250001", "2026-08-31T10:05:09.250001"),
    "nanoseconds": ("2026-08-31T10:05:09.250001999Z", "2026-08-31T10:05:09.250001", "2026-08-31T10:05:09.250001"),
    "zone": ("2026-08-31T10:05:09+02:00", "2026-08-31T08:05:09", "2026-08-31T08:05:09.999999"),
    "zone behind": ("2026-08-31T22:05-0330", "2026-09-01T01:35:00", "2026-09-01T01:35:59.999999"),
    "short zone": ("2026-01-01T00:00+01", "2025-12-31T23:00:00", "2025-12-31T23:00:59.999999"),
    "8 digits": ("20260831", "2026-08-31T00:00:00", "2026-08-31T23:59:59.999999"),
    "14 digits": ("20260831100509", "2026-08-31T10:05:09", "2026-08-31T10:05:09.999999"),
    "17 digits": ("20260831100509250", "2026-08-31T10:05:09.250", "2026-08-31T10:05:09.250999"),
    "last year there is": ("9999", "9999-01-01T00:00:00", "9999-12-31T23:59:59.999999"),
}

WRONG = {
    "day first": ("31.08.2026", "2026-08-31"),
    "slashes": ("2026/8/1", "2026-08-01"),
    "no padding": ("2026-8-1", "2026-08-01"),
    "words": ("yesterday", "2026-08-31T10:00"),
    "month 13": ("2026-13", "2026-08"),
    "day 31 of June": ("2026-06-31", "2026-08"),
    "hour 25": ("2026-06-30T25:00", "2026-08"),
    "zone of 99 hours": ("2026-06-30T10:00+99:00", "2026-08"),
    "year 0": ("0000", "2026-08"),
    "before the first year": ("0001-01-01T00:00+14:00", "2026-08"),
    "digits too many": ("2026083110050", "2026-08"),
    "nothing": ("", "2026-08"),
    "Arabic digits": ("٢٠٢٦", "2026-08"),
}


@pytest.mark.parametrize(("text", "first", "last"), PERIODS.values(), ids=PERIODS)
def test_a_time_names_a_period(text: str, first: str, last: str) -> None:
    assert parse_period(text) == tuple(datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (first, last))


@pytest.mark.parametrize(("text", "meant"), WRONG.values(), ids=WRONG)
def test_what_is_no_time_is_answered_with_the_nearest_right_form(text: str, meant: str) -> None:
    with pytest.raises(UsageError, match="is not a time") as caught:
        parse_period(text)
    assert meant in caught.value.hint


def test_an_end_is_the_last_instant_and_a_beginning_the_first() -> None:
    assert Time(is_end=True).convert("2026-08", None, None) == datetime(2026, 9, 1, tzinfo=UTC) - timedelta(
        microseconds=1
    )
    assert Time(is_end=False).convert("2026-08", None, None) == datetime(2026, 8, 1, tzinfo=UTC)


def test_a_time_without_zone_is_utc_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Time(is_end=False).convert("2026-08-31T10:00", None, None)
    assert "“2026-08-31T10:00” names no zone and is taken as UTC" in capsys.readouterr().err
    Time(is_end=False).convert("2026-08-31T10:00Z", None, None)
    Time(is_end=False).convert("2026-08-31T10:00-05:00", None, None)
    assert capsys.readouterr().err == ""


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_instant_comes_back_exactly(time: datetime) -> None:
    assert parse_period(time.isoformat(timespec="microseconds")) == (time, time)


@given(st.text(alphabet="0123456789-:.TZ+ ²٣", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        first, last = parse_period(text)
    except UsageError:
        return
    assert first <= last
