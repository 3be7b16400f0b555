"""Pages with all that they need to look as they did, and which answers a run may rely on instead of asking again."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from archive.database import PAGES_VERSION, instant, micros
from archive.model import Capture, CaptureKind, OmissionKind, Purpose, RecordRef, Sha256
from archive.needs import LeftOut, Role
from archive.query.rows import CAPTURES, capture_of

_NEWEST = (
    "WHERE f.name NOT LIKE 'imports/%' AND x.id = (SELECT d.capture_id FROM urls v JOIN captures d ON d.url_id = v.id "
    "JOIN files h ON h.id = d.file_id WHERE v.url = ? AND h.name NOT LIKE 'imports/%' AND {which} "
    "ORDER BY d.time DESC, d.capture_id DESC LIMIT 1)"
)
_ANSWERED = "d.status < 500 AND d.status NOT IN (401, 403, 408, 425, 429)"
_WITH_PAYLOAD = "d.status = 200 AND d.kind IN (1, 2)"

_PAGE = """\
SELECT p.*, f.name AS file, r.uid AS run FROM urls u JOIN captures c ON c.url_id = u.id
JOIN exchanges x ON x.id = c.capture_id JOIN pages p ON p.capture_id = x.id
JOIN files f ON f.id = p.file_id JOIN runs r ON r.id = p.run_id
WHERE u.url = ? AND x.payload_digest = ? ORDER BY p.id DESC"""


_STOOD = """\
SELECT x.payload_digest FROM urls u JOIN captures c ON c.url_id = u.id JOIN exchanges x ON x.id = c.capture_id
WHERE u.url = ? AND c.time <= ? AND c.status = 200 AND c.kind IN (1, 2)
ORDER BY c.time DESC, c.capture_id DESC LIMIT 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A page record and what it names; ``missing`` are members whose records the archive does not hold, in words.

    ``of`` is the capture that it speaks of: the one that was asked about, or another of the same URL and payload.
    """

    record: RecordRef
    run: str
    time: datetime
    of: Capture
    members: tuple[tuple[Role, Capture], ...]
    missing: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


class Pages:
    """Questions about pages; ``reading`` gives one state of the index for the length of a question."""

    def __init__(self, db: sqlite3.Connection, reading: Callable[[], AbstractContextManager[None]]) -> None:
        self._db = db
        self._reading = reading

    def newest_answer(self, url: str) -> Capture | None:
        """Give the newest capture of ours in which a server told something lasting of ``url``.

        That is the thing itself, that it is not here, or where it went; refusals and faults of the server are not.
        """
        with self._reading():
            return _capture(self._db, _NEWEST.format(which=_ANSWERED), url)

    def newest_payload(self, url: str) -> Capture | None:
        """Give the newest capture of ours that holds, or refers to, what ``url`` served."""
        with self._reading():
            return _capture(self._db, _NEWEST.format(which=_WITH_PAYLOAD), url)

    def has_record(self, url: str, payload: Sha256 | None) -> bool:
        """Say whether all that a page of this URL and payload needs was gathered."""
        with self._reading():
            return _has_record(self._db, url, payload)

    def gathered(self, capture: Capture) -> Gathered | None:
        """Give all that a page needs, by its page record; None where it has none, so that the page is incomplete."""
        with self._reading():
            return _gathered(self._db, capture)

    def unfinished(self, site: str, limit: int) -> tuple[Capture, ...]:
        """Give the newest captures of pages whose requisites a run could not gather to the end, nor a later one."""
        with self._reading():
            return _unfinished(self._db, site, limit)


def _gathered(db: sqlite3.Connection, capture: Capture) -> Gathered | None:
    """Of several records the first that was laid down after the capture is taken, else the last before it."""
    digest = capture.payload_digest
    if capture.kind is CaptureKind.NOT_MODIFIED:
        row = db.execute(_STOOD, (capture.url, micros(capture.time))).fetchone()
        digest = row["payload_digest"] if row else None
    if digest is None or not _has_pages(db):
        return None
    rows = db.execute(_PAGE, (capture.url, digest)).fetchall()
    if not rows:
        return None
    after = [row for row in rows if instant(row["time"]) >= capture.time]
    row = after[-1] if after else rows[0]
    of = _capture(db, "WHERE x.id = ?", row["capture_id"])
    if of is None:
        return None
    members = db.execute("SELECT * FROM page_members WHERE page_id = ? ORDER BY position", (row["id"],)).fetchall()
    left_out = db.execute("SELECT * FROM page_omissions WHERE page_id = ? ORDER BY position", (row["id"],))
    found = [(Role(one["role"]), _capture(db, "WHERE x.id = ?", one["capture_id"])) for one in members]
    return Gathered(
        record=RecordRef(file=row["file"], offset=row["offset"], length=row["length"], record_id=row["record_id"]),
        run=row["run"],
        time=instant(row["time"]),
        of=of,
        members=tuple((role, one) for role, one in found if one is not None),
        missing=tuple(one["missing"] for one in members if one["missing"] is not None),
        left_out=tuple(
            LeftOut(role=Role(one["role"]), kind=OmissionKind(one["kind"]), url=one["url"], reason=one["reason"])
            for one in left_out
        ),
    )


def _unfinished(db: sqlite3.Connection, site: str, limit: int) -> tuple[Capture, ...]:
    if not _has_pages(db):
        return ()
    sql = (
        "SELECT o.url, max(o.id) AS newest FROM omissions o JOIN runs r ON r.id = o.run_id "
        "JOIN sites s ON s.id = r.site_id WHERE s.name = ? AND o.kind = ? GROUP BY o.url ORDER BY newest DESC"
    )
    found: list[Capture] = []
    for row in db.execute(sql, (site, OmissionKind.UNFINISHED)):
        capture = _capture(db, _NEWEST.format(which=_WITH_PAYLOAD), row["url"])
        is_page = capture is not None and capture.purpose is Purpose.POST
        if capture is not None and is_page and not _has_record(db, capture.url, capture.payload_digest):
            found.append(capture)
        if len(found) >= limit:
            break
    return tuple(found)


def _has_record(db: sqlite3.Connection, url: str, payload: Sha256 | None) -> bool:
    if payload is None or not _has_pages(db):
        return False
    return db.execute(_PAGE + " LIMIT 1", (url, payload)).fetchone() is not None


def _has_pages(db: sqlite3.Connection) -> bool:
    """Say whether the index is new enough; one that no run of this version has opened yet is read as it is."""
    return int(db.execute("PRAGMA user_version").fetchone()[0]) >= PAGES_VERSION


def _capture(db: sqlite3.Connection, where: str, *values: object) -> Capture | None:
    row = db.execute(CAPTURES + where, values).fetchone()
    return None if row is None else capture_of(row)
