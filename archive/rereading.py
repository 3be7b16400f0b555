"""Two indexes of the same records by two extractors: what they read otherwise, field by field.

Captures are matched by their records' ids, posts by site and identity, so neither index need number them alike.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from archive import journal
from archive.collection import Collection
from archive.database import connect, instant, translated
from archive.ingest import text_hash
from archive.model import Article, Sha256
from archive.plain import plain
from archive.query.answers import FormerReading
from archive.query.readings import readings_file
from archive.query.rows import ARTICLES, article_of

_TOGETHER = 200
_NAMES = {"blocks": "text", "statements": "findings"}
_COMPARED = tuple(field.name for field in fields(Article) if field.name not in {"identity", "url", "extractor"})

# Scratch tables lie in SQLite's temporary file, so that memory stays flat however many captures there are.
_NUMBERS = """
CREATE TEMP TABLE numbers (record_id TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO numbers SELECT record_id, id FROM main.exchanges WHERE id IN (SELECT capture_id FROM main.readings);
"""
_FORMER = """
SELECT o.capture_id, o.post_id, s.name AS site, p.identity, x.time, x.record_id, n.capture_id AS later_capture,
  n.post_id AS later_post
FROM former.readings o CROSS JOIN former.exchanges x ON x.id = o.capture_id
JOIN former.posts p ON p.id = o.post_id JOIN former.sites s ON s.id = p.site_id
JOIN former.articles a ON a.id = o.article_id JOIN former.texts t ON t.id = o.text_id
LEFT JOIN temp.numbers k ON k.record_id = x.record_id
LEFT JOIN main.sites ns ON ns.name = s.name LEFT JOIN main.posts np ON np.site_id = ns.id AND np.identity = p.identity
LEFT JOIN main.readings n ON n.capture_id = k.id AND n.post_id = np.id
LEFT JOIN main.articles na ON na.id = n.article_id LEFT JOIN main.texts nt ON nt.id = n.text_id
WHERE o.is_first = 1 AND (n.capture_id IS NULL OR na.digest <> a.digest OR nt.text_hash <> t.text_hash
  OR nt.kinds <> t.kinds OR n.alarms IS NOT o.alarms OR n.origin <> o.origin)
ORDER BY o.capture_id, o.post_id"""
_NEW = """
SELECT s.name AS site, p.identity, x.time, x.record_id, n.capture_id AS later_capture, n.post_id AS later_post
FROM main.readings n CROSS JOIN main.exchanges x ON x.id = n.capture_id
JOIN main.posts p ON p.id = n.post_id JOIN main.sites s ON s.id = p.site_id
JOIN temp.held h ON h.record_id = x.record_id
LEFT JOIN former.sites fs ON fs.name = s.name LEFT JOIN former.posts fp ON fp.site_id = fs.id
  AND fp.identity = p.identity
LEFT JOIN former.readings o ON o.capture_id = h.id AND o.post_id = fp.id
WHERE o.capture_id IS NULL ORDER BY n.capture_id, n.post_id"""
_HELD = """
CREATE TEMP TABLE held (record_id TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO held SELECT record_id, id FROM former.exchanges;
"""
_EVENTS = """
SELECT s.name, p.identity, e.time, x.record_id, e.kind, e.is_edit, e.is_title_changed, e.is_silent
FROM {0}.events e JOIN {0}.exchanges x ON x.id = e.capture_id JOIN {0}.posts p ON p.id = e.post_id
JOIN {0}.sites s ON s.id = p.site_id WHERE p.is_ours = 1 AND x.record_id IN (SELECT record_id FROM temp.held)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """A capture that two extractors read otherwise about a post; None where one of them read nothing."""

    site: str
    identity: str
    captured: datetime
    record_id: str
    changed: tuple[str, ...]
    before: Article | None
    after: Article | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconsidered:
    """An event that only one of the two extractors makes of a capture: ``is_new`` when it is the later one."""

    site: str
    identity: str
    captured: datetime
    record_id: str
    kind: str
    is_edit: bool
    is_new: bool


class Comparison:
    """The index that stands and the one that is to take its place, open side by side for reading; close it.

    Raises:
        NotFoundError, DamagedIndexError, LockedError, StorageError: one of them cannot be read.
    """

    def __init__(self, former: Path, later: Path) -> None:
        self._former = connect(former)
        try:
            self._later = connect(later)
        except BaseException:
            self._former.close()
            raise
        with translated(former):
            self._later.execute("ATTACH ? AS former", (f"{former.resolve().as_uri()}?mode=ro",))
            self._later.executescript(_NUMBERS + _HELD)
        self._path = former

    def close(self) -> None:
        """Close both."""
        self._later.close()
        self._former.close()

    def readings(self) -> Iterator[Reread]:
        """Give each capture that is read otherwise, in WARC order; those that only the later one reads come last."""
        with translated(self._path):
            for row in self._later.execute(_FORMER):
                yield self._reread(row, _article(self._former, row["capture_id"], row["post_id"]))
            for row in self._later.execute(_NEW):
                yield self._reread(row, None)

    def events(self) -> Iterator[Reconsidered]:
        """Give the events, of captures that both know, that one of the two makes and the other does not."""
        with translated(self._path):
            for is_new, (one, other) in ((False, ("former", "main")), (True, ("main", "former"))):
                sql = f"{_EVENTS.format(one)} EXCEPT {_EVENTS.format(other)} ORDER BY 3, 2, 5"
                for row in self._later.execute(sql):
                    yield Reconsidered(
                        site=row[0],
                        identity=row[1],
                        captured=instant(row[2]),
                        record_id=row[3],
                        kind=row[4],
                        is_edit=bool(row[5]),
                        is_new=is_new,
                    )

    def numbers(self, sql: str) -> tuple[int, int]:
        """Ask both the same question for a number: the one that stands, and the later one."""
        with translated(self._path):
            return int(self._former.execute(sql).fetchone()[0]), int(self._later.execute(sql).fetchone()[0])

    def _reread(self, row: sqlite3.Row, before: Article | None) -> Reread:
        is_read = row["later_post"] is not None and row["later_capture"] is not None
        after = _article(self._later, row["later_capture"], row["later_post"]) if is_read else None
        return Reread(
            site=row["site"],
            identity=row["identity"],
            captured=instant(row["time"]),
            record_id=row["record_id"],
            changed=_changed(before, after),
            before=before,
            after=after,
        )


def _article(db: sqlite3.Connection, capture_id: int, post_id: int) -> Article | None:
    row = db.execute(f"{ARTICLES}WHERE r.capture_id = ? AND r.post_id = ?", (capture_id, post_id)).fetchone()
    return None if row is None else article_of(db, row)


def _changed(before: Article | None, after: Article | None) -> tuple[str, ...]:
    if before is None or after is None:
        return ("reading",)
    differing = (name for name in _COMPARED if getattr(before, name) != getattr(after, name))
    return tuple(_NAMES.get(name, name) for name in differing)


def keep(collection: Collection, found: Iterator[Reread], *, by: str, now: datetime) -> Iterator[Reread]:
    """Hand on what is read otherwise, and append each former reading to ``state/readings.jsonl`` as it goes by.

    Raises:
        OSError: the disk refused.
    """
    waiting: list[object] = []
    for one in found:
        yield one
        if one.before is not None:
            waiting.append(plain(_former(one, one.before, by, now)))
        if len(waiting) >= _TOGETHER:
            journal.append(readings_file(collection), *waiting)
            waiting.clear()
    if waiting:
        journal.append(readings_file(collection), *waiting)


def _former(one: Reread, before: Article, by: str, now: datetime) -> FormerReading:
    article = plain(before)
    return FormerReading(
        site=one.site,
        identity=one.identity,
        captured=one.captured,
        record_id=one.record_id,
        extractor=before.extractor,
        text_hash=text_hash(before),
        later_extractor=one.after.extractor if one.after else by,
        later_hash=_hash(one.after),
        changed=one.changed,
        article=article if isinstance(article, dict) else {},
        noted=now,
    )


def _hash(article: Article | None) -> Sha256 | None:
    return None if article is None else text_hash(article)
