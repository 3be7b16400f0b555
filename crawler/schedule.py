"""The scheduler process: APScheduler decides when, a child process ``vigil crawl SITE`` does the work.

One run is one process, one WARC set, one exit code. Crawls of one collection run one after another, because it has one
writer. What came of each fire stands in ``state/fires.jsonl``.
"""

import logging
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from types import FrameType

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from archive.collection import Collection
from archive.errors import ExitCode, VigilError
from archive.fires import Fire, FireKind, fires, record
from archive.schedule import SLACK, Schedule

log = logging.getLogger(__name__)

BEAT = 30.0
"""Seconds between two looks at the clock."""
JUMP = 60.0
"""Seconds by which the clock may differ from a beat's length before it is a jump."""
LOOK_EVERY = 3600.0
"""Seconds between two looks at what is overdue while nothing fires."""
PATIENCE = 120.0
"""Seconds in which a crawl that was asked to end has ended; an exchange may take 60."""
KILL_AFTER = 10.0
"""Seconds after a second signal until the crawl is killed."""
TAIL = ":now"
"""Ends the id of a job that fires once, beside the site's regular one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the scheduler does: each site's schedule, the command that crawls a site, and when it last began well."""

    schedules: Mapping[str, Schedule]
    command: Callable[[str], Sequence[str]]
    last_good: Callable[[str], datetime | None]
    look: Callable[[], None] = lambda: None
    """Tells what needs a look; called after each fire, and every hour."""
    patience: float = PATIENCE
    beat: float = BEAT


class Scheduler:
    """Runs a plan until a signal comes; ``now`` is the clock."""

    def __init__(
        self, plan: Plan, collection: Collection, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.plan = plan
        self.collection = collection
        self._now = now
        self._stop = Event()
        self._guard = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._jobs = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": int(SLACK.total_seconds())},
        )
        self._jobs.add_listener(self._told, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_ERROR)

    def run(self) -> ExitCode:
        """Fire until SIGTERM, SIGINT or SIGHUP; a crawl that runs then is asked to end and waited for."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
                signal.signal(number, self._signalled)
        for site in self.plan.schedules:
            self._plan(site)
        self._jobs.start()
        for site in self.plan.schedules:
            self._tell_next(site)
        self._start_overdue()
        self._watch_clock()
        self._jobs.pause()
        self._end_child()
        self._jobs.shutdown(wait=True)
        return ExitCode.OK

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        """End; a second signal is handed on at once, and a crawl that gets two does not end in good order."""
        del number, frame
        child = self._child
        if self._stop.is_set() and child is not None:
            child.terminate()
        self._stop.set()

    def _tell_next(self, site: str) -> None:
        job = self._jobs.get_job(site)
        if job is not None and job.next_run_time is not None:
            log.info("%s: due next at %s", site, f"{job.next_run_time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")

    def _plan(self, site: str) -> None:
        """Give a site its regular job, or a new one after the clock jumped."""
        schedule = self.plan.schedules[site]
        trigger = trigger_of(schedule, last=self._last_good(site), now=self._now())
        self._jobs.add_job(self._fire, trigger, args=[site], id=site, replace_existing=True)

    def _last_good(self, site: str) -> datetime | None:
        """Say when the last good run began; an index that cannot be read is the crawl's to tell of."""
        try:
            return self.plan.last_good(site)
        except VigilError as error:
            log.error("%s: %s", site, error)  # noqa: TRY400 - the message says all
            return None

    def _start_overdue(self) -> None:
        """Write down the times at which nothing was awake, and crawl what is overdue for them."""
        for site, schedule in self.plan.schedules.items():
            last, now = self._last_good(site), self._now()
            told = (fire.time for fire in fires(self.collection, site=site) if fire.site)
            known = [*told, *([last] if last else [])]
            for due in schedule.between(max(known), now - timedelta(seconds=JUMP)) if known else ():
                self._record(site, FireKind.MISSED, due=due, detail="nothing was awake to start it")
            if schedule.is_overdue(last, now):
                log.info("%s is overdue", site)
                self._fire_at(site, schedule.opens(self._now()))

    def _fire_at(self, site: str, moment: datetime) -> None:
        if self._jobs.get_job(site + TAIL) is None:
            self._jobs.add_job(
                self._fire, "date", run_date=moment, args=[site], id=site + TAIL, misfire_grace_time=None
            )

    def _watch_clock(self) -> None:
        """Wake the scheduler at every beat: it sleeps by one clock and fires by another, which may be set anew."""
        before = self._now(), time.monotonic()
        looked = before[1]
        while not self._stop.wait(self.plan.beat):
            after = self._now(), time.monotonic()
            jump = (after[0] - before[0]).total_seconds() - (after[1] - before[1])
            if abs(jump) > JUMP:
                self._record("", FireKind.CLOCK, detail=f"the clock jumped by {jump:+.0f} seconds")
                for site in self.plan.schedules:
                    self._plan(site)
                self._start_overdue()
            self._jobs.wakeup()
            if after[1] - looked > LOOK_EVERY:
                self.plan.look()
                looked = after[1]
            before = after

    # --- one fire ------------------------------------------------------------------------------------

    def _fire(self, site: str) -> None:
        """Crawl ``site`` in a child process, if its window is open; else when it opens."""
        schedule, now = self.plan.schedules[site], self._now()
        if not schedule.is_open(now):
            if not self._stop.is_set():
                self._record(site, FireKind.MISSED, detail="the window closed before its turn came")
                self._fire_at(site, schedule.opens(now))
            return
        with self._guard:
            if self._stop.is_set():
                return
            try:
                self._child = child = subprocess.Popen(self.plan.command(site), start_new_session=True)  # noqa: S603
            except OSError as error:
                self._record(site, FireKind.FAILED, detail=str(error))
                return
        code = self._wait(child, site, schedule.closes(now))
        with self._guard:
            self._child = None
        self._record(site, FireKind.ENDED, exit_code=code)
        if not self._stop.is_set():
            self._tell_next(site)
        self.plan.look()

    def _wait(self, child: "subprocess.Popen[bytes]", site: str, closes: datetime | None) -> int:
        """Wait for the crawl; ask it to end when the window closes."""
        if closes is not None:
            try:
                return child.wait(timeout=max(0.0, (closes - self._now()).total_seconds()))
            except subprocess.TimeoutExpired:
                self._record(site, FireKind.CUT, detail="the window closed")
                end(child, self.plan.patience)
        return child.wait()

    def _end_child(self) -> None:
        with self._guard:
            child = self._child
        if child is not None:
            end(child, self.plan.patience)

    def _told(self, event: JobEvent) -> None:
        """Write down a fire that brought no run."""
        site = str(event.job_id).removesuffix(TAIL)
        due = getattr(event, "scheduled_run_time", None) or next(iter(getattr(event, "scheduled_run_times", [])), None)
        if event.code == EVENT_JOB_MISSED:
            self._record(site, FireKind.MISSED, due=due, detail="nothing was awake to start it")
            self._fire_at(site, self.plan.schedules[site].opens(self._now()))
        elif event.code == EVENT_JOB_MAX_INSTANCES:
            self._record(site, FireKind.OVERLAPPED, due=due, detail="the run before it is still going")
        else:
            self._record(site, FireKind.FAILED, due=due, detail=str(getattr(event, "exception", "")))

    def _record(
        self, site: str, kind: FireKind, *, due: datetime | None = None, exit_code: int | None = None, detail: str = ""
    ) -> None:
        log.info("%s: %s %s", site or "all sites", kind, detail or exit_code)
        try:
            record(
                self.collection,
                Fire(time=self._now(), site=site, kind=kind, due=due, exit_code=exit_code, detail=detail),
            )
        except OSError as error:
            log.error("state/fires.jsonl cannot be written: %s", error)  # noqa: TRY400 - no traceback for a full disk


class CronTimes(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """Fires at the times that ``Schedule.after`` gives: those that are shown, and by which a site is overdue.

    APScheduler's own ``CronTrigger`` leaves out the day after the change to summer time where a time lies in the first
    hour of the day (docs/decisions/0013).
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Give the time after the one before, jitter added."""
        due = self.schedule.after(previous_fire_time or now)
        return due + timedelta(seconds=random.uniform(0, self.schedule.jitter.total_seconds()))  # noqa: S311 - no secret


def trigger_of(schedule: Schedule, *, last: datetime | None, now: datetime) -> BaseTrigger:
    """Make the APScheduler trigger of a schedule; a span counts from the ``last`` good run, where there is one."""
    if schedule.cron is not None:
        return CronTimes(schedule)
    jitter = int(schedule.jitter.total_seconds()) or None
    span = schedule.every or timedelta(days=1)
    first = now + span if last is None else max(now, last + span)
    return IntervalTrigger(seconds=int(span.total_seconds()), start_date=first, timezone=UTC, jitter=jitter)


def end(child: "subprocess.Popen[bytes]", patience: float) -> None:
    """Ask a crawl to end in good order; after ``patience`` seconds to end at once, then kill it."""
    for ask, seconds in ((child.terminate, patience), (child.terminate, KILL_AFTER), (child.kill, KILL_AFTER)):
        if child.poll() is not None:
            return
        ask()
        try:
            child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            continue


def crawl_command(config: str | None, collection: str, options: Sequence[str]) -> Callable[[str], list[str]]:
    """Give the command line that crawls a site with these settings, by this very Python."""
    place = ["--collection", collection, *(["--config", config] if config else [])]
    return lambda site: [sys.executable, "-m", "crawler", "crawl", site, "--quiet", *place, *options]
