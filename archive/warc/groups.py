"""What a WARC file holds, as whole units in the order in which they were laid down."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from archive.collection import Collection
from archive.errors import VigilError
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
    may go to another process. ``whole`` puts it together as ``load_exchange`` does, from the records just read.
    """

    capture: Capture
    head: bytes
    entity: Callable[[], bytes]
    load: Callable[[], Answer] | None = None
    whole: Callable[[], Exchange] | None = None

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

Find = Callable[[RecordRef], Record]
"""Reads the record at a place, its digest checked."""


def groups(path: Path, start: int = 0) -> Iterator[Laid]:
    """Give the units of a file of a collection in order, from the offset ``start`` at which one begins.

    Records of kinds that no run of ours writes are passed over.

    Raises:
        DamagedRecordError: a record cannot be read, or a unit is not whole; with file and offset.
        StorageError: the disk refused.
    """
    grouping = Grouping(Collection(path.parent.parent))
    for record in walk(path, start):
        unit = grouping.add(record)
        if unit is not None:
            yield unit


class Grouping:
    """Puts the records of a file, given in their order, together to units.

    ``find`` reads a record that stands elsewhere: a certificate, the original of a revisit.
    """

    def __init__(self, collection: Collection, find: Find | None = None) -> None:
        self._collection = collection
        self._find = find or partial(read_record, collection)
        self._waiting: dict[str, Record] = {}

    def add(self, record: Record) -> Laid | None:
        """Give the unit that a record completes.

        Raises:
            DamagedRecordError: the unit is not whole; the next record may begin another.
        """
        try:
            unit = _unit(self._collection, self._find, record, self._waiting)
        except VigilError:
            self._waiting.clear()
            raise
        if unit is not None:
            self._waiting.clear()
        elif record.type in {"request", "response", "revisit"}:
            self._waiting[record.ref.record_id] = record
        return unit

    def forget(self) -> None:
        """Begin anew, with the next record."""
        self._waiting.clear()


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
    request = read_record(collection, capture.request) if capture.request else None
    return _whole(partial(read_record, collection), notes, metadata, capture, request, answer)


def _whole(
    find: Find, notes: Notes, metadata: Record, capture: Capture, request: Record | None, answer: Record | None
) -> Exchange:
    return exchange_from(
        notes,
        metadata,
        request=request.block if request else b"",
        answer=answer,
        entity=_entity(find, notes, capture, answer),
        chain=tuple(_certificate(find, metadata, place) for place in notes.all("tls-certificate")),
    )


def _unit(collection: Collection, find: Find, record: Record, waiting: dict[str, Record]) -> Laid | None:
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
    return _noted(collection, find, record, _notes(record), waiting)


def _noted(collection: Collection, find: Find, record: Record, notes: Notes, waiting: dict[str, Record]) -> Laid | None:
    if notes.get("vigil-omission") is not None:
        return LaidOmission(omission=omission_from(notes, record), record=record.ref)
    if notes.get("vigil-page") is not None:
        return LaidPage(page=page_from(notes, record), record=record.ref)
    if notes.get("vigil-imported") is not None:
        return _imported(collection, notes, record)
    return _exchange(find, record, notes, waiting) if notes.get("vigil-run") is not None else None


def _imported(collection: Collection, notes: Notes, metadata: Record) -> LaidExchange:
    capture = imported_from(notes, metadata)
    return LaidExchange(
        capture=capture,
        head=b"",
        entity=partial(entity_of_import, collection, notes, metadata),
        load=partial(load_import, collection, notes, metadata),
        whole=partial(exchange_of_import, collection, notes, metadata, capture),
    )


def _exchange(find: Find, metadata: Record, notes: Notes, waiting: dict[str, Record]) -> LaidExchange:
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
        entity=partial(_entity, find, notes, capture, answer),
        whole=partial(_whole, find, notes, metadata, capture, request, answer),
    )


def _entity(find: Find, notes: Notes, capture: Capture, answer: Record | None) -> bytes:
    if answer is None or capture.kind not in {CaptureKind.RESPONSE, CaptureKind.REVISIT}:
        return b""
    if capture.kind is CaptureKind.RESPONSE:
        return answer.block[notes.number("wire-head-bytes") :]
    original = find(_place(answer, notes.text("vigil-original")))
    entity = original.block[len(original.block) - capture.payload_bytes :]
    if sha256_of(entity) != capture.payload_digest:
        raise damaged(answer.ref.file, answer.ref.offset, "its original holds another payload")
    return entity


def _certificate(find: Find, metadata: Record, place: str) -> bytes:
    digest, _, rest = place.partition(" ")
    certificate = find(_place(metadata, f"{rest} {metadata.ref.file}")).block
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
