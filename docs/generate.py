"""Writes docs/reference from the sources: the commands, the dataclasses, the schema, the checks themselves.

``python docs/generate.py`` writes the pages, ``--check`` says which are stale and ends with 1.
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

import click

import archive.schema
from archive import tables
from archive.config import SettingsFile
from archive.errors import ExitCode
from archive.site import SiteFile
from archive.tables import NumberRule, TextRule
from archive.verify import CHECKS
from crawler.cli import group

REFERENCE = Path(__file__).parent / "reference"
NOTICE = "<!-- Made by docs/generate.py; change the source, not this page. -->\n\n"


def attribute_docs(kind: type) -> dict[str, str]:
    """Give the docstring that stands behind each attribute of a class, of its bases too."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if not (is_dataclass(one) or issubclass(one, Enum)) or one.__module__ in {"enum", "builtins"}:
            continue
        (node,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        body = node.body if isinstance(node, ast.ClassDef) else []
        for statement, following in pairwise(body):
            target = statement.target if isinstance(statement, ast.AnnAssign) else None
            if isinstance(statement, ast.Assign):
                target = statement.targets[0] if isinstance(statement.targets[0], ast.Name) else None
            is_text = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            if isinstance(target, ast.Name) and is_text:
                assert_text = following.value.value  # type: ignore[attr-defined]
                found[target.id] = inspect.cleandoc(str(assert_text))
    return found


def exit_codes() -> str:
    """The table of exit codes."""
    meanings = attribute_docs(ExitCode)
    rows = [f"| {code.value} | {code.name} | {_line(meanings[code.name])} |" for code in ExitCode]
    head = _markdown(inspect.cleandoc(ExitCode.__doc__ or ""))
    return "\n".join(["# Exit codes", "", head, "", "| code | name | meaning |", "|---:|---|---|", *rows, ""])


def checks() -> str:
    """What each check of ``vigil verify`` means."""
    parts = ["# Checks", "", "What `vigil verify` looks at. A finding names the check by its id.", ""]
    for _, check in sorted(CHECKS.items()):
        parts += [f"## {check.id}", "", _markdown(check.meaning), ""]
    return "\n".join(parts)


def schema() -> str:
    """Tables and views of the index."""
    parts = ["# Schema of archive.db", "", _markdown(inspect.getdoc(archive.schema) or ""), ""]
    for note in archive.schema.NOTES:
        parts += [f"## {note.name}", "", note.meaning, "", "| column | meaning |", "|---|---|"]
        parts += [f"| `{name}` | {_cell(meaning)} |" for name, meaning in note.columns]
        parts.append("")
    return "\n".join(parts)


def config() -> str:
    """Keys of vigil.toml and of a site file."""
    parts = ["# Configuration", "", "Both kinds of file are TOML. An unknown key or a wrong unit is refused.", ""]
    parts += ["## vigil.toml", "", _markdown(inspect.getdoc(SettingsFile) or ""), "", *_keys(SettingsFile), ""]
    for name, kind in _kinds(SettingsFile):
        meaning = re.sub(r"^``\[.*?\]``: (.)", lambda found: found[1].upper(), inspect.getdoc(kind) or "")
        parts += [f"### {name}", "", _markdown(meaning), "", *_keys(kind), ""]
    parts += ["## Site files: config/sites/*.toml", "", "One file a blog, named after it.", ""]
    for name, kind in _kinds(SiteFile):
        meaning = re.sub(r"^``\[.*?\]``: (.)", lambda found: found[1].upper(), inspect.getdoc(kind) or "")
        parts += [f"### {name}", "", _markdown(meaning), "", *_keys(kind), ""]
    return "\n".join(parts)


def cli() -> str:
    """Help of every command."""
    parts = ["# Commands", "", "Data goes to stdout, talk to stderr; [exit codes](exit-codes.md) tell how it went.", ""]
    for path, command in _commands(group, "vigil"):
        context = click.Context(command, info_name=path, terminal_width=100, max_content_width=100)
        parts += [f"## {path}", "", "```text", command.get_help(context).rstrip(), "```", ""]
    return "\n".join(parts)


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _commands(inner, f"{path} {name}")


def _kinds(kind: type) -> Iterator[tuple[str, type]]:
    """Tables of a file, each with the dataclass that holds its keys, inner tables after theirs."""
    for name, hint in get_type_hints(kind, include_extras=True).items():
        inner = _table_in(hint)
        if inner is not None:
            is_list = get_origin(tables.plain(hint)[0]) is tuple
            yield f"[[{name}]]" if is_list else f"[{name}]", inner
            for deeper, its_kind in _kinds(inner):
                bare = deeper.strip("[]")
                yield (f"[[{name}.{bare}]]" if deeper.startswith("[[") else f"[{name}.{bare}]"), its_kind


def _table_in(hint: object) -> type | None:
    base, _ = tables.plain(hint)
    inner = get_args(base)[0] if get_origin(base) is tuple else base
    return inner if isinstance(inner, type) and is_dataclass(inner) else None


def _keys(kind: type) -> list[str]:
    meanings = attribute_docs(kind)
    hints = get_type_hints(kind, include_extras=True)
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for field in fields(kind):
        if _table_in(hints[field.name]) is None:
            value, default = _kind(hints[field.name]), _default(field)
            rows.append(f"| `{field.name}` | {_cell(value)} | {default} | {_line(meanings[field.name])} |")
    return rows if len(rows) > 2 else []


def _kind(hint: object) -> str:
    """What a key may hold, in words."""
    base, rules = tables.plain(hint)
    if get_origin(base) is tuple:
        parts = get_args(base)
        if get_origin(parts[0]) is tuple:
            return "table of texts"
        if parts[-1] is Ellipsis:
            return f"list: each {_kind(parts[0])}"
        return " and ".join(_kind(part) for part in parts)
    says = next((rule.says for rule in rules if isinstance(rule, (TextRule, NumberRule))), None)
    names = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}
    return says or names.get(base, "date") if isinstance(base, type) else str(base)


def _default(field: "Field[object]") -> str:
    if field.default is MISSING:
        return "required"
    if field.default is None or field.default == ():
        return "none"
    if isinstance(field.default, tuple):
        return f"`[{', '.join(_toml(part) for part in field.default)}]`"
    return f"`{_toml(field.default)}`"


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, (str, Path)) else str(value).lower()


def _markdown(text: str) -> str:
    return text.replace("``", "`")


def _cell(text: str) -> str:
    return _markdown(text).replace("|", "\\|")


def _line(text: str) -> str:
    return _cell(" ".join(text.split()))


PAGES = {"cli": cli, "config": config, "schema": schema, "exit-codes": exit_codes, "checks": checks}


def main(words: list[str]) -> int:
    """Write the pages, or with ``--check`` compare them."""
    stale = []
    for name, page in PAGES.items():
        path = REFERENCE / f"{name}.md"
        text = NOTICE + page().rstrip() + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if "--check" not in words:
                REFERENCE.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if stale and "--check" in words:
        sys.stderr.write(f"stale: {', '.join(stale)}; run: python docs/generate.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
