"""Foreign files taken in: kept, noted record by record, read, counted for their posts in the order of time.

Each file is one run of the route ``import``, or several where it has many records; its WARC file holds a metadata
record of ours for each capture and each fault. So the index follows from the WARC files as ever, a killed import goes
on where its last whole record stands, and the seals bind the digest of the original, which is part of its name.
"""

import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from archive import __version__
from archive.collection import Collection
from archive.config import Settings
from archive.errors import IntegrityError, NotFoundError, StorageError
from archive.importing.captures import Judge, url_of
from archive.importing.known import WHOLE, held, holds, laid_before, where_to_go_on
from archive.importing.originals import SUFFIXES, Source, gunzipped, keep, sources, unlike, unpack
from archive.index import Index
from archive.indexer import Indexer, whole_units
from archive.model import Omission, OmissionKind, Route, RunEnd, RunStart, sha256_of
from archive.site import Site
from archive.warc import MOST_RECORDS, WarcWriter, path_of
from archive.warc.foreign import ForeignRecord, NotChunkedError, Unsound, foreign_records
from archive.warc.names import closed_name

PART = MOST_RECORDS - 200
"""Units of one run: an import run has one WARC file, so that its captures lead to their notes."""
_TEST_ROUTE = b"vigil-route: test-route"
_REQUESTS = 64
_AT_ONCE = 128
_MOST_FAULTS_SHOWN = 1000

Progress = Callable[[str, int, int], None]
"""Is told what is going on with a file, the bytes done and the bytes there are."""


@dataclass(slots=True, kw_only=True)
class FileOutcome:
    """What became of one file: where it is kept, how many records of each kind were met, what was wrong.

    ``kept_as`` is empty where the file holds nothing that an archive could hold; it is not imported then.
    """

    path: str
    kept_as: str = ""
    digest: str = ""
    size: int = 0
    is_known: bool = True
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Pending:
    record: ForeignRecord
    request: ForeignRecord | None


class Importer:
    """Takes files in for one site; the caller holds the collection's lock and has the index caught up."""

    def __init__(
        self,
        collection: Collection,
        settings: Settings,
        index: Index,
        site: Site,
        toml: bytes,
        executor: Executor | None = None,
    ) -> None:
        self._collection = collection
        self._settings = settings
        self.index = index
        self._site = site
        self._toml = toml
        self._executor = executor

    def take(self, path: Path, progress: Progress = lambda _what, _done, _all: None) -> FileOutcome:
        """Take one file in; a second time nothing is added.

        Raises:
            StorageError: the disk refused.
            DamagedIndexError, LockedError: as SQLite said.
        """
        outcome = FileOutcome(path=str(path))
        size = path.stat().st_size
        if (why := unlike(path)) is not None:
            outcome.faults.append(f"not imported: {why}")
            return outcome
        kept = keep(self._collection, path, lambda done: progress("keeping", done, size))
        outcome.kept_as, outcome.digest, outcome.size = kept.name, kept.digest, kept.size
        top = Source(file=kept.name, start=0, end=kept.size)
        odd: list[str] = []
        waiting: list[Source] = []
        for one in sources(self._collection, kept):
            odd.append(one) if isinstance(one, str) else waiting.append(one)
        if odd and where_to_go_on(self.index, top) is not None:
            self._note_odd(top, odd, outcome)
        while waiting:
            source = waiting.pop(0)
            at = where_to_go_on(self.index, source)
            while at is not None:
                at, packed = self._part(source, at, outcome, progress)
                if packed is not None:
                    waiting.append(packed)
        return outcome

    # --- one run ---------------------------------------------------------------------------------------

    def _part(
        self, source: Source, at: int, outcome: FileOutcome, progress: Progress
    ) -> tuple[int | None, Source | None]:
        """Read on from an offset for at most ``PART`` units; give where to go on, and what was unpacked."""
        outcome.is_known = False
        part = _Part(self, source, at, outcome)
        indexing = _Indexing(Indexer(self.index, self._collection, self._executor, batch=256), part.path)
        packed = None
        with path_of(self._collection, source.file).open("rb") as file:
            found = foreign_records(file, at, source.end)
            try:
                for one in found:
                    part.take(one)
                    progress("reading", one.offset + one.length - source.start, source.end - source.start)
                    if part.units - indexing.units >= _AT_ONCE:
                        part.sync()
                        indexing.take(part.path, part.units)
                    if part.resume_at is not None:
                        break
            except NotChunkedError:
                packed = part.unpack()
        part.close()
        indexing.finish(path_of(self._collection, closed_name(indexing.path)))
        return part.resume_at, packed

    def _note_odd(self, source: Source, odd: list[str], outcome: FileOutcome) -> None:
        """Lay down what is odd about a file as a whole, in a run by itself."""
        outcome.is_known = False
        part = _Part(self, source, 0, outcome)
        for what in odd:
            part.fault(source.file, what)
        part.close()
        Indexer(self.index, self._collection).catch_up()

    def writer(self, source: Source, uid: str, now: datetime) -> WarcWriter:
        """Open the WARC file of one run."""
        run = RunStart(
            uid=uid,
            site=self._site.id,
            started=now,
            route=Route.IMPORT,
            software=f"vigil/{__version__}",
            config_digest=sha256_of(self._toml),
            operator=self._settings.operator,
            contact=self._settings.contact,
            user_agent="none: files that others made",
            mode=source.key,
        )
        return WarcWriter(
            self._collection,
            site_id=self._site.id,
            run=run,
            site_toml=self._toml,
            host_label=self._settings.host_label.replace("-", "_"),
            known_payload=lambda _digest, _url: None,
        )

    def judge(self, source: Source, uid: str) -> Judge:
        """Make the judge of a file's records."""
        return Judge(self._site, source.file, uid, partial(held, self.index))

    def unpacked(self, source: Source, at: int) -> Source:
        """Unpack what lies in one gzip member from an offset on."""
        path = path_of(self._collection, source.file)
        return unpack(self._collection, source.file, f"from-{at}.warc", gunzipped(path, at, source.end))


class _Indexing:
    """Has the index follow a run that is being laid down, as far as it is on disk; reading goes on meanwhile."""

    def __init__(self, indexer: Indexer, path: Path) -> None:
        self.indexer = indexer
        self._at = 0
        self.path = path
        self.units = 0

    def take(self, path: Path, units: int) -> None:
        """Take what the file holds by now."""
        self.units = units
        for unit in whole_units(path, self._at):
            self.indexer.take(unit)
            self._at = unit.record.offset + unit.record.length

    def finish(self, path: Path) -> None:
        """Take the rest of the file, which is closed, and wait until all is in the index."""
        self.take(path, self.units)
        self.indexer.flush()


class _Part:
    """One run of an import: what is laid down of a stretch of a file."""

    def __init__(self, importer: Importer, source: Source, at: int, outcome: FileOutcome) -> None:
        self._importer = importer
        self._source = source
        self._outcome = outcome
        self._now = datetime.now(UTC)
        self._uid = f"{self._now:%Y%m%dT%H%M%S}Z-import-{secrets.token_hex(4)}"
        self._skip, self._told = laid_before(importer.index, source)
        self._writer = importer.writer(source, self._uid, self._now)
        self._judge = importer.judge(source, self._uid)
        self._requests: OrderedDict[str, ForeignRecord] = OrderedDict()
        self._pending: _Pending | None = None
        self._counts: Counter[str] = Counter()
        self._sequence = 0
        self._at = at
        self.units = 0
        self.resume_at: int | None = None

    @property
    def path(self) -> Path:
        """The WARC file of the run."""
        return self._writer.path

    def sync(self) -> None:
        """Have on disk what was laid down."""
        self._writer.sync()

    def take(self, one: ForeignRecord | Unsound) -> None:
        """Take the next stretch of the file."""
        self._at = one.offset + one.length
        if isinstance(one, Unsound):
            self._flush()
            self.fault(self._source.file, f"offset {one.offset}, {one.length} bytes: {one.what}")
        elif one.type == "request":
            self._request(one)
        elif one.type in {"response", "revisit"}:
            self._flush()
            request = self._request_of(one)
            if self.units >= PART:
                self.resume_at = min(one.offset, request.offset) if request else one.offset
                return
            self._pending = _Pending(one, request)
        else:
            self._flush()
            self._counts[f"{one.type or 'untyped'} records"] += 1
            url, faults = url_of(one)
            if one.type == "warcinfo" and _TEST_ROUTE in one.block:
                faults = (*faults, "a test run of vigil made what follows: NO captures of the real site")
            self._faults(url or self._source.file, one.offset, (*one.faults, *faults))

    def unpack(self) -> Source | None:
        """Unpack the rest of the file, which has several records in a gzip member."""
        self._flush()
        what = f"offset {self._at}: several records in one gzip member; the rest is unpacked beside the original"
        self.fault(self._source.file, what)
        try:
            return self._importer.unpacked(self._source, self._at)
        except IntegrityError as error:
            self.fault(self._source.file, str(error))
            return None

    def close(self) -> None:
        """Lay down what is left, and how the run ended."""
        if self.resume_at is None:
            self._flush()
        self._outcome.counts += self._counts
        end = RunEnd(
            uid=self._uid,
            ended=datetime.now(UTC),
            stop_reason=WHOLE if self.resume_at is None else "more of the file follows",
            exit_code=0,
            is_walk_complete=False,
            counts=tuple(sorted(self._counts.items())),
            resume_at=None if self.resume_at is None else str(self.resume_at),
        )
        self._writer.close(end)

    def fault(self, url: str, what: str) -> None:
        """Lay down that something is wrong with the file."""
        if what in self._told:
            return
        self.units += 1
        self._counts["faults"] += 1
        if len(self._outcome.faults) < _MOST_FAULTS_SHOWN:
            self._outcome.faults.append(what)
        omission = Omission(run=self._uid, url=url, kind=OmissionKind.FAULT, reason=what, time=self._now)
        self._writer.note(omission)

    def _faults(self, url: str, offset: int, faults: tuple[str, ...]) -> None:
        for what in faults:
            self.fault(url, f"offset {offset}: {what}")

    def _request(self, one: ForeignRecord) -> None:
        self._counts["request records"] += 1
        self._faults(url_of(one)[0] or self._source.file, one.offset, one.faults)
        pending = self._pending
        if pending is not None and pending.request is None and _belong(pending.record, one):
            pending.request = one
            self._flush()
            return
        self._flush()
        self._requests[str(one.offset)] = one
        if len(self._requests) > _REQUESTS:
            self._requests.popitem(last=False)

    def _request_of(self, record: ForeignRecord) -> ForeignRecord | None:
        found = next((key for key, one in self._requests.items() if _belong(record, one)), None)
        return None if found is None else self._requests.pop(found)

    def _flush(self) -> None:
        """Lay down the capture that waits for its request."""
        pending, self._pending = self._pending, None
        if pending is None or pending.record.offset in self._skip:
            return
        taken = self._judge.take(pending.record, pending.request, self._sequence + 1)
        capture = taken.capture
        is_here = capture is not None and holds(self._importer.index, capture)
        faults = pending.record.faults if is_here else taken.faults
        self._faults(taken.url or self._source.file, pending.record.offset, faults)
        if capture is None:
            self._counts[f"{pending.record.type} records without a capture"] += 1
        elif is_here:
            self._counts["captures held already"] += 1
        else:
            self._sequence += 1
            self.units += 1
            self._counts["captures"] += 1
            self._writer.note_import(capture, taken.original)


def _belong(answer: ForeignRecord, request: ForeignRecord) -> bool:
    """Tell whether a request led to an answer: by WARC-Concurrent-To either way, else by URI and date."""
    ids = {answer.get("WARC-Record-ID"), request.get("WARC-Record-ID")} - {None}
    linked = {answer.get("WARC-Concurrent-To"), request.get("WARC-Concurrent-To")} - {None}
    if linked:
        return bool(linked & ids)
    names = ("WARC-Target-URI", "WARC-Date")
    return all(answer.get(name) == request.get(name) for name in names)


def files_in(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Give the files named, and of folders all WARC, ARC and WACZ files below them, by name.

    Raises:
        NotFoundError: something is not there, or a folder holds none.
        StorageError: it cannot be read.
    """
    for path in paths:
        try:
            if path.is_dir():
                found = sorted(one for one in path.rglob("*") if one.is_file() and one.name.endswith(SUFFIXES))
                if not found:
                    raise NotFoundError(f"{path} holds no WARC, ARC or WACZ files", hint="Name the files themselves.")
                yield from found
            elif path.is_file():
                yield path
            else:
                raise NotFoundError(f"{path} is no file", hint="Name WARC, ARC or WACZ files, or a folder with them.")
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error
