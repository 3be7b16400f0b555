"""The index follows from the WARC files alone: live and rebuilt are equal in every row."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from archive.database import connect
from archive.errors import DamagedIndexError, DamagedRecordError, LockedError
from archive.index import Index
from archive.model import FailureKind, Purpose, Truncation
from archive.rebuild import Progress, compare, rebuild, write_index
from crawler.replica import BlogSimulator
from tests.index.nights import HOME, LISTING, Watch, broken, refused


def assert_rebuilt_is_equal(watch: Watch, folder: Path) -> None:
    watch.indexer.flush()
    again = folder / "again.db"
    again.unlink(missing_ok=True)
    write_index(watch.collection, again)
    assert compare(watch.collection.database, again) == []


def eventful_nights(watch: Watch) -> None:
    """Three nights in which all that the index tells apart happens at least once."""
    blog = watch.blog
    hat, newspaper, school = sorted(blog.everything(), key=lambda post: post.id)
    with watch.night() as night:
        for path, purpose in (("/robots.txt", Purpose.ROBOTS), ("/sitemap_8_latest.xml.gz", Purpose.SITEMAP)):
            night.ask(HOME + path, purpose)
        night.look(2)
        night.ask(HOME + hat.path)
        night.ask(HOME + newspaper.path, spoil=refused)
        night.ask(HOME + school.path, failure=FailureKind.TIMEOUT)
        night.omit(f"{HOME}/a/1.html")
    blog.edit(hat.id, body=["A hat was lost in Upper Varnia."], is_silent=True)
    moved = blog.move(hat.id, "her-hat")
    with watch.night() as night:
        night.look()
        night.ask(HOME + hat.path)
        night.ask(HOME + moved.path)
        night.ask(HOME + newspaper.path, truncation=Truncation.DISCONNECT)
        night.ask(f"{HOME}/rss/?zoneid=646", Purpose.FEED)
        watch.clock -= timedelta(hours=30)
        night.ask(HOME + moved.path, spoil=broken)
        watch.clock += timedelta(hours=30)
    blog.delete(hat.id)
    blog.edit(newspaper.id, title="Газета открыта")
    with watch.night() as night:
        night.ask(HOME + moved.path)
        night.ask(HOME + newspaper.path)
        night.ask(HOME + school.path)
        night.ask(HOME + school.path)
        night.ask(f"{HOME}/Watchdog/2024/2/26", Purpose.DAY_PAGE)


def test_rebuilt_index_equals_the_live_one_in_every_row(watch: Watch, tmp_path: Path) -> None:
    eventful_nights(watch)
    assert_rebuilt_is_equal(watch, tmp_path)
    kinds = {row["kind"] for row in watch.index.execute("SELECT kind FROM events")}
    assert kinds == {"seen", "version-added", "unchanged", "rejected", "gone", "moved"}
    counts = (
        "SELECT (SELECT count(*) FROM candidates), (SELECT count(*) FROM omissions), (SELECT count(*) FROM sightings)"
    )
    assert all(watch.index.execute(counts).fetchone())


def test_killed_night_is_brought_in_by_the_next(watch: Watch, tmp_path: Path, blog: BlogSimulator) -> None:
    night = watch.begin()
    night.look(2)
    for post in blog.everything():
        night.ask(HOME + post.path)
    night.die()
    watch.close()
    watch.open()
    assert watch.index.number("SELECT count(*) FROM exchanges") == 5
    assert watch.indexer.catch_up() == 0
    with watch.night() as night:
        night.look()
    assert_rebuilt_is_equal(watch, tmp_path)
    with watch.archive() as archive:
        assert [run.ended is None for run in archive.runs()] == [False, True]


def test_files_that_roll_over_are_one_run(watch: Watch, tmp_path: Path, blog: BlogSimulator) -> None:
    night = watch.begin(max_bytes=8_000)
    night.look(2)
    for post in blog.everything():
        night.ask(HOME + post.path)
    night.end()
    assert_rebuilt_is_equal(watch, tmp_path)
    files = watch.index.execute("SELECT name, run_id, indexed_to FROM files").fetchall()
    assert len(files) > 2
    for name, run_id, indexed_to in files:
        assert (run_id, indexed_to) == (1, (watch.collection.warcs / name).stat().st_size)


@pytest.fixture
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        yield pool


def test_spread_over_processes_it_is_still_equal(
    tmp_path: Path, blog: BlogSimulator, pool: ProcessPoolExecutor
) -> None:
    watch = Watch(tmp_path / "collection", blog, pool)
    eventful_nights(watch)
    assert_rebuilt_is_equal(watch, tmp_path)
    watch.close()


def test_rebuild_takes_the_place_of_a_damaged_index(watch: Watch, tmp_path: Path) -> None:
    eventful_nights(watch)
    watch.close()
    database = watch.collection.database
    kept = tmp_path / "kept.db"
    kept.write_bytes(database.read_bytes())
    database.write_bytes(b"not a database at all " * 300)
    steps: list[Progress] = []
    result = rebuild(watch.collection, progress=steps.append)
    assert (result.files, result.runs, result.posts) == (3, 3, 3)
    assert sorted(path.name for path in database.parent.glob("archive.db*")) == ["archive.db"]
    assert compare(kept, database) == []
    assert steps[-1].done_bytes == steps[-1].total_bytes > 0
    watch.open()
    assert watch.indexer.catch_up() == 0


def test_log_that_a_killed_writer_left_never_spoils_the_new_index(watch: Watch, tmp_path: Path) -> None:
    eventful_nights(watch)
    database = watch.collection.database
    left = {suffix: Path(f"{database}{suffix}").read_bytes() for suffix in ("", "-wal")}
    watch.close()
    again = tmp_path / "again.db"
    write_index(watch.collection, again)
    for suffix, data in left.items():
        Path(f"{database}{suffix}").write_bytes(data)
    rebuild(watch.collection)
    assert compare(database, again) == []
    watch.open()


def test_rebuild_waits_for_no_run(watch: Watch) -> None:
    with watch.collection.locked("vigil crawl"), pytest.raises(LockedError, match="vigil crawl"):
        rebuild(watch.collection)


def test_rebuild_of_a_damaged_file_names_the_place_and_leaves_the_index_alone(watch: Watch) -> None:
    eventful_nights(watch)
    watch.indexer.flush()
    watch.close()
    before = watch.collection.database.read_bytes()
    path = min(watch.collection.warcs.iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.chmod(0o644)
    path.write_bytes(data)
    with pytest.raises(DamagedRecordError, match=rf"{path.name}.*offset \d+"):
        rebuild(watch.collection)
    assert watch.collection.database.read_bytes() == before
    assert not list(watch.collection.root.glob("*.rebuild*"))
    watch.open()


def test_index_that_knows_more_than_a_file_holds_is_refused(watch: Watch) -> None:
    with watch.night() as night:
        night.look()
    path = next(watch.collection.warcs.iterdir())
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-400])
    watch.close()
    with pytest.raises(DamagedIndexError, match="beyond the end"):
        watch.open()
    watch.close()
    watch.index = Index.open(watch.collection.database)


TAMPERED = {
    "a cell": "UPDATE posts SET state = 'gone' WHERE id = 1",
    "a missing row": "DELETE FROM sightings WHERE position = 1",
    "a row more": "INSERT INTO sites VALUES (9, 'x', NULL, NULL)",
    "a row's number": "UPDATE omissions SET id = 7",
    "a word of the full-text index": "INSERT INTO texts_fts(rowid, title, text) VALUES (1, 'hat', 'hat')",
    "an index dropped": "DROP INDEX urls_key",
    "a changed view": "DROP VIEW gaps",
    "the schema's number": "PRAGMA user_version = 0",
}


@pytest.mark.parametrize("sql", TAMPERED.values(), ids=TAMPERED)
def test_comparison_finds(watch: Watch, tmp_path: Path, sql: str) -> None:
    with watch.night() as night:
        night.look()
        night.ask(HOME + watch.blog.everything()[0].path)
        night.omit(LISTING)
    again = tmp_path / "again.db"
    write_index(watch.collection, again)
    with closing(sqlite3.connect(again, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute(sql)
    differences = compare(watch.collection.database, again)
    assert differences
    assert compare(again, watch.collection.database)


def test_no_time_of_making_is_in_the_index(watch: Watch) -> None:
    with closing(connect(watch.collection.database)) as db:
        assert db.execute("SELECT name, applied_at FROM _sqlite_migrations").fetchall()[0]["applied_at"] == ""
