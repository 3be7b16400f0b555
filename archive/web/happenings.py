"""What happened to posts, in words, and the page that lists it."""

import re
from dataclasses import dataclass
from datetime import datetime

from datasette.utils.asgi import Request, Response

from archive.database import instant, micros
from archive.errors import QueryError
from archive.query import Archive
from archive.web.frame import PAGE_SIZE, Desk, Routes, ask, data, form_of, offset_of, render, word

KINDS = {
    "first": "First text",
    "edited": "Edited",
    "silent": "Edited silently",
    "version-restored": "Back to an earlier text",
    "gone": "Gone",
    "returned": "Came back",
    "moved": "Moved",
    "unlisted": "No longer listed",
    "rejected": "Unclear",
}
"""Kinds of happenings and their words; ``edited`` holds ``silent`` too."""

# Along the captures, newest first; nothing is sorted. Looks that found the same text are no news.
_HAPPENED = """\
SELECT e.time, e.kind, e.is_edit, e.is_silent, e.is_title_changed, e.status, e.before, e.after, e.reason, e.capture_id,
  e.post_id, e.text_hash, s.name AS site, p.identity, a.title,
  (SELECT v.number FROM versions v JOIN texts t ON t.id = v.text_id WHERE v.post_id = e.post_id
    AND t.text_hash = e.text_hash) AS version
FROM events e INDEXED BY events_capture CROSS JOIN posts p ON p.id = e.post_id JOIN sites s ON s.id = p.site_id
LEFT JOIN articles a ON a.id = p.article_id
WHERE p.is_ours = 1 AND e.kind NOT IN ('unchanged', 'seen') AND (:site IS NULL OR s.name = :site)
  AND (:since IS NULL OR (e.time >= :since AND e.time < :until)) AND """
_CHOICES: dict[str | None, str] = {
    None: "1",
    "first": "e.kind = 'version-added' AND e.is_edit = 0",
    "edited": "e.is_edit = 1",
    "silent": "e.is_edit = 1 AND e.is_silent = 1",
    **{
        kind: f"e.kind = '{kind}'" for kind in ("version-restored", "gone", "returned", "moved", "unlisted", "rejected")
    },
}
_ORDER = " ORDER BY e.capture_id DESC, e.ordinal DESC LIMIT :limit OFFSET :offset"
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened to a post: ``kind`` is a key of ``KINDS``, ``capture_id`` the proof."""

    time: datetime
    kind: str
    words: str
    site: str
    post_id: int
    identity: str
    title: str | None
    version: int | None
    capture_id: int


def happenings(
    archive: Archive,
    *,
    kind: str | None = None,
    site: str | None = None,
    on: datetime | None = None,
    limit: int = PAGE_SIZE,
    offset: int = 0,
) -> list[Happening]:
    """List what happened, newest first: of one kind, to posts of one blog, on one day (UTC)."""
    since = None if on is None else micros(on)
    values = {"site": site, "since": since, "until": (since or 0) + _DAY, "limit": limit, "offset": offset}
    return [_happening(row) for row in archive.rows(_HAPPENED + _CHOICES[kind] + _ORDER, values)]


def _happening(row: dict[str, object]) -> Happening:
    kind = str(row["kind"])
    if kind == "version-added":
        kind = ("silent" if row["is_silent"] else "edited") if row["is_edit"] else "first"
    return Happening(
        time=instant(int(str(row["time"]))),
        kind=kind,
        words=_words(kind, row),
        site=str(row["site"]),
        post_id=int(str(row["post_id"])),
        identity=str(row["identity"]),
        title=None if row["title"] is None else str(row["title"]),
        version=None if row["version"] is None else int(str(row["version"])),
        capture_id=int(str(row["capture_id"])),
    )


def _words(kind: str, row: dict[str, object]) -> str:
    match kind:
        case "edited" | "silent":
            return "with its headline" if row["is_title_changed"] else ""
        case "gone":
            return f"the site answered {row['status']}"
        case "moved":
            return f"from {row['before']} to {row['after']}"
        case "rejected":
            return str(row["reason"])
        case _:
            return ""


async def events(request: Request, datasette: Desk) -> Response:
    """List what happened; ``?kind=``, ``?site=`` and ``?day=`` choose."""
    kind, site, on, offset = (
        word(request, "kind"),
        word(request, "site"),
        _day(word(request, "day")),
        offset_of(request),
    )
    if kind not in _CHOICES:
        raise QueryError(f"there is no kind of event {kind!r}", hint=f"There are: {', '.join(KINDS)}.")
    form = form_of(request)
    limit = 5000 if form else PAGE_SIZE + 1
    found = await ask(
        datasette, lambda archive: happenings(archive, kind=kind, site=site, on=on, limit=limit, offset=offset)
    )
    if form:
        return data(form, [_row(one) for one in found], "events")
    values = {
        "found": found[:PAGE_SIZE],
        "has_more": len(found) > PAGE_SIZE,
        "offset": offset,
        "kinds": KINDS,
        "kind": kind,
        "day": on,
        "place": "events",
    }
    return await render(datasette, request, "events.html", values)


def _row(one: Happening) -> dict[str, object]:
    return {name: getattr(one, name) for name in Happening.__dataclass_fields__}


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.fromisoformat(f"{text}T00:00:00+00:00")
    except ValueError:
        pass
    raise QueryError(f"{text!r} is no day", hint="Write it like 2026-08-31.")


ROUTES: Routes = ((r"/events(?:\.(?P<form>json|csv))?$", events),)
