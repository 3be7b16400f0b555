"""One run: its lock, records, counts, and how it ends. A Scrapy extension keeps it, whoever starts the crawl."""

import asyncio
import logging
import secrets
import shutil
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future
from datetime import UTC, datetime
from typing import ClassVar, Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from archive.collection import Collection
from archive.database import translated
from archive.errors import ExitCode, StorageError, UsageError, VigilError
from archive.model import (
    Article,
    Capture,
    Exchange,
    FeedEntry,
    Omission,
    OmissionKind,
    Page,
    PageOutcome,
    Purpose,
    Reading,
    RecordRef,
    RunEnd,
)
from archive.needs import PageRecord
from archive.query import Archive
from archive.query.looks import Look
from crawler.options import RunOptions
from crawler.pace import Pace
from crawler.progress import Progress, ProgressLine
from crawler.recording import set_recorder
from crawler.records import Records
from crawler.sources import Sources
from crawler.verdict import INTERRUPTED, REFUSALS, Tally, judge
from crawler.walk import Course, StopReason
from crawler.wire import self_test

log = logging.getLogger(__name__)

UNREAD_READINGS = 1000
"""Readings that nobody asked for are forgotten after so many later ones."""
DISK_CHECK_EVERY = 50
"""Exchanges between two looks at the free disk space."""


class RefusedError(IgnoreRequest):
    """A request that may not be made; the reason is on record, ``kind`` says which."""

    def __init__(self, kind: OmissionKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class Run:
    """One run of one site, from lock to last record.

    It is the crawl's ``Recorder``; the gate, the spider and the pipelines ask it for everything that is not Scrapy's.
    """

    _runs: ClassVar[WeakKeyDictionary[Crawler, "Run"]] = WeakKeyDictionary()

    def __init__(self, crawler: Crawler, options: RunOptions) -> None:
        """Take the lock, heal what a crash left, and lay down how the run begins.

        Raises:
            LockedError: another writer holds the collection.
            UsageError: the collection holds captures of another route.
            VigilError: the archive cannot be read or written.
        """
        self.crawler = crawler
        self.options = options
        self.site = options.site
        self.collection = Collection(options.settings.collection)
        self.progress = Progress()
        self.tally = Tally()
        self.used_exceptions: Counter[str] = Counter()
        self.takes_permitted_route = False
        self._candidates_left = self.site.feeds.candidates_per_run
        self.is_day_route_complete = False
        self.started = datetime.now(UTC)
        self.uid = f"{self.started:%Y%m%dT%H%M%S}Z-{self.site.id}-{secrets.token_hex(3)}"
        self.pace = Pace(options.delay, self.site.politeness.jitter, is_over=lambda: self.is_ending)
        self.has_ended = False
        self.exit_code = ExitCode.ERROR
        self.stop_reason = str(StopReason.INTERRUPTED)
        self._line = ProgressLine(self.progress, is_shown=crawler.settings.getbool("VIGIL_PROGRESS"))
        self._sequence = 0
        self._readings: OrderedDict[int, Future[Reading | None]] = OrderedDict()
        self._watches: list[Callable[[Capture], None]] = []
        self._finishes: list[Callable[[], Awaitable[None]]] = []
        self._notes: set[asyncio.Task[RecordRef]] = set()
        self._records = Records(
            options, uid=self.uid, started=self.started, on_read=self._remember, on_fault=self._stop_for_fault
        )
        self.known = self._records.known
        self.walk_state = self._records.walk_state
        self.last_run = self._records.last_run
        self.course = Course(pending=list(self.walk_state.resume), can_resume=self.site.listing.day_page is not None)
        Run._runs[crawler] = self

    @classmethod
    def of(cls, crawler: Crawler) -> "Run":
        """Give the run of ``crawler``.

        Raises:
            UsageError: it has none, so nothing would be kept.
        """
        try:
            return cls._runs[crawler]
        except KeyError:
            raise UsageError("this crawl has no run", hint="Keep crawler.run.RunExtension among EXTENSIONS.") from None

    async def begin(self) -> None:
        """Prove that the recorder keeps exact bytes here, then name what earlier runs lost.

        Raises:
            SelfTestError: it does not; nothing may be crawled.
        """
        await self_test()
        for run, lost in self._records.lost_before:
            reason = f"asked as number {lost.sequence} of run {run} at {lost.time}; a crash came before its record"
            self.omit(lost.url, OmissionKind.LOST, reason)

    # --- what the crawl tells ----------------------------------------------------------------------

    def next_sequence(self) -> int:
        """Number the next exchange of the run, from 1."""
        self._sequence += 1
        return self._sequence

    def asked(self, sequence: int, url: str, time: datetime) -> None:
        """Write down, before a byte goes out, that ``url`` will be asked for.

        Raises:
            StorageError: the disk refused, so it must not be asked for; the run ends.
        """
        try:
            self._records.asked.ask(sequence, url, time)
        except StorageError as error:
            self._stop_for_fault(error)
            raise

    async def take_turn(self, url: str) -> None:
        """Wait until ``url`` may be asked for, as politeness demands.

        Raises:
            TurnLostError: the run ends first.
        """
        await self.pace.take_turn((urlsplit(url).hostname or "").lower(), url)

    def before_end(self, finish: Callable[[], Awaitable[None]]) -> None:
        """Have ``finish`` awaited before the run's last record."""
        self._finishes.append(finish)

    async def lay(self, exchange: Exchange) -> Capture:
        """Lay ``exchange`` down and count it; returns when it is on disk.

        Raises:
            StorageError: the disk refused.
        """
        capture = await self._records.append(exchange)
        self.progress.requests += 1
        self.progress.received += len(exchange.received)
        self._count(capture)
        for watch in self._watches:
            watch(capture)
        self._line.refresh()
        return capture

    @property
    def archive(self) -> Archive:
        """The archive, open for reading; what this very run lays down may not be in the index yet."""
        return self._records.before

    def _count(self, capture: Capture) -> None:
        if capture.purpose is Purpose.REQUISITE:
            self.tally.requisites += 1  # Whether a picture comes says nothing of the blog.
        elif capture.failure is None or capture.purpose is not Purpose.OTHER:  # else words that nobody had asked for
            self._count_page(capture)
        if capture.sequence % DISK_CHECK_EVERY == 1:
            self._check_disk()

    def _count_page(self, capture: Capture) -> None:
        is_answer = capture.status is not None and capture.status < 500 and capture.truncation is None
        self.tally.in_row = 0 if is_answer else self.tally.in_row + 1
        self.tally.answers += is_answer and capture.purpose is not Purpose.ROBOTS
        if self.tally.in_row >= self.site.politeness.failures_in_row:
            self.stop_because(f"{self.tally.in_row} failed exchanges in a row", ExitCode.ERROR_LIMIT)

    def _check_disk(self) -> None:
        least = self.options.settings.min_free_bytes
        free = shutil.disk_usage(self.collection.root).free
        if free < least:
            self.stop_because(f"{free} bytes of disk are free, {least} are asked for", ExitCode.DISK_LIMIT)

    def omit(self, url: str, kind: OmissionKind, reason: str, *, via: str | None = None) -> None:
        """Record that ``url`` was not asked for, not taken, or lost, and why."""
        log.info("%s: %s (%s)", kind, url, reason)
        omission = Omission(run=self.uid, url=url, kind=kind, reason=reason, time=datetime.now(UTC), via=via)
        task = asyncio.get_running_loop().create_task(self._records.note(omission))
        self._notes.add(task)
        task.add_done_callback(self._noted)

    def _noted(self, task: asyncio.Task[RecordRef]) -> None:
        """Forget an omission that is on disk, or was refused: of a refusal the run was told when it came."""
        self._notes.discard(task)
        if not task.cancelled():
            task.exception()

    def alarm(self, text: str) -> None:
        """Note something that a person must look at; it is in the report, and the run does not end with 0."""
        log.warning("%s", text)
        self.tally.alarms.append(text)

    def walk_stopped(self, stop: StopReason) -> None:
        """Note why a walk ended; the first bad reason stands."""
        if self.tally.stop is None or self.tally.stop.is_good:
            self.tally.stop = stop

    def page_lost(self) -> None:
        """Count a page that could not be had; its capture or omission says why."""
        self.tally.lost += 1

    def post_read(self, article: Article) -> None:
        """Count a post whose page was read; as new where no earlier run has it."""
        self.tally.posts += 1
        self.progress.new += article.identity not in self.known

    def page_without_post(self, response: Response, reading: Reading | None) -> None:
        """Count a page that held no post: gone posts are news, everything else is a failure."""
        if self.options.index_later and response.status == 200:
            self.tally.posts += 1
            return
        outcome = reading.outcome if isinstance(reading, Page) else None
        if response.status in REFUSALS:
            outcome = PageOutcome.BLOCKED
        if outcome is not None:
            self.tally.outcomes[outcome] += 1
        target = response.headers.get("Location")
        if target is not None and 300 <= response.status < 400:
            reason = "a redirect that is not followed, to another scheme or to nowhere"
            self.omit(target.decode("latin-1"), OmissionKind.SCHEME, reason, via=response.url)
        if response.status not in {404, 410}:
            self.tally.lost += 1
            log.warning("%s holds no post: status %d, %s", response.url, response.status, outcome)

    async def note_page(self, page: PageRecord) -> RecordRef:
        """Lay down what a page needs to look as it did; returns when it is on disk.

        Raises:
            StorageError: the disk refused.
        """
        return await self._records.note_page(page)

    def watch_captures(self, watch: Callable[[Capture], None]) -> None:
        """Have ``watch`` told of each capture as soon as it is on disk."""
        self._watches.append(watch)

    # --- what the crawl asks -----------------------------------------------------------------------

    async def reading_of(self, response: Response) -> Reading | None:
        """Give what the archive read of the page behind ``response``.

        None too where the process that reads pages was killed: the run ends, the next one reads what was kept.
        """
        reading = self._readings.pop(response.meta["vigil_capture"])
        try:
            return await asyncio.wrap_future(reading)
        except BrokenExecutor as error:
            self._stop_for_fault(error)
            return None

    def _remember(self, sequence: int, reading: Future[Reading | None]) -> None:
        self._readings[sequence] = reading
        if len(self._readings) > UNREAD_READINGS:
            self._readings.popitem(last=False)

    def candidates_to_open(self, entries: Iterable[FeedEntry]) -> Iterator[FeedEntry]:
        """Choose among a site-wide sitemap's entries, last modified first, within what is left of the run's budget.

        None while the listing may be walked: it shows every post of the blog, the sitemaps all of the site's.
        """
        if not self.takes_permitted_route or self._candidates_left <= 0:
            return
        by_age = sorted(entries, key=lambda entry: (entry.modified is not None, entry.modified), reverse=True)
        for entry in by_age:
            if entry.identity is None or self.known.was_asked(entry.identity):
                continue
            self._candidates_left -= 1
            yield entry
            if self._candidates_left <= 0:
                return

    def looks(self, sources: Sources) -> list[Look]:
        """Choose the archived posts to look at again: those that the listing should have shown, and those that are due.

        The first are few, since only the stretch that was walked tells; the others stay within the site's budget.
        """
        absent = self._records.before.absent(self.site.id, sources.oldest, sources.newest, sources.shown)
        taken = {look.identity for look in absent}
        due = self._records.before.looks(self.site, datetime.now(UTC), sources.lastmods)
        return [*absent, *(look for look in due if look.identity not in taken)]

    # --- how it ends -------------------------------------------------------------------------------

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is asked for: a reason to stop came up, or a signal."""
        return self.tally.forced is not None or not self.crawler.crawling

    def stop_because(self, reason: str, exit_code: ExitCode = ExitCode.PARTIAL) -> None:
        """End the run in good order; the first reason stands, and a signal is one."""
        if self.is_ending:
            return
        log.error("the run ends: %s", reason)
        self.tally.forced = (reason, exit_code)
        self._closing = asyncio.get_running_loop().create_task(self.crawler.engine.close_spider_async(reason=reason))

    def fail(self, error: VigilError) -> None:
        """Note that the run could not begin."""
        self.tally.forced = self.tally.forced or (str(error), error.exit_code)
        log.error("%s %s", error, error.hint)

    def _stop_for_fault(self, error: Exception) -> None:
        exit_code = error.exit_code if isinstance(error, VigilError) else ExitCode.ERROR
        self.stop_because(f"the archive cannot be written: {error}", exit_code)

    async def close(self, reason: str) -> None:
        """Lay down how the run ended, close its files, write its report, and let go of the collection.

        ``reason`` is Scrapy's own word; a signal that came before the first request did not reach Scrapy's engine.
        """
        self.has_ended = True
        self.course.leave()
        if not self.crawler.crawling:
            reason = INTERRUPTED
        try:
            for finish in self._finishes:
                await finish()
            await asyncio.gather(*self._notes, return_exceptions=True)
            with translated(self.collection.database):
                end = await self._records.finish(self._end(reason))
            self.stop_reason, self.exit_code = end.stop_reason, ExitCode(end.exit_code)
        except asyncio.CancelledError:
            self.has_ended = False
            self._records.abandon()
            raise
        except VigilError as error:
            log.error("the run could not be closed: %s %s", error, error.hint)  # noqa: TRY400 - it has a hint instead
            if self.tally.forced is None:
                self.stop_reason, self.exit_code = f"the run could not be closed: {error}", error.exit_code
        except BrokenExecutor as error:  # the process that reads pages was killed; the next run reads what was kept
            log.error("the run could not be closed: %s", error)  # noqa: TRY400 - no fault of this process
            self.stop_reason, self.exit_code = f"the run could not be closed: {error}", ExitCode.ERROR
        except Exception as error:
            self.stop_reason, self.exit_code = f"the run could not be closed: {error}", ExitCode.ERROR
            raise
        finally:
            self._line.finish()
            self._records.close()

    def _end(self, reason: str) -> RunEnd:
        early = self.options.is_partial or self.takes_permitted_route
        self.tally.has_callback_errors = bool(self.crawler.stats.get_value("spider_exceptions/count"))
        self.stop_reason, self.exit_code = judge(
            self.tally, reason, is_walk_complete=self.course.is_complete, is_asked_to_stop_early=early
        )
        return RunEnd(
            uid=self.uid,
            ended=datetime.now(UTC),
            stop_reason=self.stop_reason,
            exit_code=int(self.exit_code),
            is_walk_complete=self.course.is_complete,
            is_day_route_complete=self.is_day_route_complete,
            resume_at=",".join(day.isoformat() for day in self.course.pending) or None,
            counts=self._counts(),
        )

    def _counts(self) -> tuple[tuple[str, int], ...]:
        gap = self.pace.shortest_gap
        return (
            ("requests", self.progress.requests),
            ("received_bytes", self.progress.received),
            ("listing_pages", self.progress.pages),
            ("posts_read", self.tally.posts),
            ("posts_new", self.progress.new),
            ("pages_lost", self.tally.lost),
            ("alarms", len(self.tally.alarms)),
            ("excepted_requests", self.used_exceptions.total()),
            ("delay_ms", round(self.pace.delay * 1000)),
            *(self.tally.requisite_counts() if self.site.requisites.enabled else ()),
            *((("shortest_gap_ms", round(gap * 1000)),) if gap is not None else ()),
        )


class RunExtension:
    """Opens the run before the crawl's first component needs it, and closes it after its last answer."""

    def __init__(self, crawler: Crawler, run: Run) -> None:
        self._run = run
        crawler.signals.connect(self._close, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Open the run of ``crawler``'s spider.

        Raises:
            VigilError: the run may not begin.
        """
        options = getattr(crawler.spider, "options", None)
        if not isinstance(options, RunOptions):
            raise UsageError("only the spider “blog” can be run", hint="scrapy crawl blog -a site=rferl-watchdog")
        run = Run(crawler, options)
        set_recorder(crawler, run)
        return cls(crawler, run)

    async def _close(self, reason: str) -> None:
        await self._run.close(reason)
