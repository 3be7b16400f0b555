"""``vigil config``, ``vigil doctor`` and ``vigil completion``: the ground that everything else stands on."""

from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, Verbs, json_option, with_settings
from archive.cli.output import plain, show, show_json, talk
from archive.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from archive.config import Settings

config = Verbs(
    name="config",
    summary="Show the settings in force.",
    sections={"Commands": {"show": "archive.cli.setup:show_config"}},
)


@click.command("show", cls=Verb, examples=["vigil config show", "VIGIL_WORKERS=1 vigil config show --json"])
@json_option
@with_settings
def show_config(settings: "Settings", *, as_json: bool) -> None:
    """Show each setting's effective value and where it came from.

    A flag wins over a variable VIGIL_..., that over the file, that over the default.
    """
    for key, source in settings.sources:
        value = getattr(settings, key)
        if as_json:
            show_json({"key": key, "value": value, "source": source})
        else:
            told = ":".join(map(str, value)) if isinstance(value, tuple) else value
            show(f"{key:16} {'-' if told in {None, ''} else told}  ({source})")


@click.command(cls=Verb, examples=["vigil doctor"])
@json_option
@with_settings
def doctor(settings: "Settings", *, as_json: bool) -> ExitCode:
    """Look whether machine, settings and archive are fit for work."""
    from archive.cli.health import Level, examine

    worst = ExitCode.OK
    for diagnosis in examine(settings):
        if diagnosis.level is Level.BAD:
            worst = ExitCode.ERROR
        if as_json:
            show_json(plain(diagnosis))
            continue
        show(f"{diagnosis.level.value:5} {diagnosis.subject}: {diagnosis.told}")
        if diagnosis.hint:
            show(f"      hint: {diagnosis.hint}")
    return worst


@click.command(cls=Verb, examples=["vigil completion bash > ~/.local/share/bash-completion/completions/vigil"])
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Write the script that completes commands in a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"no completion for {shell}", hint="There is one for bash, zsh and fish.")
    show(kind(context.find_root().command, {}, "vigil", "_VIGIL_COMPLETE").source())
    talk("hint: write it to a file where your shell looks for completions, then begin a new shell")
