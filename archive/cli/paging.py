"""``vigil page``: what a page needed to look as it did, what of it is kept, and what is not."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from archive.cli.finding import site_option
from archive.cli.frame import ROW_NUMBER, Verb, existing, json_option, with_settings
from archive.cli.getting import choose
from archive.cli.output import plain, show, show_json, spell, talk
from archive.cli.times import Time

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.query.answers import StoredCapture
    from archive.query.pages import Gathered


@click.command(
    cls=Verb,
    examples=["vigil page 31994604", "vigil page https://www.rferl.org/a/31994604.html --at 2026-08-31 --json"],
)
@click.argument("what", metavar="[URL|POST]", required=False)
@click.option(
    "--at", type=Time(is_end=True), metavar="TIME", help="As of this time: the newest capture at or before it."
)
@click.option("--record", type=ROW_NUMBER, metavar="N", help="This capture, by its number in vigil captures.")
@site_option
@json_option
@with_settings
def page(
    settings: "Settings",
    *,
    what: str | None,
    at: datetime | None,
    record: int | None,
    site: str | None,
    as_json: bool,
) -> None:
    """Show what a page needs to look as it did, and what was left out.

    Pictures, styles, fonts, icons and scripts, each with its own capture; by default of the newest capture of the page.
    What was left out stands there with its reason. A page without a page record is incomplete: nobody gathered what it
    needs.
    """
    from archive.query import Archive

    with Archive.open(existing(settings)) as archive:
        stored = choose(archive, what, at, record, site)
        found = archive.pages.gathered(stored.capture)
    if as_json:
        show_json({"capture_id": stored.id, "url": stored.capture.url, **_told(found)})
        return
    show(f"capture {stored.id} of {stored.capture.url}, {spell(stored.capture.time)}")
    _show(stored, found)


def _told(found: "Gathered | None") -> dict[str, object]:
    """Give a page by the names of the model; members by what a program looks them up with."""
    if found is None:
        return {"is_complete": False, "page_record": None, "members": [], "missing": [], "left_out": []}
    members = [
        {
            "role": role.value,
            "url": one.url,
            "time": spell(one.time),
            "status": one.status,
            "run": one.run,
            "sequence": one.sequence,
            "record_id": one.record.record_id,
        }
        for role, one in found.members
    ]
    return {
        "is_complete": not found.missing,
        "page_record": found.record.record_id,
        "gathered": spell(found.time),
        "members": members,
        "missing": list(found.missing),
        "left_out": [plain(one) for one in found.left_out],
    }


def _show(stored: "StoredCapture", found: "Gathered | None") -> None:
    if found is None:
        talk("vigil: it has no page record, so it is incomplete: what it needs to look as it did was not gathered")
        return
    for role, one in found.members:
        show(f"  {role.value:9}{one.status or '-':>4}  {spell(one.time)}  {one.url}")
    for missing in found.missing:
        show(f"  MISSING  {missing}")
    for lack in found.left_out:
        show(f"  left out: {lack.role.value} {lack.url} ({lack.kind.value}: {lack.reason})")
    if found.of != stored.capture:
        talk(f"vigil: gathered for the capture of {spell(found.of.time)}, which holds the same bytes")
    talk(f"vigil: {len(found.members)} records, {len(found.left_out)} left out, {len(found.missing)} missing")
