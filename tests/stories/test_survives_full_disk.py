"""A disk that fills up: nothing is believed that is not kept, what was kept is whole, and the next run goes on."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from archive.indexer import whole_units
from archive.warc import LaidExchange, load_exchange, warc_files
from tests.stories.disks import mounted
from tests.stories.story import Story
from tests.stories.survival import asked, assert_whole, kept, omitted, scrapy_crawl

pytestmark = pytest.mark.e2e

ROOMY = "64m"


@pytest.fixture(autouse=True)
def _to_the_last_byte(story: Story) -> None:
    story.environ["VIGIL_MIN_FREE_BYTES"] = "0"


@pytest.mark.parametrize(
    ("story", "sizes"),
    [
        pytest.param(12, {"": ROOMY, "archive": "90k"}, id="of-the-records"),
        pytest.param(40, {"": "400k", "archive": ROOMY, "logs": ROOMY}, id="of-the-index"),
        pytest.param(8, {"": "60k", "archive": ROOMY, "logs": ROOMY}, id="of-the-index-that-is-being-made"),
        pytest.param(16, {"": "270k", "archive": ROOMY, "logs": ROOMY}, id="of-the-index-that-was-just-made"),
        pytest.param(24, {"": ROOMY, "logs": "4k"}, id="of-the-announcements"),
        pytest.param(24, {"": "500k"}, id="of-everything"),
        pytest.param(8, {"": "20k"}, id="of-everything-at-once"),
    ],
    indirect=["story"],
)
def test_full_disk_ends_the_run_and_the_next_one_goes_on(story: Story, sizes: dict[str, str]) -> None:
    root, items = story.collection.root, story.folder / "posts.jsonl"
    with mounted({root / name: size for name, size in sizes.items()}) as disks:
        night = scrapy_crawl(story, "-O", str(items), before=disks.enter)
        assert night.code == 3, night.err
        assert "Traceback" not in night.err
        assert "No space left" in night.err or "no space is left" in night.err
        disks.show(root)
        assert_kept_is_whole(story, items)

        for name in sizes:
            disks.grow(root / name, ROOMY)
        before = asked(story)
        lost = Counter(before) - Counter(kept(story))
        night = scrapy_crawl(story, before=disks.enter)
        assert night.code == 0, night.err
        disks.show(root)
    assert omitted(story, "lost") == list(lost), "what was asked and could not be kept is named by the next run"
    assert_whole(story)
    posts = [url for url in asked(story) if "/a/" in url]
    assert len(posts) <= len(set(posts)) + 1, "more than the one in flight was asked for again"
    assert len(before) < len(asked(story))


@pytest.mark.parametrize("limit", [pytest.param(300_000, id="of-the-records"), pytest.param(30_000, id="of-the-index")])
def test_no_file_may_grow_beyond_a_limit(story: Story, limit: int) -> None:
    """The same without a disk of one's own: the kernel refuses writes past a size (RLIMIT_FSIZE)."""
    story.machine = ("prlimit", f"--fsize={limit}", *story.machine)
    night = story.crawl()
    assert (night.code, "Traceback" in night.err) == (3, False), night.err
    assert "no space" in night.err.lower() or "too large" in night.err.lower(), night.err
    assert_kept_is_whole(story, None)
    story.machine = story.machine[2:]
    assert story.crawl().code == 0
    assert_whole(story)


@pytest.mark.parametrize("story", [8], indirect=True)
def test_crawl_keeps_off_the_last_bytes_of_a_disk(story: Story) -> None:
    story.environ["VIGIL_MIN_FREE_BYTES"] = str(10**17)
    night = story.crawl()
    assert night.code == 16, night.err
    assert "bytes of disk are free" in night.out
    assert asked(story) == ["https://www.rferl.org/robots.txt"]
    story.environ["VIGIL_MIN_FREE_BYTES"] = "0"
    assert story.crawl().code == 0
    assert_whole(story)


def assert_kept_is_whole(story: Story, items: Path | None) -> None:
    """All but the exchange in flight at most is there, bit for bit; foreign readers agree; no item lacks its record."""
    files = warc_files(story.collection)
    laid = [unit for path in files for unit in whole_units(path) if isinstance(unit, LaidExchange)]
    for unit, logged in zip(laid, story.server.log, strict=False):
        exchange = load_exchange(story.collection, unit.capture)
        assert (exchange.request, exchange.received) == (logged.received, logged.sent), unit.capture.url
    assert (Counter(asked(story)) - Counter(kept(story))).total() <= 1
    sequences = {unit.capture.sequence for unit in laid}
    if items is not None and items.exists():
        assert {json.loads(line)["sequence"] for line in items.read_text().splitlines()} <= sequences
    indexed = story.rows("SELECT sequence FROM exchanges") if laid else []
    assert {sequence for (sequence,) in indexed} <= sequences
    for path in files:
        check = subprocess.run(
            [sys.executable, "-m", "warcio.cli", "check", str(path)], capture_output=True, text=True, check=False
        )
        assert check.returncode == 0, check.stdout
