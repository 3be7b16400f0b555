"""``vigil alerts``: tell what needs a look, once."""

from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, with_settings
from archive.cli.output import show, talk
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
    from archive.sending import addresses
    from crawler.alerts import check

    if settings.alerts_file is None:
        raise ConfigError("nobody is to be told", hint='Give vigil.toml a line: alerts_file = "alerts.txt".')
    targets = addresses(settings.alerts_file)
    if not targets:
        raise ConfigError(f"{settings.alerts_file} holds no address", hint="Write one apprise URL a line.")
    if is_trial:
        sent = {target.name: target.send("vigil: a trial", "Alerts arrive.") for target in targets}
        for name, is_sent in sent.items():
            show(f"{'sent' if is_sent else 'NOT sent'}: {name}")
        return ExitCode.OK if all(sent.values()) else ExitCode.ERROR
    told = check(settings)
    for sentence in told:
        show(sentence)
    if not told:
        talk("vigil: nothing new is to be told")
    return ExitCode.OK
