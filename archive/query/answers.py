"""What questions are answered with: frozen values, times aware and in UTC, unknown is None."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from archive.model import (
    Article,
    Capture,
    Event,
    Identity,
    OmissionKind,
    PageOutcome,
    PostState,
    Purpose,
    RecordRef,
    Route,
    Sha256,
    TextOrigin,
)


class Order(StrEnum):
    """In which order posts are found."""

    NEWEST = "newest"
    RELEVANCE = "relevance"
    RECENT = "recent"
    """By relevance, of which a post a year older than the archive's newest keeps half, one two years older a third."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which posts are meant: all that fit every filter that is not None.

    ``since`` is inclusive, ``until`` exclusive; both of the time of publication, or of capture where that is unknown.
    ``author``, ``category`` and ``service`` (which the credit line names) find parts of names, whatever the letters'
    case and accents. ``language`` is a code; ``en`` finds ``en-US`` too. ``is_edited`` finds posts whose text ever
    replaced another, or those whose never did.
    """

    site: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    author: str | None = None
    language: str | None = None
    category: str | None = None
    service: str | None = None
    state: PostState | None = None
    is_edited: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSummary:
    """A post in one line: ``id`` is its number within this archive; the rest as last read."""

    id: int
    site: str
    identity: Identity
    url: str
    title: str | None
    authors: tuple[str, ...]
    published: datetime | None
    category: str | None
    language: str | None
    state: PostState | None
    origin: TextOrigin | None
    versions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A piece of text and the spans of it, as (start, end), that were searched for."""

    text: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A post that was found, its headline and a piece of its text around what was searched for.

    ``version`` is the number of the text that was found; it stands unless all versions were searched.
    """

    post: PostSummary
    version: int
    is_current: bool
    title: Marked
    snippet: Marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """What a search found: one page of it, and whether there is more.

    ``ranked_among`` is None where the order is exact. Where words are so common that not all texts with them could be
    ranked, it says how many were: the newest.
    """

    hits: tuple[Hit, ...]
    has_more: bool
    ranked_among: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCapture:
    """A capture with its number within this archive and what its page turned out to be."""

    id: int
    capture: Capture
    outcome: PageOutcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A text that a post had, first and last captured when; ``article`` is the page as it stood at first."""

    number: int
    text_hash: Sha256
    is_current: bool
    first: StoredCapture
    last: StoredCapture
    article: Article


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedEvent:
    """What a capture changed about a post, and when."""

    time: datetime
    capture_id: int
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A post shown by a source of its blog."""

    time: datetime
    capture_id: int
    source: Purpose
    page_url: str
    position: int
    url: str
    title: str | None
    published: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDetail:
    """All that is held of a post; versions, events and sightings oldest first, captures of its own page newest first.

    ``sightings`` holds the first and the newest ones, ``sighting_count`` counts all.
    """

    post: PostSummary
    spellings: tuple[str, ...]
    versions: tuple[Version, ...]
    events: tuple[TimedEvent, ...]
    sighting_count: int
    sightings: tuple[Seen, ...]
    captures: tuple[StoredCapture, ...]

    @property
    def current(self) -> Version | None:
        """The version that stands."""
        return next((version for version in self.versions if version.is_current), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerReading:
    """What an earlier extractor read from a capture about a post, where a later one reads otherwise.

    ``captured`` is the capture's time and ``record_id`` its WARC record; ``text_hash`` names the text as read then,
    ``later_hash`` as the later extractor read it, None where that one read nothing. ``changed`` names the fields that
    differ. ``article`` is all that was read, by field name. ``noted`` is when the later extractor took over.
    """

    site: str
    identity: str
    captured: datetime
    record_id: str
    extractor: str
    text_hash: Sha256
    later_extractor: str
    later_hash: Sha256 | None
    changed: tuple[str, ...]
    article: dict[str, object]
    noted: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The newest capture at or before a time, and when the next one was made."""

    stored: StoredCapture
    next_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A post that a source of its blog showed and whose own page the archive does not hold, and why."""

    site: str
    identity: Identity
    url: str
    title: str | None
    reason: str
    last_seen: datetime
    has_listing_text: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOmission:
    """Something that a run left out, and the record that says so."""

    run: str
    url: str
    kind: OmissionKind
    reason: str
    time: datetime
    via: str | None
    record: RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a run's captures brought, counted from rows.

    ``new`` counts posts whose own page was read first, ``changed`` those with another text, ``from_listing`` texts that
    only a listing showed (of this run's listings, though it may be a later run that had to fall back on them). The
    others count events, ``omitted`` by kind. ``payload_bytes`` is what came, ``kept_bytes`` what was not held before.
    """

    requests: int
    responses: int
    revisits: int
    not_modified: int
    failed: int
    new: int
    changed: int
    restored: int
    unchanged: int
    gone: int
    returned: int
    moved: int
    rejected: int
    from_listing: int
    sightings: int
    payload_bytes: int
    kept_bytes: int
    omitted: tuple[tuple[OmissionKind, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run: how it began, how it ended (``ended`` is None for one that is running or was killed), what it brought."""

    uid: str
    site: str
    started: datetime
    ended: datetime | None
    route: Route
    mode: str
    software: str
    operator: str | None
    user_agent: str
    stop_reason: str | None
    exit_code: int | None
    is_walk_complete: bool
    robots_exceptions: tuple[str, ...]
    recovered: tuple[str, ...]
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """What an archive holds of a blog.

    ``gone`` counts posts that the site answered with 404 or 410 last, ``gone_confirmed`` those of which another night's
    look said the same. ``candidates`` are articles that only sitemaps of the whole site name, ``candidates_opened``
    those asked for.
    """

    site: str
    title: str | None
    posts: int
    versions: int
    gone: int
    gone_confirmed: int
    gaps: int
    candidates: int
    candidates_opened: int
    captures: int
    runs: int
    first_published: datetime | None
    last_published: datetime | None
    is_walk_complete: bool
    last_run: RunSummary | None
    imported: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What an archive holds, and its size on disk in bytes."""

    sites: tuple[SiteStatus, ...]
    warc_files: int
    warc_bytes: int
    index_bytes: int
