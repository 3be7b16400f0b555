"""The schema says what it holds, and refuses what it should not."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from archive.schema import NOTES, OF_POSTS, PAGES, SURTS, TABLES, VIEWS


@pytest.fixture
def empty() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in (*TABLES, *PAGES, *SURTS, *VIEWS, *OF_POSTS):
            db.execute(statement)
        yield db


def test_every_table_view_and_column_has_its_meaning(empty: sqlite3.Connection) -> None:
    names = {
        name
        for (name,) in empty.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
        if not name.startswith("texts_fts_")
    }
    assert {note.name for note in NOTES} == names
    for note in NOTES:
        columns = [column[0] for column in empty.execute(f'SELECT * FROM "{note.name}"').description]  # noqa: S608
        assert [name for name, _ in note.columns] == columns
        for meaning in (note.meaning, *(meaning for _, meaning in note.columns)):
            assert meaning.endswith("."), (note.name, meaning)


def test_every_table_of_ours_is_strict(empty: sqlite3.Connection) -> None:
    tables = empty.execute("PRAGMA main.table_list").fetchall()
    loose = {row[1] for row in tables if row[2] == "table" and not row[5] and not row[1].startswith("sqlite_")}
    assert loose == set()


def test_no_table_numbers_its_rows_by_a_counter_of_its_own(empty: sqlite3.Connection) -> None:
    assert empty.execute("SELECT name FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone() is None
