"""Captures and exchanges read back from their records; ``layout`` lays them down."""

from enum import StrEnum
from typing import TypeVar

from archive import payload
from archive.chunked import Chunked, join
from archive.errors import DamagedRecordError
from archive.model import (
    Capture,
    CaptureKind,
    Exchange,
    Failure,
    FailureKind,
    Framing,
    Omission,
    OmissionKind,
    Peer,
    Purpose,
    RecordRef,
    Sha256,
    TlsFacts,
    Truncation,
    sha256_of,
)
from archive.warc.layout import RENAMED
from archive.warc.notes import Notes
from archive.warc.reader import Record

Kind = TypeVar("Kind", bound=StrEnum)


def capture_from(
    notes: Notes,
    metadata: Record,
    *,
    request: RecordRef | None,
    answer: Record | None,
) -> Capture:
    """Read what an exchange laid down is known by, from its metadata and its response or revisit record.

    Raises:
        DamagedRecordError: a field is missing or holds what no writer of ours writes.
    """
    kind = _member(CaptureKind, notes.text("vigil-kind"))
    head = head_from(notes, answer)
    failure = notes.get("failure")
    uri, date = (answer.get("WARC-Refers-To-Target-URI"), answer.get("WARC-Refers-To-Date")) if answer else (None, None)
    truncation = notes.get("wire-truncated")
    return Capture(
        run=notes.text("vigil-run"),
        sequence=notes.number("vigil-sequence"),
        url=url_from(notes, metadata),
        purpose=_member(Purpose, notes.text("vigil-purpose")),
        via=notes.get("via"),
        time=metadata.time,
        kind=kind,
        record=(answer or metadata).ref,
        request=request,
        metadata=metadata.ref,
        status=None if kind is CaptureKind.FAILURE else payload.status(head),
        payload_digest=_payload_digest(notes, kind, answer),
        payload_bytes=notes.number("wire-payload-bytes", 0),
        content_type=payload.field(head, "Content-Type"),
        location=payload.field(head, "Location"),
        etag=payload.field(head, "ETag"),
        last_modified=payload.field(head, "Last-Modified"),
        truncation=_member(Truncation, truncation) if truncation else None,
        failure=Failure(kind=_member(FailureKind, failure), message=notes.text("failure-message")) if failure else None,
        original=(uri, date) if uri and date else None,
    )


def head_from(notes: Notes, answer: Record | None) -> bytes:
    """Give the final head exactly as it was sent; ``b""`` where none came."""
    if answer is None or notes.get("wire-head-bytes") is None:
        return notes.raw("wire-head")
    head = answer.block[: notes.number("wire-head-bytes")]
    for text in reversed(notes.all("wire-renamed-at")):
        at = int(text) if text.isdecimal() else len(head)
        if head[at : at + len(RENAMED)] != RENAMED:
            raise DamagedRecordError(
                f"{answer.ref.file}, offset {answer.ref.offset}: its head is not as its metadata says"
            )
        head = head[:at] + head[at + len(RENAMED) :]
    return head


def exchange_from(
    notes: Notes, metadata: Record, *, request: bytes, answer: Record | None, entity: bytes, chain: tuple[bytes, ...]
) -> Exchange:
    """Put an exchange together again, bit for bit, and compare it with the digest of what came.

    Raises:
        DamagedRecordError: it is not what came.
    """
    framing = _member(Framing, notes.text("wire-framing"))
    parts = Chunked(entity=entity, layout=notes.packed("wire-chunk-layout"), tail=notes.raw("wire-tail"))
    body = join(parts) if framing is Framing.CHUNKED else entity
    failure = notes.get("failure")
    truncation = notes.get("wire-truncated")
    exchange = Exchange(
        sequence=notes.number("vigil-sequence"),
        url=url_from(notes, metadata),
        purpose=_member(Purpose, notes.text("vigil-purpose")),
        via=notes.get("via"),
        began=metadata.time,
        took_ms=notes.number("fetchTimeMs"),
        request=request,
        interim=notes.raw("wire-interim"),
        head=head_from(notes, answer),
        body=body or notes.raw("wire-body"),
        surplus=notes.raw("wire-surplus"),
        framing=framing,
        truncation=_member(Truncation, truncation) if truncation else None,
        failure=Failure(kind=_member(FailureKind, failure), message=notes.text("failure-message")) if failure else None,
        peer=_peer_from(notes, chain),
    )
    if sha256_of(exchange.received) != notes.text("wire-sha256"):
        ref = metadata.ref
        raise DamagedRecordError(f"{ref.file}, offset {ref.offset}: the wire cannot be rebuilt: its digest differs")
    return exchange


def omission_from(notes: Notes, metadata: Record) -> Omission:
    """Read an omission.

    Raises:
        DamagedRecordError: a field is missing or holds what no writer of ours writes.
    """
    return Omission(
        run=notes.text("vigil-run"),
        url=url_from(notes, metadata),
        kind=_member(OmissionKind, notes.text("vigil-omission")),
        reason=notes.text("vigil-reason"),
        time=metadata.time,
        via=notes.get("via"),
    )


def url_from(notes: Notes, metadata: Record) -> str:
    """Give the URL exactly as it was asked for."""
    url = notes.get("vigil-url")
    return (metadata.get("WARC-Target-URI") or "") if url is None else url


def _peer_from(notes: Notes, chain: tuple[bytes, ...]) -> Peer | None:
    if notes.get("peer-address") is None:
        return None
    tls = None
    if notes.get("tls-version") is not None:
        tls = TlsFacts(
            version=notes.text("tls-version"),
            cipher=notes.text("tls-cipher"),
            server_name=notes.get("tls-server-name"),
            alpn=notes.get("tls-alpn"),
            chain=chain,
            is_verified=notes.flag("tls-verified"),
        )
    return Peer(
        address=notes.text("peer-address"),
        port=notes.number("peer-port"),
        resolved=notes.all("resolved"),
        is_routed=notes.flag("routed"),
        tls=tls,
    )


def _payload_digest(notes: Notes, kind: CaptureKind, answer: Record | None) -> Sha256 | None:
    if answer is None or kind not in {CaptureKind.RESPONSE, CaptureKind.REVISIT}:
        return None
    stated = (answer.get("WARC-Payload-Digest") or "").removeprefix("sha256:")
    return Sha256(stated) if stated else sha256_of(answer.block[notes.number("wire-head-bytes") :])


def _member(kinds: type[Kind], value: str) -> Kind:
    try:
        return kinds(value)
    except ValueError:
        raise DamagedRecordError(f"a metadata record holds {value!r}, which is no {kinds.__name__}") from None
