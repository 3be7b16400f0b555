"""One collection has one writer: others are refused, or wait, whoever they are and however they were started."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from archive.collection import Collection
from archive.fires import FireKind, fires
from crawler.replica import Request
from tests.stories.story import ROOT, Story
from tests.stories.survival import asked, assert_whole, database_locked, last_run, omitted, scrapy_crawl

pytestmark = pytest.mark.e2e
small_blog = pytest.mark.parametrize("story", [8], indirect=True)


@contextmanager
def crawl_that_waits(story: Story) -> Iterator[subprocess.Popen[str]]:
    """A crawl in the middle of its work, that goes on at the end of the block."""
    go_on = threading.Event()

    def wait(_: Request) -> None:
        if len(story.server.log) == 6:
            go_on.wait(60)

    story.server.before = wait
    crawl = story.start(*story.crawl_words())
    try:
        while len(story.server.log) < 6:
            assert crawl.poll() is None, crawl.communicate()
            time.sleep(0.02)
        yield crawl
    finally:
        story.server.before = None
        go_on.set()


@small_blog
def test_second_writer_is_refused_and_told_who_the_first_is(story: Story) -> None:
    with crawl_that_waits(story) as first:
        holder = f"vigil crawl rferl-watchdog, process {first.pid}"
        refused = [story.crawl(), scrapy_crawl(story)]
        reading = story.vigil("list")
    for second in refused:
        assert second.code == 75, second.err
        assert holder in second.err
        assert "Traceback" not in second.err
    assert reading.code == 0, reading.err
    assert [fire.kind for fire in fires(story.collection)] == [FireKind.SKIPPED] * 2
    _, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert story.rows("SELECT count(*) FROM runs") == [(1,)]
    assert_whole(story)


@small_blog
def test_crawl_started_by_scrapy_keeps_every_law(story: Story) -> None:
    feed = story.folder / "posts.jsonl"
    night = scrapy_crawl(story, "-O", str(feed), "-a", "limit=3")
    assert night.code == 0, night.err
    copy = story.folder / "copy"
    copy.mkdir()
    config = story.folder / "vigil.toml"
    config.write_text(f"copies = [{json.dumps(str(copy))}]\n")
    night = scrapy_crawl(story, "-O", str(feed), "-s", f"VIGIL_CONFIG={config}")
    assert night.code == 0, night.err
    items = [json.loads(line) for line in feed.read_text().splitlines()]
    identities = [item["identity"] for item in items]
    assert len(identities) == len(set(identities)) == len(story.published()) - 3
    assert {item["run"] for item in items} == {last_run(story, "uid")[0]}
    assert last_run(story, "exit_code, route, mode") == (0, "test-route", "nightly")
    kept = {path.name for path in story.collection.warcs.iterdir()}
    assert {path.name for path in Collection(copy).warcs.iterdir()} == kept
    assert_whole(story)


@small_blog
def test_scrapy_tells_of_trouble_as_vigil_does(story: Story) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "scrapy", "list"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert listed.stdout.split() == ["blog"]
    story.blog.robots = b"<!DOCTYPE html><html><title>Access restricted</title></html>"
    assert scrapy_crawl(story).code == 30
    assert asked(story) == ["https://www.rferl.org/robots.txt"]
    wrong = scrapy_crawl(story, "-a", "limit=none")
    assert (wrong.code, "Traceback" in wrong.err) == (2, False), wrong.err
    assert "hint: Give a whole number" in wrong.err


@small_blog
def test_crawl_waits_for_another_program_that_writes_to_the_index(story: Story) -> None:
    assert story.crawl("--limit", "3").code == 0
    with database_locked(story, 4) as is_locked:
        night = story.crawl()
        assert not is_locked.is_set()
    assert night.code == 0, night.err
    assert_whole(story)


@pytest.mark.slow
@small_blog
def test_crawl_does_not_wait_for_ever(story: Story) -> None:
    assert story.crawl("--limit", "3").code == 0
    with database_locked(story, 45):
        night = story.crawl()
    assert night.code == 75
    assert "archive.db stayed locked by another process for 30 seconds" in night.err
    assert "Traceback" not in night.err
    assert story.crawl().code == 0
    assert_whole(story)


@pytest.mark.slow
@pytest.mark.parametrize("story", [60], indirect=True)
def test_index_that_is_locked_while_a_crawl_runs_gets_no_gap(story: Story) -> None:
    assert story.crawl("--limit", "1").code == 0
    locks: list[threading.Thread] = []

    def lock(_: Request) -> None:
        if not locks:
            locks.append(threading.Thread(target=hold))
            locks[0].start()

    def hold() -> None:
        with database_locked(story, 45):
            pass

    story.server.before = lock
    night = story.crawl()
    assert night.code == 75, night.err
    story.server.before = None
    locks[0].join()
    assert story.rows("SELECT count(*) FROM runs") == [(1,)], "the index learned of a run's end and not of the run"
    assert story.crawl().code == 0
    assert omitted(story, "lost") == []
    assert_whole(story)
