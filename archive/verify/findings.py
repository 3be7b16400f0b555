"""What a finding is, and the registry of checks: a check's docstring is its documentation."""

import inspect
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from archive.collection import Collection
from archive.errors import VigilError
from archive.model import RecordRef, Sha256
from archive.verify.book import Book
from archive.verify.ids import Ids
from archive.warc import Grouping

RESTORE = "Restore the file from a copy; until then, trust nothing that rests on this record."
REBUILD = "The WARC files are right: make the index again with `vigil rebuild`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it should be: which check found it, where, what it expected, and what to do."""

    check: str
    found: str
    expected: str
    hint: str
    file: str | None = None
    offset: int | None = None
    record: str | None = None

    def __str__(self) -> str:
        """Tell it in one line."""
        place = ", ".join(
            part
            for part in (self.file, None if self.offset is None else f"offset {self.offset}", self.record)
            if part is not None
        )
        return f"{self.check}: {place + ': ' if place else ''}{self.found}; expected {self.expected}"


def about(ref: RecordRef, check_id: str, found: str, expected: str, hint: str) -> Finding:
    """Find fault with a record."""
    return Finding(
        check=check_id,
        file=ref.file,
        offset=ref.offset,
        record=ref.record_id or None,
        found=found,
        expected=expected,
        hint=hint,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check's lasting id and what it means."""

    id: str
    meaning: str


@dataclass(slots=True, kw_only=True)
class Scope:
    """What a round of checks knows and remembers.

    ``live`` names the files of a run that is writing now: the index may lag behind them, so it is not held against
    them. ``book`` are the seals, ``ids`` the record ids met so far, ``runs`` those told of and whether they ended,
    ``imports`` the files that runs of the route import tell of, ``matched`` the captures compared with the index.
    """

    collection: Collection
    files: tuple[Path, ...]
    live: frozenset[str]
    db: sqlite3.Connection | None
    book: Book
    ids: Ids
    trouble: VigilError | None = None
    """Why there is no ``db``."""
    runs: dict[str, bool] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    matched: int = 0


@dataclass(slots=True, kw_only=True)
class FileScope:
    """What the checks of one file know and remember.

    ``warcinfo`` is the id of its first record, ``is_torn`` says whether something before could not be read,
    ``unclaimed`` are the records that belong to no unit yet, by their offsets, ``matched`` the captures compared.
    """

    path: Path
    db: sqlite3.Connection | None
    grouping: Grouping
    warcinfo: str | None = None
    is_torn: bool = False
    unclaimed: dict[int, tuple[str, RecordRef]] = field(default_factory=dict)
    matched: int = 0

    @property
    def name(self) -> str:
        """The file's lasting name."""
        return self.path.name.removesuffix(".open")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """What one reading of a WARC file gave: findings, and what is compared with other files, seals and index.

    ``findings`` are those of its records and exchanges; ``index`` those of the index, which broke off when
    ``is_index_broken``. ``digest`` is the file's own, ``None`` where the disk did not give all of it; ``sealed`` are
    its records by the names that seals use. ``ids`` are record ids with their offsets, ``runs`` those that it tells
    of and whether they ended.
    """

    name: str
    size: int
    digest: Sha256 | None
    sealed: dict[str, Sha256]
    ids: tuple[tuple[str, int], ...]
    records: int
    findings: tuple[Finding, ...]
    exchanges: int = 0
    runs: dict[str, bool] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    index: tuple[Finding, ...] = ()
    is_index_broken: bool = False
    matched: int = 0


CHECKS: dict[str, Check] = {}
"""Every check by its id."""

_Function = TypeVar("_Function", bound=Callable[..., Iterator[object]])


def check(function: _Function) -> _Function:
    """Enter a check into ``CHECKS``; its id is the function's name with hyphens."""
    name = id_of(function)
    CHECKS[name] = Check(id=name, meaning=inspect.cleandoc(function.__doc__ or ""))
    return function


def id_of(function: Callable[..., object]) -> str:
    """Give the id of the check that a function makes."""
    return function.__name__.replace("_", "-")
