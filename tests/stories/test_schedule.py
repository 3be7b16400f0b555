"""``vigil schedule`` and the replica: the whole way from an overdue site to a run's records."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from archive.config import shipped_sites
from archive.errors import ExitCode
from archive.fires import FireKind, fires
from tests.stories.story import Story

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("story", [10], indirect=True)]


def wait(until: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


@pytest.fixture
def nightly(story: Story) -> Story:
    """The shipped site, scheduled twice a day without a window."""
    shipped = (story.folder / "sites", story.folder / "vigil.toml")
    shipped[0].mkdir()
    toml = (shipped_sites() / "rferl-watchdog.toml").read_text().partition("[schedule]")[0]
    (shipped[0] / "rferl-watchdog.toml").write_text(f'{toml}[schedule]\nevery = "12h"\n')
    shipped[1].write_text('sites = ["sites"]\n')
    story.environ["VIGIL_CONFIG"] = str(shipped[1])
    return story


def test_overdue_site_is_crawled_and_signal_ends_the_schedule(nightly: Story) -> None:
    process = nightly.start("schedule", "--", "--delay", "0", *nightly.route())
    try:
        wait(lambda: any(fire.kind is FireKind.ENDED for fire in fires(nightly.collection)))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert nightly.archived() == nightly.published()
    listed = json.loads(nightly.vigil("schedule", "--list", "--json").out)
    assert listed["site"] == nightly.site
    assert listed["is_overdue"] is False
    assert len(listed["next"]) == 3


def test_signal_ends_the_crawl_in_good_order_and_a_restart_finishes_it(nightly: Story) -> None:
    process = nightly.start("schedule", "--", "--delay", "0.3", *nightly.route())
    wait(lambda: len(nightly.server.log) > 5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert nightly.rows("SELECT exit_code FROM runs") == [(int(ExitCode.INTERRUPTED),)]
    process = nightly.start("schedule", "--", "--delay", "0", *nightly.route())
    wait(lambda: len(fires(nightly.collection)) == 2)
    process.terminate()
    process.communicate(timeout=30)
    assert nightly.archived() == nightly.published()


def test_run_that_meets_another_writer_is_written_down_as_skipped(nightly: Story) -> None:
    with nightly.collection.locked("a test"):
        night = nightly.crawl()
    assert night.code == ExitCode.LOCKED
    (skipped,) = fires(nightly.collection)
    assert (skipped.kind, skipped.site, skipped.exit_code) == (FireKind.SKIPPED, nightly.site, 75)
    assert "a test" in skipped.detail


def test_without_a_schedule_the_command_says_what_to_write(nightly: Story) -> None:
    path = nightly.folder / "sites" / "rferl-watchdog.toml"
    path.write_text(path.read_text().replace('every = "12h"', "enabled = false"))
    refused = nightly.vigil("schedule")
    assert refused.code == ExitCode.USAGE
    assert "[schedule]" in refused.err


def test_second_schedule_of_a_collection_ends_with_75(nightly: Story) -> None:
    process = nightly.start("schedule", "--", "--delay", "0", *nightly.route())
    try:
        wait(lambda: any(fire.kind is FireKind.ENDED for fire in fires(nightly.collection)))
        second = nightly.vigil("schedule", "--", "--delay", "0", *nightly.route())
    finally:
        process.terminate()
        _, err = process.communicate(timeout=30)
    assert second.code == ExitCode.LOCKED
    assert f"process {process.pid}" in second.err
    assert "Traceback" not in second.err
    assert (process.returncode, len(nightly.rows("SELECT 1 FROM runs"))) == (0, 1)
    assert "due next at" in err


def test_schedule_that_is_killed_leaves_its_crawl_in_peace_and_the_next_one_goes_on(nightly: Story) -> None:
    process = nightly.start("schedule", "--", "--delay", "0.2", *nightly.route())
    wait(lambda: len(nightly.server.log) > 5)
    process.kill()
    process.communicate(timeout=30)
    wait(lambda: nightly.rows("SELECT exit_code FROM runs") == [(0,)])
    assert nightly.archived() == nightly.published()
    again = nightly.start("schedule", "--", "--delay", "0", *nightly.route())
    lock = nightly.collection.state / "schedule.lock"
    wait(lambda: f"process {again.pid}\n" in lock.read_text(encoding="utf-8"))
    time.sleep(2)
    again.terminate()
    _, err = again.communicate(timeout=30)
    assert again.returncode == 0, err
    assert len(nightly.rows("SELECT 1 FROM runs")) == 1
    assert "overdue" not in err


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
@pytest.mark.parametrize(
    ("before", "then"),
    [("2027-03-27 23:29:50", "2027-03-28 22:30:00"), ("2027-10-30 22:29:50", "2027-10-31 23:30:00")],
    ids=["spring", "autumn"],
)
def test_schedule_keeps_local_time_over_the_night_on_which_summer_time_changes(
    nightly: Story, before: str, then: str
) -> None:
    path = nightly.folder / "sites" / "rferl-watchdog.toml"
    path.write_text(path.read_text().replace('every = "12h"', 'cron = "30 0 * * *"\nzone = "Europe/Prague"'))
    # Waits go by the true monotonic clock. Each crawl's own clock is years from the server's, so that it ends with 35.
    told = subprocess.run(["faketime", "-f", f"@{before}", "env"], capture_output=True, text=True, check=True).stdout
    faked = dict(line.split("=", 1) for line in told.splitlines() if line.startswith(("LD_PRELOAD=", "FAKETIME=")))
    nightly.environ |= {**faked, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
    process = nightly.start("schedule", "--", "--delay", "0", *nightly.route())
    try:
        wait(lambda: len([fire for fire in fires(nightly.collection) if fire.kind is FireKind.ENDED]) >= 2, 60)
        time.sleep(1)
    finally:
        process.terminate()
        _, err = process.communicate(timeout=60)
    assert f"due next at {before[:11]}{before[11:14]}30:00 UTC" in err
    assert f"due next at {then} UTC" in err
