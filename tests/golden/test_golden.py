"""Archives that each version wrote (of the replica, so the texts are ours): every later version reads them.

A version that is released adds its folder: ``archive/*.warc.gz`` and ``archive.db`` of two nights over a few posts, of
which one was edited between them.
"""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.database import connect
from archive.index import Index
from archive.query import Archive, Filters
from archive.rebuild import rebuild, write_index
from archive.verify import Round, index_anew

HERE = Path(__file__).parent
VERSIONS = sorted(path.name for path in HERE.iterdir() if (path / "archive.db").is_file())
SEALING = {"run-sealed", "log-leaves", "log-published"}
"""The golden archives have no keys, so nothing in them is sealed."""
READ_AGAIN = {"readings", "articles", "texts", "texts_fts", "versions", "events", "posts", "media", "links"}
"""What another extractor may make otherwise."""


@pytest.fixture(params=VERSIONS)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Collection:
    collection = Collection(tmp_path / "collection")
    shutil.copytree(HERE / request.param, collection.root)
    for path in collection.warcs.iterdir():
        path.chmod(0o444)
    collection.create()
    return collection


def test_some_version_is_kept() -> None:
    assert VERSIONS


def test_archive_of_an_earlier_version_opens_and_tells_its_story(golden: Collection) -> None:
    Index.open(golden.database).close()  # brings it up to date
    with Archive.open(golden) as archive:
        kinds = {row["kind"] for row in archive.rows("SELECT kind FROM post_events")}
        assert {"seen", "version-added", "unchanged"} <= kinds
        assert [row["n"] for row in archive.rows("SELECT count(*) AS n FROM posts WHERE is_opened")] == [10]


def test_archive_of_an_earlier_version_gets_the_schema_of_today(golden: Collection) -> None:
    Index.open(golden.database).close()
    Index.open(golden.root / "new.db").close()
    asked = "SELECT name, type, sql FROM sqlite_schema ORDER BY name"
    with closing(connect(golden.database)) as old, closing(connect(golden.root / "new.db")) as new:
        assert list(map(tuple, old.execute(asked))) == list(map(tuple, new.execute(asked)))


def test_service_by_which_posts_are_chosen_is_a_column(golden: Collection) -> None:
    with Archive.open(golden) as archive:  # as a reader finds it, before anything has brought it up to date
        services = {row["identity"]: row["service"] for row in archive.table()}
        chosen = {row["identity"] for row in archive.table(Filters(service="radio kestra"))}
    assert chosen == {identity for identity, service in services.items() if service == "RFE/RL's Radio Kestra"} != set()
    assert None in services.values()
    Index.open(golden.database).close()
    with Archive.open(golden) as archive:
        rows = archive.rows("SELECT identity, service FROM posts_current")
    assert {row["identity"]: row["service"] for row in rows} == services


def test_archive_of_an_earlier_version_verifies(golden: Collection) -> None:
    Index.open(golden.database).close()
    found = [finding for finding in Round(golden).findings() if finding.check not in SEALING]
    assert found == []


def test_index_that_no_crawl_has_brought_up_to_date_yet_is_no_finding(golden: Collection, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    found = list(index_anew(golden, tmp_path / "scratch", 1, lambda _done, _all: None))
    assert {one.found.partition(":")[0] for one in found} <= READ_AGAIN


def test_archive_of_an_earlier_version_is_rebuilt(golden: Collection) -> None:
    Index.open(golden.database).close()
    before = golden.database.rename(golden.root / "before.db")
    rebuild(golden, workers=1)
    with Archive.open(golden) as archive:
        after = archive.rows("SELECT identity, version, text_hash FROM post_versions ORDER BY 1, 2")
    before.rename(golden.database)
    with Archive.open(golden) as archive:
        assert archive.rows("SELECT identity, version, text_hash FROM post_versions ORDER BY 1, 2") == after


READ = (
    "SELECT p.identity, r.capture_id, t.text_hash, a.digest FROM readings r JOIN posts p ON p.id = r.post_id "
    "JOIN texts t ON t.id = r.text_id JOIN articles a ON a.id = r.article_id WHERE r.extractor = ? ORDER BY 2, 1"
)


def test_pages_are_read_as_before_unless_the_extractor_says_that_it_is_another(golden: Collection) -> None:
    Index.open(golden.database).close()
    write_index(golden, golden.root / "anew.db", workers=1)
    with closing(connect(golden.database)) as before, closing(connect(golden.root / "anew.db")) as after:
        for (extractor,) in after.execute("SELECT DISTINCT extractor FROM readings").fetchall():
            told = list(map(tuple, before.execute(READ, (extractor,))))
            if told:  # else another one read it: EDITION in archive/text/extract.py has counted up
                assert list(map(tuple, after.execute(READ, (extractor,)))) == told
