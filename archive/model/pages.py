"""What a page says: articles, listings and feeds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from archive.model.names import Identity


class BlockKind(StrEnum):
    """What one piece of a post's text is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of a post's text, in reading order, white space normalised."""

    kind: BlockKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture of a post: ``url`` as on the page, ``original`` without the CMS's size suffix."""

    url: str
    original: str
    caption: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link in a post's text."""

    url: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A credit line whole, and parsed: who wrote, in which language, for which service, from which sources."""

    text: str
    writer: str | None = None
    original_language: str | None = None
    service: str | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one place of a page said about one field; all are kept, so that a disagreement stays visible.

    ``source`` is ``json-ld``, ``time-element``, ``visible-text``, ``meta``, ``layout``, ``url`` or ``card``.
    """

    field: str
    source: str
    value: str


class TextOrigin(StrEnum):
    """Which page a version's text was read from."""

    PERMALINK = "permalink"
    LISTING = "from listing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A post as one page shows it.

    ``blocks`` is empty for a text-less item (video, audio, gallery), which ``is_textless`` then says. ``statements``
    are the per-field sources; the fields hold the value that was chosen. ``published`` and ``modified`` are UTC,
    ``published_offset`` is the page's own offset from UTC in minutes. ``alarms`` name what the layout expected and the
    page did not have; a reading with alarms must never be taken for an edit.
    """

    identity: Identity
    url: str
    canonical_url: str | None
    title: str
    authors: tuple[str, ...]
    published: datetime | None
    published_offset: int | None
    modified: datetime | None
    dateline: str | None
    category: str | None
    tags: tuple[str, ...]
    language: str | None
    blocks: tuple[Block, ...]
    images: tuple[Image, ...]
    links: tuple[Link, ...]
    credit: Credit | None
    corrections: tuple[str, ...]
    is_textless: bool
    extractor: str
    origin: TextOrigin = TextOrigin.PERMALINK
    statements: tuple[Statement, ...] = ()
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An entry on a listing, in the order shown; ``identity`` follows from ``url`` by the site's rules."""

    position: int
    url: str
    identity: Identity
    title: str | None
    published: datetime | None
    has_text: bool


class PageOutcome(StrEnum):
    """What a page turned out to be; all after ``PAST_THE_END`` are alarms, never "0 new posts"."""

    OK = "ok"
    PAST_THE_END = "past-the-end"
    EMPTY = "empty-answer"
    BLOCKED = "block-page"
    LAYOUT_DRIFT = "layout-drift"
    UNREADABLE = "unreadable"
    SOFT_404 = "not-found-page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a listing or day page shows: its cards, and the URL behind "Load more" where there is one."""

    outcome: PageOutcome
    cards: tuple[Card, ...] = ()
    next_url: str | None = None
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One URL that a sitemap or feed names."""

    url: str
    identity: Identity | None
    title: str | None = None
    published: datetime | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a sitemap or feed names: ``entries`` are articles, ``sitemaps`` further files of a sitemap index."""

    outcome: PageOutcome
    entries: tuple[FeedEntry, ...] = ()
    sitemaps: tuple[FeedEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A post's page as read: its article, or the outcome that explains why there is none."""

    outcome: PageOutcome
    article: Article | None = None


Reading = Listing | Feed | Page
"""What the bytes of one capture say; a pure function of the bytes, the site's rules and the extractor."""
