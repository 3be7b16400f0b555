"""What the benchmarks measure is what the product does."""

from pathlib import Path

from archive.collection import Collection
from archive.index import Index
from archive.indexer import Indexer
from archive.query import Archive
from archive.rebuild import compare
from benchmarks.captures import Rounds, fill
from benchmarks.invented import SITE, Blog
from benchmarks.scale import fill as fill_posts
from benchmarks.scale import night


def test_captures_written_in_bulk_are_the_rows_that_the_indexer_writes(tmp_path: Path) -> None:
    indexed, bulk = Collection(tmp_path / "indexed"), Collection(tmp_path / "bulk")
    indexed.create()
    with Index.open(indexed.database) as index:
        indexer = Indexer(index, indexed)
        for unit in Rounds(1500).units():
            indexer.take(unit)
        indexer.close()
    fill(Rounds(1500), bulk)
    assert compare(indexed.database, bulk.database) == []
    with Archive.open(bulk) as archive:
        assert archive.rows("SELECT count(*) AS n FROM captures_readable") == [{"n": 1500}]


def test_invented_blog_is_ever_the_same_and_has_versions_and_events(tmp_path: Path) -> None:
    made = [Collection(tmp_path / name) for name in ("one", "other")]
    for collection in made:
        collection.create()
        blog = Blog(300)
        fill_posts(blog, collection)
        night(list(blog.later_night()), blog, collection)
        night(list(blog.new_night("run-3", 40)), blog, collection)
    assert compare(made[0].database, made[1].database) == []
    with Archive.open(made[0]) as archive:
        (site,) = archive.status().sites
        assert (site.site, site.posts, site.versions, site.gone) == (SITE, 340, 355, 3)
        kinds = {row["kind"] for row in archive.rows("SELECT DISTINCT kind FROM post_events")}
        assert kinds == {"seen", "version-added", "unchanged", "gone"}
        languages = {post.language for post in archive.posts(limit=300)}
        assert languages == {"en", "cs", "ru", "fa"}
