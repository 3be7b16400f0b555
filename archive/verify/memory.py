"""What an unfinished round has read so far, so that the next one may go on: one file a line, in ``state/``.

A file counts as read while its size, inode and times of change are what they were before it was read. Whoever can
write to ``state/`` can make a round that resumes skip a file; a round without ``--resume`` trusts the bytes alone.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from archive.collection import Collection
from archive.errors import StorageError
from archive.model import Sha256
from archive.verify.findings import FileRead, Finding

_FORM = 1


class Memory:
    """The files that this and earlier, unfinished rounds have read; ``began`` is when the first of them began.

    What was read stays on the disk until it is asked for: it is as much as the records are many.
    """

    def __init__(self, path: Path, words: str) -> None:
        """Read what is there; what another version or another kind of round (``words``) noted is left out."""
        self._path = path
        self._words = words
        self.began = datetime.now(UTC)
        self._known: dict[str, tuple[object, int]] = {}
        self._file: BinaryIO | None = None
        self._good = 0
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._load()

    def _load(self) -> None:
        """Read line by line, up to one that is none: the last may have been cut off."""
        with self._path.open("rb") as file:
            first = json.loads(file.readline())
            if (first["form"], first["round"]) != (_FORM, self._words):
                return
            self.began, self._good = datetime.fromisoformat(first["began"]), file.tell()
            while line := file.readline():
                told = json.loads(line)
                self._known[_read(told["read"]).name], self._good = (told["state"], self._good), file.tell()

    def get(self, name: str, state: object) -> FileRead | None:
        """Give what was read of a file, if it is as it was."""
        before, at = self._known.get(name, (None, 0))
        if before != state:
            return None
        try:
            with self._path.open("rb") as file:
                file.seek(at)
                return _read(json.loads(file.readline())["read"])
        except (OSError, ValueError):
            return None

    def note(self, state: object, read: FileRead) -> None:
        """Keep what was read of a file that was in a state before; on disk when this returns.

        Raises:
            StorageError: the disk refused.
        """
        try:
            if self._file is None:
                self._path.parent.mkdir(exist_ok=True)
                self._file = self._path.open("r+b" if self._good else "wb")
                self._file.truncate(self._good)
                self._file.seek(self._good)
                if not self._good:
                    self._write({"form": _FORM, "round": self._words, "began": self.began.isoformat()})
            self._write({"state": state, "read": asdict(read)})
            os.fdatasync(self._file.fileno())
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written: {error.strerror}") from error

    def _write(self, value: dict[str, object]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")
            self._file.flush()

    def close(self) -> None:
        """Let go of the file; what it holds stays."""
        if self._file is not None:
            self._file.close()

    def forget(self) -> None:
        """Take it away: the round is whole."""
        self.close()
        self._path.unlink(missing_ok=True)


@contextlib.contextmanager
def memory_of(collection: Collection, words: str) -> Iterator[Memory]:
    """Give the memory of a collection's unfinished round of that kind; it is gone once this ends without an error."""
    memory = Memory(collection.state / "verify.jsonl", words)
    try:
        yield memory
        memory.forget()
    finally:
        memory.close()


def state_of(path: Path, *, is_index_asked: bool) -> object:
    """Give what changes when a file does, or what is asked about it."""
    try:
        facts = path.stat()
    except OSError:
        return [is_index_asked]
    return [is_index_asked, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns]


def _read(value: dict[str, Any]) -> FileRead:
    told = dict(value)
    for name in ("findings", "index"):
        told[name] = tuple(Finding(**one) for one in told[name])
    told["ids"] = tuple((record, offset) for record, offset in told["ids"])
    told["imports"] = tuple(told["imports"])
    told["sealed"] = {name: Sha256(digest) for name, digest in told["sealed"].items()}
    return FileRead(**told)
