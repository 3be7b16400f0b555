"""On which days the archive looked, and on which it did not: a calendar of captures."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from datasette.utils.asgi import Request, Response

from archive.database import micros
from archive.query import Archive
from archive.web.frame import Desk, Routes, ask_once, data, form_of, render, word

Row = dict[str, object]

_YEARS = "SELECT DISTINCT CAST(strftime('%Y', started / 1000000, 'unixepoch') AS INTEGER) AS year FROM runs ORDER BY 1"
# By the runs of that year, so that the index of exchanges by run is used; a run over New Year's Eve counts for both.
_DAYS = """\
SELECT strftime('%Y-%m-%d', x.time / 1000000, 'unixepoch') AS day, count(*) AS captures,
  sum(x.failure IS NOT NULL) AS failures, count(DISTINCT r.id) AS runs,
  sum(EXISTS (SELECT 1 FROM events e WHERE e.capture_id = x.id AND (e.is_edit = 1 OR e.kind IN ('gone', 'returned'))))
    AS changes
FROM runs r CROSS JOIN exchanges x ON x.run_id = r.id JOIN sites s ON s.id = r.site_id
WHERE r.started >= :before AND r.started < :end AND x.time >= :begin AND x.time < :end
  AND (:site IS NULL OR s.name = :site)
GROUP BY 1 ORDER BY 1"""
_LEVELS = (1, 10, 100, 1000)
_LONGEST_RUN_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of the calendar; ``level`` says how many captures, from 0 for none to 4."""

    date: date
    level: int
    captures: int
    failures: int
    runs: int
    changes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of the calendar in weeks from Monday; None stands where a week has days of another month."""

    name: str
    weeks: tuple[tuple[Day | None, ...], ...]


async def coverage(request: Request, datasette: Desk) -> Response:
    """Show a year as a calendar, and its days as a table."""
    years = await ask_once(datasette, "years", lambda archive: [int(str(row["year"])) for row in archive.rows(_YEARS)])
    told, site = word(request, "year") or "", word(request, "site")
    newest = years[-1] if years else datetime.now(UTC).year
    year = int(told) if told.isdecimal() and len(told) == 4 and int(told) > 0 else newest
    rows = await ask_once(datasette, ("coverage", year, site), lambda archive: days_of(archive, year, site))
    if form_of(request):
        return data(form_of(request), rows, f"coverage-{year}")
    values = {
        "year": year,
        "years": years,
        "site": site,
        "rows": rows,
        "months": months(year, rows),
        "weekdays": tuple(zip(calendar.day_abbr, calendar.day_name, strict=True)),
        "place": "coverage",
    }
    return await render(datasette, request, "coverage.html", values)


def days_of(archive: Archive, year: int, site: str | None) -> list[Row]:
    """Count captures, failures, runs and changes of each day (UTC) of a year on which there were any."""
    begin, end = (micros(datetime(one, 1, 1, tzinfo=UTC)) for one in (year, min(year + 1, 9999)))
    before = begin - _LONGEST_RUN_DAYS * 86_400_000_000
    return archive.rows(_DAYS, {"before": before, "begin": begin, "end": end, "site": site})


def months(year: int, rows: Sequence[Row]) -> list[Month]:
    """Lay the days of a year out as months."""
    by_day = {str(row["day"]): row for row in rows}
    weeks = calendar.Calendar()
    return [
        Month(
            name=calendar.month_name[month],
            weeks=tuple(
                tuple(_day(one, by_day) if one.month == month else None for one in week)
                for week in weeks.monthdatescalendar(year, month)
            ),
        )
        for month in range(1, 13)
    ]


def _day(one: date, by_day: dict[str, Row]) -> Day:
    row = by_day.get(one.isoformat(), {})
    counts = {name: int(str(row.get(name) or 0)) for name in ("captures", "failures", "runs", "changes")}
    return Day(date=one, level=sum(counts["captures"] >= least for least in _LEVELS), **counts)


ROUTES: Routes = ((r"/coverage(?:\.(?P<form>json|csv))?$", coverage),)
