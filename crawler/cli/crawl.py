"""``vigil crawl``: the front door of a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, json_option, with_settings
from archive.cli.output import show, show_json, talk

if TYPE_CHECKING:
    from archive.config import Settings

EXAMPLES = (
    "vigil crawl rferl-watchdog",
    "vigil crawl rferl-watchdog --limit 20        # a first taste",
    "vigil crawl rferl-watchdog --since 2026-01-01",
    "vigil crawl rferl-watchdog --dry-run         # what would be asked, and of whom",
)


@click.command(cls=Verb, examples=EXAMPLES)
@click.argument("site")
@click.option("--limit", type=click.IntRange(min=1), metavar="POSTS", help="Open no more than so many posts.")
@click.option("--since", metavar="DAY", help="Walk back to this day (2026-01-31), no further.")
@click.option("--full", is_flag=True, help="Walk the whole listing and open every post again.")
@click.option("--index-later", is_flag=True, help="Keep the records only; the next run, or vigil index, reads them.")
@click.option("--accept-exceptions", is_flag=True, help="Confirm, for good, the robots.txt rules that SITE sets aside.")
@click.option("--dry-run", is_flag=True, help="Say what the run would do, and ask nothing of anybody.")
@click.option("--delay", type=click.FloatRange(min=0), metavar="SECONDS", help="Longer pause than the site file's.")
@click.option(
    "--resolve", multiple=True, metavar="HOST:PORT:ADDRESS[:PORT]", help="Connect there; a test run for good."
)
@click.option(
    "--cacert",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Trust these; a test run for good.",
)
@click.option("--quiet", is_flag=True, help="No progress line.")
@json_option
@with_settings
def crawl(  # noqa: PLR0913 - one parameter for each option
    settings: "Settings",
    *,
    site: str,
    limit: int | None,
    since: str | None,
    full: bool,
    index_later: bool,
    accept_exceptions: bool,
    dry_run: bool,
    delay: float | None,
    resolve: Sequence[str],
    cacert: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Walk SITE's listing, keep every answer of the server, and index its posts.

    SITE is a site file's id (see vigil sites list) or its path. The run ends with the exit code that says how it went
    (docs/reference/exit-codes.md); what was left out, and why, is in the run's report.
    """
    from crawler.aftercare import look_after, told_if_refused
    from crawler.process import crawl as crawl_now

    flags = {"full": full, "index_later": index_later, "accept_exceptions": accept_exceptions}
    arguments = {"site": site, "limit": limit, "since": since} | {name: "yes" for name, on in flags.items() if on}
    arguments = {name: value for name, value in arguments.items() if value is not None}
    scrapy_settings = {
        "VIGIL_CONFIG": settings.file,
        "VIGIL_COLLECTION": settings.collection,
        "VIGIL_RESOLVE": list(resolve),
        "VIGIL_CACERT": cacert,
        "VIGIL_DELAY": delay,
        "VIGIL_PROGRESS": not quiet,
    }
    if dry_run:
        from crawler.plan import plan_of

        plan = plan_of(arguments, scrapy_settings)
        show_json(plan) if as_json else show(str(plan))
        return 0
    with told_if_refused(settings, site):
        result = crawl_now(arguments, scrapy_settings, log_format=settings.log_format)
    after = look_after(settings)
    if as_json:
        show_json(result)
    elif result.uid:
        show(f"run {result.uid}: {result.stop_reason} (exit {result.exit_code.value}, {result.exit_code.name.lower()})")
        talk(f"more: vigil status --collection {settings.collection}")
    else:
        talk(f"vigil: {result.stop_reason}; what the run left open, the next one closes")
    return int(result.exit_code or after)
