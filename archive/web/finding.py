"""Full-text search, and the list of posts where nothing is searched for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from datasette.utils.asgi import Request, Response
from markupsafe import Markup, escape

from archive.errors import QueryError
from archive.model import PostState
from archive.query import Archive, Filters, Hit, Marked, Order, PostSummary
from archive.query.written import told_of_phrases
from archive.web.frame import PAGE_SIZE, Desk, Routes, ask, ask_once, clean, data, form_of, offset_of, render, word

_MOST = 1000
_HITS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Posts with what was found in them, and whether there are more; ``ranked_among`` as in ``Hits``.

    ``missed`` is a sentence about what the search's phrases leave out.
    """

    posts: tuple[tuple[PostSummary, Hit | None], ...] = ()
    has_more: bool = False
    ranked_among: int | None = None
    missed: str | None = None


async def search(request: Request, datasette: Desk) -> Response:
    """Find posts by the words of their texts and by what is known of them."""
    form, offset = form_of(request), offset_of(request)
    query, trouble = word(request, "q"), None
    limit = _MOST if form else (_HITS if query else PAGE_SIZE)
    found = _Found()
    try:
        found = await ask(datasette, lambda archive: _found(archive, request, query, limit, offset))
    except QueryError as error:
        if form:
            raise
        trouble = error
    if form:
        return data(form, [_row(post, hit, found.ranked_among) for post, hit in found.posts], "posts")
    values = {
        "found": found.posts,
        "has_more": found.has_more,
        "ranked_among": found.ranked_among,
        "missed": found.missed,
        "offset": offset,
        "limit": limit,
        "query": query,
        "trouble": trouble,
        "args": {name: word(request, name) for name in request.args},
        "sites": await ask_once(datasette, "sites", lambda archive: [row["name"] for row in archive.rows(_SITES)]),
        "marked": marked,
        "place": "search",
    }
    return await render(datasette, request, "search.html", values, status=400 if trouble else 200)


_SITES = "SELECT name FROM sites ORDER BY name"


def _found(archive: Archive, request: Request, query: str | None, limit: int, offset: int) -> _Found:
    filters = filters_of(request)
    if query is None:
        posts = archive.posts(filters, limit=limit + 1, offset=offset)
        return _Found(posts=tuple((post, None) for post in posts[:limit]), has_more=len(posts) > limit)
    order = word(request, "order") or Order.NEWEST.value
    if order not in set(Order):
        raise QueryError(f"there is no order {order!r}", hint=f"There are: {', '.join(Order)}.")
    is_all = word(request, "all") is not None
    hits = archive.search(query, filters, order=Order(order), limit=limit, offset=offset, all_versions=is_all)
    found = tuple((hit.post, hit) for hit in hits.hits)
    missed = None if offset else told_of_phrases(archive.db, query, is_empty=not found)
    return _Found(posts=found, has_more=hits.has_more, ranked_among=hits.ranked_among, missed=missed)


def filters_of(request: Request) -> Filters:
    """Read the filters of a query string; ``until`` names its last day.

    Raises:
        QueryError: a day or state cannot be read.
    """
    state = word(request, "state")
    if state is not None and state not in set(PostState):
        raise QueryError(f"there is no state {state!r}", hint=f"There are: {', '.join(PostState)}.")
    until = _day(word(request, "until"))
    return Filters(
        site=word(request, "site"),
        since=_day(word(request, "since")),
        until=until + timedelta(days=1) if until else None,
        author=word(request, "author"),
        language=word(request, "language"),
        category=word(request, "category"),
        service=word(request, "service"),
        state=PostState(state) if state else None,
        is_edited=True if word(request, "edited") else None,
    )


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise QueryError(f"{text!r} is no day", hint="Write it like 2026-08-31.") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def marked(piece: Marked) -> Markup:
    """Write a piece of text, escaped, with what was searched for marked."""
    parts, at = [], 0
    for start, end in piece.spans:
        parts += [escape(clean(piece.text[at:start])), Markup("<mark>"), escape(clean(piece.text[start:end]))]
        parts.append(Markup("</mark>"))
        at = end
    return Markup("").join([*parts, escape(clean(piece.text[at:]))])


def _row(post: PostSummary, hit: Hit | None, ranked_among: int | None) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(post, name) for name in PostSummary.__dataclass_fields__}
    if hit is None:
        return row
    return {**row, "found_version": hit.version, "snippet": hit.snippet.text, "ranked_among": ranked_among}


ROUTES: Routes = ((r"/search(?:\.(?P<form>json|csv))?$", search),)
