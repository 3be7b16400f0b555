"""Dates as pages, feeds and sitemaps write them become instants in UTC; what is no date is ``None``."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ]\s*(\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?", re.IGNORECASE
)
_FIRST_YEAR = 1990


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant in UTC; ``offset`` is what the source said of its own distance from UTC, in minutes, if it did."""

    instant: datetime
    offset: int | None


def moment(text: str | None) -> Moment | None:
    """Read an ISO 8601 date (a space for the T is fine) or one of RFC 5322.

    A time without offset is taken for UTC, a date without time for its midnight; ``offset`` is then ``None``. Years
    before 1990 are no dates: the CMS writes year 1 for "none" (site-facts 2.2).
    """
    if not text or len(text) > 64:
        return None
    iso = _ISO.fullmatch(text.strip())
    try:
        time = datetime.fromisoformat(_plain(iso)) if iso else parsedate_to_datetime(text.strip())
        offset = time.utcoffset()
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        instant = time.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    if instant.year < _FIRST_YEAR:
        return None
    return Moment(instant=instant, offset=None if offset is None else round(offset.total_seconds() / 60))


def _plain(iso: re.Match[str]) -> str:
    day, clock, zone = iso.groups(default="")
    return f"{day}T{clock}{zone.upper()}" if clock else day
