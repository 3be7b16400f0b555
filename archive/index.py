"""``archive.db`` open for writing: made, brought up to date, filled in batches. Only importer of sqlite_utils."""

import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Self

from archive.database import (
    APPLICATION_ID,
    BUSY_SECONDS,
    SCHEMA_VERSION,
    connect,
    damaged_index,
    newer_index,
    translated,
)
from archive.model import RecordRef, Sha256
from archive.schema import OF_POSTS, PAGES, PUBLISHED, SURTS, TABLES, VIEWS
from archive.surts import surt_of

# sqlite_utils imports these two where it finds them, to take rows of theirs, which nobody gives it here: half a second
# and 60 MB of every crawl.
_UNWANTED = [name for name in ("pandas", "numpy") if name not in sys.modules]
sys.modules.update(dict.fromkeys(_UNWANTED))  # type: ignore[arg-type]  # None is Python's "not to be imported"
from sqlite_utils import Database, Migrations  # noqa: E402

for _name in _UNWANTED:
    del sys.modules[_name]

Value = str | int | bytes | None
"""What a column holds."""

_MIGRATIONS = Migrations("vigil")
_SCRATCH_TEXTS = 8192
"""Texts that the full-text index of a scratch file takes in at once, so that it writes few large segments."""


@_MIGRATIONS()
def m001_first_schema(db: Database) -> None:
    """Make every table, index and view of the first release."""
    for statement in (*TABLES, *VIEWS):
        db.execute(statement)


@_MIGRATIONS()
def m002_pages(db: Database) -> None:
    """Make the tables of pages with their requisites."""
    for statement in PAGES:
        db.execute(statement)


@_MIGRATIONS()
def m003_surts(db: Database) -> None:
    """Turn every URL round for look-ups by host, domain and prefix."""
    for statement in SURTS:
        db.execute(statement)
    rows = db.execute("SELECT id, url FROM urls").fetchall()
    db.conn.executemany("INSERT INTO surts VALUES (?, ?)", ((surt_of(url), url_id) for url_id, url in rows))


@_MIGRATIONS()
def m004_views_in_order(db: Database) -> None:
    """Make the views such that counting them and putting them in order reads no more than it needs."""
    _make_views_again(db)
    db.execute(PUBLISHED)


@_MIGRATIONS()
def m005_captures_and_coverage(db: Database) -> None:
    """Make the views of a post's captures, and of the days on which there are any."""
    for statement in OF_POSTS:
        db.execute(statement)


@_MIGRATIONS()
def m006_services(db: Database) -> None:
    """Make the view of posts with the service that a credit line names."""
    _make_views_again(db)


def _make_views_again(db: Database) -> None:
    for statement in VIEWS:
        db.execute(f"DROP VIEW {statement.split()[2]}")
        db.execute(statement)


class Index:
    """The index, open for its one writer; one thread at a time.

    Rows are added within ``batch``, which ends with everything in the file or nothing. The full-text index is filled at
    its end by one INSERT … SELECT, since triggers would make FTS5 flush at every row (speed.md section 4); that of a
    scratch file once in many batches, and when it is settled.
    """

    def __init__(self, path: Path, db: sqlite3.Connection, busy_seconds: float, gathered: int = 1) -> None:
        self.path = path
        self.db = db
        self._busy_seconds = busy_seconds
        self._gathered = gathered
        self._statements: dict[tuple[str, tuple[str, ...]], str] = {}
        self._unsearchable: set[int] = set()

    @classmethod
    def open(cls, path: Path, *, busy_seconds: float = BUSY_SECONDS, is_scratch: bool = False) -> "Index":
        """Open the index at ``path`` for writing; a missing one is made, an older one brought up to date.

        ``is_scratch`` trades safety for speed, for a file that is thrown away when anything goes wrong.

        Raises:
            DamagedIndexError: it is corrupt, no index of ours, or written by newer software.
            LockedError: another process held it for longer than ``busy_seconds``.
            StorageError: the disk refused.
        """
        db = connect(path, is_read_only=False, busy_seconds=busy_seconds)
        try:
            with translated(path, busy_seconds):
                if is_scratch:
                    db.execute("PRAGMA journal_mode = OFF")
                    db.execute("PRAGMA synchronous = OFF")
                    db.execute("PRAGMA foreign_keys = OFF")
                _migrate(path, db)
                if not is_scratch:
                    db.execute("PRAGMA journal_mode = WAL")
                    db.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            db.close()
            raise
        return cls(path, db, busy_seconds, _SCRATCH_TEXTS if is_scratch else 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what a broken batch left is undone."""
        self.db.close()

    def settle(self) -> None:
        """Have a scratch file whole on the disk, in the state in which every reader may open it."""
        self._gathered = 1
        with self.batch():
            pass  # what was gathered for the full-text index is taken in at its end
        with self._translated():
            # Of one segment, instead of dozens: each text that is shown is looked up in all of them.
            self.db.execute("INSERT INTO texts_fts (texts_fts) VALUES ('optimize')")
            self.db.execute("PRAGMA synchronous = FULL")
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Keep all rows of the block, or on any error none of them.

        Raises:
            LockedError, DiskFullError, StorageError, DamagedIndexError: as SQLite said.
        """
        with self._translated():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._make_searchable()
                self.db.execute("COMMIT")
            except BaseException:
                self._unsearchable.clear()
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self.path, self._busy_seconds)

    def execute(self, sql: str, *values: Value) -> sqlite3.Cursor:
        """Run one statement."""
        return self.db.execute(sql, values)

    def one(self, sql: str, *values: Value) -> sqlite3.Row | None:
        """Give the first row that ``sql`` finds."""
        row: sqlite3.Row | None = self.db.execute(sql, values).fetchone()
        return row

    def number(self, sql: str, *values: Value) -> int | None:
        """Give the first column of the first row that ``sql`` finds, a whole number."""
        row = self.db.execute(sql, values).fetchone()
        return None if row is None or row[0] is None else int(row[0])

    def insert(self, table: str, row: Mapping[str, Value]) -> int:
        """Add a row; give its rowid, which SQLite makes one above the highest."""
        columns = tuple(row)
        sql = self._statements.get((table, columns))
        if sql is None:
            marks = ", ".join("?" * len(columns))
            sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 (names of our schema)
            self._statements[table, columns] = sql
        cursor = self.db.execute(sql, _kept(row.values()))
        return cursor.lastrowid or 0

    def executemany(self, sql: str, rows: Iterable[tuple[Value, ...]]) -> None:
        """Run one statement for each row."""
        self.db.executemany(sql, map(_kept, rows))

    def insert_rows(self, table: str, rows: Sequence[tuple[Value, ...]]) -> None:
        """Add rows with a value for every column, in the order of the schema."""
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 (names of our schema)

    def insert_text(self, row: Mapping[str, Value]) -> None:
        """Add a row to ``texts``; the full-text index follows when the batch ends."""
        self._unsearchable.add(self.insert("texts", row))

    def response_with(self, digest: Sha256, url: str) -> RecordRef | None:
        """Find the response record that holds a payload: that of the newest capture of ``url``, else of any."""
        return self._place("x.payload_digest = ? AND c.kind = 1 ORDER BY u.url = ? DESC, x.id DESC", digest, url)

    def response_of(self, url: str) -> RecordRef | None:
        """Find the response record that a "not modified" for ``url`` speaks of: the newest that brought a payload."""
        newest = (
            "SELECT coalesce(y.original_id, y.id) FROM urls v JOIN captures d ON d.url_id = v.id "
            "JOIN exchanges y ON y.id = d.capture_id JOIN files h ON h.id = d.file_id "
            "WHERE v.url = ? AND d.status = 200 AND h.name NOT LIKE 'imports/%' ORDER BY d.time DESC, y.id DESC"
        )
        return self._place(f"x.id = ({newest} LIMIT 1)", url)

    def _place(self, which: str, *values: Value) -> RecordRef | None:
        with self._translated():
            row = self.one(
                "SELECT f.name, c.offset, c.length, x.record_id FROM exchanges x "  # noqa: S608 (ours, above)
                "JOIN captures c ON c.url_id = x.url_id AND c.time = x.time AND c.capture_id = x.id "
                "JOIN urls u ON u.id = x.url_id JOIN files f ON f.id = c.file_id "
                f"WHERE f.name NOT LIKE 'imports/%' AND {which} LIMIT 1",
                *values,
            )
        return row if row is None else RecordRef(file=row[0], offset=row[1], length=row[2], record_id=row[3])

    def _make_searchable(self) -> None:
        if len(self._unsearchable) < self._gathered:
            return
        marks = ",".join(map(str, sorted(self._unsearchable)))
        self.db.execute(
            "INSERT INTO texts_fts (rowid, title, text) "  # noqa: S608 (whole numbers of ours)
            f"SELECT id, title, text FROM texts WHERE id IN ({marks}) ORDER BY id"
        )
        self._unsearchable.clear()


def storable(text: str) -> str:
    """Replace what SQLite cannot hold in a text: half surrogates, which hostile JSON can bring, and NUL."""
    if text.isascii() and "\0" not in text:
        return text
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _kept(values: Iterable[Value]) -> list[Value]:
    """Make values storable; written for the many that are, since every column of every row comes by."""
    return [
        storable(value) if isinstance(value, str) and not (value.isascii() and "\0" not in value) else value
        for value in values
    ]


def _migrate(path: Path, db: sqlite3.Connection) -> None:
    application = db.execute("PRAGMA application_id").fetchone()[0]
    is_empty = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if application != APPLICATION_ID and not is_empty:
        raise damaged_index(path, "it is a database, but no index of vigil's")
    wrapped = Database(db)
    unknown = {migration.name for migration in _MIGRATIONS.applied(wrapped)} - _names()
    if unknown:
        raise newer_index(path, f"its changes {', '.join(sorted(unknown))} are unknown here")
    if is_empty or _MIGRATIONS.pending(wrapped):
        try:
            _bring_up_to_date(wrapped, db)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_ERROR:
                raise
            raise damaged_index(path, f"its schema is not what its list of changes says ({error})") from error


def _bring_up_to_date(wrapped: Database, db: sqlite3.Connection) -> None:
    with wrapped.atomic():  # all or nothing: a half-made index could not be told from another's database
        _MIGRATIONS.apply(wrapped)
        # The index follows from the WARC files alone, so it must not know when it was made.
        db.execute(f"UPDATE {_MIGRATIONS.migrations_table} SET applied_at = ''")  # noqa: S608 (a constant of theirs)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _names() -> set[str]:
    with Database(memory=True) as empty:
        return {migration.name for migration in _MIGRATIONS.pending(empty)}
