"""Captures and pages made up for the pure rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from archive.model import (
    Article,
    Block,
    BlockKind,
    Capture,
    CaptureKind,
    Failure,
    FailureKind,
    Identity,
    Page,
    PageOutcome,
    Purpose,
    RecordRef,
    TextOrigin,
)

NOON = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
URL = "https://blog.example/a/1.html"
RECORD = RecordRef(file="blog.warc.gz", offset=0, length=10, record_id="<urn:uuid:0>")


def capture(minute: int = 0, *, status: int | None = 200, kind: CaptureKind = CaptureKind.RESPONSE) -> Capture:
    """An answer that came at ``minute``; no status is a timeout."""
    return Capture(
        run="run-1",
        sequence=minute,
        url=URL,
        purpose=Purpose.POST,
        via=None,
        time=NOON + timedelta(minutes=minute),
        kind=CaptureKind.FAILURE if status is None else kind,
        record=RECORD,
        request=None,
        metadata=RECORD,
        status=status,
        payload_digest=None,
        payload_bytes=0,
        content_type="text/html",
        location=None,
        etag=None,
        last_modified=None,
        truncation=None,
        failure=Failure(kind=FailureKind.TIMEOUT, message="no word") if status is None else None,
    )


def article(*paragraphs: str, title: str = "Hat lost", origin: TextOrigin = TextOrigin.PERMALINK) -> Article:
    """A post's page that says ``paragraphs``."""
    return Article(
        identity=Identity("1"),
        url=URL,
        canonical_url=URL,
        title=title,
        authors=("Ada Fictional",),
        published=NOON,
        published_offset=0,
        modified=None,
        dateline=None,
        category=None,
        tags=(),
        language="en",
        blocks=tuple(Block(kind=BlockKind.PARAGRAPH, text=text) for text in paragraphs),
        images=(),
        links=(),
        credit=None,
        corrections=(),
        is_textless=not paragraphs,
        extractor="test 1",
        origin=origin,
    )


def page(*paragraphs: str, title: str = "Hat lost") -> Page:
    """A readable page."""
    return Page(outcome=PageOutcome.OK, article=article(*paragraphs, title=title))


def listed(*paragraphs: str) -> Page:
    """A listing's copy of the post."""
    return Page(outcome=PageOutcome.OK, article=article(*paragraphs, origin=TextOrigin.LISTING))


def alarmed(*paragraphs: str) -> Page:
    """A page that lacks what its layout expects."""
    read = replace(article(*paragraphs), alarms=("layout-drift: no title",))
    return Page(outcome=PageOutcome.LAYOUT_DRIFT, article=read)
