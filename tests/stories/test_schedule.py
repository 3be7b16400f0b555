"""``vigil schedule`` and the replica: the whole way from an overdue site to a run's records."""

import json
import signal
import time
from collections.abc import Callable

import pytest

from archive.config import shipped_sites
from archive.errors import ExitCode
from archive.fires import FireKind, fires
from tests.stories.conftest import Story

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
