"""The schema of ``archive.db``, told where it is written: each table and column has its meaning beside it.

The comments are part of the statements, so ``sqlite3 archive.db .schema`` shows them too, and ``NOTES`` (from which
docs/reference/schema.md is made) is read from them. Rules that hold everywhere:

- every row follows from records in the WARC files, taken in WARC order: no clock, no chance, no rowid of its own will;
- a time is a whole number of microseconds since 1970-01-01 UTC; the views spell it;
- a digest is SHA-256 in 64 lower-case hexadecimal digits; what is not known is NULL, never an empty string;
- a list within one row is a JSON array; bodies of text stand last in a table of their own.
"""

import re
from dataclasses import dataclass

from archive.schema.tables import PAGES, SURTS, TABLES
from archive.schema.views import OF_POSTS, PUBLISHED, VIEWS

__all__ = ["NOTES", "OF_POSTS", "PAGES", "PUBLISHED", "SURTS", "TABLES", "VIEWS", "Note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a table or view is, and what each of its columns means, in order."""

    name: str
    meaning: str
    columns: tuple[tuple[str, str], ...]


def _note(statement: str) -> Note:
    first, *rest = statement.splitlines()
    head = re.match(r"CREATE (?:TABLE|VIEW) (\w+).*? -- (.+)", first)
    if head is None:
        raise ValueError(f"no meaning beside {first!r}")
    lines = (re.match(r"(?P<code>.*?),? -- (?P<meaning>.+)", line) for line in rest)
    columns = tuple(
        (re.findall(r"\w+", line["code"])[-1 if " VIEW " in first else 0], line["meaning"]) for line in lines if line
    )
    return Note(name=head[1], meaning=head[2], columns=columns)


_NAMED = ("CREATE TABLE", "CREATE VIEW")

NOTES = (
    *(_note(statement) for statement in (*TABLES, *PAGES, *SURTS, *VIEWS, *OF_POSTS) if statement.startswith(_NAMED)),
    Note(
        name="texts_fts",
        meaning="Full-text index over texts; diacritics are folded.",
        columns=(("title", "Words of the headline."), ("text", "Words of the text.")),
    ),
)
"""The meaning of every table, view and column; docs/reference/schema.md is made from it."""
