"""``vigil seal`` and ``vigil tsa``: the seals of runs, and a time authority for tests."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, existing, json_option, with_settings
from archive.cli.output import clean_line, show, show_json, talk
from archive.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.evidence.owed import Owed


@click.command(cls=Verb, examples=["vigil seal", "vigil seal --json"])
@json_option
@with_settings
def seal(settings: "Settings", *, as_json: bool) -> ExitCode:
    """Seal runs that have no seal, and ask for missing time stamps.

    Every crawl does this when it ends, and publishes the log's checkpoint where that is configured. A run that is
    sealed later than it ended says so in its seal. Ends with 10 while something is still owed.
    """
    from archive.evidence.sealing import finish

    collection = existing(settings)
    with collection.locked("vigil seal"):
        outcome = finish(collection, settings)
    is_done = not (outcome.owed.unsealed or outcome.owed.pending or outcome.unpublished)
    if as_json:
        show_json(outcome)
        return ExitCode.OK if is_done else ExitCode.PARTIAL
    for name in outcome.sealed:
        show(f"sealed {name}")
    show(f"{len(outcome.sealed)} sealed now, {outcome.stamped} time stamps came, {outcome.owed.seals} seals in all")
    show_owed(outcome.owed, settings.alarm_hours)
    for folder, reason in outcome.unpublished:
        show(f"NOT published, {clean_line(folder)}: {clean_line(reason)}")
    return ExitCode.OK if is_done else ExitCode.PARTIAL


def show_owed(owed: "Owed", alarm_hours: int) -> None:
    """Write what is owed, one line for each reason."""
    from archive.evidence.owed import told_runs, told_stamps

    for reason in dict.fromkeys(reason for _, reason in owed.unsealed):
        runs = [run for run, why in owed.unsealed if why == reason]
        show(f"{told_runs(runs)} NOT sealed: {clean_line(reason)}")
    now = datetime.now(UTC)
    late = [stamp for stamp in owed.pending if stamp.is_overdue(alarm_hours, now)]
    for sentence in told_stamps(late):
        show(f"pending (OVERDUE): {clean_line(sentence)}")
    for sentence in told_stamps([stamp for stamp in owed.pending if stamp not in late]):
        show(f"pending: {clean_line(sentence)}")


@click.command(
    cls=Verb, examples=["vigil tsa --root tsa1-root.pem --port 3161", "vigil tsa --root r.pem --clock 2031-01-01"]
)
@click.option(
    "--root", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where its root is written."
)
@click.option("--name", default="local", show_default=True, help="Its name.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; 0: any that is free.")
@click.option("--clock", metavar="TIME", help="Begin at this time (ISO 8601) instead of now.")
def tsa(root: Path, name: str, port: int, clock: str | None) -> None:
    """Serve a time authority FOR TESTS, which nobody may trust.

    Its stamps prove nothing. It makes new keys each time it starts, listens on 127.0.0.1 only, and says "NOT TRUSTED"
    in its certificates.
    """
    from archive.evidence.authority import AuthorityServer, TestAuthority

    ahead = _moment(clock) - datetime.now(UTC) if clock else None
    authority = TestAuthority(name, lambda: datetime.now(UTC) + ahead if ahead else datetime.now(UTC))
    server = AuthorityServer(authority, port)
    server.write_root(root)
    show(f"{server.url}  root: {root}")
    talk("NOT TRUSTED: a test authority; its time stamps prove nothing. Ctrl-C ends it.")
    server.serve()


def _moment(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--clock {text} is no time", hint="Write it like 2031-01-01T00:00:00Z.") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
