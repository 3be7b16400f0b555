"""All captures of one URL as a history: which years, which days, and each with what it brought."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime

from archive.database import KINDS, instant, micros

Row = dict[str, object]

_YEARS = (
    "SELECT DISTINCT CAST(strftime('%Y', c.time / 1000000, 'unixepoch') AS INTEGER) AS year FROM captures c "
    "WHERE c.url_id IN (SELECT value FROM json_each(?)) ORDER BY 1"
)
_DAYS = (
    "SELECT strftime('%Y-%m-%d', c.time / 1000000, 'unixepoch') AS day, count(*) AS captures, "
    "sum(c.kind = 4) AS failures, count(DISTINCT x.run_id) AS runs, sum(EXISTS (SELECT 1 FROM events e WHERE "
    "e.capture_id = x.id AND (e.is_edit = 1 OR e.kind IN ('gone', 'returned')))) AS changes "
    "FROM captures c JOIN exchanges x ON x.id = c.capture_id WHERE c.url_id IN (SELECT value FROM json_each(?)) "
    "AND c.time >= ? AND c.time < ? GROUP BY 1 ORDER BY 1"
)
_CAPTURES = (
    "SELECT c.capture_id, c.time, c.status, c.kind, u.url, x.payload_digest, x.payload_bytes, x.failure "
    "FROM captures c JOIN exchanges x ON x.id = c.capture_id JOIN urls u ON u.id = c.url_id "
    "WHERE c.url_id IN (SELECT value FROM json_each(?)) AND c.time >= ? AND c.time < ? ORDER BY c.time, c.capture_id"
)


def years(db: sqlite3.Connection, url_ids: Iterable[int]) -> list[int]:
    """Give the years (UTC) with captures, oldest first."""
    return [int(row["year"]) for row in db.execute(_YEARS, (_listed(url_ids),))]


def days(db: sqlite3.Connection, url_ids: Iterable[int], year: int) -> list[Row]:
    """Count captures, failures, runs and changes of each day (UTC) of a year on which there were any."""
    return [dict(row) for row in db.execute(_DAYS, (_listed(url_ids), *_bounds(year)))]


def captures(db: sqlite3.Connection, url_ids: Iterable[int], year: int) -> list[Row]:
    """Give the captures of a year, oldest first.

    ``is_new`` says whether it brought another payload than the one before it in that year.
    """
    found: list[Row] = []
    last: object = None
    for row in db.execute(_CAPTURES, (_listed(url_ids), *_bounds(year))):
        digest = row["payload_digest"]
        is_new = digest is not None and digest != last
        last = digest or last
        told = {"capture_id": row["capture_id"], "time": instant(row["time"]), "url": row["url"]}
        told |= {"status": row["status"], "kind": KINDS[row["kind"] - 1].value, "payload_digest": digest}
        found.append(told | {"payload_bytes": row["payload_bytes"], "is_new": is_new, "failure": row["failure"]})
    return found


def _listed(url_ids: Iterable[int]) -> str:
    return json.dumps(list(url_ids))


def _bounds(year: int) -> tuple[int, int]:
    begin, end = (micros(datetime(one, 1, 1, tzinfo=UTC)) for one in (year, min(year + 1, 9999)))
    return begin, end
