"""Posts: listed by filter, shown with all that is held of them."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime

from archive.database import instant, text_id_at
from archive.errors import NotFoundError
from archive.model import Event, Identity, PostState, Purpose, Sha256, TextOrigin, VersionAdded, VersionRestored
from archive.query.answers import (
    Filters,
    PostDetail,
    PostSummary,
    Seen,
    TimedEvent,
    Version,
)
from archive.query.captures import capture, of_urls
from archive.query.rows import ARTICLES, EVENTS, article_of

_SIGHTINGS_SHOWN = 20

SUMMARY = """\
SELECT p.id, s.name AS site, p.identity, coalesce(p.canonical_url, u.url) AS url, a.title, a.authors, p.published,
  a.category, a.language, p.state, v.origin, v.number, v.text_id, p.current,
  (SELECT count(*) FROM versions n WHERE n.post_id = p.id) AS versions
"""
"""Selects what ``summary_of`` reads."""
JOINED = """\
JOIN sites s ON s.id = p.site_id JOIN urls u ON u.id = p.url_id LEFT JOIN articles a ON a.id = p.article_id
"""
"""Joins the rest of a post to its row in ``posts``; with ``versions v`` beside, all that ``where`` speaks of."""
# CROSS JOIN holds SQLite to the order written: along text ids, the order of publication, until the page is full.
_LISTED = f"FROM versions v CROSS JOIN posts p ON p.id = v.post_id AND p.current = v.number {JOINED}"


def summaries(db: sqlite3.Connection, filters: Filters, *, limit: int, offset: int) -> tuple[PostSummary, ...]:
    """List posts of which a text is kept, newest publication first."""
    conditions, values = where(filters)
    rows = db.execute(
        f"{SUMMARY}{_LISTED}WHERE p.is_ours = 1{conditions} ORDER BY v.text_id DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    return tuple(map(summary_of, rows))


def detail(db: sqlite3.Connection, post_id: int) -> PostDetail:
    """Give all that is held of a post."""
    row = db.execute(
        f"{SUMMARY}FROM posts p LEFT JOIN versions v ON v.post_id = p.id AND v.number = p.current {JOINED}"
        "WHERE p.id = ?",
        (post_id,),
    ).fetchone()
    spellings = db.execute(
        "SELECT u.url FROM aliases l JOIN urls u ON u.id = l.url_id WHERE l.post_id = ? ORDER BY l.capture_id, u.id",
        (post_id,),
    )
    asked = db.execute(
        "SELECT u.id FROM posts p JOIN urls u ON u.site_id = p.site_id AND u.identity = p.identity WHERE p.id = ?",
        (post_id,),
    )
    count, sightings = _sightings(db, post_id)
    return PostDetail(
        post=summary_of(row),
        spellings=tuple(url for (url,) in spellings),
        versions=_versions(db, post_id, row["current"]),
        events=_events(db, post_id),
        sighting_count=count,
        sightings=sightings,
        captures=of_urls(db, [one for (one,) in asked.fetchall()]),
    )


def version_at(post: PostDetail, time: datetime) -> Version:
    """Give the text that stood at ``time``, as far as captures at or before it tell.

    Raises:
        NotFoundError: no text was known by then.
    """
    told = [
        timed.event.text_hash
        for timed in post.events
        if isinstance(timed.event, (VersionAdded, VersionRestored)) and timed.time <= time
    ]
    version = next((one for one in post.versions if told and one.text_hash == told[-1]), None)
    if version is None:
        raise NotFoundError(
            f"no text of {post.post.url} is known at {time.isoformat()}",
            hint="vigil show lists its versions; vigil get --body gives the page itself.",
        )
    return version


def where(filters: Filters, *, text_id: str = "v.text_id") -> tuple[str, list[str | int]]:
    """Turn filters into conditions, each with AND before it, over the aliases p, s, a and v, and their values."""
    conditions: list[tuple[str, str | int | None]] = [
        ("s.name = ?", filters.site),
        (f"{text_id} >= ?", None if filters.since is None else text_id_at(filters.since)),
        (f"{text_id} < ?", None if filters.until is None else text_id_at(filters.until)),
        ("EXISTS (SELECT 1 FROM json_each(a.authors) WHERE instr(folded(value), folded(?)))", filters.author),
        ("instr(lower(a.language) || '-', lower(?) || '-') = 1", filters.language),
        ("instr(folded(a.category), folded(?))", filters.category),
        ("instr(folded(a.credit ->> '$.service'), folded(?))", filters.service),
        ("p.state = ?", filters.state),
        ("EXISTS (SELECT 1 FROM events e WHERE e.post_id = p.id AND e.is_edit = 1) = ?", filters.is_edited),
    ]
    wanted = [(condition, value) for condition, value in conditions if value is not None]
    return "".join(f" AND {condition}" for condition, _ in wanted), [value for _, value in wanted]


def summary_of(row: sqlite3.Row) -> PostSummary:
    """Read a row of ``SUMMARY``."""
    return PostSummary(
        id=row["id"],
        site=row["site"],
        identity=Identity(row["identity"]),
        url=row["url"],
        title=row["title"],
        authors=tuple(json.loads(row["authors"] or "[]")),
        published=None if row["published"] is None else instant(row["published"]),
        category=row["category"],
        language=row["language"],
        state=None if row["state"] is None else PostState(row["state"]),
        origin=None if row["origin"] is None else TextOrigin(row["origin"]),
        versions=row["versions"],
    )


def _versions(db: sqlite3.Connection, post_id: int, current: int | None) -> tuple[Version, ...]:
    rows = db.execute(
        f"{ARTICLES}JOIN versions v ON v.post_id = r.post_id AND v.capture_id = r.capture_id "
        "AND v.text_id = r.text_id WHERE r.post_id = ? AND r.is_first = 1 ORDER BY v.number".replace(
            "SELECT ", "SELECT v.number, v.last_capture_id, ", 1
        ),
        (post_id,),
    ).fetchall()
    return tuple(
        Version(
            number=row["number"],
            text_hash=Sha256(row["text_hash"]),
            is_current=row["number"] == current,
            first=capture(db, row["capture_id"]),
            last=capture(db, row["last_capture_id"]),
            article=article_of(db, row),
        )
        for row in rows
    )


def _events(db: sqlite3.Connection, post_id: int) -> tuple[TimedEvent, ...]:
    rows = db.execute("SELECT * FROM events WHERE post_id = ? ORDER BY time, capture_id, ordinal", (post_id,))
    return tuple(TimedEvent(time=instant(row["time"]), capture_id=row["capture_id"], event=_event(row)) for row in rows)


def _event(row: sqlite3.Row) -> Event:
    kind: Callable[..., Event] = EVENTS[row["kind"]]
    return kind(**{field.name: _value(row, field.name) for field in fields(EVENTS[row["kind"]])})


def _value(row: sqlite3.Row, name: str) -> object:
    return bool(row[name]) if name.startswith("is_") else row[name]


def _sightings(db: sqlite3.Connection, post_id: int) -> tuple[int, tuple[Seen, ...]]:
    """Count sightings, and give the first and the newest ones."""
    (count,) = db.execute("SELECT count(*) FROM sightings WHERE post_id = ?", (post_id,)).fetchone()
    shown = (
        "SELECT g.*, x.time, x.purpose, w.url AS page_url, u.url FROM sightings g "
        "JOIN exchanges x ON x.id = g.capture_id JOIN urls w ON w.id = x.url_id JOIN urls u ON u.id = g.url_id "
        "WHERE g.post_id = ? ORDER BY g.capture_id {}, g.position LIMIT ?"
    )
    newest = db.execute(shown.format("DESC"), (post_id, min(count, _SIGHTINGS_SHOWN))).fetchall()
    first = db.execute(shown.format("ASC"), (post_id, 1 if count > _SIGHTINGS_SHOWN else 0)).fetchall()
    rows = sorted([*first, *newest], key=lambda row: (row["capture_id"], row["position"]))
    return count, tuple(
        Seen(
            time=instant(row["time"]),
            capture_id=row["capture_id"],
            source=Purpose(row["purpose"]),
            page_url=row["page_url"],
            position=row["position"],
            url=row["url"],
            title=row["title"],
            published=None if row["published"] is None else instant(row["published"]),
        )
        for row in rows
    )
