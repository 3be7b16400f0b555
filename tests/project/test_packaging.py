"""What the packaging files say, and that they say the same."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import archive
from tests.project.locks import imported, pins

LOCKS = ["run", "dev", "build", "container"]
NOT_IMPORTED = {
    "backports-zstd": "imported by name, since newer Pythons have it themselves",
    "lxml-html-clean": "trafilatura imports it, and old pip does not install it",
}


def declared(root: Path) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}


def declared_in_extras(root: Path) -> set[str]:
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    return {canonicalize_name(Requirement(line).name) for lines in extras.values() for line in lines}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_every_package_by_hash_and_names_no_place(root: Path, name: str) -> None:
    lock = root / "requirements" / f"{name}.lock"
    assert not re.search(r"https?:|file:|^-|@ ", lock.read_text(), re.MULTILINE)
    for pin in pins(lock):
        assert [part.operator for part in pin.requirement.specifier] == ["=="], pin
        assert pin.hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in pin.hashes), pin


@pytest.mark.parametrize("name", ["dev", "build", "container"])
def test_locks_agree_with_each_other(root: Path, name: str) -> None:
    run, other = (
        {pin.name: (str(pin.requirement.specifier), pin.hashes) for pin in pins(root / "requirements" / f"{lock}.lock")}
        for lock in ("run", name)
    )
    both = run.keys() & other.keys()
    assert {key: other[key] for key in both} == {key: run[key] for key in both}


def test_lock_holds_what_the_project_asks_for(root: Path) -> None:
    assert declared(root) <= {pin.name for pin in pins(root / "requirements" / "run.lock")}
    assert declared_in_extras(root) <= {pin.name for pin in pins(root / "requirements" / "dev.lock")}


def test_dependencies_are_what_the_code_imports(root: Path) -> None:
    found = imported(root / "archive") | imported(root / "crawler")
    assert found | NOT_IMPORTED.keys() == declared(root) | declared_in_extras(root)


def test_newest_changelog_entry_is_this_version(root: Path) -> None:
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] ", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == archive.__version__


def test_licence_text_is_the_named_one(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert re.search(r"Apache License\s+Version 2\.0", (root / "LICENSE").read_text())
