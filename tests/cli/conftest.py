"""Runs command lines the way a shell does, and in this process."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.cli import SECTIONS
from archive.cli.frame import main_group, run
from archive.collection import Collection
from tests.cli.archives import build

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command line said, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without any configuration, and a home without one."""
    work = tmp_path / "work"
    work.mkdir()
    for name in [name for name in os.environ if name.startswith(("VIGIL", "XDG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.chdir(work)
    return work


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """A small whole archive; not to be changed."""
    return build(tmp_path_factory.mktemp("built") / "collection")


@pytest.fixture
def archive(here: Path, built: Collection) -> Collection:
    """A copy of it where commands look."""
    shutil.copytree(built.root, here / "collection")
    return Collection(here / "collection")


@pytest.fixture
def shell(here: Path) -> Run:
    """Runs ``python -m archive`` in a process of its own."""

    def call(*words: str, stdin: str = "", **variables: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "archive", *words],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            cwd=here,
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            timeout=60,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def vigil(here: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process, through the same door."""
    assert here == Path.cwd()

    def call(*words: str) -> Said:
        code = run(main_group("Test.", SECTIONS), words)
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return call
