"""Words that a search takes only as they are written: in which other spellings texts have them all the same."""

import sqlite3
from itertools import islice, product

from archive.query.letters import spellings
from archive.query.syntax import phrases_in

_MOST = 64
_TOLD = 3
_RULE = "in quotation marks and NEAR( ) words are found only as they are written"


def told_of_phrases(db: sqlite3.Connection, query: str, *, is_empty: bool) -> str | None:
    """Say of a search with phrases what it may have missed: other spellings to be found, or that none was looked for.

    ``is_empty`` is a search that found nothing; one that found something, and whose words stand nowhere in another
    spelling, has missed nothing: None.

    Raises:
        QueryError: the expression cannot be read.
    """
    phrases = phrases_in(query)
    others = tuple(dict.fromkeys(other for phrase in phrases for other in _others(db, phrase)))[:_TOLD]
    if others:
        return f"{_RULE}; to be found as well: {', '.join(f'“{other}”' for other in others)}"
    return f"{_RULE}; without them, in other spellings and places too" if phrases and is_empty else None


def _others(db: sqlite3.Connection, phrase: str) -> list[str]:
    """Give a phrase as texts have it, each word in a spelling of its own; at most ``_MOST`` are looked for."""
    ways = ([word, *(way for way in spellings(word) if is_anywhere(db, _quoted(way)))] for word in phrase.split())
    spelled = (" ".join(words) for words in islice(product(*ways), 1, _MOST))
    return [words for words in spelled if is_anywhere(db, _quoted(words))]


def is_anywhere(db: sqlite3.Connection, expression: str) -> bool:
    """Tell whether any text fits an expression of FTS5."""
    return db.execute("SELECT 1 FROM texts_fts WHERE texts_fts MATCH ? LIMIT 1", (expression,)).fetchone() is not None


def _quoted(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'
