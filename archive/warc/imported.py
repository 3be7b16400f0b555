"""Captures that others made: their records stay where they are, a metadata record of ours says what each is.

The record's notes name the place of the foreign record, so ``groups`` gives it as a capture like any other, and an
index made again from the WARC files is the same. Nothing of it is told as if we had seen it come over the wire.
"""

import re
from dataclasses import dataclass, replace

from archive import payload
from archive.chunked import split
from archive.collection import Collection
from archive.errors import DamagedRecordError, NotFoundError, StorageError
from archive.model import (
    IMPORTS,
    Capture,
    CaptureKind,
    Exchange,
    Framing,
    Purpose,
    RecordRef,
    Sha256,
    Truncation,
    sha256_of,
)
from archive.warc.foreign import MOST_BLOCK, ForeignRecord, read_at
from archive.warc.names import path_of
from archive.warc.notes import Notes, target_uri
from archive.warc.reader import Record

_CHUNKED = re.compile(rb"(?im)^transfer-encoding[ \t]*:[^\r\n]*\bchunked\b")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_HINT = "The original file was moved or altered: restore it from a copy; `vigil verify` compares its digest."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP message taken apart: head with its blank line, entity without chunk framing, what was odd about it."""

    head: bytes
    entity: bytes
    raw: bytes
    faults: tuple[str, ...]


def answer_of(block: bytes) -> Answer | None:
    """Take the block of a foreign response apart; None where it is no HTTP message."""
    if payload.status(block) is None:
        return None
    end = _HEAD_END.search(block)
    head, body = (block, b"") if end is None else (block[: end.end()], block[end.end() :])
    faults = ["its HTTP head has no end"] if end is None else []
    entity = body
    if _CHUNKED.search(head) and body:
        chunked = split(body)
        if chunked.layout:
            entity = chunked.entity
            if not re.search(rb"(?:^|\n)[ \t]*0+[ \t;\r\n]", chunked.layout):
                faults.append("its chunks have no end")
        else:
            faults.append("its head says that it is chunked, and it is not")
    return Answer(head=head, entity=entity, raw=body, faults=tuple(faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """Where the payload of an imported revisit lies: the record, its URL and its WARC-Date as we write it."""

    record: RecordRef
    uri: str
    date: str


def notes_of_import(capture: Capture, original: Original | None) -> Notes:
    """Write what is known of an imported capture; its own metadata record is where these go."""
    notes = Notes()
    notes.add("vigil-run", capture.run)
    notes.add("vigil-sequence", capture.sequence)
    notes.add("vigil-purpose", capture.purpose.value)
    notes.add("vigil-kind", capture.kind.value)
    if target_uri(capture.url) != capture.url:
        notes.add("vigil-url", capture.url)
    notes.add("vigil-imported", _written(capture.record))
    notes.add("vigil-imported-request", None if capture.request is None else _written(capture.request))
    notes.add("vigil-status", capture.status)
    notes.add("vigil-payload-sha256", capture.payload_digest)
    notes.add("vigil-payload-bytes", capture.payload_bytes)
    notes.add("vigil-content-type", capture.content_type)
    notes.add("vigil-location", capture.location)
    notes.add("vigil-etag", capture.etag)
    notes.add("vigil-last-modified", capture.last_modified)
    notes.add("vigil-truncated", None if capture.truncation is None else capture.truncation.value)
    if original is not None:
        notes.add("vigil-original", _written(original.record))
        notes.add("vigil-original-uri", original.uri)
        notes.add("vigil-original-date", original.date)
    return notes


def imported_from(notes: Notes, metadata: Record) -> Capture:
    """Read what ``notes_of_import`` wrote.

    Raises:
        DamagedRecordError: a field is missing or holds what no writer of ours writes.
    """
    url = notes.get("vigil-url")
    request, digest, truncation = (notes.get(f"vigil-{name}") for name in _MAYBE)
    uri, date = notes.get("vigil-original-uri"), notes.get("vigil-original-date")
    return Capture(
        run=notes.text("vigil-run"),
        sequence=notes.number("vigil-sequence"),
        url=(metadata.get("WARC-Target-URI") or "") if url is None else url,
        purpose=notes.member("vigil-purpose", Purpose),
        via=None,
        time=metadata.time,
        kind=notes.member("vigil-kind", CaptureKind),
        record=_read(notes.text("vigil-imported"), metadata),
        request=None if request is None else _read(request, metadata),
        metadata=metadata.ref,
        status=None if notes.get("vigil-status") is None else notes.number("vigil-status"),
        payload_digest=None if digest is None else Sha256(digest),
        payload_bytes=notes.number("vigil-payload-bytes"),
        content_type=notes.get("vigil-content-type"),
        location=notes.get("vigil-location"),
        etag=notes.get("vigil-etag"),
        last_modified=notes.get("vigil-last-modified"),
        truncation=None if truncation is None else notes.member("vigil-truncated", Truncation),
        failure=None,
        original=(uri, date) if uri and date else None,
    )


_MAYBE = ("imported-request", "payload-sha256", "truncated")


def load_import(collection: Collection, notes: Notes, metadata: Record) -> Answer:
    """Read head and entity of an imported capture; of a revisit the entity is its original's.

    Raises:
        NotFoundError: the original file is not there.
        DamagedRecordError: another record or none lies there, or another payload.
        StorageError: the disk refused.
    """
    answer = _answer(collection, _read(notes.text("vigil-imported"), metadata))
    place, digest = notes.get("vigil-original"), notes.get("vigil-payload-sha256")
    if place is not None:
        original = _answer(collection, _read(place, metadata))
        answer = replace(answer, head=answer.head or original.head, entity=original.entity)
    if digest is not None and sha256_of(answer.entity) != digest:
        raise DamagedRecordError(f"{metadata.where}: the imported record has another payload", hint=_HINT)
    return answer


def entity_of_import(collection: Collection, notes: Notes, metadata: Record) -> bytes:
    """Give the payload alone; see ``load_import``."""
    return load_import(collection, notes, metadata).entity


def exchange_of_import(collection: Collection, notes: Notes, metadata: Record, capture: Capture) -> Exchange:
    """Put an imported capture together as head and entity; what came over the wire between them is not known.

    Raises:
        NotFoundError, DamagedRecordError, StorageError: see ``load_import``.
    """
    answer = load_import(collection, notes, metadata)
    request = b"" if capture.request is None else read_foreign(collection, capture.request).block
    return Exchange(
        sequence=capture.sequence,
        url=capture.url,
        purpose=capture.purpose,
        via=None,
        began=capture.time,
        took_ms=0,
        request=request,
        head=answer.head,
        body=answer.entity,
        framing=Framing.LENGTH,
        truncation=capture.truncation,
    )


def read_foreign(collection: Collection, ref: RecordRef) -> ForeignRecord:
    """Read the foreign record at a place.

    Raises:
        NotFoundError: its file is not there.
        DamagedRecordError: none lies there.
        StorageError: the disk refused.
    """
    try:
        with path_of(collection, ref.file).open("rb") as file:
            found = read_at(file, ref.offset, ref.length)
    except FileNotFoundError:
        raise NotFoundError(f"the imported file {ref.file} is not in the archive", hint=_HINT) from None
    except OSError as error:
        raise StorageError(f"{ref.file} cannot be read: {error.strerror}") from error
    if found is None or found.length != ref.length:
        raise DamagedRecordError(f"{ref.file}, offset {ref.offset}: no such record lies there", hint=_HINT)
    return found


def is_readable(capture: Capture) -> bool:
    """Tell whether the payload of an imported capture is here, and not too long to be read."""
    return capture.payload_digest is not None and capture.payload_bytes < MOST_BLOCK


def _answer(collection: Collection, ref: RecordRef) -> Answer:
    block = read_foreign(collection, ref).block
    return answer_of(block) or Answer(head=b"", entity=b"", raw=b"", faults=())


def _written(ref: RecordRef) -> str:
    return f"{ref.offset} {ref.length} {ref.record_id or '-'} {ref.file}"


def _read(text: str, metadata: Record) -> RecordRef:
    offset, length, record_id, file = (*text.split(" ", 3), "", "", "")[:4]
    if not (offset.isdecimal() and length.isdecimal() and file.startswith(IMPORTS)):
        raise DamagedRecordError(f"{metadata.where}: {text!r} is no place of a record", hint=_HINT)
    return RecordRef(file=file, offset=int(offset), length=int(length), record_id="" if record_id == "-" else record_id)
