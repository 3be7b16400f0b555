"""The pages of a collection as one application, and the server that runs it."""

import asyncio
import socket
import sqlite3
import sys
from importlib.resources import files
from pathlib import Path

import uvicorn
from datasette import hookimpl
from datasette.plugins import pm
from datasette.utils.asgi import Request, Response

from archive.collection import Collection
from archive.config import Settings
from archive.errors import LockedError, NotFoundError, QueryError, UsageError, VigilError
from archive.player import Player
from archive.query import Archive
from archive.web import (
    cdx,
    charts,
    coverage,
    finding,
    happenings,
    home,
    memento,
    playback,
    posts,
    questions,
    records,
    runs,
    seen,
    tables,
)
from archive.web.frame import Desk, Routes, render
from archive.web.guard import NAMES, App, guarded
from archive.web.replaying import Stage, application

_PAGES = (home, finding, posts, happenings, coverage, runs, charts, questions, memento, playback, cdx, records, seen)
_HERE = Path(str(files("archive.web")))
_SETTINGS = {
    "sql_time_limit_ms": 5000,
    "facet_time_limit_ms": 300,
    "facet_suggest_time_limit_ms": 5,
    "max_returned_rows": 5000,
    "num_sql_threads": 2,
    "allow_download": False,
    "default_cache_ttl": 0,
    "truncate_cells_html": 240,
}
_STATUSES: dict[type, int] = {NotFoundError: 404, QueryError: 400, UsageError: 400, LockedError: 503}


def desk(collection: Collection, settings: Settings | None = None) -> Desk:
    """Make the application over a collection; ``desk(…).app()`` is ASGI.

    Raises:
        NotFoundError: there is no index.
    """
    if not collection.database.exists():
        raise NotFoundError(
            f"there is no index at {collection.database}",
            hint="Make it from the WARC files with `vigil rebuild`, or name another folder with --collection.",
        )
    this = sys.modules[__name__]
    if not pm.is_registered(this):
        # Its own way with errors prints them with all variables, and is called whatever another plugin answers.
        pm.unregister(name="datasette.handle_exception")
        pm.register(this, name="vigil")
    made = Desk(
        collection,
        settings=_SETTINGS,
        metadata=tables.METADATA,
        template_dir=str(_HERE / "templates"),
        static_mounts=[("static", str(_HERE / "static"))],
    )
    made.vigil_settings = settings
    return made


def serve(
    collection: Collection, listener: socket.socket, settings: Settings, player: tuple[Player, socket.socket] | None
) -> None:
    """Answer requests at a listening socket until interrupted; and the player's at its own, where there is one.

    Raises:
        NotFoundError: there is no index.
    """
    pages = desk(collection, settings)
    servers = [(_server(pages.app()), listener)]
    if player is not None:
        pages.player_port = player[1].getsockname()[1]
        port = listener.getsockname()[1]
        stage = Stage(player=player[0], desk=pages, pages=tuple(f"http://{name}:{port}" for name in NAMES))
        servers.append((_server(application(stage)), player[1]))
    asyncio.run(_run(servers))


def play(stage: Stage, listener: socket.socket) -> None:
    """Answer the player's requests at a listening socket until interrupted."""
    asyncio.run(_run([(_server(application(stage)), listener)]))


def _server(app: App) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="auto", server_header=False))


async def _run(servers: list[tuple[uvicorn.Server, socket.socket]]) -> None:
    # Each one hands the signal that ends it on to the one before it.
    await asyncio.gather(*(server.serve(sockets=[listener]) for server, listener in servers))


@hookimpl  # type: ignore[untyped-decorator]  # pluggy's, untyped there
def register_routes(datasette: object) -> Routes:
    """Give Datasette the pages; ours come before its own."""
    return tuple(route for page in _PAGES for route in page.ROUTES) if isinstance(datasette, Desk) else ()


@hookimpl  # type: ignore[untyped-decorator]  # pluggy's, untyped there
def canned_queries(datasette: object) -> dict[str, dict[str, str]]:
    """Give Datasette the questions of the cookbook."""
    if not isinstance(datasette, Desk):
        return {}
    return {one.name: {"sql": one.sql, "title": one.words, "description": one.note} for one in questions.questions()}


@hookimpl  # type: ignore[untyped-decorator]  # pluggy's, untyped there
def prepare_connection(conn: sqlite3.Connection, database: str, datasette: object) -> None:
    """Let SQL on a page ask for the bytes of a record."""
    if isinstance(datasette, Desk) and database == "archive":
        Archive(datasette.collection, conn)


@hookimpl  # type: ignore[untyped-decorator]  # pluggy's, untyped there
def render_cell(value: object, column: str, datasette: object) -> object:
    """Lead from the numbers of posts and captures, and the names of runs, to their pages."""
    return tables.cell(value, column) if isinstance(datasette, Desk) else None


@hookimpl  # type: ignore[untyped-decorator]  # pluggy's, untyped there
def asgi_wrapper(datasette: object) -> object:
    """Put the guard before everything."""

    def wrapped(app: App) -> App:
        return guarded(app) if isinstance(datasette, Desk) else app

    return wrapped


@hookimpl  # type: ignore[untyped-decorator]  # pluggy's, untyped there
def handle_exception(datasette: Desk, request: Request, exception: Exception) -> object:
    """Show an error as a page, or as JSON where that was asked for: what happened, and what to do next."""

    async def shown() -> Response:
        status, message, hint = _told(exception)
        if request.path.endswith(".json"):
            return Response.json({"ok": False, "status": status, "error": message, "hint": hint}, status=status)
        values = {"code": status, "message": message, "hint": hint}
        return await render(datasette, request, "error.html", values, status=status)

    return shown


def _told(exception: Exception) -> tuple[int, str, str]:
    """Say with which status an error is answered, what happened, and what to do next."""
    if isinstance(exception, VigilError):
        status = next((_STATUSES[kind] for kind in type(exception).__mro__ if kind in _STATUSES), 500)
        return status, str(exception), exception.hint
    if isinstance(exception, sqlite3.OperationalError) and "interrupted" in str(exception):
        return 503, "the question took too long", "Ask for less: a shorter time, one blog, a rarer word."
    status = int(getattr(exception, "status", 500))
    if status == 500:
        sys.stderr.write(f"vigil: {type(exception).__name__}: {exception}\n")
        return (
            status,
            f"unexpected {type(exception).__name__}: {exception}",
            "This is a fault of vigil; please report it.",
        )
    message = str(getattr(exception, "message", "") or exception)
    return status, "there is no such page" if status == 404 else message, ""
