"""What Datasette is told of the tables and views: their meanings, what to count them by, where their cells lead."""

from markupsafe import Markup

from archive.schema import NOTES

_FACETS = {
    "posts_current": ["state", "language", "category"],
    "post_events": ["kind", "is_edit"],
    "captures_readable": ["purpose", "status", "kind"],
    "post_versions": ["is_current"],
    "omissions": ["kind"],
}
_PLACES = {"post_id": "post", "capture_id": "capture", "run": "run"}

METADATA = {
    "title": "vigil",
    "databases": {
        "archive": {
            "description": "Every table and view of the index. The views are made for people; times are UTC.",
            "tables": {
                note.name: {
                    "description": note.meaning,
                    "columns": dict(note.columns),
                    "facets": _FACETS.get(note.name, []),
                    "size": 50,
                }
                for note in NOTES
            }
            | {"_sqlite_migrations": {"hidden": True}},
        }
    },
}
"""Datasette's metadata, made from the notes of the schema."""


def cell(value: object, column: str) -> Markup | None:
    """Lead from a number to its page; None leaves a cell to Datasette, which escapes it."""
    place = _PLACES.get(column)
    if place is None or value is None:
        return None
    return Markup('<a href="/{}/{}">{}</a>').format(place, value, value)
