"""Units in, rows out: strictly in WARC order, however the reading of bytes is spread."""

import sqlite3
from collections import deque
from collections.abc import Callable, Container, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from time import monotonic

from archive import payload
from archive.collection import Collection
from archive.database import damaged_index
from archive.errors import DamagedRecordError, OtherExtractorError
from archive.index import Index
from archive.indexer.captures import Captures
from archive.indexer.looks import mark_unlisted
from archive.indexer.posts import Posts
from archive.indexer.runs import Runs
from archive.jobs import DECODED_LIMIT, job_for, read
from archive.model import Article, Capture, Identity, Purpose, Reading
from archive.query.readings import read_by
from archive.query.rows import CAPTURES, capture_of
from archive.text import read_card, software
from archive.warc import (
    Laid,
    LaidExchange,
    LaidOmission,
    LaidPage,
    RunEnded,
    RunStarted,
    SiteRules,
    entity_of,
    groups,
    load_exchange,
    warc_files,
)
from archive.warc.names import closed_name

_Entry = RunStarted | SiteRules | Capture | LaidOmission | LaidPage | RunEnded
"""A unit without its bytes: what is still needed once the reading is under way."""


class Indexer:
    """Takes units in WARC order and writes what they mean.

    The caller has each unit's records on disk before ``take``, so that no row is ever ahead of its record, and holds
    the collection's lock. ``executor`` may spread the reading over processes. Rows become visible to others in batches
    of ``batch`` units, or of what came within ``seconds``; how they are cut changes no row. Pages asked for with one of
    the purposes ``at_once`` are read before ``take`` returns, since somebody waits for them.
    """

    def __init__(
        self,
        index: Index,
        collection: Collection,
        executor: Executor | None = None,
        *,
        batch: int = 64,
        seconds: float = 5.0,
        at_once: Container[Purpose] = (),
    ) -> None:
        self._index = index
        self._collection = collection
        self._executor = executor
        self._at_once = at_once
        self._batch = batch
        self._seconds = seconds
        self._runs = Runs(index)
        self._posts = Posts(index, lambda uid: self._runs.of(uid).site)
        self._captures = Captures(index, self._runs, self._posts)
        self._waiting: deque[tuple[_Entry, Future[Reading | None]]] = deque()
        self._rules: dict[str, bytes] = {}
        self._due = monotonic() + seconds

    def take(self, unit: Laid) -> Future[Reading | None]:
        """Index ``unit``, now or soon; give the reading of an exchange as soon as it is had.

        Raises:
            LockedError, DiskFullError, StorageError, DamagedIndexError: as SQLite said. Nothing of the broken batch is
                kept; ``catch_up`` of a new indexer brings it in again.
        """
        if isinstance(unit, SiteRules):
            self._rules[unit.run] = unit.toml
        future = self._read(unit) if isinstance(unit, LaidExchange) else _done(None)
        self._waiting.append((unit.capture if isinstance(unit, LaidExchange) else unit, future))
        if isinstance(unit, RunEnded):
            self.flush()
        elif len(self._waiting) >= self._batch or monotonic() >= self._due:
            # Half of a full queue has to be ready, so that other processes never wait for this one.
            self._write(at_least=len(self._waiting) - self._batch)
        return future

    def flush(self) -> None:
        """Write all that was taken.

        Raises:
            LockedError, DiskFullError, StorageError, DamagedIndexError: as SQLite said.
        """
        self._write(at_least=len(self._waiting))

    def close(self) -> None:
        """Write what is left; the index itself stays open.

        Raises:
            LockedError, DiskFullError, StorageError, DamagedIndexError: as SQLite said.
        """
        self.flush()

    def catch_up(self, progress: Callable[[int, int], None] = lambda _bytes, _units: None) -> int:
        """Index what the WARC files hold beyond the index, after a crash; give the number of units.

        ``progress`` is told the bytes of all files passed so far, and the units that were new.

        Raises:
            OtherExtractorError: the index was read by another extractor than today's; see ``archive.reextract``.
            DamagedIndexError: the index speaks of bytes that a file does not have.
            DamagedRecordError: a record cannot be read.
            LockedError, DiskFullError, StorageError: as SQLite said.
        """
        require_todays_extractor(self._index.db)
        count = before = 0
        for path in warc_files(self._collection):
            indexed_to = self._index.number("SELECT indexed_to FROM files WHERE name = ?", closed_name(path)) or 0
            if path.stat().st_size < indexed_to:
                raise damaged_index(self._index.path, f"it goes beyond the end of {path.name}")
            for unit in whole_units(path, indexed_to):
                self.take(unit)
                count += 1
                if count % self._batch == 0:
                    progress(before + unit.record.offset + unit.record.length, count)
            before += path.stat().st_size
        self.flush()
        progress(before, count)
        return count

    # --- reading ---------------------------------------------------------------------------------

    def _read(self, unit: LaidExchange) -> Future[Reading | None]:
        job = job_for(unit, self._toml(unit.capture.run))
        if job is None:
            return _done(None)
        if self._executor is None or job.purpose in self._at_once:
            return _done(read(job))
        return self._executor.submit(read, job)

    def _toml(self, run: str) -> bytes:
        return self._rules.get(run) or self._runs.of(run).toml

    # --- writing ---------------------------------------------------------------------------------

    def _write(self, *, at_least: int) -> None:
        """Write, in one batch, the units up to the first not read yet; wait until they are ``at_least`` so many."""
        self._due = monotonic() + self._seconds
        if not self._waiting or not (at_least > 0 or self._waiting[0][1].done()):
            return
        with self._index.batch():
            while self._waiting and (at_least > 0 or self._waiting[0][1].done()):
                entry, future = self._waiting[0]
                self._enter(entry, future.result())
                self._waiting.popleft()
                at_least -= 1
            self._runs.write_positions()

    def _enter(self, entry: _Entry, reading: Reading | None) -> None:
        match entry:
            case RunStarted():
                self._settle(self._runs.unfinished())
                self._runs.start(entry.start)
                self._runs.passed(entry.record, entry.start.uid)
            case SiteRules():
                self._runs.take_rules(entry)
                self._runs.passed(entry.record, entry.run)
            case Capture():
                self._captures.add(entry, reading)
            case LaidOmission():
                self._runs.omit(entry)
            case LaidPage():
                self._runs.add_page(entry)
            case RunEnded():
                self._settle(entry.run_end.uid)
                self._runs.end(entry.run_end)
                self._runs.passed(entry.record, entry.run_end.uid)

    # --- texts that only a listing shows -----------------------------------------------------------

    def _settle(self, run: str | None) -> None:
        """Keep the listing's text of each post whose own page a run asked for in vain, if none was ever read.

        Done when the run has ended (or the next begins after a crash), since a later try of the run may succeed.
        """
        if run is None:
            return
        for post_id, identity, capture_id in self._posts.only_listed(run):
            row = self._index.one(CAPTURES + "WHERE x.id = ?", capture_id)
            capture = capture_of(row) if row is not None else None
            article = self._card(capture, identity) if capture else None
            if capture and article:
                self._posts.keep(post_id, capture_id, capture, article)
                self._posts.recount(post_id, identity)
        mark_unlisted(self._index, run)

    def _card(self, capture: Capture, identity: Identity) -> Article | None:
        exchange = load_exchange(self._collection, capture)
        try:
            page = payload.decode(exchange.head, entity_of(exchange), DECODED_LIMIT)
        except DamagedRecordError:
            return None
        site = self._runs.of(capture.run).site
        return read_card(page, content_type=capture.content_type, url=capture.url, site=site, identity=identity)


def whole_units(path: Path, start: int = 0) -> Iterator[Laid]:
    """Give the units of a file from ``start``; a file that a crash left open ends at its last whole one.

    Raises:
        DamagedRecordError: a record of a closed file cannot be read.
        StorageError: the disk refused.
    """
    try:
        yield from groups(path, start)
    except DamagedRecordError:
        if path.name == closed_name(path):
            raise


def _done(reading: Reading | None) -> Future[Reading | None]:
    future: Future[Reading | None] = Future()
    future.set_result(reading)
    return future


def require_todays_extractor(db: sqlite3.Connection) -> None:
    """Refuse to add to an index that another extractor read: what the two make of one page would look like an edit.

    Raises:
        OtherExtractorError: it was.
    """
    others = [name for name in read_by(db) if name != software()]
    if others:
        raise OtherExtractorError(
            f"the index was read by {' and by '.join(others)}, and this is {software()}",
            hint="`vigil reextract` reads the WARC files again and says what changes; every crawl does so by itself.",
        )
