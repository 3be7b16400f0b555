"""What the pages share: how a handler asks the archive, fills a template, and takes its values from an address."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from archive.collection import Collection
from archive.query import Archive

T = TypeVar("T")


class Desk(Datasette):  # type: ignore[misc]  # it ships no types
    """Datasette over the index of one collection, opened read-only while others may write."""

    def __init__(self, collection: Collection, **options: object) -> None:
        super().__init__(files=[str(collection.database)], **options)
        self.collection = collection


Handler = Callable[[Request, Desk], Awaitable[Response]]
"""What answers a request; its parameters must be called ``request`` and ``datasette``."""

Routes = tuple[tuple[str, Handler], ...]
"""Pages of a module: a regular expression over the whole path (end it with ``$``), and what answers."""


async def ask(desk: Desk, question: Callable[[Archive], T]) -> T:
    """Put a question to the archive in a thread of its own; one state of the index answers each of its methods."""

    def answered() -> T:
        with Archive.open(desk.collection, busy_seconds=5) as archive:
            return question(archive)

    return await asyncio.to_thread(answered)


async def render(
    desk: Desk, request: Request, template: str, values: dict[str, object], *, status: int = 200
) -> Response:
    """Fill a template of ``templates/``; every value is escaped unless it is ``Markup`` that our own code made."""
    return Response.html(await desk.render_template(template, values, request=request), status=status)
