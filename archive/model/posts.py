"""What it means: posts as the archive knows them, and what a capture changed about one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from archive.model.names import Identity, Sha256


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
