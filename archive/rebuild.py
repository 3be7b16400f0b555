"""The index made again from the WARC files alone, and two indexes compared row by row."""

import multiprocessing
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, zip_longest
from pathlib import Path

from archive.cdxj import write_all
from archive.collection import Collection
from archive.database import connect, translated
from archive.errors import DamagedIndexError, NotFoundError, StorageError, VigilError
from archive.index import Index
from archive.indexer import Indexer
from archive.query.readings import read_by
from archive.rereading import Comparison, keep
from archive.text import software
from archive.warc import warc_files

_BATCH = 256
_SMALL = 8_000_000
"""Bytes of WARC that one process has read before others would have started."""
_MOST_DIFFERENCES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a rebuild is, in bytes of WARC files and in units."""

    done_bytes: int
    total_bytes: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild found in the WARC files."""

    files: int
    runs: int
    captures: int
    posts: int
    versions: int


def rebuild(
    collection: Collection,
    *,
    workers: int | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Rebuilt:
    """Make ``archive.db`` again and put it in the place of the present one, whole or not at all; then the CDXJ files.

    What an earlier extractor read otherwise is kept, where the present index can still be read; ``archive.reextract``
    says what it was.

    ``workers`` processes read pages, as many as there are cores by default; a script of yours that asks for more than
    one needs ``if __name__ == "__main__":`` around it, as ever with ``multiprocessing``.

    Raises:
        LockedError: a run holds the collection.
        DamagedRecordError: a record cannot be read, with file and offset.
        StorageError: the disk refused (``DiskFullError`` when it is full).
    """
    with collection.locked("vigil rebuild"):
        scratch = collection.database.with_name("archive.db.rebuild")
        remove(scratch)
        try:
            result = write_index(collection, scratch, workers=workers, progress=progress)
            _keep_former(collection, scratch)
            swap(scratch, collection.database)
            _write_cdxj(collection, workers)
        finally:
            remove(scratch)
        return result


def write_index(
    collection: Collection,
    path: Path,
    *,
    workers: int | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Rebuilt:
    """Write an index of all WARC files to ``path``, where nothing is yet; see ``rebuild``."""
    files = warc_files(collection)
    total = sum(file.stat().st_size for file in files)
    count = (os.cpu_count() or 1) if workers is None else workers
    with closing(Index.open(path, is_scratch=True)) as index, pool(1 if total < _SMALL else count) as executor:
        Indexer(index, collection, executor, batch=_BATCH).catch_up(
            lambda done, units: progress(Progress(done_bytes=done, total_bytes=total, units=units))
        )
        index.settle()
        return Rebuilt(
            files=len(files),
            runs=index.number("SELECT count(*) FROM runs") or 0,
            captures=index.number("SELECT count(*) FROM exchanges") or 0,
            posts=index.number("SELECT count(*) FROM posts WHERE current IS NOT NULL AND is_ours = 1") or 0,
            versions=index.number("SELECT count(*) FROM versions") or 0,
        )


def resume_index(
    collection: Collection, path: Path, *, workers: int, progress: Callable[[Progress], None] = lambda _: None
) -> None:
    """Write an index of all WARC files to ``path``, or bring on what stands there; killed, it goes on where it was.

    The rows are those of ``write_index``; since every batch is safe, it takes somewhat longer.
    """
    total = sum(file.stat().st_size for file in warc_files(collection))
    with closing(Index.open(path)) as index, pool(1 if total < _SMALL else workers) as executor:
        Indexer(index, collection, executor, batch=_BATCH).catch_up(
            lambda done, units: progress(Progress(done_bytes=done, total_bytes=total, units=units))
        )
        index.settle()


def _keep_former(collection: Collection, scratch: Path) -> None:
    """Keep what an earlier extractor read otherwise, where the index that goes can still be read."""
    try:
        with closing(connect(collection.database)) as former, translated(collection.database):
            others = set(read_by(former)) - {software()}
        if not others:
            return
        with closing(Comparison(collection.database, scratch)) as comparison:
            for _ in keep(collection, comparison.readings(), by=software(), now=datetime.now(UTC)):
                pass
    except (NotFoundError, DamagedIndexError):
        pass  # A missing or damaged one is the reason to be here.


def _write_cdxj(collection: Collection, workers: int | None) -> None:
    size = sum(path.stat().st_size for path in warc_files(collection))
    with pool(1 if size < _SMALL else workers or os.cpu_count() or 1) as executor:
        write_all(collection, executor)


@contextmanager
def pool(workers: int, *, preload: str = "archive.jobs") -> Iterator[Executor | None]:
    """Give processes that have a module loaded, the readers of pages as it is; None where this one is enough."""
    if workers < 2:
        yield None
        return
    # Forked from a process that has the readers loaded and neither threads nor an open database.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    with ProcessPoolExecutor(workers, mp_context=context) as executor:
        for _ in range(workers):
            executor.submit(int)  # so that they start while the first records are read
        yield executor


def swap(scratch: Path, database: Path) -> None:
    """Put ``scratch`` in the place of ``database``; what a former index left in its log must not be taken for ours."""
    try:
        with closing(connect(database, is_read_only=False)) as former, translated(database):
            former.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except VigilError:
        pass  # A damaged one is the reason to be here.
    try:
        for suffix in ("-wal", "-shm"):
            Path(f"{database}{suffix}").unlink(missing_ok=True)
        scratch.replace(database)
    except OSError as error:
        raise StorageError(f"{database} cannot be replaced: {error.strerror}") from error


def remove(database: Path) -> None:
    """Remove a database and what lies beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)


# --- two indexes compared -----------------------------------------------------------------------


def compare(one: Path, other: Path) -> list[str]:
    """Compare two indexes: schema, every row of every table with its rowid, every word of the full-text index.

    Gives a line for each difference, the first few of each table; none when they are equal.

    Raises:
        NotFoundError, DamagedIndexError, LockedError, StorageError: one of them cannot be read.
    """
    with closing(connect(one)) as a, closing(connect(other)) as b, translated(one):
        differences = _differences("schema", a, b, "SELECT name, type, sql FROM sqlite_schema ORDER BY name")
        for pragma in ("application_id", "user_version"):
            differences += _differences(pragma, a, b, f"PRAGMA {pragma}")
        for table in _tables(a):
            key = _key(a, table)
            differences += _differences(table, a, b, f"SELECT {key}, * FROM {table} ORDER BY {key}")  # noqa: S608
        for db in (a, b):
            db.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'texts_fts', 'instance')")
        differences += _differences("texts_fts", a, b, "SELECT term, doc, col, offset FROM words")
    return differences


def _tables(db: sqlite3.Connection) -> list[str]:
    """All tables with rows of their own: FTS5's segments hold the same words in pieces that depend on the batches."""
    rows = db.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main' ORDER BY name")
    others = {"sqlite_schema", "texts_fts_data", "texts_fts_idx"}
    return [name for name, kind in rows if kind in {"table", "shadow"} and name not in others]


def _key(db: sqlite3.Connection, table: str) -> str:
    key = [row["name"] for row in db.execute(f"PRAGMA table_info({table})") if row["pk"]]
    return ", ".join(key) if key else "rowid"


def _differences(what: str, a: sqlite3.Connection, b: sqlite3.Connection, sql: str) -> list[str]:
    pairs = zip_longest(a.execute(sql), b.execute(sql))
    unequal = (
        f"{what}: {tuple(x) if x else 'no row'} against {tuple(y) if y else 'no row'}"
        for x, y in pairs
        if (tuple(x) if x else None) != (tuple(y) if y else None)
    )
    return list(islice(unequal, _MOST_DIFFERENCES))
