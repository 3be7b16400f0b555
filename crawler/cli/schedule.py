"""``vigil schedule``: every enabled site, at its times, until told to stop."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, json_option, with_settings
from archive.cli.output import show, show_json, spell, talk
from archive.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.schedule import Schedule


@click.command(
    cls=Verb,
    examples=(
        "vigil schedule",
        "vigil schedule --list",
        "vigil schedule -- --delay 5     # slower than the site files say",
    ),
)
@click.argument("crawl_options", nargs=-1, metavar="[-- CRAWL OPTIONS]")
@click.option("--list", "is_list", is_flag=True, help="Say when each site is due, and start nothing.")
@click.option(
    "--patience",
    type=click.FloatRange(min=1),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long a crawl has to end in good order once it is asked to.",
)
@json_option
@with_settings
def schedule(
    settings: "Settings", *, crawl_options: Sequence[str], is_list: bool, patience: float, as_json: bool
) -> ExitCode:
    """Crawl every site whose file has a [schedule] that is enabled, at its times.

    Each run is a process of its own, vigil crawl SITE. A site that is overdue is crawled at once, within its window.
    SIGTERM and SIGINT are handed on to a crawl that runs, and it is waited for. What came of each fire stands in
    state/fires.jsonl, and vigil status tells it.
    """
    found = enabled(settings)
    if is_list:
        for site, table in found.items():
            _show(site, table, settings, as_json=as_json)
        return ExitCode.OK
    if not found:
        raise ConfigError("no site is scheduled", hint="Give a site file a table [schedule], with cron or every.")
    return _run(found, settings, crawl_options, patience)


def enabled(settings: "Settings") -> "dict[str, Schedule]":
    """Give the schedule of every site that has one in force.

    Raises:
        ConfigError: a site file is wrong.
    """
    from archive.config import site_files
    from archive.schedule import schedule_of
    from archive.site import load_site

    tables = {name: schedule_of(load_site(path)) for name, path in site_files(settings).items()}
    return {name: table for name, table in tables.items() if table.is_enabled}


def _run(found: "dict[str, Schedule]", settings: "Settings", options: Sequence[str], patience: float) -> ExitCode:
    import logging

    from archive.collection import Collection
    from archive.schedule import last_good_run
    from crawler.aftercare import tell
    from crawler.process import set_up_log
    from crawler.schedule import Plan, Scheduler, crawl_command

    set_up_log(settings.log_format, "INFO")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    collection = Collection(settings.collection)
    config = str(settings.file) if settings.file else None
    plan = Plan(
        schedules=found,
        command=crawl_command(config, str(settings.collection), options),
        last_good=lambda site: last_good_run(collection, site),
        look=lambda: tell(settings),
        patience=patience,
    )
    with collection.watched("vigil schedule"):
        talk(f"vigil: watching {', '.join(found)}")
        return Scheduler(plan, collection).run()


def _show(site: str, table: "Schedule", settings: "Settings", *, as_json: bool) -> None:
    from archive.collection import Collection
    from archive.schedule import last_good_run

    now = datetime.now(UTC)
    last = last_good_run(Collection(settings.collection), site)
    is_overdue = table.is_overdue(last, now)
    times = [table.after(now, last=last)]
    for _ in range(2):
        times.append(table.after(times[-1], last=times[-1]))
    if as_json:
        show_json({"site": site, "next": times, "last_good": last, "is_overdue": is_overdue})
        return
    show(f"{site}: next {', '.join(spell(one.replace(microsecond=0)) for one in times)}")
    show(f"  last good run: {spell(last) if last else 'none'}{'; overdue' if is_overdue else ''}")
