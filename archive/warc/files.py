"""One WARC file being written: whole records or nothing, and no file is closed unread."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from archive.durable import sync_folder
from archive.errors import NO_SPACE, DamagedRecordError, DiskFullError, IntegrityError, StorageError
from archive.model import RecordRef
from archive.warc.framing import Member, check_of
from archive.warc.names import INVALID, closed_name
from archive.warc.reader import walk


class OpenFile:
    """A ``.open`` file that is appended to until it is closed, read back, and made read-only."""

    def __init__(self, path: Path) -> None:
        """Create the file.

        Raises:
            DiskFullError: no space is left.
            StorageError: the disk refused, or the file exists.
        """
        self.path = path
        self.name = closed_name(path)
        self.size = 0
        self.records = 0
        self._written = hashlib.sha256()
        self._is_torn = False
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            self._handle = os.open(path, flags, 0o644)
        except OSError as error:
            raise refused(path, error) from error
        try:
            sync_folder(path.parent)
        except OSError as error:
            self.discard()
            raise refused(path, error) from error

    def append(self, members: Sequence[Member]) -> tuple[RecordRef, ...]:
        """Write records, all or none.

        Raises:
            DiskFullError: no space is left; the file is as it was before.
            StorageError: the disk refused; the file is as it was before, or takes nothing more.
        """
        if self._is_torn:
            raise StorageError(f"{self.path.name} takes no more records since the disk refused it", hint=_RECOVERS)
        data = b"".join(member.data for member in members)
        try:
            write_all(self._handle, data)
        except OSError as error:
            self._take_back()
            raise refused(self.path, error) from error
        refs = []
        for member in members:
            length = len(member.data)
            refs.append(RecordRef(file=self.name, offset=self.size, length=length, record_id=member.record_id))
            self.size += length
            self.records += 1
            self._written.update(member.check)
        return tuple(refs)

    def sync(self) -> None:
        """Wait until the disk holds every record.

        Raises:
            DiskFullError: no space is left; what was not synced yet is in doubt and the file takes nothing more.
            StorageError: the disk refused; the same holds.
        """
        try:
            os.fdatasync(self._handle)
        except OSError as error:
            self._is_torn = True
            raise refused(self.path, error) from error

    def close(self) -> Path:
        """Read every record back from disk, then give the file its name and make it read-only.

        Raises:
            IntegrityError: what lies on disk is not what was written; the file is kept as ``.invalid``.
            StorageError: the disk refused; the file stays ``.open`` for ``recover``.
        """
        try:
            self.sync()
            os.posix_fadvise(self._handle, 0, 0, os.POSIX_FADV_DONTNEED)  # so that the disk is read, not the cache
            self._read_back()
            return settle(self.path, self._handle)
        except OSError as error:
            raise refused(self.path, error) from error
        finally:
            os.close(self._handle)

    def discard(self) -> None:
        """Close and remove a file that holds no whole record."""
        os.close(self._handle)
        self.path.unlink()

    def _read_back(self) -> None:
        read = hashlib.sha256()
        problem = None
        try:
            for record in walk(self.path):
                read.update(check_of(record.header, record.check()))
        except DamagedRecordError as error:
            problem = str(error)
        if problem is None and read.digest() == self._written.digest():
            return
        invalid = self.path.with_name(self.name + INVALID)
        self.path.rename(invalid)
        raise IntegrityError(
            f"{self.name} does not read back as it was written: {problem or 'other records lie there'}",
            hint=f"Check disk and memory; the file is kept as {invalid.name}, the next run asks again.",
        )

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._handle, self.size)
        except OSError:
            self._is_torn = True


_RECOVERS = "Free some space; the next run closes the file and goes on."


def settle(path: Path, handle: int) -> Path:
    """Make a checked ``.open`` file durable, read-only and known by its lasting name."""
    closed = path.with_name(closed_name(path))
    if closed.exists():
        raise IntegrityError(f"{closed.name} exists already", hint="Two writers were at work; keep both files and ask.")
    os.fchmod(handle, 0o444)
    os.fsync(handle)
    path.rename(closed)
    sync_folder(closed.parent)
    return closed


def write_all(handle: int, data: bytes) -> None:
    """Write ``data`` to its end, however short the single writes come."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def refused(path: Path, error: OSError) -> StorageError:
    """Make the error that says why the disk refused."""
    kind = DiskFullError if error.errno in NO_SPACE else StorageError
    return kind(f"{path.name} cannot be written: {error.strerror}", hint=_RECOVERS)
