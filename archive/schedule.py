"""When a site's runs are due: from its ``[schedule]`` table, pure, in UTC out and the table's own time zone in."""

import difflib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from archive.collection import Collection
from archive.cron import Cron, parse_cron
from archive.database import dump, instant, translated
from archive.errors import ConfigError, ExitCode
from archive.query import Archive
from archive.site import Site

_FAR = timedelta(days=366 * 8 + 2)
"""No cron line that has a day at all waits longer: a 29 February across a century."""
_MOST_BETWEEN = 100
GOOD = (ExitCode.OK, ExitCode.PARTIAL)
"""Ends of a run after which the site is not due again before its time."""
ENOUGH = (*GOOD, ExitCode.INTERRUPTED, ExitCode.SIZE_LIMIT, ExitCode.TIME_LIMIT)
"""Ends of a run that nobody need look after: it goes on the next night."""
SLACK = timedelta(hours=3)
"""How late a run may be before it is called overdue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A checked ``[schedule]`` table. ``window`` holds two times of day, or nothing; the second may be a day later."""

    cron: Cron | None
    every: timedelta | None
    jitter: timedelta
    window: tuple[time, time] | None
    zone: ZoneInfo
    is_enabled: bool = True

    def is_open(self, moment: datetime) -> bool:
        """Tell whether ``moment`` lies in the night-time window."""
        if self.window is None:
            return True
        start, end = self.window
        now = moment.astimezone(self.zone).time().replace(tzinfo=None)
        return start <= now < end if start < end else now >= start or now < end

    def closes(self, moment: datetime) -> datetime | None:
        """Give the end of the window that ``moment`` lies in."""
        return None if self.window is None else self._next_clock(moment, self.window[1])

    def opens(self, moment: datetime) -> datetime:
        """Give ``moment`` where the window is open, else when it opens next."""
        if self.window is None or self.is_open(moment):
            return moment
        return self._next_clock(moment, self.window[0])

    def _next_clock(self, moment: datetime, clock: time) -> datetime:
        day = moment.astimezone(self.zone).date()
        times = (datetime.combine(day + timedelta(days=n), clock, self.zone).astimezone(UTC) for n in range(3))
        return next(one for one in times if one > moment)

    def after(self, moment: datetime, *, last: datetime | None = None) -> datetime:
        """Give the next time after ``moment`` at which a run is due, jitter left out; ``last`` is when one began."""
        if self.cron is not None:
            return next(_times(self.cron, self.zone, moment))
        span = self.every or timedelta(days=1)
        if last is None:
            return self.opens(moment)
        return self.opens(max(moment, last + span))

    def due_before(self, moment: datetime) -> datetime | None:
        """Give the newest time up to ``moment`` that the cron line names; nothing where there is no cron line."""
        if self.cron is None:
            return None
        for days in (2, 8, 35, 370, _FAR.days):
            newest = None
            for one in _times(self.cron, self.zone, moment - timedelta(days=days)):
                if one > moment:
                    break
                newest = one
            if newest is not None:
                return newest
        return None

    def between(self, since: datetime, until: datetime) -> tuple[datetime, ...]:
        """Give the times after ``since``, up to ``until``, at which a run was due: the newest hundred, oldest first."""
        if self.cron is None:
            first = since + (self.every or timedelta(days=1))
            return (first,) if first <= until else ()
        times = takewhile(lambda one: one <= until, _times(self.cron, self.zone, since))
        return tuple(deque(times, _MOST_BETWEEN))

    def is_overdue(self, last: datetime | None, now: datetime, *, slack: timedelta = timedelta(0)) -> bool:
        """Tell whether the run that began at ``last`` should have been followed by another one ``slack`` ago."""
        if last is None:
            return True
        if self.cron is None:
            return now - last >= (self.every or timedelta(days=1)) + slack
        due = self.due_before(now - slack - self.jitter)
        return due is not None and last < due


def schedule_of(site: Site) -> Schedule:
    """Check a site's ``[schedule]`` table.

    Raises:
        ConfigError: the zone is unknown, a time lies outside the window, or is one that a DST night skips or doubles.
    """
    rules = site.schedule
    key = f"{site.id}.toml: schedule"
    try:
        zone = ZoneInfo(rules.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(rules.zone, available_timezones(), 1) or ["Europe/Prague"]
        raise ConfigError(
            f"{key}.zone: “{rules.zone}” is no time zone", hint=f'Write "UTC", or a name like "{near[0]}".'
        ) from None
    window = None if rules.window is None else _window(rules.window)
    every = None if rules.every is None else span_of(rules.every)
    cron = parse_cron(rules.cron) if rules.cron and every is None else None
    found = Schedule(
        cron=cron,
        every=every,
        jitter=timedelta(seconds=rules.jitter),
        window=window,
        zone=zone,
        is_enabled=rules.enabled and (cron or every) is not None,
    )
    if cron is not None:
        _check_window(found, cron, key)
        _check_nights(found, cron, key)
    return found


def last_good_run(collection: Collection, site: str, *, ends: tuple[ExitCode, ...] = GOOD) -> datetime | None:
    """Say when the newest run of ``site`` that ended in one of these ways began; None where there is none."""
    if not collection.database.exists():
        return None
    sql = (
        "SELECT max(r.started) FROM runs r JOIN sites s ON s.id = r.site_id "
        "WHERE s.name = ? AND r.route <> 'import' AND r.exit_code IN (SELECT value FROM json_each(?))"
    )
    with Archive.open(collection) as archive, translated(collection.database):
        newest = archive.db.execute(sql, (site, dump(list(map(int, ends))))).fetchone()[0]
    return None if newest is None else instant(newest)


def span_of(text: str) -> timedelta:
    """Read a span like ``12h`` or ``90m``, as ``ScheduleRules.every`` has checked it."""
    unit = {"m": "minutes", "h": "hours", "d": "days"}[text[-1]]
    return timedelta(**{unit: int(text[:-1])})


def _window(text: str) -> tuple[time, time]:
    start, end = text.split("-")
    return time.fromisoformat(start), time.fromisoformat(end)


def _times(cron: Cron, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Every time of the cron line after a moment, in order.

    A local time that a DST night skips is left out, one that it has twice comes twice.
    """
    day = after.astimezone(zone).date()
    clocks = [time(hour, minute) for hour in sorted(cron.hours) for minute in sorted(cron.minutes)]
    for number in range(_FAR.days):
        date = day + timedelta(days=number)
        if date.month in cron.months and date.day in cron.days and date.isoweekday() % 7 in cron.weekdays:
            moments = (datetime.combine(date, clock.replace(fold=fold), zone) for clock in clocks for fold in (0, 1))
            real = sorted({one.astimezone(UTC) for one in moments if _is_real(one, zone)})
            yield from (one for one in real if one > after)


def _is_real(moment: datetime, zone: ZoneInfo) -> bool:
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment.replace(tzinfo=None)


def _check_window(schedule: Schedule, cron: Cron, key: str) -> None:
    if schedule.window is None:
        return
    for hour in sorted(cron.hours):
        for minute in sorted(cron.minutes):
            local = datetime(2026, 1, 15, hour, minute, tzinfo=schedule.zone)
            if not schedule.is_open(local):
                start = schedule.window[0]
                raise ConfigError(
                    f"{key}.cron: {hour:02}:{minute:02} lies outside the window",
                    hint=f"The nearest right form is “{start.minute} {start.hour} * * *”.",
                )
            room = schedule.closes(local)
            if room is not None and local + schedule.jitter >= room:
                most = int((room - local).total_seconds()) - 60
                raise ConfigError(
                    f"{key}.jitter: {hour:02}:{minute:02} and {schedule.jitter.total_seconds():.0f} seconds go beyond "
                    "the window",
                    hint=f"The nearest right form is jitter = {most}.",
                )


def _check_nights(schedule: Schedule, cron: Cron, key: str) -> None:
    """Refuse a time of day that a DST night of this year or the next has twice or not at all."""
    if len(cron.hours) == 24 or schedule.zone.key == "UTC":
        return
    odd = {
        (hour, minute)
        for day in _odd_days(schedule.zone)
        for hour in range(24)
        for minute in cron.minutes
        if _is_odd(datetime(day.year, day.month, day.day, hour, minute, tzinfo=schedule.zone), schedule.zone)
    }
    bad = sorted((hour, minute) for hour, minute in odd if hour in cron.hours)
    if bad:
        hour, minute = bad[0]
        free = next(one % 24 for one in range(hour + 1, hour + 25) if (one % 24, minute) not in odd)
        raise ConfigError(
            f"{key}.cron: {hour:02}:{minute:02} in {schedule.zone.key} comes twice or never on a night of summer time",
            hint=f'The nearest right forms are “{minute} {free} * * *”, or zone = "UTC".',
        )


def _odd_days(zone: ZoneInfo) -> Iterator[datetime]:
    start = datetime(datetime.now(UTC).year, 1, 1, tzinfo=UTC)
    before = start.astimezone(zone).utcoffset()
    for number in range(1, 2 * 366):
        moment = start + timedelta(days=number)
        offset = moment.astimezone(zone).utcoffset()
        if offset != before:
            yield from (moment.astimezone(zone) - timedelta(days=1), moment.astimezone(zone))
        before = offset


def _is_odd(moment: datetime, zone: ZoneInfo) -> bool:
    return not _is_real(moment, zone) or moment.utcoffset() != moment.replace(fold=1).utcoffset()
