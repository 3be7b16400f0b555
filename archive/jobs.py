"""The work that may be done by other processes: bytes in, reading out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from archive import payload, reading
from archive.errors import DamagedRecordError
from archive.model import CaptureKind, Feed, Listing, Page, PageOutcome, Purpose, Reading
from archive.site import Site, parse_site
from archive.warc import LaidExchange
from archive.warc.imported import Answer, is_readable

DECODED_LIMIT = 256 * 2**20
"""Bytes to which a payload may grow when its content-encoding is undone; beyond, it is a bomb and stays unread."""

_LISTINGS = {Purpose.LISTING, Purpose.DAY_PAGE}
_FEEDS = {Purpose.FEED, Purpose.SITEMAP}
_READ = _LISTINGS | _FEEDS | {Purpose.POST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A capture's bytes, or what loads them in the process that reads, and the rules by which to read them."""

    purpose: Purpose
    head: bytes
    entity: bytes
    url: str
    time: datetime
    toml: bytes
    load: Callable[[], Answer] | None = None


def job_for(unit: LaidExchange, toml: bytes) -> Job | None:
    """Make the job of reading an exchange; None where there is nothing to read: no page, or no whole answer."""
    capture = unit.capture
    has_payload = capture.kind in {CaptureKind.RESPONSE, CaptureKind.REVISIT}
    if capture.purpose not in _READ or capture.status != 200 or not has_payload:
        return None
    if capture.is_imported and not is_readable(capture):
        return None
    return Job(
        purpose=capture.purpose,
        head=unit.head,
        entity=unit.entity() if unit.load is None else b"",
        load=unit.load,
        url=capture.url,
        time=capture.time,
        toml=toml,
    )


def read(job: Job) -> Reading | None:
    """Say what the bytes of a capture say; what cannot be decoded is unreadable, never an error.

    Raises:
        NotFoundError, DamagedRecordError, StorageError: the record of an imported capture is not where it was.
    """
    head, entity = job.head, job.entity
    if job.load is not None:
        answer = job.load()
        head, entity = answer.head, answer.entity
    try:
        decoded = payload.decode(head, entity, DECODED_LIMIT)
    except DamagedRecordError:
        return unreadable(job.purpose)
    return reading.read(
        purpose=job.purpose,
        status=200,
        head=head,
        payload=decoded,
        url=job.url,
        time=job.time,
        site=site_of(job.toml),
    )


def unreadable(purpose: Purpose) -> Reading:
    """Make the reading of a page whose bytes cannot be decoded."""
    if purpose in _LISTINGS:
        return Listing(outcome=PageOutcome.UNREADABLE)
    if purpose in _FEEDS:
        return Feed(outcome=PageOutcome.UNREADABLE)
    return Page(outcome=PageOutcome.UNREADABLE)


@lru_cache(maxsize=16)
def site_of(toml: bytes) -> Site:
    """Parse a site file as a run kept it."""
    return parse_site(toml, "the site file in the archive")
