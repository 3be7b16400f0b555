"""Runs: what each brought, how it ended, what it left out."""

from dataclasses import fields

from datasette.utils.asgi import Request, Response

from archive.errors import ExitCode, NotFoundError
from archive.plain import plain
from archive.query import Counts, RunSummary
from archive.web.frame import PAGE_SIZE, Desk, Routes, ask, ask_once, data, form_of, render, word

_CODES = {int(code): code.name.lower().replace("_", " ") for code in ExitCode}
_MOST = 1000
_OMISSIONS_SHOWN = 200
# A report brings its own style within; it needs nothing else, and gets nothing else.
_REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def runs(request: Request, datasette: Desk) -> Response:
    """List runs, newest first."""
    form, site = form_of(request), word(request, "site")
    limit = _MOST if form or word(request, "all") else PAGE_SIZE
    found = await ask_once(datasette, ("runs", site, limit), lambda archive: archive.runs(site=site, limit=limit))
    if form:
        return data(form, [_row(run) for run in found], "runs")
    values = {"found": found, "codes": _CODES, "is_cut": len(found) == PAGE_SIZE, "place": "runs"}
    return await render(datasette, request, "runs.html", values)


async def run(request: Request, datasette: Desk) -> Response:
    """Show one run."""
    uid = request.url_vars["uid"]
    found, omissions = await ask(datasette, lambda archive: (archive.run(uid), archive.omissions(run=uid)))
    if form_of(request) == "csv":
        return data(
            "csv",
            [{"kind": one.kind, "url": one.url, "reason": one.reason, "time": one.time} for one in omissions],
            uid,
        )
    if form_of(request):
        return Response.json({"run": plain(found), "omissions": plain(omissions)})
    values = {
        "run": found,
        "counts": [(field.name.replace("_", " "), getattr(found.counts, field.name)) for field in fields(Counts)],
        "omissions": omissions[:_OMISSIONS_SHOWN],
        "omitted": len(omissions),
        "codes": _CODES,
        "has_report": (datasette.collection.reports / f"{uid}.html").is_file(),
        "place": "runs",
    }
    return await render(datasette, request, "run.html", values)


async def report(request: Request, datasette: Desk) -> Response:
    """Give the report that a run wrote."""
    path = datasette.collection.reports / f"{request.url_vars['uid']}.html"
    if not path.is_file():
        raise NotFoundError("there is no report of this run", hint="A run writes its report when it ends.")
    headers = {"content-security-policy": _REPORT_POLICY}
    return Response.html(path.read_text(encoding="utf-8"), headers=headers)


def _row(one: RunSummary) -> dict[str, object]:
    counts = {field.name: getattr(one.counts, field.name) for field in fields(Counts) if field.name != "omitted"}
    names = ("uid", "site", "started", "ended", "route", "mode", "stop_reason", "exit_code", "is_walk_complete")
    return {name: getattr(one, name) for name in names} | counts


ROUTES: Routes = (
    (r"/runs(?:\.(?P<form>json|csv))?$", runs),
    (r"/run/(?P<uid>[\w-]+)(?:\.(?P<form>json|csv))?$", run),
    (r"/run/(?P<uid>[\w-]+)/report$", report),
)
