"""``vigil reextract``: the archive read again by today's extractor, and what it reads otherwise."""

from itertools import islice
from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, existing, json_option, with_settings
from archive.cli.output import clean_line, plain, show, show_json, spell, talk
from archive.cli.progress import bar

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.reextract import Reextracted
    from archive.rereading import Reconsidered, Reread

_WIDEST = 60


@click.command(cls=Verb, examples=["vigil reextract --dry-run", "vigil reextract", "vigil reextract --json"])
@click.option("--dry-run", "is_trial", is_flag=True, help="Say what would change; the index stays as it is.")
@click.option("--limit", type=click.IntRange(0), default=20, show_default=True, help="So many changes are shown.")
@json_option
@with_settings
def reextract(settings: "Settings", *, is_trial: bool, limit: int, as_json: bool) -> None:
    """Read the archive again with today's extractor.

    After an update of vigil or trafilatura, posts may be read otherwise. This reads every capture again, says field by
    field what changes, keeps the former readings in state/readings.jsonl, and puts the new index in the place of the
    old. So a change of the software is never taken for an edit by the site. Killed, it goes on where it was; with
    --dry-run, what was read serves the next call. Every crawl does it by itself when it has to. With --json every
    change is a line, and the sums are the last.
    """
    from archive.reextract import reextract as reextract_now

    shown = 0

    def tell(one: "Reread | Reconsidered") -> None:
        nonlocal shown
        shown += 1
        if as_json:
            show_json(one)
        elif shown <= limit:
            _show_change(one)

    collection = existing(settings)
    with collection.locked("vigil reextract"), bar("reading") as progress:
        result = reextract_now(
            collection,
            workers=settings.processes,
            is_trial=is_trial,
            progress=lambda told: progress(told.done_bytes, told.total_bytes),
            tell=tell,
        )
    if result is None:
        talk("vigil: today's extractor read everything in the index; nothing is to be done")
        return
    if as_json:
        show_json(result)
        return
    if shown > limit:
        talk(f"vigil: and {shown - limit:,} more changes; --json gives all")
    _show_sums(result)


def _show_change(one: "Reread | Reconsidered") -> None:
    from archive.rereading import Reconsidered

    if isinstance(one, Reconsidered):
        what = "is found now" if one.is_new else "is found no more"
        edit = " (an edit)" if one.is_edit else ""
        show(f"{one.identity}  {spell(one.captured)}  event {one.kind}{edit} {what}  {one.record_id}")
        return
    show(f"{one.identity}  captured {spell(one.captured)}  {one.record_id}")
    if one.before is None or one.after is None:
        show(f"    {'read now, not before' if one.before is None else 'read before, not now'}")
        return
    before, after = plain(one.before), plain(one.after)
    for name in one.changed:
        key = {"text": "blocks", "findings": "statements"}.get(name, name)
        if isinstance(before, dict) and isinstance(after, dict):
            show(f"    {name}: {_difference(before[key], after[key])}")


def _difference(before: object, after: object) -> str:
    """Say in a line how two values of a field differ: of lists, what only one of them has."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return f"{_short(before)} -> {_short(after)}"
    old, later = set(map(repr, before)), set(map(repr, after))
    gone, new = [one for one in before if repr(one) not in later], [one for one in after if repr(one) not in old]
    parts = [f"- {_short(one)}" for one in islice(gone, 2)] + [f"+ {_short(one)}" for one in islice(new, 2)]
    more = max(0, len(gone) - 2) + max(0, len(new) - 2)
    return "; ".join([*parts, *([f"and {more} more"] if more else [])]) or "in another order"


def _short(value: object) -> str:
    if isinstance(value, dict):
        value = " ".join(str(part) for part in value.values() if part)
    text = "nothing" if value in (None, "", []) else clean_line(str(value))
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"


def _show_sums(result: "Reextracted") -> None:
    show(f"{' and '.join(result.before)} -> {result.extractor}")
    (readings, _), (versions, later), (edits, later_edits) = result.readings, result.versions, result.edits
    show(f"  {result.changed:,} of {readings:,} readings are others now, of {result.posts:,} posts")
    for name, count in result.fields.items():
        show(f"    {name:<20} {count:>7,}")
    show(f"  versions {versions:,} -> {later:,}, edits {edits:,} -> {later_edits:,}")
    if not result.is_taken:
        show("  nothing was changed; vigil reextract takes it")
    elif result.changed:
        show("  the new index is in its place; the former readings are in state/readings.jsonl")
    else:
        show("  the new index is in its place; nothing is read otherwise")
