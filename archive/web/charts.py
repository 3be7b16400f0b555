"""Charts of the archive's series, drawn here and sent as pictures; the numbers stand in a table beside each."""

import asyncio

from datasette.utils.asgi import Request, Response

from archive.errors import NotFoundError
from archive.plots import draw
from archive.query import Archive
from archive.stats import BY_NAME, SERIES, Row, Series, rows
from archive.web.frame import Desk, Routes, ask_once, data, render, word

_TYPES = {"svg": "image/svg+xml", "png": "image/png", "html": "text/html; charset=utf-8"}
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
# One at a time: the drawing engine is single, and heavy.
_drawing = asyncio.Lock()


async def charts(request: Request, datasette: Desk) -> Response:
    """Show every chart that has something to show."""
    site = word(request, "site")
    found = [(series, await _rows(datasette, series, site)) for series in SERIES]
    values = {"found": found, "site": site, "place": "charts"}
    return await render(datasette, request, "charts.html", values)


async def chart(request: Request, datasette: Desk) -> Response:
    """Show one chart with its numbers, or give it as a picture, a page, or data."""
    series, form, site = BY_NAME.get(request.url_vars["name"]), request.url_vars.get("form"), word(request, "site")
    if series is None:
        raise NotFoundError("there is no such chart", hint=f"There are: {', '.join(BY_NAME)}.")
    found = await _rows(datasette, series, site)
    if form in {"json", "csv"}:
        return data(form, found, series.name)
    if form is not None:
        return await _picture(datasette, series, found, form, site, is_dark=word(request, "dark") is not None)
    values = {"series": series, "rows": found, "site": site, "place": "charts"}
    return await render(datasette, request, "chart.html", values)


async def _rows(desk: Desk, series: Series, site: str | None) -> list[Row]:
    def found(archive: Archive) -> list[Row]:
        return rows(archive, series, site)

    return await ask_once(desk, ("series", series.name, site), found)


async def _picture(
    desk: Desk, series: Series, found: list[Row], form: str, site: str | None, *, is_dark: bool
) -> Response:
    if not found:
        raise NotFoundError("there is nothing to draw", hint="The archive holds nothing of that kind yet.")
    key = ("drawn", series.name, site, form, is_dark)
    async with _drawing:
        drawn = desk.remembered.get(key)
        if drawn is None:
            drawn = await asyncio.to_thread(draw, series, found, form, is_dark=is_dark)
            desk.remembered[key] = drawn
    return Response(drawn, headers={"content-security-policy": _PICTURE_POLICY}, content_type=_TYPES[form])


ROUTES: Routes = (
    (r"/charts$", charts),
    (r"/charts/(?P<name>[a-z-]+)(?:\.(?P<form>svg|png|html|json|csv))?$", chart),
)
