"""One round through the archive: every file, every record, every check."""

import contextlib
import fcntl
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from archive.collection import Collection
from archive.database import SCHEMA_VERSION, connect, newer_index, translated
from archive.errors import DamagedIndexError, LockedError, NotFoundError, StorageError, VigilError
from archive.evidence.tokens import Stamp
from archive.evidence.trust import Trust
from archive.verify import listed, logged, paged, records, sealed, units
from archive.verify.book import open_book
from archive.verify.findings import Finding, Scope
from archive.warc import Laid, LaidExchange, Record, walk, warc_files


class Round:
    """A round of checks over a collection; ``findings`` is gone through once, then the counts are known.

    ``skipped`` names the file that a run is writing now. ``trust`` are the keys that seals are checked by; left out,
    the copies that lie in the archive itself.
    """

    def __init__(self, collection: Collection, trust: Trust | None = None) -> None:
        self._collection = collection
        self._trust = trust
        self.files = 0
        self.records = 0
        self.bytes = 0
        self.exchanges = 0
        self.seals = 0
        self.test_stamps = 0
        self.skipped: tuple[str, ...] = ()

    def findings(self, progress: Callable[[int, int], None] = lambda _done, _all: None) -> Iterator[Finding]:
        """Make every check; ``progress`` is told the bytes read and the bytes there are."""
        collection = self._collection
        live_run = _live_run(collection)
        everything = warc_files(collection)
        live = frozenset(_name(path) for path in everything if live_run and _run_of(path) == live_run)
        self.skipped = tuple(_name(path) for path in everything if _name(path) in live and path.name.endswith(".open"))
        files = tuple(path for path in everything if _name(path) not in self.skipped)
        size = sum(path.stat().st_size for path in files)
        book = open_book(collection, self._trust, now=datetime.now(UTC), is_held=_is_held(collection))
        self.seals = len(book.entries)
        self.test_stamps = sum(
            isinstance(one, Stamp) and one.is_test for seal in book.entries for _, one in seal.stamps
        )
        with _index(collection, is_live=bool(live)) as (db, trouble):
            scope = Scope(collection=collection, files=files, live=live, db=db, book=book, trouble=trouble)
            for check in records.FOLDER_CHECKS:
                yield from check(scope)
            for look in sealed.SEAL_CHECKS:
                yield from look(book)
            for check in listed.START_CHECKS:
                yield from _asked(scope, check(scope))
            for path in files:
                yield from self._file(scope, path, lambda done: progress(self.bytes + done, size))
                self.files += 1
                self.bytes += path.stat().st_size
                progress(self.bytes, size)
            if not live:
                for check in listed.END_CHECKS:
                    yield from _asked(scope, check(scope))
            for look in (*sealed.SEAL_END_CHECKS, *logged.LOG_CHECKS):
                yield from look(book)

    def _file(self, scope: Scope, path: Path, progress: Callable[[int], None]) -> Iterator[Finding]:
        heads: list[Record] = []
        laid: list[Laid] = []
        yield from self._records(scope, path, heads, progress)
        yield from self._units(scope, path, heads, laid)
        yield from units.record_belongs(scope, heads, laid)
        yield from self._seal(scope, path, heads)
        listed.note_runs(scope, laid)
        if _name(path) not in scope.live:
            for check in (*listed.FILE_CHECKS, *paged.FILE_CHECKS):
                yield from _asked(scope, check(scope, path, laid))

    def _records(
        self, scope: Scope, path: Path, heads: list[Record], progress: Callable[[int], None]
    ) -> Iterator[Finding]:
        """Check each record; ``heads`` takes the records without their bytes, a file holds more than memory."""
        scope.warcinfo = None
        for one in records.record_readable(scope, path):
            if isinstance(one, Finding):
                yield one
                continue
            for check in records.RECORD_CHECKS:
                yield from check(scope, one)
            heads.append(replace(one, header=b"", block=b""))
            self.records += 1
            progress(one.end)

    def _seal(self, scope: Scope, path: Path, heads: list[Record]) -> Iterator[Finding]:
        """Hold a closed file against the seal of its run."""
        if path.name.endswith(".open") or not scope.book.is_begun:
            return
        whole, digests = sealed.digests(path, heads)
        yield from sealed.sealed_file(scope.book, path.name, whole)
        yield from sealed.sealed_record(scope.book, path.name, digests)

    def _units(self, scope: Scope, path: Path, heads: list[Record], laid: list[Laid]) -> Iterator[Finding]:
        """Check each exchange; ``laid`` takes the units without their bytes."""
        for one in units.unit_understood(scope, path, heads):
            if isinstance(one, Finding):
                yield one
            elif isinstance(one, LaidExchange):
                self.exchanges += 1
                for check in units.UNIT_CHECKS:
                    yield from check(scope, one)
                laid.append(replace(one, head=b"", entity=bytes))
            else:
                laid.append(one)


def _asked(scope: Scope, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Pass on what a check of the index finds; an index that cannot even be read is the last finding about it."""
    try:
        yield from findings
    except (sqlite3.Error, ValueError, LookupError, TypeError) as error:
        scope.db = None
        yield listed.unreadable(str(error))


@contextlib.contextmanager
def _index(collection: Collection, *, is_live: bool) -> Iterator[tuple[sqlite3.Connection | None, VigilError | None]]:
    """Open the index as it lies there; ``None`` where that cannot be done, and why.

    Reading a database in WAL mode makes files beside it, and checks must not write. While nobody else does either, the
    file may be read as one that does not change.

    Raises:
        LockedError: someone wrote to it meanwhile.
    """
    path = collection.database
    is_still = not is_live and not path.with_name(f"{path.name}-wal").exists()
    before = _state(path)
    try:
        db = _unchanging(path) if is_still else connect(path)
    except (NotFoundError, DamagedIndexError, StorageError) as error:
        yield None, error
        return
    with contextlib.closing(db):
        yield db, None
    if is_still and _state(path) != before:
        raise LockedError(
            "archive.db was written to while it was being verified, so what was said about it is void",
            hint="Run `vigil verify` again when no crawl or rebuild is running.",
        )


def _unchanging(path: Path) -> sqlite3.Connection:
    """Open a database that nobody writes to, without a trace."""
    with translated(path):
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            db.row_factory = sqlite3.Row
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if version > SCHEMA_VERSION:
                raise newer_index(path, f"schema {version}")
        except BaseException:
            db.close()
            raise
        return db


def _state(path: Path) -> tuple[int, int, int] | None:
    if not path.exists():
        return None
    facts = path.stat()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _live_run(collection: Collection) -> str | None:
    """Name the run that is writing now: that of the newest open file, while someone holds the collection."""
    if not _is_held(collection):
        return None
    return next((_run_of(path) for path in reversed(warc_files(collection)) if path.name.endswith(".open")), None)


def _is_held(collection: Collection) -> bool:
    try:
        handle = os.open(collection.state / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _run_of(path: Path) -> str | None:
    try:
        first = next(walk(path), None)
    except VigilError:
        return None
    found = re.search(rb"(?m)^vigil-run: (\S+)", first.block) if first else None
    return found[1].decode("ascii", "replace") if found else None


def _name(path: Path) -> str:
    return path.name.removesuffix(".open")
