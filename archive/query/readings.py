"""Who read the index, and what extractors before it made of the same captures (``state/readings.jsonl``)."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from archive import journal
from archive.collection import Collection
from archive.query.answers import FormerReading


def software_of(extractor: str) -> str:
    """Give the software's part of an extractor's name, without the layout."""
    return extractor.partition(", layout ")[0]


def read_by(db: sqlite3.Connection) -> tuple[str, ...]:
    """Name the software that read an index, by its first and its last reading; one name, none of an empty index.

    An index that was cut off while it was made, by a full disk or a kill, has no tables yet.
    """
    if not db.execute("PRAGMA user_version").fetchone()[0]:
        return ()
    ends = "SELECT extractor FROM readings ORDER BY capture_id {} LIMIT 1"
    rows = [row for order in ("ASC", "DESC") for row in db.execute(ends.format(order))]
    return tuple(dict.fromkeys(software_of(extractor) for (extractor,) in rows))


def readings_file(collection: Collection) -> Path:
    """Say where former readings are kept: append-only, one JSON object a line."""
    return collection.state / "readings.jsonl"


def former_readings(collection: Collection, site: str, identity: str) -> tuple[FormerReading, ...]:
    """List what earlier extractors read about a post and later ones read otherwise, in the order of their keeping."""
    told = (one for one in journal.entries(readings_file(collection)) if one.get("identity") == identity)
    found = {(one.record_id, one.extractor): one for one in _readings(told) if one.site == site}
    return tuple(found.values())


def _readings(entries: Iterator[dict[str, object]]) -> Iterator[FormerReading]:
    """Read lines; one that is none of ours is passed over."""
    for entry in entries:
        try:
            changed, article = entry["changed"], entry["article"]
            times = {name: datetime.fromisoformat(str(entry[name])) for name in ("captured", "noted")}
            if isinstance(changed, list) and isinstance(article, dict):
                yield FormerReading(**{**entry, **times, "changed": tuple(changed)})  # type: ignore[arg-type]
        except (KeyError, ValueError, TypeError):
            continue
