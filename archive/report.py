"""The report of a run, from the index: what is new, what changed, what was left out and why, and how it ended."""

import json
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path

from archive import report_facts
from archive.database import warc_date
from archive.errors import NotFoundError
from archive.query import Archive
from archive.replaying import Replay
from archive.report_html import page

_EVENTS = """\
SELECT e.kind, p.identity, coalesce(p.canonical_url, u.url) AS url, a.title, e.is_edit, e.is_title_changed, e.is_silent,
  coalesce(e.reason, e.status, e.before || ' -> ' || e.after) AS detail, e.capture_id
FROM events e JOIN exchanges x ON x.id = e.capture_id JOIN posts p ON p.id = e.post_id JOIN urls u ON u.id = p.url_id
LEFT JOIN articles a ON a.id = p.article_id
WHERE x.run_id = ? AND e.kind NOT IN ('unchanged', 'seen') AND (p.is_ours = 1 OR e.kind = 'rejected')
ORDER BY e.capture_id, e.post_id, e.ordinal"""

_FETCHED = """\
SELECT x.purpose, count(*) AS requests, sum(x.payload_bytes) AS payload_bytes, sum(c.kind = 2) AS revisits,
  sum(c.kind = 3) AS not_modified, sum(c.kind = 4) AS failures, sum(x.truncation IS NOT NULL) AS cut_off
FROM exchanges x JOIN captures c ON c.url_id = x.url_id AND c.time = x.time AND c.capture_id = x.id
WHERE x.run_id = ? GROUP BY x.purpose ORDER BY x.purpose"""

_UNCHANGED = """\
SELECT count(*) FROM events e JOIN exchanges x ON x.id = e.capture_id
WHERE x.run_id = ? AND e.kind = 'unchanged'"""

_ROBOTS = """\
SELECT u.url, c.status, x.payload_digest, f.name AS file, c.offset, c.length, x.record_id, x.id AS capture_id
FROM exchanges x JOIN captures c ON c.url_id = x.url_id AND c.time = x.time AND c.capture_id = x.id
JOIN urls u ON u.id = x.url_id JOIN files f ON f.id = c.file_id
WHERE x.run_id = ? AND x.purpose = 'robots' ORDER BY x.id"""

_ALARMS = """\
SELECT u.url, x.outcome, x.alarms, x.id AS capture_id FROM exchanges x JOIN urls u ON u.id = x.url_id
WHERE x.run_id = ? AND (x.alarms IS NOT NULL OR x.outcome NOT IN ('ok', 'past-the-end')) ORDER BY x.id"""

Rows = list[dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run, told from the rows that follow from its records.

    ``run`` is its row with times spelled out; ``fetched`` counts exchanges by purpose; ``events`` are what changed,
    post by post; ``omissions`` what was not asked for, not taken or lost; ``alarms`` the pages that were not what the
    layout expects; ``robots`` each robots.txt as it was fetched, and where its record lies. ``changes`` are the edits,
    paragraph by paragraph; ``gaps`` what was shown and is not held; ``nights`` the runs up to this one; ``fires`` the
    times since the run before at which no run began; ``rules`` what the site file asks for; ``clock`` how right the
    machine's clock was when this was written; ``replay`` what a replay of the run showed, where one was made.
    """

    run: dict[str, object]
    fetched: Rows
    new_posts: int
    edits: int
    gone: int
    unchanged: int
    rejected: int
    events: Rows
    omissions: Rows
    alarms: Rows
    robots: Rows
    changes: Rows
    gaps: Rows
    nights: Rows
    fires: Rows
    rules: dict[str, object]
    clock: dict[str, object]
    replay: Replay | None


def report_of(archive: Archive, uid: str, replayed: Replay | None = None) -> Report:
    """Tell the run ``uid``.

    Raises:
        NotFoundError: the index knows no such run.
    """
    sql = "SELECT r.*, s.name AS site FROM runs r JOIN sites s ON s.id = r.site_id WHERE r.uid = ?"
    row = archive.db.execute(sql, (uid,)).fetchone()
    if row is None:
        raise NotFoundError(
            f"there is no run {uid} in the index", hint="`vigil status` names the last run of each site."
        )
    number = row["id"]
    events = _rows(archive.db, _EVENTS, number)
    unchanged = archive.db.execute(_UNCHANGED, (number,)).fetchone()[0]
    omitted = "SELECT kind, url, reason, via, time FROM omissions WHERE run_id = ? ORDER BY id"
    return Report(
        run=_run(row),
        fetched=_rows(archive.db, _FETCHED, number),
        new_posts=sum(event["kind"] == "version-added" and not event["is_edit"] for event in events),
        edits=sum(event["kind"] == "version-added" and bool(event["is_edit"]) for event in events),
        gone=sum(event["kind"] == "gone" for event in events),
        unchanged=unchanged,
        rejected=sum(event["kind"] == "rejected" for event in events),
        events=events,
        omissions=[{**omission, "time": _spelled(omission["time"])} for omission in _rows(archive.db, omitted, number)],
        alarms=[{**alarm, "alarms": _parsed(alarm["alarms"])} for alarm in _rows(archive.db, _ALARMS, number)],
        robots=[
            {**row, "text": report_facts.robots_text(archive, row["capture_id"])}
            for row in _rows(archive.db, _ROBOTS, number)
        ],
        changes=report_facts.edits(archive.db, number),
        gaps=report_facts.gaps(archive, row["site"]),
        nights=report_facts.nights(archive.db, row["site_id"], number),
        fires=report_facts.troubles(archive, row["site"], row["started"], _before(archive.db, row)),
        rules=report_facts.rules(archive.db, number),
        clock=report_facts.clock(),
        replay=replayed,
    )


def write_report(archive: Archive, uid: str, replayed: Replay | None = None) -> Path:
    """Write ``reports/<uid>.json`` and the same for people, ``.html``, each whole or not at all; give the first's path.

    Raises:
        NotFoundError: the index knows no such run.
        OSError: the disk refused.
    """
    folder = archive.collection.reports
    folder.mkdir(parents=True, exist_ok=True)
    told = asdict(report_of(archive, uid, replayed))
    _write(folder / f"{uid}.html", page(told))
    return _write(folder / f"{uid}.json", json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def _write(path: Path, text: str) -> Path:
    scratch = path.with_name(f"{path.name}.new")
    scratch.write_text(text, encoding="utf-8", errors="backslashreplace")
    scratch.replace(path)
    return path


def _before(db: sqlite3.Connection, row: sqlite3.Row) -> int | None:
    """Say when the run before began."""
    sql = "SELECT max(started) FROM runs WHERE site_id = ? AND id < ? AND route <> 'import'"
    found: int | None = db.execute(sql, (row["site_id"], row["id"])).fetchone()[0]
    return found


def _run(row: sqlite3.Row) -> dict[str, object]:
    run = {name: row[name] for name in row.keys() if name not in {"id", "site_id", "rules_id"}}  # noqa: SIM118 - rows iterate over values
    for name in ("started", "ended"):
        run[name] = _spelled(run[name])
    for name in ("robots_exceptions", "recovered", "counts"):
        run[name] = _parsed(run[name])
    return run


def _rows(db: sqlite3.Connection, sql: str, run: int) -> Rows:
    return [dict(row) for row in db.execute(sql, (run,))]


def _spelled(value: object) -> str | None:
    return warc_date(value) if isinstance(value, int) else None


def _parsed(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else None
