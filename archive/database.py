"""An open ``archive.db``: connections, times as whole numbers, SQLite's troubles as ours.

Light on purpose (nothing but the standard library), because every reading command starts here.
"""

import json
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.errors import (
    NO_SPACE,
    DamagedIndexError,
    DiskFullError,
    LockedError,
    NotFoundError,
    StorageError,
    VigilError,
)
from archive.model import CaptureKind

APPLICATION_ID = 0x7669_676C
"""``vigl``, in the file's header: ``file(1)`` and we tell an archive.db from any other database by it."""

SCHEMA_VERSION = 3
"""``user_version`` of the schema that this software writes; a higher one is refused."""

PAGES_VERSION = 3
"""``user_version`` from which on an index has the tables of pages."""

BUSY_SECONDS = 30.0
"""How long a command waits for another process that holds the database before it gives up (exit 75)."""

KINDS = (CaptureKind.RESPONSE, CaptureKind.REVISIT, CaptureKind.NOT_MODIFIED, CaptureKind.FAILURE)
"""What ``captures.kind`` numbers, from 1."""

_CACHE = 64_000
"""Kilobytes of pages that SQLite may keep of an index; it takes them as it needs them."""

_ROOM = 1 << 20
"""Bytes; where there is no room for so many, an index that cannot be written lacks room."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(time: datetime) -> int:
    """Turn an aware ``time`` into whole microseconds since 1970-01-01 UTC, as every time column holds it."""
    return (time - _EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """Turn a time column's whole number back into an aware UTC time."""
    return _EPOCH + value * _MICROSECOND


def warc_date(value: int) -> str:
    """Spell a time column as the WARC-Date of its records (WARC/1.1 section 5.4, microseconds)."""
    return instant(value).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


TEXTS_A_SECOND = 16
"""Ids of texts kept free for each second of publication."""


def text_id_at(time: datetime) -> int:
    """Give the smallest id that a text published at ``time`` or later has; ids of texts grow with publication.

    So FTS5, which gives rows in the order of their ids, gives the newest first without sorting (speed.md section 4).
    """
    return -(-micros(time) // 1_000_000) * TEXTS_A_SECOND


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(value: object) -> str:
    """Write a list or mapping as the JSON of a column: compact, letters as they are, keys in their order."""
    return _ENCODER.encode(value)


def connect(path: Path, *, is_read_only: bool = True, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open the index at ``path``; transactions are begun and ended by hand, rows come as ``sqlite3.Row``.

    The connection may go from thread to thread, one at a time.

    Raises:
        NotFoundError: ``is_read_only`` and there is no such file.
        DamagedIndexError: it is no database, or written by newer software.
        LockedError: another process held it for longer than ``busy_seconds``.
    """
    if is_read_only and not path.exists():
        raise NotFoundError(
            f"there is no index at {path}",
            hint="Name the collection's folder, or make its index from the WARC files with `vigil rebuild`.",
        )
    with translated(path, busy_seconds):
        try:
            return _open(path, "mode=ro" if is_read_only else "mode=rwc", busy_seconds)
        except sqlite3.OperationalError as error:
            log = Path(f"{path}-wal")
            is_refused = error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
            if not (is_read_only and is_refused) or (log.exists() and log.stat().st_size):
                raise
            # Even a reader of a WAL database writes a shared-memory file beside it, which a read-only medium refuses.
            return _open(path, "immutable=1", busy_seconds)


def _open(path: Path, how: str, busy_seconds: float) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"{path.resolve().as_uri()}?{how}",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(f"PRAGMA cache_size = -{_CACHE}")
        _check_version(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _check_version(db: sqlite3.Connection, path: Path) -> None:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise newer_index(path, f"schema {version}, this software knows {SCHEMA_VERSION}")


def newer_index(path: Path, what: str) -> DamagedIndexError:
    """Say that the index at ``path`` comes from newer software."""
    return DamagedIndexError(
        f"{path} was written by newer software ({what})",
        hint="Install that newer vigil, or make an index of this version's kind with `vigil rebuild`.",
    )


@contextmanager
def translated(path: Path, busy_seconds: float = BUSY_SECONDS) -> Iterator[None]:
    """Turn what SQLite says about the file at ``path`` into our errors, with what to do next.

    Raises:
        LockedError: the database stayed locked for ``busy_seconds``.
        DiskFullError: no space is left.
        DamagedIndexError: the file is corrupt or no database.
        StorageError: it cannot be opened, read or written.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        # The low byte is the primary code, whatever SQLite appended to it.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        trouble = _trouble(code, path, busy_seconds, str(error))
        if trouble is None:
            raise
        raise trouble from error


def _trouble(code: int, path: Path, busy_seconds: float, words: str) -> VigilError | None:
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LockedError(
            f"{path} stayed locked by another process for {busy_seconds:g} seconds",
            hint="Close the program that writes to it, then try again.",
        )
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and not _has_room(path)):
        return DiskFullError(f"no space is left for {path}", hint="Free some space; the WARC files are whole.")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return damaged_index(path, words)
    if code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        return StorageError(f"{path}: {words}", hint="Check that the disk is there and that you may write to it.")
    return None


def _has_room(path: Path) -> bool:
    """Tell whether the index may grow: SQLite calls only ENOSPC of its own writes "full", all else a "disk I/O error".

    Such are a quota, a file as long as it may be, and shared memory (``-shm``) for which there is no room.
    """
    from tempfile import TemporaryFile  # noqa: PLC0415  reading commands start without it

    files = (path, Path(f"{path}-wal"), Path(f"{path}-shm"))
    longest = max((file.stat().st_size for file in files if file.exists()), default=0)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if limit != resource.RLIM_INFINITY and longest + _ROOM > limit:
        return False
    try:
        with TemporaryFile(dir=path.parent) as probe:
            probe.write(bytes(_ROOM))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return error.errno not in NO_SPACE
    return True


def damaged_index(path: Path, words: str) -> DamagedIndexError:
    """Say that the index at ``path`` is damaged, and that nothing is lost by it."""
    return DamagedIndexError(
        f"{path} is damaged: {words}",
        hint="Nothing is lost: `vigil rebuild` makes it again from the WARC files.",
    )
