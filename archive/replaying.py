"""The replay of a run without a browser: each capture is looked up as replay does, read, and held against the index."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from archive.database import PAGES_VERSION
from archive.errors import IntegrityError, VigilError
from archive.ingest import hash_of
from archive.jobs import Job, job_for, read
from archive.model import CaptureKind, Page, Purpose, Reading
from archive.query import Archive, mementos
from archive.query.names import url_ids
from archive.rebuild import pool
from archive.warc import LaidExchange, entity_of, load_exchange

_AT_ONCE = 64
_MANY = 200
"""Pages of a run from which on other processes are worth their start."""

_ANSWERED = """\
SELECT x.id, u.url FROM exchanges x JOIN runs r ON r.id = x.run_id JOIN urls u ON u.id = x.url_id
WHERE r.uid = ? AND x.failure IS NULL ORDER BY x.id"""

_TEXT = """\
SELECT t.text_hash FROM readings e JOIN texts t ON t.id = e.text_id
WHERE e.capture_id = ? AND e.is_first = 1 AND e.origin = 'permalink'"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a capture gives on replay is not what the index says of it."""

    capture_id: int
    url: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """How many captures of a run were replayed, how many texts compared, and what differed.

    ``pages_incomplete`` are the posts' pages that no page record speaks of.
    """

    captures: int
    texts: int
    pages_incomplete: int
    differences: tuple[Difference, ...]


def replay(archive: Archive, uid: str, *, workers: int = 1) -> Replay:
    """Replay every capture of a run that has an answer.

    Each is looked up by its URL and time, its payload is read from the record that holds it (a revisit's original, the
    page that a "not modified" speaks of), its digests are compared, and the text of a post's page is read again and
    compared with the one in the index.

    Raises:
        DamagedIndexError, StorageError, LockedError: the index cannot be read.
    """
    asked = archive.db.execute(_ANSWERED, (uid,)).fetchall()
    toml = _rules(archive.db, uid)
    differences: list[Difference] = []
    texts = 0
    with pool(workers if len(asked) >= _MANY else 1) as executor:
        for start in range(0, len(asked), _AT_ONCE):
            jobs: list[tuple[sqlite3.Row, Job]] = []
            for row in asked[start : start + _AT_ONCE]:
                try:
                    job = _looked_up(archive, row, toml)
                except (VigilError, OSError) as error:
                    differences.append(_difference(row, str(error)))
                else:
                    jobs += [(row, job)] if job is not None else []
            for (row, _), reading in zip(jobs, _read(executor, [job for _, job in jobs]), strict=True):
                texts += 1
                problem = _compared(archive.db, row["id"], reading)
                if problem is not None:
                    differences.append(_difference(row, problem))
    return Replay(
        captures=len(asked),
        texts=texts,
        pages_incomplete=_incomplete(archive.db, uid),
        differences=tuple(differences),
    )


def _looked_up(archive: Archive, row: sqlite3.Row, toml: bytes) -> Job | None:
    """Find a capture by URL and time and read what it holds; give the job of reading it, if it is a post's page.

    Raises:
        VigilError: it is not found, another one is, or its records cannot be read.
        OSError: the disk refused.
    """
    capture = archive.capture(row["id"]).capture
    found = mementos.nearest(archive.db, url_ids(archive.db, capture.url), capture.time).memento
    if found.id != row["id"]:
        raise IntegrityError(f"capture {found.id} answers for its URL and time")
    archive.payload(row["id"])
    is_page = capture.purpose is Purpose.POST and capture.truncation is None
    if not is_page or capture.kind is CaptureKind.NOT_MODIFIED:
        return None
    exchange = load_exchange(archive.collection, capture)
    return job_for(LaidExchange(capture=capture, head=exchange.head, entity=lambda: entity_of(exchange)), toml)


def _read(executor: Executor | None, jobs: list[Job]) -> Iterator[Reading | None]:
    return map(read, jobs) if executor is None else executor.map(read, jobs)


def _compared(db: sqlite3.Connection, capture_id: int, reading: Reading | None) -> str | None:
    row = db.execute(_TEXT, (capture_id,)).fetchone()
    article = reading.article if isinstance(reading, Page) else None
    actual = None if article is None else hash_of(article.title, (block.text for block in article.blocks))
    listed = None if row is None else row["text_hash"]
    if actual == listed:
        return None
    return f"its text is {actual or 'none'} on replay, {listed or 'none'} in the index"


def _incomplete(db: sqlite3.Connection, uid: str) -> int:
    """Count the posts' pages of a run that have no page record."""
    if int(db.execute("PRAGMA user_version").fetchone()[0]) < PAGES_VERSION:
        return 0
    sql = (
        "SELECT count(*) FROM exchanges x JOIN runs r ON r.id = x.run_id "
        "JOIN captures c ON c.url_id = x.url_id AND c.time = x.time AND c.capture_id = x.id "
        "WHERE r.uid = ? AND x.purpose = 'post' AND c.status = 200 AND x.outcome = 'ok' AND NOT EXISTS ("
        "SELECT 1 FROM captures d JOIN exchanges y ON y.id = d.capture_id JOIN pages p ON p.capture_id = y.id "
        "WHERE d.url_id = x.url_id AND y.payload_digest = x.payload_digest)"
    )
    return int(db.execute(sql, (uid,)).fetchone()[0])


def _rules(db: sqlite3.Connection, uid: str) -> bytes:
    row = db.execute("SELECT t.toml FROM runs r JOIN rules t ON t.id = r.rules_id WHERE r.uid = ?", (uid,)).fetchone()
    return bytes(row["toml"]) if row is not None else b""


def _difference(row: sqlite3.Row, problem: str) -> Difference:
    return Difference(capture_id=row["id"], url=row["url"], problem=problem)
