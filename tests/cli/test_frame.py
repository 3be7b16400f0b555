"""What holds for every command: help, exit codes, stdout for data, no traceback, nothing that steers a terminal."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import split_arg_string
from hypothesis import given
from hypothesis import strategies as st

from archive.cli import SECTIONS, output
from archive.cli.frame import Verb, Verbs, main_group, run
from archive.errors import DiskFullError, ExitCode, StorageError
from tests.cli.conftest import ROOT, Run


def _commands(group: click.Group, path: str = "vigil") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")


COMMANDS = dict(_commands(main_group("Test.", SECTIONS)))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_tells_what_it_does_and_shows_an_example(path: str) -> None:
    command = COMMANDS[path]
    assert re.fullmatch(r"[A-Z][^\n]{10,70}\.", (command.help or "").partition("\n")[0])
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help, parameter.name
    if not isinstance(command, click.Group):
        assert isinstance(command, Verb)
        assert command.examples
        assert all(path in example for example in command.examples)


@pytest.mark.parametrize("path", [path for path, command in COMMANDS.items() if isinstance(command, Verb)])
def test_every_example_is_a_command_line_that_parses(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = COMMANDS[path]
    assert isinstance(command, Verb)
    for example in command.examples:
        words = example.partition(path)[2].partition(">")[0].partition("|")[0]
        arguments = split_arg_string(words)
        for name in arguments:
            if name in {"exhibit-a.zip", "page-redacted.html", "blog.wacz", "old-crawl.warc.gz", "exhibit.wacz"}:
                Path(name).touch()
        command.make_context(path, arguments, resilient_parsing=False).close()


def test_help_goes_to_stdout_and_names_every_verb(shell: Run) -> None:
    said = shell("--help")
    assert (said.code, said.err) == (0, "")
    for verb in Verbs(name="x", summary="x", sections=SECTIONS).places:
        assert re.search(rf"^  {verb} +[A-Z]", said.out, re.MULTILINE)


def test_no_command_at_all_shows_help_on_stderr(shell: Run) -> None:
    said = shell()
    assert (said.code, said.out) == (ExitCode.USAGE, "")
    assert said.err.startswith("Usage: vigil [OPTIONS] COMMAND")
    assert "\x1b" not in said.err


def test_help_imports_nothing_heavy(here: Path) -> None:
    look = "import sys, crawler.cli as c\ntry: c.main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", look, "--help"], cwd=here, capture_output=True, text=True, check=True)
    heavy = {"scrapy", "twisted", "trafilatura", "lxml", "warcio", "sqlite_utils", "pydantic", "cryptography"}
    assert heavy & set(done.stderr.split()) == set()


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    "words", [["sites", "list"], ["search", "gulls"], ["get", "101", "--body"], ["verify", "--deep"]]
)
def test_reading_commands_need_no_crawler(here: Path, words: list[str]) -> None:
    blocker = (
        "import sys, runpy\n"
        "class Blocker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in {'scrapy', 'twisted', 'apscheduler', 'crawler'}:\n"
        "            raise ImportError('blocked: ' + name)\n"
        "sys.meta_path.insert(0, Blocker())\n"
        f"sys.argv = ['archive', *{words!r}]\n"
        "runpy.run_module('archive', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", blocker],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


WRONG = {
    "unknown command": (["timelin"], "no such command 'timelin'. Did you mean 'timeline'"),
    "unknown option": (["sites", "list", "--jsn"], "no such option '--jsn'"),
    "missing argument": (["sites", "new"], "missing argument 'SITE'"),
    "unknown shell": (["completion", "tcsh"], "'tcsh' is not one of"),
    "a number beyond SQLite's": (["get", "1", "--record", "9" * 20], "is not in the range"),
    "an offset beyond SQLite's": (["list", "--offset", "9" * 20], "is not in the range"),
}


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_wrong_command_line_ends_with_2_and_says_what_to_do(shell: Run, words: list[str], message: str) -> None:
    said = shell(*words)
    assert said.code == ExitCode.USAGE
    assert said.out == ""
    assert said.err.startswith("vigil: ")
    assert message in said.err
    assert "--help" in said.err


def test_argument_that_is_no_text_is_refused(shell: Run) -> None:
    said = shell("show", "\udcff")
    assert said.code == ExitCode.USAGE
    assert said.err.startswith(r"vigil: '\udcff' is not UTF-8")


def test_wrong_settings_end_with_2_and_a_hint(shell: Run, here: Path) -> None:
    (here / "vigil.toml").write_text("kollection = 'x'")
    said = shell("config", "show", "--config", "vigil.toml")
    assert (said.code, said.out) == (ExitCode.USAGE, "")
    assert "vigil.toml: kollection: is no key of this file\nhint: The nearest valid key is “collection”.\n" in said.err


def _group_that_raises(error: BaseException) -> click.Group:
    group = click.Group("vigil")

    @group.command()
    def break_down() -> None:
        raise error

    return group


def _refused() -> StorageError:
    error = StorageError("x.db cannot be read")
    error.__cause__ = PermissionError(13, "Permission denied")
    return error


RAISED = {
    "ours": (DiskFullError("no space", hint="Free some."), ExitCode.DISK_FULL, "vigil: no space\nhint: Free some.\n"),
    "full disk": (OSError(28, "No space left on device", "x.warc"), ExitCode.DISK_FULL, "vigil: x.warc: No space left"),
    "system": (
        PermissionError(13, "Permission denied", "x.db"),
        ExitCode.ERROR,
        "vigil: x.db: Permission denied\nhint: You may not read or write there",
    ),
    "told by us": (_refused(), ExitCode.ERROR, "vigil: x.db cannot be read\nhint: You may not read or write there"),
    "no folder": (
        FileNotFoundError(2, "No such file or directory", "no/x"),
        ExitCode.ERROR,
        "vigil: no/x: No such file or directory\nhint: Make the folder first",
    ),
    "interrupt": (KeyboardInterrupt(), ExitCode.INTERRUPTED, "\nvigil: interrupted\n"),
    "unexpected": (
        ZeroDivisionError("oops"),
        ExitCode.ERROR,
        "vigil: unexpected ZeroDivisionError: oops\nhint: This is",
    ),
    "hostile": (DiskFullError("\x1b]0;owned\x07"), ExitCode.DISK_FULL, "vigil: <U+001B>]0;owned<U+0007>\n"),
}


@pytest.mark.parametrize(("error", "code", "message"), RAISED.values(), ids=RAISED)
def test_every_error_becomes_a_message_and_an_exit_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: ExitCode, message: str
) -> None:
    assert run(_group_that_raises(error), ["break-down"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(message)
    assert "Traceback" not in err


def test_debug_shows_the_traceback_of_an_unexpected_error(capsys: pytest.CaptureFixture[str]) -> None:
    group = _group_that_raises(ZeroDivisionError("oops"))
    group.params.append(click.Option(["--debug"], is_flag=True, expose_value=False))
    run(group, ["--debug", "break-down"])
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_reader_that_has_enough_gets_no_complaint(here: Path) -> None:
    (here / "sites").mkdir()
    for number in range(3000):
        (here / "sites" / f"site-{number}-{'x' * 40}.toml").touch()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "archive", "sites", "list"],
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == ExitCode.ERROR


def test_archived_text_cannot_steer_a_terminal(here: Path) -> None:
    (here / "sites").mkdir()
    (here / "sites" / "evil.toml").write_text(
        '[site]\nid="evil"\ntitle="\\u202Edesrever\\uFEFF"\nhosts=["x.example"]\n[identity]\npatterns=["x"]\n'
        '[listing]\nstart="https://x.example/"\n'
    )
    leader, follower = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "archive", "sites", "list"], cwd=here, stdout=follower, check=True, env=env)
    os.close(follower)
    seen = os.read(leader, 65536).decode()
    os.close(leader)
    assert "<U+202E>desrever<U+FEFF>" in seen


@given(st.text())
def test_clean_text_holds_nothing_that_steers(text: str) -> None:
    left = output.clean(text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", left)
    assert output.clean(left) == left
    left.encode()


def test_completion_scripts_name_vigil(shell: Run) -> None:
    for name, word in {"bash": "complete -o", "zsh": "#compdef vigil", "fish": "complete --no-files"}.items():
        said = shell("completion", name)
        assert said.code == 0
        assert word in said.out
        assert "_VIGIL_COMPLETE" in said.out


def test_a_shell_completes_verbs_and_sites(shell: Run, here: Path) -> None:
    (here / "sites").mkdir()
    (here / "sites" / "lantern.toml").touch()
    for words, found in {
        "vigil ver": "verify",
        "vigil sites check lan": "lantern",
        "vigil list --site lan": "lantern",
    }.items():
        count = str(len(words.split()) - 1)
        said = shell(_VIGIL_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
        assert said.out == f"plain,{found}\n"
