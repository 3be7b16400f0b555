"""Posts or versions as one wide table, row by row at flat memory: for exports, citations and data frames."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from archive.errors import UsageError
from archive.query.answers import Filters
from archive.query.posts import where
from archive.query.syntax import to_fts5
from archive.schema.views import spelled


class Kind(Enum):
    """What a column holds: in a row, in Parquet and in a data frame alike; a time is spelled out in a row."""

    TEXT = "text"
    NUMBER = "number"
    TRUTH = "truth"
    LIST = "list"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, how it is read, the note of the schema (table.column) that says what it means, its kind."""

    name: str
    sql: str
    note: str
    kind: Kind = Kind.TEXT


COLUMNS = (
    Column("site", "s.name", "posts_current.site"),
    Column("identity", "p.identity", "posts_current.identity"),
    Column("version", "v.number", "post_versions.version", Kind.NUMBER),
    Column("is_current", "v.number = p.current", "post_versions.is_current", Kind.TRUTH),
    Column(
        "versions", "(SELECT count(*) FROM versions n WHERE n.post_id = p.id)", "posts_current.versions", Kind.NUMBER
    ),
    Column("url", "coalesce(p.canonical_url, u.url)", "posts_current.url"),
    Column("title", "t.title", "post_versions.title"),
    Column("authors", "a.authors", "posts_current.authors", Kind.LIST),
    Column("published", "SECONDS(p.published)", "posts_current.published", Kind.TIME),
    Column("modified", "SECONDS(a.modified)", "posts_current.modified", Kind.TIME),
    Column("category", "a.category", "posts_current.category"),
    Column("tags", "a.tags", "articles.tags", Kind.LIST),
    Column("language", "a.language", "posts_current.language"),
    Column("dateline", "a.dateline", "articles.dateline"),
    Column("state", "p.state", "posts_current.state"),
    Column("is_unlisted", "p.is_unlisted", "posts_current.is_unlisted", Kind.TRUTH),
    Column("origin", "v.origin", "post_versions.origin"),
    Column("text_hash", "t.text_hash", "post_versions.text_hash"),
    Column("first_captured", "MICROSECONDS(f.time)", "post_versions.first_captured", Kind.TIME),
    Column("last_captured", "MICROSECONDS(l.time)", "post_versions.last_captured", Kind.TIME),
    Column("run", "r.uid", "captures_readable.run"),
    Column("capture_id", "v.capture_id", "post_versions.capture_id", Kind.NUMBER),
    Column("payload_digest", "f.payload_digest", "captures_readable.payload_digest"),
    Column("file", "w.name", "captures_readable.file"),
    Column("offset", "c.offset", "captures_readable.offset", Kind.NUMBER),
    Column("length", "c.length", "captures_readable.length", Kind.NUMBER),
    Column("record_id", "f.record_id", "captures_readable.record_id"),
    Column("kinds", "t.kinds", "texts.kinds"),
    Column("text", "t.text", "post_versions.text"),
    Column("service", "json_extract(a.credit, '$.service')", "posts_current.service"),
)
"""What the table holds; run and what stands behind it say which record the version was first read from."""

_SELECT = spelled(
    "SELECT " + ", ".join(f'{column.sql} AS "{column.name}"' for column in COLUMNS) + ", s.title AS site_title"
)
# CROSS JOIN holds SQLite to the order written: along the ids of texts, so that nothing is sorted, nor held in memory.
_FROM = """
FROM versions v CROSS JOIN posts p ON p.id = v.post_id
JOIN sites s ON s.id = p.site_id JOIN urls u ON u.id = p.url_id
JOIN articles a ON a.id = CASE WHEN p.current = v.number THEN p.article_id ELSE v.article_id END
JOIN texts t ON t.id = v.text_id
JOIN exchanges f ON f.id = v.capture_id JOIN exchanges l ON l.id = v.last_capture_id
JOIN captures c ON c.url_id = f.url_id AND c.time = f.time AND c.capture_id = f.id
JOIN files w ON w.id = c.file_id JOIN runs r ON r.id = f.run_id
"""
_LISTS = tuple(column.name for column in COLUMNS if column.kind is Kind.LIST)
_TRUTHS = tuple(column.name for column in COLUMNS if column.kind is Kind.TRUTH)


def columns_named(names: Sequence[str]) -> tuple[Column, ...]:
    """Give the columns of these names, in their order.

    Raises:
        UsageError: there is no such column, or one is named twice; the hint names all.
    """
    by_name = {column.name: column for column in COLUMNS}
    unknown = [name for name in names if name not in by_name]
    if unknown or not names:
        hint = f"There are: {', '.join(by_name)}."
        raise UsageError(f"there is no column {', '.join(unknown) or 'to write'}", hint=hint)
    if len(set(names)) != len(names):
        raise UsageError("a column is named twice", hint="Name each once, with commas between.")
    return tuple(by_name[name] for name in names)


def table(
    db: sqlite3.Connection, filters: Filters, query: str | None, *, all_versions: bool
) -> Iterator[dict[str, object]]:
    """Give the versions that stand, or all, of the posts that are meant, oldest publication first.

    Raises:
        QueryError: the search expression cannot be read.
    """
    conditions, values = where(filters)
    if query is not None:
        conditions += " AND v.text_id IN (SELECT rowid FROM texts_fts WHERE texts_fts MATCH ?)"
        values.append(to_fts5(query))
    current = "" if all_versions else " AND p.current = v.number"
    yield from map(
        _read, db.execute(f"{_SELECT}{_FROM}WHERE p.is_ours = 1{current}{conditions} ORDER BY v.text_id", values)
    )


def of_post(db: sqlite3.Connection, post_id: int) -> list[dict[str, object]]:
    """Give all versions of a post, oldest first."""
    return [_read(row) for row in db.execute(f"{_SELECT}{_FROM}WHERE p.id = ? ORDER BY v.number", (post_id,))]


def _read(row: sqlite3.Row) -> dict[str, object]:
    lists = {name: json.loads(row[name]) for name in _LISTS}
    return {**dict(row), **lists, **{name: bool(row[name]) for name in _TRUTHS}}
