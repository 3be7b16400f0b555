"""What an archived page looked like, drawn by Chromium from the archive alone, never from the live site."""

import html
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from archive.browser import Browser, Shown
from archive.errors import NotFoundError, VigilError
from archive.model import Route
from archive.query import Archive, StoredCapture, mementos
from archive.query.names import url_ids

DESKTOP = (1280, 900)
PHONE = (390, 844)
_LARGEST = 64 << 20
_REFUSED = 400
_PNG_HEAD = 8 + 25
"""Bytes of a PNG's signature and its first chunk, IHDR, which must come first (PNG, third edition, 5.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screenshot:
    """A picture or a PDF of a page.

    ``missing`` are the URLs that it wanted and that the archive does not hold, ``unfit`` those that it holds and that
    could not be given all the same, with the reason.
    """

    data: bytes
    given: tuple[str, ...]
    missing: tuple[str, ...]
    unfit: Mapping[str, str]


class ArchivedPage:
    """Answers a browser from the archive: a page's own capture, and of all else the capture nearest to it in time."""

    def __init__(self, archive: Archive, page: StoredCapture) -> None:
        self._archive = archive
        self._page = page
        self.given: list[str] = []
        self.unfit: dict[str, str] = {}

    def answer(self, url: str) -> Shown | None:
        """Say what the archive holds for a URL; ``None`` where it holds no answer that can be shown."""
        capture = self._page.capture
        stored = self._page if url == capture.url else self._archive.nearest(url, capture.time)
        if stored is None:
            self._note_refusal(url)
            return None
        if (stored.capture.payload_bytes or 0) > _LARGEST:
            self.unfit[url] = f"larger than {_LARGEST:,} bytes"
            return None
        try:
            body = self._archive.payload(stored.id)
        except VigilError as error:
            self.unfit[url] = str(error)
            return None
        self.given.append(url)
        return Shown(status=_status(stored), headers=_headers(stored), body=body)

    def _note_refusal(self, url: str) -> None:
        """Note what the site answered for a URL of which the archive holds refusals only."""
        try:
            near = mementos.nearest(self._archive.db, url_ids(self._archive.db, url), self._page.capture.time)
        except VigilError:
            return
        self.unfit[url] = f"answered {near.memento.status} on {near.memento.time:%Y-%m-%d %H:%M} UTC"


def take(archive: Archive, page: StoredCapture, *, is_phone: bool, as_pdf: bool, runs_scripts: bool) -> Screenshot:
    """Draw an archived page: the whole of it as PNG, or as PDF.

    Nothing is asked of any network. Scripts run only where ``runs_scripts``, and see nothing but the archive.

    Raises:
        NotFoundError: there is no Chromium, or the capture has no answer to draw, or an empty one.
        BrowserError: Chromium would not.
    """
    capture = page.capture
    if capture.failure is not None:
        raise NotFoundError(f"capture {page.id} has no answer that could be drawn", hint="vigil captures lists others.")
    if (capture.status or 0) >= _REFUSED and not capture.payload_bytes:
        hint = "vigil captures lists others; --at takes the newest one at or before a time."
        raise NotFoundError(f"capture {page.id} was answered {capture.status} with nothing to draw", hint=hint)
    width, height = PHONE if is_phone else DESKTOP
    archived = ArchivedPage(archive, page)
    told = facts(archive, page)
    with Browser(archived.answer, width=width, height=height, is_phone=is_phone, runs_scripts=runs_scripts) as browser:
        browser.open(capture.url)
        data = browser.paper(foot=_foot(told)) if as_pdf else with_texts(browser.picture(), told)
        missing = tuple(url for url in dict.fromkeys(browser.refused) if url not in archived.unfit)
    return Screenshot(data=data, given=tuple(dict.fromkeys(archived.given)), missing=missing, unfit=archived.unfit)


def facts(archive: Archive, page: StoredCapture) -> dict[str, str]:
    """Say what a picture shows: URL, time of capture, record, digest; they are written into it."""
    capture = page.capture
    told = {
        "Source": capture.url,
        "Creation Time": capture.time.isoformat(),
        "Record": capture.record.record_id,
        "Payload digest": f"sha256:{capture.payload_digest}" if capture.payload_digest else "none",
        "Comment": "drawn from a web archive by vigil; a derived copy, not the evidence itself",
    }
    if archive.run(capture.run).route is Route.TEST:
        told["Warning"] = "made by a test run: this is NO capture of the real site"
    return told


def with_texts(png: bytes, texts: Mapping[str, str]) -> bytes:
    """Write texts into a PNG, as ``iTXt`` chunks behind its head (PNG, third edition, 11.3.3.4)."""
    chunks = b"".join(_chunk(b"iTXt", b"%s\0\0\0\0\0%s" % (key.encode(), text.encode())) for key, text in texts.items())
    return png[:_PNG_HEAD] + chunks + png[_PNG_HEAD:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _foot(told: Mapping[str, str]) -> str:
    lines = "<br>".join(html.escape(f"{key}: {text}") for key, text in told.items())
    return f'<div style="font-size:6pt;margin:0 1cm;overflow-wrap:anywhere">{lines}</div>'


def _status(stored: StoredCapture) -> int:
    """A 304 says that what was captured before still stood, and that is what is shown."""
    return 200 if stored.capture.status in {None, 304} else int(stored.capture.status or 200)


def _headers(stored: StoredCapture) -> dict[str, str]:
    """The headers by which a browser reads content; none by which a site could steer it."""
    theirs = {"Content-Type": stored.capture.content_type, "Location": stored.capture.location}
    ours = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
    return ours | {name: value for name, value in theirs.items() if value and value.isprintable()}
