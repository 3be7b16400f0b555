"""The software is updated between two nights: what it reads otherwise is told, and is no edit by the site.

The earlier software is this one in a folder of its own, in which the extractor has a lower edition and loses the last
paragraph of every post.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive import open_archive
from archive.collection import Collection
from archive.errors import OtherExtractorError
from archive.index import Index
from archive.indexer import Indexer
from archive.rebuild import Progress, compare, rebuild, write_index
from archive.reextract import reextract, renew
from crawler.replica import ReplicaServer, fictional_blog
from tests.stories.story import ROOT, Story

pytestmark = pytest.mark.e2e

LOST = ("EDITION = 1", "EDITION = 0"), ("    return kept, lost", "    return kept[:-1] or kept, lost")


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from which Python runs the earlier software."""
    folder = tmp_path_factory.mktemp("earlier")
    for name in ("archive", "crawler", "config"):
        shutil.copytree(ROOT / name, folder / name)
    module = folder / "archive" / "text" / "extract.py"
    source = module.read_text()
    for now, then in LOST:
        assert source.count(now) == 1, now
        source = source.replace(now, then)
    module.write_text(source)
    return folder


@pytest.fixture(scope="module")
def first_night(earlier: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """An archive that the earlier software made; not to be changed."""
    folder = tmp_path_factory.mktemp("upgrade")
    with ReplicaServer(fictional_blog(posts=12), has_tls=True) as server:
        story = Story(blog=server.blog, server=server, folder=folder, environ={"PYTHONPATH": str(earlier)})
        ended = story.crawl()
        assert ended.code == 0, ended.err
        yield story


@pytest.fixture
def upgraded(first_night: Story, tmp_path: Path) -> Story:
    """A copy of that archive, in the hands of today's software."""
    shutil.copytree(first_night.collection.root, tmp_path / "collection")
    return replace(first_night, folder=tmp_path, environ={})


def assert_rebuilt_is_equal(story: Story) -> None:
    again = story.folder / "again.db"
    write_index(story.collection, again, workers=1)
    assert compare(story.collection.database, again) == []


def hashes(story: Story) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in story.rows("SELECT identity, text_hash FROM posts_current")}


def last_paragraphs(story: Story) -> dict[str, str]:
    rows = story.rows("SELECT identity, text FROM posts_current")
    return {str(identity): str(text).rsplit("\n\n", 1)[-1] for identity, text in rows}


def test_night_after_an_update_finds_no_edit_but_those_of_the_site(upgraded: Story) -> None:
    story = upgraded
    lost = last_paragraphs(story)
    edited = min(story.blog.listing(), key=lambda post: post.id)
    story.blog.edit(edited.id, body=["This sentence alone is what the site itself changed."])
    ended = story.crawl("--full")
    assert ended.code == 0, ended.err
    assert story.rows("SELECT identity FROM post_events WHERE is_edit = 1") == [(str(edited.id),)]
    assert "it is read again by" in ended.err
    found = last_paragraphs(story)
    assert all(found[identity] != lost[identity] for identity in lost if identity != str(edited.id))
    assert story.rows("SELECT count(*) FROM readings WHERE extractor NOT LIKE '%, vigil 1, %'") == [(0,)]
    assert_rebuilt_is_equal(story)


def test_changes_are_told_field_by_field_and_the_former_readings_kept(upgraded: Story) -> None:
    story = upgraded
    before = hashes(story)
    trial = story.vigil("reextract", "--dry-run")
    assert (trial.code, hashes(story)) == (0, before), trial.err
    assert "    text: + " in trial.out
    assert "nothing was changed" in trial.out
    ended = story.vigil("reextract", "--json")
    assert ended.code == 0, ended.err
    *changes, sums = map(json.loads, ended.out.splitlines())
    assert {one["identity"] for one in changes} == set(before)
    assert all("text" in one["changed"] for one in changes)
    assert (sums["changed"], sums["edits"], sums["is_taken"]) == (len(changes), [0, 0], True)
    for one in changes:
        assert [block["text"] for block in one["after"]["blocks"]][:-1] == [
            block["text"] for block in one["before"]["blocks"]
        ]
    identity, old_hash = next(iter(before.items()))
    shown = story.vigil("show", identity, "--readings", "--version", old_hash[:12], "--json")
    (former,) = map(json.loads, shown.out.splitlines())
    assert (former["text_hash"], former["identity"]) == (old_hash, identity)
    assert former["later_hash"] == hashes(story)[identity]
    assert story.vigil("show", identity, "--version", old_hash[:12]).err.count("--readings") == 1
    again = story.vigil("reextract")
    assert (again.code, again.out) == (0, "")
    assert_rebuilt_is_equal(story)
    assert story.vigil("verify", "--deep").code == 0


def test_nothing_is_added_to_readings_of_another_extractor(upgraded: Story) -> None:
    with Index.open(upgraded.collection.database) as index, pytest.raises(OtherExtractorError, match="vigil 0"):
        Indexer(index, upgraded.collection).catch_up()
    deep = upgraded.vigil("verify", "--deep")
    assert deep.code == 1
    assert "vigil reextract" in deep.err
    told: list[str] = []
    renew(upgraded.collection, workers=1, told=told.append)
    renew(upgraded.collection, workers=1, told=told.append)
    assert [line.partition(" ")[0] for line in told] == ["the", "12"]


def test_rebuild_keeps_the_former_readings_too(upgraded: Story) -> None:
    (old,) = upgraded.rows("SELECT identity, text_hash FROM posts_current ORDER BY identity LIMIT 1")
    rebuild(upgraded.collection, workers=1)
    with open_archive(upgraded.collection.root) as archive:
        (former,) = archive.former_readings(str(old[0]))
    assert former.text_hash == old[1]


def test_interrupted_reading_goes_on_where_it_was(upgraded: Story) -> None:
    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    told: list[Progress] = []
    with pytest.raises(KeyboardInterrupt):
        reextract(upgraded.collection, workers=1, progress=interrupt)
    assert reextract(upgraded.collection, workers=1, progress=told.append) is not None
    assert [one.units for one in told] == [0]
    assert sorted(path.name for path in upgraded.collection.root.glob("archive.db*")) == ["archive.db"]
    assert_rebuilt_is_equal(upgraded)


def test_scratch_that_is_of_no_use_is_made_anew(upgraded: Story) -> None:
    scratch = upgraded.folder / "collection" / "archive.db.reextract"
    shutil.copy(upgraded.collection.database, scratch)  # by the earlier extractor
    assert reextract(upgraded.collection, workers=1, is_trial=True) is not None
    scratch.write_bytes(b"no database at all " * 300)
    assert reextract(upgraded.collection, workers=1) is not None
    assert_rebuilt_is_equal(upgraded)


def test_nothing_is_read_again_where_warc_files_are_not_there(upgraded: Story) -> None:
    before = hashes(upgraded)
    warcs = upgraded.collection.warcs
    warcs.rename(warcs.with_name("elsewhere"))
    ended = upgraded.crawl()
    assert (ended.code, hashes(upgraded)) == (20, before), ended.err
    assert "are not there" in ended.err
    assert "Traceback" not in ended.err


def test_archive_without_posts_has_nothing_to_read_again(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "collection")
    collection.create()
    with Index.open(collection.database) as index:
        assert Indexer(index, collection).catch_up() == 0
