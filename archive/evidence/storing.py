"""How evidence comes to disk: whole files or none, whole lines or none, durable when the call returns."""

import os
from pathlib import Path

from archive.durable import sync_folder
from archive.errors import NO_SPACE, DiskFullError, StorageError


def write_whole(path: Path, data: bytes, *, mode: int = 0o444) -> None:
    """Write a file under a scratch name, make it durable, then give it its name; a former file is replaced.

    Raises:
        DiskFullError: no space is left; a former file is as it was.
        StorageError: the disk refused; the same holds.
    """
    scratch = path.with_name(f".{path.name}.new")
    try:
        scratch.unlink(missing_ok=True)
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            _write(handle, data)
            os.fchmod(handle, mode)
            os.fsync(handle)
        finally:
            os.close(handle)
        scratch.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise refused(path, error) from error


def append_line(path: Path, line: bytes, *, after: int) -> None:
    """Append a line to a file whose whole lines end at ``after``; what a crash left behind them is cut.

    Raises:
        DiskFullError: no space is left; the file is as it was.
        StorageError: the disk refused; the same holds.
    """
    try:
        is_new = not path.exists()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            if os.fstat(handle).st_size != after:
                os.ftruncate(handle, after)
            os.lseek(handle, after, os.SEEK_SET)
            try:
                _write(handle, line)
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, after)
                raise
        finally:
            os.close(handle)
        if is_new:
            sync_folder(path.parent)
    except OSError as error:
        raise refused(path, error) from error


def refused(path: Path, error: OSError) -> StorageError:
    """Say which file the disk refused."""
    if error.errno in NO_SPACE:
        return DiskFullError(
            f"no space is left for {path.name}", hint="Free some space; `vigil seal` finishes the rest."
        )
    return StorageError(f"{path}: {error.strerror}", hint="`vigil seal` finishes the rest once the disk obeys.")


def _write(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
