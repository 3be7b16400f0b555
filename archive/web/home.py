"""The first page: what is here, and what is new."""

from datasette.utils.asgi import Request, Response

from archive.stats import numbers
from archive.web.frame import Desk, Routes, ask_once, data, form_of, render
from archive.web.happenings import KINDS, happenings

_LATEST = 12


async def home(request: Request, datasette: Desk) -> Response:
    """Show what the archive holds, a place to search, and the latest events."""
    sites = await ask_once(datasette, "numbers", numbers)
    if form_of(request):
        names = sites[0].__dataclass_fields__ if sites else ()
        return data(form_of(request), [{name: getattr(site, name) for name in names} for site in sites], "archive")
    latest = await ask_once(datasette, "latest", lambda archive: happenings(archive, limit=_LATEST))
    run = await ask_once(datasette, "last run", lambda archive: next(iter(archive.runs(limit=1)), None))
    values = {"sites": sites, "latest": latest, "kinds": KINDS, "run": run, "place": "home"}
    return await render(datasette, request, "home.html", values)


ROUTES: Routes = ((r"/$", home), (r"/home\.(?P<form>json|csv)$", home))
