"""The bytes of a capture to take along: its record as it lies in the WARC file, its payload as the site sent it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from datasette.utils.asgi import Request

from archive.errors import NotFoundError
from archive.model import Capture
from archive.payload import fields
from archive.query import Archive
from archive.warc.streams import member, payload
from archive.web.frame import Desk, Routes, ask
from archive.web.sending import Sending, Sent, send

INERT = "default-src 'none'; sandbox"
"""Content-Security-Policy under which a browser runs nothing of what it is shown."""
MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}(?:; ?charset=[\w.:-]{1,40})?", re.ASCII)
_CODINGS = {"gzip", "x-gzip", "deflate", "br", "zstd"}
_IMPORT_LIMIT = 256 << 20


async def record(request: Request, datasette: Desk) -> Sending:
    """Send a capture's record, the one gzip member that holds the answer, byte for byte; no digest is compared."""
    number = int(request.url_vars["id"])
    stored = await ask(datasette, lambda archive: archive.capture(number))
    ref = stored.capture.record
    headers = {
        "Content-Type": "application/warc",
        "Content-Disposition": f'attachment; filename="capture-{number}.warc.gz"',
        "Content-Security-Policy": INERT,
    }
    etag = f'"{ref.record_id.removeprefix("<urn:uuid:").removesuffix(">")}-{ref.offset}-{ref.length}"'
    etag = re.sub(r'[^\w"-]', "", etag, flags=re.ASCII)

    def pieces(start: int, end: int) -> Iterator[bytes]:
        return member(datasette.collection, ref, start, end)

    return await send(request, Sent(size=ref.length, etag=etag, headers=headers, pieces=pieces))


async def body(request: Request, datasette: Desk) -> Sending:
    """Send a capture's payload as a file: content-encoding as sent, so that its SHA-256 is the one that is shown."""
    number = int(request.url_vars["id"])
    stored, sent = await ask(datasette, lambda archive: (archive.capture(number), payload_of(archive, number)))
    name = f"capture-{number}-{_name(stored.capture)}"
    headers = {**sent.headers, "Content-Disposition": f'attachment; filename="{name}"'}
    return await send(request, replace(sent, headers=headers))


def payload_of(archive: Archive, capture_id: int) -> Sent:
    """Say how the payload of a capture is sent: media type and content-encoding as the site's, and run by nobody.

    Raises:
        NotFoundError: it had no answer, or is an import too large to be taken apart here.
        DamagedRecordError: its record cannot be read.
        StorageError: the disk refused.
    """
    held = archive.holder(capture_id)
    one = held.capture
    if one.failure is not None:
        raise NotFoundError("this exchange has no answer", hint="Its record tells what went wrong.")
    if one.is_imported and one.payload_bytes > _IMPORT_LIMIT:
        hint = f"Take the record: /capture/{held.id}/record, or `vigil get --record {held.id} --body`."
        raise NotFoundError("this imported record is too large to be taken apart for a browser", hint=hint)
    found = payload(archive.collection, one)
    headers = {"Content-Security-Policy": INERT, "Content-Type": media_type(one)}
    coding = _coding(found.head)
    if coding:
        headers["Content-Encoding"] = coding
    return Sent(size=found.size, etag=f'"sha256-{one.payload_digest or "none"}"', headers=headers, pieces=found.pieces)


def media_type(capture: Capture) -> str:
    """Give the media type that the site stated, if it is one."""
    told = capture.content_type
    return told if told and MEDIA_TYPE.fullmatch(told) else "application/octet-stream"


def _coding(head: bytes) -> str | None:
    """Read the content-encoding that a header may repeat; None where there is none, or none that is known."""
    told = ",".join(value for name, value in fields(head) if name.lower() == "content-encoding")
    codings = [one for part in told.split(",") if (one := part.strip().lower()) not in {"", "identity"}]
    return ", ".join(codings) if codings and _CODINGS.issuperset(codings) else None


def _name(capture: Capture) -> str:
    """Make a file name of a URL's last part, of letters that mean nothing to any system."""
    last = urlsplit(capture.url).path.rpartition("/")[2] if capture.url.isprintable() else ""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last)[-60:].strip(".-") or "payload"


ROUTES: Routes = (
    (r"/capture/(?P<id>[0-9]{1,15})/record$", record),
    (r"/capture/(?P<id>[0-9]{1,15})/body$", body),
)
