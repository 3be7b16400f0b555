"""What others do with the same texts: plain LIKE, a naive full-text table, DuckDB over Parquet; all in one run."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from statistics import median

import duckdb
import pyarrow as pa
from pyarrow import parquet

from archive.query import Archive, Order
from benchmarks.invented import Blog
from benchmarks.table import line, talk, waited

_NAIVE = """\
CREATE TABLE p (id INTEGER PRIMARY KEY, published INTEGER, title TEXT, text TEXT);
CREATE VIRTUAL TABLE f USING fts5(title, text, content='p', content_rowid='id');
"""


class Rivals:
    """The texts of an archive in the hands of others, in ``folder``."""

    def __init__(self, archive: Archive, folder: Path) -> None:
        self._archive = archive
        self._naive, self._parquet = folder / "naive.db", folder / "posts.parquet"
        if not self._naive.exists():
            folder.mkdir(parents=True)
            self._write()

    def _write(self) -> None:
        # In the order of ingest, as a table without a thought for dates would have them.
        rows = self._archive.db.execute(
            "SELECT t.id, p.published, t.title, t.text FROM posts p JOIN versions v ON v.post_id = p.id "
            "AND v.number = p.current JOIN texts t ON t.id = v.text_id ORDER BY p.id"
        )
        begun, count = time.perf_counter(), 0
        schema = pa.schema([("published", pa.int64()), ("title", pa.string()), ("text", pa.string())])
        with closing(sqlite3.connect(self._naive)) as db, parquet.ParquetWriter(self._parquet, schema) as file:
            db.executescript(f"PRAGMA journal_mode = WAL; {_NAIVE}")
            while batch := [tuple(row) for row in rows.fetchmany(4096)]:
                count += len(batch)
                file.write_table(pa.Table.from_arrays([*zip_columns(batch)], schema=schema))
                with db:
                    last = db.execute("SELECT coalesce(max(id), 0) FROM p").fetchone()[0]
                    db.executemany(
                        "INSERT INTO p (published, title, text) VALUES (?, ?, ?)", [row[1:] for row in batch]
                    )
                    db.execute("INSERT INTO f (rowid, title, text) SELECT id, title, text FROM p WHERE id > ?", (last,))
                if count % 32_768 < len(batch):
                    talk(f"{count:,} posts handed to the rivals")
        line("naive table and full text, written", count / (time.perf_counter() - begun), "posts/s")

    def ask(self, blog: Blog) -> None:
        """Compare the newest and the best 20 for words of three frequencies, in turns."""
        for place, what in ((1, "common"), (600, "middling"), (10_000, "rare")):
            self._compare(blog.languages[0].words[place], what)

    def _compare(self, word: str, what: str) -> None:
        with closing(sqlite3.connect(self._naive)) as db, duckdb.connect() as duck:
            duck.execute("SET threads = 2")
            ways = {
                "vigil, newest": lambda: self._archive.search(word),
                "vigil, ranked": lambda: self._archive.search(word, order=Order.RELEVANCE),
                "naive FTS5, ORDER BY rank, snippet": lambda: db.execute(
                    "SELECT p.id, p.title, snippet(f, 1, '', '', '', 20) FROM f JOIN p ON p.id = f.rowid "
                    "WHERE f MATCH ? ORDER BY rank LIMIT 20",
                    (word,),
                ).fetchall(),
                "naive FTS5, ORDER BY published, snippet": lambda: db.execute(
                    "SELECT p.id, p.title, snippet(f, 1, '', '', '', 20) FROM f JOIN p ON p.id = f.rowid "
                    "WHERE f MATCH ? ORDER BY p.published DESC LIMIT 20",
                    (word,),
                ).fetchall(),
                "plain LIKE, newest": lambda: db.execute(
                    "SELECT id, title, substr(text, 1, 200) FROM p WHERE text LIKE ? ORDER BY published DESC LIMIT 20",
                    (f"%{word}%",),
                ).fetchall(),
                "DuckDB over Parquet, newest": lambda: duck.execute(
                    f"SELECT title, substr(text, 1, 200) FROM '{self._parquet}' WHERE contains(lower(text), ?) "  # noqa: S608
                    "ORDER BY published DESC LIMIT 20",
                    [word],
                ).fetchall(),
            }
            rounds: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(3):
                for name, way in ways.items():
                    rounds[name].append(waited(way))
            ours = median(rounds["vigil, newest"])
            for name, taken in rounds.items():
                line(f"{what} word: {name} ({median(taken) / ours:,.0f} x newest)", median(taken), "ms")


def zip_columns(rows: list[tuple[int, int, str, str]]) -> list[list[int] | list[str]]:
    """Turn rows into the columns published, title, text."""
    return [[row[1] for row in rows], [row[2] for row in rows], [row[3] for row in rows]]
