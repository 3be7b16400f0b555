"""A second copy, and an archive that comes back from it alone."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from archive import buckets
from archive.collection import Collection
from archive.copying import copy, restore
from archive.errors import IntegrityError, StorageError, UsageError
from archive.rebuild import compare
from archive.verify import Round
from crawler.replica import ReplicaServer, fictional_blog
from tests.stories.s3_server import S3Server
from tests.stories.story import Story

pytestmark = pytest.mark.e2e

Place = Callable[[Path], str]


def folder(path: Path) -> str:
    return str(path)


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place that rsync takes for another machine: its remote shell runs what it is given on this one."""
    if not shutil.which("rsync"):
        pytest.fail("rsync is missing; it is among requirements/debian.txt")
    shell = tmp_path / "shell"
    shell.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')
    shell.chmod(0o755)
    monkeypatch.setenv("RSYNC_RSH", str(shell))
    return lambda path: f"backup.example:{path}"


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Place:
    return folder if request.param == "folder" else request.getfixturevalue("remote")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """Object storage with one empty bucket, to which this process and those it starts are led."""
    with S3Server(objects={"vault": {}}) as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server


BUCKET = "s3://vault/kept/here"


places = pytest.mark.parametrize("place", ["folder", "rsync"], indirect=True)
ten = pytest.mark.parametrize("story", [10], indirect=True)


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection after one night; every test gets its own copy of it."""
    blog = fictional_blog(posts=10)
    with ReplicaServer(blog, has_tls=True) as server:
        story = Story(blog=blog, server=server, folder=tmp_path_factory.mktemp("first-night"))
        night = story.crawl()
    assert night.code == 0, night.err
    return story.collection.root


@pytest.fixture
def kept(story: Story, first_night: Path) -> Story:
    shutil.copytree(first_night, story.collection.root)
    (story.folder / "copy").mkdir()
    return story


def everything(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.glob("**/*") if path.is_file()}


@ten
@places
def test_archive_comes_back_from_its_copy_alone_with_an_equal_index(kept: Story, place: Place) -> None:
    there = place(kept.folder / "copy")
    first = copy(kept.collection, there)
    assert first.sent > 1
    kept.publish()
    assert kept.crawl().code == 0
    second = copy(kept.collection, there)
    assert 0 < second.sent < second.files
    assert copy(kept.collection, there).sent == 0
    live = kept.collection.database.rename(kept.folder / "live.db")
    shutil.rmtree(kept.collection.root)
    again = Collection(kept.folder / "again")
    restore(there, again, workers=1)
    assert compare(live, again.database) == []
    assert list(Round(again).findings()) == []


@ten
@places
def test_damaged_file_does_not_reach_the_copy_and_the_copy_still_restores(kept: Story, place: Place) -> None:
    there = place(kept.folder / "copy")
    copy(kept.collection, there)
    copied = everything(kept.folder / "copy")
    warc = next(kept.collection.warcs.glob("*.warc.gz"))
    data = bytearray(warc.read_bytes())
    data[len(data) // 2] ^= 1
    warc.chmod(0o644)
    warc.write_bytes(data)
    (kept.folder / "other").mkdir()
    with pytest.raises(IntegrityError, match="not what it was when it was closed"):
        copy(kept.collection, place(kept.folder / "other"))
    with suppress(IntegrityError):
        copy(kept.collection, there)
    assert everything(kept.folder / "copy") == copied
    again = Collection(kept.folder / "again")
    restore(there, again, workers=1)
    assert list(Round(again).findings()) == []


@ten
@places
def test_damage_in_the_copy_is_found_when_it_is_restored(kept: Story, place: Place) -> None:
    there = place(kept.folder / "copy")
    copy(kept.collection, there)
    warc = next((kept.folder / "copy" / "archive").glob("*.warc.gz"))
    warc.chmod(0o644)
    with warc.open("r+b") as file:
        file.seek(100)
        file.write(b"\0\0\0\0")
    with pytest.raises(IntegrityError, match=warc.name):
        restore(there, Collection(kept.folder / "again"), workers=1)


@ten
@places
def test_file_missing_from_the_copy_is_named(kept: Story, place: Place) -> None:
    there = place(kept.folder / "copy")
    copy(kept.collection, there)
    next((kept.folder / "copy" / "reports").glob("*.json")).unlink()
    with pytest.raises(IntegrityError, match="missing"):
        restore(there, Collection(kept.folder / "again"), workers=1)


@ten
def test_another_file_of_the_same_name_is_never_overwritten(kept: Story) -> None:
    warc = next(kept.collection.warcs.glob("*.warc.gz"))
    stranger = kept.folder / "copy" / "archive" / warc.name
    stranger.parent.mkdir()
    stranger.write_bytes(b"somebody else's")
    with pytest.raises(IntegrityError, match="not overwritten"):
        copy(kept.collection, str(kept.folder / "copy"))
    assert stranger.read_bytes() == b"somebody else's"


@ten
def test_file_that_is_being_written_is_left_for_the_next_time(kept: Story) -> None:
    (kept.collection.warcs / "X-20260101000000000-00099-host.warc.gz.open").write_bytes(b"unfinished")
    copy(kept.collection, str(kept.folder / "copy"))
    assert not list((kept.folder / "copy" / "archive").glob("*.open*"))


@ten
def test_broken_off_copy_is_finished_the_next_time(kept: Story) -> None:
    warc = next(kept.collection.warcs.glob("*.warc.gz"))
    partial = kept.folder / "copy" / "archive" / f"{warc.name}.part"
    partial.parent.mkdir()
    partial.write_bytes(b"half")
    copy(kept.collection, str(kept.folder / "copy"))
    assert (kept.folder / "copy" / "archive" / warc.name).read_bytes() == warc.read_bytes()
    assert not partial.exists()


@ten
def test_nightly_run_sends_the_copy_where_one_is_configured(story: Story) -> None:
    copied = story.folder / "copy"
    copied.mkdir()
    config = story.folder / "vigil.toml"
    config.write_text(f'copies = ["{copied}"]\n')
    story.environ["VIGIL_CONFIG"] = str(config)
    assert story.crawl().code == 0
    assert len(list((copied / "archive").glob("*.warc.gz"))) == 1
    assert list((copied / "reports").glob("*.json"))
    shutil.rmtree(copied)
    story.publish()
    night = story.crawl()
    assert "is no folder" in night.err
    assert night.code == 10


@ten
def test_places_that_cannot_be_are_refused(kept: Story) -> None:
    for place in ("missing", str(kept.collection.root), str(kept.folder)):
        with pytest.raises(UsageError):
            copy(kept.collection, place)
    with pytest.raises(UsageError, match="not empty"):
        restore(str(kept.folder / "copy"), kept.collection, workers=1)
    with pytest.raises(IntegrityError, match="no copy"):
        restore(str(kept.folder / "copy"), Collection(kept.folder / "again"), workers=1)


@ten
def test_restore_from_a_wrong_place_does_not_stand_in_the_way_of_the_right_one(kept: Story) -> None:
    copy(kept.collection, str(kept.folder / "copy"))
    (kept.folder / "empty").mkdir()
    again = Collection(kept.folder / "again")
    with pytest.raises(IntegrityError, match="holds no copy"):
        restore(str(kept.folder / "empty"), again, workers=1)
    assert restore(str(kept.folder / "copy"), again, workers=1).files > 1


@ten
def test_place_that_is_full_is_named_and_the_next_copy_goes_on_from_there(kept: Story) -> None:
    there = kept.folder / "copy"
    (there / "archive").touch()  # stands in the way of the folder, as a full disk stands in the way of a file
    refused = kept.vigil("copy", str(there))
    assert refused.code == 1
    assert str(there / "archive") in refused.err
    assert "goes on from there" in refused.err
    (there / "archive").unlink()
    told: list[tuple[int, int]] = []
    copied = copy(kept.collection, str(there), lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] == copied.sent_bytes


@ten
@pytest.mark.parametrize("place", ["rsync"], indirect=True)
def test_rsync_that_fails_says_why(kept: Story, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSYNC_RSH", "false")
    with pytest.raises(StorageError, match="rsync"):
        copy(kept.collection, place(kept.folder / "copy"))


@ten
def test_archive_comes_back_from_a_bucket_alone_with_an_equal_index(kept: Story, s3: S3Server) -> None:
    vault = s3.objects["vault"]
    first = kept.vigil("copy", BUCKET)
    assert first.code == 0, first.err
    assert all(name.startswith("kept/here/") for name in vault)
    before = dict(vault)
    kept.publish()
    assert kept.crawl().code == 0
    second = copy(kept.collection, BUCKET)
    assert 0 < second.sent < second.files
    assert {name: vault[name] for name in before} == before, "what is there is never written again"
    puts = [line for line in s3.log if line.startswith("PUT")]
    assert len(puts) == len(set(puts)) == len(vault)
    assert copy(kept.collection, BUCKET).sent == 0
    live = kept.collection.database.rename(kept.folder / "live.db")
    shutil.rmtree(kept.collection.root)
    again = Collection(kept.folder / "again")
    restore(BUCKET, again, workers=1)
    assert compare(live, again.database) == []
    assert list(Round(again).findings()) == []


@ten
def test_long_files_go_in_parts_and_arrive_whole(kept: Story, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "WHOLE_UP_TO", 1000)
    copy(kept.collection, BUCKET)
    assert any("uploads" in line for line in s3.log)
    warc = next(kept.collection.warcs.glob("*.warc.gz"))
    assert s3.objects["vault"][f"kept/here/archive/{warc.name}"] == warc.read_bytes()


@ten
def test_bucket_that_does_not_keep_what_it_was_given_is_found_out(kept: Story, s3: S3Server) -> None:
    s3.damage = ".warc.gz"
    with pytest.raises(IntegrityError, match="is not what was sent"):
        copy(kept.collection, BUCKET)


@ten
def test_damage_and_loss_in_a_bucket_are_found_when_it_is_restored(kept: Story, s3: S3Server) -> None:
    copy(kept.collection, BUCKET)
    vault = s3.objects["vault"]
    name = next(key for key in vault if key.endswith(".warc.gz"))
    good = vault[name]
    vault[name] = good[:-1] + bytes([good[-1] ^ 1])
    with pytest.raises(IntegrityError, match="not what it was"):
        restore(BUCKET, Collection(kept.folder / "damaged"), workers=1)
    del vault[name]
    with pytest.raises(IntegrityError, match="missing"):
        restore(BUCKET, Collection(kept.folder / "lost"), workers=1)
    vault[name] = good
    vault["kept/here/../../outside"] = b"a path trick"
    with pytest.raises((IntegrityError, StorageError)):
        restore(BUCKET, Collection(kept.folder / "tricked"), workers=1)
    assert not (kept.folder / "outside").exists()


@ten
def test_strangers_in_a_bucket_are_never_overwritten(kept: Story, s3: S3Server) -> None:
    warc = next(kept.collection.warcs.glob("*.warc.gz"))
    name = f"kept/here/archive/{warc.name}"
    s3.objects["vault"][name] = b"somebody else's"
    with pytest.raises(IntegrityError, match="not overwritten"):
        copy(kept.collection, BUCKET)
    assert s3.objects["vault"] == {name: b"somebody else's"}
    s3.objects["vault"] = {"kept/here/state/closed.jsonl.at-000000000000000": b"another list\n"}
    with pytest.raises(IntegrityError, match="no part of the file here"):
        copy(kept.collection, BUCKET)


@ten
def test_bucket_that_refuses_says_why_in_one_line(kept: Story, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = kept.vigil("copy", "s3://nowhere")
    assert missing.code == 1
    assert "s3://nowhere: " in missing.err
    assert "Traceback" not in missing.err
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(StorageError, match="s3://vault"):
        copy(kept.collection, BUCKET)
    with pytest.raises(UsageError, match="no bucket"):
        copy(kept.collection, "s3://")
    assert s3.objects["vault"] == {}
