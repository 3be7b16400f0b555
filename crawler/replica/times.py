"""Times in the spellings that the CMS uses (Facts 1.5, 2.2)."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

from crawler.replica.model import Post


def stamp(post: Post) -> str:
    """``datetime`` attribute: local time with its offset; on some posts the plus sign is an entity."""
    local = post.published.astimezone(timezone(timedelta(minutes=post.offset))).isoformat(timespec="seconds")
    return local.replace("+", "&#x2B;") if post.has_plus_entity else local


def shown(post: Post) -> str:
    """What a reader sees: GMT, as on rferl.org."""
    return f"{day(post.published)} {post.published:%H:%M} GMT"


def day(when: datetime) -> str:
    """``January 18, 2013``."""
    return f"{when:%B} {when.day}, {when.year}"


def spaced(when: datetime) -> str:
    """JSON-LD's form: a space, not a T."""
    return f"{when:%Y-%m-%d %H:%M:%S}Z"


def lastmod(when: datetime) -> str:
    """Sitemap form: ISO with up to seven decimals, trailing zeros cut."""
    text = f"{when:%Y-%m-%dT%H:%M:%S}"
    decimals = f"{when:%f}".rstrip("0")
    return f"{text}.{decimals}Z" if decimals else f"{text}Z"


def http_date(when: datetime) -> str:
    """RFC 9110 section 5.6.7."""
    return format_datetime(when.astimezone(UTC).replace(microsecond=0), usegmt=True)
