"""Runs and what they brought, what is missing, and what an archive holds in all."""

import json
import sqlite3
from datetime import datetime, timedelta

from archive.database import instant
from archive.errors import NotFoundError
from archive.model import Identity, OmissionKind, RecordRef, Route
from archive.query.answers import Counts, Gap, RunSummary, SiteStatus, StoredOmission
from archive.query.walks import walk_state
from archive.recheck import SECOND_LOOK

_MICROSECOND = timedelta(microseconds=1)
_RUNS = "SELECT r.*, s.name AS site FROM runs r JOIN sites s ON s.id = r.site_id "

_EVENTS = """\
SELECT sum(e.kind = 'version-added' AND x.purpose = 'post' AND NOT e.is_edit),
  sum(e.kind = 'version-added' AND x.purpose = 'post' AND e.is_edit),
  sum(e.kind = 'version-added' AND x.purpose <> 'post'),
  sum(e.kind = 'version-restored'), sum(e.kind = 'unchanged'), sum(e.kind = 'gone'), sum(e.kind = 'returned'),
  sum(e.kind = 'moved'), sum(e.kind = 'rejected')
FROM exchanges x JOIN events e ON e.capture_id = x.id WHERE x.run_id = ?"""

_CAPTURES = """\
SELECT count(*), sum(c.kind = 1), sum(c.kind = 2), sum(c.kind = 3), sum(c.kind = 4), sum(x.payload_bytes),
  sum(CASE WHEN c.kind = 1 THEN x.payload_bytes END)
FROM exchanges x JOIN captures c ON c.url_id = x.url_id AND c.time = x.time AND c.capture_id = x.id
WHERE x.run_id = ?"""


def runs(db: sqlite3.Connection, site: str | None, limit: int) -> tuple[RunSummary, ...]:
    """List runs, newest first."""
    rows = db.execute(f"{_RUNS}WHERE ?1 IS NULL OR s.name = ?1 ORDER BY r.id DESC LIMIT ?2", (site, limit)).fetchall()
    return tuple(_run(db, row) for row in rows)


def last_crawl(db: sqlite3.Connection, site: str) -> RunSummary | None:
    """Give the newest run of a blog that is no import."""
    rows = db.execute(f"{_RUNS}WHERE s.name = ? AND r.route <> 'import' ORDER BY r.id DESC LIMIT 1", (site,))
    return next((_run(db, row) for row in rows.fetchall()), None)


def run(db: sqlite3.Connection, uid: str) -> RunSummary:
    """Give a run by its lasting name.

    Raises:
        NotFoundError: the archive knows no such run.
    """
    row = db.execute(f"{_RUNS}WHERE r.uid = ?", (uid,)).fetchone()
    if row is None:
        raise NotFoundError(f"the archive knows no run {uid!r}", hint="`vigil status` names the last run of each blog.")
    return _run(db, row)


def _run(db: sqlite3.Connection, row: sqlite3.Row) -> RunSummary:
    return RunSummary(
        uid=row["uid"],
        site=row["site"],
        started=instant(row["started"]),
        ended=_time(row["ended"]),
        route=Route(row["route"]),
        mode=row["mode"],
        software=row["software"],
        operator=row["operator"],
        user_agent=row["user_agent"],
        stop_reason=row["stop_reason"],
        exit_code=row["exit_code"],
        is_walk_complete=bool(row["is_walk_complete"]),
        robots_exceptions=tuple(json.loads(row["robots_exceptions"])),
        recovered=tuple(json.loads(row["recovered"])),
        counts=counts(db, row["id"]),
    )


def counts(db: sqlite3.Connection, run_id: int) -> Counts:
    """Count what a run brought, from its rows."""

    def numbers(sql: str) -> list[int]:
        return [value or 0 for value in db.execute(sql, (run_id,)).fetchone()]

    requests, responses, revisits, not_modified, failed, payload_bytes, kept_bytes = numbers(_CAPTURES)
    new, changed, from_listing, restored, unchanged, gone, returned, moved, rejected = numbers(_EVENTS)
    sightings = "SELECT count(*) FROM exchanges x JOIN sightings g ON g.capture_id = x.id WHERE x.run_id = ?"
    omitted = db.execute("SELECT kind, count(*) FROM omissions WHERE run_id = ? GROUP BY kind ORDER BY kind", (run_id,))
    return Counts(
        requests=requests,
        responses=responses,
        revisits=revisits,
        not_modified=not_modified,
        failed=failed,
        new=new,
        changed=changed,
        restored=restored,
        unchanged=unchanged,
        gone=gone,
        returned=returned,
        moved=moved,
        rejected=rejected,
        from_listing=from_listing,
        sightings=numbers(sightings)[0],
        payload_bytes=payload_bytes,
        kept_bytes=kept_bytes,
        omitted=tuple((OmissionKind(kind), count) for kind, count in omitted),
    )


def gaps(db: sqlite3.Connection, site: str | None) -> tuple[Gap, ...]:
    """List the posts that a source of their blog showed and whose own page is not held, last seen first."""
    rows = db.execute(
        "SELECT g.*, x.time, "
        "(SELECT title FROM sightings t WHERE t.post_id = g.post_id ORDER BY t.capture_id DESC LIMIT 1) AS title "
        "FROM gaps g JOIN exchanges x "
        "ON x.id = (SELECT max(n.capture_id) FROM sightings n WHERE n.post_id = g.post_id) "
        "WHERE ?1 IS NULL OR g.site = ?1 ORDER BY x.time DESC, g.post_id",
        (site,),
    )
    return tuple(
        Gap(
            site=row["site"],
            identity=Identity(row["identity"]),
            url=row["url"],
            title=row["title"],
            reason=row["reason"],
            last_seen=instant(row["time"]),
            has_listing_text=bool(row["has_listing_text"]),
        )
        for row in rows
    )


def omissions(db: sqlite3.Connection, uid: str | None, site: str | None) -> tuple[StoredOmission, ...]:
    """List what runs left out, newest first: one run's, one blog's, or all."""
    rows = db.execute(
        "SELECT o.*, r.uid, f.name AS file FROM omissions o JOIN runs r ON r.id = o.run_id "
        "JOIN sites s ON s.id = r.site_id JOIN files f ON f.id = o.file_id "
        "WHERE (?1 IS NULL OR r.uid = ?1) AND (?2 IS NULL OR s.name = ?2) ORDER BY o.id DESC",
        (uid, site),
    )
    return tuple(
        StoredOmission(
            run=row["uid"],
            url=row["url"],
            kind=OmissionKind(row["kind"]),
            reason=row["reason"],
            time=instant(row["time"]),
            via=row["via"],
            record=RecordRef(file=row["file"], offset=row["offset"], length=row["length"], record_id=row["record_id"]),
        )
        for row in rows
    )


def site_statuses(db: sqlite3.Connection) -> tuple[SiteStatus, ...]:
    """Say what is held of each blog."""
    return tuple(_site(db, row) for row in db.execute("SELECT * FROM sites ORDER BY name").fetchall())


def _site(db: sqlite3.Connection, row: sqlite3.Row) -> SiteStatus:
    def number(sql: str) -> int:
        return int(db.execute(sql, (row["id"],)).fetchone()[0] or 0)

    held = "FROM posts WHERE site_id = ? AND is_ours = 1 AND current IS NOT NULL"
    first, last = db.execute(f"SELECT min(published), max(published) {held}", (row["id"],)).fetchone()
    named = (
        "FROM candidates c LEFT JOIN posts p ON p.site_id = c.site_id AND p.identity = c.identity WHERE c.site_id = ?"
    )
    return SiteStatus(
        site=row["name"],
        title=row["title"],
        posts=number(f"SELECT count(*) {held}"),
        versions=number(
            "SELECT count(*) FROM versions v JOIN posts p ON p.id = v.post_id AND p.is_ours = 1 WHERE p.site_id = ?"
        ),
        gone=number(f"SELECT count(*) {held} AND state = 'gone'"),
        gone_confirmed=number(f"SELECT count(*) {held} AND looked - gone_since >= {SECOND_LOOK // _MICROSECOND}"),
        gaps=number(
            "SELECT count(*) FROM posts p WHERE p.site_id = ? AND p.is_opened = 0 "
            "AND EXISTS (SELECT 1 FROM sightings g WHERE g.post_id = p.id)"
        ),
        candidates=number(f"SELECT count(*) {named} AND coalesce(p.is_ours, 0) = 0"),
        candidates_opened=number(f"SELECT count(*) {named} AND p.is_ours = 0"),
        captures=number("SELECT count(*) FROM runs r JOIN exchanges x ON x.run_id = r.id WHERE r.site_id = ?"),
        runs=number("SELECT count(*) FROM runs WHERE site_id = ?"),
        first_published=_time(first),
        last_published=_time(last),
        is_walk_complete=walk_state(db, row["name"]).is_complete,
        last_run=last_crawl(db, row["name"]),
        imported=number(
            "SELECT count(*) FROM runs r JOIN exchanges x ON x.run_id = r.id WHERE r.site_id = ? AND r.route = 'import'"
        ),
    )


def _time(value: int | None) -> datetime | None:
    return None if value is None else instant(value)
