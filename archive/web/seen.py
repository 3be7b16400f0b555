"""An archived page as it was: in the player or made harmless, its whole history, two captures side by side."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import cast

from datasette.utils.asgi import Request, Response

from archive.errors import VigilError
from archive.evidence.proving import Proof, Proofs
from archive.evidence.trust import trust_inside, trust_of
from archive.model import Route
from archive.query import Archive, StoredCapture, history, mementos
from archive.query.mementos import Neighbours
from archive.query.names import url_ids
from archive.web.coverage import months
from archive.web.frame import Desk, Routes, ask, data, render, word
from archive.web.guard import POLICY
from archive.web.memento import addresses_of, original_of
from archive.web.negotiation import Addresses, moment, span

_SHOWN = 400
_WIDE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One capture as it is shown: ``frame`` is the address within the page, ``holder`` the capture with the payload."""

    near: Neighbours
    stored: StoredCapture
    holder: StoredCapture
    is_test: bool
    proof: Proof | None
    frame: str
    sandbox: str

    @property
    def at(self) -> str:
        """Its time as its addresses spell it."""
        return moment(self.near.memento.time, crowded=True)


async def as_it_was(request: Request, datasette: Desk) -> Response:
    """Show one capture, with its time, digest and proof, and the ways to the ones before and after it."""
    original = original_of(request)
    since, until = span(request.url_vars["moment"])
    view = await _view(request, datasette, original, since)
    one = view.near.memento
    if not since <= one.time < until:
        return Response.redirect(_page_of(addresses_of(request, original), one.time, one.url))
    steps = [("First", view.near.first), ("Previous", view.near.previous), ("Next", view.near.following)]
    steps.append(("Last", view.near.last))
    values = {
        "view": view,
        "original": original,
        "steps": [(name, moment(step.time, crowded=True), step) for name, step in steps if step and step.id != one.id],
        "has_player": datasette.player_port is not None,
        "place": "capture",
    }
    return await _framed(request, datasette, "as_it_was.html", values)


async def side_by_side(request: Request, datasette: Desk) -> Response:
    """Show two captures of a URL beside each other, or ask which."""
    original, *times = (word(request, name) or "" for name in ("url", "left", "right"))
    is_asked = bool(original and all(times))
    views = [await _view(request, datasette, original, span(one)[0]) for one in times] if is_asked else []
    digests = {view.holder.capture.payload_digest for view in views}
    values = {"views": views, "original": original, "is_same": len(digests) == 1, "place": "capture"}
    return await _framed(request, datasette, "side_by_side.html", values)


async def all_captures(request: Request, datasette: Desk) -> Response:
    """Show when a URL was captured: a calendar, a line of time, and each capture."""
    original, form = original_of(request), request.url_vars["form"]
    wanted = request.url_vars.get("year")

    def asked(archive: Archive) -> tuple[int, list[int], list[history.Row], list[history.Row]]:
        ids = url_ids(archive.db, original)
        years = history.years(archive.db, ids)
        year = int(wanted) if wanted else (years[-1] if years else datetime.now(UTC).year)
        return year, years, history.days(archive.db, ids, year), history.captures(archive.db, ids, year)

    year, years, days, captures = await ask(datasette, asked)
    if form:
        return data(form, captures, f"captures-{year}")
    for row in captures:
        row["at"] = moment(_time(row), crowded=True)
    values = {
        "original": original,
        "year": year,
        "years": years,
        "months": [month for month in months(year, days) if any(day and day.captures for day in chain(*month.weeks))],
        "captures": captures[::-1][:_SHOWN],
        "count": len(captures),
        "line": _line(year, captures),
        "place": "capture",
    }
    return await render(datasette, request, "history.html", values)


async def _view(request: Request, desk: Desk, original: str, time: datetime) -> View:
    def asked(archive: Archive) -> tuple[Neighbours, StoredCapture, StoredCapture, bool]:
        near = mementos.nearest(archive.db, url_ids(archive.db, original), time)
        stored = archive.capture(near.memento.id)
        is_test = archive.run(stored.capture.run).route is Route.TEST
        return near, stored, archive.holder(stored.id), is_test

    near, stored, holder, is_test = await ask(desk, asked)
    proof = await asyncio.to_thread(_proof, desk, stored)
    frame, sandbox = _frame(request, desk, near)
    return View(near=near, stored=stored, holder=holder, is_test=is_test, proof=proof, frame=frame, sandbox=sandbox)


def _proof(desk: Desk, stored: StoredCapture) -> Proof | None:
    """Find by when a capture is proved to exist; None where nothing proves it, or the proof cannot be read."""
    try:
        settings = desk.vigil_settings
        trust = trust_inside(desk.collection) if settings is None else trust_of(settings, desk.collection)
        return Proofs(desk.collection, trust).of(stored.capture)
    except VigilError:
        return None


def _frame(request: Request, desk: Desk, near: Neighbours) -> tuple[str, str]:
    """Give the address within the page, and what the frame allows it: the player its own origin, else no script."""
    one = near.memento
    if desk.player_port is None:
        plain = addresses_of(request, one.url).memento(one, crowded=True)
        return plain, "allow-same-origin allow-top-navigation-by-user-activation"
    return Addresses(_player(request, desk), one.url).played(one), "allow-scripts allow-same-origin allow-forms"


async def _framed(request: Request, desk: Desk, template: str, values: dict[str, object]) -> Response:
    shown = "'self'" if desk.player_port is None else _player(request, desk)
    response = await render(desk, request, template, values)
    response.headers["content-security-policy"] = f"{POLICY}; frame-src {shown}"
    return response


def _player(request: Request, desk: Desk) -> str:
    return f"{request.scheme}://{request.host.partition(':')[0]}:{desk.player_port}"


def _page_of(addresses: Addresses, time: datetime, url: str) -> str:
    return addresses.at(time, url, crowded=True).replace("/web/", "/as-it-was/", 1)


def _line(year: int, captures: list[history.Row]) -> list[tuple[int, str]]:
    """Lay captures out on a line of a year, 0 to 1000, each place once: what was new there, or failed, wins."""
    begin = datetime(year, 1, 1, tzinfo=UTC)
    length = datetime(year + 1, 1, 1, tzinfo=UTC) - begin if year < 9999 else begin - begin.replace(year=year - 1)
    places: dict[int, str] = {}
    for row in captures:
        at = int((_time(row) - begin) / length * _WIDE)
        kind = "failed" if row["failure"] else "new" if row["is_new"] else "same"
        if places.get(at) in {None, "same"}:
            places[at] = kind
    return sorted(places.items())


def _time(row: history.Row) -> datetime:
    return cast(datetime, row["time"])


ROUTES: Routes = (
    (r"/as-it-was/(?P<moment>[0-9]{4,20})/(?P<url>https?(?i::|%3a)/.+)$", as_it_was),
    (r"/side-by-side$", side_by_side),
    (r"/history/(?:(?P<year>[0-9]{4})/)?(?:(?P<form>json|csv)/)?(?P<url>https?(?i::|%3a)/.+)$", all_captures),
)
