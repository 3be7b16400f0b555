"""``vigil diff`` and ``vigil timeline``: what changed in a post, when, and which capture proves it."""

import sys
from typing import TYPE_CHECKING

import click

from archive.cli.finding import site_option
from archive.cli.frame import Verb, existing, json_option, with_settings
from archive.cli.output import clean, clean_line, show, show_json, spell, talk
from archive.cli.showing import event_name, facts_of

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.diff import Diff, Line
    from archive.query.answers import PostDetail, TimedEvent, Version

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "moved": ">", "same": " "}
_COLOURS = {"added": "\x1b[32m", "removed": "\x1b[31m"}
_RESET = "\x1b[0m"


@click.command(
    "diff",
    cls=Verb,
    examples=[
        "vigil diff 31994604",
        "vigil diff 31994604 1 3",
        "vigil diff 31994604 --html > change.html",
        "vigil diff 31994604 --json",
    ],
)
@click.argument("post")
@click.argument("before", metavar="[V1]", required=False)
@click.argument("after", metavar="[V2]", required=False)
@click.option("--html", "as_html", is_flag=True, help="Write a page that needs nothing else.")
@click.option("--all", "is_all", is_flag=True, help="Show the paragraphs too that are the same.")
@site_option
@json_option
@with_settings
def diff(
    settings: "Settings",
    *,
    post: str,
    before: str | None,
    after: str | None,
    as_html: bool,
    is_all: bool,
    site: str | None,
    as_json: bool,
) -> None:
    """Compare two versions of a post, word by word.

    V1 and V2 are numbers or beginnings of hashes, as vigil show lists them. Without them: the version that stands, and
    the one before it.
    """
    from archive.query import Archive
    from archive.query.versions import compare, two

    with Archive.open(existing(settings)) as archive:
        detail = archive.post(post, site=site)
    old, new = two(detail, before, after)
    found = compare(old, new)
    if as_json:
        show_json({"post": detail.post, "before": old.text_hash, "after": new.text_hash, "diff": found})
    elif as_html:
        from archive.diff_html import page

        head = [("before", *_facts(old)), ("after", *_facts(new))]
        sys.stdout.write(page(found, address=detail.post.url, sides=head))
    else:
        _show_diff(detail, old, new, found, is_all=is_all)


@click.command("timeline", cls=Verb, examples=["vigil timeline 31994604", "vigil timeline 31994604 --json"])
@click.argument("post")
@click.option("--all", "is_all", is_flag=True, help="Show the looks too that found nothing changed.")
@site_option
@json_option
@with_settings
def timeline(settings: "Settings", *, post: str, is_all: bool, site: str | None, as_json: bool) -> None:
    """Tell what happened to a post, with the proof of each event.

    The times in front are ours, of the capture; "stated" are the site's own, which may be wrong.
    """
    from archive.query import Archive

    with Archive.open(existing(settings)) as archive:
        detail = archive.post(post, site=site)
        following = archive.next_look(detail.post.id)
        stated = {version.text_hash: version.article for version in detail.versions}
        captures = {stored.id: stored for stored in detail.captures}
    for timed in detail.events:
        name = event_name(timed.event)
        if name == "unchanged" and not is_all and not as_json:
            continue
        article = stated.get(getattr(timed.event, "text_hash", None))  # type: ignore[arg-type]
        stored = captures.get(timed.capture_id)
        record = stored.capture.record if stored else None
        if as_json:
            told = {"time": timed.time, "kind": name, "event": timed.event, "capture_id": timed.capture_id}
            told |= {"record": record, "published": article.published if article else None}
            show_json({**told, "modified": article.modified if article else None})
            continue
        show(f"{spell(timed.time)}  {_words(timed)}")
        if article is not None:
            published = spell(article.published) if article.published else "nothing"
            modified = spell(article.modified) if article.modified else "nothing"
            show(f"    stated: published {published}, modified {modified}")
        place = f"{record.file}:{record.offset}" if record else "a listing page"
        show(f"    proof: capture {timed.capture_id}, {place}")
    if following and not as_json:
        because = f" ({following.reason})" if following.reason else ""
        talk(f"vigil: looked at again by the first run after {spell(following.due)}{because}")


def _words(timed: "TimedEvent") -> str:
    from archive.model import Gone, Moved, Rejected, VersionAdded

    event = timed.event
    match event:
        case VersionAdded(is_edit=True):
            silent = ", silently: the stated modification time did not move" if event.is_silent else ""
            title = ", headline and all" if event.is_title_changed else ""
            return f"edited{title}{silent}; new text {event.text_hash[:12]}"
        case VersionAdded():
            return f"first text {event.text_hash[:12]}"
        case Gone():
            return f"gone: the site answered {event.status}"
        case Moved():
            return f"moved from {clean_line(event.before)} to {clean_line(event.after)}"
        case Rejected():
            return f"unclear: {clean_line(event.reason)}"
        case _:
            facts = ", ".join(str(value)[:12] for value in facts_of(event).values())
            return f"{event_name(event)} {facts}".rstrip()


def _facts(version: "Version") -> tuple[str, str]:
    stated = spell(version.article.modified) if version.article.modified else "nothing"
    record = version.first.capture.record
    seen = f"version {version.number}, first captured {spell(version.first.capture.time)}"
    return f"{seen}, stated modification {stated}, record {record.file}:{record.offset}", version.text_hash


def _show_diff(detail: "PostDetail", old: "Version", new: "Version", found: "Diff", *, is_all: bool) -> None:
    show(detail.post.url)
    for sign, version in (("-", old), ("+", new)):
        facts, digest = _facts(version)
        show(f"{sign} {facts}")
        show(f"  {digest}")
    if found.is_same:
        show("the paragraphs are the same; only white space or markup differ")
        return
    left_out = 0
    for line in (found.title, *found.lines):
        if line.change.value == "same" and not is_all and line is not found.title:
            left_out += 1
            continue
        if left_out:
            show(f"  (the same: {left_out})")
            left_out = 0
        _show_line(line)
    if left_out:
        show(f"  (the same: {left_out})")


def _show_line(line: "Line") -> None:
    is_terminal = sys.stdout.isatty()
    told = "".join(_piece(piece.change.value, piece.text, is_terminal=is_terminal) for piece in line.pieces)
    moved = f"(was paragraph {line.before}) " if line.change.value == "moved" else ""
    whole = line.change.value in {"added", "removed"}
    text = "".join(piece.text for piece in line.pieces) if whole and not is_terminal else told
    sys.stdout.write(f"{_SIGNS[line.change.value]} {moved}{text}\n")


def _piece(change: str, text: str, *, is_terminal: bool) -> str:
    if change == "same":
        return clean(text) if is_terminal else text
    if is_terminal:
        return f"{_COLOURS[change]}{clean(text)}{_RESET}"
    return f"[-{text}-]" if change == "removed" else f"{{+{text}+}}"
