"""One post: its text, its versions and what changed between them, what happened to it, and which bytes it came from."""

from dataclasses import asdict

from datasette.utils.asgi import Request, Response
from markupsafe import Markup

from archive.diff_html import paragraph, pieces
from archive.errors import NotFoundError
from archive.export.citing import bibtex
from archive.plain import plain
from archive.query import Archive, PostDetail, Version
from archive.query.rows import NAME_OF
from archive.query.versions import compare
from archive.similar import LEAST, Similar, find
from archive.web.frame import Desk, Routes, ask, clean, data, form_of, render, word
from archive.web.negotiation import moment

_CAPTURES_SHOWN = 100


async def post(request: Request, datasette: Desk) -> Response:
    """Show all that is held of a post; ``?version=`` chooses the text that is shown."""
    name, form = f"#{request.url_vars['id']}", form_of(request)
    detail, rows = await ask(datasette, lambda archive: _held(archive, name))
    if form == "json":
        return Response.json(plain(detail))
    if form == "csv":
        return data(form, rows, f"post-{request.url_vars['id']}")
    number = word(request, "version")
    version = _version(detail, number) if number else detail.current or next(reversed(detail.versions), None)
    told = [(timed, NAME_OF[type(timed.event)]) for timed in reversed(detail.events)]
    values = {
        "detail": detail,
        "post": detail.post,
        "version": version,
        "events": [(timed, name) for timed, name in told if name not in {"unchanged", "seen"}],
        "looks": sum(name == "unchanged" for _, name in told),
        "captures": detail.captures[:_CAPTURES_SHOWN],
        "citation": next((bibtex(row) for row in rows if version and row["version"] == version.number), None),
        "shown": _shown(version) if version else None,
        "place": "search",
    }
    return await render(datasette, request, "post.html", values)


async def difference(request: Request, datasette: Desk) -> Response:
    """Compare two versions of a post, word by word."""
    detail, _ = await ask(datasette, lambda archive: _held(archive, f"#{request.url_vars['id']}"))
    old, new = (_version(detail, request.url_vars[side]) for side in ("before", "after"))
    found = compare(old, new)
    if form_of(request):
        return Response.json({"before": old.text_hash, "after": new.text_hash, "diff": plain(found)})
    values = {
        "post": detail.post,
        "detail": detail,
        "old": old,
        "new": new,
        "diff": found,
        # Both are escaped where they are made.
        "title": Markup(clean(pieces(found.title))),  # noqa: S704
        "paragraphs": [(line.change.value, Markup(clean(paragraph(line)))) for line in found.lines],  # noqa: S704
        "place": "search",
    }
    return await render(datasette, request, "diff.html", values)


async def similar(request: Request, datasette: Desk) -> Response:
    """List other posts with nearly the same text, as far as ``vigil similar`` has compared them."""
    name, form = f"#{request.url_vars['id']}", form_of(request)
    detail, found = await ask(datasette, lambda archive: _similar(archive, name))
    if form:
        return data(form, [asdict(one) for one in found or ()], f"post-{request.url_vars['id']}-similar")
    values = {"post": detail.post, "found": found, "least": LEAST, "place": "search"}
    return await render(datasette, request, "similar.html", values)


async def capture(request: Request, datasette: Desk) -> Response:
    """Show where the bytes of a capture lie, and how to get at them."""
    number = int(request.url_vars["id"])
    stored = await ask(datasette, lambda archive: archive.capture(number))
    if form_of(request):
        return Response.json(plain(stored))
    values = {
        "stored": stored,
        "capture": stored.capture,
        "moment": moment(stored.capture.time, crowded=True),
        "collection": datasette.collection.root.name,
        "place": "capture",
    }
    values["posts"] = await ask(datasette, lambda archive: archive.rows(_POSTS, (number,)))
    return await render(datasette, request, "capture.html", values)


_POSTS = (
    "SELECT DISTINCT e.post_id, p.identity, a.title FROM events e JOIN posts p ON p.id = e.post_id "
    "LEFT JOIN articles a ON a.id = p.article_id WHERE e.capture_id = ? LIMIT 50"
)


def _held(archive: Archive, name: str) -> tuple[PostDetail, list[dict[str, object]]]:
    return archive.post(name), archive.versions_of(name)


def _similar(archive: Archive, name: str) -> tuple[PostDetail, list[Similar] | None]:
    """Give a post and those like its text; None where nothing was compared yet."""
    detail, path = archive.post(name), archive.collection.root / "similar.db"
    if detail.current is None or not path.exists():
        return detail, None
    return detail, find(archive, path, detail.current.text_hash, post_id=detail.post.id, least=LEAST)


def _shown(version: Version) -> str:
    first = version.first.capture
    return f"/as-it-was/{moment(first.time, crowded=True)}/{first.url}"


def _version(detail: PostDetail, number: str) -> Version:
    for version in detail.versions:
        if str(version.number) == number:
            return version
    known = ", ".join(str(version.number) for version in detail.versions) or "none"
    raise NotFoundError(f"there is no version {number} of this post", hint=f"There is: {known}.")


ROUTES: Routes = (
    (r"/post/(?P<id>[0-9]{1,15})(?:\.(?P<form>json|csv))?$", post),
    (r"/post/(?P<id>[0-9]{1,15})/diff/(?P<before>[0-9]{1,9})/(?P<after>[0-9]{1,9})(?:\.(?P<form>json))?$", difference),
    (r"/post/(?P<id>[0-9]{1,15})/similar(?:\.(?P<form>json|csv))?$", similar),
    (r"/capture/(?P<id>[0-9]{1,15})(?:\.(?P<form>json))?$", capture),
)
