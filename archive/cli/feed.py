"""``vigil feed``: what changed of late, for feed readers."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from archive.cli.frame import SiteName, Verb, existing, with_settings
from archive.cli.output import show

if TYPE_CHECKING:
    from archive.config import Settings


@click.command(cls=Verb, examples=["vigil feed > changes.atom", "vigil feed --json --site rferl-watchdog --limit 20"])
@click.option("--json", "as_json", is_flag=True, help="JSON Feed 1.1 in place of Atom.")
@click.option("--site", type=SiteName(), metavar="SITE", help="Only this blog, by its site file's name.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many changes.")
@with_settings
def feed(settings: "Settings", *, as_json: bool, site: str | None, limit: int) -> None:
    """Write new, edited and vanished posts as a feed, newest first.

    Every run also writes it to reports/feed.atom and reports/feed.json.
    """
    from archive.changefeed import atom, changes, json_feed
    from archive.query import Archive

    with Archive.open(existing(settings)) as archive:
        found = changes(archive, site=site, limit=limit)
    title = f"Changes: {site or 'every blog'}"
    now = datetime.now(UTC)
    told = json_feed(found, title=title) if as_json else atom(found, title=title, now=now, site=site)
    show(told.rstrip())
