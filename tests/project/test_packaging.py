"""What the packaging files say, and that they say the same."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import archive

LOCKS = ["run", "dev", "build"]
NOT_IMPORTED = {"lxml-html-clean": "trafilatura imports it, and old pip does not install it"}


class Pin(NamedTuple):
    requirement: Requirement
    hashes: list[str]


def pins(lock: Path) -> Iterator[Pin]:
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", lock.read_text(), flags=re.MULTILINE))
    for line in text.splitlines():
        requirement, *hashes = line.split("--hash=")
        yield Pin(Requirement(requirement), hashes)


def declared(root: Path) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}


def imported(root: Path) -> set[str]:
    names = set()
    for path in [*(root / "archive").rglob("*.py"), *(root / "crawler").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"archive", "crawler"}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_every_package_by_hash_and_names_no_place(root: Path, name: str) -> None:
    lock = root / "requirements" / f"{name}.lock"
    assert not re.search(r"https?:|file:|^-|@ ", lock.read_text(), re.MULTILINE)
    for pin in pins(lock):
        assert [operator.operator for operator in pin.requirement.specifier] == ["=="], pin
        assert pin.hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", value) for value in pin.hashes), pin


@pytest.mark.parametrize("name", ["dev", "build"])
def test_locks_agree_with_each_other(root: Path, name: str) -> None:
    run = {
        pin.requirement.name: (str(pin.requirement.specifier), pin.hashes)
        for pin in pins(root / "requirements" / "run.lock")
    }
    other = {
        pin.requirement.name: (str(pin.requirement.specifier), pin.hashes)
        for pin in pins(root / "requirements" / f"{name}.lock")
    }
    assert {key: other[key] for key in run.keys() & other.keys()} == {
        key: run[key] for key in run.keys() & other.keys()
    }


def test_lock_holds_what_the_project_asks_for(root: Path) -> None:
    locked = {canonicalize_name(pin.requirement.name) for pin in pins(root / "requirements" / "run.lock")}
    assert declared(root) <= locked


def test_dependencies_are_what_the_code_imports(root: Path) -> None:
    owners = packages_distributions()
    needed = {canonicalize_name(owners[name][0]) for name in imported(root)}
    assert needed | NOT_IMPORTED.keys() == declared(root)


def test_newest_changelog_entry_is_this_version(root: Path) -> None:
    versions = re.findall(r"^## \[?(\d+\.\d+\.\d+)\]? ", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == archive.__version__


def test_licence_text_is_the_named_one(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert re.search(r"Apache License\s+Version 2\.0", (root / "LICENSE").read_text())
