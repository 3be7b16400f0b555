"""``vigil show``: a post whole: its text, its versions, where it was seen, and which records hold it."""

import re
from typing import TYPE_CHECKING

import click

from archive.cli.finding import show_capture, site_option
from archive.cli.frame import Verb, existing, json_option, with_settings
from archive.cli.output import clean_line, plain, show, show_json, spell, talk
from archive.errors import NotFoundError

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.model import Article, Event
    from archive.query.answers import FormerReading, PostDetail, Version

_BEFORE = {"heading": "", "item": "- ", "quote": "> ", "paragraph": ""}


@click.command(
    "show",
    cls=Verb,
    examples=[
        "vigil show 31994604",
        "vigil show https://www.rferl.org/a/31994604.html --version 1",
        "vigil show 31994604 --json",
    ],
)
@click.argument("post")
@click.option("--version", metavar="N|HASH", help="This version's text, by number or by the beginning of its hash.")
@click.option("--readings", is_flag=True, help="Show instead what earlier extractors read, where today's differs.")
@site_option
@json_option
@with_settings
def show_post(
    settings: "Settings", *, post: str, version: str | None, readings: bool, site: str | None, as_json: bool
) -> None:
    """Show a post: its text, versions, sightings and records.

    POST is its identity, any spelling of its URL, or # and its number in this archive. A HASH that an earlier extractor
    gave, in an old citation say, is found with --readings.
    """
    from archive.model import Route
    from archive.query import Archive
    from archive.query.versions import chosen

    with Archive.open(existing(settings)) as archive:
        if readings:
            _show_readings(archive.former_readings(post, site=site), version, as_json=as_json)
            return
        detail = archive.post(post, site=site)
        following = archive.next_look(detail.post.id)
        runs = {stored.capture.run for stored in detail.captures}
        imported = sum(stored.capture.is_imported for stored in detail.captures)
        is_test = any(archive.run(run).route is Route.TEST for run in runs)
    shown = chosen(detail, version)
    if as_json:
        show_json({**_as_dict(detail), "shown_version": shown.number if shown else None, "next_look": following})
    else:
        _show_text(detail, shown)
        _show_history(detail)
        if following:
            because = f" ({following.reason or f'every {following.every_days} days'})"
            show(f"looked at again by the first run after {spell(following.due)}{because}")
    if imported:
        talk(f"vigil: {imported} of its {len(detail.captures)} captures are IMPORTED: others made them")
    if is_test:
        talk("vigil: this post was captured by a test run; it is no capture of the real site")


def text_lines(article: "Article") -> list[str]:
    """The text of a post for reading: headline, then paragraphs with an empty line between."""
    lines = [" ".join(article.title.split())]
    for block in article.blocks:
        lines += ["", _BEFORE[block.kind.value] + block.text]
    return lines


def _show_readings(found: "tuple[FormerReading, ...]", version: str | None, *, as_json: bool) -> None:
    """Show former readings; those whose text's hash begins with ``version``, where it is given.

    Raises:
        NotFoundError: there is none.
    """
    chosen = [one for one in found if version is None or one.text_hash.startswith(version.lower())]
    if not chosen:
        raise NotFoundError(
            "no earlier extractor read this post otherwise" if version is None else f"no earlier reading is {version}",
            hint="vigil show POST tells what is held; vigil reextract reads the archive again after an update.",
        )
    for one in chosen:
        if as_json:
            show_json(one)
            continue
        show(f"{one.text_hash}  captured {spell(one.captured)}  {one.record_id}")
        show(f"  by {one.extractor}; otherwise by {one.later_extractor}: {', '.join(one.changed)}")
        show(f"  now {one.later_hash or 'nothing is read from it'}")
        blocks = one.article.get("blocks")
        show(f"  {clean_line(str(one.article.get('title')))}")
        for block in blocks if isinstance(blocks, list) else []:
            show(f"    {clean_line(str(block['text']))}")


def _show_text(detail: "PostDetail", version: "Version | None") -> None:
    post = detail.post
    head, *text = text_lines(version.article) if version else [clean_line(post.title or "(no headline is kept)")]
    show(head)
    show(post.url)
    by = f" · {clean_line(', '.join(post.authors))}" if post.authors else ""
    when = spell(post.published) if post.published else "at an unknown time"
    state = post.state.value if post.state else "never asked for"
    show(f"{post.site} {post.identity} · published {when}{by} · {state}")
    if version is None:
        show("no text is kept")
        return
    place = f"version {version.number} of {len(detail.versions)} · {version.text_hash}"
    show(place if version.is_current else f"{place} · not the one that stands")
    if version.article.origin.value != "permalink":
        show("read from a listing page: the post's own page is not held")
    for line in text or ["", "(an item without text)" if version.article.is_textless else "(no text)"]:
        show(line)


def _show_history(detail: "PostDetail") -> None:
    show()
    show("versions")
    for version in detail.versions:
        mark = "*" if version.is_current else " "
        record = version.first.capture.record
        span = f"{spell(version.first.capture.time)} to {spell(version.last.capture.time)}"
        show(f"  {version.number}{mark} {version.text_hash[:16]}  {span}  {record.file}:{record.offset}")
    show("events")
    for timed in detail.events:
        facts = ", ".join(f"{name} {value}" for name, value in facts_of(timed.event).items())
        show(f"  {spell(timed.time)}  {event_name(timed.event)}{'  ' + clean_line(facts) if facts else ''}")
    show(f"seen {detail.sighting_count:,} times by a source of the blog")
    for seen in detail.sightings:
        show(f"  {spell(seen.time)}  {seen.source.value} {seen.page_url}, place {seen.position + 1}")
    show("captures of its own page")
    for stored in detail.captures:
        show_capture(stored)
    if len(detail.spellings) > 1:
        show("spellings")
        for spelling in detail.spellings:
            show(f"  {spelling}")


def event_name(event: "Event") -> str:
    """The word for a kind of event, as in the index: ``version-added``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(event).__name__).lower().replace("post-seen", "seen")


def facts_of(event: "Event") -> dict[str, object]:
    """What an event says, by the names of its fields."""
    told = plain(event)
    return {name: value for name, value in told.items() if value is not False} if isinstance(told, dict) else {}


def _as_dict(detail: "PostDetail") -> dict[str, object]:
    """The detail for JSON; each event says its kind."""
    told = plain(detail)
    events = [
        {"time": timed.time, "capture_id": timed.capture_id, "kind": event_name(timed.event), "event": timed.event}
        for timed in detail.events
    ]
    return {**told, "events": events} if isinstance(told, dict) else {}
