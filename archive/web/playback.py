"""A capture at its own address (URI-M of RFC 7089): ``/web/TIME/URL`` made harmless, ``/web/TIMEid_/URL`` as sent.

``/web/TIMEim_/URL`` is a picture for the harmless view, and nothing but a picture.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from urllib.parse import urljoin

from datasette.utils.asgi import Request, Response

from archive.errors import NotFoundError
from archive.evidence.derived import stripped
from archive.model import Capture, Route
from archive.query import Archive, StoredCapture, mementos
from archive.query.mementos import Neighbours
from archive.query.names import url_ids
from archive.web.frame import Desk, Routes, ask
from archive.web.memento import addresses_of, original_of, where
from archive.web.negotiation import Addresses, http_date, links, span
from archive.web.records import payload_of
from archive.web.sending import Sending, Sent, send

_READABLE = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "sandbox allow-same-origin allow-top-navigation-by-user-activation"
)
_TEST = "this is NO capture of the real site, it was made by a test run"
_MOST_PICTURES = 500
_PAGE = """\
<!DOCTYPE html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Captured {time}: {url}</title>
<style>img{{max-width:100%;height:auto}}body{{max-width:60rem;margin:1rem auto;padding:0 1rem;overflow-wrap:anywhere}}
header{{border:2px solid #900;padding:.6rem 1rem;font:1rem/1.5 sans-serif}}</style></head><body>
<header role="banner"><b>DERIVED COPY, made for reading; it is not the evidence.</b> Scripts, styles, forms and players
were removed; pictures are those of the archive.<br>{url}<br>captured <time datetime="{time}">{time}</time>, SHA-256 of
its payload {digest}{test}<br>
<a href="/capture/{id}" target="_top">What is known of this capture, and its bytes</a></header>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The nearest capture; ``sent`` and ``page`` are for one that is of the time that was asked for."""

    near: Neighbours
    stored: StoredCapture
    is_test: bool
    sent: Sent | None
    page: bytes


async def memento(request: Request, datasette: Desk) -> Response | Sending:
    """Show the capture of a URL at a time; a time at which there is none leads to the nearest one (302).

    The answer has the capture's own status; that of a "not modified" (304) is what had not been modified. ``id_`` gives
    the content as it was sent, chunks undone, with no header of the site's but its media type and content-encoding,
    and in a sandbox: a browser runs nothing of it.
    """
    original, mode = original_of(request), request.url_vars["mode"]
    since, until = span(request.url_vars["moment"])
    addresses = addresses_of(request, original)
    accepted = request.headers.get("accept-encoding") or ""
    found = await ask(
        datasette, lambda archive: _find(archive, addresses, original, (since, until), mode=mode, accepted=accepted)
    )
    one = found.near.memento
    headers = {"Link": links(addresses, found.near, mode=mode)}
    if not since <= one.time < until:
        headers["Location"] = where(addresses, found.near, mode)
        return Response.text("The nearest capture is elsewhere.\n", status=302, headers=headers)
    headers |= {"Memento-Datetime": http_date(one.time)}
    headers |= {"X-Vigil-Warning": _TEST} if found.is_test else {}
    status, location = 200 if one.status == 304 else one.status, found.stored.capture.location
    if location and 300 <= status < 400:
        headers["Location"] = addresses.memento(replace(one, url=urljoin(one.url, location)), mode=mode)
    if found.sent is not None:
        headers |= found.sent.headers
        return await send(request, replace(found.sent, status=status, headers=headers))
    headers |= {"Content-Security-Policy": _READABLE, "X-Frame-Options": "SAMEORIGIN"}
    if not found.page:
        said = f"This capture holds no page; its bytes: /capture/{one.id}\n"
        return Response.text(said, status=status, headers=headers)
    return Response(found.page, status=status, headers=headers, content_type="text/html; charset=utf-8")


def _find(
    archive: Archive, addresses: Addresses, original: str, times: tuple[datetime, datetime], *, mode: str, accepted: str
) -> _Found:
    near = mementos.nearest(archive.db, url_ids(archive.db, original), times[0])
    stored = archive.capture(near.memento.id)
    is_test = archive.run(stored.capture.run).route is Route.TEST
    sent, page = None, b""
    if times[0] <= near.memento.time < times[1]:
        if mode:
            sent = _as_sent(archive, near.memento.id, accepted, is_picture=mode == "im_")
        else:
            page = _page(archive, stored, addresses, is_test=is_test)
    return _Found(near=near, stored=stored, is_test=is_test, sent=sent, page=page)


def _as_sent(archive: Archive, capture_id: int, accepted: str, *, is_picture: bool) -> Sent:
    """Give the payload; its content-encoding is undone here for a client that does not name it."""
    sent = payload_of(archive, capture_id)
    if is_picture and not sent.headers["Content-Type"].startswith("image/"):
        raise NotFoundError("this capture is no picture", hint="Its own page says what it is.")
    coding = sent.headers.get("Content-Encoding")
    if coding is None or all(one in accepted for one in coding.split(", ")):
        return sent
    headers = {name: value for name, value in sent.headers.items() if name != "Content-Encoding"}
    content = archive.payload(capture_id)
    etag = f'{sent.etag[:-1]}-decoded"'
    return Sent(size=len(content), etag=etag, headers=headers, pieces=lambda start, end: iter([content[start:end]]))


def _page(archive: Archive, stored: StoredCapture, addresses: Addresses, *, is_test: bool) -> bytes:
    """Make a page harmless; its pictures are those that the archive holds of about its time."""
    one = stored.capture
    content = archive.payload(stored.id)
    left = _MOST_PICTURES

    def picture(sources: Sequence[str]) -> str | None:
        nonlocal left
        for source in sources:
            left -= 1
            held = _picture(archive, one, source) if left >= 0 else None
            if held is not None:
                return addresses.at(held.time, held.url, mode="im_")
        return None

    def link(href: str) -> str | None:
        url = _absolute(one.url, href)
        return None if url is None else addresses.at(one.time, url)

    inner = stripped(content, link, picture)
    test = "<br><b>TEST: no capture of the real site</b>" if is_test else ""
    told = {"url": escape(one.url), "time": one.time.isoformat(), "digest": one.payload_digest or "none"}
    return _PAGE.format(**told, id=stored.id, test=test).encode() + inner + b"</body></html>\n" if inner else b""


def _picture(archive: Archive, page: Capture, source: str) -> Capture | None:
    url = _absolute(page.url, source)
    held = None if url is None else archive.nearest(url, page.time)
    is_picture = held is not None and (held.capture.content_type or "").startswith("image/")
    return held.capture if held is not None and is_picture else None


def _absolute(page: str, reference: str) -> str | None:
    try:
        url = urljoin(page, reference.strip())
    except ValueError:
        return None
    return url if url.startswith(("http://", "https://")) else None


AS_SENT = re.compile(r"/web/(?P<moment>[0-9]{4,20})(?P<mode>id_)/(?P<url>https?(?i::|%3a)/.+)$")
"""The addresses at which content is sent as it was."""
ROUTES: Routes = ((r"/web/(?P<moment>[0-9]{4,20})(?P<mode>id_|im_|)/(?P<url>https?(?i::|%3a)/.+)$", memento),)
