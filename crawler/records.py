"""What a run holds open of its archive, from the lock to the last file: writer, index, and what earlier runs left."""

import asyncio
import logging
import os
import platform
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import scrapy

import archive
from archive.cdxj import write_missing
from archive.changefeed import write_feeds
from archive.collection import Collection
from archive.database import translated
from archive.errors import ExitCode, IntegrityError, VigilError
from archive.evidence import clock
from archive.index import Index
from archive.indexer import Indexer
from archive.model import Capture, Exchange, Omission, Reading, RecordRef, Route, RunEnd, RunStart, sha256_of
from archive.needs import PageRecord
from archive.query import Archive
from archive.reextract import renew
from archive.replaying import Replay, replay
from archive.report import write_report
from archive.warc import AskedLog, FileLimits, Recovery, WarcWriter, recover
from crawler import consent
from crawler.keeping import AT_ONCE, KeepingWriter, LaterIndex, reading_process
from crawler.options import RunOptions
from crawler.recording import WriterThread
from crawler.seal import seal_run

log = logging.getLogger(__name__)

_INDEXED = "SELECT count(*) FROM exchanges x JOIN runs r ON r.id = x.run_id WHERE r.uid = ?"


class Records:
    """The records of one run, open for writing.

    ``asked`` is the log of what is about to be asked for. ``before``, ``known`` and ``walk_state`` are the archive as
    earlier runs left it; ``lost_before`` is what a crash of theirs lost, with the run's name.
    """

    def __init__(
        self,
        options: RunOptions,
        *,
        uid: str,
        started: datetime,
        on_read: Callable[[int, Future[Reading | None]], None],
        on_fault: Callable[[Exception], None],
    ) -> None:
        """Take the lock, heal what a crash left, and lay down how the run begins.

        Raises:
            LockedError: another writer holds the collection.
            UsageError: the collection holds captures of another route, or consent is missing.
            VigilError: the archive cannot be read or written.
        """
        self._options = options
        self._uid = uid
        self._collection = Collection(options.settings.collection)
        self._is_settled = False
        self._has_fault = False
        self._open = ExitStack()
        try:
            with translated(self._collection.database):
                self._begin(started, on_read, on_fault)
        except BaseException:
            self._open.close()
            raise

    def _begin(
        self,
        started: datetime,
        on_read: Callable[[int, Future[Reading | None]], None],
        on_fault: Callable[[Exception], None],
    ) -> None:
        options, collection = self._options, self._collection
        self._open.enter_context(collection.locked(f"vigil crawl {options.site.id}"))
        self._clock = clock.look(options.settings.ntp)
        healed = recover(collection)
        renew(collection, workers=options.settings.processes, told=log.warning)
        index = Index.open(collection.database)
        self._open.callback(index.close)
        executor = self._open.enter_context(reading_process()) if options.is_hurried else None
        indexer = Indexer(index, collection, executor, at_once=AT_ONCE)
        indexer.catch_up()
        self.before = self._open.enter_context(Archive.open(collection))
        self.before.require_route(options.route)
        self.walk_state = self.before.walk_state(options.site.id)
        self.known = self.before.known(options.site.id)
        self.last_run = next((run.started for run in self.before.runs(limit=1)), None)
        self.lost_before = tuple((one.run, lost) for one in healed for lost in one.lost)
        writer = WarcWriter(
            collection,
            site_id=options.site.id,
            run=self._start(started, healed),
            site_toml=options.site_toml,
            host_label=options.settings.host_label.replace("-", "_"),
            known_payload=index.response_with,
            known_answer=index.response_of,
            limits=FileLimits(max_records=options.settings.seal_records),
        )
        self.asked = AskedLog(collection, self._uid)
        taker = LaterIndex(options.site_toml) if options.index_later else indexer
        self._index = index
        self._keeper = KeepingWriter(writer, taker, on_read=on_read, judge=self._judge)
        self._thread = WriterThread(self._keeper, on_fault=partial(self._meet, on_fault))

    def _start(self, started: datetime, healed: tuple[Recovery, ...]) -> RunStart:
        options = self._options
        consents = self._require_consent(started)
        return RunStart(
            uid=self._uid,
            site=options.site.id,
            started=started,
            route=options.route,
            software=software(),
            config_digest=sha256_of(options.site_toml),
            operator=options.settings.operator,
            contact=options.settings.contact,
            user_agent=options.user_agent,
            mode=options.mode,
            robots_exceptions=tuple(
                f"{item.rule} ({item.reason}){consents.get(item.rule, '')}" for item in options.site.robots_exceptions
            ),
            recovered=tuple(map(str, healed)),
        )

    def _require_consent(self, started: datetime) -> dict[str, str]:
        """See that the operator confirmed the site file's robots exceptions; a test route concerns no real site.

        Raises:
            UsageError: they did not.
        """
        options = self._options
        if options.route is Route.TEST:
            return {}
        if options.accept_exceptions:
            consent.confirm(self._collection, options.site, options.settings.operator, started)
        confirmed = consent.require(self._collection, options.site)
        return {rule: f" (confirmed by the operator at {time})" for rule, time in confirmed.items()}

    async def append(self, exchange: Exchange) -> Capture:
        """Lay ``exchange`` down; returns when it is on disk.

        Raises:
            StorageError: the disk refused.
        """
        return await self._thread.append(exchange)

    async def note(self, omission: Omission) -> RecordRef:
        """Lay ``omission`` down; returns when it is on disk.

        Raises:
            StorageError: the disk refused.
        """
        return await self._thread.note(omission)

    async def note_page(self, page: PageRecord) -> RecordRef:
        """Lay ``page`` down; returns when it is on disk.

        Raises:
            StorageError: the disk refused.
        """
        return await self._thread.note_page(page)

    async def finish(self, end: RunEnd) -> RunEnd:
        """See that nothing is missing, lay down the run's end, seal the run, write its report.

        Gives the end as it was laid down: with exit 20 where what was asked, laid down and indexed differs in number.

        Raises:
            IntegrityError: a capture does not replay as the index has it.
            VigilError: the archive cannot be written.
        """
        await self._thread.close(end)
        self._is_settled = self.asked.count == self._keeper.laid
        await seal_run(self._collection, self._options.settings, self._uid, self._clock)
        replayed: Replay | None = None
        if not (self._options.index_later or self._keeper.is_behind):
            with Archive.open(self._collection) as archive:
                replayed = await asyncio.to_thread(replay, archive, self._uid, workers=os.cpu_count() or 1)
                told = (replayed.captures, replayed.texts, replayed.pages_incomplete)
                log.info("replayed: %d captures, %d texts; %d pages are incomplete", *told)
                write_report(archive, self._uid, replayed)
                write_feeds(archive, datetime.now(UTC))
        await asyncio.to_thread(self._write_cdxj)
        if replayed is not None and replayed.differences:
            first, number = replayed.differences[0], len(replayed.differences)
            raise IntegrityError(
                f"{number} of {replayed.captures} captures differ on replay: {first.url}: {first.problem}",
                hint="The run's report names them all; `vigil verify` says whether records or index are damaged.",
            )
        return self._keeper.end or end

    def _write_cdxj(self) -> None:
        """Bring the CDXJ files up to date; they are for replay software, and no trouble with them fails the run."""
        try:
            write_missing(self._collection)
        except VigilError as error:
            log.warning("the CDXJ files are behind: %s %s", error, error.hint)

    def _meet(self, on_fault: Callable[[Exception], None], error: Exception) -> None:
        self._has_fault = True
        on_fault(error)

    def _judge(self, end: RunEnd) -> RunEnd:
        """Hold what was asked against what was laid down, and that against the index, where it was kept abreast.

        A run that the disk or the index refused to keep has failed for that, and its counts differ.
        """
        asked, laid, indexed = self.asked.count, self._keeper.laid, None
        if not (self._options.index_later or self._keeper.is_behind):
            indexed = self._index.number(_INDEXED, self._uid)
        if self._has_fault or (asked == laid and indexed in {None, laid}):
            return end
        in_index = "" if indexed is None else f", {indexed} are in the index"
        told = f"{asked} requests were sent, {laid} exchanges are in the WARC files{in_index}: vigil verify names them"
        log.error("%s; the next run names what was asked and not kept", told)
        return replace(end, stop_reason=told, exit_code=int(ExitCode.INTEGRITY))

    def abandon(self) -> None:
        """Leave all as it is: the process ends at once, and with it the lock."""
        self._left_open = self._open.pop_all()

    def close(self) -> None:
        """Let go of the collection."""
        self.asked.close(is_settled=self._is_settled)
        self._open.close()


def software() -> str:
    """Name what wrote the records: vigil, Scrapy, Python, with versions."""
    return f"vigil/{archive.__version__} Scrapy/{scrapy.__version__} Python/{platform.python_version()}"
