"""The report of a run as one page for people: no script, no outside request, nothing archived that could act.

It is made from the very object that the JSON report holds. Everything passes ``plain``; addresses are shown, no links.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import cast

from archive.charts import COLOURS, bars, line, size
from archive.document import document, plain
from archive.errors import ExitCode

Row = Mapping[str, object]

_MEANINGS = {
    ExitCode.OK: "All went well",
    ExitCode.PARTIAL: "Done, with something left over",
    ExitCode.INTERRUPTED: "Ended early, in good order",
    ExitCode.TIME_LIMIT: "Ended early, in good order",
}
_FEW = 20
_SHOWN = 200
"""Rows of a table; the JSON report has all."""
_COUNTS = {
    "listing_pages": "Listing pages",
    "posts_read": "Posts read",
    "received_bytes": "Bytes over the wire",
    "pages_lost": "Pages lost",
    "alarms": "Alarms",
}
"""Of what a run counted, what is not told elsewhere on the page."""


def page(report: Row) -> str:
    """Write the page of a report, the object that ``reports/<run>.json`` holds."""
    run = cast(Row, report["run"])
    title = f"{cast(Row, report['rules'])['title'] or run['site']}: night of {str(run['started'])[:10]}"
    sections = (
        _head(report, title),
        _tiles(report),
        _warnings(report),
        _events(report, "New", lambda event: event["kind"] == "version-added" and not event["is_edit"]),
        _changed(report),
        _events(report, "Not found; gone, once another night finds the same", lambda event: event["kind"] == "gone"),
        _events(report, "Came back or moved", lambda event: event["kind"] in {"returned", "moved", "version-restored"}),
        _table("Shown, but not held", report["gaps"], ("identity", "title", "reason")),
        _charts(report),
        _asked(report),
        _omissions(report),
        _table("Answers that say nothing certain", _rejected(report), ("identity", "url", "detail")),
        _robots(report),
        _facts(report),
    )
    return document(title, sections)


def _rows(value: object) -> list[Row]:
    return cast(list[Row], value)


def _head(report: Row, title: str) -> str:
    run = cast(Row, report["run"])
    code = run["exit_code"]
    known = ExitCode(code) if isinstance(code, int) and code in set(ExitCode) else None
    good = {ExitCode.OK: "good", ExitCode.PARTIAL: "look", ExitCode.INTERRUPTED: "look", ExitCode.TIME_LIMIT: "look"}
    mood = good.get(known, "bad") if known is not None else "bad"
    words = _MEANINGS.get(known, "The night went wrong") if known is not None else "The run was cut off"
    test = "" if run["route"] == "site" else "<p class=look>A test run: these are not captures of the real site.</p>"
    name = known.name.lower().replace("_", " ") if known is not None else "no end"
    return (
        f"<h1>{plain(title)}</h1><p class=soft>{_span(run)}</p>"
        f'<div class="verdict {mood}"><b>{words}</b><br><span>The run stopped because: {plain(run["stop_reason"])} '
        f"(exit {plain(code)}, {name}).</span></div>{test}"
    )


def _span(run: Row) -> str:
    started, ended = str(run["started"]), str(run["ended"] or "")
    return f"{plain(started[:19].replace('T', ' '))} to {plain(ended[:19].replace('T', ' ') or 'an unknown end')}, UTC"


def _tiles(report: Row) -> str:
    fetched = _rows(report["fetched"])
    run = cast(Row, report["run"])
    numbers = [
        ("new", report["new_posts"]),
        ("edited", report["edits"]),
        ("gone", report["gone"]),
        ("unchanged", report["unchanged"]),
        ("requests", sum(cast(int, row["requests"]) for row in fetched)),
        ("came", size(sum(cast(int, row["payload_bytes"] or 0) for row in fetched))),
        ("took", _duration(run)),
        ("not held", len(_rows(report["gaps"]))),
    ]
    tiles = (f'<div class="tile"><b>{_number(value)}</b>{name}</div>' for name, value in numbers)
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _duration(run: Row) -> str:
    """Say how long a run took."""
    if not run["ended"]:
        return "?"
    started, ended = (datetime.fromisoformat(str(run[name])) for name in ("started", "ended"))
    seconds = round((ended - started).total_seconds())
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if seconds >= 600 else f"{seconds} s"


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else plain(value)


def _warnings(report: Row) -> str:
    run, rules, clock = (cast(Row, report[name]) for name in ("run", "rules", "clock"))
    told = [f"After a crash: {sentence}" for sentence in cast(list[str], run["recovered"] or [])]
    told += [f"{row['url']}: {row['outcome']} {row['alarms'] or ''}" for row in _rows(report["alarms"])[:20]]
    told += _fires(_rows(report["fires"]))
    told += _replayed(cast(Row | None, report["replay"]))
    if clock["is_synchronised"] is False:
        told.append("This machine's clock is not set by a time server; the times may be wrong.")
    if rules["is_site_file_new"]:
        told.append("The site file is another one than in the run before.")
    if rules["software_before"]:
        told.append(f"The software is another one than in the run before, {rules['software_before']}.")
    if not told:
        return ""
    return "<h2>Worth a look</h2><ul>" + "".join(f"<li>{plain(sentence)}</li>" for sentence in told) + "</ul>"


def _replayed(replay: Row | None) -> list[str]:
    """Say what differed when the run was replayed, and how many of its pages lack what they need."""
    if replay is None:
        return []
    differences = _rows(replay["differences"])
    told = [f"On replay, capture {row['capture_id']} of {row['url']}: {row['problem']}" for row in differences[:20]]
    if len(differences) > len(told):
        told.append(f"{len(differences) - len(told):,} more captures differ on replay.")
    if incomplete := replay["pages_incomplete"]:
        told.append(f"{_number(incomplete)} pages lack some of what they need to look as they did.")
    return told


def _fires(rows: list[Row]) -> list[str]:
    """Say which fires brought no run: the newest of each kind, and how many."""
    groups = {kind: [row for row in rows if row["kind"] == kind] for kind in dict.fromkeys(row["kind"] for row in rows)}
    return [
        f"{str(several[-1]['due'] or several[-1]['time'])[:16].replace('T', ' ')} UTC, {kind}: {several[-1]['detail']}"
        + (f" (and {len(several) - 1:,} more)" if len(several) > 1 else "")
        for kind, several in groups.items()
    ]


def _events(report: Row, heading: str, chosen: Callable[[Row], bool]) -> str:
    found = [event for event in _rows(report["events"]) if chosen(event)]
    if not found:
        return ""
    posts = [
        f'<div class="post">{plain(event["title"] or event["identity"])}'
        f"<small>{plain(event['url'])}{_detail(event)}</small></div>"
        for event in found[:_SHOWN]
    ]
    return f"<h2>{heading} <small>{len(found):,}</small></h2>{_folded(posts)}{_more(len(found))}"


def _folded(parts: list[str]) -> str:
    """Show some of many, and the others when asked."""
    rest = parts[_FEW:]
    hidden = f"<details><summary>{len(rest):,} more</summary>{''.join(rest)}</details>" if rest else ""
    return "".join(parts[:_FEW]) + hidden


def _detail(event: Row) -> str:
    return "" if event["kind"] == "version-added" or event["detail"] is None else f" · {plain(event['detail'])}"


def _changed(report: Row) -> str:
    found = _rows(report["changes"])
    if not found:
        return ""
    return (
        f"<h2>Edited <small>{len(found):,}</small></h2>" + _folded(list(map(_edit, found[:_SHOWN]))) + _more(len(found))
    )


def _edit(change: Row) -> str:
    silent = (
        " · <span class=look>silent: its stated time of modification did not move</span>" if change["is_silent"] else ""
    )
    title = _pieces(change["headline"]) if change["headline"] else plain(change["title"])
    parts = "".join(map(_paragraph, _rows(change["paragraphs"])))
    return (
        f'<div class="post"><h3>{title}</h3><small>{plain(change["url"])} · '
        f"version {plain(change['version'])}{silent}</small>{parts}</div>"
    )


def _paragraph(part: Row) -> str:
    if part["change"] == "same":
        return f"<p class=soft>… {plain(part['count'])} unchanged …</p>"
    moved = f"<small>moved, was paragraph {plain(part['before'])}</small> " if part["change"] == "moved" else ""
    return f'<p class="para" dir="auto">{moved}{_pieces(part["pieces"])}</p>'


def _pieces(value: object) -> str:
    tags = {"added": "ins", "removed": "del"}
    found = []
    for change, text in cast(list[tuple[str, str]], value):
        tag = tags.get(change)
        found.append(f"<{tag}>{plain(text)}</{tag}>" if tag else plain(text))
    return "".join(found)


def _charts(report: Row) -> str:
    nights = _rows(report["nights"])
    labels = [str(night["started"])[:10] for night in nights]
    kinds = ("new", "edited", "gone")
    events = [(kind, [cast(float, night[kind]) for night in nights]) for kind in kinds]
    requests = [("requests", [cast(float, night["requests"]) for night in nights])]
    growth = [cast(float, night["archive_bytes"]) for night in nights]
    key = "".join(
        f'<span class="key" style="background:{colour}"></span>{kind}'
        for kind, colour in zip(kinds, COLOURS, strict=True)
    )
    drawn = (
        (bars(labels, events, title="Posts new, edited and gone, run by run"), f"Posts{key}"),
        (bars(labels, requests, title="Requests, run by run"), "Requests"),
        (line(labels, growth, title="Size of the WARC files"), "Size of the WARC files"),
    )
    figures = (f"<figure>{chart}<figcaption>{caption}</figcaption></figure>" for chart, caption in drawn)
    return f"<h2>The last {len(nights)} runs</h2><div class=charts>{''.join(figures)}</div>"


def _asked(report: Row) -> str:
    """Tell what was asked for, by purpose; what is the same as before is kept as a reference to it."""
    rows: list[Row] = [
        {
            "what": row["purpose"],
            "requests": row["requests"],
            "came": size(cast(int, row["payload_bytes"] or 0)),
            "as_before": cast(int, row["revisits"] or 0) + cast(int, row["not_modified"] or 0),
            "failed": row["failures"] or 0,
            "cut_off": row["cut_off"] or 0,
        }
        for row in _rows(report["fetched"])
    ]
    columns = ("what", "requests", "came", "as_before", "failed", "cut_off")
    return f"<h2>What was asked for</h2>{_grid(rows, columns, 'What was asked for')}" if rows else ""


def _omissions(report: Row) -> str:
    """Tell what was left out: how many of each kind, then each with its reason."""
    rows = _rows(report["omissions"])
    if not rows:
        return ""
    kinds = Counter(str(row["kind"]) for row in rows)
    told = ", ".join(f"{plain(kind.replace('-', ' '))} {count:,}" for kind, count in kinds.most_common())
    table = f"{_grid(rows, ('kind', 'url', 'reason'), 'Left out')}{_more(len(rows))}"
    shown = table if len(rows) <= _FEW else f"<details><summary>Show them</summary>{table}</details>"
    return f"<h2>Left out, and why <small>{len(rows):,}</small></h2><p>{told}</p>{shown}"


def _rejected(report: Row) -> list[Row]:
    return [event for event in _rows(report["events"]) if event["kind"] == "rejected"]


def _table(heading: str, value: object, columns: tuple[str, ...]) -> str:
    rows = _rows(value)
    if not rows:
        return ""
    grid = _grid(rows, columns, heading)
    return f"<h2>{heading} <small>{len(rows):,}</small></h2>{grid}{_more(len(rows))}"


def _grid(rows: list[Row], columns: tuple[str, ...], name: str) -> str:
    head = "".join(f"<th scope=col>{column.replace('_', ' ')}</th>" for column in columns)
    body = "".join("<tr>" + "".join(_cell(row[column]) for column in columns) + "</tr>" for row in rows[:_SHOWN])
    return f'<div class=wide tabindex=0 role=region aria-label="{name}"><table><tr>{head}</tr>{body}</table></div>'


def _cell(value: object) -> str:
    is_number = isinstance(value, int)
    return f"<td class=n>{value:,}</td>" if is_number else f"<td>{plain(value)}</td>"


def _more(count: int) -> str:
    return f"<p class=soft>{count - _SHOWN:,} more are in the JSON report.</p>" if count > _SHOWN else ""


def _robots(report: Row) -> str:
    run = cast(Row, report["run"])
    counts = cast(Row, run["counts"] or {})
    exceptions = cast(list[str], run["robots_exceptions"] or [])
    used = plain(counts.get("excepted_requests", 0))
    told = "".join(f"<li>{plain(one)}</li>" for one in exceptions)
    parts = [
        f"<p>Set aside, openly, for {used} requests:</p><ul>{told}</ul>"
        if exceptions
        else "<p>Obeyed without exception.</p>"
    ]
    for row in _rows(report["robots"]):
        where = (
            f"{plain(row['url'])}, status {plain(row['status'])}, record at {plain(row['file'])}:{plain(row['offset'])}"
        )
        text = row["text"]
        shown = f"<pre tabindex=0>{plain(text)}</pre>" if text else "<p class=soft>Nothing readable came.</p>"
        parts.append(f"<details><summary>{where}</summary>{shown}</details>")
    return "<h2>robots.txt</h2>" + "".join(parts)


def _facts(report: Row) -> str:
    run, rules, clock = (cast(Row, report[name]) for name in ("run", "rules", "clock"))
    counts = cast(Row, run["counts"] or {})
    sure = {True: "set by a time server", False: "not set by a time server", None: "unknown"}
    error = clock["max_error_seconds"]
    state = sure[cast("bool | None", clock["is_synchronised"])] + (
        f", within {error:.3f} s" if isinstance(error, float) else ""
    )
    facts: Iterable[tuple[str, object]] = (
        ("Run", run["uid"]),
        ("Asked for", run["mode"]),
        ("Delay between requests", _delay(run, rules, counts)),
        ("Listing", "walked to its end, or to what is known" if run["is_walk_complete"] else "not walked to its end"),
        ("Software", run["software"]),
        ("Site file (SHA-256)", run["config_digest"]),
        ("User agent", run["user_agent"]),
        ("Operator", run["operator"] or "not named"),
        ("Contact", run["contact"] or "not named"),
        ("Clock", state),
        *((_COUNTS[name], _number(value)) for name, value in counts.items() if name in _COUNTS),
    )
    return (
        "<h2>How it was done</h2><dl>" + "".join(f"<dt>{plain(k)}</dt><dd>{plain(v)}</dd>" for k, v in facts) + "</dl>"
    )


def _delay(run: Row, rules: Row, counts: Row) -> str:
    """Say which delay was wanted, and which was kept."""
    told = [f"{rules['delay_seconds']} s by the site file"]
    delay, gap, requests = (counts.get(name) for name in ("delay_ms", "shortest_gap_ms", "requests"))
    if isinstance(delay, int) and delay != cast(float, rules["delay_seconds"]) * 1000:
        told.append(f"{delay / 1000:g} s asked for in this run")
    if isinstance(gap, int):
        told.append(f"kept: {gap / 1000:.2f} s at the shortest")
    if run["ended"] and isinstance(requests, int) and requests > 1:
        started, ended = (datetime.fromisoformat(str(run[name])) for name in ("started", "ended"))
        told.append(f"one request every {(ended - started).total_seconds() / requests:.2f} s on average")
    return "; ".join(told)
