"""Where things lie in a collection folder, and who may write there."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.errors import LockedError


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection folder, laid out so that wb-manager, wacz and Browsertrix tools accept it."""

    root: Path

    @property
    def warcs(self) -> Path:
        """Folder of the WARC files."""
        return self.root / "archive"

    @property
    def imports(self) -> Path:
        """Folder of files that others made, kept byte for byte."""
        return self.warcs / "imports"

    @property
    def indexes(self) -> Path:
        """Folder of the CDXJ indexes, one for each WARC file; replay software reads them."""
        return self.root / "indexes"

    @property
    def reports(self) -> Path:
        """Folder of the run reports."""
        return self.root / "reports"

    @property
    def logs(self) -> Path:
        """Folder of the logs, the write-ahead lines among them."""
        return self.root / "logs"

    @property
    def state(self) -> Path:
        """Folder of what belongs to no run, append-only."""
        return self.root / "state"

    @property
    def database(self) -> Path:
        """The index: a finding aid, made again from the WARC files by ``vigil rebuild``."""
        return self.root / "archive.db"

    def create(self) -> None:
        """Make the folders that are missing."""
        for name in ("archive", "indexes", "pages", "seals", "reports", "logs", "state"):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self, who: str) -> Iterator[None]:
        """Hold the collection for one writer; ``who`` is shown to a second one.

        Raises:
            LockedError: another process holds it.
        """
        hint = "Wait until it has ended; one collection has one writer at a time."
        with self._held("lock", who, "written", hint):
            yield

    @contextmanager
    def watched(self, who: str) -> Iterator[None]:
        """Hold the collection for one schedule: two would ask the site twice a night.

        Raises:
            LockedError: another process holds it.
        """
        with self._held("schedule.lock", who, "watched", "One schedule is enough; end the other one first."):
            yield

    @contextmanager
    def _held(self, name: str, who: str, what: str, hint: str) -> Iterator[None]:
        self.create()
        handle = os.open(self.state / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = os.pread(handle, 200, 0).decode(errors="replace").strip() or "an unknown process"
                raise LockedError(f"the collection {self.root} is being {what} by {holder}", hint=hint) from None
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{who}, process {os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(handle)
