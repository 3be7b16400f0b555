"""What a report tells beside the run's own rows: the nights before, the edits word for word, rules, robots, clock."""

import sqlite3
import tomllib
from dataclasses import asdict
from datetime import timedelta
from itertools import groupby

from archive.database import instant, micros, warc_date
from archive.diff import Change, Diff, Line, compare
from archive.errors import VigilError
from archive.evidence.clock import look
from archive.fires import TROUBLE, fires
from archive.payload import decode
from archive.query import Archive
from archive.warc import entity_of, load_exchange

Row = dict[str, object]

NIGHTS = 60
"""Runs that the charts go back."""
_MOST_GAPS = 500
_MOST_ROBOTS = 100_000

_NIGHTS = """\
SELECT r.id, r.uid, r.started, r.exit_code, coalesce(json_extract(r.counts, '$.requests'), 0) AS requests,
  (SELECT coalesce(sum(f.indexed_to), 0) FROM files f WHERE f.run_id = r.id) AS disk_bytes
FROM runs r WHERE r.site_id = ?1 AND r.id <= ?2 AND r.route <> 'import' ORDER BY r.id DESC LIMIT ?3"""

_BEFORE = """\
SELECT coalesce(sum(f.indexed_to), 0) FROM files f JOIN runs r ON r.id = f.run_id
WHERE r.site_id = ? AND r.id < ?"""

_NIGHT = """\
SELECT coalesce(sum(e.kind = 'version-added' AND x.purpose = 'post' AND NOT e.is_edit), 0) AS new,
  coalesce(sum(e.kind = 'version-added' AND x.purpose = 'post' AND e.is_edit), 0) AS edited,
  coalesce(sum(e.kind = 'gone'), 0) AS gone
FROM exchanges x JOIN events e ON e.capture_id = x.id WHERE x.run_id = ?"""

_EDITS = """\
SELECT p.id AS post_id, p.identity, coalesce(p.canonical_url, u.url) AS url, e.is_title_changed, e.is_silent, v.number,
  t.title, t.text, b.title AS old_title, b.text AS old_text
FROM events e JOIN exchanges x ON x.id = e.capture_id JOIN posts p ON p.id = e.post_id JOIN urls u ON u.id = p.url_id
JOIN texts t ON t.post_id = p.id AND t.text_hash = e.text_hash
JOIN versions v ON v.post_id = p.id AND v.text_id = t.id
LEFT JOIN versions w ON w.post_id = p.id AND w.number = v.number - 1 LEFT JOIN texts b ON b.id = w.text_id
WHERE x.run_id = ? AND e.kind = 'version-added' AND e.is_edit = 1 AND p.is_ours = 1 ORDER BY e.capture_id, e.ordinal"""


def nights(db: sqlite3.Connection, site_id: int, run_id: int) -> list[Row]:
    """Tell what each of the last runs of a blog brought, oldest first; ``disk_bytes`` are its WARC files."""
    rows = db.execute(_NIGHTS, (site_id, run_id, NIGHTS)).fetchall()
    first = rows[-1]["id"] if rows else run_id
    held = int(db.execute(_BEFORE, (site_id, first)).fetchone()[0])
    found: list[Row] = []
    for row in reversed(rows):
        held += row["disk_bytes"]
        night = {"run": row["uid"], "started": warc_date(row["started"]), "exit_code": row["exit_code"]}
        told = dict(db.execute(_NIGHT, (row["id"],)).fetchone())
        found.append({**night, "requests": row["requests"], **told, "archive_bytes": held})
    return found


def edits(db: sqlite3.Connection, run_id: int) -> list[Row]:
    """Tell every edit of a run, paragraph by paragraph."""
    return [_edit(row) for row in db.execute(_EDITS, (run_id,))]


def _edit(row: sqlite3.Row) -> Row:
    old, new = ((text or "").split("\n\n") for text in (row["old_text"], row["text"]))
    diff = compare(row["old_title"] or "", old, row["title"], new)
    return {
        "identity": row["identity"],
        "url": row["url"],
        "title": row["title"],
        "headline": _pieces(diff.title) if row["is_title_changed"] else None,
        "version": row["number"],
        "is_silent": bool(row["is_silent"]),
        "paragraphs": _lines(diff),
    }


def _lines(diff: Diff) -> list[Row]:
    """Spell a comparison: what changed with its pieces, runs of what did not as their number."""
    found: list[Row] = []
    for is_same, lines in groupby(diff.lines, key=lambda line: line.change is Change.SAME):
        if is_same:
            found.append({"change": "same", "count": len(list(lines))})
            continue
        found += [{"change": line.change.value, "before": line.before, "pieces": _pieces(line)} for line in lines]
    return found


def _pieces(line: Line) -> list[tuple[str, str]]:
    return [(piece.change.value, piece.text) for piece in line.pieces]


def gaps(archive: Archive, site: str) -> list[Row]:
    """List the posts that were shown and are not held, and why."""
    return [
        {"identity": gap.identity, "url": gap.url, "title": gap.title, "reason": gap.reason}
        for gap in archive.gaps(site=site)[:_MOST_GAPS]
    ]


def troubles(archive: Archive, site: str, started: int, before: int | None) -> list[Row]:
    """List the fires that brought no run since the run before began."""
    since = instant(before) if before is not None else instant(started) - timedelta(days=31)
    return [
        {
            "time": warc_date(micros(fire.time)),
            "kind": fire.kind.value,
            "due": warc_date(micros(fire.due)) if fire.due else None,
            "detail": fire.detail,
        }
        for fire in fires(archive.collection, site=site, since=since)
        if fire.kind in TROUBLE
    ]


def rules(db: sqlite3.Connection, run_id: int) -> Row:
    """Tell how gently the site file wanted the site to be asked, and what changed since the run before."""
    row = db.execute(
        "SELECT r.config_digest, r.software, r.site_id, u.toml FROM runs r LEFT JOIN rules u ON u.id = r.rules_id "
        "WHERE r.id = ?",
        (run_id,),
    ).fetchone()
    old = db.execute(
        "SELECT config_digest, software FROM runs WHERE site_id = ? AND id < ? AND route <> 'import' "
        "ORDER BY id DESC LIMIT 1",
        (row["site_id"], run_id),
    ).fetchone()
    try:
        file = tomllib.loads(bytes(row["toml"] or b"").decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        file = {}
    polite, site = (part if isinstance(part := file.get(name), dict) else {} for name in ("politeness", "site"))
    return {
        "title": site.get("title"),
        "delay_seconds": polite.get("delay", 2.0),
        "is_site_file_new": old is not None and old["config_digest"] != row["config_digest"],
        "software_before": old["software"] if old is not None and old["software"] != row["software"] else None,
    }


def robots_text(archive: Archive, capture_id: object) -> str | None:
    """Give a robots.txt as it was fetched; None where no readable answer came."""
    if not isinstance(capture_id, int):
        return None
    try:
        exchange = load_exchange(archive.collection, archive.capture(capture_id).capture)
        data = decode(exchange.head, entity_of(exchange), _MOST_ROBOTS)
    except (VigilError, OSError):
        return None
    return data.decode("utf-8", "replace")


def clock() -> Row:
    """Tell how right this machine's clock is, now."""
    state = asdict(look())
    return {name: state[name] for name in ("is_synchronised", "max_error_seconds")}
