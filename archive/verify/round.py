"""One round through the archive: every file, every record, every check."""

import contextlib
import fcntl
import os
import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive import __version__
from archive.collection import Collection
from archive.errors import DamagedIndexError, LockedError, NotFoundError, StorageError, VigilError
from archive.evidence.tokens import Stamp
from archive.evidence.trust import Trust
from archive.rebuild import pool
from archive.verify import listed, logged, records, sealed
from archive.verify.book import open_book
from archive.verify.file import Opening, Task, read_file
from archive.verify.findings import FileRead, Finding, Scope
from archive.verify.ids import Ids
from archive.verify.memory import Memory, memory_of, state_of
from archive.warc import walk, warc_files

_SMALL = 4_000_000
"""Bytes of WARC that one process has read before others would have started."""


class Round:
    """A round of checks over a collection; ``findings`` is gone through once, then the counts are known.

    ``skipped`` names the file that a run is writing now. ``trust`` are the keys that seals are checked by; left out,
    the copies that lie in the archive itself. ``jobs`` processes read files, ``rate`` bytes a second between them at
    most; what is found, and in which order, does not depend on them. ``is_fixity`` leaves out what exchanges and index
    say, and checks the bytes of files, records and seals alone. ``is_resumable`` notes in ``state/`` what was read, and
    goes on where a round like it broke off: ``resumed`` files were read ``since`` then. Nothing else is ever written.
    """

    def __init__(
        self,
        collection: Collection,
        trust: Trust | None = None,
        *,
        jobs: int = 1,
        rate: float | None = None,
        is_fixity: bool = False,
        is_resumable: bool = False,
    ) -> None:
        self._collection = collection
        self._trust = trust
        self._jobs = jobs
        self._rate = rate
        self._is_fixity = is_fixity
        self._is_resumable = is_resumable
        self.resumed = 0
        self.since: datetime | None = None
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
        book = open_book(collection, self._trust, now=datetime.now(UTC), is_held=_is_held(collection))
        self.seals = len(book.entries)
        self.test_stamps = sum(
            isinstance(one, Stamp) and one.is_test for seal in book.entries for _, one in seal.stamps
        )
        with (
            self._memory() as memory,
            contextlib.closing(Ids()) as ids,
            _index(collection, is_live=bool(live)) as (opening, db, trouble),
        ):
            scope = Scope(collection=collection, files=files, live=live, db=db, book=book, ids=ids, trouble=trouble)
            for check in records.FOLDER_CHECKS:
                yield from check(scope)
            for look in sealed.SEAL_CHECKS:
                yield from look(book)
            for check in () if self._is_fixity else listed.START_CHECKS:
                yield from _asked(scope, check(scope))
            for read in self._read(scope, opening, memory, progress):
                yield from self._join(scope, read)
            for check in () if live or self._is_fixity else listed.END_CHECKS:
                yield from _asked(scope, check(scope))
            for look in (*sealed.SEAL_END_CHECKS, *logged.LOG_CHECKS):
                yield from look(book)

    def _memory(self) -> contextlib.AbstractContextManager[Memory | None]:
        words = f"{__version__} {'fixity' if self._is_fixity else 'whole'}"
        return memory_of(self._collection, words) if self._is_resumable else contextlib.nullcontext()

    def _read(
        self, scope: Scope, opening: Opening, memory: Memory | None, progress: Callable[[int, int], None]
    ) -> Iterator[tuple[Path, FileRead]]:
        """Read the files, by as many processes as are asked for, and give what was read in the files' order."""
        sizes = {path: _size(path) for path in scope.files}
        total = sum(sizes.values())
        jobs = 1 if total < _SMALL else max(1, min(self._jobs, len(scope.files)))
        waiting: deque[_Pending] = deque()
        with pool(jobs, preload="archive.verify.file") as executor:
            for number, path in enumerate(scope.files, 1):
                task = Task(
                    collection=scope.collection,
                    path=path,
                    index=opening if scope.db is not None and _name(path) not in scope.live else None,
                    rate=self._rate and self._rate / jobs,
                    is_fixity=self._is_fixity,
                )
                state = state_of(path, is_index_asked=task.index is not None)
                known = memory.get(_name(path), state) if memory else None
                future = executor.submit(read_file, task) if executor and known is None else None
                waiting.append(_Pending(task=task, state=state, known=known, future=future))
                while waiting and (executor is None or len(waiting) > 2 * jobs or number == len(scope.files)):
                    one = waiting.popleft()
                    read = one.result(lambda done: progress(self.bytes + done, total))
                    self._note(memory, one, read)
                    self.files += 1
                    self.bytes += sizes[one.task.path]
                    progress(self.bytes, total)
                    yield one.task.path, read

    def _note(self, memory: Memory | None, one: "_Pending", read: FileRead) -> None:
        if memory is None:
            return
        if one.known is None:
            memory.note(one.state, read)
        else:
            self.resumed += 1
            self.since = memory.began

    def _join(self, scope: Scope, told: tuple[Path, FileRead]) -> Iterator[Finding]:
        """Pass on what was found in a file, and hold it against other files, its seal and the index."""
        path, read = told
        self.records += read.records
        self.exchanges += read.exchanges
        yield from read.findings
        yield from records.record_unique(scope, read)
        if scope.book.is_begun and not path.name.endswith(".open"):
            yield from sealed.sealed_file(scope.book, read.name, read.digest)
            yield from sealed.sealed_record(scope.book, read.name, read.sealed)
        scope.runs.update({run: ended or scope.runs.get(run, False) for run, ended in read.runs.items()})
        scope.imports.update(read.imports)
        if scope.db is not None:
            yield from read.index
            scope.matched += read.matched
            scope.db = None if read.is_index_broken else scope.db


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """A file that is being read, or will be, or was by an earlier round; ``state`` is what it was before."""

    task: Task
    state: object
    known: FileRead | None
    future: Future[FileRead] | None

    def result(self, progress: Callable[[int], None]) -> FileRead:
        if self.known is not None:
            return self.known
        if self.future is None:
            return read_file(self.task, progress)
        try:
            return self.future.result()
        except BrokenExecutor as error:
            raise StorageError(
                "a process that read files was ended from outside",
                hint="Memory may be short: try again with --jobs 1.",
            ) from error


def _asked(scope: Scope, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Pass on what a check of the index finds; an index that cannot even be read is the last finding about it."""
    try:
        yield from findings
    except (sqlite3.Error, ValueError, LookupError, TypeError) as error:
        scope.db = None
        yield listed.unreadable(str(error))


@contextlib.contextmanager
def _index(
    collection: Collection, *, is_live: bool
) -> Iterator[tuple[Opening, sqlite3.Connection | None, VigilError | None]]:
    """Open the index as it lies there; ``None`` where that cannot be done, and why.

    Raises:
        LockedError: someone wrote to it meanwhile.
    """
    path = collection.database
    is_still = not is_live and not path.with_name(f"{path.name}-wal").exists()
    before = _state(path)
    opening = Opening(path=path, is_still=is_still)
    try:
        db = opening.open()
    except (NotFoundError, DamagedIndexError, StorageError) as error:
        yield opening, None, error
        return
    with contextlib.closing(db):
        yield opening, db, None
    if is_still and _state(path) != before:
        raise LockedError(
            "archive.db was written to while it was being verified, so what was said about it is void",
            hint="Run `vigil verify` again when no crawl or rebuild is running.",
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


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
