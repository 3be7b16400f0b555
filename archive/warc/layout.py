"""An exchange as WARC records (docs/decisions/0003); ``restore`` is the exact way back.

On disk, in this order: certificates new to the file, request, response or revisit, metadata. The metadata record comes
last: where it stands, the exchange is whole.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from archive import payload
from archive.chunked import Chunked, split
from archive.model import (
    CaptureKind,
    Exchange,
    Framing,
    Omission,
    Peer,
    RecordRef,
    Sha256,
    as_sha256,
    sha256_of,
)
from archive.needs import PageRecord
from archive.warc.framing import Draft, new_record_id
from archive.warc.notes import Notes, ip_address, target_uri, warc_date
from archive.warc.reader import Record

_REVISIT = "http://netpreserve.org/warc/1.1/revisit/"
RENAMED = b"X-Orig-"
"""Put before the name Transfer-Encoding, in Browsertrix's spelling, since the stored body is not chunked."""
_TRANSFER_ENCODING = re.compile(rb"(?im)^transfer-encoding(?=[ \t]*:)")
FIELDS_TYPE = "application/warc-fields"
_HTTP = "application/http; msgtype="
_TOKEN = re.compile(r"[A-Za-z0-9_.-]+")

Fields = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What of an exchange goes where.

    ``head`` and ``entity`` make the response's block; ``renamed_at`` are the offsets in ``head`` at which ``X-Orig-``
    was put before the name Transfer-Encoding. All else of the wire goes into the metadata record.
    """

    kind: CaptureKind
    head: bytes
    renamed_at: tuple[int, ...]
    chunked: Chunked
    digest: Sha256 | None

    @property
    def entity(self) -> bytes:
        """The payload: what the body carries, chunk framing removed, content-encoding kept."""
        return self.chunked.entity


def shape_of(exchange: Exchange) -> Shape:
    """Decide how an exchange is laid down, before it is known whether its payload is held already."""
    if exchange.failure is not None or not exchange.head:
        kind = CaptureKind.FAILURE
    elif payload.status(exchange.head) == 304:
        kind = CaptureKind.NOT_MODIFIED
    else:
        kind = CaptureKind.RESPONSE
    if kind is not CaptureKind.RESPONSE:
        nothing = Chunked(entity=b"", layout=b"", tail=b"")
        return Shape(kind=kind, head=b"", renamed_at=(), chunked=nothing, digest=None)
    is_chunked = exchange.framing is Framing.CHUNKED
    chunked = split(exchange.body) if is_chunked else Chunked(entity=exchange.body, layout=b"", tail=b"")
    head, renamed_at = _rename(exchange.head)
    return Shape(kind=kind, head=head, renamed_at=renamed_at, chunked=chunked, digest=sha256_of(chunked.entity))


def entity_of(exchange: Exchange) -> bytes:
    """Give an exchange's payload: chunk framing removed, content-encoding kept; nothing where there is no answer."""
    return shape_of(exchange).entity


def chain_of(exchange: Exchange) -> tuple[bytes, ...]:
    """Give the certificates that the peer sent, leaf first."""
    return exchange.peer.tls.chain if exchange.peer and exchange.peer.tls else ()


def may_be_shared(exchange: Exchange, shape: Shape) -> bool:
    """Say whether a payload may be kept once for several captures: that of a whole 200 answer, not empty."""
    return (
        shape.kind is CaptureKind.RESPONSE
        and exchange.truncation is None
        and bool(shape.entity)
        and payload.status(exchange.head) == 200
    )


def draft(
    kind: str,
    time: datetime,
    warcinfo_id: str,
    *,
    uri: str,
    content_type: str,
    block: bytes,
    record_id: str | None = None,
    more: Fields | None = None,
) -> Draft:
    """Put the fields of a record together that every record but the warcinfo has."""
    record_id = record_id or new_record_id()
    fields = [("WARC-Type", kind), ("WARC-Record-ID", record_id), ("WARC-Warcinfo-ID", warcinfo_id)]
    fields += [("WARC-Date", warc_date(time)), *([("WARC-Target-URI", uri)] if uri else []), *(more or [])]
    fields.append(("Content-Type", content_type))
    return Draft(record_id=record_id, fields=tuple(fields), block=block, digest=sha256_of(block))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """The records of one exchange, in their order on disk; ``notes`` are the metadata record's fields."""

    request: Draft | None
    answer: Draft | None
    metadata: Draft
    notes: Notes

    @property
    def in_order(self) -> tuple[Draft, ...]:
        """The records that there are."""
        return tuple(one for one in (self.request, self.answer, self.metadata) if one is not None)


def drafts(
    exchange: Exchange,
    shape: Shape,
    *,
    run: str,
    warcinfo_id: str,
    certificates: Mapping[Sha256, RecordRef],
    original: Record | None,
) -> Drafts:
    """Write the records of one exchange.

    ``certificates`` says where in the same file each certificate of the peer lies. ``original`` is the response record
    that a revisit refers to.
    """
    request_id = new_record_id() if exchange.request else None
    answer_id = new_record_id() if shape.kind is not CaptureKind.FAILURE else None
    metadata_id = new_record_id()
    ids = [one for one in (request_id, answer_id, metadata_id) if one]
    uri = target_uri(exchange.url)
    connection = _connection_fields(exchange)

    def one(kind: str, record_id: str, content_type: str, block: bytes, more: Fields) -> Draft:
        others = [other for other in (answer_id, request_id, metadata_id) if other and other != record_id]
        linked = [("WARC-Concurrent-To", other) for other in others[:1]]
        return draft(
            kind,
            exchange.began,
            warcinfo_id,
            uri=uri,
            content_type=content_type,
            block=block,
            record_id=record_id,
            more=[*linked, *more],
        )

    request = answer = None
    if request_id:
        request = one(
            "request", request_id, _HTTP + "request", exchange.request, connection + _request_fields(exchange)
        )
    if answer_id:
        kind = "response" if shape.kind is CaptureKind.RESPONSE else "revisit"
        block = shape.head + shape.entity if shape.kind is CaptureKind.RESPONSE else shape.head
        answer = one(kind, answer_id, _HTTP + "response", block, connection + _answer_fields(exchange, shape, original))
    notes = Notes()
    _note_request(notes, exchange, shape, run)
    notes.add("vigil-records", " ".join(ids))
    if original is not None:
        notes.add("vigil-original", _place(original.ref) + " " + original.ref.file)
    _note_peer(notes, exchange.peer)
    for digest in map(sha256_of, chain_of(exchange)):
        notes.add("tls-certificate", f"{digest} {_place(certificates[digest])}")
    _note_wire(notes, exchange, shape, answer)
    metadata = one("metadata", metadata_id, FIELDS_TYPE, notes.to_block(), [])
    return Drafts(request=request, answer=answer, metadata=metadata, notes=notes)


def _place(ref: RecordRef) -> str:
    return f"{ref.offset} {ref.length} {ref.record_id}"


def _connection_fields(exchange: Exchange) -> Fields:
    """Name the address and protocols of the very connection (WARC-Protocol and -Cipher-Suite: community fields)."""
    fields: Fields = []
    if exchange.peer is None:
        return fields
    if address := ip_address(exchange.peer.address):
        fields.append(("WARC-IP-Address", address))
    version = re.match(rb"HTTP/(1\.[01])", exchange.head)
    if version:
        fields.append(("WARC-Protocol", f"http/{version[1].decode('ascii')}"))
    tls = exchange.peer.tls
    if tls is not None and _TOKEN.fullmatch(tls.version):
        fields.append(("WARC-Protocol", f"tls/{tls.version}"))
    if tls is not None and _TOKEN.fullmatch(tls.cipher):
        fields.append(("WARC-Cipher-Suite", tls.cipher))
    return fields


def _answer_fields(exchange: Exchange, shape: Shape, original: Record | None) -> Fields:
    """Give the fields of a response or revisit record that follow from the answer itself (WARC/1.1 section 6.7)."""
    fields: Fields = []
    digest: str | None = f"sha256:{shape.digest}" if shape.digest else None
    if shape.kind is CaptureKind.REVISIT:
        fields += [("WARC-Profile", _REVISIT + "identical-payload-digest"), ("WARC-Truncated", "length")]
    elif shape.kind is CaptureKind.NOT_MODIFIED:
        fields += [("WARC-Profile", _REVISIT + "server-not-modified")]
        digest = original.get("WARC-Payload-Digest") if original else None
    else:
        if exchange.truncation:
            fields.append(("WARC-Truncated", exchange.truncation.value))
        if _is_split_elsewhere(shape.head):
            digest = None
    if original is not None:
        fields += [
            ("WARC-Refers-To", original.ref.record_id),
            ("WARC-Refers-To-Target-URI", original.get("WARC-Target-URI") or ""),
            ("WARC-Refers-To-Date", original.get("WARC-Date") or ""),
        ]
    if digest:
        fields.append(("WARC-Payload-Digest", digest))
    return fields


def _request_fields(exchange: Exchange) -> Fields:
    """Give a request with a body its payload digest."""
    _head, end, body = exchange.request.partition(b"\r\n\r\n")
    return [("WARC-Payload-Digest", f"sha256:{sha256_of(body)}")] if end and body else []


def _note_request(notes: Notes, exchange: Exchange, shape: Shape, run: str) -> None:
    notes.add("via", exchange.via)
    notes.add("fetchTimeMs", exchange.took_ms)
    notes.add("vigil-run", run)
    notes.add("vigil-sequence", exchange.sequence)
    notes.add("vigil-purpose", exchange.purpose.value)
    notes.add("vigil-kind", shape.kind.value)
    if target_uri(exchange.url) != exchange.url:
        notes.add("vigil-url", exchange.url)
    if exchange.failure is not None:
        notes.add("failure", exchange.failure.kind.value)
        notes.add("failure-message", exchange.failure.message)


def notes_of_omission(omission: Omission) -> Notes:
    """Write the metadata record of something that was not asked for, not taken, or lost.

    As ``application/warc-fields``: indexers take a metadata record of any other type for a capture of its URL.
    """
    notes = Notes()
    notes.add("via", omission.via)
    notes.add("vigil-run", omission.run)
    notes.add("vigil-omission", omission.kind.value)
    notes.add("vigil-reason", omission.reason)
    if target_uri(omission.url) != omission.url or not omission.url:
        notes.add("vigil-url", omission.url)
    return notes


def notes_of_page(page: PageRecord) -> Notes:
    """Write the metadata record that says what a page needs to look as it did (docs/decisions/0015).

    A line for each member: role, run, sequence, record id, URL. Of what was left out: role, kind, URL; then the reason.
    """
    notes = Notes()
    notes.add("vigil-run", page.run)
    notes.add("vigil-page", f"{page.of_run} {page.of_sequence} {page.of_record}")
    if target_uri(page.url) != page.url:
        notes.add("vigil-url", page.url)
    for one in page.members:
        notes.add("vigil-member", f"{one.role} {one.run} {one.sequence} {one.record_id} {target_uri(one.url)}")
    for lack in page.left_out:
        notes.add("vigil-left-out", f"{lack.role} {lack.kind} {lack.url}")
        notes.add("vigil-reason", lack.reason)
    return notes


def _note_peer(notes: Notes, peer: Peer | None) -> None:
    if peer is None:
        return
    notes.add("peer-address", peer.address)
    notes.add("peer-port", peer.port)
    for address in peer.resolved:
        notes.add("resolved", address)
    notes.add_flag("routed", is_set=peer.is_routed)
    if peer.tls is None:
        return
    notes.add("tls-version", peer.tls.version)
    notes.add("tls-cipher", peer.tls.cipher)
    notes.add("tls-server-name", peer.tls.server_name)
    notes.add("tls-alpn", peer.tls.alpn)
    notes.add_flag("tls-verified", is_set=peer.tls.is_verified)


def _note_wire(notes: Notes, exchange: Exchange, shape: Shape, answer: Draft | None) -> None:
    pieces = (exchange.interim, exchange.head, exchange.body, exchange.surplus)
    notes.add("wire-bytes", sum(map(len, pieces)))
    is_block = shape.kind is CaptureKind.RESPONSE and pieces == (b"", shape.head, shape.entity, b"")
    notes.add("wire-sha256", answer.digest if answer is not None and is_block else _digest(pieces))
    notes.add("wire-complete", "no" if exchange.truncation or exchange.failure else "yes")
    notes.add("wire-framing", exchange.framing.value)
    if exchange.truncation is not None:
        notes.add("wire-truncated", exchange.truncation.value)
    notes.add_bytes("wire-interim", exchange.interim)
    if shape.kind in {CaptureKind.RESPONSE, CaptureKind.REVISIT}:
        notes.add("wire-head-bytes", len(shape.head))
        notes.add("wire-payload-bytes", len(shape.entity))
        for offset in shape.renamed_at:
            notes.add("wire-renamed-at", offset)
        notes.add_packed("wire-chunk-layout", shape.chunked.layout)
        notes.add_bytes("wire-tail", shape.chunked.tail)
    else:
        notes.add_bytes("wire-head", exchange.head)
        notes.add_bytes("wire-body", exchange.body)
    notes.add_bytes("wire-surplus", exchange.surplus)


def _digest(pieces: Iterable[bytes]) -> Sha256:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return as_sha256(digest.hexdigest())


def _rename(head: bytes) -> tuple[bytes, tuple[int, ...]]:
    found = [match.start() for match in _TRANSFER_ENCODING.finditer(head)]
    renamed_at = tuple(at + number * len(RENAMED) for number, at in enumerate(found))
    for at in renamed_at:
        head = head[:at] + RENAMED + head[at:]
    return head, renamed_at


def _is_split_elsewhere(head: bytes) -> bool:
    """Say whether a common reader would take the head to end before or behind its true end.

    Readers end a head at the first line of white space, UTF-8 or Latin-1. Where that is not the head's own end, a
    payload digest would look wrong to them; the standard makes it optional, so it is left out.
    """
    *lines, blank, rest = head.split(b"\n") if head.count(b"\n") > 1 else (b"", head, b"")
    is_early = any(not line.decode("utf-8", "replace").strip() or not line.decode("latin-1").strip() for line in lines)
    return is_early or rest != b"" or blank not in {b"", b"\r"}
