"""TOML tables become frozen dataclasses; what does not fit is refused with file, key and the nearest valid key.

A field's annotation says what its key may hold: a plain type, ``X | None`` (the key may be left out), a tuple (a TOML
array; a tuple of pairs is a TOML table), another dataclass (a TOML table), or one of these with a ``TextRule`` or
``NumberRule``.
"""

import dataclasses
import difflib
import math
import tomllib
import types
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from archive.errors import ConfigError

T = TypeVar("T")
_Pair = tuple[str, str]
_KINDS: dict[object, str] = {
    str: "text in quotes",
    Path: "a path in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a date like 2026-08-31, without quotes",
}


@dataclass(frozen=True, slots=True)
class TextRule:
    """What a text must be: ``says`` completes "it must be …"; ``holds`` tells whether it is."""

    says: str
    holds: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class NumberRule:
    """The range of a number, both ends included, and its unit as a plural word."""

    low: float
    high: float = math.inf
    unit: str = ""

    @property
    def says(self) -> str:
        """The range in words, as the end of "it must be …"."""
        span = f"{self.low:g} or more" if self.high == math.inf else f"from {self.low:g} to {self.high:g}"
        return f"a number of {self.unit}, {span}" if self.unit else f"a number, {span}"

    def holds(self, value: float) -> bool:
        """Tell whether ``value`` lies in the range; infinity and "not a number" never do."""
        return self.low <= value <= self.high and value < math.inf


def parse(toml: bytes, file: str) -> dict[str, object]:
    """Read TOML.

    Raises:
        ConfigError: the bytes are not UTF-8 or not TOML; the message names ``file``, line and column.
    """
    try:
        return tomllib.loads(toml.decode("utf-8"))
    except RecursionError:
        raise ConfigError(f"{file}: nested too deeply", hint="A site or settings file needs two levels.") from None
    except ValueError as error:
        raise ConfigError(f"{file}: not TOML: {error}", hint="The format is described at toml.io.") from None


def read(kind: type[T], table: dict[str, object], file: str) -> T:
    """Make a ``kind`` (a dataclass) of a TOML table.

    Raises:
        ConfigError: a key is unknown or missing, or a value has the wrong type, unit or range; the message names
            ``file`` and the dotted key.
    """
    return _Reader(file, _dotted_keys(kind)).table(kind, table, "")


def refuse(file: str, key: str, problem: str, hint: str = "") -> NoReturn:
    """Raise the ``ConfigError`` that every wrong key gets."""
    raise ConfigError(f"{file}: {key}: {problem}", hint=hint)


def plain(hint: object) -> tuple[object, tuple[object, ...]]:
    """Split an annotation into its type without ``None`` and its rules."""
    if get_origin(hint) in {Union, types.UnionType}:
        hint = next(part for part in get_args(hint) if part is not types.NoneType)
    if get_origin(hint) is Annotated:
        base, *rules = get_args(hint)
        return base, tuple(rules)
    return hint, ()


def _dotted_keys(kind: type, prefix: str = "") -> tuple[str, ...]:
    """Every key that a file of this kind may hold, dotted, tables before their keys."""
    found: list[str] = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        found.append(prefix + name)
        base, _ = plain(hint)
        inner = get_args(base)[0] if get_origin(base) is tuple else base
        if isinstance(inner, type) and dataclasses.is_dataclass(inner):
            found += _dotted_keys(inner, f"{prefix}{name}.")
    return tuple(found)


class _Reader:
    """Reads the tables of one file; ``keys`` are all keys that it may hold, for "did you mean"."""

    def __init__(self, file: str, keys: tuple[str, ...]) -> None:
        self.file = file
        self.keys = keys

    def table(self, kind: type[T], table: object, at: str) -> T:
        if not isinstance(table, dict):
            refuse(self.file, at, f"is {_shown(table)}, it must be a table", f"Write it as [{at}] with keys below.")
        hints = get_type_hints(kind, include_extras=True)
        for key in table:
            if key not in hints:
                self.unknown(key, at, tuple(hints))
        values: dict[str, object] = {}
        for field in dataclasses.fields(kind):  # type: ignore[arg-type]  # T is not bound to dataclasses in typeshed
            here = f"{at}.{field.name}".lstrip(".")
            if field.name in table:
                values[field.name] = self.value(table[field.name], hints[field.name], here)
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                refuse(self.file, here, "is missing", "docs/reference/config.md lists every key with an example.")
        return kind(**values)

    def unknown(self, key: str, at: str, valid: tuple[str, ...]) -> NoReturn:
        near = difflib.get_close_matches(key, valid, 1)
        full = f"{at}.{key}".lstrip(".")
        if not near:
            ends = {known.rsplit(".", 1)[-1]: known for known in reversed(self.keys)}
            near = [ends[end] for end in difflib.get_close_matches(key, tuple(ends), 1, 0.7)]
        meant = f"The nearest valid key is “{near[0]}”." if near else f"Valid here: {', '.join(valid)}."
        refuse(self.file, full, "is no key of this file", meant)

    def value(self, value: object, hint: object, at: str) -> object:
        base, rules = plain(hint)
        if get_origin(base) is tuple:
            return self.array(value, get_args(base), at)
        if isinstance(base, type) and dataclasses.is_dataclass(base):
            return self.table(base, value, at)
        return self.scalar(value, base, rules, at)

    def array(self, value: object, parts: tuple[object, ...], at: str) -> tuple[object, ...]:
        if parts == (_Pair, ...):
            if not isinstance(value, dict):
                refuse(self.file, at, f"is {_shown(value)}, it must be a table", 'Write it as { "Name" = "value" }.')
            return tuple((name, self.value(text, str, f"{at}.{name}")) for name, text in value.items())
        if not isinstance(value, list):
            refuse(self.file, at, f"is {_shown(value)}, it must be a list", f"Write it as [ {_shown(value)} ].")
        kinds = (parts[0],) * len(value) if parts[-1] is Ellipsis else parts
        if len(kinds) != len(value):
            refuse(self.file, at, f"has {len(value)} parts, it must have {len(kinds)}")
        numbered = enumerate(zip(value, kinds, strict=True))
        return tuple(self.value(item, kind, f"{at}[{i}]") for i, (item, kind) in numbered)

    def scalar(self, value: object, kind: object, rules: tuple[object, ...], at: str) -> object:
        says = next((rule.says for rule in rules if isinstance(rule, (TextRule, NumberRule))), _KINDS[kind])
        if not _is_kind(value, kind):
            refuse(self.file, at, f"is {_shown(value)}, it must be {says}", f"It is written as {_KINDS[kind]}.")
        for rule in rules:
            if isinstance(rule, TextRule) and isinstance(value, str) and not rule.holds(value):
                refuse(self.file, at, f"is {_shown(value)}, it must be {rule.says}")
            if isinstance(rule, NumberRule) and isinstance(value, (int, float)) and not rule.holds(value):
                refuse(self.file, at, f"is {_shown(value)}, it must be {rule.says}")
        if kind is Path:
            return Path(str(value))
        return float(value) if kind is float and isinstance(value, int) else value


def _is_kind(value: object, kind: object) -> bool:
    """Tell whether a TOML value has the type; ``true`` is no number, a date with a time is no date."""
    if isinstance(value, bool):
        return kind is bool
    if isinstance(value, datetime):
        return False
    if kind is Path:
        return isinstance(value, str) and value != "" and "\0" not in value
    if kind is float:
        return isinstance(value, (int, float)) and -(10**300) < value < 10**300
    return isinstance(kind, type) and isinstance(value, kind)


def _shown(value: object) -> str:
    """A TOML value as it may stand in a message: short, on one line."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and abs(value) > 10**70:
        return "a very large number"
    text = f"“{value}”" if isinstance(value, str) else str(value).lower()
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return text if len(text) <= 80 else f"{text[:79]}…"
