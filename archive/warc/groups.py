"""What a WARC file holds, as whole units in the order in which they were laid down."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from archive.collection import Collection
from archive.model import Capture, CaptureKind, Exchange, Omission, RecordRef, RunEnd, RunStart, sha256_of
from archive.needs import PageRecord
from archive.warc import facts
from archive.warc.imported import Answer, entity_of_import, exchange_of_import, imported_from, load_import
from archive.warc.notes import Notes
from archive.warc.reader import Record, damaged, read_record, walk
from archive.warc.restore import capture_from, exchange_from, head_from, omission_from, page_from


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run began."""

    start: RunStart
    record: RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """The site file that the run goes by, as its bytes were."""

    run: str
    toml: bytes
    record: RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidExchange:
    """An exchange: what it is known by, the final head as sent, and a loader of its payload.

    ``entity`` gives the payload without chunk framing, content-encoding kept; that of a revisit is read from its
    original. It raises as ``read_record`` does. Of an imported capture head and payload are given by ``load``, which
    may go to another process.
    """

    capture: Capture
    head: bytes
    entity: Callable[[], bytes]
    load: Callable[[], Answer] | None = None

    @property
    def record(self) -> RecordRef:
        """The unit's last record."""
        return self.capture.metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOmission:
    """Something not asked for, not taken, or lost."""

    omission: Omission
    record: RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidPage:
    """What one capture of a page needs to look as it did."""

    page: PageRecord
    record: RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A run ended in good order."""

    run_end: RunEnd
    record: RecordRef


Laid = RunStarted | SiteRules | LaidExchange | LaidOmission | LaidPage | RunEnded
"""One unit; ``record`` is its last record, and the next unit begins at ``record.offset + record.length``."""


def groups(path: Path, start: int = 0) -> Iterator[Laid]:
    """Give the units of a file of a collection in order, from the offset ``start`` at which one begins.

    Records of kinds that no run of ours writes are passed over.

    Raises:
        DamagedRecordError: a record cannot be read, or a unit is not whole; with file and offset.
        StorageError: the disk refused.
    """
    collection = Collection(path.parent.parent)
    waiting: dict[str, Record] = {}
    for record in walk(path, start):
        unit = _unit(collection, record, waiting)
        if unit is not None:
            waiting.clear()
            yield unit
        elif record.type in {"request", "response", "revisit"}:
            waiting[record.ref.record_id] = record


def load_exchange(collection: Collection, capture: Capture) -> Exchange:
    """Give an exchange back, bit for bit, from the records in which it was laid down.

    Raises:
        NotFoundError: a WARC file is not there.
        DamagedRecordError: a record cannot be read, fails its digest, or does not give what came over the wire.
        StorageError: the disk refused.
    """
    metadata = read_record(collection, capture.metadata)
    notes = _notes(metadata)
    if capture.is_imported:
        return exchange_of_import(collection, notes, metadata, capture)
    answer = read_record(collection, capture.record) if capture.record != capture.metadata else None
    request = read_record(collection, capture.request).block if capture.request else b""
    return exchange_from(
        notes,
        metadata,
        request=request,
        answer=answer,
        entity=_entity(collection, notes, capture, answer),
        chain=tuple(_certificate(collection, metadata, place) for place in notes.all("tls-certificate")),
    )


def _unit(collection: Collection, record: Record, waiting: dict[str, Record]) -> Laid | None:
    uri = record.get("WARC-Target-URI") or ""
    if record.type == "resource" and uri.startswith("urn:vigil:run:"):
        uid, _, what = uri.removeprefix("urn:vigil:run:").rpartition(":")
        if what == "start":
            return RunStarted(start=facts.load(RunStart, record.block, record.where), record=record.ref)
        if what == "site":
            return SiteRules(run=uid, toml=record.block, record=record.ref)
        if what == "end":
            return RunEnded(run_end=facts.load(RunEnd, record.block, record.where), record=record.ref)
    if record.type != "metadata":
        return None
    return _noted(collection, record, _notes(record), waiting)


def _noted(collection: Collection, record: Record, notes: Notes, waiting: dict[str, Record]) -> Laid | None:
    if notes.get("vigil-omission") is not None:
        return LaidOmission(omission=omission_from(notes, record), record=record.ref)
    if notes.get("vigil-page") is not None:
        return LaidPage(page=page_from(notes, record), record=record.ref)
    if notes.get("vigil-imported") is not None:
        return _imported(collection, notes, record)
    return _exchange(collection, record, notes, waiting) if notes.get("vigil-run") is not None else None


def _imported(collection: Collection, notes: Notes, metadata: Record) -> LaidExchange:
    return LaidExchange(
        capture=imported_from(notes, metadata),
        head=b"",
        entity=partial(entity_of_import, collection, notes, metadata),
        load=partial(load_import, collection, notes, metadata),
    )


def _exchange(collection: Collection, metadata: Record, notes: Notes, waiting: dict[str, Record]) -> LaidExchange:
    ids = notes.text("vigil-records").split()
    missing = [one for one in ids if one not in waiting and one != metadata.ref.record_id]
    if missing:
        raise damaged(metadata.ref.file, metadata.ref.offset, f"{' '.join(missing)} does not stand before it")
    records = [waiting[one] for one in ids if one in waiting]
    request = next((record for record in records if record.type == "request"), None)
    answer = next((record for record in records if record.type != "request"), None)
    capture = capture_from(notes, metadata, request=request.ref if request else None, answer=answer)
    return LaidExchange(
        capture=capture,
        head=head_from(notes, answer),
        entity=partial(_entity, collection, notes, capture, answer),
    )


def _entity(collection: Collection, notes: Notes, capture: Capture, answer: Record | None) -> bytes:
    if answer is None or capture.kind not in {CaptureKind.RESPONSE, CaptureKind.REVISIT}:
        return b""
    if capture.kind is CaptureKind.RESPONSE:
        return answer.block[notes.number("wire-head-bytes") :]
    original = read_record(collection, _place(answer, notes.text("vigil-original")))
    entity = original.block[len(original.block) - capture.payload_bytes :]
    if sha256_of(entity) != capture.payload_digest:
        raise damaged(answer.ref.file, answer.ref.offset, "its original holds another payload")
    return entity


def _certificate(collection: Collection, metadata: Record, place: str) -> bytes:
    digest, _, rest = place.partition(" ")
    certificate = read_record(collection, _place(metadata, f"{rest} {metadata.ref.file}")).block
    if sha256_of(certificate) != digest:
        raise damaged(metadata.ref.file, metadata.ref.offset, "another certificate lies where it says")
    return certificate


def _place(record: Record, text: str) -> RecordRef:
    """Read "OFFSET LENGTH RECORD-ID FILE"."""
    offset, length, record_id, file = (*text.split(" ", 3), "", "", "")[:4]
    if not (offset.isdecimal() and length.isdecimal() and file):
        raise damaged(record.ref.file, record.ref.offset, f"{text!r} is no place of a record")
    return RecordRef(file=file, offset=int(offset), length=int(length), record_id=record_id)


def _notes(record: Record) -> Notes:
    return Notes.from_block(record.block, record.where)
