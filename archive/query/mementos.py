"""Answered captures of a URL as a row in time: the nearest to a time and its neighbours, a page of all.

Every look-up is a seek to both sides of a time in ``captures``, whatever the archive's size. Failures are no mementos.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import dropwhile, islice

from archive.database import instant, micros
from archive.errors import NotFoundError, QueryError

_SELECT = "SELECT c.capture_id, c.time, u.url, c.status FROM captures c JOIN urls u ON u.id = c.url_id "
_ANSWERED = "WHERE c.url_id = ? AND c.status IS NOT NULL "


@dataclass(frozen=True, slots=True, kw_only=True)
class Memento:
    """One answered capture: number within the archive, time, the URL as it was asked for, status."""

    id: int
    time: datetime
    url: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The capture nearest to a time, with those before and after it and the ends of the row (RFC 7089 section 2.2)."""

    memento: Memento
    first: Memento
    previous: Memento | None
    following: Memento | None
    last: Memento


def nearest(db: sqlite3.Connection, url_ids: tuple[int, ...], time: datetime | None) -> Neighbours:
    """Find the capture nearest to ``time``, the older of two that are equally near; the last one for None.

    Raises:
        NotFoundError: no answer was ever captured.
    """
    first, last = next(after(db, url_ids, None), None), next(before(db, url_ids, None), None)
    if first is None or last is None:
        raise NotFoundError("there is no answered capture of that URL", hint="`vigil list` shows which posts are held.")
    chosen = last if time is None else _closest(db, url_ids, time, first, last)
    earlier, later = before(db, url_ids, chosen.time), after(db, url_ids, chosen.time)
    same = list(at(db, url_ids, chosen.time, chosen.time + timedelta(microseconds=1)))
    place = [one.id for one in same].index(chosen.id)
    return Neighbours(
        memento=chosen,
        first=first,
        previous=same[place - 1] if place else next(earlier, None),
        following=same[place + 1] if place + 1 < len(same) else next((one for one in later if one not in same), None),
        last=last,
    )


def after(db: sqlite3.Connection, url_ids: tuple[int, ...], time: datetime | None) -> Iterator[Memento]:
    """Give captures from ``time`` on, oldest first; all for None."""
    bound, values = ("", ()) if time is None else ("AND c.time >= ? ", (micros(time),))
    sql = f"{_SELECT}{_ANSWERED}{bound}ORDER BY c.time, c.capture_id"
    rows = [db.execute(sql, (one, *values)) for one in url_ids]
    yield from map(_memento, merge(*rows, key=lambda row: (row["time"], row["capture_id"])))


def before(db: sqlite3.Connection, url_ids: tuple[int, ...], time: datetime | None) -> Iterator[Memento]:
    """Give captures before ``time``, newest first; all for None."""
    bound, values = ("", ()) if time is None else ("AND c.time < ? ", (micros(time),))
    sql = f"{_SELECT}{_ANSWERED}{bound}ORDER BY c.time DESC, c.capture_id DESC"
    rows = [db.execute(sql, (one, *values)) for one in url_ids]
    yield from map(_memento, merge(*rows, key=lambda row: (row["time"], row["capture_id"]), reverse=True))


def at(db: sqlite3.Connection, url_ids: tuple[int, ...], since: datetime, until: datetime) -> Iterator[Memento]:
    """Give captures from ``since`` to before ``until``, oldest first."""
    for one in after(db, url_ids, since):
        if one.time >= until:
            return
        yield one


def page(db: sqlite3.Connection, url_ids: tuple[int, ...], number: int, size: int) -> tuple[list[Memento], bool]:
    """Give page ``number``, from 1, of all captures, oldest first, and whether there is another one.

    Raises:
        QueryError: there is no such page.
    """
    if number == 1:
        start = None
    elif (start := _nth(db, url_ids, (number - 1) * size)) is None:
        raise QueryError(f"there is no page {number}", hint="Pages are counted from 1.")
    found = list(islice(_from(db, url_ids, start), size + 1))
    return found[:size], len(found) > size


def _nth(db: sqlite3.Connection, url_ids: tuple[int, ...], place: int) -> tuple[int, int] | None:
    """Give time and number of the answered capture at a place, from 0; counted within SQLite, which reads only keys."""
    sql = (
        "SELECT c.time, c.capture_id FROM captures c "
        "WHERE c.url_id IN (SELECT value FROM json_each(?)) AND c.status IS NOT NULL "
        "ORDER BY c.time, c.capture_id LIMIT 1 OFFSET ?"
    )
    if len(url_ids) == 1:  # in the order of the table then, so nothing is sorted
        sql = sql.replace("IN (SELECT value FROM json_each(?))", "= json_extract(?, '$[0]')")
    row = db.execute(sql, (json.dumps(url_ids), place)).fetchone()
    return None if row is None else (row["time"], row["capture_id"])


def _from(db: sqlite3.Connection, url_ids: tuple[int, ...], start: tuple[int, int] | None) -> Iterator[Memento]:
    found = after(db, url_ids, None if start is None else instant(start[0]))
    return found if start is None else dropwhile(lambda one: (micros(one.time), one.id) < start, found)


def _closest(
    db: sqlite3.Connection, url_ids: tuple[int, ...], time: datetime, first: Memento, last: Memento
) -> Memento:
    older, newer = next(before(db, url_ids, time), first), next(after(db, url_ids, time), last)
    return older if abs(time - older.time) <= abs(newer.time - time) else newer


def _memento(row: sqlite3.Row) -> Memento:
    return Memento(id=row["capture_id"], time=instant(row["time"]), url=row["url"], status=row["status"])
