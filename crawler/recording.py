"""What stands between capture and the disk: who records a crawl, and the one thread that owns the WARC writer."""

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar, cast
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from archive.errors import StorageError, UsageError
from archive.model import Capture, Exchange, Omission, RecordRef, RunEnd
from archive.needs import PageRecord

_Result = TypeVar("_Result")
_MOST_AT_ONCE = 64


class Recorder(Protocol):
    """Keeps a run's exchanges; used on the crawl's event loop only."""

    def next_sequence(self) -> int:
        """Number the next exchange of the run."""

    async def take_turn(self, url: str) -> None:
        """Wait until ``url`` may be asked for, as politeness demands.

        Raises:
            IgnoreRequest: the run ends first.
        """

    def asked(self, sequence: int, url: str, time: datetime) -> None:
        """Write down, before a byte goes out, that ``url`` will be asked for as exchange ``sequence``.

        Raises:
            StorageError: the disk refused, so it must not be asked for.
        """

    async def lay(self, exchange: Exchange) -> Capture:
        """Lay ``exchange`` down; returns when it is on disk.

        Raises:
            StorageError: the disk refused.
        """

    def before_end(self, finish: Callable[[], Awaitable[None]]) -> None:
        """Have ``finish`` awaited before the run's last record: it lays down what is still under way."""


_recorders: WeakKeyDictionary[Crawler, Recorder] = WeakKeyDictionary()


def set_recorder(crawler: Crawler, recorder: Recorder) -> None:
    """Have ``recorder`` keep all that ``crawler`` exchanges; to be called before the first request."""
    _recorders[crawler] = recorder


def recorder_of(crawler: Crawler) -> Recorder:
    """Give the recorder of ``crawler``.

    Raises:
        UsageError: it has none, so nothing would be kept.
    """
    try:
        return _recorders[crawler]
    except KeyError:
        raise UsageError(
            "this crawl has no recorder, so nothing it fetches would be kept",
            hint="Keep crawler.run.RunExtension among the EXTENSIONS of Scrapy's settings.",
        ) from None


class Writer(Protocol):
    """What is needed of ``archive.warc.WarcWriter``: blocking, used by one thread only."""

    def append(self, exchange: Exchange) -> Capture:
        """Lay an exchange down."""

    def note(self, omission: Omission) -> RecordRef:
        """Lay an omission down."""

    def note_page(self, page: PageRecord) -> RecordRef:
        """Lay down what a page needs to look as it did."""

    def sync(self) -> None:
        """Have all that was appended on the disk."""

    def close(self, end: RunEnd) -> object:
        """Write the run's end and close the file."""


@dataclass(slots=True)
class _Job:
    """One thing to write, what came of it, and whom to tell."""

    write: Callable[[], object]
    future: "asyncio.Future[object]"
    loop: asyncio.AbstractEventLoop
    is_close: bool
    result: object = None
    error: Exception | None = None

    def tell(self) -> None:
        """Settle the future, on its own loop."""
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class WriterThread:
    """Group commit: appends all that waits, syncs once, then tells each in order that it is on disk.

    When the disk has refused once nothing more is appended: each later write fails with the same error, as the end of
    the file is not known to be whole; only ``close`` is still tried. ``on_fault`` is called with that error once, on
    the event loop, before the write that met it fails; ``close`` tells of its own troubles itself.
    """

    def __init__(self, writer: Writer, *, on_fault: Callable[[Exception], None]) -> None:
        self._writer = writer
        self._on_fault = on_fault
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._fault: Exception | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="vigil-writer", daemon=True)
        self._thread.start()

    async def append(self, exchange: Exchange) -> Capture:
        """Lay ``exchange`` down; returns when it is on disk.

        Raises:
            StorageError: the disk refused (``DiskFullError`` when it is full).
        """
        return await self._do(lambda: self._writer.append(exchange))

    async def note(self, omission: Omission) -> RecordRef:
        """Lay ``omission`` down; returns when it is on disk.

        Raises:
            StorageError: the disk refused.
        """
        return await self._do(lambda: self._writer.note(omission))

    async def note_page(self, page: PageRecord) -> RecordRef:
        """Lay ``page`` down; returns when it is on disk.

        Raises:
            StorageError: the disk refused.
        """
        return await self._do(lambda: self._writer.note_page(page))

    async def close(self, end: RunEnd) -> None:
        """Write the run's end after all that waits, close the file, and end the thread; nothing is written after.

        Raises:
            StorageError: the disk refused.
        """
        closing = self._do(lambda: self._writer.close(end), is_close=True)
        self._is_closed = True
        await closing

    def _do(self, write: Callable[[], _Result], *, is_close: bool = False) -> "asyncio.Future[_Result]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Result] = loop.create_future()
        if self._is_closed:
            future.set_exception(StorageError("the run's files are closed: nothing more can be laid down"))
        else:
            self._jobs.put(_Job(write, cast("asyncio.Future[object]", future), loop, is_close))
        return future

    def _run(self) -> None:
        is_open = True
        while is_open:
            jobs = [self._jobs.get()]
            while len(jobs) < _MOST_AT_ONCE and not jobs[-1].is_close:
                try:
                    jobs.append(self._jobs.get_nowait())
                except queue.Empty:
                    break
            is_open = not jobs[-1].is_close
            self._commit(jobs)

    def _commit(self, jobs: list[_Job]) -> None:
        fault_before = self._fault
        for job in jobs:
            self._attempt(job)
        written = [job for job in jobs if job.error is None]
        if written and not jobs[-1].is_close:
            try:
                self._writer.sync()
            except Exception as error:  # noqa: BLE001 (whatever it is, these are not known to be kept)
                self._fault = error
                for job in written:
                    job.error = error
        # A loop that was closed has nobody left to tell; the records are written all the same.
        with suppress(RuntimeError):
            if self._fault is not None and fault_before is None and not jobs[-1].is_close:
                jobs[0].loop.call_soon_threadsafe(self._on_fault, self._fault)
            for job in jobs:
                job.loop.call_soon_threadsafe(job.tell)

    def _attempt(self, job: _Job) -> None:
        if self._fault is not None and not job.is_close:
            job.error = self._fault
            return
        try:
            job.result = job.write()
        except Exception as error:  # noqa: BLE001 (whatever it is, the record is not known to be whole)
            job.error = error
            self._fault = self._fault or error
