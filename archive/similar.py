"""Near-duplicates: texts of different posts that share most of their word 3-shingles; linked, never merged.

A signature of 128 minima, one hash a shingle (one permutation hashing: Li, Owen and Zhang 2012; empty places are lent
as in Shrivastava 2017), as 32 bands of 4 finds candidates; the Jaccard index of the shingles themselves decides.
Signatures lie in ``similar.db`` beside ``archive.db``: it may be deleted at any time (decision 0010).
"""

import hashlib
import re
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from archive.database import BUSY_SECONDS, translated
from archive.errors import DamagedIndexError, NotFoundError
from archive.query import Archive

SHINGLE = 3
_BINS = 128
_ROWS = 4
_FORM = struct.Struct(f"<{_BINS}I")
_MOST_WORDS = 1 << 17
_NUMBERS = struct.Struct("<3I")
_BATCH = 8000
"""Texts of one transaction: the more, the oftener two bands go to one page of the file."""
_CACHE = 64_000
"""Kilobytes of pages that SQLite may keep: the bands of a text lie all over the file."""
_WORD = re.compile(r"\w+")
# 28 bits, of which the first 7 name the bin: sums of three stay below 2**30, which is one digit of Python's numbers.
_BITS, _SHIFT = (1 << 28) - 1, 21
_EMPTY = 1 << 28
_LENDERS = tuple(tuple(Random(at).sample(range(_BINS), _BINS)) for at in range(_BINS))  # noqa: S311  no secret
_HINT = "vigil similar --update compares all texts."
LEAST = 0.7
"""The share from which on a text counts as nearly the same, where nobody asks for another."""
_TABLES = """
CREATE TABLE IF NOT EXISTS signatures ( -- One row of texts, by its id and hash.
  id INTEGER PRIMARY KEY, text_hash TEXT NOT NULL, signature BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS bands ( -- Texts that share a band are candidates.
  band INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (band, id)) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
"""
_VERSION = 2
_FORGET = "DROP TABLE IF EXISTS signatures; DROP TABLE IF EXISTS bands;"
_SHOWN = "SELECT id, text_hash FROM texts WHERE id IN (SELECT text_id FROM versions)"
_VERSIONS = """
SELECT v.post_id, v.site, v.identity, v.version, v.is_current, v.text_hash, v.title, p.url, p.published,
  v.first_captured, v.capture_id, v.text
FROM versions w JOIN post_versions v ON v.post_id = w.post_id AND v.version = w.number
JOIN posts_current p ON p.post_id = w.post_id
WHERE w.text_id = ?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A version of another post that is nearly the same text; times as the archive's views spell them, in UTC."""

    post_id: int
    site: str
    identity: str
    version: int
    is_current: bool
    text_hash: str
    title: str
    url: str | None
    published: str | None
    first_captured: str
    capture_id: int
    estimated: float
    exact: float


def shingles(text: str) -> set[tuple[str, ...]]:
    """Give the runs of three words of a text, case folded; of a shorter text its words as one."""
    words = _WORD.findall(text.casefold())
    if len(words) < SHINGLE:
        return {tuple(words)} if words else set()
    return set(zip(words, words[1:], words[2:], strict=False))


def jaccard(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    """Give the share of the shingles of both that are in both, from 0 to 1."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def signature(text: str) -> bytes | None:
    """Give 128 minima, 4 bytes each; nothing for a text without words."""
    words = _WORD.findall(text.casefold())
    if not words:
        return None
    numbers = [*map(_WORDS.__getitem__, words), *[(0, 0, 0)] * (SHINGLE - len(words))]
    least = [_EMPTY] * _BINS
    for one, two, three in zip(numbers, numbers[1:], numbers[2:], strict=False):
        value = (one[0] + two[1] + three[2]) & _BITS
        at = value >> _SHIFT
        if value < least[at]:  # noqa: PLR1730  a call of min() each time would double the cost
            least[at] = value
    if _EMPTY in least:
        filled = least[:]
        for at, value in enumerate(least):
            if value == _EMPTY:
                filled[at] = next(least[lender] for lender in _LENDERS[at] if least[lender] != _EMPTY)
        least = filled
    return _FORM.pack(*least)


def estimate(one: bytes, other: bytes) -> float:
    """Give the share of equal minima of two signatures: about the Jaccard index, give or take 0.04."""
    pairs = zip(_FORM.unpack(one), _FORM.unpack(other), strict=True)
    return sum(bool(a == b) for a, b in pairs) / _BINS


class Signatures:
    """The file of signatures, open for reading and writing and made where it is missing, or only read. Close it."""

    def __init__(self, path: Path, *, is_read_only: bool = False) -> None:
        self._path = path
        how = "ro" if is_read_only else "rwc"
        with _told(path):
            address = f"{path.resolve().as_uri()}?mode={how}"
            self._db = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
            self._db.execute(f"PRAGMA cache_size = -{_CACHE}")
            is_old = self._db.execute("PRAGMA user_version").fetchone()[0] != _VERSION
            if is_old and is_read_only:
                raise NotFoundError(f"{path.name} was made by other software", hint=_HINT)
            if not is_read_only:
                self._db.executescript((_FORGET if is_old else "") + _TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, texts: list[tuple[int, str, str]]) -> None:
        """Take in rows of ``texts``: id, hash and text, in one transaction."""
        with _told(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._add([(number, name, signature(text) or b"") for number, name, text in texts])
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def known(self) -> set[tuple[int, str]]:
        """Give ids and hashes of the texts that are held."""
        with _told(self._path):
            return set(self._db.execute("SELECT id, text_hash FROM signatures"))

    def forget(self, texts: set[tuple[int, str]]) -> None:
        """Drop texts that the archive does not show any more, or not by that id."""
        with _told(self._path):
            for number, _ in texts:
                marks = self._db.execute("SELECT signature FROM signatures WHERE id = ?", (number,)).fetchone()[0]
                bands = [(band, number) for band in _bands(marks)]
                self._db.executemany("DELETE FROM bands WHERE band = ? AND id = ?", bands)
                self._db.execute("DELETE FROM signatures WHERE id = ?", (number,))

    def candidates(self, marks: bytes) -> Iterator[tuple[int, float]]:
        """Give ids of texts that share a band with a signature, each with the estimated index."""
        bands = _bands(marks)
        sql = (
            "SELECT id, signature FROM signatures WHERE id IN "  # noqa: S608  question marks
            f"(SELECT id FROM bands WHERE band IN ({','.join('?' * len(bands))}))"
        )
        with _told(self._path):
            for number, other in self._db.execute(sql, bands).fetchall():
                yield number, estimate(marks, other)

    def _add(self, signed: list[tuple[int, str, bytes]]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO signatures VALUES (?, ?, ?)", signed)
        bands = sorted((band, number) for number, _, marks in signed for band in _bands(marks))
        self._db.executemany("INSERT OR REPLACE INTO bands VALUES (?, ?)", bands)


def update(archive: Archive, path: Path, progress: Callable[[int, int], None] = lambda _done, _all: None) -> int:
    """Bring ``path`` up to what the archive shows; give how many texts were new. Cut off, it keeps what it has done."""
    with closing(Signatures(path)) as held:
        known, shown = held.known(), {(row[0], row[1]) for row in archive.db.execute(_SHOWN)}
        held.forget(known - shown)
        new = sorted(shown - known)
        for at in range(0, len(new), _BATCH):
            batch = new[at : at + _BATCH]
            held.add([(number, name, _text(archive, number)) for number, name in batch])
            progress(at + len(batch), len(new))
    return len(new)


def _text(archive: Archive, number: int) -> str:
    return str(archive.db.execute("SELECT text FROM texts WHERE id = ?", (number,)).fetchone()[0])


def find(archive: Archive, path: Path, text_hash: str, *, post_id: int, least: float) -> list[Similar]:
    """Give versions of other posts whose shingles agree with a text's to ``least`` or more, the nearest first.

    Raises:
        NotFoundError: there is no such file yet; ``update`` makes it.
    """
    if not path.exists():
        raise NotFoundError(f"there is no {path.name} yet", hint=_HINT)
    own = archive.db.execute("SELECT text FROM texts WHERE post_id = ? AND text_hash = ?", (post_id, text_hash))
    row = own.fetchone()
    marks = signature(row["text"]) if row else None
    if marks is None:
        return []
    wanted, found = shingles(row["text"]), []
    with closing(Signatures(path, is_read_only=True)) as held:
        for number, estimated in held.candidates(marks):
            for other in archive.db.execute(_VERSIONS, (number,)):
                exact = jaccard(wanted, shingles(other["text"]))
                if other["post_id"] != post_id and exact >= least:
                    facts = {key: other[key] for key in other.keys() if key != "text"}  # noqa: SIM118
                    facts["is_current"] = bool(facts["is_current"])
                    found.append(Similar(**facts, estimated=estimated, exact=exact))
    return sorted(found, key=lambda one: (-one.exact, one.site, one.identity, one.version))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn SQLite's troubles into ours; a damaged file is no loss, and `vigil rebuild` does not make it."""
    try:
        with translated(path):
            yield
    except DamagedIndexError as error:
        hint = "Nothing is lost: delete this file, and the next vigil similar makes it again."
        raise DamagedIndexError(str(error), hint=hint) from error


class _Words(dict[str, tuple[int, int, int]]):
    """A word's numbers as the first, second and third of a shingle; these are added up to the shingle's hash."""

    def __missing__(self, word: str) -> tuple[int, int, int]:
        if len(self) >= _MOST_WORDS:
            self.clear()
        digest = hashlib.blake2b(word.encode(errors="surrogatepass"), digest_size=12).digest()
        one, two, three = _NUMBERS.unpack(digest)
        numbers = self[word] = one & _BITS, two & _BITS, three & _BITS
        return numbers


_WORDS = _Words()


def _bands(marks: bytes) -> list[int]:
    """Give 32 numbers of 53 bits: which band, and what stands in it."""
    size = _ROWS * 4
    parts = (marks[at : at + size] for at in range(0, len(marks), size))
    return [(at << 48) | int.from_bytes(hashlib.blake2b(part, digest_size=6).digest()) for at, part in enumerate(parts)]
