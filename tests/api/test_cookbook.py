"""Each question of the SQL cookbook, asked of a small archive."""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive import open_archive
from archive.collection import Collection
from archive.model import Purpose
from tests.cli.archives import BEGAN, build, exchange, lay_run, page

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "sql-cookbook.md"
QUESTIONS = {
    int(number): sql
    for number, sql in re.findall(
        r"^## (\d+)\. [^\n]+\?\n(?:(?!## )[^\n]*\n)*?```sql\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
}
VALUES = {"identity": "101", "time": "2026-08-01T12", "words": "herons", "word": "owl"}
EDITED = "2026-08-02T03:00:01.250000Z"
RENAMED = "2026-08-12T03:00:01.250000Z"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """A small whole archive, a post in it whose headline changed, and a listing that shows one more."""
    collection = build(tmp_path_factory.mktemp("cookbook") / "collection")
    nights = [BEGAN + timedelta(days=day) for day in (10, 11)]
    first = page("An owl", "An owl sat there.", "2026-08-10T03:00:00Z").replace(b"Ada Nobody", b"Bo Noone")
    second = first.replace(b"An owl", b"A bird")
    cards = b'<!DOCTYPE html><html><body><h2><a href="/a/lost/104.html">A lost one</a></h2></body></html>'
    listing = replace(exchange(2, "/journal", cards, began=nights[0]), purpose=Purpose.LISTING)
    lay_run(collection, "run-4", nights[0], exchange(1, "/a/owl/103.html", first, began=nights[0]), listing)
    lay_run(collection, "run-5", nights[1], exchange(1, "/a/owl/103.html", second, began=nights[1]))
    return collection


ANSWERS: dict[int, list[tuple[object, ...]]] = {
    1: [("quiet-lantern", "2026-07", 2), ("quiet-lantern", "2026-08", 1)],
    3: [("101", EDITED), ("103", RENAMED)],
    4: [("103", "An owl", "A bird", RENAMED)],
    5: [("102", "A boat for nobody", "2026-08-03T03:00:02.250000Z")],
    7: [("Ada Nobody", 2), ("Bo Noone", 1)],
    8: [("101", "The last lamp", "A keeper counts gulls and [herons] on the…")],
    9: [("103", 1, "2026-08-11T03:00:01.250000Z", "2026-08-11T03:00:01.250000Z")],
    12: [
        ("2026-08-01T03:00:04.250000Z", "https://lantern.example/lost", "reset: Connection reset by peer"),
        ("2026-08-03T03:00:02.250000Z", "https://lantern.example/a/a-boat-for-nobody/102.html", 404),
    ],
    13: [("101", 17.0), ("103", 24.0), ("102", 41.0)],
    14: [("104", "https://lantern.example/a/lost/104.html", "not asked for yet", "2026-08-11T03:00:02.250000Z")],
    15: [
        ("2026-08-01", 4, 1, 1),
        ("2026-08-02", 2, 0, 1),
        ("2026-08-03", 2, 0, 1),
        ("2026-08-11", 2, 0, 1),
        ("2026-08-12", 1, 0, 1),
    ],
}


def ask(built: Collection, number: int) -> list[dict[str, object]]:
    with open_archive(built.root) as archive:
        return archive.rows(QUESTIONS[number], VALUES)


def test_cookbook_has_fifteen_questions() -> None:
    assert sorted(QUESTIONS) == list(range(1, 16))


@pytest.mark.parametrize("number", ANSWERS)
def test_question_has_its_answer(built: Collection, number: int) -> None:
    assert [tuple(row.values()) for row in ask(built, number)] == ANSWERS[number]


def test_edits_name_the_capture_that_proves_them(built: Collection) -> None:
    rows = ask(built, 2)
    assert [(row["identity"], row["time"]) for row in rows] == [("101", EDITED), ("103", RENAMED)]
    with open_archive(built.root) as archive:
        page = archive.payload(int(str(rows[0]["capture_id"])))
    assert b"gulls and herons" in page


def test_text_of_a_time_is_the_one_before_the_edit(built: Collection) -> None:
    (row,) = ask(built, 6)
    assert (row["version"], str(row["text"]).splitlines()[0]) == (1, "A keeper counts gulls on the pier.")


def test_each_version_leads_to_its_bytes(built: Collection) -> None:
    places, sizes = ask(built, 10), ask(built, 11)
    assert [row["identity"] for row in places] == ["101", "102", "101", "103", "103"]
    assert [row["length"] for row in places] == [row["bytes"] for row in sizes]
    for row in places:
        data = (built.warcs / str(row["file"])).read_bytes()
        assert data[int(str(row["offset"])) :].startswith(b"\x1f\x8b")


@pytest.mark.parametrize("number", sorted(set(range(1, 16)) - {11}))
def test_question_can_be_asked_with_any_sqlite(built: Collection, number: int) -> None:
    with closing(sqlite3.connect(f"file:{built.database}?mode=ro", uri=True)) as db:
        rows = db.execute(QUESTIONS[number], VALUES).fetchall()
    assert rows == [tuple(row.values()) for row in ask(built, number)]


def test_each_capture_of_a_post_leads_to_its_bytes_and_its_version(built: Collection) -> None:
    with open_archive(built.root) as archive:
        rows = archive.rows("SELECT * FROM captures_of_post WHERE identity = '101' ORDER BY time")
        held = archive.captures("101")
        days = archive.rows("SELECT * FROM coverage ORDER BY day")
        whole = archive.rows("SELECT count(*) AS captures FROM captures_readable")
    assert [row["capture_id"] for row in rows] == [one.id for one in reversed(held)]
    assert [row["version"] for row in rows if row["status"] == 200] == [1, 2, 2]
    for row in rows:
        assert (built.warcs / str(row["file"])).read_bytes()[int(str(row["offset"])) :].startswith(b"\x1f\x8b")
    assert sum(int(str(day["captures"])) for day in days) == whole[0]["captures"]
    assert [day["day"] for day in days] == ["2026-08-01", "2026-08-02", "2026-08-03", "2026-08-11", "2026-08-12"]
