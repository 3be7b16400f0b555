"""The whole archive read again by today's extractor; what it reads otherwise is told, and the former readings are kept.

An index holds the readings of one extractor (decision 0011). So a page is compared with an earlier one as the same
software reads both, and a change of the software is never an edit by the site.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.collection import Collection
from archive.database import connect, translated
from archive.errors import DamagedIndexError, IntegrityError, NotFoundError
from archive.model import IMPORTS
from archive.query.readings import read_by
from archive.rebuild import Progress, remove, resume_index, swap
from archive.rereading import Comparison, Reconsidered, Reread, keep
from archive.text import software
from archive.warc import warc_files

_COUNTS = {
    "readings": "SELECT count(*) FROM readings",
    "versions": "SELECT count(*) FROM versions",
    "edits": "SELECT count(*) FROM events WHERE is_edit = 1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reextracted:
    """What reading again came to.

    ``before`` names the extractors of the index that stood, ``extractor`` today's. ``changed`` counts captures that are
    read otherwise, of ``posts`` posts, and ``fields`` in which fields; ``events`` lists what only one of the two makes
    of the captures. ``readings``, ``versions`` and ``edits`` are counts (before, after). ``is_taken`` is false for a
    trial.
    """

    before: tuple[str, ...]
    extractor: str
    changed: int
    posts: int
    fields: dict[str, int]
    readings: tuple[int, int]
    versions: tuple[int, int]
    edits: tuple[int, int]
    is_taken: bool


def reextract(
    collection: Collection,
    *,
    workers: int,
    is_trial: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    tell: Callable[[Reread | Reconsidered], None] = lambda _: None,
) -> Reextracted | None:
    """Read the archive again where another extractor than today's read it; None where none did.

    ``tell`` is handed each reading that changes, then each event that only one of the extractors makes. The present
    index is replaced once the new one is whole, and the former readings are in ``state/readings.jsonl`` before that; a
    trial stops short of both. Killed, the next call goes on where this one was. Memory stays flat. The caller holds
    the collection.

    Raises:
        NotFoundError: there is no index.
        DamagedIndexError: the index cannot be read; ``vigil rebuild`` makes it again.
        DamagedRecordError: a record cannot be read, with file and offset.
        IntegrityError: WARC files that the index lists are not there.
        StorageError: the disk refused (``DiskFullError`` when it is full).
    """
    before = _read_by(collection.database)
    if set(before) <= {software()}:
        return None
    _require_files(collection)
    scratch = collection.database.with_name("archive.db.reextract")
    if not _is_of_today(scratch):
        remove(scratch)
    try:
        resume_index(collection, scratch, workers=workers, progress=progress)
    except DamagedIndexError:
        remove(scratch)  # It was begun over files that are others now.
        resume_index(collection, scratch, workers=workers, progress=progress)
    with closing(Comparison(collection.database, scratch)) as comparison:
        result = _compare(collection, comparison, before, is_trial=is_trial, tell=tell)
    if not is_trial:
        swap(scratch, collection.database)
        remove(scratch)
    return result


def renew(collection: Collection, *, workers: int, told: Callable[[str], None]) -> None:
    """See that whoever is about to add to the index, and holds the collection, adds to readings of today's extractor.

    ``told`` is given a sentence before and one after, where the archive has to be read again.

    Raises:
        DamagedIndexError, DamagedRecordError, StorageError: see ``reextract``.
    """
    if not collection.database.exists():
        return
    former = [name for name in _read_by(collection.database) if name != software()]
    if not former:
        return
    told(f"the archive was read by {' and by '.join(former)}; it is read again by {software()}")
    result = reextract(collection, workers=workers)
    if result is not None:
        told(
            f"{result.changed:,} of {result.readings[0]:,} readings are others now, of {result.posts:,} posts; the "
            "former are in state/readings.jsonl"
        )


def _compare(
    collection: Collection,
    comparison: Comparison,
    before: tuple[str, ...],
    *,
    is_trial: bool,
    tell: Callable[[Reread | Reconsidered], None],
) -> Reextracted:
    found = comparison.readings()
    if not is_trial:
        found = keep(collection, found, by=software(), now=datetime.now(UTC))
    changed, fields, posts = 0, dict[str, int](), set[tuple[str, str]]()
    for one in found:
        tell(one)
        changed += 1
        posts.add((one.site, one.identity))
        for name in one.changed:
            fields[name] = fields.get(name, 0) + 1
    for event in comparison.events():
        tell(event)
    return Reextracted(
        before=before,
        extractor=software(),
        changed=changed,
        posts=len(posts),
        fields=dict(sorted(fields.items())),
        **{name: comparison.numbers(sql) for name, sql in _COUNTS.items()},
        is_taken=not is_trial,
    )


def _read_by(database: Path) -> tuple[str, ...]:
    with closing(connect(database)) as db, translated(database):
        return read_by(db)


def _require_files(collection: Collection) -> None:
    """Refuse to make an index of less than the present one was made of: a disk may not be mounted."""
    with closing(connect(collection.database)) as db, translated(collection.database):
        listed = {str(row["name"]) for row in db.execute("SELECT name FROM files")}
    there = {path.name.removesuffix(".open") for path in warc_files(collection)}
    there |= {f"{IMPORTS}{path.name}" for path in collection.imports.glob("*")}
    if missing := sorted(listed - there):
        raise IntegrityError(
            f"{len(missing):,} WARC files that the index lists are not there, {missing[0]} first",
            hint="Bring them back from a copy, or mount the disk; `vigil rebuild` makes an index of what is there.",
        )


def _is_of_today(scratch: Path) -> bool:
    try:
        return set(_read_by(scratch)) <= {software()}
    except (NotFoundError, DamagedIndexError, sqlite3.Error):
        return False
