"""Captures and exchanges read back from their records; ``layout`` lays them down."""

from archive import payload
from archive.chunked import Chunked, join
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
from archive.needs import LeftOut, PageMember, PageRecord, Role
from archive.warc.layout import RENAMED
from archive.warc.notes import Notes
from archive.warc.reader import Record, damaged


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
    kind = notes.member("vigil-kind", CaptureKind)
    head = head_from(notes, answer)
    fields = {name.lower(): value for name, value in reversed(list(payload.fields(head)))}  # the first of a name wins
    uri, date = (answer.get("WARC-Refers-To-Target-URI"), answer.get("WARC-Refers-To-Date")) if answer else (None, None)
    return Capture(
        run=notes.text("vigil-run"),
        sequence=notes.number("vigil-sequence"),
        url=url_from(notes, metadata),
        purpose=notes.member("vigil-purpose", Purpose),
        via=notes.get("via"),
        time=metadata.time,
        kind=kind,
        record=(answer or metadata).ref,
        request=request,
        metadata=metadata.ref,
        status=None if kind is CaptureKind.FAILURE else payload.status(head),
        payload_digest=_payload_digest(notes, kind, answer),
        payload_bytes=notes.number("wire-payload-bytes") if _has_payload(kind) else 0,
        content_type=fields.get("content-type"),
        location=fields.get("location"),
        etag=fields.get("etag"),
        last_modified=fields.get("last-modified"),
        truncation=_truncation(notes),
        failure=_failure(notes),
        original=(uri, date) if uri and date else None,
    )


def head_from(notes: Notes, answer: Record | None) -> bytes:
    """Give the final head exactly as it was sent; ``b""`` where none came.

    Raises:
        DamagedRecordError: response and metadata record do not fit each other.
    """
    if answer is None or notes.get("wire-head-bytes") is None:
        return notes.raw("wire-head")
    size = notes.number("wire-head-bytes")
    stored = notes.number("wire-payload-bytes") if answer.type == "response" else 0
    head = answer.block[:size]
    is_right = size >= 0 and size + stored == len(answer.block)
    for at in reversed(notes.numbers("wire-renamed-at")):
        is_right = is_right and head[at : at + len(RENAMED)] == RENAMED
        head = head[:at] + head[at + len(RENAMED) :]
    if not is_right:
        raise damaged(answer.ref.file, answer.ref.offset, "its block is not as its metadata record says")
    return head


def exchange_from(
    notes: Notes, metadata: Record, *, request: bytes, answer: Record | None, entity: bytes, chain: tuple[bytes, ...]
) -> Exchange:
    """Put an exchange together again, bit for bit, and compare it with the digest of what came.

    Raises:
        DamagedRecordError: it is not what came.
    """
    framing = notes.member("wire-framing", Framing)
    parts = Chunked(entity=entity, layout=notes.packed("wire-chunk-layout"), tail=notes.raw("wire-tail"))
    body = join(parts) if framing is Framing.CHUNKED else entity
    exchange = Exchange(
        sequence=notes.number("vigil-sequence"),
        url=url_from(notes, metadata),
        purpose=notes.member("vigil-purpose", Purpose),
        via=notes.get("via"),
        began=metadata.time,
        took_ms=notes.number("fetchTimeMs"),
        request=request,
        interim=notes.raw("wire-interim"),
        head=head_from(notes, answer),
        body=body or notes.raw("wire-body"),
        surplus=notes.raw("wire-surplus"),
        framing=framing,
        truncation=_truncation(notes),
        failure=_failure(notes),
        peer=_peer_from(notes, chain),
    )
    if sha256_of(exchange.received) != notes.text("wire-sha256"):
        raise damaged(metadata.ref.file, metadata.ref.offset, "what came over the wire had another digest")
    return exchange


def omission_from(notes: Notes, metadata: Record) -> Omission:
    """Read an omission.

    Raises:
        DamagedRecordError: a field is missing or holds what no writer of ours writes.
    """
    return Omission(
        run=notes.text("vigil-run"),
        url=url_from(notes, metadata),
        kind=notes.member("vigil-omission", OmissionKind),
        reason=notes.text("vigil-reason"),
        time=metadata.time,
        via=notes.get("via"),
    )


def page_from(notes: Notes, metadata: Record) -> PageRecord:
    """Read what a page needs to look as it did.

    Raises:
        DamagedRecordError: a field is missing or holds what no writer of ours writes.
    """
    left_out, reasons = notes.all("vigil-left-out"), notes.all("vigil-reason")
    try:
        run, sequence, record_id = notes.text("vigil-page").split(" ")
        return PageRecord(
            run=notes.text("vigil-run"),
            url=url_from(notes, metadata),
            of_run=run,
            of_sequence=int(sequence),
            of_record=record_id,
            time=metadata.time,
            members=tuple(map(_member, notes.all("vigil-member"))),
            left_out=tuple(_left_out(one, reason) for one, reason in zip(left_out, reasons, strict=True)),
        )
    except ValueError as error:
        raise damaged(metadata.ref.file, metadata.ref.offset, f"a page record that says {error}") from None


def _member(text: str) -> PageMember:
    role, run, sequence, record_id, url = text.split(" ", 4)
    return PageMember(role=Role(role), url=url, run=run, sequence=int(sequence), record_id=record_id)


def _left_out(text: str, reason: str) -> LeftOut:
    role, kind, url = text.split(" ", 2)
    return LeftOut(role=Role(role), kind=OmissionKind(kind), url=url, reason=reason)


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
    if answer is None or not _has_payload(kind):
        return None
    stated = (answer.get("WARC-Payload-Digest") or "").removeprefix("sha256:")
    return Sha256(stated) if stated else sha256_of(answer.block[notes.number("wire-head-bytes") :])


def _truncation(notes: Notes) -> Truncation | None:
    return None if notes.get("wire-truncated") is None else notes.member("wire-truncated", Truncation)


def _failure(notes: Notes) -> Failure | None:
    if notes.get("failure") is None:
        return None
    return Failure(kind=notes.member("failure", FailureKind), message=notes.text("failure-message"))


def _has_payload(kind: CaptureKind) -> bool:
    return kind in {CaptureKind.RESPONSE, CaptureKind.REVISIT}
