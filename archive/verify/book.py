"""The seals of an archive as checks look at them: read once, list by list."""

from dataclasses import dataclass, field
from datetime import datetime

from archive.collection import Collection
from archive.errors import IntegrityError, NotFoundError, VigilError
from archive.evidence.custody import Custody, CustodyEvent, EventKind
from archive.evidence.ledger import Leaf, Ledger, seal_names, seal_of
from archive.evidence.members import RunFiles, runs_of
from archive.evidence.owed import is_sealed
from archive.evidence.seal import RunFacts, Seal, read_facts, read_sums, token_name
from archive.evidence.tokens import Stamp, check_token
from archive.evidence.trust import Trust, trust_inside
from archive.model import Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One seal, without its list: its facts, and each token's stamp or why it does not hold, by file name."""

    name: str
    leaf: bytes
    facts: RunFacts | None
    files: tuple[str, ...]
    stamps: tuple[tuple[str, Stamp | IntegrityError], ...]
    previous: bytes | None

    @property
    def earliest(self) -> datetime | None:
        """The earliest time that any token of it proves."""
        return min((stamp.time for _, stamp in self.stamps if isinstance(stamp, Stamp)), default=None)


@dataclass(slots=True, kw_only=True)
class Book:
    """All seals, the log and the chain of custody; what cannot be read is missing here and found by its own check.

    ``is_held`` is true while someone writes to the archive: the newest run may not be sealed yet.
    """

    collection: Collection
    trust: Trust
    now: datetime
    is_held: bool
    entries: tuple[Entry, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    events: tuple[CustodyEvent, ...] = ()
    seal_of_file: dict[str, str] = field(default_factory=dict)
    _runs: tuple[RunFiles, ...] | None = None
    _lines: tuple[str, dict[str, Sha256]] = ("", {})
    _seen: set[str] = field(default_factory=set)
    _files_seen: set[str] = field(default_factory=set)

    @property
    def is_begun(self) -> bool:
        """Whether anything shows that the archive is meant to be sealed."""
        told = any(event.kind in {EventKind.SEALED, EventKind.STAMPED} for event in self.events)
        return bool(self.entries or self.leaves or told or self.trust.published)

    def runs(self) -> tuple[RunFiles, ...]:
        """Give every run and its closed files, as they were when this was first asked."""
        if self._runs is None:
            self._runs = runs_of(self.collection)
        return self._runs

    def unsealed(self) -> tuple[RunFiles, ...]:
        """Give the runs that lack a seal, or a part of one, in the order of writing."""
        names = seal_names(self.collection)
        return tuple(run for run in self.runs() if not is_sealed(self.collection, run.run, names))

    def lines(self, seal: str) -> dict[str, Sha256]:
        """Give a seal's list; empty where it cannot be read."""
        if self._lines[0] != seal:
            try:
                self._lines = (seal, read_sums(seal_of(self.collection, seal).sums))
            except VigilError:
                self._lines = (seal, {})
            self._seen.clear()
            self._files_seen.clear()
        return self._lines[1]

    def tick(self, seal: str, file: str, records: set[str]) -> set[str]:
        """Note that a file of a seal was read, with these records; once all its files were, give those never met."""
        lines = self.lines(seal)
        self._seen |= records
        self._files_seen.add(f"archive/{file}")
        if {name for name in lines if name.startswith("archive/")} - self._files_seen:
            return set()
        return {name for name in lines if name.startswith("records/")} - self._seen


def open_book(collection: Collection, trust: Trust | None, *, now: datetime, is_held: bool) -> Book:
    """Read every seal.

    Raises:
        ConfigError: a key to check by cannot be read.
        StorageError: the disk refused.
    """
    book = Book(collection=collection, trust=trust or trust_inside(collection), now=now, is_held=is_held)
    try:
        book.events = Custody(collection).events()
    except IntegrityError:
        book.events = ()
    try:
        book.leaves = Ledger(collection).leaves()
    except IntegrityError:
        book.leaves = ()
    entries = []
    for name in seal_names(collection):
        try:
            entry = _entry(seal_of(collection, name), book)
        except NotFoundError:
            continue
        entries.append(entry)
        book.seal_of_file |= dict.fromkeys(entry.files, name)
    book.entries = tuple(entries)
    return book


def _entry(seal: Seal, book: Book) -> Entry:
    try:
        lines = read_sums(seal.sums)
    except IntegrityError:
        lines = {}
    try:
        facts = read_facts(seal)
    except IntegrityError:
        facts = None
    return Entry(
        name=seal.name,
        leaf=seal.leaf,
        facts=facts,
        files=tuple(name.removeprefix("archive/") for name in lines if name.startswith("archive/")),
        stamps=tuple((name, _stamp(seal, name, token, book)) for name, token in seal.tokens),
        previous=seal.previous_checkpoint,
    )


def _stamp(seal: Seal, name: str, token: bytes, book: Book) -> Stamp | IntegrityError:
    try:
        authority = book.trust.authority(token_name(name)[1])
        if authority is None:
            return IntegrityError("no root is known for its authority", hint="Name it under [[authorities]].")
        return check_token(token, seal.stamped(name), authority, now=book.now)
    except IntegrityError as error:
        return error
