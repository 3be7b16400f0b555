"""A second copy: closed files go to another place, are never overwritten there, and are read back; and the way home.

What a copy holds: ``archive/`` (closed WARC files), ``seals/``, ``reports/`` (the files of each run) and the
append-only files of ``state/`` and of the log of seals, which may grow by whole lines. ``state/closed.jsonl`` lists
every other file with size and SHA-256 as it was when it was first sent; copies are checked against it, and so are
restored archives. The index is not copied: it is made again from the WARC files.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive import journal
from archive.buckets import SCHEME, bucket
from archive.collection import Collection
from archive.errors import IntegrityError, StorageError, UsageError
from archive.places import Closed, Folder, Place, Remote, Told, changed, check_file, digest_of, is_inside, pour
from archive.rebuild import rebuild
from archive.verify import Round

_REMOTE = re.compile(r"(?:[\w.-]+@)?[\w.-]+:.+")
_LIST = "state/closed.jsonl"
_CHECKPOINT = "seals/log/checkpoint"
_REPLACED = (_CHECKPOINT, "reports/feed.json")
"""Files that are made again from others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a copy or a restore moved: files and bytes that were not there before, and files looked at in all."""

    place: str
    sent: int
    sent_bytes: int
    files: int


def copy(collection: Collection, place: str, progress: Told = lambda _done, _all: None) -> Copied:
    """Send what the copy at ``place`` lacks, and read back what arrived.

    ``place`` is a folder that is there (an unmounted disk is not), ``[user@]host:folder`` for rsync over ssh, or
    ``s3://bucket/prefix``.

    Raises:
        UsageError: ``place`` is no folder, or lies within the collection.
        IntegrityError: a file here, or what arrived, is not what it was when it was closed.
        StorageError: the other place refused.
    """
    root = collection.root
    target = _place(place, root)
    growing, names = _growing(collection), _closed_names(collection)
    closed = _digested(collection, names, progress)
    try:
        sent = target.send(root, closed, progress)
        target.extend(root, [*growing, _LIST] if closed and _LIST not in growing else growing)
    except OSError as error:
        where = error.filename or place
        raise StorageError(
            f"{where}: {error.strerror}", hint="What arrived whole stays; the next copy goes on from there."
        ) from None
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
    if any(not path.is_dir() for path in root.rglob("*")):
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
        check_file(root / one.path, one, place)
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
        pour(numbered[-1], root / _CHECKPOINT)


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


def _listed(collection: Collection) -> dict[str, Closed]:
    """What ``state/closed.jsonl`` says; the first line of a name counts."""
    found: dict[str, Closed] = {}
    for row in journal.entries(collection.root / _LIST):
        path, size, sha256 = row.get("path"), row.get("bytes"), row.get("sha256")
        if isinstance(path, str) and isinstance(size, int) and isinstance(sha256, str) and is_inside(path):
            found.setdefault(path, Closed(path=path, size=size, sha256=sha256))
    return found


def _digested(collection: Collection, names: list[str], progress: Told) -> list[Closed]:
    """Give size and digest of every closed file; what is new is added to the list."""
    known = _listed(collection)
    found: list[Closed] = []
    sizes = {name: (collection.root / name).stat().st_size for name in names}
    total, done = sum(sizes.values()), 0
    for name in names:
        if name not in known:
            one = Closed(path=name, size=sizes[name], sha256=digest_of(collection.root / name))
            now = datetime.now(UTC).isoformat(timespec="seconds")
            row = {"path": one.path, "bytes": one.size, "sha256": one.sha256, "time": now}
            journal.append(collection.root / _LIST, row)
            known[name] = one
        elif known[name].size != sizes[name]:
            raise changed(collection.root / name, "is not as long as when it was closed")
        found.append(known[name])
        done += sizes[name]
        progress(done, total)
    return found


def _place(place: str, root: Path) -> Place:
    if place.startswith(SCHEME):
        return bucket(place)
    if _REMOTE.fullmatch(place) and not Path(place).exists():
        return Remote(place)
    folder = Path(place).expanduser().resolve()
    if not folder.is_dir():
        raise UsageError(
            f"{place} is no folder", hint="Make it first; a disk that is not mounted would not be noticed else."
        )
    if folder == root.resolve() or folder.is_relative_to(root.resolve()) or root.resolve().is_relative_to(folder):
        raise UsageError(f"{place} lies within the archive, or the archive within it", hint="Name a folder elsewhere.")
    return Folder(folder)
