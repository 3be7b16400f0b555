"""A second copy: closed files go to another place, are never overwritten there, and are read back; and the way home.

What a copy holds: ``archive/`` (closed WARC files), ``seals/``, ``reports/`` (the files of each run) and the
append-only files of ``state/`` and of the log of seals, which may grow by whole lines. ``state/closed.jsonl`` lists
every other file with size and SHA-256 as it was when it was first sent; copies are checked against it, and so are
restored archives. The index is not copied: it is made again from the WARC files.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

from archive import journal
from archive.collection import Collection
from archive.errors import IntegrityError, StorageError, UsageError
from archive.rebuild import rebuild
from archive.verify import Round

_BLOCK = 1 << 20
_REMOTE = re.compile(r"(?:[\w.-]+@)?[\w.-]+:.+")
_LIST = "state/closed.jsonl"
_CHECKPOINT = "seals/log/checkpoint"
_REPLACED = (_CHECKPOINT, "reports/feed.json")
"""Files that are made again from others."""
PARTIAL = ".part"
"""Ends the name of a file that is on its way."""

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a copy or a restore moved: files and bytes that were not there before, and files looked at in all."""

    place: str
    sent: int
    sent_bytes: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Closed:
    """A file that will not change any more, relative to the collection."""

    path: str
    size: int
    sha256: str


class _Place(Protocol):
    """Where a copy lies."""

    def send(self, root: Path, closed: list[_Closed]) -> list[_Closed]: ...

    def extend(self, root: Path, growing: list[str]) -> None: ...

    def fetch(self, root: Path) -> None: ...


def copy(collection: Collection, place: str, progress: Told = lambda _done, _all: None) -> Copied:
    """Send what the copy at ``place`` lacks, and read back what arrived.

    ``place`` is a folder that is there (an unmounted disk is not), or ``[user@]host:folder`` for rsync over ssh.

    Raises:
        UsageError: ``place`` is no folder, or lies within the collection.
        IntegrityError: a file here, or what arrived, is not what it was when it was closed.
        StorageError: the other place refused.
    """
    root = collection.root
    target = _place(place, root)
    growing, names = _growing(collection), _closed_names(collection)
    closed = _digested(collection, names, progress)
    sent = target.send(root, closed)
    target.extend(root, [*growing, _LIST] if closed and _LIST not in growing else growing)
    return Copied(
        place=place, sent=len(sent), sent_bytes=sum(one.size for one in sent), files=len(closed) + len(growing)
    )


def restore(place: str, collection: Collection, *, workers: int, progress: Told = lambda _done, _all: None) -> Copied:
    """Make an archive of the copy at ``place`` alone: fetch, check every digest and record, make the index.

    Raises:
        UsageError: the collection's folder holds something.
        IntegrityError: a file of the copy is missing or not what it was when it was closed.
        StorageError: the other place, or the disk here, refused.
    """
    root = collection.root
    if root.exists() and any(root.iterdir()):
        raise UsageError(f"{root} is not empty", hint="Name a new folder with --collection; nothing is overwritten.")
    collection.create()
    _place(place, root).fetch(root)
    closed = _listed(collection)
    if not closed:
        raise IntegrityError(
            f"{place} holds no copy: {_LIST} is missing", hint="Name the folder that vigil copy was given."
        )
    total, done = sum(one.size for one in closed.values()), 0
    for one in closed.values():
        _check_file(root / one.path, one, place)
        done += one.size
        progress(done, total)
    _newest_checkpoint(root)
    rebuild(collection, workers=workers)
    finding = next(iter(Round(collection).findings()), None)
    if finding is not None:
        raise IntegrityError(f"the restored archive is not sound: {finding}", hint="vigil verify names every finding.")
    return Copied(place=place, sent=len(closed), sent_bytes=total, files=len(closed))


def _newest_checkpoint(root: Path) -> None:
    """Put the newest numbered checkpoint of the log of seals in the place of the one that is replaced each time."""
    numbered = sorted((root / "seals" / "log").glob("checkpoint.*"), key=lambda path: int(path.suffix[1:]))
    if numbered:
        _pour(numbered[-1], root / _CHECKPOINT)


# --- what is to be copied ----------------------------------------------------------------------------


def _growing(collection: Collection) -> list[str]:
    """Name the append-only files. They are listed before the others: whatever they speak of is closed by then."""
    leaves = collection.root / "seals" / "log" / "leaves"
    found = [*collection.state.glob("*.jsonl"), *([leaves] if leaves.exists() else [])]
    return sorted(str(path.relative_to(collection.root)) for path in found)


def _closed_names(collection: Collection) -> list[str]:
    """Name the files that do not change any more, WARC files first."""
    seals = [path for path in (collection.root / "seals").glob("**/*") if path.is_file()]
    kept = [path for path in seals if not any(part.startswith(".") for part in path.relative_to(collection.root).parts)]
    reports = [path for path in collection.reports.glob("*") if path.suffix in {".json", ".html"}]
    imports = sorted(path for path in collection.imports.glob("*") if not path.name.endswith("part"))
    found = (*sorted(collection.warcs.glob("*.warc.gz")), *imports, *sorted(kept), *sorted(reports))
    names = [str(path.relative_to(collection.root)) for path in found]
    return [name for name in names if name not in {*_REPLACED, *_growing(collection)}]


def _listed(collection: Collection) -> dict[str, _Closed]:
    """What ``state/closed.jsonl`` says; the first line of a name counts."""
    found: dict[str, _Closed] = {}
    for row in journal.entries(collection.root / _LIST):
        path, size, sha256 = row.get("path"), row.get("bytes"), row.get("sha256")
        if isinstance(path, str) and isinstance(size, int) and isinstance(sha256, str) and _is_inside(path):
            found.setdefault(path, _Closed(path=path, size=size, sha256=sha256))
    return found


def _is_inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in Path(path).parts


def _digested(collection: Collection, names: list[str], progress: Told) -> list[_Closed]:
    """Give size and digest of every closed file; what is new is added to the list."""
    known = _listed(collection)
    found: list[_Closed] = []
    sizes = {name: (collection.root / name).stat().st_size for name in names}
    total, done = sum(sizes.values()), 0
    for name in names:
        if name not in known:
            one = _Closed(path=name, size=sizes[name], sha256=_digest(collection.root / name))
            now = datetime.now(UTC).isoformat(timespec="seconds")
            row = {"path": one.path, "bytes": one.size, "sha256": one.sha256, "time": now}
            journal.append(collection.root / _LIST, row)
            known[name] = one
        elif known[name].size != sizes[name]:
            raise _changed(collection.root / name, "is not as long as when it was closed")
        found.append(known[name])
        done += sizes[name]
        progress(done, total)
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_file(path: Path, one: _Closed, place: str) -> None:
    if not path.is_file():
        raise _changed(path, f"is missing from {place}")
    if path.stat().st_size != one.size or _digest(path) != one.sha256:
        raise _changed(path, "is not what it was when it was closed")


def _changed(path: Path, what: str) -> IntegrityError:
    return IntegrityError(
        f"{path} {what}", hint="vigil verify tells more of an archive; vigil restore brings a copy back."
    )


# --- places ------------------------------------------------------------------------------------------


def _place(place: str, root: Path) -> _Place:
    if _REMOTE.fullmatch(place) and not Path(place).exists():
        return _Remote(place)
    folder = Path(place).expanduser().resolve()
    if not folder.is_dir():
        raise UsageError(
            f"{place} is no folder", hint="Make it first; a disk that is not mounted would not be noticed else."
        )
    if folder == root.resolve() or folder.is_relative_to(root.resolve()) or root.resolve().is_relative_to(folder):
        raise UsageError(f"{place} lies within the archive, or the archive within it", hint="Name a folder elsewhere.")
    return _Folder(folder)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder, or a mounted disk."""

    folder: Path

    def send(self, root: Path, closed: list[_Closed]) -> list[_Closed]:
        return [one for one in closed if self._send(root, one)]

    def _send(self, root: Path, one: _Closed) -> bool:
        target = self.folder / one.path
        if target.exists():
            if target.stat().st_size != one.size:
                raise _changed(target, "is another file than the one to be copied; it is not overwritten")
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + PARTIAL)
        if _pour(root / one.path, partial) != one.sha256:
            partial.unlink()
            raise _changed(root / one.path, "is not what it was when it was closed; it is not copied")
        _drop_from_cache(partial)
        _check_file(partial, one, str(self.folder))
        partial.chmod(0o444)
        partial.rename(target)
        _sync_folder(target.parent)
        return True

    def extend(self, root: Path, growing: list[str]) -> None:
        for name in growing:
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with (root / name).open("rb") as file, target.open("a+b") as copied:
                copied.seek(0)
                if not _begins_with(file, copied):
                    raise _changed(target, "is no beginning of the file here; it is not overwritten")
                rest = file.read()
                copied.write(rest[: rest.rfind(b"\n") + 1])
                copied.flush()
                os.fsync(copied.fileno())

    def fetch(self, root: Path) -> None:
        names = [path for path in self.folder.glob("*/**/*") if path.is_file() and path.suffix != PARTIAL]
        for path in names:
            target = root / path.relative_to(self.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            _pour(path, target)


@dataclass(frozen=True, slots=True)
class _Remote:
    """A folder of another machine; rsync and ssh do the work, as they are set up for this user."""

    place: str

    def send(self, root: Path, closed: list[_Closed]) -> list[_Closed]:
        names = [one.path for one in closed]
        before = set(self._different(root, names, "--ignore-existing", "--size-only"))
        for one in closed:
            if one.path in before:
                _check_file(root / one.path, one, str(root))
        self._rsync(
            "--ignore-existing", "--chmod=F444", "--from0", "--files-from=-", f"{root}/", self._there, names=names
        )
        for name in self._different(root, names, "--checksum"):
            raise _changed(Path(name), f"is not the same in {self.place}; it is not overwritten")
        return [one for one in closed if one.path in before]

    def extend(self, root: Path, growing: list[str]) -> None:
        self._rsync("--append", "--from0", "--files-from=-", f"{root}/", self._there, names=growing)

    def fetch(self, root: Path) -> None:
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


def _pour(source: Path, target: Path) -> str:
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


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _begins_with(file: IO[bytes], beginning: IO[bytes]) -> bool:
    while block := beginning.read(_BLOCK):
        if file.read(len(block)) != block:
            return False
    return True
