"""One WARC file, read once from its first byte to its last: every check that it and its records allow."""

import contextlib
import hashlib
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from archive.collection import Collection
from archive.database import SCHEMA_VERSION, connect, newer_index, translated
from archive.errors import IntegrityError, VigilError
from archive.evidence.seal import record_name
from archive.model import RecordRef, Sha256, sha256_of
from archive.verify import listed, paged, records, units
from archive.verify.findings import FileRead, FileScope, Finding
from archive.warc import Grouping, Laid, LaidExchange, Record, read_record

_MOST_CERTIFICATE = 1 << 16
_MOST_CERTIFICATES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A file to be read, as another process can be told of it.

    ``index`` says how the index may be opened, ``None`` where it is not asked. ``rate`` are the bytes a second that are
    read at most. ``is_fixity`` leaves all out that takes more than the bytes of files and records.
    """

    collection: Collection
    path: Path
    index: "Opening | None"
    rate: float | None = None
    is_fixity: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How to open the index without a trace.

    Reading a database in WAL mode makes files beside it, and checks must not write. While nobody else does either
    (``is_still``), the file may be read as one that does not change.
    """

    path: Path
    is_still: bool

    def open(self) -> sqlite3.Connection:
        """Open the index.

        Raises:
            NotFoundError, DamagedIndexError, StorageError: it cannot be opened.
        """
        if not self.is_still:
            return connect(self.path)
        with translated(self.path):
            db = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
            try:
                db.row_factory = sqlite3.Row
                version = int(db.execute("PRAGMA user_version").fetchone()[0])
                if version > SCHEMA_VERSION:
                    raise newer_index(self.path, f"schema {version}")
            except BaseException:
                db.close()
                raise
            return db


def read_file(task: Task, progress: Callable[[int], None] = lambda _: None) -> FileRead:
    """Make every check of one file; ``progress`` is told the bytes read."""
    with contextlib.ExitStack() as stack:
        db = None
        if task.index is not None and not task.is_fixity:
            with contextlib.suppress(VigilError):
                db = stack.enter_context(contextlib.closing(task.index.open()))
        return _Reading(task, db, progress).read()


class _Reading:
    """The reading of one file."""

    def __init__(self, task: Task, db: sqlite3.Connection | None, progress: Callable[[int], None]) -> None:
        self._task = task
        self._progress = progress
        self._found = _Found(task.collection)
        grouping = Grouping(task.collection, self._found.find)
        self._scope = FileScope(path=task.path, db=db, grouping=grouping)
        self._laid: list[Laid] = []
        self._about_units: list[Finding] = []
        self._exchanges = 0

    def read(self) -> FileRead:
        scope, findings = self._scope, list[Finding]()
        whole: hashlib._Hash | None = hashlib.sha256()
        sealed: dict[str, Sha256] = {}
        ids: list[tuple[str, int]] = []
        wait = Pace(self._task.rate).took
        size = 0
        for one in records.record_readable(scope):
            if isinstance(one, Finding):
                findings.append(one)
                scope.grouping.forget()
                scope.is_torn, whole = True, None
                continue
            record, member = one
            for check in records.RECORD_CHECKS:
                findings += check(scope, record)
            if whole is not None:
                whole.update(member)
            ids.append((record.ref.record_id, record.ref.offset))
            with contextlib.suppress(IntegrityError):
                sealed[record_name(record.type, record.ref.record_id)] = sha256_of(member)
            if not self._task.is_fixity:
                self._group(record)
            size = record.end
            wait(len(member))
            self._progress(size)
        findings += self._about_units
        findings += units.record_belongs(scope)
        index, is_broken = self._ask()
        runs, imports = listed.runs_told(self._laid)
        return FileRead(
            name=scope.name,
            size=size,
            digest=_digest(scope.path) if whole is None else Sha256(whole.hexdigest()),
            sealed=sealed,
            ids=tuple(ids),
            records=len(ids),
            findings=tuple(findings),
            exchanges=self._exchanges,
            runs=runs,
            imports=imports,
            index=tuple(index),
            is_index_broken=is_broken,
            matched=scope.matched,
        )

    def _group(self, record: Record) -> None:
        """Check the unit that a record completes, and keep of it what takes no room."""
        self._found.note(record)
        for one in units.unit_understood(self._scope, record):
            if isinstance(one, Finding):
                self._about_units.append(one)
            elif isinstance(one, LaidExchange):
                self._exchanges += 1
                for check in units.UNIT_CHECKS:
                    self._about_units += check(self._scope, one)
                self._laid.append(replace(one, head=b"", entity=bytes, load=None, whole=None))
            else:
                self._laid.append(one)

    def _ask(self) -> tuple[list[Finding], bool]:
        """Hold the index against the file; an index that cannot even be read is the last finding about it."""
        found: list[Finding] = []
        try:
            for check in (*listed.FILE_CHECKS, *paged.FILE_CHECKS):
                found.extend(check(self._scope, self._laid))
        except (sqlite3.Error, ValueError, LookupError, TypeError) as error:
            return [*found, listed.unreadable(str(error))], True
        return found, False


@dataclass(slots=True)
class _Found:
    """Records that exchanges refer to: this file's certificates, and the original that was read last."""

    collection: Collection
    _certificates: dict[RecordRef, Record] = field(default_factory=dict)
    _last: Record | None = None

    def note(self, record: Record) -> None:
        is_small = len(record.block) <= _MOST_CERTIFICATE and len(self._certificates) < _MOST_CERTIFICATES
        if is_small and units.is_certificate(record):
            self._certificates[record.ref] = record

    def find(self, ref: RecordRef) -> Record:
        if ref in self._certificates:
            return self._certificates[ref]
        if self._last is None or self._last.ref != ref:
            self._last = read_record(self.collection, ref)
        return self._last


class Pace:
    """Keeps reading to so many bytes a second, by sleeping."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._due = time.monotonic()

    def took(self, size: int) -> None:
        """Wait until so many more bytes may have been read."""
        if self._rate is None:
            return
        self._due += size / self._rate
        late = self._due - time.monotonic()
        if late > 0:
            time.sleep(late)


def _digest(path: Path) -> Sha256 | None:
    """Digest a file of which something could not be read as records."""
    try:
        with path.open("rb") as file:
            return Sha256(hashlib.file_digest(file, "sha256").hexdigest())
    except OSError:
        return None
