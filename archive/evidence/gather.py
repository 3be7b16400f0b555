"""Which records prove a capture, as the gzip members that they are: its own, and those that hold its payload."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archive.collection import Collection
from archive.database import micros, warc_date
from archive.errors import DamagedRecordError, IntegrityError, NotFoundError
from archive.model import Capture, CaptureKind, RecordRef
from archive.query import Archive
from archive.query.pages import Gathered
from archive.warc import Record, path_of, read_record, walk
from archive.warc.notes import Notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A record, and its gzip member as it lies in the WARC file."""

    record: Record
    data: bytes


def members_of(
    archive: Archive, collection: Collection, capture: Capture, *, with_page: bool = False
) -> tuple[Member, ...]:
    """Give all records that together prove a capture, in the order in which a reader wants them.

    Those of a revisit's original come first; each file's warcinfo stands before its records, then certificates,
    request, response or revisit, metadata. ``with_page`` adds the page record, where there is one, and all records of
    every capture that it names.

    Raises:
        DamagedRecordError: a record fails its digest, or the original of a revisit is not in the archive.
        NotFoundError: a WARC file is not there.
    """
    refs = dict.fromkeys(refs_of(archive, collection, capture))
    if with_page and (page := archive.pages.gathered(capture)) is not None:
        refuse_missing(page)
        refs |= dict.fromkeys((_first_of(collection, page.record.file), page.record))
        for one in (page.of, *(one for _, one in page.members)):
            refs |= dict.fromkeys(refs_of(archive, collection, one))
    # Two captures of one file may share certificates, and pages what they need.
    return tuple(member_of(collection, ref) for ref in refs)


def page_id_of(members: Iterable[Member]) -> str:
    """Give the id of the page record among the members; empty where there is none, so that the page is incomplete."""
    notes = ((one.record, Notes.from_block(one.record.block, "")) for one in members if one.record.type == "metadata")
    return next((record.ref.record_id for record, told in notes if told.get("vigil-page") is not None), "")


def refs_of(archive: Archive, collection: Collection, capture: Capture) -> Iterator[RecordRef]:
    """Name all records of a capture, those of its original first, each file's warcinfo before them."""
    for one in (*_originals(archive, capture), capture):
        yield _first_of(collection, one.record.file)
        yield from certificates_of(collection, one)
        yield from (ref for ref in (one.request, one.record, one.metadata) if ref is not None)


def _first_of(collection: Collection, file: str) -> RecordRef:
    path = path_of(collection, file)
    if not path.exists():
        hint = "Run `vigil verify`; restore the file from a copy."
        raise NotFoundError(f"the WARC file {file} is not in the archive", hint=hint)
    first = next(walk(path), None)
    if first is None:
        raise IntegrityError(f"the WARC file {file} is empty", hint="Restore the file from a copy.")
    return first.ref


def refuse_missing(page: Gathered) -> None:
    """Refuse a page of which the archive lacks something that its page record names.

    Raises:
        DamagedRecordError: it does.
    """
    if page.missing:
        raise DamagedRecordError(
            f"what the page needs is not in the archive: {page.missing[0]}",
            hint="Run vigil verify; a WARC file may be missing.",
        )


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
