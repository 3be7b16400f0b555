"""An index that cannot be used says why, and what to do next."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.database import SCHEMA_VERSION, connect
from archive.errors import (
    DamagedIndexError,
    DiskFullError,
    ExitCode,
    LockedError,
    NotFoundError,
    StorageError,
    VigilError,
)
from archive.index import Index
from archive.query import Archive


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    Index.open(path).close()
    return path


def spoil_header(path: Path) -> None:
    path.write_bytes(b"This is a letter, not a database.\n" * 40)


def spoil_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:200] = b"\xff" * 100
    path.write_bytes(data)


def of_another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipes (id INTEGER)")


def with_a_newer_schema(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def with_an_unknown_change(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO _sqlite_migrations VALUES (99, 'vigil', 'm099_from_the_future', '')")
        db.commit()


def with_a_change_forgotten(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm003_surts'")
        db.commit()


UNUSABLE = {
    "no database at all": (spoil_header, "is damaged"),
    "first page overwritten": (spoil_pages, "is damaged"),
    "another program's database": (of_another_program, "no index of vigil's"),
    "schema of newer software": (with_a_newer_schema, "newer software"),
    "change by newer software": (with_an_unknown_change, "m099_from_the_future"),
    "change that its list leaves out": (with_a_change_forgotten, "surts already exists"),
}


@pytest.mark.parametrize(("spoil", "words"), UNUSABLE.values(), ids=UNUSABLE)
def test_unusable_index_is_refused_and_rebuild_is_offered(
    path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(path)
    with pytest.raises(DamagedIndexError, match=words) as caught:
        Index.open(path)
    assert "vigil rebuild" in caught.value.hint
    assert caught.value.exit_code is ExitCode.INTEGRITY


@pytest.mark.parametrize("spoil", [spoil_header, with_a_newer_schema], ids=["damaged", "newer"])
def test_reader_refuses_an_unusable_index_too(path: Path, spoil: Callable[[Path], None]) -> None:
    spoil(path)
    with pytest.raises(DamagedIndexError):
        connect(path)


def test_index_that_turns_out_damaged_while_it_is_read_says_so(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(DamagedIndexError), Archive.open(Collection(path.parent)) as archive:
        archive.status()


def test_reader_without_an_index_is_told_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        Archive.open(Collection(tmp_path))
    assert "vigil rebuild" in caught.value.hint


def test_locked_index_is_waited_for_then_given_up_with_75(path: Path) -> None:
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        closing(Index.open(path, busy_seconds=0.2)) as index,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockedError, match=r"0\.2 seconds") as caught, index.batch():
            pass
        assert caught.value.exit_code is ExitCode.LOCKED
        other.execute("COMMIT")
        with index.batch():
            index.insert("sites", {"name": "a"})
        assert index.number("SELECT count(*) FROM sites") == 1


def test_broken_batch_leaves_nothing(path: Path) -> None:
    with closing(Index.open(path)) as index:
        with pytest.raises(sqlite3.IntegrityError), index.batch():
            index.executemany("INSERT INTO sites (name) VALUES (?)", [("a",), ("b",), ("a",)])
        assert index.number("SELECT count(*) FROM sites") == 0
        with index.batch():
            index.insert("sites", {"name": "b"})
        assert index.number("SELECT id FROM sites") == 1


def test_full_disk_keeps_nothing_of_the_batch_and_has_its_own_code(path: Path) -> None:
    with closing(Index.open(path)) as index:
        index.execute(f"PRAGMA max_page_count = {index.number('PRAGMA page_count')}")
        rows = [(number, f"{number:064}", b"x" * 4000) for number in range(1, 50)]
        with pytest.raises(DiskFullError) as caught, index.batch():
            index.insert_rows("rules", rows)
        assert caught.value.exit_code is ExitCode.DISK_FULL
        assert index.number("SELECT count(*) FROM rules") == 0


def test_folder_that_is_not_there_is_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Index.open(tmp_path / "nowhere" / "archive.db")


def test_index_on_a_read_only_medium_can_be_read(tmp_path: Path) -> None:
    """In a folder that may not be written, without root's powers: SQLite cannot make its shared-memory file there."""
    folder = tmp_path / "medium"
    folder.mkdir()
    Index.open(folder / "archive.db").close()
    (folder / "archive.db").chmod(0o444)
    folder.chmod(0o555)
    code = (
        "import sys; from pathlib import Path; from archive.database import connect\n"
        "print(connect(Path(sys.argv[1])).execute('SELECT count(*) FROM posts').fetchone()[0])"
    )
    powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
    command = [*powerless, sys.executable, "-c", code, str(folder / "archive.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    folder.chmod(0o755)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_every_trouble_of_sqlite_has_a_hint(path: Path) -> None:
    spoil_header(path)
    with pytest.raises(VigilError) as caught:
        connect(path)
    assert caught.value.hint.endswith(".")


def test_open_index_of_this_version_is_left_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    Index.open(path).close()
    assert path.read_bytes() == before
