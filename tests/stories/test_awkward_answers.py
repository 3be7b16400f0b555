"""A night on which the server answers in every awkward way it knows: all of it is in the archive, bit for bit."""

import subprocess
import sys
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.rebuild import compare, rebuild
from archive.warc import load_exchange, warc_files
from crawler.replica.faults import FaultKind
from tests.stories.story import Story

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("story", [60], indirect=True)]

ENDLESS = {FaultKind.HANG, FaultKind.SLOW}
"""Nothing that a night could wait for; tests/wire and the stories of failing networks have them."""


def spoil_every_post(story: Story) -> list[FaultKind]:
    """Give one post's page after the other its own fault, once."""
    kinds = [kind for kind in FaultKind if kind not in ENDLESS]
    posts = story.blog.listing()
    assert len(posts) >= len(kinds)
    for post, kind in zip(posts, kinds, strict=False):
        story.blog.fault(f"/{post.id}.html", kind, times=1, seconds=0.0)
    return kinds


def test_every_awkward_answer_comes_back_bit_for_bit(story: Story) -> None:
    kinds = spoil_every_post(story)
    night = story.crawl(within=240)
    assert night.code in {0, 10}, night.err
    laid = [load_exchange(story.collection, unit.capture) for unit in story.laid()]
    received = [exchange.received for exchange in laid if exchange.peer is not None]
    sent = [logged.sent for logged in story.server.log]
    assert len(sent) > len(kinds)
    assert sorted(received) == sorted(sent)
    assert sorted(exchange.request for exchange in laid) == sorted(logged.received for logged in story.server.log)
    whole_first_time = story.published() - {str(post.id) for post in story.blog.listing()[: len(kinds)]}
    assert whole_first_time <= story.archived()
    assert_foreign_readers_take_it(story.collection)
    live = story.collection.database.rename(story.folder / "live.db")
    rebuild(story.collection, workers=2)
    assert compare(live, story.collection.database) == []


def assert_foreign_readers_take_it(collection: Collection) -> None:
    tools = Path(sys.executable).parent
    for path in warc_files(collection):
        for reader in ("warcio", "fastwarc"):
            ended = subprocess.run([tools / reader, "check", path], capture_output=True, text=True, check=False)
            assert ended.returncode == 0, f"{reader}: {ended.stdout[-800:]}{ended.stderr[-800:]}"
        index = subprocess.run([tools / "cdxj-indexer", path], capture_output=True, text=True, check=True)
        assert len(index.stdout.splitlines()) > 60
