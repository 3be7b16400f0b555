"""What was asked, what lies in the WARC files and what is in the index are as many, or the run fails and says so."""

import json
import sqlite3
from contextlib import closing

import pytest

from crawler.settings import EXTENSIONS
from tests.stories.meddling import NEVER
from tests.stories.story import Story
from tests.stories.survival import assert_whole, last_run, omitted, scrapy_crawl

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("story", [4], indirect=True)]

MOVED = """\
CREATE TRIGGER meddling AFTER INSERT ON exchanges WHEN new.purpose = 'feed'
BEGIN UPDATE exchanges SET run_id = (SELECT min(id) FROM runs), sequence = sequence + 9000 WHERE id = new.id; END"""


def meddled(story: Story, name: str) -> int:
    extensions = {**EXTENSIONS, f"tests.stories.meddling.{name}": 500}
    return scrapy_crawl(story, "-s", f"EXTENSIONS={json.dumps(extensions)}").code


def change(story: Story, sql: str) -> None:
    with closing(sqlite3.connect(story.collection.database)) as db:
        db.execute(sql)
        db.commit()


def told(story: Story) -> tuple[object, str]:
    code, reason = last_run(story, "exit_code, stop_reason")
    return code, str(reason)


def test_request_without_its_record_fails_the_run_and_is_named_by_the_next(story: Story) -> None:
    assert meddled(story, "Asks") == 20
    requests = len(story.server.log)
    code, reason = told(story)
    assert (code, f"{requests + 1} requests were sent, {requests} exchanges" in reason) == (20, True)
    assert story.crawl().code == 0
    assert omitted(story, "lost") == [NEVER]
    assert_whole(story)


def test_record_without_its_request_fails_the_run(story: Story) -> None:
    assert meddled(story, "Lays") == 20
    requests = len(story.server.log)
    code, reason = told(story)
    assert (code, f"{requests} requests were sent, {requests + 1} exchanges" in reason) == (20, True)


def test_index_that_lacks_a_record_fails_the_run(story: Story) -> None:
    assert story.crawl().code == 0
    change(story, MOVED)
    before = len(story.server.log)
    night = story.crawl()
    change(story, "DROP TRIGGER meddling")
    requests = len(story.server.log) - before
    assert night.code == 20, night.err
    told_of = (
        f"{requests} requests were sent, {requests} exchanges are in the WARC files, {requests - 1} are in the index"
    )
    assert told_of in night.err
    assert told(story) == (20, f"{told_of}: vigil verify names them")
    assert story.vigil("verify").code == 20
    assert story.vigil("rebuild").code == 0
    assert_whole(story)
