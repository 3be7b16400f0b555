"""Posts found by the words of their texts: the newest first, or the best first.

Ids of texts grow with the time of publication (decision 0005), so the newest are read off the full-text index without
sorting, and pieces are cut only for what is shown. To rank, FTS5 has to look at every text that matches, twice: up to
``EXACT`` of them are ranked. Of commoner words the newest ``RANKED`` are, and the answer says so; of phrases, which are
too dear to be counted first, never more than those (decision 0012).
"""

import sqlite3
from bisect import bisect_left
from contextlib import closing
from dataclasses import replace
from functools import partial

from archive.database import TEXTS_A_SECOND, dump
from archive.query.answers import Filters, Hit, Hits, Marked, Order
from archive.query.posts import JOINED, SUMMARY, summary_of, where
from archive.query.syntax import needs_places, to_fts5
from archive.query.written import is_anywhere

EXACT = 50_000
"""Texts that may have a word for all of them to be ranked."""
RANKED = 10_000
"""Texts that are ranked, the newest, where more match."""

_START, _END = "\x02", "\x03"
_SNIPPET_LETTERS = 220
_LETTERS_BEFORE = 40
_MOST_MARKED = 50_000
# FTS5's highlight() takes time that grows with the square of the number of matches, so a text of unusual length is
# shown from its beginning, without marks.
_PIECES = f"""highlight(texts_fts, 0, '{_START}', '{_END}') AS marked_title,
  CASE WHEN length(f.text) > {_MOST_MARKED} THEN substr(f.text, 1, 1000)
    ELSE highlight(texts_fts, 1, '{_START}', '{_END}') END AS marked_text"""
# CROSS JOIN holds SQLite to the order written.
_POSTS = f"CROSS JOIN versions v ON v.text_id = f.rowid CROSS JOIN posts p ON p.id = v.post_id {JOINED}"
_CURRENT = " AND p.current = v.number"
_RANK = "bm25(texts_fts, 4.0, 1.0)"
# bm25 is below zero, the best lowest. Years are counted from the newest text of the archive, not from today: so an
# archive answers alike whenever it is asked.
_NEWEST = "(SELECT max(id) FROM texts)"
_IDS_A_YEAR = 365.25 * 86_400 * TEXTS_A_SECOND
_ORDERS = {Order.RELEVANCE: "score", Order.RECENT: f"score / (1 + max(0, {_NEWEST} - id) / {_IDS_A_YEAR})"}


def search(
    db: sqlite3.Connection, query: str, filters: Filters, *, order: Order, limit: int, offset: int, all_versions: bool
) -> Hits:
    """Find posts by the words of their texts: of those that stand, or of all that ever stood.

    Raises:
        QueryError: the expression cannot be read.
    """
    expression = to_fts5(query, partial(is_anywhere, db))
    current = "" if all_versions else _CURRENT
    if order is not Order.NEWEST:
        return _best(db, expression, filters, order=order, page=(limit, offset), current=current)
    conditions, values = where(filters, text_id="f.rowid")
    rows = db.execute(
        f"{SUMMARY}, {_PIECES} FROM texts_fts f {_POSTS}WHERE texts_fts MATCH ? AND p.is_ours = 1{current}{conditions} "
        "ORDER BY f.rowid DESC LIMIT ? OFFSET ?",
        (expression, *values, limit + 1, offset),
    ).fetchall()
    return Hits(hits=tuple(_hit(row, row) for row in rows[:limit]), has_more=len(rows) > limit)


def _best(
    db: sqlite3.Connection, expression: str, filters: Filters, *, order: Order, page: tuple[int, int], current: str
) -> Hits:
    """Rank first, with nothing but the full-text index where no filter needs more; then see which posts those are."""
    limit, offset = page
    most = _most_ranked(db, expression, filters)
    conditions, values = where(filters)
    # Twice as many as are shown: among the best are texts that an edit replaced, and to rank again costs as much again.
    wanted = 2 * (limit + offset + 1)
    while True:
        ids, ranked = _ranking(db, expression, filters, order=order, current=current, most=most, wanted=wanted)
        rows = db.execute(
            f"{SUMMARY}FROM json_each(?) j CROSS JOIN versions v ON v.text_id = j.value CROSS JOIN posts p "
            f"ON p.id = v.post_id {JOINED}WHERE p.is_ours = 1{current}{conditions} ORDER BY j.key LIMIT ? OFFSET ?",
            (dump(ids), *values, limit + 1, offset),
        ).fetchall()
        if len(rows) > limit or len(ids) < wanted:
            break
        wanted *= 4
    pieces = _pieces(db, expression, [row["text_id"] for row in rows[:limit]])
    hits = tuple(_hit(row, pieces[row["text_id"]]) for row in rows[:limit])
    return Hits(hits=hits, has_more=len(rows) > limit, ranked_among=most if ranked == most else None)


def _most_ranked(db: sqlite3.Connection, expression: str, filters: Filters) -> int | None:
    """Say how many texts to rank at most, the newest; None for all of them."""
    if needs_places(expression):
        return RANKED
    bounds, values = where(Filters(since=filters.since, until=filters.until), text_id="rowid")
    sql = f"SELECT count(*) FROM (SELECT 1 FROM texts_fts WHERE texts_fts MATCH ?{bounds} LIMIT ?)"  # noqa: S608 (ours)
    (count,) = db.execute(sql, (expression, *values, EXACT + 1)).fetchone()
    return RANKED if count > EXACT else None


def _ranking(
    db: sqlite3.Connection,
    expression: str,
    filters: Filters,
    *,
    order: Order,
    current: str,
    most: int | None,
    wanted: int,
) -> tuple[list[int], int | None]:
    """Give the ids of the best texts, the best first, and how many were ranked where not all had to be."""
    conditions, values = where(filters, text_id="f.rowid")
    is_filtered = replace(filters, since=None, until=None) != Filters()
    joined = f"{_POSTS}WHERE p.is_ours = 1{current} AND " if is_filtered else "WHERE "
    # Counting rows costs a third of ranking them; in the order of ids they need not come where all are ranked.
    newest, counted = ("", "NULL") if most is None else (f"ORDER BY f.rowid DESC LIMIT {most}", "count(*) OVER ()")
    rows = db.execute(
        f"SELECT id, {counted} AS ranked FROM (SELECT f.rowid AS id, {_RANK} AS score "  # noqa: S608 (ours, above)
        f"FROM texts_fts f {joined}texts_fts MATCH ?{conditions} {newest}) ORDER BY {_ORDERS[order]}, id DESC LIMIT ?",
        (expression, *values, wanted),
    ).fetchall()
    return [row["id"] for row in rows], rows[0]["ranked"] if rows else 0


def _pieces(db: sqlite3.Connection, expression: str, ids: list[int]) -> dict[int, sqlite3.Row]:
    """Mark what was found in a few texts, by an index of these alone.

    To ask the whole index once for each would gather, each time, all words that begin as the expression says.
    """
    (full_text,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'texts_fts'").fetchone()
    texts = db.execute("SELECT id, title, text FROM texts WHERE id IN (SELECT value FROM json_each(?))", (dump(ids),))
    with closing(sqlite3.connect(":memory:")) as few:
        few.row_factory = sqlite3.Row
        few.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, title TEXT, text TEXT)")
        few.execute(full_text)
        few.executemany("INSERT INTO texts VALUES (?, ?, ?)", texts)
        few.execute("INSERT INTO texts_fts (rowid, title, text) SELECT id, title, text FROM texts")
        sql = f"SELECT f.rowid AS id, {_PIECES} FROM texts_fts f WHERE texts_fts MATCH ?"  # noqa: S608 (ours, above)
        return {row["id"]: row for row in few.execute(sql, (expression,))}


def _hit(row: sqlite3.Row, pieces: sqlite3.Row) -> Hit:
    return Hit(
        post=summary_of(row),
        version=row["number"],
        is_current=row["number"] == row["current"],
        title=_marked(pieces["marked_title"]),
        snippet=_snippet(_marked(pieces["marked_text"].replace("\n\n", " "))),
    )


def _marked(text: str) -> Marked:
    """Take the marks out of a text, and say where they stood."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    for piece in text.split(_START):
        found, mark, rest = piece.partition(_END)
        if mark:
            spans.append((at, at + len(found)))
        pieces += (found, rest)
        at += len(found) + len(rest)
    return Marked(text="".join(pieces), spans=tuple(spans))


def _snippet(whole: Marked) -> Marked:
    """Cut the first piece of about ``_SNIPPET_LETTERS``, whole words, that holds the most of what was searched for."""
    text, starts = whole.text, [start for start, _ in whole.spans]
    held = [bisect_left(starts, start + _SNIPPET_LETTERS - _LETTERS_BEFORE) - at for at, start in enumerate(starts)]
    best = starts[held.index(max(held))] if held else 0
    latest = max(0, min(best - _LETTERS_BEFORE, len(text) - _SNIPPET_LETTERS))
    begin = (text.find(" ", latest, best) + 1 or latest) if latest else 0
    end = text.find(" ", begin + _SNIPPET_LETTERS) if begin + _SNIPPET_LETTERS < len(text) else -1
    end = len(text) if end < 0 else end
    lead, tail = "… " if begin else "", " …" if end < len(text) else ""
    shift = len(lead) - begin
    spans = ((start + shift, min(stop, end) + shift) for start, stop in whole.spans if begin <= start < end)
    return Marked(text=f"{lead}{text[begin:end]}{tail}", spans=tuple(spans))
