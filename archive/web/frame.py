"""What the pages share: how a handler asks the archive, fills a template, and gives rows as data."""

import asyncio
import csv
import io
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar, cast

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from archive.charts import size
from archive.collection import Collection
from archive.config import Settings
from archive.export.forms import defused
from archive.plain import plain
from archive.query import Archive

T = TypeVar("T")
Row = Mapping[str, object]

PAGE_SIZE = 50
"""Rows of a page."""
_SECONDS = 10.0
_STEPS_BETWEEN_LOOKS = 50_000
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Desk(Datasette):  # type: ignore[misc]  # it ships no types
    """Datasette over the index of one collection, opened read-only while others may write.

    ``vigil_settings`` say whom to trust (None: what lies in the archive); the player, if there is one, answers at
    ``player_port``.
    """

    def __init__(self, collection: Collection, **options: object) -> None:
        super().__init__(files=[str(collection.database)], **options)
        self.collection = collection
        self.vigil_settings: Settings | None = None
        self.player_port: int | None = None
        self.remembered: dict[object, object] = {}
        self.remembered_of: object = None
        self.jinja_env.filters |= {"when": when, "day": day, "count": count, "size": size, "clean": clean}
        self.jinja_env.tests |= {"web_address": is_web_address}


Handler = Callable[[Request, Desk], Awaitable[Response]]
"""What answers a request; its parameters must be called ``request`` and ``datasette``."""

Routes = tuple[tuple[str, Handler], ...]
"""Pages of a module: a regular expression over the whole path (end it with ``$``), and what answers."""


async def ask(desk: Desk, question: Callable[[Archive], T]) -> T:
    """Put a question to the archive in a thread of its own; one state of the index answers each of its methods.

    Raises:
        sqlite3.OperationalError: it took longer than ten seconds.
    """

    def answered() -> T:
        until = time.monotonic() + _SECONDS
        with Archive.open(desk.collection, busy_seconds=5) as archive:
            archive.db.set_progress_handler(lambda: time.monotonic() > until, _STEPS_BETWEEN_LOOKS)
            return question(archive)

    return await asyncio.to_thread(answered)


async def ask_once(desk: Desk, key: object, question: Callable[[Archive], T]) -> T:
    """Like ``ask``; as long as nothing is written to the index, the answer to the same ``key`` is remembered."""
    state = _state(desk.collection)
    if state != desk.remembered_of:
        desk.remembered, desk.remembered_of = {}, state
    if key not in desk.remembered:
        desk.remembered[key] = await ask(desk, question)
    return cast(T, desk.remembered[key])


def _state(collection: Collection) -> object:
    log = collection.database.with_name(f"{collection.database.name}-wal")
    told = [path.stat() for path in (collection.database, log) if path.exists()]
    return tuple((one.st_mtime_ns, one.st_size) for one in told)


async def render(
    desk: Desk, request: Request, template: str, values: Mapping[str, object], *, status: int = 200
) -> Response:
    """Fill a template of ``templates/``; every value is escaped unless it is ``Markup`` that our own code made."""
    return Response.html(await desk.render_template(template, dict(values), request=request), status=status)


def data(form: str, rows: Sequence[Row], name: str) -> Response:
    """Give rows as ``json`` (an array of objects) or ``csv``, in which no spreadsheet finds a formula."""
    found = [cast(dict[str, object], plain(dict(row))) for row in rows]
    if form == "json":
        return Response.json(found)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(found[0] if found else ())
    writer.writerows([_cell(value) for value in row.values()] for row in found)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(table.getvalue(), headers=headers, content_type="text/csv; charset=utf-8")


def _cell(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return defused("; ".join(map(str, value)))
    return defused(value) if isinstance(value, str) else value


def form_of(request: Request) -> str:
    """The form that a path's ending asks for: ``json``, ``csv``, or ``""`` for the page."""
    return str(request.url_vars.get("form") or "")


def word(request: Request, name: str) -> str | None:
    """A value of the query string, blanks around it gone; None where it is empty or missing."""
    return (request.args.get(name) or "").strip() or None


def offset_of(request: Request) -> int:
    """How many rows a page skips, from ``?offset=``."""
    told = word(request, "offset") or ""
    return int(told) if re.fullmatch(r"[0-9]{1,9}", told) else 0


def when(time: object) -> str:
    """Spell a time for people, to the second, in UTC."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if isinstance(time, datetime) else ""


def day(time: object) -> str:
    """Spell the day of a time."""
    return f"{time:%Y-%m-%d}" if isinstance(time, datetime) else ""


def count(number: object) -> str:
    """Spell a number with its thousands apart."""
    return f"{number:,}" if isinstance(number, (int, float)) else ""


def clean(text: object) -> str:
    """Replace what cannot be seen, or would reorder what stands around it, in archived text."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", "" if text is None else str(text))


def is_web_address(text: object) -> bool:
    """Tell whether a text may become a link: http and https only, never ``javascript:``."""
    return isinstance(text, str) and re.match(r"https?://[^\s/]", text, re.IGNORECASE) is not None
