"""The first page: what is here."""

from datasette.utils.asgi import Request, Response

from archive.web.frame import Desk, Routes, ask, render


async def home(request: Request, datasette: Desk) -> Response:
    """Show what the archive holds."""
    status = await ask(datasette, lambda archive: archive.status())
    return await render(datasette, request, "home.html", {"status": status})


ROUTES: Routes = ((r"/$", home),)
