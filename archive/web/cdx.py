"""The CDX server: the records of a URL, a folder, a host or a domain, as pywb and OutbackCDX answer for them.

Parameters, fields and forms are pywb's (its ``/cdx``); ``sort``, ``closest`` and ``collapse`` are OutbackCDX's too. A
page holds ``pageSize`` blocks of 3,000 records, before filters; one beyond the last is refused (400), one of which
filters leave nothing says so (404), as pywb has it.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from datasette.utils.asgi import Request, Response

from archive.database import instant, micros
from archive.errors import QueryError
from archive.query import Archive, cdx
from archive.query.cdx import Found, Keys
from archive.surts import surt_of
from archive.warc.notes import target_uri
from archive.web.frame import Desk, Routes, ask, word
from archive.web.negotiation import digits, span

Line = dict[str, str]
"""One record: its fields by name, in the order of a CDXJ line; what is not known is missing."""

_MOST = 100_000
_MOST_BLOCKS = 33
_LONGEST_REGEX = 200
_FIELDS = ("urlkey", "timestamp", "url", "mime", "status", "digest", "length", "offset", "filename")
_ORIGINAL = ("orig.length", "orig.offset", "orig.filename")
_ALIASES = {"original": "url", "mimetype": "mime", "statuscode": "status"}
_MATCHES = ("exact", "prefix", "host", "domain")
_SORTS = ("default", "reverse", "closest")
_TYPES = {
    "cdxj": "text/x-cdxj; charset=utf-8",
    "json": "text/x-ndjson; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}
_TRUE = {"1", "true", "yes", "on"}
_MEDIA_TYPE = re.compile(r"[;\s]")
_WARC = "warc/revisit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for."""

    url: str
    keys: Keys
    is_reverse: bool
    closest: int | None
    filters: tuple[Callable[[Line], bool], ...]
    collapse: Callable[[Line], tuple[str, ...]] | None
    limit: int
    page: int | None
    blocks: int
    counts_pages: bool
    resolves_revisits: bool
    fields: tuple[str, ...] | None
    output: str


async def captures(request: Request, datasette: Desk) -> Response:
    """Answer as a CDX server does; what is wrong with a question is told as JSON."""
    try:
        asked = read(request)
        if asked.counts_pages:
            held = await ask(datasette, lambda archive: cdx.count(archive.db, asked.keys))
            blocks = -(-held // cdx.BLOCK)
            pages = -(-blocks // asked.blocks)
            return Response.json({"pages": pages, "pageSize": asked.blocks, "blocks": blocks})
        text = await ask(datasette, lambda archive: "".join(spelled(found(archive, asked), asked)))
    except QueryError as error:
        return Response.json({"message": str(error), "hint": error.hint}, status=400)
    if not text:
        return Response.json({"message": f"No Captures found for: {asked.url}"}, status=404)
    return Response(text, content_type=_TYPES[asked.output])


def found(archive: Archive, asked: Asked) -> Iterator[Line]:
    """Give the lines that a request asks for.

    Raises:
        QueryError: there is no such page.
    """
    rows: Iterable[Found]
    if asked.page is not None:
        rows = _page(archive.db, asked, asked.page)
    elif asked.closest is not None:
        rows = cdx.closest(archive.db, asked.keys, asked.closest)
    else:
        rows = cdx.records(archive.db, asked.keys, is_reverse=asked.is_reverse)
    return islice(_chosen(archive.db, rows, asked), asked.limit)


def _page(db: sqlite3.Connection, asked: Asked, number: int) -> Iterator[Found]:
    size = asked.blocks * cdx.BLOCK
    pages = -(-cdx.count(db, asked.keys) // size)
    if number and number >= pages:
        last = max(0, pages - 1)
        raise QueryError(f"Page {number} invalid: First Page is 0, Last Page is {last}", hint="Ask showNumPages=true.")
    for surt, row in cdx.page(db, asked.keys, number * size, size):
        if asked.keys.since <= row["time"] < asked.keys.until:
            yield surt, row


def _chosen(db: sqlite3.Connection, rows: Iterable[Found], asked: Asked) -> Iterator[Line]:
    last: tuple[str, ...] | None = None
    for surt, row in rows:
        line = _line(surt, row)
        if asked.resolves_revisits:
            _resolve(db, row, line)
        if not all(passes(line) for passes in asked.filters):
            continue
        if asked.collapse is not None:
            token = (surt, *asked.collapse(line))
            if token == last:
                continue
            last = token
        yield line


def _line(surt: str, row: sqlite3.Row) -> Line:
    mime = _MEDIA_TYPE.split(row["content_type"] or "", maxsplit=1)[0] if row["kind"] == 1 else _WARC
    line = {
        "urlkey": surt,
        "timestamp": digits(instant(row["time"])),
        "url": target_uri(row["url"]),
        "mime": mime,
        "status": None if row["status"] is None else str(row["status"]),
        "digest": f"sha256:{row['payload_digest']}" if row["payload_digest"] else None,
        "length": str(row["length"]),
        "offset": str(row["offset"]),
        "filename": row["file"],
    }
    return {name: value for name, value in line.items() if value}


def _resolve(db: sqlite3.Connection, row: sqlite3.Row, line: Line) -> None:
    """Add where the payload of a revisit lies, and its status and media type; dashes for what is no revisit."""
    held = None if row["original_id"] is None else cdx.original(db, row["original_id"])
    if held is None:
        line.update(dict.fromkeys(_ORIGINAL, "-"))
        return
    line["mime"] = _MEDIA_TYPE.split(held["content_type"] or "", maxsplit=1)[0]
    line["status"] = str(held["status"])
    line |= {"orig.length": str(held["length"]), "orig.offset": str(held["offset"]), "orig.filename": held["file"]}


def spelled(lines: Iterable[Line], asked: Asked) -> Iterator[str]:
    """Write lines in the form that was asked for."""
    for line in lines:
        kept = line if asked.fields is None else {name: line[name] for name in asked.fields if name in line}
        if asked.output == "json":
            yield json.dumps(kept) + "\n"
        elif asked.output == "text" and asked.fields is not None:
            yield " ".join(line.get(name, "-") for name in asked.fields) + "\n"
        else:
            rest = {name: value for name, value in kept.items() if name not in {"urlkey", "timestamp"}}
            yield f"{line['urlkey']} {line['timestamp']} {json.dumps(rest)}\n"


# --- what is asked for ----------------------------------------------------------------------------------


def read(request: Request) -> Asked:
    """Read a request's parameters.

    Raises:
        QueryError: one of them cannot be read, or there is no ``url``.
    """
    url, match = _url(word(request, "url") or "", word(request, "matchType"))
    sort = _one_of("sort", word(request, "sort") or "default", _SORTS)
    closest = word(request, "closest")
    if closest is None and sort == "closest":
        raise QueryError("sort=closest asks for a time", hint="Name it: closest=20260801030000.")
    if closest is not None and match != "exact":
        raise QueryError("closest goes with matchType=exact only", hint="Ask for one URL, or leave closest out.")
    told = word(request, "page")
    page = None if told is None else _number("page", told, 0, 1_000_000_000)
    if page is not None and (closest is not None or sort != "default"):
        raise QueryError("pages come in the order of the index", hint="Leave sort and closest out, or page.")
    output = _one_of("output", word(request, "output") or "cdxj", tuple(_TYPES))
    return Asked(
        url=url,
        keys=_within(keys_of(url, match), word(request, "from") or word(request, "from_ts"), word(request, "to")),
        is_reverse=sort == "reverse" or _is_true(request, "reverse"),
        closest=None if closest is None else micros(_span("closest", closest)[0]),
        filters=tuple(_filter(one, request) for one in request.args.getlist("filter")),
        collapse=_collapse(word(request, "collapse"), word(request, "collapseTime")),
        limit=_number("limit", word(request, "limit") or str(_MOST), 1, _MOST),
        page=page,
        blocks=_number("pageSize", word(request, "pageSize") or "10", 1, _MOST_BLOCKS),
        counts_pages=_is_true(request, "showNumPages"),
        resolves_revisits=_is_true(request, "resolveRevisits"),
        fields=_fields(word(request, "fl") or word(request, "fields")),
        output=output,
    )


def keys_of(url: str, match: str) -> Keys:
    """Say which SURTS a URL and a ``matchType`` mean, as pywb does."""
    surt = surt_of(url)
    host = surt.partition(")/")[0]
    if match == "exact":
        return Keys(first=surt, end=surt + "\0")
    if match == "host":
        return Keys(first=f"{host})/", end=f"{host})0")
    if match == "domain":
        return Keys(first=f"{host})/" if "," in host else f"{host},", end=f"{host}-")
    surt += "".join(mark for mark in "/?" if url.endswith(mark) and not surt.endswith(mark))
    return Keys(first=surt, end=surt[:-1] + chr(ord(surt[-1]) + 1))


def _url(url: str, match: str | None) -> tuple[str, str]:
    if not url:
        raise QueryError('The "url" param is required', hint="/cdx?url=https://example.org/&output=json")
    if match is None and url.startswith("*."):
        return url[2:], "domain"
    if match is None and url.endswith("*"):
        url, match = url[:-1], "prefix"
    return url, _one_of("matchType", match or "exact", _MATCHES)


def _within(keys: Keys, since: str | None, until: str | None) -> Keys:
    if since is not None:
        keys = replace(keys, since=micros(_span("from", since)[0]))
    if until is not None:
        keys = replace(keys, until=micros(_span("to", until)[1]))
    return keys


def _filter(text: str, request: Request) -> Callable[[Line], bool]:
    """Read ``[!][=|~]field:value``: contains, is, or a regular expression from the beginning; ``!`` turns it round."""
    mark, field, value = re.fullmatch(r"(!?[=~]?)(?:([\w.]+):)?(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]  # anything fits
    name = None if field is None else _ALIASES.get(field, field)
    if name is not None and name not in (*_FIELDS, *_ORIGINAL):
        raise QueryError(f"filter: there is no field {field!r}", hint=f"Fields are {', '.join(_FIELDS)}.")
    is_wanted = not mark.startswith("!")
    passes: Callable[[str], bool]
    if mark.endswith("="):
        passes = value.__eq__
    elif mark.endswith("~"):
        passes = _regex(value, request)
    else:
        passes = lambda told: value in told  # noqa: E731  three of a kind

    def judged(line: Line) -> bool:
        told = " ".join(line.values()) if name is None else line.get(name, "")
        return passes(told) is is_wanted

    return judged


def _regex(text: str, request: Request) -> Callable[[str], bool]:
    # A regular expression can keep this process busy for hours; no page of another origin may bring one.
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        raise QueryError("a foreign page may not ask by regular expression", hint="Type the address yourself.")
    if len(text) > _LONGEST_REGEX:
        raise QueryError(f"a regular expression has at most {_LONGEST_REGEX} letters", hint="Ask for less at once.")
    try:
        found = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise QueryError(f"filter: {text!r} is no regular expression: {error}", hint="It is read by Python.") from None
    return lambda told: found.match(told) is not None


def _collapse(text: str | None, seconds: str | None) -> Callable[[Line], tuple[str, ...]] | None:
    """Read ``collapse=field[:letters]`` or pywb's ``collapseTime=digits``: of neighbours that agree, the first."""
    if seconds is not None:
        most = _number("collapseTime", seconds, 1, 14)
        return lambda line: (line["timestamp"][:most], line.get("status", ""))
    if text is None:
        return None
    field, _, told = text.partition(":")
    (name,) = _fields(field) or ("",)
    letters = _number("collapse", told, 1, 2000) if told else None
    return lambda line: (line.get(name, "")[:letters],)


def _fields(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(_ALIASES.get(name.strip(), name.strip()) for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in (*_FIELDS, *_ORIGINAL)]
    if unknown or not names:
        raise QueryError(f"there is no field {(unknown or [text])[0]!r}", hint=f"Fields are {', '.join(_FIELDS)}.")
    return names


def _number(name: str, text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text, re.ASCII) or not least <= int(text) <= most:
        hint = "Ask by pages for more." if name == "limit" else "Write it in digits."
        raise QueryError(f"{name} is a number from {least:,} to {most:,}, not {text[:40]!r}", hint=hint)
    return int(text)


def _span(name: str, text: str) -> tuple[datetime, datetime]:
    try:
        return span(text)
    except QueryError as error:
        raise QueryError(f"{name}: {error}", hint=error.hint) from None


def _one_of(name: str, text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise QueryError(f"{name}={text[:40]} is not known here", hint=f"There is: {', '.join(known)}.")
    return text


def _is_true(request: Request, name: str) -> bool:
    return (word(request, name) or "").lower() in _TRUE


ROUTES: Routes = ((r"/cdx$", captures),)
