"""Crontab's fields: what is right, what is refused, and that our times are APScheduler's."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st

from archive.cron import WEEKDAYS, Cron, CronError, parse_cron
from archive.schedule import Schedule

RIGHT = [
    ("17 3 * * *", {"minute": "17", "hour": "3", "day": "*", "month": "*", "day_of_week": "*"}),
    ("0 3 * * 0", {"day_of_week": "sun"}),
    ("0 3 * * 7", {"day_of_week": "sun"}),
    ("0 3 * * 1", {"day_of_week": "mon"}),
    ("0 3 * * 6", {"day_of_week": "sat"}),
    ("0 3 * * 1-5", {"day_of_week": "mon,tue,wed,thu,fri"}),
    ("0 3 * * 5-7", {"day_of_week": "sun,fri,sat"}),
    ("0 3 * * 0-7", {"day_of_week": "*"}),
    ("0 3 * * Mon,wed", {"day_of_week": "mon,wed"}),
    ("*/20 1-5/2 * * *", {"minute": "0,20,40", "hour": "1,3,5"}),
    ("0 0 1 JAN *", {"day": "1", "month": "1"}),
    ("@weekly", {"minute": "0", "hour": "0", "day_of_week": "sun"}),
]
WRONG = [
    ("17 25 * * *", "17 23 * * *"),
    ("60 3 * * *", "59 3 * * *"),
    ("0 3 * * 8", "0 3 * * 7"),
    ("0 3 * * frid", "0 3 * * fri"),
    ("0 3 0 * *", "0 3 1 * *"),
    ("0 22-3 * * *", "0 22-23,0-3 * * *"),
    ("5/15 * * * *", "5-59/15 * * * *"),
    ("*/0 * * * *", "*/2 * * * *"),
    ("03:17", "17 3 * * *"),
    ("3:17:00", "17 3 * * *"),
    ("0 17 3 * * *", "17 3 * * *"),
    ("17 3 * * * 2026", "17 3 * * *"),
    ("17 3", "17 3 * * *"),
    ("", "17 3 * * *"),
    ("0 3 1 * 1", "0 3 * * 1"),
    ("0 0 31 2 *", "0 0 1 2 *"),
    ("@dayly", "@daily"),
    ("@reboot", "@yearly"),
]


@pytest.mark.parametrize(("text", "expected"), RIGHT, ids=[text for text, _ in RIGHT])
def test_crontab_line_names_these_times(text: str, expected: dict[str, str]) -> None:
    named = for_apscheduler(parse_cron(text))
    assert {key: named[key] for key in expected} == expected


def for_apscheduler(cron: Cron) -> dict[str, str]:
    """The fields as APScheduler's ``CronTrigger`` takes them, weekdays by name, because its 0 is Monday."""

    def listed(values: frozenset[int], all_of_them: int) -> str:
        return "*" if len(values) == all_of_them else ",".join(map(str, sorted(values)))

    return {
        "minute": listed(cron.minutes, 60),
        "hour": listed(cron.hours, 24),
        "day": listed(cron.days, 31),
        "month": listed(cron.months, 12),
        "day_of_week": "*" if len(cron.weekdays) == 7 else ",".join(WEEKDAYS[day] for day in sorted(cron.weekdays)),
    }


@pytest.mark.parametrize(("text", "nearest"), WRONG, ids=[text or "nothing" for text, _ in WRONG])
def test_wrong_line_is_refused_with_the_nearest_right_form(text: str, nearest: str) -> None:
    with pytest.raises(CronError) as refused:
        parse_cron(text)
    if not text.startswith("@r"):
        assert refused.value.nearest == nearest
    parse_cron(refused.value.nearest)


@given(st.text("0123456789*/,-mont@ :", max_size=30))
def test_whatever_is_written_the_form_offered_is_right(text: str) -> None:
    try:
        parse_cron(text)
    except CronError as error:
        parse_cron(error.nearest)


FIELD = {"minute": (0, 59), "hour": (0, 23), "day": (1, 28), "month": (1, 12), "weekday": (0, 7)}


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Crontab lines with values, ranges, lists and steps; days of the month or of the week, not both."""
    words = []
    for low, high in FIELD.values():
        a, b = sorted((draw(st.integers(low, high)), draw(st.integers(low, high))))
        words.append(draw(st.sampled_from(["*", f"{a}", f"{a}-{b}", f"{a},{b}", f"{a}-{b}/2"])))
    words[draw(st.sampled_from([2, 4]))] = "*"
    return " ".join(words)


@given(lines(), st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)))  # noqa: DTZ001 - made aware below
def test_next_time_is_the_one_at_which_apscheduler_fires(line: str, moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC, microsecond=0)
    cron = parse_cron(line)
    ours = Schedule(cron=cron, every=None, jitter=timedelta(0), window=None, zone=ZoneInfo("UTC")).after(now)
    theirs = CronTrigger(**for_apscheduler(cron), timezone=UTC).get_next_fire_time(None, now + timedelta(seconds=1))
    assert ours == theirs
