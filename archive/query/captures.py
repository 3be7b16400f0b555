"""Which captures there are of a URL, and which one answers for a time."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from archive.database import instant, micros
from archive.errors import NotFoundError
from archive.model import PageOutcome
from archive.plain import spell
from archive.query import mementos
from archive.query.answers import AsOf, StoredCapture
from archive.query.rows import CAPTURES, capture_of

_HINT = "`vigil list` shows which posts are held; `vigil show` shows the spellings of a post's URL."


def stored(row: sqlite3.Row) -> StoredCapture:
    """Read a row of ``CAPTURES`` with its number and outcome."""
    outcome = None if row["outcome"] is None else PageOutcome(row["outcome"])
    return StoredCapture(id=row["id"], capture=capture_of(row), outcome=outcome)


def capture(db: sqlite3.Connection, capture_id: int) -> StoredCapture:
    """Give a capture by its number within the archive.

    Raises:
        NotFoundError: there is none of that number.
    """
    row = db.execute(f"{CAPTURES} WHERE x.id = ?", (capture_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"the archive holds no capture {capture_id}", hint=_HINT)
    return stored(row)


def holder(db: sqlite3.Connection, capture_id: int) -> StoredCapture:
    """Give the capture whose record holds the payload: of a revisit or a "not modified" the one it refers to.

    Raises:
        NotFoundError: there is no capture of that number.
    """
    row = db.execute("SELECT original_id FROM exchanges WHERE id = ?", (capture_id,)).fetchone()
    return capture(db, capture_id if row is None or row[0] is None else row[0])


def of_urls(db: sqlite3.Connection, url_ids: Iterable[int]) -> tuple[StoredCapture, ...]:
    """List the captures of some spellings, newest first."""
    rows = [row for one in url_ids for row in db.execute(f"{CAPTURES} WHERE c.url_id = ?", (one,))]
    return tuple(map(stored, sorted(rows, key=lambda row: (row["time"], row["id"]), reverse=True)))


def nearest(db: sqlite3.Connection, url: str, time: datetime) -> StoredCapture | None:
    """Find the capture of a URL, spelled so, with an answer below 400 that is nearest to ``time``, before or after."""
    spelled = tuple(row[0] for row in db.execute("SELECT id FROM urls WHERE url = ?", (url,)))
    sides = (mementos.before(db, spelled, time), mementos.after(db, spelled, time))
    found = [one for side in sides if (one := next((one for one in side if one.status < 400), None)) is not None]
    closest = min(found, key=lambda one: abs(one.time - time), default=None)
    return None if closest is None else capture(db, closest.id)


def as_of(db: sqlite3.Connection, url_ids: Iterable[int], time: datetime, what: str) -> AsOf:
    """Find the newest capture at or before ``time`` that has an answer, and the time of the next; never a later one.

    Raises:
        NotFoundError: there is none; the message says when the first one was made.
    """
    url_ids = tuple(url_ids)
    at = micros(time)
    before = [
        row
        for one in url_ids
        for row in db.execute(
            f"{CAPTURES}WHERE c.url_id = ? AND c.time <= ? AND c.status IS NOT NULL "
            "ORDER BY c.time DESC, c.capture_id DESC LIMIT 1",
            (one, at),
        )
    ]
    after = [
        row["time"]
        for one in url_ids
        for row in db.execute(
            "SELECT time FROM captures WHERE url_id = ? AND time > ? AND status IS NOT NULL ORDER BY time LIMIT 1",
            (one, at),
        )
    ]
    following = instant(min(after)) if after else None
    if not before:
        first = f"; the first one is of {spell(following)}" if following else ""
        hint = f"`vigil captures {what}` lists all of them." if following else _HINT
        raise NotFoundError(f"the archive holds no capture of {what} at or before {spell(time)}{first}", hint=hint)
    newest = max(before, key=lambda row: (row["time"], row["id"]))
    return AsOf(stored=stored(newest), next_time=following)
