"""What needs a look: what is overdue, failed, drifted, silent, low or owed, each with a lasting key. Reads only."""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median, quantiles

from archive import journal
from archive.collection import Collection
from archive.config import Settings, site_files
from archive.database import instant, micros
from archive.errors import ExitCode, VigilError
from archive.evidence.owed import owed, told_stamps
from archive.evidence.publishing import unpublished
from archive.fires import FireKind, fires
from archive.model import Route
from archive.query import Archive, RunSummary
from archive.schedule import ENOUGH, SLACK, Schedule, last_good_run, schedule_of
from archive.site import load_site

COPIES = "copies.jsonl"
"""Under ``state/``: how each sending of a copy went."""
_KINDS = {
    ExitCode.NOTHING_FETCHED: "nothing-fetched",
    ExitCode.LAYOUT_DRIFT: "layout-drift",
    ExitCode.INTEGRITY: "integrity",
    ExitCode.DISK_FULL: "disk",
    ExitCode.DISK_LIMIT: "disk",
}
_FIELDS = {
    "authors": "a.authors <> '[]'",
    "time of publication": "a.published IS NOT NULL",
    "category": "a.category IS NOT NULL",
    "pictures": "EXISTS (SELECT 1 FROM media m WHERE m.article_id = a.id)",
}
_READ_LAST, _READ_BEFORE, _READ_LEAST = 20, 200, 5
_FULL, _POOR, _SHORT = 0.9, 0.5, 0.4
"""Shares: a field on so many pages is always there; on so few, it vanished; a text so short, it is cut."""
_RHYTHM, _RHYTHM_LEAST = 200, 10
_RUNS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason to look: ``key`` names it as long as it lasts, ``told`` is one sentence."""

    key: str
    site: str
    kind: str
    told: str


def causes(settings: Settings, now: datetime) -> tuple[Cause, ...]:
    """Name everything that is not as it should be.

    Raises:
        VigilError: the archive or the configuration cannot be read.
    """
    collection = Collection(settings.collection)
    found = [*_disk(settings), *_damage(collection), *_copies(settings, collection), *_owed(settings, collection, now)]
    found += _site_files(settings)
    if collection.database.exists():
        with Archive.open(collection) as archive:
            for row in archive.db.execute("SELECT id, name FROM sites ORDER BY name").fetchall():
                last = next(filter(_tells_of_the_site, archive.runs(site=row["name"], limit=_RUNS)), None)
                for look in (_run, _reading, _silence, _budget):
                    found += look(archive, row["id"], last, now) if last else ()
    for site, schedule in schedules(settings).items():
        found += _overdue(collection, site, schedule, now)
    by_key = {cause.key: cause for cause in found}
    return tuple(cause for cause in found if by_key[cause.key] is cause and not _is_explained(cause, by_key))


def _tells_of_the_site(run: RunSummary) -> bool:
    """An import does not, nor a run that was interrupted before it had anything but robots.txt."""
    is_empty = run.exit_code == ExitCode.INTERRUPTED and run.counts.requests - run.counts.failed < 2
    return run.route is not Route.IMPORT and not is_empty


def _is_explained(cause: Cause, by_key: Mapping[str, Cause]) -> bool:
    """Tell whether a site is overdue because its runs fail, which is told already."""
    return cause.kind == "overdue" and f"failed:{cause.site}" in by_key


def schedules(settings: Settings) -> dict[str, Schedule]:
    """Give the schedule of every site that has one in force; a site file that cannot be read has none."""
    found: dict[str, Schedule] = {}
    for name, path in site_files(settings).items():
        try:
            schedule = schedule_of(load_site(path))
        except VigilError:
            continue
        if schedule.is_enabled:
            found[name] = schedule
    return found


def _site_files(settings: Settings) -> Iterator[Cause]:
    """A site file that cannot be read: its blog is not crawled, and nobody knows when it should have been."""
    for name, path in site_files(settings).items():
        try:
            schedule_of(load_site(path))
        except VigilError as error:
            yield Cause(key=f"config:{name}", site=name, kind="config", told=f"{name} cannot be crawled: {error}")


def due_next(settings: Settings, now: datetime) -> dict[str, datetime]:
    """Say when each scheduled site is due next, jitter left out."""
    collection = Collection(settings.collection)
    found = schedules(settings)
    return {site: table.after(now, last=last_good_run(collection, site)) for site, table in found.items()}


def _overdue(collection: Collection, site: str, schedule: Schedule, now: datetime) -> Iterator[Cause]:
    """A site that was never crawled into this collection is not overdue here."""
    last = last_good_run(collection, site, ends=ENOUGH)
    if (last or fires(collection, site=site)) and schedule.is_overdue(last, now, slack=SLACK):
        said = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "so far"
        yield Cause(key=f"overdue:{site}", site=site, kind="overdue", told=f"no run of {site} ended well {said}")
    ended = [fire for fire in fires(collection, site=site) if fire.kind in {FireKind.ENDED, FireKind.FAILED}]
    if ended and (last is None or ended[-1].time > last) and ended[-1].exit_code not in {*ENOUGH, ExitCode.LOCKED}:
        fire = ended[-1]
        told = f"the crawl of {site} failed: exit {fire.exit_code} {fire.detail}".rstrip()
        yield Cause(key=f"failed:{site}", site=site, kind=_KINDS.get(_code(fire.exit_code), "failed"), told=told)


def _code(value: int | None) -> ExitCode:
    return ExitCode(value) if value in set(ExitCode) else ExitCode.ERROR


def _run(archive: Archive, site_id: int, last: RunSummary, now: datetime) -> Iterator[Cause]:
    del site_id, now
    if last.exit_code is None and _is_locked(archive.collection):
        return
    if last.exit_code not in ENOUGH:
        kind = _KINDS.get(_code(last.exit_code), "failed")
        told = f"run {last.uid} failed: {last.stop_reason or 'it was cut off'} (exit {last.exit_code})"
        yield Cause(key=f"failed:{last.site}", site=last.site, kind=kind, told=told)


def _is_locked(collection: Collection) -> bool:
    try:
        with collection.locked("vigil status"):
            return False
    except (VigilError, OSError):
        return True


def _reading(archive: Archive, site_id: int, last: RunSummary, now: datetime) -> Iterator[Cause]:
    """Compare the pages that were read last with those before: fields that were always there, length of the text."""
    del now
    columns = ", ".join(f"{test} AS '{name}'" for name, test in _FIELDS.items())
    sql = (
        f"SELECT length(t.text) AS length, a.is_textless, {columns} FROM readings r "  # noqa: S608 - columns of ours
        "JOIN posts p ON p.id = r.post_id JOIN articles a ON a.id = r.article_id JOIN texts t ON t.id = r.text_id "
        "LEFT JOIN exchanges x ON x.id = r.capture_id LEFT JOIN runs n ON n.id = x.run_id "
        "WHERE n.route IS NOT 'import' AND p.site_id = ? AND p.is_ours = 1 AND r.is_first = 1 "
        "AND r.origin = 'permalink' ORDER BY r.capture_id DESC LIMIT ?"
    )
    rows = archive.db.execute(sql, (site_id, _READ_LAST + _READ_BEFORE)).fetchall()
    newest, before = rows[:_READ_LAST], rows[_READ_LAST:]
    if len(before) < _READ_LAST:
        return
    for name in _FIELDS:
        if _share(before, name) >= _FULL and _share(newest, name) <= _POOR:
            told = f"{name} vanished from the posts of {last.site}: on {_share(newest, name):.0%} of the newest pages"
            yield Cause(key=f"drift:{last.site}:{name}", site=last.site, kind="layout-drift", told=told)
    lengths = [[row["length"] for row in part if not row["is_textless"]] for part in (newest, before)]
    if min(map(len, lengths)) >= _READ_LEAST and median(lengths[0]) < _SHORT * median(lengths[1]):
        short, usual = map(median, lengths)
        told = f"the texts of {last.site} became short: {short:.0f} characters, {usual:.0f} before"
        yield Cause(key=f"drift:{last.site}:text", site=last.site, kind="layout-drift", told=told)


def _share(rows: list[sqlite3.Row], name: str) -> float:
    return sum(bool(row[name]) for row in rows) / len(rows)


def _silence(archive: Archive, site_id: int, last: RunSummary, now: datetime) -> Iterator[Cause]:
    if last.route is not Route.SITE:
        return
    sql = (
        "SELECT published FROM posts WHERE site_id = ? AND is_ours = 1 AND published IS NOT NULL AND published <= ? "
        "ORDER BY published DESC LIMIT ?"
    )
    rows = archive.db.execute(sql, (site_id, micros(now), _RHYTHM)).fetchall()
    times = [instant(row[0]) for row in rows]
    longest = longest_silence(times)
    if longest is not None and times and last.started - times[0] > longest:
        days = (last.started - times[0]).days
        told = f"{last.site} has published nothing new for {days} days, more than its rhythm explains ({longest.days})"
        yield Cause(key=f"silent:{last.site}", site=last.site, kind="silent", told=told)


def _budget(archive: Archive, site_id: int, last: RunSummary, now: datetime) -> Iterator[Cause]:
    """A budget with which the stated intervals cannot be kept, so that edits stay unseen for longer; 0 means none."""
    del site_id
    agenda = archive.agenda(last.site, now)
    if agenda is not None and 0 < agenda.budget < agenda.nightly:
        told = (
            f"the posts of {last.site} ask for {agenda.nightly:,} looks a night, [recheck] budget allows "
            f"{agenda.budget:,}: they are looked at later than stated"
        )
        yield Cause(key=f"budget:{last.site}", site=last.site, kind="budget", told=told)


def longest_silence(times: list[datetime]) -> timedelta | None:
    """Say how long a blog may be silent, from its publications, newest first; None where they are too few to tell.

    Longer than every gap of the past, than three times the gap that nine of ten do not exceed, and than a day.
    """
    gaps = [(late - early).total_seconds() for late, early in pairwise(times)]
    if len(gaps) < _RHYTHM_LEAST:
        return None
    return timedelta(seconds=max(*gaps, 3 * quantiles(gaps, n=10)[-1], 86_400))


def _disk(settings: Settings) -> Iterator[Cause]:
    place = next(folder for folder in (settings.collection, *settings.collection.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if free < settings.min_free_bytes:
        told = f"{free:,} bytes of disk are free, {settings.min_free_bytes:,} are asked for"
        yield Cause(key="disk", site="", kind="disk", told=told)


def _damage(collection: Collection) -> Iterator[Cause]:
    for path in sorted(collection.warcs.glob("*.invalid")):
        told = f"{path.name} failed its read-back; vigil verify tells more"
        yield Cause(key=f"integrity:{path.name}", site="", kind="integrity", told=told)


def _copies(settings: Settings, collection: Collection) -> Iterator[Cause]:
    newest = {str(row.get("place")): row.get("problem") for row in journal.entries(collection.state / COPIES)}
    for place in settings.copies:
        if newest.get(place):
            told = f"the copy at {place} failed: {newest[place]}"
            yield Cause(key=f"copy:{place}", site="", kind="copy", told=told)


def _owed(settings: Settings, collection: Collection, now: datetime) -> Iterator[Cause]:
    if not (collection.root / "seals").is_dir():
        return
    late = [stamp for stamp in owed(collection).pending if stamp.is_overdue(settings.alarm_hours, now)]
    if late:
        yield Cause(key="owed", site="", kind="owed", told=f"owed too long: {' / '.join(told_stamps(late))}")
    for one in unpublished(collection, settings):
        told = f"the log's checkpoint is not published: {one.shown}: {one.problem}"
        yield Cause(key=f"publish:{one.place}", site="", kind="publish", told=told)
