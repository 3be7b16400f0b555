"""A capture at its own address (URI-M of RFC 7089): ``/web/TIME/URL`` made harmless, ``/web/TIMEid_/URL`` as sent."""

import re
from dataclasses import replace
from urllib.parse import urljoin

from datasette.utils.asgi import Request, Response

from archive.evidence.derived import harmless
from archive.model import Route
from archive.query import Archive, mementos
from archive.query.mementos import Neighbours
from archive.query.names import url_ids
from archive.web.frame import Desk, Routes, ask
from archive.web.memento import addresses_of, original_of, where
from archive.web.negotiation import http_date, links, span

_INERT = "default-src 'none'; sandbox"
_READABLE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}(?:; ?charset=[\w.:-]{1,40})?", re.ASCII)
_TEST = "this is NO capture of the real site, it was made by a test run"


async def memento(request: Request, datasette: Desk) -> Response:
    """Show the capture of a URL at a time; a time at which there is none leads to the nearest one (302).

    The answer has the capture's own status. ``id_`` gives the content as it was sent, chunks and coding undone, with
    no header of the site's but its media type, and in a sandbox: a browser runs nothing of it.
    """
    original, mode = original_of(request), request.url_vars["mode"]
    since, until = span(request.url_vars["moment"])
    addresses = addresses_of(request, original)

    def asked(archive: Archive) -> tuple[Neighbours, bytes, bool, str | None, str | None]:
        found = mementos.nearest(archive.db, url_ids(archive.db, original), since)
        stored = archive.capture(found.memento.id).capture
        content = archive.payload(found.memento.id) if since <= found.memento.time < until else b""
        is_test = archive.run(stored.run).route is Route.TEST
        return found, content, is_test, stored.content_type, stored.location

    found, content, is_test, media_type, location = await ask(datasette, asked)
    one = found.memento
    headers = {"Link": links(addresses, found, mode=mode)}
    if not since <= one.time < until:
        headers["Location"] = where(addresses, found, mode)
        return Response.text("The nearest capture is elsewhere.\n", status=302, headers=headers)
    headers |= {"Memento-Datetime": http_date(one.time)}
    headers |= {"X-Vigil-Warning": _TEST} if is_test else {}
    status = 200 if one.status == 304 else one.status
    if location and 300 <= status < 400:
        headers["Location"] = addresses.memento(replace(one, url=urljoin(one.url, location)), mode=mode)
    if mode == "id_":
        headers["Content-Security-Policy"] = _INERT
        kind = media_type if media_type and _TYPE.fullmatch(media_type) else "application/octet-stream"
        return Response(content, status=status, headers=headers, content_type=kind)
    headers["Content-Security-Policy"] = _READABLE
    page = harmless(content, url=one.url, time=one.time.isoformat(), is_test=is_test)
    if not page:
        said = f"This capture holds no page; its bytes: /capture/{one.id}\n"
        return Response.text(said, status=status, headers=headers)
    return Response(page, status=status, headers=headers, content_type="text/html; charset=utf-8")


ROUTES: Routes = ((r"/web/(?P<moment>[0-9]{4,20})(?P<mode>id_|)/(?P<url>https?(?i::|%3a)/.+)$", memento),)
