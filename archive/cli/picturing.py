"""``vigil screenshot``: what an archived page looked like."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.finding import site_option
from archive.cli.frame import Verb, existing, json_option, with_settings
from archive.cli.output import show_json, talk
from archive.cli.times import Time
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.config import Settings


@click.command(
    cls=Verb,
    examples=[
        "vigil screenshot 31994604 -o post.png",
        "vigil screenshot 31994604 --at 2026-08-31 --phone -o post.png",
        "vigil screenshot https://www.rferl.org/a/31994604.html -o post.pdf",
    ],
)
@click.argument("what", metavar="URL|POST")
@click.option(
    "--at", type=Time(is_end=True), metavar="TIME", help="As of this time: the newest capture at or before it."
)
@click.option("--phone", is_flag=True, help="As wide as a telephone, 390 pixels; otherwise 1,280.")
@click.option("--scripts", is_flag=True, help="Let the page's own archived scripts run.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    required=True,
    help="Write here, PNG or PDF by its ending; it must not exist.",
)
@site_option
@json_option
@with_settings
def screenshot(
    settings: "Settings",
    *,
    what: str,
    at: datetime | None,
    phone: bool,
    scripts: bool,
    output: Path,
    site: str | None,
    as_json: bool,
) -> None:
    """Draw an archived page with Chromium, from the archive alone.

    The whole page as PNG, or as PDF. Nothing is asked of any network: what the page wants is answered from the archive,
    each by the capture nearest in time; what the archive does not hold, or only as refused, is named. URL, time and
    record are written into the file. It is a derived copy; the evidence is the record (vigil evidence).
    """
    from archive.cli.getting import choose, tell, write_file
    from archive.query import Archive
    from archive.screenshot import facts, take

    kind = output.suffix.lower()
    if kind not in {".png", ".pdf"}:
        raise UsageError(f"{output} is neither .png nor .pdf", hint="The ending says which of the two is made.")
    if output.exists():
        raise UsageError(f"{output} is there already", hint="Choose another name, or move that file away.")
    with Archive.open(existing(settings)) as archive:
        stored = choose(archive, what, at, None, site)
        tell(archive, stored)
        shot = take(archive, stored, is_phone=phone, as_pdf=kind == ".pdf", runs_scripts=scripts)
        told = facts(archive, stored)
    write_file(shot.data, output)
    for url in shot.missing:
        talk(f"vigil: not in the archive, so not in the picture: {url}")
    for url, reason in shot.unfit.items():
        talk(f"vigil: {reason}, so not in the picture: {url}")
    if as_json:
        seen = {"given": shot.given, "missing": shot.missing, "unfit": shot.unfit}
        show_json({"file": output, "facts": told, **seen})
