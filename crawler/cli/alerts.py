"""``vigil alerts``: tell what needs a look, once."""

from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, with_settings
from archive.cli.output import show
from archive.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from archive.config import Settings


@click.command(cls=Verb, examples=["vigil alerts", "vigil alerts --try"])
@click.option("--try", "is_trial", is_flag=True, help="Send one harmless message everywhere, to see that it arrives.")
@with_settings
def alerts(settings: "Settings", *, is_trial: bool) -> ExitCode:
    """Look whether something is overdue, failed, drifted, silent, low or owed, and tell it to alerts_file's addresses.

    Every crawl and vigil schedule do this by themselves. Nothing is told twice; when it is over, that is told.
    """
    from crawler.alerts import check, sender

    if settings.alerts_file is None:
        raise ConfigError("nobody is to be told", hint='Give vigil.toml a line: alerts_file = "alerts.txt".')
    if is_trial:
        is_sent = sender(settings.alerts_file)("vigil: a trial", "Alerts arrive.")
        show("sent" if is_sent else "not sent")
        return ExitCode.OK if is_sent else ExitCode.ERROR
    for told in check(settings):
        show(told)
    return ExitCode.OK
