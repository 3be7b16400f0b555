"""Exchanges laid down: the one writer of a collection's WARC files."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from archive.collection import Collection
from archive.errors import StorageError, VigilError
from archive.model import (
    Capture,
    CaptureKind,
    Exchange,
    Omission,
    RecordRef,
    Route,
    RunEnd,
    RunStart,
    Sha256,
    mailbox_of,
    sha256_of,
)
from archive.needs import PageRecord
from archive.warc import facts, layout
from archive.warc.files import OpenFile
from archive.warc.framing import Draft, Framer, Member, new_record_id
from archive.warc.groups import RunStarted, SiteRules
from archive.warc.imported import Original as ForeignOriginal
from archive.warc.imported import notes_of_import
from archive.warc.names import OPEN, new_name
from archive.warc.notes import Notes, target_uri, warc_date
from archive.warc.reader import Record, read_record
from archive.warc.restore import capture_from

Original = RecordRef
"""Where the response record lies that already holds a payload; the writer reads it again before it relies on it."""

_JSON = "application/json"
_PKIX = "application/pkix-cert"
_RECENT = 4096
MOST_RECORDS = 10_000
"""Records of one file where nothing else is said: a run is sealed in parts of whole files, each with one list."""
_ROOM = 16
"""Records that are kept free for one more exchange, the certificates of its peer, and the end of the run."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """Where a file ends and the next begins, between two exchanges."""

    max_bytes: int = 1_000_000_000
    max_records: int = MOST_RECORDS


class WarcWriter:
    """Lays down a run: every exchange, what was left out, and how the run began and ended.

    Blocking and for one thread; the caller holds the collection's lock. ``known_payload`` is asked for the response
    record of an earlier capture with the same payload (digest, URL), ``known_answer`` for the one that a 304 for a URL
    speaks of; both may answer ``None``. Payloads of the last few thousand responses of this run are known without
    asking. Captures of one URL should be a second apart, or readers of CDX files see only one of them.
    """

    def __init__(
        self,
        collection: Collection,
        *,
        site_id: str,
        run: RunStart,
        site_toml: bytes,
        host_label: str,
        known_payload: Callable[[Sha256, str], Original | None],
        known_answer: Callable[[str], Original | None] = lambda _url: None,
        limits: FileLimits = FileLimits(),
    ) -> None:
        """Open the run's first file and lay down how the run began.

        Raises:
            DiskFullError: no space is left; nothing was written.
            StorageError: the disk refused.
            ConfigError: ``host_label`` cannot be part of a file name.
        """
        self._collection = collection
        self._prefix = site_id
        self._run = run
        self._host_label = host_label
        self._known_payload = known_payload
        self._known_answer = known_answer
        self._limits = limits
        self._framer = Framer()
        self._recent: dict[Sha256, RecordRef] = {}
        self._certificates: dict[Sha256, RecordRef] = {}
        self._warcinfo_id = ""
        collection.create()
        self._file: OpenFile | None = self._start_file(run.started)
        try:
            self.opening = self._open(site_toml)
            """The units that the run begins with, for the index."""
        except StorageError:
            self._file.discard()
            raise

    def _open(self, site_toml: bytes) -> tuple[RunStarted, SiteRules]:
        run = self._run
        start = self._lay("resource", run.started, f"urn:vigil:run:{run.uid}:start", _JSON, facts.dump(run))
        site = self._lay("resource", run.started, f"urn:vigil:run:{run.uid}:site", "application/toml", site_toml)
        self.sync()
        return RunStarted(start=run, record=start), SiteRules(run=run.uid, toml=site_toml, record=site)

    def append(self, exchange: Exchange) -> Capture:
        """Lay down an exchange as request, response or revisit, and metadata record; all of them or none.

        Raises:
            DiskFullError: no space is left; what lies on disk is whole.
            StorageError: the disk refused.
            IntegrityError: the file before did not read back as written.
        """
        self._roll_over()
        file = self._ready(exchange.began)
        shape = layout.shape_of(exchange)
        original = self._original(exchange, shape)
        if original is not None and shape.kind is CaptureKind.RESPONSE:
            shape = replace(shape, kind=CaptureKind.REVISIT)
        certificates, places = self._new_certificates(exchange, file)
        drafts = layout.drafts(
            exchange,
            shape,
            run=self._run.uid,
            warcinfo_id=self._warcinfo_id,
            certificates=self._certificates | places,
            original=original,
        )
        refs = file.append([*certificates, *map(self._framer.frame, drafts.in_order)])
        self._certificates |= places
        capture = _capture(drafts, refs[len(certificates) :])
        if layout.may_be_shared(exchange, shape) and shape.digest is not None:
            self._remember(shape.digest, capture.record)
        return capture

    def note(self, omission: Omission) -> RecordRef:
        """Lay down something that was not asked for, not taken or lost, and why.

        Raises:
            DiskFullError: no space is left; what lies on disk is whole.
            StorageError: the disk refused.
            IntegrityError: the file before did not read back as written.
        """
        self._roll_over()
        block = layout.notes_of_omission(omission).to_block()
        return self._lay("metadata", omission.time, target_uri(omission.url), layout.FIELDS_TYPE, block)

    def note_page(self, page: PageRecord) -> RecordRef:
        """Lay down what a page needs to look as it did: what is kept of it, and what is not.

        Raises:
            DiskFullError: no space is left; what lies on disk is whole.
            StorageError: the disk refused.
            IntegrityError: the file before did not read back as written.
        """
        self._roll_over()
        block = layout.notes_of_page(page).to_block()
        refers = [("WARC-Refers-To", page.of_record)]
        return self._lay("metadata", page.time, target_uri(page.url), layout.FIELDS_TYPE, block, refers)

    def note_import(self, capture: Capture, original: ForeignOriginal | None) -> RecordRef:
        """Lay down what a capture is that others made; its ``metadata`` is not looked at, the place given is it.

        Raises:
            DiskFullError: no space is left; what lies on disk is whole.
            StorageError: the disk refused.
        """
        block = notes_of_import(capture, original).to_block()
        return self._lay("metadata", capture.time, target_uri(capture.url), layout.FIELDS_TYPE, block)

    @property
    def path(self) -> Path:
        """The file that is being written.

        Raises:
            StorageError: the last one was closed.
        """
        if self._file is None:
            raise StorageError(f"the run {self._run.uid} has no open file", hint="Ask before it is closed.")
        return self._file.path

    def sync(self) -> None:
        """Wait until the disk holds all that was appended.

        Raises:
            DiskFullError: no space is left; what was not synced yet is in doubt.
            StorageError: the disk refused; the same holds.
        """
        if self._file is not None:
            self._file.sync()

    def close(self, end: RunEnd) -> RecordRef:
        """Lay down how the run ended, read the file back from disk, and close it for good.

        Where there is no space for the end record the file is closed all the same: the run stays an unfinished one.

        Raises:
            DiskFullError: no space is left for the end record.
            StorageError: the disk refused; ``recover`` closes the file.
            IntegrityError: the file does not read back as it was written.
        """
        try:
            return self._lay("resource", end.ended, f"urn:vigil:run:{end.uid}:end", _JSON, facts.dump(end))
        finally:
            self._close_file()

    def _lay(
        self,
        kind: str,
        time: datetime,
        uri: str,
        content_type: str,
        block: bytes,
        more: layout.Fields | None = None,
    ) -> RecordRef:
        file = self._ready(time)
        draft = layout.draft(kind, time, self._warcinfo_id, uri=uri, content_type=content_type, block=block, more=more)
        return file.append([self._framer.frame(draft)])[0]

    # --- files ----------------------------------------------------------------------------------

    def _ready(self, time: datetime) -> OpenFile:
        if self._file is None:
            self._file = self._start_file(time)
        return self._file

    def _roll_over(self) -> None:
        """Close a file that is large, or that has so many records that another exchange might be too many."""
        file = self._file
        if file is None:
            return
        if file.size >= self._limits.max_bytes or file.records + _ROOM > self._limits.max_records:
            self._close_file()

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _start_file(self, time: datetime) -> OpenFile:
        name = new_name(self._collection, self._prefix, self._host_label, time)
        warcinfo = _warcinfo(self._run, name, self._host_label, time)
        file = OpenFile(self._collection.warcs / (name + OPEN))
        try:
            file.append([self._framer.frame(warcinfo)])
            file.sync()
        except StorageError:
            file.discard()
            raise
        self._warcinfo_id = warcinfo.record_id
        self._certificates.clear()
        return file

    # --- what is known already --------------------------------------------------------------------

    def _original(self, exchange: Exchange, shape: layout.Shape) -> Record | None:
        if shape.kind is CaptureKind.NOT_MODIFIED:
            return self._confirmed(self._known_answer(exchange.url), None)
        if shape.digest is None or not layout.may_be_shared(exchange, shape):
            return None
        place = self._recent.get(shape.digest) or self._known_payload(shape.digest, exchange.url)
        return self._confirmed(place, shape)

    def _confirmed(self, place: RecordRef | None, shape: layout.Shape | None) -> Record | None:
        """Read the record that is said to hold a payload, and believe only what lies there."""
        if place is None:
            return None
        try:
            record = read_record(self._collection, place)
        except VigilError as error:
            _log.warning("stored in full, since the earlier record cannot be relied on: %s", error)
            return None
        is_right = record.type == "response" and (
            shape is None
            or (record.get("WARC-Payload-Digest") == f"sha256:{shape.digest}" and record.block.endswith(shape.entity))
        )
        return record if is_right else None

    def _remember(self, digest: Sha256, place: RecordRef) -> None:
        self._recent[digest] = place
        if len(self._recent) > _RECENT:
            del self._recent[next(iter(self._recent))]

    def _new_certificates(self, exchange: Exchange, file: OpenFile) -> tuple[list[Member], dict[Sha256, RecordRef]]:
        """Frame the certificates of the peer that the file does not hold yet, and say where they will lie."""
        members: list[Member] = []
        places: dict[Sha256, RecordRef] = {}
        offset = file.size
        for certificate in layout.chain_of(exchange):
            digest = sha256_of(certificate)
            if digest in self._certificates or digest in places:
                continue
            uri = f"urn:vigil:certificate:{digest}"
            draft = layout.draft(
                "resource", exchange.began, self._warcinfo_id, uri=uri, content_type=_PKIX, block=certificate
            )
            member = self._framer.frame(draft)
            length = len(member.data)
            places[digest] = RecordRef(file=file.name, offset=offset, length=length, record_id=draft.record_id)
            members.append(member)
            offset += length
        return members, places


def _capture(drafts: layout.Drafts, refs: Sequence[RecordRef]) -> Capture:
    """Say what was laid down, by reading the very fields that ``groups`` will read."""
    placed = {ref.record_id: ref for ref in refs}

    def record(draft: Draft) -> Record:
        return Record(ref=placed[draft.record_id], header=b"", fields=draft.fields, block=draft.block)

    return capture_from(
        drafts.notes,
        record(drafts.metadata),
        request=placed[drafts.request.record_id] if drafts.request else None,
        answer=record(drafts.answer) if drafts.answer else None,
    )


def _warcinfo(run: RunStart, name: str, host_label: str, time: datetime) -> Draft:
    """Write the warcinfo record: who crawled what, with which software, for whom, by which rules."""
    notes = Notes()
    notes.add("software", run.software)
    notes.add("format", "WARC File Format 1.1")
    notes.add("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/")
    notes.add("robots", "classic, with the exceptions named here" if run.robots_exceptions else "classic")
    for exception in run.robots_exceptions:
        notes.add("vigil-robots-exception", exception)
    notes.add("hostname", host_label)
    notes.add("operator", ", ".join(filter(None, (run.operator, run.contact))) or None)
    notes.add("http-header-user-agent", run.user_agent)
    notes.add("http-header-from", mailbox_of(run.contact))
    notes.add("isPartOf", run.site)
    notes.add("description", f"vigil run {run.uid} of {run.site}, {run.mode}")
    notes.add("vigil-run", run.uid)
    if run.route is not Route.SITE:
        notes.add("vigil-route", run.route.value)
    record_id = new_record_id()
    fields = (
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", record_id),
        ("WARC-Date", warc_date(time)),
        ("WARC-Filename", name),
        ("Content-Type", layout.FIELDS_TYPE),
    )
    block = notes.to_block()
    return Draft(record_id=record_id, fields=fields, block=block, digest=sha256_of(block))
