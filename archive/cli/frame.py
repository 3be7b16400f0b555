"""What all commands share: verbs imported when called, common options, one place where errors become exit codes."""

import errno
import functools
import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive import __version__
from archive.cli.output import talk
from archive.errors import NO_SPACE, ExitCode, NotFoundError, UsageError, VigilError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from archive.collection import Collection
    from archive.config import Settings


class _Formatter(click.HelpFormatter):
    def write_heading(self, heading: str) -> None:
        """Write a heading in bold; click takes that off again where the output is no terminal."""
        self.write(f"{'':>{self.current_indent}}{click.style(heading, bold=True)}:\n")


class _Context(click.Context):
    formatter_class = _Formatter


class Verb(click.Command):
    """A command that shows ``examples``, whole command lines, below its options."""

    context_class = _Context

    def __init__(self, *args: object, examples: Sequence[str] = (), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # click's own, handed on
        self.examples = tuple(examples)
        self.params.append(_DEBUG)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class Verbs(click.Group):
    """A group whose commands are imported when they are asked for.

    ``sections`` are headings with, for each verb, where its command is: ``package.module:attribute``.
    """

    context_class = _Context
    command_class = Verb

    def __init__(self, *, name: str, summary: str, sections: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(name=name, help=summary, context_settings={"help_option_names": ["-h", "--help"]})
        self.sections = sections
        self.places = {verb: place for section in sections.values() for verb, place in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs, section by section."""
        del ctx
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name."""
        del ctx
        if cmd_name not in self.places:
            return None
        module, _, attribute = self.places[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is answered with the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=self.places, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs under their headings, aligned over all of them."""
        width = max(map(len, self.places)) + 2
        for heading, places in self.sections.items():
            with formatter.section(heading):
                for verb in places:
                    command = self.get_command(ctx, verb)
                    summary = command.get_short_help_str(formatter.width - width - 2) if command else ""
                    formatter.write(f"  {verb:<{width}}{summary}\n")


_DEBUG = click.Option(["--debug"], is_flag=True, expose_value=False, help="Show the traceback of an unexpected error.")


def main_group(summary: str, sections: Mapping[str, Mapping[str, str]]) -> Verbs:
    """Make the group that a whole command line begins with."""
    group = Verbs(name="vigil", summary=summary, sections=sections)
    group.params.append(_DEBUG)
    return click.version_option(__version__, prog_name="vigil", message="%(prog)s %(version)s")(group)


def with_settings(function: Callable[..., object]) -> Callable[..., object]:
    """Give a command the options ``--collection`` and ``--config``, and the ``settings`` that follow from them."""

    @click.option("-C", "--collection", metavar="DIR", help="Folder of the archive.")
    @click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Settings file, vigil.toml.")
    @functools.wraps(function)
    def called(*, collection: str | None, config: Path | None, **rest: object) -> object:
        from archive.config import load_settings

        return function(settings=load_settings(config=config, flags={"collection": collection}), **rest)

    return called


class SiteName(click.ParamType[str]):
    """The name of a site file, which a shell can complete."""

    name = "site"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        """Name the site files that begin so."""
        del ctx, param
        from click.shell_completion import CompletionItem

        from archive.config import load_settings, site_files

        return [CompletionItem(name) for name in site_files(load_settings()) if name.startswith(incomplete)]


ROW_NUMBER = click.IntRange(1, 2**63 - 1)
"""The number of a row of the index; SQLite has none above."""
OFFSET = click.IntRange(0, 2**63 - 1)


def json_option(function: Callable[..., object]) -> Callable[..., object]:
    """Give a command the option ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON, one object a line, for programs.")(
        function
    )


def existing(settings: "Settings") -> "Collection":
    """Give the collection that a command reads.

    Raises:
        NotFoundError: there is none at the place configured.
    """
    from archive.collection import Collection

    collection = Collection(settings.collection)
    if not collection.warcs.is_dir():
        source = dict(settings.sources)["collection"]
        raise NotFoundError(
            f"there is no archive at {settings.collection} ({source})",
            hint="Name its folder with --collection, or make one: vigil crawl SITE.",
        )
    return collection


def run(group: click.Group, args: Sequence[str] | None = None) -> int:
    """Run a command line and give its exit code; every error ends here, as a message on stderr."""
    words = list(sys.argv[1:] if args is None else args)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        _refuse_broken_text(words)
        code = group.main(args=words, prog_name="vigil", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        talk("vigil: interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader had enough; Python would else complain of it once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.ERROR
    except Exception as error:  # noqa: BLE001  whatever it is, a person must not be shown a traceback unasked
        return explain(error, is_debug="--debug" in words)
    return code if isinstance(code, int) else ExitCode.OK


def _refuse_broken_text(words: Sequence[str]) -> None:
    """Refuse an argument whose bytes are no text: nothing in an archive is named so.

    Raises:
        UsageError: there is one.
    """
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{word!a} is not UTF-8", hint="Write it in this terminal's own letters.") from None


_HINTS = dict.fromkeys(NO_SPACE, "Make room there, or name another place; then try again.") | {
    errno.EACCES: "You may not read or write there: change its permissions, or name another place.",
    errno.EPERM: "You may not read or write there: change its permissions, or name another place.",
    errno.EROFS: "That medium is read-only: name another place.",
    errno.ENOENT: "Make the folder first, or name another place.",
    errno.ENOTDIR: "Part of that path is a file: name another place.",
    errno.EISDIR: "That is a folder: name a file in it.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
}
"""What to do next where the system refused a file."""


def _hint_of(error: BaseException | None) -> str:
    return _HINTS.get(error.errno or 0, "") if isinstance(error, OSError) else ""


def explain(error: Exception, *, is_debug: bool) -> ExitCode:
    """Say what went wrong and what to do next; give the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return ExitCode.USAGE
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        message = error.format_message()
        command = context.command_path if context else "vigil"
        _complain(message[:1].lower() + message[1:].rstrip("."), f"{command} --help shows how it is used.")
        return ExitCode.USAGE
    if isinstance(error, VigilError):
        _complain(str(error), error.hint or _hint_of(error.__cause__))
        return error.exit_code
    if isinstance(error, OSError) and error.strerror:
        _complain(f"{error.filename or 'the system refused'}: {error.strerror}", _hint_of(error))
        return ExitCode.DISK_FULL if error.errno in NO_SPACE else ExitCode.ERROR
    _unexpected(error, is_debug=is_debug)
    return ExitCode.ERROR


def _complain(message: str, hint: str) -> None:
    talk(f"vigil: {message}")
    if hint:
        talk(f"hint: {hint}")


def _unexpected(error: Exception, *, is_debug: bool) -> None:
    import traceback

    if is_debug:
        talk("".join(traceback.format_exception(error)).rstrip())
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = "/".join(Path(last.filename).parts[-3:])
    python = ".".join(map(str, sys.version_info[:3]))
    _complain(
        f"unexpected {type(error).__name__}: {error}",
        f"This is a fault of vigil; please report this line: vigil {__version__}, Python {python}, "
        f"{type(error).__name__} at {place}:{last.lineno} in {last.name}. --debug shows more.",
    )
