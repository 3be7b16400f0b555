"""Where a second copy may lie: a folder or mounted disk, or a folder of another machine through rsync over ssh."""

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from archive.durable import sync_folder
from archive.errors import IntegrityError, StorageError

_BLOCK = 1 << 20
PARTIAL = ".part"
"""Ends the name of a file that is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A file that will not change any more, relative to the collection."""

    path: str
    size: int
    sha256: str


Told = Callable[[int, int], None]
"""Is told how many bytes are done, and how many there are."""


class Place(Protocol):
    """Where a copy lies; ``root`` is the collection's folder. Nothing there is overwritten, each arrival is read back.

    All raise ``IntegrityError`` for bytes that are not what they should be, ``StorageError`` where the place refuses.
    """

    def send(self, root: Path, closed: list[Closed], progress: Told) -> list[Closed]:
        """Send the closed files that are not there; give those. ``progress`` is told the bytes done, and all."""

    def extend(self, root: Path, growing: list[str]) -> None:
        """Add what the append-only files ``growing`` have more than their copies, by whole lines."""

    def fetch(self, root: Path) -> None:
        """Bring everything back."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, or a mounted disk."""

    folder: Path

    def send(self, root: Path, closed: list[Closed], progress: Told) -> list[Closed]:
        """See ``Place``."""
        return [one for one in watched(closed, progress) if self._send(root, one)]

    def _send(self, root: Path, one: Closed) -> bool:
        target = self.folder / one.path
        if target.exists():
            if target.stat().st_size != one.size:
                raise changed(target, "is another file than the one to be copied; it is not overwritten")
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + PARTIAL)
        if pour(root / one.path, partial) != one.sha256:
            partial.unlink()
            raise changed(root / one.path, "is not what it was when it was closed; it is not copied")
        _drop_from_cache(partial)
        check_file(partial, one, str(self.folder))
        partial.chmod(0o444)
        partial.rename(target)
        sync_folder(target.parent)
        return True

    def extend(self, root: Path, growing: list[str]) -> None:
        """See ``Place``."""
        for name in growing:
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with (root / name).open("rb") as file, target.open("a+b") as copied:
                copied.seek(0)
                if not _begins_with(file, copied):
                    raise changed(target, "is no beginning of the file here; it is not overwritten")
                rest = file.read()
                copied.write(rest[: rest.rfind(b"\n") + 1])
                copied.flush()
                os.fsync(copied.fileno())

    def fetch(self, root: Path) -> None:
        """See ``Place``."""
        names = [path for path in self.folder.glob("*/**/*") if path.is_file() and path.suffix != PARTIAL]
        for path in names:
            target = root / path.relative_to(self.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            pour(path, target)


@dataclass(frozen=True, slots=True)
class Remote:
    """A folder of another machine; rsync and ssh do the work, as they are set up for this user."""

    place: str

    def send(self, root: Path, closed: list[Closed], progress: Told) -> list[Closed]:
        """See ``Place``; rsync tells nothing on its way."""
        del progress
        names = [one.path for one in closed]
        before = set(self._different(root, names, "--ignore-existing", "--size-only"))
        for one in closed:
            if one.path in before:
                check_file(root / one.path, one, str(root))
        self._rsync(
            "--ignore-existing", "--chmod=F444", "--from0", "--files-from=-", f"{root}/", self._there, names=names
        )
        for name in self._different(root, names, "--checksum"):
            raise changed(Path(name), f"is not the same in {self.place}; it is not overwritten")
        return [one for one in closed if one.path in before]

    def extend(self, root: Path, growing: list[str]) -> None:
        """See ``Place``."""
        self._rsync("--append", "--from0", "--files-from=-", f"{root}/", self._there, names=growing)

    def fetch(self, root: Path) -> None:
        """See ``Place``."""
        self._rsync("--recursive", f"{self._there}", f"{root}/")

    @property
    def _there(self) -> str:
        return f"{self.place.rstrip('/')}/"

    def _different(self, root: Path, names: list[str], *how: str) -> Iterator[str]:
        """Name the files that rsync would send."""
        told = self._rsync(
            *how, "--dry-run", "--out-format=%n", "--from0", "--files-from=-", f"{root}/", self._there, names=names
        )
        yield from (line for line in told.splitlines() if not line.endswith("/"))

    def _rsync(self, *words: str, names: list[str] | None = None) -> str:
        command = ["rsync", "--times", "--perms", *words]
        try:
            done = subprocess.run(  # noqa: S603 - the words are ours, the place is the operator's
                command, input="\0".join(names or []), capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            raise StorageError("rsync is not installed", hint="Install it here and on the other machine.") from None
        if done.returncode:
            raise StorageError(f"rsync: {done.stderr.strip()[-500:]}", hint=f"Try it by hand: rsync FILE {self._there}")
        return done.stdout


def watched(closed: Sequence[Closed], progress: Told) -> Iterator[Closed]:
    """Give the files one by one, and tell how many of their bytes are done."""
    total, done = sum(one.size for one in closed), 0
    for one in closed:
        yield one
        done += one.size
        progress(done, total)


def pour(source: Path, target: Path) -> str:
    """Copy a file's bytes, have them on disk, and give their SHA-256."""
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as copied:
        while block := file.read(_BLOCK):
            digest.update(block)
            copied.write(block)
        copied.flush()
        os.fsync(copied.fileno())
    return digest.hexdigest()


def _drop_from_cache(path: Path) -> None:
    """Ask the kernel to forget a file, so that what is read back comes from the disk."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _begins_with(file: IO[bytes], beginning: IO[bytes]) -> bool:
    while block := beginning.read(_BLOCK):
        if file.read(len(block)) != block:
            return False
    return True


def is_inside(path: str) -> bool:
    """Tell whether a relative path stays within its folder."""
    return not path.startswith("/") and ".." not in Path(path).parts


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_file(path: Path, one: Closed, place: str) -> None:
    """See that the file at ``path``, which came from ``place``, is what it was when it was closed.

    Raises:
        IntegrityError: it is missing, or another.
    """
    if not path.is_file():
        raise changed(path, f"is missing from {place}")
    if path.stat().st_size != one.size or digest_of(path) != one.sha256:
        raise changed(path, "is not what it was when it was closed")


def changed(path: Path | str, what: str) -> IntegrityError:
    """Make the error that says what is wrong with a file."""
    return IntegrityError(
        f"{path} {what}", hint="vigil verify tells more of an archive; vigil restore brings a copy back."
    )
