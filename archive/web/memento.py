"""Memento (RFC 7089): TimeGate and TimeMap."""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import unquote

from datasette.utils.asgi import Request, Response

from archive.errors import NotFoundError
from archive.query import Archive, mementos
from archive.query.mementos import Memento, Neighbours
from archive.query.names import url_ids
from archive.web.frame import Desk, Routes, ask
from archive.web.negotiation import LINKS, Addresses, crowds, http_date, link, links, parse_accept

_PAGE = 5000


def original_of(request: Request) -> str:
    """Read the original's URL out of an address that ends in it, query and all; some clients encode it as a whole."""
    query, url = request.query_string, str(request.url_vars["url"])
    if re.match(r"https?%3a", url, re.IGNORECASE):
        url = unquote(url)
    return url + (f"?{query}" if query else "")


def addresses_of(request: Request, original: str) -> Addresses:
    """Give the archive's addresses for an original, under the name that this request used."""
    return Addresses(f"{request.scheme}://{request.host}", original)


def nearest(original: str, time: datetime | None) -> Callable[[Archive], Neighbours]:
    """Ask for the capture of a URL that is nearest to a time."""
    return lambda archive: mementos.nearest(archive.db, url_ids(archive.db, original), time)


async def timegate(request: Request, datasette: Desk) -> Response:
    """Lead to the capture nearest to Accept-Datetime, or the last one (RFC 7089 section 4.1, pattern 2.1)."""
    original = original_of(request)
    addresses = addresses_of(request, original)
    headers = {"Vary": "accept-datetime", "Link": link(addresses.original, "original")}
    try:
        wanted = parse_accept(request.headers.get("accept-datetime"))
        found = await ask(datasette, nearest(original, wanted))
    except NotFoundError as error:
        return Response.text(f"{error}\n", status=404, headers=headers)
    address = where(addresses, found)
    headers["Link"] = links(addresses, found, is_timegate=True)
    away = "" if wanted is None else f", {abs(found.memento.time - wanted)} from the time asked for"
    said = f"The nearest capture is of {found.memento.time.isoformat()}{away}: {address}\n"
    return Response.text(said, status=302, headers=headers | {"Location": address})


def where(addresses: Addresses, found: Neighbours, mode: str = "") -> str:
    """Give the address of the capture that was found."""
    row = [one for one in (found.previous, found.memento, found.following) if one is not None]
    return addresses.memento(found.memento, crowded=found.memento.id in crowds(row), mode=mode)


async def timemap(request: Request, datasette: Desk) -> Response:
    """List the captures of a URL, by pages of 5000, as link-format (RFC 7089 section 5) or JSON."""
    original, form = original_of(request), request.url_vars["form"]
    number = int(request.url_vars["page"] or 1)
    addresses = addresses_of(request, original)

    def asked(archive: Archive) -> tuple[list[Memento], bool, Neighbours]:
        ids = url_ids(archive.db, original)
        ends = mementos.nearest(archive.db, ids, None)
        row, has_more = mementos.page(archive.db, ids, number, _PAGE)
        return row, has_more, ends

    try:
        row, has_more, ends = await ask(datasette, asked)
    except NotFoundError as error:
        return Response.text(f"{error}\n", status=404)
    crowded = crowds(row)
    listed = [(one, addresses.memento(one, crowded=one.id in crowded)) for one in row]
    pages = {name: number + step for name, step, there in (("prev", -1, number > 1), ("next", 1, has_more)) if there}
    if form == "json":
        held = [{"datetime": one.time.isoformat(), "uri": uri, "status": one.status} for one, uri in listed]
        ring: dict[str, object] = {
            "original_uri": addresses.original,
            "self": addresses.page(number, "json"),
            "timegate_uri": addresses.timegate,
            "timemap_uri": {"link_format": addresses.timemap},
            "mementos": {"list": held},
        }
        turns = {name: addresses.page(other, "json") for name, other in pages.items()}
        return Response.json(ring | ({"pages": turns} if turns else {}))
    bounds = {"from": http_date(row[0].time), "until": http_date(row[-1].time)}
    values = [
        link(addresses.original, "original"),
        link(addresses.timegate, "timegate"),
        link(addresses.page(number) if number > 1 else addresses.timemap, "self", type=LINKS, **bounds),
    ]
    values += [link(addresses.page(other), "timemap", name, type=LINKS) for name, other in pages.items()]
    for one, uri in listed:
        names = [name for name, end in (("first", ends.first), ("last", ends.last)) if end.id == one.id]
        values.append(link(uri, *names, "memento", datetime=http_date(one.time)))
    return Response(",\n".join(values) + "\n", content_type=LINKS)


ROUTES: Routes = (
    (r"/timegate/(?P<url>.+)$", timegate),
    (r"/timemap/(?P<form>link|json)/(?:(?P<page>[1-9][0-9]{0,5})/)?(?P<url>.+)$", timemap),
)
