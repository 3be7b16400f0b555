"""Rows become the nouns of the model."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from archive.database import KINDS, instant, warc_date
from archive.model import (
    Article,
    Block,
    BlockKind,
    Capture,
    Credit,
    Event,
    Failure,
    FailureKind,
    Gone,
    Identity,
    Image,
    Link,
    Moved,
    PostSeen,
    Purpose,
    RecordRef,
    Rejected,
    Returned,
    Statement,
    TextOrigin,
    Truncation,
    Unchanged,
    Unlisted,
    VersionAdded,
    VersionRestored,
)

CAPTURES = """\
SELECT x.*, c.status, c.kind, c.offset, c.length, f.name AS file, r.uid AS run, u.url, u.site_id, u.identity,
  ou.url AS original_url, o.time AS original_time,
  CASE WHEN f.name LIKE 'imports/%' THEN (SELECT g.name FROM files g WHERE g.run_id = x.run_id
    AND g.name NOT LIKE 'imports/%') ELSE f.name END AS metadata_file
FROM exchanges x JOIN captures c ON c.url_id = x.url_id AND c.time = x.time AND c.capture_id = x.id
JOIN files f ON f.id = c.file_id JOIN runs r ON r.id = x.run_id JOIN urls u ON u.id = x.url_id
LEFT JOIN exchanges o ON o.id = x.original_id LEFT JOIN urls ou ON ou.id = o.url_id
"""
"""Selects what ``capture_of`` reads; a WHERE clause is put behind."""

EVENTS: dict[str, type[Event]] = {
    "seen": PostSeen,
    "version-added": VersionAdded,
    "version-restored": VersionRestored,
    "unchanged": Unchanged,
    "gone": Gone,
    "returned": Returned,
    "moved": Moved,
    "unlisted": Unlisted,
    "rejected": Rejected,
}
"""What ``events.kind`` names; the fields of each stand in columns of their names."""

NAME_OF = {event: name for name, event in EVENTS.items()}

_LETTERS = {"p": BlockKind.PARAGRAPH, "h": BlockKind.HEADING, "i": BlockKind.ITEM, "q": BlockKind.QUOTE}
LETTER_OF = {kind: letter for letter, kind in _LETTERS.items()}
"""The letter by which ``texts.kinds`` names a block's kind."""


def capture_of(found: sqlite3.Row) -> Capture:
    """Read a row of ``CAPTURES``."""
    # A row looks for a name among all its columns, each time.
    row: dict[str, Any] = dict(zip(found.keys(), found, strict=True))
    file = row["file"]
    metadata = RecordRef(
        file=row["metadata_file"],
        offset=row["metadata_offset"],
        length=row["metadata_length"],
        record_id=row["metadata_record_id"],
    )
    has_original = row["original_time"] is not None
    return Capture(
        run=row["run"],
        sequence=row["sequence"],
        url=row["url"],
        purpose=Purpose(row["purpose"]),
        via=row["via"],
        time=instant(row["time"]),
        kind=KINDS[row["kind"] - 1],
        record=RecordRef(file=file, offset=row["offset"], length=row["length"], record_id=row["record_id"]),
        request=_request(row),
        metadata=metadata,
        status=row["status"],
        payload_digest=row["payload_digest"],
        payload_bytes=row["payload_bytes"],
        content_type=row["content_type"],
        location=row["location"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        truncation=Truncation(row["truncation"]) if row["truncation"] else None,
        failure=_failure(row),
        original=(row["original_url"], warc_date(row["original_time"])) if has_original else None,
    )


def _request(row: Mapping[str, Any]) -> RecordRef | None:
    if row["request_offset"] is None:
        return None
    return RecordRef(
        file=row["file"],
        offset=row["request_offset"],
        length=row["request_length"],
        record_id=row["request_record_id"],
    )


def _failure(row: Mapping[str, Any]) -> Failure | None:
    if row["failure"] is None:
        return None
    return Failure(kind=FailureKind(row["failure"]), message=row["failure_message"])


def blocks_of(kinds: str, text: str) -> tuple[Block, ...]:
    """Take a row of ``texts`` apart into its paragraphs."""
    if not kinds:
        return ()
    return tuple(
        Block(kind=_LETTERS[letter], text=paragraph)
        for letter, paragraph in zip(kinds, text.split("\n\n"), strict=True)
    )


ARTICLES = """\
SELECT a.*, t.text_hash, t.kinds, t.text, p.identity, coalesce(a.canonical_url, u.url) AS url,
  r.capture_id, r.text_id, r.origin, r.extractor, r.alarms
FROM readings r JOIN articles a ON a.id = r.article_id JOIN texts t ON t.id = r.text_id
JOIN posts p ON p.id = r.post_id JOIN urls u ON u.id = p.url_id
"""
"""Selects what ``article_of`` reads; a WHERE clause is put behind."""


def article_of(db: sqlite3.Connection, row: sqlite3.Row) -> Article:
    """Read a row of ``ARTICLES``, and its pictures and links."""
    images = db.execute("SELECT url, original, caption FROM media WHERE article_id = ? ORDER BY position", (row["id"],))
    links = db.execute("SELECT url, text FROM links WHERE article_id = ? ORDER BY position", (row["id"],))
    return Article(
        identity=Identity(row["identity"]),
        url=row["url"],
        canonical_url=row["canonical_url"],
        title=row["title"],
        authors=tuple(json.loads(row["authors"])),
        published=None if row["published"] is None else instant(row["published"]),
        published_offset=row["published_offset"],
        modified=None if row["modified"] is None else instant(row["modified"]),
        dateline=row["dateline"],
        category=row["category"],
        tags=tuple(json.loads(row["tags"])),
        language=row["language"],
        blocks=blocks_of(row["kinds"], row["text"]),
        images=tuple(Image(url=image[0], original=image[1], caption=image[2]) for image in images),
        links=tuple(Link(url=link[0], text=link[1]) for link in links),
        credit=_credit(row["credit"]),
        corrections=tuple(json.loads(row["corrections"])),
        is_textless=bool(row["is_textless"]),
        extractor=row["extractor"],
        origin=TextOrigin(row["origin"]),
        statements=tuple(Statement(field=one[0], source=one[1], value=one[2]) for one in json.loads(row["findings"])),
        alarms=tuple(json.loads(row["alarms"] or "[]")),
    )


def _credit(text: str | None) -> Credit | None:
    if text is None:
        return None
    parts = json.loads(text)
    return Credit(**{**parts, "sources": tuple(parts["sources"])})
