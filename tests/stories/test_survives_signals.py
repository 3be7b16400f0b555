"""A signal ends a crawl in good order, a second one at once; either way the next run finishes the job."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from crawler.replica.faults import FaultKind
from tests.stories.story import Story
from tests.stories.survival import asked, assert_sound, assert_whole, database_locked, last_run, omitted

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("story", [8], indirect=True)]


def start_until(story: Story, requests: int, *words: str) -> subprocess.Popen[str]:
    """Start a crawl, in a process group of its own as a terminal does, and let it come to its so-manieth request."""
    crawl = story.start(*story.crawl_words(*words), is_leader=True)
    while len(story.server.log) < requests:
        assert crawl.poll() is None, crawl.communicate()
        time.sleep(0.02)
    return crawl


def end_of(crawl: subprocess.Popen[str], within: float) -> tuple[int, str]:
    try:
        out, err = crawl.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        crawl.kill()
        pytest.fail(f"it did not end within {within} seconds: {crawl.communicate()[1]}")
    return crawl.returncode, out + err


def test_service_manager_stops_a_crawl(story: Story) -> None:
    crawl = start_until(story, 4, "--delay", "0.5")
    crawl.send_signal(signal.SIGTERM)
    code, said = end_of(crawl, within=10)
    assert (code, "Traceback" in said) == (11, False), said
    assert len(story.server.log) <= 6, "requests that waited for their turn went out all the same"
    assert last_run(story, "exit_code, stop_reason, is_walk_complete") == (11, "interrupted", 0)
    assert_sound(story)
    assert story.crawl().code == 0
    assert omitted(story, "lost") == []
    assert_whole(story)


def test_keyboard_interrupts_a_crawl_that_was_asked_to_be_patient(story: Story) -> None:
    story.blog.fault("/a/", FaultKind.UNAVAILABLE_503, seconds=1000)
    crawl = start_until(story, 4)
    time.sleep(0.5)
    os.killpg(crawl.pid, signal.SIGINT)
    code, said = end_of(crawl, within=10)
    assert (code, "Traceback" in said) == (11, False), said
    assert_sound(story)


def test_second_signal_ends_a_crawl_at_once_and_the_next_one_heals(story: Story) -> None:
    story.blog.fault("/a/", FaultKind.HANG)
    crawl = start_until(story, 4)
    os.killpg(crawl.pid, signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        crawl.wait(timeout=2)
    os.killpg(crawl.pid, signal.SIGINT)
    code, said = end_of(crawl, within=5)
    assert (code, "Traceback" in said) == (13, False), said
    lost = asked(story)[-1]
    assert story.crawl().code == 0
    assert omitted(story, "lost") == [lost]
    assert_whole(story)


def test_reader_of_pages_that_the_kernel_kills_costs_the_index_only(story: Story) -> None:
    crawl = start_until(story, 4)
    os.kill(reading_process(crawl.pid), signal.SIGKILL)
    code, said = end_of(crawl, within=60)
    assert (code, "Traceback" in said) == (1, False), said
    assert_sound_after_the_next(story)


def reading_process(crawl: int) -> int:
    """Wait for the process that reads pages for a crawl: no child of its own, but of the server that forked it."""
    parents: dict[int, int] = {}
    found: list[int] = []
    while not found:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                parents[int(stat.parent.name)] = int(fields[1])
        found = [pid for pid, parent in parents.items() if parents.get(parent) == crawl]
    return found[0]


def assert_sound_after_the_next(story: Story) -> None:
    assert story.crawl().code == 0
    assert omitted(story, "lost") == []
    assert_whole(story)


def test_signal_that_comes_before_the_first_request_is_not_forgotten(story: Story) -> None:
    assert story.crawl("--limit", "2", "--index-later").code == 0
    before = len(asked(story))
    with database_locked(story, 8) as is_locked:
        crawl = story.start(*story.crawl_words())
        lock = story.collection.state / "lock"
        while f"process {crawl.pid}\n" not in lock.read_text(encoding="utf-8"):
            time.sleep(0.05)
        time.sleep(1)  # by then it waits to read what the first run kept
        crawl.send_signal(signal.SIGTERM)
        assert is_locked.is_set()
    code, said = end_of(crawl, within=10)
    assert code == 11, said
    assert len(asked(story)) == before
    assert last_run(story, "exit_code") == (11,)
    assert_sound(story)
