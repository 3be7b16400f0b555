"""What was laid down: captures, omissions and runs."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from archive.model.names import Sha256
from archive.model.wire import Failure, Purpose, Truncation

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
