"""Dates as people read them, for pages that have no other (site-facts 2.2: before 2016)."""

import re
from datetime import UTC

import dateparser  # type: ignore[import-untyped]  # ships no types

from archive.dates import Moment

_SETTINGS = {"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["day", "month", "year"]}
_HAS_YEAR = re.compile(r"(?<!\d)(19[89]\d|20\d\d)(?!\d)")


def visible_moment(text: str, language: str | None) -> Moment | None:
    """Read a whole, absolute date; "28 minutes ago" is none, for it says nothing without a clock.

    A time without zone is taken for UTC, a day without time for its midnight; ``offset`` is then ``None``.
    """
    if len(text) > 64 or not _HAS_YEAR.search(text):
        return None
    languages = [language] if language else None
    try:
        read = dateparser.parse(text, languages=languages, settings=_SETTINGS)
    except (ValueError, OverflowError, TypeError, RecursionError):
        return None
    if read is None:
        return None
    offset = read.utcoffset()
    instant = read.replace(tzinfo=UTC) if offset is None else read.astimezone(UTC)
    return Moment(instant=instant, offset=None if offset is None else round(offset.total_seconds() / 60))
