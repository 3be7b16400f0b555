"""Pages with all that they need: laid down, indexed, indexed anew, and found out where someone tampered."""

import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.database import PAGES_VERSION
from archive.index import Index
from archive.model import Capture, OmissionKind, Purpose
from archive.needs import LeftOut, PageMember, PageRecord, Role
from archive.query import Archive
from archive.rebuild import compare, rebuild
from archive.verify import Round
from archive.warc import LaidPage, groups, read_record, warc_files
from tests.cli.archives import BEGAN, HOST, exchange, lay_run, page

POST = "/a/the-last-lamp/101.html"
BODY = page("The last lamp", "A keeper counts gulls on the pier.")


def needs(captures: list[Capture]) -> Iterable[PageRecord]:
    """Say that the first capture needs the others, and what it has to do without."""
    of, *others = captures
    roles = (Role.STYLE, Role.IMAGE)
    yield PageRecord(
        run=of.run,
        url=of.url,
        of_run=of.run,
        of_sequence=of.sequence,
        of_record=of.record.record_id,
        time=of.time + timedelta(minutes=1),
        members=tuple(
            PageMember(role=role, url=one.url, run=one.run, sequence=one.sequence, record_id=one.record.record_id)
            for role, one in zip(roles, others, strict=True)
        ),
        left_out=(
            LeftOut(url="javascript: žluť  ", role=Role.IMAGE, kind=OmissionKind.SCHEME, reason="two\nlines"),
            LeftOut(url="https://av.example/a.mp3", role=Role.MEDIA, kind=OmissionKind.UNWANTED, reason="no media"),
        ),
    )


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    collection = Collection(tmp_path_factory.mktemp("paged") / "collection")
    exchanges = (exchange(1, POST, BODY), exchange(2, "/s.css", b"p{}"), exchange(3, "/a.png", b"PNG"))
    lay_run(collection, "run-1", BEGAN, *exchanges, pages=needs)
    return collection


@pytest.fixture
def copy(sound: Collection, tmp_path: Path) -> Collection:
    shutil.copytree(sound.root, tmp_path / "copy")
    return Collection(tmp_path / "copy")


def the_page(collection: Collection) -> LaidPage:
    units = (unit for path in warc_files(collection) for unit in groups(path))
    return next(unit for unit in units if isinstance(unit, LaidPage))


def test_page_record_comes_back_as_it_was_laid_down(sound: Collection) -> None:
    unit = the_page(sound)
    record = read_record(sound, unit.record)
    assert record.type == "metadata"
    assert record.get("WARC-Refers-To") == unit.page.of_record
    assert record.get("WARC-Target-URI") == HOST + POST
    assert [one.role for one in unit.page.members] == [Role.STYLE, Role.IMAGE]
    assert [(one.url, one.reason) for one in unit.page.left_out] == [
        ("javascript: žluť  ", "two\nlines"),
        ("https://av.example/a.mp3", "no media"),
    ]


def test_index_says_what_a_page_needs_and_what_it_does_without(sound: Collection) -> None:
    with Archive.open(sound) as archive:
        capture = archive.captures(HOST + POST)[0].capture
        found = archive.pages.gathered(capture)
        assert found is not None
        assert found.record == the_page(sound).record
        assert [(role, one.url) for role, one in found.members] == [
            (Role.STYLE, f"{HOST}/s.css"),
            (Role.IMAGE, f"{HOST}/a.png"),
        ]
        assert found.missing == ()
        assert found.left_out == the_page(sound).page.left_out
        other = archive.captures(f"{HOST}/s.css")[0].capture
        assert other.purpose is Purpose.OTHER
        assert archive.pages.gathered(other) is None


def test_sound_pages_pass_every_check_and_are_indexed_anew_as_they_were(copy: Collection) -> None:
    assert list(Round(copy).findings()) == []
    before = copy.database.rename(copy.root / "before.db")
    rebuild(copy, workers=1)
    assert compare(before, copy.database) == []


def _sql(statement: str) -> Callable[[Collection], None]:
    def tamper(collection: Collection) -> None:
        with closing(sqlite3.connect(collection.database)) as db:
            db.execute(statement)
            db.commit()

    return tamper


TAMPERED = {
    "a member taken out": "DELETE FROM page_members WHERE role = 'image'",
    "a member of another page": "UPDATE page_members SET capture_id = 1 WHERE position = 1",
    "another role": "UPDATE page_members SET role = 'font' WHERE position = 0",
    "an omission taken out": "DELETE FROM page_omissions WHERE position = 1",
    "another reason": "UPDATE page_omissions SET reason = 'none' WHERE position = 0",
    "a page put elsewhere": "UPDATE pages SET offset = offset + 1",
    "the page of another capture": "UPDATE pages SET capture_id = 2",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
def test_page_that_the_index_tells_otherwise_is_found(copy: Collection, statement: str) -> None:
    _sql(statement)(copy)
    found = {finding.check for finding in Round(copy).findings()}
    assert "index-pages" in found


def test_page_whose_member_lies_in_a_file_that_is_gone_is_found(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "two")
    lay_run(collection, "run-1", BEGAN, exchange(1, "/s.css", b"p{}"), exchange(2, "/a.png", b"PNG"))
    with Archive.open(collection) as archive:
        style, image = (archive.captures(HOST + path)[0].capture for path in ("/s.css", "/a.png"))
    later = BEGAN + timedelta(days=1)
    lay_run(
        collection,
        "run-2",
        later,
        exchange(1, POST, BODY, began=later),
        pages=lambda captures: needs([captures[0], style, image]),
    )
    assert list(Round(collection).findings()) == []
    warc_files(collection)[0].unlink()
    rebuild(collection, workers=1)
    found = [finding for finding in Round(collection).findings() if finding.check == "page-members"]
    assert [HOST + path in finding.found for path, finding in zip(("/s.css", "/a.png"), found, strict=True)] == [
        True
    ] * 2
    with Archive.open(collection) as archive:
        gathered = archive.pages.gathered(archive.captures(HOST + POST)[0].capture)
        assert gathered is not None
        assert gathered.members == ()
        assert [HOST in one for one in gathered.missing] == [True, True]


def test_index_of_before_there_were_pages_is_read_as_having_none(copy: Collection) -> None:
    for statement in ("DROP TABLE page_members", "DROP TABLE page_omissions", "DROP TABLE pages"):
        _sql(statement)(copy)
    _sql(f"PRAGMA user_version = {PAGES_VERSION - 1}")(copy)
    _sql("DELETE FROM _sqlite_migrations WHERE name = 'm002_pages'")(copy)
    with Archive.open(copy) as archive:
        assert archive.pages.gathered(archive.captures(HOST + POST)[0].capture) is None
        assert archive.pages.unfinished("quiet-lantern", 5) == ()
    assert {finding.check for finding in Round(copy).findings()} == {"index-pages"}
    Index.open(copy.database).close()
    rebuild(copy, workers=1)
    assert list(Round(copy).findings()) == []
