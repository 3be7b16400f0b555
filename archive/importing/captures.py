"""What a foreign record is: a capture with its faults, or something that is no capture."""

import re
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from archive import payload
from archive.model import Capture, CaptureKind, Purpose, RecordRef, Truncation, sha256_of
from archive.site import Site, identify
from archive.warc.digests import payload_matches
from archive.warc.foreign import MOST_BLOCK, ForeignRecord
from archive.warc.imported import Answer, Original, answer_of
from archive.warc.notes import parse_warc_date, warc_date

_REMEMBERED = 20_000
_NOWHERE = RecordRef(file="", offset=0, length=0, record_id="")
_UNREPLAYABLE = {"zstd": "replay software cannot undo it", "br": "warcio before 1.9 stumbles over it"}

Held = tuple[Original, Capture]
"""Where a payload lies, and the capture that brought it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A capture, the original of a revisit, and what is wrong with the record; no capture where it is none."""

    url: str
    capture: Capture | None
    original: Original | None
    faults: tuple[str, ...]


class Judge:
    """Says what foreign records of one file are. ``held`` looks a payload up in the index, by URL and WARC-Date."""

    def __init__(self, site: Site, file: str, run: str, held: Callable[[str, str], Held | None]) -> None:
        self._site = site
        self._file = file
        self._run = run
        self._held = held
        self._recent: OrderedDict[tuple[str, str], Held] = OrderedDict()

    def take(self, record: ForeignRecord, request: ForeignRecord | None, sequence: int) -> Taken:
        """Say what a response or revisit record is."""
        faults = list(record.faults)
        url, odd = url_of(record)
        faults += odd
        try:
            time = parse_warc_date(record.get("WARC-Date") or "")
        except ValueError:
            faults.append(f"its WARC-Date is {record.get('WARC-Date')!r}")
            return Taken(url=url, capture=None, original=None, faults=tuple(faults))
        answer = answer_of(record.block)
        if not url or (answer is None and record.type != "revisit"):
            if not url.startswith("dns:"):
                faults.append("it holds no HTTP answer" if url else "it has no WARC-Target-URI")
            return Taken(url=url, capture=None, original=None, faults=tuple(faults))
        answer = answer or Answer(head=b"", entity=b"", raw=b"", faults=())
        faults += answer.faults
        capture = Capture(
            run=self._run,
            sequence=sequence,
            url=url,
            purpose=self._purpose(url),
            via=None,
            time=time,
            kind=CaptureKind.RESPONSE,
            record=self._ref(record),
            request=None if request is None else self._ref(request),
            metadata=_NOWHERE,
            status=payload.status(answer.head),
            payload_digest=None,
            payload_bytes=0,
            content_type=payload.field(answer.head, "content-type"),
            location=payload.field(answer.head, "location"),
            etag=payload.field(answer.head, "etag"),
            last_modified=payload.field(answer.head, "last-modified"),
            truncation=_truncation(record),
            failure=None,
        )
        if record.type == "revisit":
            return self._revisit(record, capture, faults)
        return self._response(record, capture, answer, faults)

    def _response(self, record: ForeignRecord, capture: Capture, answer: Answer, faults: list[str]) -> Taken:
        codings = (payload.field(answer.head, "content-encoding") or "").lower().replace(" ", "").split(",")
        faults += [f"its content-encoding is {one}: {_UNREPLAYABLE[one]}" for one in codings if one in _UNREPLAYABLE]
        if record.size >= MOST_BLOCK:
            faults.append(f"it is too long to be read as a page ({record.size} bytes); it is kept")
            capture = replace(capture, payload_bytes=record.size - len(answer.head))
        else:
            capture = replace(capture, payload_digest=sha256_of(answer.entity), payload_bytes=len(answer.entity))
            stated = record.get("WARC-Payload-Digest")
            if stated and capture.truncation is None and payload_matches(stated, answer.entity, answer.raw) is False:
                faults.append("its payload is not what its payload digest says")
        date = record.get("WARC-Date") or ""
        original = Original(record=capture.record, uri=capture.url, date=warc_date(capture.time))
        self._recent[capture.url, date] = (original, capture)
        if len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return Taken(url=capture.url, capture=capture, original=None, faults=tuple(faults))

    def _revisit(self, record: ForeignRecord, capture: Capture, faults: list[str]) -> Taken:
        profile = record.get("WARC-Profile") or ""
        if "not-modified" in profile:
            capture = replace(capture, kind=CaptureKind.NOT_MODIFIED, status=304)
            return Taken(url=capture.url, capture=capture, original=None, faults=tuple(faults))
        # A revisit's block is cut off by its nature, so the answer itself is whole.
        capture = replace(capture, kind=CaptureKind.REVISIT, truncation=None)
        uri = (record.get("WARC-Refers-To-Target-URI") or "").strip("<>")
        date = record.get("WARC-Refers-To-Date") or ""
        found = self._recent.get((uri, date)) or (self._held(uri, date) if uri and date else None)
        if found is None:
            told = f"of {uri} at {date}" if uri and date else "that it does not name"
            faults.append(f"it is a revisit, and its original {told} is not here: import that file before this one")
            return Taken(url=capture.url, capture=capture, original=None, faults=tuple(faults))
        original, of = found
        capture = replace(
            capture,
            status=of.status if capture.status is None else capture.status,
            content_type=capture.content_type or of.content_type,
            payload_digest=of.payload_digest,
            payload_bytes=of.payload_bytes,
            original=(original.uri, original.date),
        )
        return Taken(url=capture.url, capture=capture, original=original, faults=tuple(faults))

    def _purpose(self, url: str) -> Purpose:
        try:
            if identify(self._site, url) is not None:
                return Purpose.POST
            return Purpose.ROBOTS if urlsplit(url).path == "/robots.txt" else Purpose.OTHER
        except ValueError:
            return Purpose.OTHER

    def _ref(self, record: ForeignRecord) -> RecordRef:
        made = uuid.uuid5(uuid.NAMESPACE_URL, f"{self._file}#{record.offset}").urn
        record_id = "".join((record.get("WARC-Record-ID") or f"<{made}>").split())
        return RecordRef(file=self._file, offset=record.offset, length=record.length, record_id=record_id)


def url_of(record: ForeignRecord) -> tuple[str, tuple[str, ...]]:
    """Give what a record is about, and what is wrong with how it says so."""
    url = record.get("WARC-Target-URI") or ""
    faults: tuple[str, ...] = ()
    if url.startswith("<") and url.endswith(">"):
        faults = ("its WARC-Target-URI stands in angle brackets",)
        url = url[1:-1]
    if re.search(r"\s", url):
        faults += ("its WARC-Target-URI holds white space",)
    return url, faults


def _truncation(record: ForeignRecord) -> Truncation | None:
    stated = (record.get("WARC-Truncated") or "").lower()
    if stated:
        return Truncation(stated) if stated in list(Truncation) else Truncation.UNSPECIFIED
    is_cut = any("cut off" in fault or "gzip member is damaged" in fault for fault in record.faults)
    return Truncation.UNSPECIFIED if is_cut else None
