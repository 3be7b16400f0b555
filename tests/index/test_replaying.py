"""A run is replayed without a browser: what the index says of each capture is what its records give."""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.query import Archive
from archive.replaying import Replay, replay
from archive.report import write_report
from archive.warc import warc_files
from tests.cli.archives import BEGAN, build, exchange, lay_run
from tests.verify.test_pages import BODY, POST, needs


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return build(tmp_path_factory.mktemp("built") / "collection")


@pytest.fixture
def copy(built: Collection, tmp_path: Path) -> Collection:
    shutil.copytree(built.root, tmp_path / "copy")
    return Collection(tmp_path / "copy")


def replayed(collection: Collection, run: str) -> Replay:
    with Archive.open(collection) as archive:
        return replay(archive, run)


def change(collection: Collection, statement: str) -> None:
    with closing(sqlite3.connect(collection.database)) as db:
        db.execute(statement)
        db.commit()


def test_every_answer_of_a_sound_run_replays_as_the_index_has_it(built: Collection) -> None:
    found = [replayed(built, f"run-{number}") for number in (1, 2, 3)]
    assert [(one.captures, one.texts, one.differences) for one in found] == [(3, 2, ()), (2, 2, ()), (2, 1, ())]
    assert [one.pages_incomplete for one in found] == [2, 2, 1]


def test_pages_with_a_record_do_not_count_as_incomplete(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "paged")
    exchanges = (exchange(1, POST, BODY), exchange(2, "/s.css", b"p{}"), exchange(3, "/a.png", b"PNG"))
    lay_run(collection, "run-1", BEGAN, *exchanges, pages=needs)
    later = BEGAN + timedelta(days=1)
    lay_run(collection, "run-2", later, exchange(1, POST, BODY, began=later))
    assert replayed(collection, "run-1").pages_incomplete == 0
    assert replayed(collection, "run-2").pages_incomplete == 0, "the same payload is the same page"


TAMPERED = {
    "another text in the index": ("UPDATE texts SET text_hash = replace(text_hash, 'a', 'b')", "in the index"),
    "another place of the record": ("UPDATE captures SET offset = offset + 1", ""),
    "another time": ("UPDATE captures SET time = time + 1 WHERE capture_id = 1", ""),
}


@pytest.mark.parametrize(("statement", "words"), TAMPERED.values(), ids=TAMPERED)
def test_capture_that_the_index_tells_otherwise_is_a_difference(copy: Collection, statement: str, words: str) -> None:
    change(copy, statement)
    found = replayed(copy, "run-1")
    assert found.differences
    assert all(words in one.problem for one in found.differences)


def test_revisit_whose_original_is_gone_is_a_difference_and_stands_in_the_report(copy: Collection) -> None:
    first = warc_files(copy)[0]
    first.chmod(0o644)
    first.unlink()
    with Archive.open(copy) as archive:
        found = replay(archive, "run-2")
        report = write_report(archive, "run-2", found)
    assert [one.url.rpartition("/")[2] for one in found.differences] == ["102.html"]
    told = report.read_text(encoding="utf-8")
    assert first.name in told
    assert "On replay, capture 6" in report.with_suffix(".html").read_text(encoding="utf-8")
