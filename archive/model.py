"""The nouns of vigil: frozen values, no input or output.

Times are aware and in UTC. Digests are lower-case hexadecimal SHA-256. What is not known is ``None``.
The glossary in docs/ gives each word its one meaning.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

Sha256 = NewType("Sha256", str)
"""A SHA-256 digest as 64 lower-case hexadecimal digits; made by ``sha256_of`` or ``as_sha256`` only."""

Identity = NewType("Identity", str)
"""A post's lasting name within its site: the CMS's numeric article id, else the canonical URL."""


def sha256_of(data: bytes) -> Sha256:
    """Digest ``data``."""
    return Sha256(hashlib.sha256(data).hexdigest())


def as_sha256(text: str) -> Sha256:
    """Take ``text`` for a digest.

    Raises:
        ValueError: ``text`` is not 64 lower-case hexadecimal digits.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError(f"not a SHA-256 digest: {text!r}")
    return Sha256(text)


# --- what went over the wire -------------------------------------------------------------------


class Purpose(StrEnum):
    """Why a URL was asked for; kept in the exchange's metadata record, read by ``rebuild``."""

    ROBOTS = "robots"
    LISTING = "listing"
    DAY_PAGE = "day-page"
    POST = "post"
    FEED = "feed"
    SITEMAP = "sitemap"
    REQUISITE = "requisite"
    OTHER = "other"


class Framing(StrEnum):
    """How the end of a response's body was known (RFC 9112 section 6.3)."""

    BODILESS = "bodiless"
    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


class Truncation(StrEnum):
    """Why a stored body is shorter than the one that was sent (WARC/1.1 section 5.15)."""

    LENGTH = "length"
    TIME = "time"
    DISCONNECT = "disconnect"
    UNSPECIFIED = "unspecified"


class FailureKind(StrEnum):
    """Why an exchange has no answer."""

    NAME = "name-not-resolved"
    REFUSED = "connection-refused"
    TIMEOUT = "timeout"
    TLS = "tls"
    RESET = "reset"
    EMPTY = "closed-without-answer"
    GARBLED = "not-http"
    ADDRESS = "refused-address"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an exchange has no answer, and the network's own words for it."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """The very connection's TLS: ``version`` like ``1.3``, IANA ``cipher`` name, DER ``chain`` leaf first."""

    version: str
    cipher: str
    server_name: str | None
    alpn: str | None
    chain: tuple[bytes, ...]
    is_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who answered: the address connected to, and what the name resolver had said.

    ``is_routed`` is true where ``--resolve`` chose the address in place of the resolver.
    """

    address: str
    port: int
    resolved: tuple[str, ...] = ()
    is_routed: bool = False
    tls: TlsFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The exact bytes sent and received for one request, in memory.

    What came is ``interim + head + body + surplus`` in this order, nothing left out: ``interim`` holds whole 1xx
    heads, ``head`` the final head with its blank line, ``body`` all up to the end of the message as framed on the
    wire (chunk lines and trailers included), ``surplus`` what came after it. With a ``failure`` there is no final
    head: ``head`` and ``body`` are empty and whatever bytes did come are in ``surplus``.
    """

    sequence: int
    url: str
    purpose: Purpose
    via: str | None
    began: datetime
    took_ms: int
    request: bytes
    interim: bytes = b""
    head: bytes = b""
    body: bytes = b""
    surplus: bytes = b""
    framing: Framing = Framing.BODILESS
    truncation: Truncation | None = None
    failure: Failure | None = None
    peer: Peer | None = None

    @property
    def received(self) -> bytes:
        """Every byte that came, in order."""
        return self.interim + self.head + self.body + self.surplus


# --- what was laid down -----------------------------------------------------------------------


IMPORTS = "imports/"
"""Folder, within the WARC files' own, of files that others made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRef:
    """Where one WARC record lies: its gzip member starts at ``offset`` and is ``length`` bytes long.

    ``file`` is the closed file's name, without ``.open``, within the collection's ``archive`` folder. Of an imported
    record it begins with ``imports/``, and what lies at ``offset`` is a gzip member or plain, as its writer made it.
    """

    file: str
    offset: int
    length: int
    record_id: str

    @property
    def is_imported(self) -> bool:
        """Whether others wrote the record."""
        return self.file.startswith(IMPORTS)


class CaptureKind(StrEnum):
    """The shape in which an exchange was laid down."""

    RESPONSE = "response"
    REVISIT = "revisit"
    NOT_MODIFIED = "not-modified"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """An exchange laid down.

    ``record`` is the response or revisit record; the metadata record for a failure. ``run`` and ``sequence`` name
    the exchange for good. ``payload_digest`` is over the entity as sent, content-encoding kept, chunk framing
    removed (WARC/1.1 section 5.9). ``original`` is set on a revisit: URL and WARC-Date string of the record that
    holds the payload.
    """

    run: str
    sequence: int
    url: str
    purpose: Purpose
    via: str | None
    time: datetime
    kind: CaptureKind
    record: RecordRef
    request: RecordRef | None
    metadata: RecordRef
    status: int | None
    payload_digest: Sha256 | None
    payload_bytes: int
    content_type: str | None
    location: str | None
    etag: str | None
    last_modified: str | None
    truncation: Truncation | None
    failure: Failure | None
    original: tuple[str, str] | None = None

    @property
    def is_imported(self) -> bool:
        """Whether others made it, and we only have their record."""
        return self.record.is_imported


class OmissionKind(StrEnum):
    """Why something that a walk met was not asked for, or not taken."""

    ROBOTS = "robots"
    FOREIGN_HOST = "foreign-host"
    PRIVATE_ADDRESS = "private-address"
    SCHEME = "scheme"
    LIMIT = "limit"
    LOST = "lost"
    ERROR = "error"
    MAYBE_MORE = "maybe-more"
    CONTRADICTION = "contradiction"
    UNWANTED = "unwanted"
    UNFINISHED = "unfinished"
    FAULT = "import-fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Omission:
    """Something not asked for, not taken, or lost, and why; a metadata record in the run's WARC."""

    run: str
    url: str
    kind: OmissionKind
    reason: str
    time: datetime
    via: str | None = None


class Route(StrEnum):
    """Whether a run spoke with the real site; a test route and an import are marked for good."""

    SITE = "site"
    TEST = "test-route"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStart:
    """What is known when a run begins; the first ``resource`` record of its first WARC file.

    ``uid`` names the run for good. ``recovered`` says, one sentence each, what the crash of an earlier run left and
    what was done about it.
    """

    uid: str
    site: str
    started: datetime
    route: Route
    software: str
    config_digest: Sha256
    operator: str | None
    contact: str | None
    user_agent: str
    mode: str
    robots_exceptions: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()


def mailbox_of(contact: str | None) -> str | None:
    """Give the mail address that ``contact`` is, for a ``From`` header (RFC 9110 section 10.1.2), or None."""
    address = (contact or "").removeprefix("mailto:")
    return address if re.fullmatch(r"[^@:/?\s]+@[^@:/?\s]+", address) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended; the last ``resource`` record of its last WARC file.

    ``is_walk_complete`` is true when the walk reached the listing's end or a known stretch that an earlier complete
    walk covers; otherwise later runs resume it at the days of ``resume_at`` (ISO, commas between them, newest first).
    ``is_day_route_complete`` says the same of the permitted route over day pages. ``counts`` are named whole numbers,
    as in the run report.
    """

    uid: str
    ended: datetime
    stop_reason: str
    exit_code: int
    is_walk_complete: bool
    counts: tuple[tuple[str, int], ...] = ()
    resume_at: str | None = None
    is_day_route_complete: bool = False


# --- what a page says -------------------------------------------------------------------------


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


# --- what it means ------------------------------------------------------------------------------


class PostState(StrEnum):
    """What the newest telling capture said of a post."""

    LIVE = "live"
    GONE = "gone"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPost:
    """What the archive knows of a post before a capture: ``versions`` are text hashes, oldest first.

    ``is_opened`` is true once its own page was read; until then every version is from a listing.
    """

    identity: Identity
    state: PostState
    versions: tuple[Sha256, ...]
    current: Sha256 | None
    title: str | None
    canonical_url: str | None
    counted_to: datetime | None
    modified: datetime | None = None
    is_opened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSeen:
    """The archive's first telling capture of a post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionAdded:
    """A text the post never had before; ``is_silent`` when its stated modification time did not move.

    ``is_edit`` is false for a post's first text, and for the first from its own page after one from a listing.
    """

    text_hash: Sha256
    is_title_changed: bool
    is_silent: bool
    is_edit: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRestored:
    """The post went back to a text it had before."""

    text_hash: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The same text as at the capture before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """404 or 410: the site no longer serves the post."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A post that was gone is served again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The post's canonical URL changed."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """The post is still served, though no source of the blog shows it any more where it stood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The capture says nothing about the post (5xx, block page, cut-off body, layout drift), and why."""

    reason: str


Event = PostSeen | VersionAdded | VersionRestored | Unchanged | Gone | Returned | Moved | Unlisted | Rejected
"""What one capture changed about one post; closed, matched with ``assert_never``."""
