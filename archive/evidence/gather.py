"""Which records prove a capture, as the gzip members that they are: its own, and those that hold its payload."""

from dataclasses import dataclass

from archive.collection import Collection
from archive.database import micros, warc_date
from archive.errors import DamagedRecordError
from archive.model import Capture, CaptureKind, RecordRef
from archive.query import Archive
from archive.warc import Record, path_of, read_record, walk
from archive.warc.notes import Notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A record, and its gzip member as it lies in the WARC file."""

    record: Record
    data: bytes


def members_of(archive: Archive, collection: Collection, capture: Capture) -> tuple[Member, ...]:
    """Give all records that together prove a capture, in the order in which a reader wants them.

    Those of a revisit's original come first; each file's warcinfo stands before its records, then certificates,
    request, response or revisit, metadata.

    Raises:
        DamagedRecordError: a record fails its digest, or the original of a revisit is not in the archive.
        NotFoundError: a WARC file is not there.
    """
    found: list[Member] = []
    file = None
    for one in (*_originals(archive, capture), capture):
        refs = dict.fromkeys((*certificates_of(collection, one), one.request, one.record, one.metadata))
        members = [member_of(collection, ref) for ref in refs if ref is not None]
        if one.record.file != file:
            file = one.record.file
            found.append(member_of(collection, next(walk(path_of(collection, file))).ref))
        found += members
    # Two captures of one file may share certificates.
    return tuple({member.record.ref: member for member in found}.values())


def _originals(archive: Archive, capture: Capture) -> tuple[Capture, ...]:
    if capture.original is None:
        return ()
    url, date = capture.original
    for one in archive.captures(url):
        is_same = capture.payload_digest in {None, one.capture.payload_digest}
        is_then = warc_date(micros(one.capture.time)) == date
        if one.capture.kind is CaptureKind.RESPONSE and is_same and is_then:
            return (one.capture,)
    raise DamagedRecordError(
        f"the original of {capture.record.file}, offset {capture.record.offset}, is not in the archive",
        hint="Run vigil verify; a WARC file may be missing.",
    )


def certificates_of(collection: Collection, capture: Capture) -> tuple[RecordRef, ...]:
    """Name the records of the certificates that the peer showed, which lie in the same file."""
    refs = []
    for place in Notes.from_block(read_record(collection, capture.metadata).block, "").all("tls-certificate"):
        _digest, offset, length, record_id = place.split(" ")
        refs.append(RecordRef(file=capture.metadata.file, offset=int(offset), length=int(length), record_id=record_id))
    return tuple(refs)


def member_of(collection: Collection, ref: RecordRef) -> Member:
    """Read a record, and its gzip member as it lies in the WARC file.

    Raises:
        DamagedRecordError: it cannot be read, or fails its digest.
        NotFoundError: the WARC file is not there.
    """
    record = read_record(collection, ref)
    with path_of(collection, ref.file).open("rb") as file:
        file.seek(ref.offset)
        return Member(record=record, data=file.read(ref.length))
