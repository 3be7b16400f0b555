"""The scheduler process, with real child processes: at its times, one after another, and gone when asked."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

from archive.collection import Collection
from archive.cron import parse_cron
from archive.errors import DamagedIndexError
from archive.fires import Fire, FireKind, fires, told
from archive.schedule import Schedule
from crawler.schedule import Plan, Scheduler, crawl_command

NIGHT = Schedule(cron=None, every=timedelta(hours=12), jitter=timedelta(0), window=None, zone=ZoneInfo("UTC"))
SECOND = Schedule(cron=None, every=timedelta(seconds=1), jitter=timedelta(0), window=None, zone=ZoneInfo("UTC"))
NOTES = (
    "import sys, time; open(sys.argv[1], 'a').write(sys.argv[2] + '\\n');"
    "time.sleep(float(sys.argv[3])); sys.exit(int(sys.argv[4]))"
)


@dataclass(kw_only=True)
class Watch:
    """A scheduler over sites whose crawls are small programs that leave a line and sleep."""

    folder: Path
    schedules: dict[str, Schedule]
    seconds: float = 0
    code: int = 0
    patience: float = 5
    beat: float = 0.1
    last: dict[str, datetime] = field(default_factory=dict)
    program: str = NOTES
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def command(self, site: str) -> Sequence[str]:
        return [sys.executable, "-c", self.program, str(self.folder / "log"), site, str(self.seconds), str(self.code)]

    def run(self, until: Callable[[], bool], *, number: int = signal.SIGTERM, within: float = 20) -> float:
        """Run until something holds, then send the signal; give the seconds that it took to end."""
        plan = Plan(
            schedules=self.schedules,
            command=self.command,
            last_good=self.last.get,
            patience=self.patience,
            beat=self.beat,
        )
        asked = threading.Event()
        told: list[float] = []

        def tell() -> None:
            end = time.monotonic() + within
            while not until() and time.monotonic() < end:
                time.sleep(0.05)
            told.append(time.monotonic())
            os.kill(os.getpid(), number)
            asked.set()

        threading.Thread(target=tell, daemon=True).start()
        assert Scheduler(plan, Collection(self.folder), now=self.now).run() == 0
        assert asked.wait(5)
        assert until(), "it did not come to that"
        return time.monotonic() - told[0]

    def log(self) -> list[str]:
        path = self.folder / "log"
        return path.read_text().splitlines() if path.exists() else []

    def fires(self, *kinds: FireKind) -> list[Fire]:
        return [fire for fire in fires(Collection(self.folder)) if not kinds or fire.kind in kinds]


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """The handlers that pytest had; where it was started with nohup, signals count all the same."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    for number, handler in before.items():
        if handler is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_overdue_site_is_crawled_at_once_and_one_that_is_not_waits(tmp_path: Path) -> None:
    watch = Watch(folder=tmp_path, schedules={"old": NIGHT, "fresh": NIGHT}, last={"fresh": datetime.now(UTC)})
    watch.run(lambda: bool(watch.fires(FireKind.ENDED)))
    assert watch.log() == ["old"]
    assert [(fire.site, fire.exit_code) for fire in watch.fires()] == [("old", 0)]


def test_site_is_crawled_again_and_again(tmp_path: Path) -> None:
    watch = Watch(folder=tmp_path, schedules={"blog": SECOND}, last={"blog": datetime.now(UTC)})
    watch.run(lambda: len(watch.log()) >= 3)
    assert {fire.kind for fire in watch.fires()} == {FireKind.ENDED}


def test_crawls_of_one_collection_run_one_after_another(tmp_path: Path) -> None:
    program = (
        "import os, sys, time; f = os.open(sys.argv[1] + '.lock', os.O_CREAT | os.O_EXCL);"
        "time.sleep(.3); os.unlink(sys.argv[1] + '.lock'); open(sys.argv[1], 'a').write(sys.argv[2] + '\\n')"
    )
    watch = Watch(folder=tmp_path, schedules={"a": NIGHT, "b": NIGHT, "c": NIGHT}, program=program)
    watch.run(lambda: len(watch.fires(FireKind.ENDED)) == 3)
    assert sorted(watch.log()) == ["a", "b", "c"]
    assert {fire.exit_code for fire in watch.fires()} == {0}


def test_fire_during_a_run_is_written_down_as_overlapping(tmp_path: Path) -> None:
    watch = Watch(folder=tmp_path, schedules={"blog": SECOND}, last={"blog": datetime.now(UTC)}, seconds=4)
    watch.run(lambda: bool(watch.fires(FireKind.OVERLAPPED)))
    assert watch.log() == ["blog"]
    assert watch.fires(FireKind.OVERLAPPED)[0].due is not None


def test_exit_code_of_a_run_that_failed_is_written_down(tmp_path: Path) -> None:
    watch = Watch(folder=tmp_path, schedules={"blog": NIGHT}, code=12)
    watch.run(lambda: bool(watch.fires(FireKind.ENDED)))
    assert watch.fires()[0].exit_code == 12


def test_command_that_cannot_be_started_is_written_down_and_the_schedule_goes_on(tmp_path: Path) -> None:
    class Broken(Watch):
        def command(self, site: str) -> Sequence[str]:
            return ["/nowhere/vigil"] if site == "broken" else super().command(site)

    watch = Broken(folder=tmp_path, schedules={"broken": NIGHT, "blog": NIGHT})
    watch.run(lambda: watch.log() == ["blog"])
    assert "/nowhere/vigil" in watch.fires(FireKind.FAILED)[0].detail


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=["TERM", "INT", "HUP"])
def test_signal_is_handed_to_the_crawl_and_its_end_is_waited_for(tmp_path: Path, number: int) -> None:
    program = (
        "import signal, sys, time\n"
        "def end(*_):\n time.sleep(.5); open(sys.argv[1], 'a').write('in good order\\n'); sys.exit(11)\n"
        "signal.signal(signal.SIGTERM, end); open(sys.argv[1], 'a').write('begun\\n'); time.sleep(60)"
    )
    watch = Watch(folder=tmp_path, schedules={"blog": NIGHT}, program=program)
    took = watch.run(lambda: "begun" in watch.log(), number=number)
    assert watch.log() == ["begun", "in good order"]
    assert took < watch.patience
    assert [fire.exit_code for fire in watch.fires()] == [11]


def test_crawl_that_will_not_end_is_killed_in_the_stated_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.schedule.KILL_AFTER", 0.5)
    program = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "open(sys.argv[1], 'a').write('begun\\n'); time.sleep(60)"
    )
    watch = Watch(folder=tmp_path, schedules={"blog": NIGHT}, program=program, patience=0.5)
    assert watch.run(lambda: "begun" in watch.log()) < 5
    assert [fire.exit_code for fire in watch.fires()] == [-signal.SIGKILL]


def test_second_signal_is_handed_on_too(tmp_path: Path) -> None:
    program = (
        "import signal, sys, time\n"
        "def end(*_):\n signal.signal(signal.SIGTERM, signal.SIG_DFL); open(sys.argv[1], 'a').write('asked\\n')\n"
        "signal.signal(signal.SIGTERM, end); open(sys.argv[1], 'a').write('begun\\n'); time.sleep(60); time.sleep(60)"
    )
    watch = Watch(folder=tmp_path, schedules={"blog": NIGHT}, program=program, patience=60)

    def ask_again() -> None:
        while "asked" not in watch.log():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=ask_again, daemon=True).start()
    assert watch.run(lambda: "begun" in watch.log()) < 20
    assert [fire.exit_code for fire in watch.fires()] == [-signal.SIGTERM]


def test_nights_on_which_nothing_was_awake_are_each_written_down_once(tmp_path: Path) -> None:
    nightly = replace(NIGHT, every=None, cron=parse_cron("17 2 * * *"))
    now = datetime.now(UTC).replace(hour=12)
    watch = Watch(
        folder=tmp_path, schedules={"blog": nightly}, last={"blog": now - timedelta(days=3)}, code=12, now=lambda: now
    )
    watch.run(lambda: bool(watch.fires(FireKind.ENDED)))
    missed = [fire.due for fire in watch.fires(FireKind.MISSED)]
    midnight = now.replace(hour=2, minute=17, second=0, microsecond=0)
    assert missed == [midnight - timedelta(days=days) for days in (2, 1, 0)]
    watch.run(lambda: len(watch.fires(FireKind.ENDED)) == 2)
    assert len(watch.fires(FireKind.MISSED)) == 3
    (sentence,) = told(watch.fires(FireKind.MISSED))
    assert sentence.endswith(f"and 2 more since {midnight - timedelta(days=2):%Y-%m-%d} 02:17 UTC")


def test_window_that_is_closed_is_waited_for(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    later = [(now + timedelta(hours=hours)).time().replace(second=0, microsecond=0) for hours in (2, 3)]
    closed = Schedule(
        cron=None, every=timedelta(hours=12), jitter=timedelta(0), window=(later[0], later[1]), zone=ZoneInfo("UTC")
    )
    watch = Watch(folder=tmp_path, schedules={"closed": closed, "open": NIGHT})
    watch.run(lambda: bool(watch.fires(FireKind.ENDED)))
    assert watch.log() == ["open"]


def test_run_is_asked_to_end_when_the_window_closes_and_one_that_waited_is_missed(tmp_path: Path) -> None:
    window = (clock(4), clock(5))
    night = Schedule(cron=None, every=timedelta(hours=12), jitter=timedelta(0), window=window, zone=ZoneInfo("UTC"))
    watch = Watch(folder=tmp_path, schedules={"blog": night, "waiting": night}, seconds=60)
    with time_machine.travel(datetime(2020, 11, 23, 4, 59, 57, tzinfo=UTC), tick=True):
        watch.run(lambda: bool(watch.fires(FireKind.MISSED)))
    told = [(fire.site, fire.kind) for fire in watch.fires()]
    assert told == [("blog", FireKind.CUT), ("blog", FireKind.ENDED), ("waiting", FireKind.MISSED)]
    assert watch.log() == ["blog"]


@pytest.mark.parametrize("hours", [30, -30], ids=["forwards", "backwards"])
def test_clock_that_jumps_is_written_down_and_what_is_overdue_then_starts(tmp_path: Path, hours: int) -> None:
    began = time.monotonic()

    def clock() -> datetime:
        is_later = time.monotonic() - began > 1
        return datetime.now(UTC) + timedelta(hours=hours if is_later else 0)

    watch = Watch(folder=tmp_path, schedules={"blog": NIGHT}, last={"blog": datetime.now(UTC)}, now=clock)
    watch.run(lambda: bool(watch.fires(FireKind.CLOCK)))
    assert "jumped by" in watch.fires(FireKind.CLOCK)[0].detail
    assert watch.fires(FireKind.CLOCK)[0].site == ""


def test_fire_that_the_clock_jumped_over_is_written_down_once_and_made_up_for(tmp_path: Path) -> None:
    """The process's real clock moves, APScheduler's with it, as when a laptop wakes up."""
    watch = Watch(folder=tmp_path, schedules={"blog": NIGHT}, last={"blog": datetime.now(UTC)})
    journey = time_machine.travel(datetime.now(UTC) + timedelta(hours=16), tick=True)
    began = time.monotonic()
    has_left = False

    def until() -> bool:
        nonlocal has_left
        if not has_left and time.monotonic() - began > 1:
            has_left = True
            journey.start()
        return bool(watch.fires(FireKind.ENDED))

    try:
        watch.run(until)
    finally:
        journey.stop()
    kinds = [fire.kind for fire in watch.fires()]
    assert sorted(kinds) == sorted([FireKind.CLOCK, FireKind.MISSED, FireKind.ENDED]), kinds
    assert watch.log() == ["blog"]
    (missed,) = watch.fires(FireKind.MISSED)
    assert missed.due is not None
    assert missed.time - missed.due > timedelta(hours=3)


def test_crawl_is_started_by_this_very_python_with_the_same_settings() -> None:
    words = crawl_command("vigil.toml", "collection", ["--delay", "5"])("blog")
    assert words[:4] == [sys.executable, "-m", "crawler", "crawl"]
    assert words[4:] == ["blog", "--quiet", "--collection", "collection", "--config", "vigil.toml", "--delay", "5"]


def test_index_that_cannot_be_read_does_not_end_the_schedule(tmp_path: Path) -> None:
    class Unreadable(dict[str, datetime]):
        def get(self, key: str, default: object = None) -> datetime:
            del key, default
            raise DamagedIndexError("archive.db is damaged")

    watch = Watch(folder=tmp_path, schedules={"blog": NIGHT}, last=Unreadable())
    watch.run(lambda: bool(watch.fires(FireKind.ENDED)))
    assert watch.log() == ["blog"]
