"""Records of many URLs in the order of CDX files: by SURT, then by time; whatever their number, as they are asked for.

Every record that replay software can use is a row: answers and revisits, also those without a status; no failures.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice

from archive.errors import DamagedIndexError

BLOCK = 3000
"""Rows of a block; what pywb and Common Crawl count pages in."""

_ROWS = """\
SELECT c.time, c.capture_id, c.status, c.kind, c.offset, c.length, f.name AS file, u.url, x.payload_digest,
  x.content_type, x.original_id
FROM captures c CROSS JOIN exchanges x ON x.id = c.capture_id JOIN files f ON f.id = c.file_id
JOIN urls u ON u.id = c.url_id
WHERE c.url_id = ? AND c.kind <> 4 AND c.time >= ? AND c.time < ? ORDER BY """
_ORDERS = {False: "c.time, c.capture_id", True: "c.time DESC, c.capture_id DESC"}
_EVER = 1 << 62
Found = tuple[str, sqlite3.Row]
"""A SURT, and a row of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The SURTS from ``first`` to before ``end``, and the times from ``since`` to before ``until`` in microseconds."""

    first: str
    end: str
    since: int = -_EVER
    until: int = _EVER


def records(db: sqlite3.Connection, keys: Keys, *, is_reverse: bool = False) -> Iterator[Found]:
    """Give the records of these SURTS and times, in order or in the opposite one.

    Raises:
        DamagedIndexError: the index is of an earlier version, without SURTS.
    """
    for surt, url_ids in _groups(db, keys, is_reverse=is_reverse):
        for row in _of(db, url_ids, keys.since, keys.until, is_reverse=is_reverse):
            yield surt, row


def closest(db: sqlite3.Connection, keys: Keys, time: int) -> Iterator[Found]:
    """Give the records of the first of these SURTS, nearest to a time first, the older of two that are as near.

    Raises:
        DamagedIndexError: the index is of an earlier version, without SURTS.
    """
    for surt, url_ids in islice(_groups(db, keys), 1):
        after = _of(db, url_ids, max(time, keys.since), keys.until)
        before = _of(db, url_ids, keys.since, min(time, keys.until), is_reverse=True)
        for row in merge(before, after, key=lambda row: abs(row["time"] - time)):
            yield surt, row


def page(db: sqlite3.Connection, keys: Keys, first: int, count: int) -> Iterator[Found]:
    """Give ``count`` records of these SURTS from the one numbered ``first`` on, of all times.

    Raises:
        DamagedIndexError: the index is of an earlier version, without SURTS.
    """
    passed = 0
    for surt, held in _counts(db, keys):
        if passed + held > first:
            found = records(db, Keys(first=surt, end=keys.end))
            yield from islice(found, first - passed, first - passed + count)
            return
        passed += held


def count(db: sqlite3.Connection, keys: Keys) -> int:
    """Count the records of these SURTS, of all times.

    Raises:
        DamagedIndexError: the index is of an earlier version, without SURTS.
    """
    return sum(held for _, held in _counts(db, keys))


def original(db: sqlite3.Connection, capture_id: int) -> sqlite3.Row | None:
    """Give the record that holds the payload of a revisit: its file, offset, length, status and media type."""
    sql = (
        "SELECT f.name AS file, c.offset, c.length, c.status, x.content_type FROM exchanges x "
        "JOIN captures c ON c.url_id = x.url_id AND c.time = x.time AND c.capture_id = x.id "
        "JOIN files f ON f.id = c.file_id WHERE x.id = ?"
    )
    row: sqlite3.Row | None = db.execute(sql, (capture_id,)).fetchone()
    return row


def _groups(db: sqlite3.Connection, keys: Keys, *, is_reverse: bool = False) -> Iterator[tuple[str, list[int]]]:
    order = "DESC" if is_reverse else "ASC"
    sql = f"SELECT surt, url_id FROM surts WHERE surt >= ? AND surt < ? ORDER BY surt {order}"  # noqa: S608 (ours, above)
    for surt, rows in groupby(_asked(db, sql, keys.first, keys.end), key=lambda row: str(row["surt"])):
        yield surt, [row["url_id"] for row in rows]


def _counts(db: sqlite3.Connection, keys: Keys) -> Iterator[tuple[str, int]]:
    sql = (
        "SELECT s.surt, count(*) AS held FROM surts s CROSS JOIN captures c ON c.url_id = s.url_id "
        "WHERE s.surt >= ? AND s.surt < ? AND c.kind <> 4 GROUP BY s.surt ORDER BY s.surt"
    )
    for row in _asked(db, sql, keys.first, keys.end):
        yield row["surt"], row["held"]


def _of(
    db: sqlite3.Connection, url_ids: list[int], since: int, until: int, *, is_reverse: bool = False
) -> Iterator[sqlite3.Row]:
    found = [db.execute(_ROWS + _ORDERS[is_reverse], (one, since, until)) for one in url_ids]
    if len(found) == 1:
        return found[0]
    return merge(*found, key=lambda row: (row["time"], row["capture_id"]), reverse=is_reverse)


def _asked(db: sqlite3.Connection, sql: str, *values: str) -> sqlite3.Cursor:
    try:
        return db.execute(sql, values)
    except sqlite3.OperationalError as error:
        if "no such table: surts" not in str(error):
            raise
        raise DamagedIndexError(
            "this index is of an earlier version of vigil, which looked nothing up by host or prefix",
            hint="The next crawl or import brings it up to date, and so does `vigil rebuild`.",
        ) from None
