"""Dates as people read them, for pages that have no other (site-facts 2.2: before 2016)."""

import re
from datetime import UTC, datetime

import dateparser

from archive.dates import Moment

_SETTINGS = {"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["day", "month", "year"]}
_HAS_YEAR = re.compile(r"(?<!\d)(19[89]\d|20\d\d)(?!\d)")


def visible_moment(text: str, language: str | None) -> Moment | None:
    """Read a whole, absolute date; "28 minutes ago" is none, for it says nothing without a clock.

    A time without zone is taken for UTC, a day without time for its midnight; ``offset`` is then ``None``.
    """
    if len(text) > 64 or not _HAS_YEAR.search(text):
        return None
    read = _parsed(text, "en") or _parsed(text, language)  # old pages name the month in English, whatever their text is
    if read is None:
        return None
    offset = read.utcoffset()
    instant = read.replace(tzinfo=UTC) if offset is None else read.astimezone(UTC)
    return Moment(instant=instant, offset=None if offset is None else round(offset.total_seconds() / 60))


def _parsed(text: str, language: str | None) -> datetime | None:
    try:
        return dateparser.parse(text, languages=[language] if language else None, settings=_SETTINGS)
    except (ValueError, OverflowError, TypeError, RecursionError):  # also a language that it does not know
        return None
