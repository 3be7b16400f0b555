"""The wheel works outside the checkout, with nothing installed that is not in run.lock.

The environments are filled from the files of the present one, not from an index: these tests need no network.
That pip installs the locks themselves, `make` and `.ci/run` show.
"""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.project.locks import applies, imported, pins, with_what_they_need

pytestmark = pytest.mark.e2e


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("VIGIL_", "PYTHON", "SCRAPY_"))}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def lay(names: Iterable[str], packages: Path) -> None:
    """Put the distributions ``names`` of the present environment into the folder ``packages``."""
    for name in names:
        for file in distribution(name).files or []:
            if ".." not in file.parts:  # scripts and man pages
                target = packages / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(Path(str(file.locate())).resolve())


def environment(folder: Path, names: Iterable[str], wheel: Path) -> Path:
    """Make an environment of the distributions ``names`` and the ``wheel``; its folder of commands."""
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    lay(names, packages)
    python = folder / "bin" / "python"
    install: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "-qq",
        "--no-deps",
        "--no-index",
        wheel,
    ]
    run(*install, cwd=folder)
    return folder / "bin"


@pytest.fixture(scope="session")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=root)
    (path,) = folder.glob("vigil_archive-*.whl")
    return path


@pytest.fixture(scope="session")
def commands(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commands of an environment that holds the wheel and run.lock, nothing else."""
    locked = [pin.name for pin in pins(root / "requirements" / "run.lock") if applies(pin.requirement)]
    return environment(tmp_path_factory.mktemp("with crawler"), locked, wheel)


@pytest.fixture(scope="session")
def reader(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment that holds the wheel and what ``archive`` imports: no Scrapy, no crawler's needs."""
    needed = with_what_they_need({*imported(root / "archive"), "lxml-html-clean"})
    assert not needed & {"scrapy", "twisted", "apscheduler"}
    return environment(tmp_path_factory.mktemp("without crawler"), needed, wheel) / "python"


@pytest.fixture(scope="session")
def demo(commands: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that the installed command crawled from its own replica, outside the checkout."""
    folder = tmp_path_factory.mktemp("outside the checkout")
    run(commands / "vigil", "demo", "--folder", "demo", "--posts", "12", cwd=folder)
    return folder / "demo"


def test_installed_command_knows_the_shipped_sites(commands: Path, tmp_path: Path) -> None:
    assert "crawl" in run(commands / "vigil", "--help", cwd=tmp_path).stdout
    assert "rferl-watchdog" in run(commands / "vigil", "sites", "list", cwd=tmp_path).stdout


def test_installed_command_begins_an_archive_with_the_shipped_settings(
    commands: Path, root: Path, tmp_path: Path
) -> None:
    words = ("init", "new", "--operator", "The Archive", "--contact", "desk@archive.example")
    run(commands / "vigil", *words, cwd=tmp_path)
    written = (tmp_path / "new" / "config" / "vigil.toml").read_text().splitlines()
    shipped = (root / "config" / "vigil.toml").read_text().splitlines()
    assert len([line for line in written if line not in shipped]) == 2


def test_installed_command_crawls_its_replica(demo: Path) -> None:
    assert (demo / "archive.db").exists()
    assert list((demo / "archive").glob("*.warc.gz"))


def test_archive_is_searched_and_verified_without_a_crawler(reader: Path, demo: Path, tmp_path: Path) -> None:
    found = run(reader, "-m", "archive", "search", "--collection", demo, "--json", "reporter", cwd=tmp_path).stdout
    assert [json.loads(line)["post"]["identity"] for line in found.splitlines()]
    run(reader, "-m", "archive", "verify", "--collection", demo, cwd=tmp_path)
    with pytest.raises(AssertionError, match="No module named 'scrapy'"):
        run(reader, "-c", "import scrapy", cwd=tmp_path)
