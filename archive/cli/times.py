"""Times on the command line: ISO 8601 whole or in part, WARC time-stamps; without a zone they mean UTC."""

import re
from datetime import UTC, datetime, timedelta

import click

from archive.cli.output import talk
from archive.errors import UsageError

_PARTS = (
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:[T ](?P<hour>\d\d)(?::(?P<minute>\d\d)(?::(?P<second>\d\d)"
    r"(?:[.,](?P<fraction>\d{1,9}))?)?)?(?P<zone>Z|z|[+-]\d\d(?::?\d\d)?)?)?)?)?"
)
_STAMP = r"(\d{4})(\d\d)(\d\d)?(?:(\d\d)(\d\d)(\d\d)(\d{3})?)?"
_DAYS = (
    (r"(?P<year>\d{4})[-/. ](?P<month>\d{1,2})[-/. ](?P<day>\d{1,2})(?P<rest>.*)", "year first"),
    (r"(?P<day>\d{1,2})[-/. ](?P<month>\d{1,2})[-/. ](?P<year>\d{4})(?P<rest>.*)", "day first"),
)
_HINT = "Write it like 2026-08, 2026-08-31, 2026-08-31T10:00 or 2026-08-31T10:00:00+02:00; without a zone it is UTC."


class Time(click.ParamType[datetime]):
    """An option's time; of a month or a day ``is_end`` takes the last instant, else the first."""

    name = "time"

    def __init__(self, *, is_end: bool) -> None:
        self.is_end = is_end

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the option's text."""
        del param, ctx
        if isinstance(value, datetime):
            return value
        first, last = parse_period(str(value))
        if re.search(r"[T ]\d\d(:?\d\d){0,2}([.,]\d+)?$", str(value).strip()):
            talk(f"vigil: “{value}” names no zone and is taken as UTC")
        return last if self.is_end else first


def parse_period(text: str) -> tuple[datetime, datetime]:
    """Give the first and last instant, to the microsecond and in UTC, of the time that ``text`` names.

    ``2026-08`` is a whole month, ``2026-08-31T10:00`` a whole minute; 4, 6, 8, 14 or 17 digits are a WARC time-stamp.

    Raises:
        UsageError: it is no time; the hint shows the nearest right form.
    """
    stamp = re.fullmatch(_STAMP, text.strip(), re.ASCII)
    found = re.fullmatch(_PARTS, _spelled(stamp) if stamp else text.strip(), re.ASCII)
    if found is None:
        raise UsageError(f"“{text}” is not a time", hint=_nearest(text))
    try:
        first = _first(found)
        return first, first + (_length(found, first) - timedelta(microseconds=1))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"“{text}” is not a time: {error}", hint=_HINT) from None


def _first(found: re.Match[str]) -> datetime:
    numbers = [int(found[name] or least) for name, least in (("year", 1), ("month", 1), ("day", 1))]
    clock = [int(found[name] or 0) for name in ("hour", "minute", "second")]
    micro = int((found["fraction"] or "").ljust(6, "0")[:6])
    return (datetime(*numbers, *clock, micro, tzinfo=UTC) - _offset(found["zone"])).astimezone(UTC)  # type: ignore[misc,arg-type]


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone in "Zz":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(f"no zone is called {zone}")
    return (1 if zone[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes)


def _length(found: re.Match[str], first: datetime) -> timedelta:
    """How long the named part of time lasts."""
    if found["fraction"]:
        return timedelta(microseconds=10 ** (6 - min(6, len(found["fraction"]))))
    units = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
    for name, length in {**units, "day": timedelta(days=1)}.items():
        if found[name]:
            return length
    import calendar

    if found["month"]:
        return timedelta(days=calendar.monthrange(first.year, first.month)[1])
    return timedelta(days=366 if calendar.isleap(first.year) else 365)


def _spelled(stamp: re.Match[str]) -> str:
    year, month, day, hour, minute, second, milli = stamp.groups()
    text = "-".join(filter(None, (year, month, day)))
    if hour:
        text += f"T{hour}:{minute}:{second}" + (f".{milli}" if milli else "")
    return text


def _nearest(text: str) -> str:
    for pattern, order in _DAYS:
        found = re.fullmatch(pattern, text.strip(), re.ASCII)
        if found and 1 <= int(found["month"]) <= 12 and 1 <= int(found["day"]) <= 31:
            meant = f"{found['year']}-{int(found['month']):02}-{int(found['day']):02}"
            return f"Did you mean {meant} (read {order})? {_HINT}"
    return _HINT
