"""The writer that keeps the index abreast: what was laid down and is on disk is read into it, in the same order."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from archive.errors import VigilError
from archive.jobs import job_for, read
from archive.model import Capture, Exchange, Omission, Purpose, Reading, RecordRef, RunEnd
from archive.needs import PageRecord
from archive.warc import Laid, LaidExchange, LaidOmission, LaidPage, RunEnded, WarcWriter, entity_of

AT_ONCE = frozenset({Purpose.LISTING, Purpose.DAY_PAGE, Purpose.FEED, Purpose.SITEMAP})
"""Pages that the walk waits for; posts' pages may be read by another process while the crawl goes on."""


class Taker(Protocol):
    """Who is told of everything laid down, in order: ``archive.indexer.Indexer``, or ``LaterIndex``."""

    def take(self, unit: Laid) -> Future[Reading | None]:
        """Take one unit; give its reading as soon as it is had."""

    def flush(self) -> None:
        """Have all that was taken in the index."""


class LaterIndex:
    """Reads only what the walk waits for, and leaves the index to a later run or ``vigil index``."""

    def __init__(self, site_toml: bytes) -> None:
        self._toml = site_toml

    def take(self, unit: Laid) -> Future[Reading | None]:
        """Read a listing or feed; anything else is left unread."""
        future: Future[Reading | None] = Future()
        job = job_for(unit, self._toml) if isinstance(unit, LaidExchange) and unit.capture.purpose in AT_ONCE else None
        future.set_result(None if job is None else read(job))
        return future

    def flush(self) -> None:
        """Do nothing: what was read is in no index."""


@contextmanager
def reading_process() -> Iterator[Executor]:
    """Give another process that reads pages, for a crawl that is not slowed down on purpose."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["archive.jobs"])
    with ProcessPoolExecutor(1, mp_context=context, initializer=_stay_with_the_crawl) as executor:
        yield executor


def _stay_with_the_crawl() -> None:
    """End when the crawl ends, even by SIGKILL, and not before: signals to the group are the crawl's to heed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_crawl, daemon=True).start()


def _end_with_the_crawl() -> None:
    crawl = multiprocessing.parent_process()
    if crawl is not None:
        crawl.join()
        os._exit(0)


class KeepingWriter:
    """A ``Writer`` for the writer thread: appends to the WARC, and after each sync indexes what the sync made safe.

    No row is ever ahead of its record. ``on_read`` is told, in the writer's thread, the future reading of each exchange
    by its sequence number. Once the index has refused a unit it is told of none after it (``is_behind``): a later batch
    would hide the gap, which the next run fills from the records. ``laid`` counts exchanges. ``judge`` is shown the
    run's end before it is laid down, when all else is on disk and in the index, and may have the run fail; ``end`` is
    what was laid down.
    """

    def __init__(
        self,
        writer: WarcWriter,
        taker: Taker,
        *,
        on_read: Callable[[int, Future[Reading | None]], None],
        judge: Callable[[RunEnd], RunEnd],
    ) -> None:
        self._writer = writer
        self._taker = taker
        self._judge = judge
        self._on_read = on_read
        self._waiting: list[Laid] = list(writer.opening)
        self.is_behind = False
        self.laid = 0
        self.end: RunEnd | None = None

    def append(self, exchange: Exchange) -> Capture:
        """Lay an exchange down; see ``WarcWriter.append``."""
        capture = self._writer.append(exchange)
        self.laid += 1
        unit = LaidExchange(capture=capture, head=exchange.head, entity=lambda: entity_of(exchange))
        self._waiting.append(unit)
        return capture

    def note(self, omission: Omission) -> RecordRef:
        """Lay an omission down; see ``WarcWriter.note``."""
        record = self._writer.note(omission)
        self._waiting.append(LaidOmission(omission=omission, record=record))
        return record

    def note_page(self, page: PageRecord) -> RecordRef:
        """Lay down what a page needs; see ``WarcWriter.note_page``."""
        record = self._writer.note_page(page)
        self._waiting.append(LaidPage(page=page, record=record))
        return record

    def sync(self) -> None:
        """Have it all on disk, then in the index."""
        self._writer.sync()
        waiting, self._waiting = self._waiting, []
        for unit in waiting:
            self._tell(unit)

    def close(self, end: RunEnd) -> None:
        """Write the run's end, close the file, and index the end; the file is closed even where the index refuses."""
        try:
            self.sync()
            if not self.is_behind:
                with self._abreast():
                    self._taker.flush()
            end = self._judge(end)
        except VigilError as error:
            end = replace(end, stop_reason=f"the archive cannot be written: {error}", exit_code=int(error.exit_code))
            raise
        finally:
            self.end = end
            record = self._writer.close(end)
        self._tell(RunEnded(run_end=end, record=record))

    @contextmanager
    def _abreast(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.is_behind = True
            raise

    def _tell(self, unit: Laid) -> None:
        if self.is_behind:
            return
        with self._abreast():
            reading = self._taker.take(unit)
        if isinstance(unit, LaidExchange):
            self._on_read(unit.capture.sequence, reading)
