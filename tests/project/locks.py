"""Reads the locks and the project's own imports."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


class Pin(NamedTuple):
    """One package of a lock."""

    name: str
    requirement: Requirement
    hashes: list[str]


def pins(lock: Path) -> Iterator[Pin]:
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", lock.read_text(), flags=re.MULTILINE))
    for line in text.splitlines():
        start, *hashes = line.split("--hash=")
        requirement = Requirement(start)
        yield Pin(canonicalize_name(requirement.name), requirement, [value.strip() for value in hashes])


def applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def imported(folder: Path) -> set[str]:
    """The packages, by the names of their distributions, that the sources below ``folder`` import."""
    names = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").partition(".")[0])
    owners = packages_distributions()
    strangers = names - set(sys.stdlib_module_names) - {"archive", "crawler"}
    return {canonicalize_name(owners[name][0]) for name in strangers}


def with_what_they_need(distributions: Iterable[str]) -> set[str]:
    """The ``distributions`` and all that they require here."""
    found: set[str] = set()
    waiting = list(distributions)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            needs = map(Requirement, requires(name) or [])
            waiting += [canonicalize_name(need.name) for need in needs if applies(need)]
    return found
