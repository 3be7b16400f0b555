"""What a crash left in the WARC folder is made whole, and what it lost is named."""

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from archive.collection import Collection
from archive.durable import sync_folder
from archive.errors import DamagedRecordError, StorageError
from archive.warc.files import refused, settle, write_all
from archive.warc.groups import LaidExchange, RunEnded, groups
from archive.warc.names import OPEN, closed_name, warc_files
from archive.warc.notes import Notes, warc_date
from archive.warc.reader import Record, walk

ASKED = ".asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A request that was sent but whose exchange was never laid down."""

    sequence: int
    url: str
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What was found after a crash and what was done about it.

    ``file`` is the WARC file's closed name, ``None`` where only lost requests are told of. ``cut_bytes`` were taken off
    its end; they are kept in ``kept_as`` within ``logs`` where the disk had room. ``is_removed`` when the file held no
    whole unit: a warcinfo record alone tells nothing.
    """

    run: str | None
    file: str | None = None
    cut_bytes: int = 0
    kept_as: str | None = None
    is_removed: bool = False
    lost: tuple[Lost, ...] = ()

    def __str__(self) -> str:
        """Tell it in one sentence."""
        lost = ", ".join(f"{one.sequence} {one.url}" for one in self.lost)
        asked = f"asked but never laid down: {lost}" if self.lost else "nothing that was asked is missing"
        if self.file is None:
            return f"Run {self.run} broke off; {asked}."
        if self.is_removed:
            return f"{self.file} held nothing of a run yet and was removed ({self.cut_bytes} bytes)."
        return (
            f"{self.file} was left open by a crash; {self.cut_bytes} bytes of an unfinished exchange were cut; {asked}."
        )


class AskedLog:
    """Says, before each request is sent, that it will be; so a crash can name what it lost.

    One JSON line for each request, in ``logs/RUN.asked``, in the kernel's hands before ``ask`` returns;
    ``count`` is how many.
    """

    def __init__(self, collection: Collection, run: str) -> None:
        """Open the run's log.

        Raises:
            StorageError: the disk refused.
        """
        self._path = collection.logs / f"{run}{ASKED}"
        self._is_closed = False
        self.count = 0
        self._size = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            self._handle = os.open(self._path, flags, 0o644)
        except OSError as error:
            raise refused(self._path, error) from error

    def ask(self, sequence: int, url: str, time: datetime) -> None:
        """Write down that a request is about to be sent.

        Raises:
            DiskFullError: no space is left; the request must not be sent.
            StorageError: the disk refused; the same holds.
        """
        if self._is_closed:
            raise StorageError(f"{self._path.name} is closed: the run has ended", hint="Ask nothing after the end.")
        line = json.dumps({"sequence": sequence, "url": url, "time": warc_date(time)}).encode("ascii") + b"\n"
        try:
            write_all(self._handle, line)
        except OSError as error:
            with suppress(OSError):  # what was written of it would garble the next line
                os.ftruncate(self._handle, self._size)
            raise refused(self._path, error) from error
        self._size += len(line)
        self.count += 1

    def close(self, *, is_settled: bool) -> None:
        """Close the log; remove it when the run's files are closed and tell everything themselves."""
        self._is_closed = True
        os.close(self._handle)
        if is_settled:
            self._path.unlink()


def recover(collection: Collection) -> tuple[Recovery, ...]:
    """Close what a crash left open: cut at the last whole exchange, checked, renamed, read-only.

    For the holder of the collection's lock. Then every request that an unsettled run asked and no record answers is
    named; its log becomes ``logs/RUN.recovered``. A second call finds nothing more to do.

    Raises:
        StorageError: the disk refused.
        IntegrityError: a closed file of the same name exists.
    """
    collection.create()
    found = [_close(collection, path) for path in warc_files(collection) if path.name.endswith(OPEN)]
    for log in sorted(collection.logs.glob(f"*{ASKED}")):
        run = log.name.removesuffix(ASKED)
        asked = _asked(log)
        laid, has_ended = _laid(collection, run)
        lost = tuple(one for sequence, one in sorted(asked.items()) if sequence not in laid)
        if lost or not has_ended:
            last = max((at for at, one in enumerate(found) if one.run == run), default=None)
            if last is None:
                found.append(Recovery(run=run, lost=lost))
            else:
                found[last] = replace(found[last], lost=lost)
        log.rename(log.with_suffix(".recovered"))
    return tuple(found)


def _close(collection: Collection, path: Path) -> Recovery:
    name = closed_name(path)
    try:
        path.chmod(0o644)  # a crash may have come between the change of mode and the rename
        end, run = _last_whole(path)
        cut = path.stat().st_size - end
        kept_as = _keep_tail(collection, path, end) if cut else None
        if end == 0:
            path.unlink()
            sync_folder(path.parent)
            return Recovery(run=None, file=name, cut_bytes=cut, kept_as=kept_as, is_removed=True)
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.ftruncate(handle, end)
            settle(path, handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise refused(path, error) from error
    return Recovery(run=run, file=name, cut_bytes=cut, kept_as=kept_as)


def _last_whole(path: Path) -> tuple[int, str | None]:
    """Find where the last whole unit ends, every digest checked up to there, and which run wrote the file."""
    end, run = 0, None
    try:
        for record in walk(path):
            record.check()
            if record.type == "warcinfo":
                run = Notes.from_block(record.block, record.where).get("vigil-run")
            if _ends_unit(record):
                end = record.end
    except DamagedRecordError:
        pass
    return end, run


def _ends_unit(record: Record) -> bool:
    uri = record.get("WARC-Target-URI") or ""
    return record.type == "metadata" or uri.startswith("urn:vigil:run:")


def _keep_tail(collection: Collection, path: Path, start: int) -> str | None:
    """Put what is cut off beside the archive, where the disk has room: they are bytes that came."""
    kept = collection.logs / f"{closed_name(path)}.torn"
    try:
        with path.open("rb") as file, kept.open("wb") as out:
            file.seek(start)
            shutil.copyfileobj(file, out)
    except OSError:
        kept.unlink(missing_ok=True)
        return None
    return kept.name


def _asked(log: Path) -> dict[int, Lost]:
    """Read the requests that were announced; a last line that the crash cut off is passed over."""
    asked = {}
    for line in log.read_bytes().split(b"\n")[:-1]:
        try:
            facts = json.loads(line)
            one = Lost(sequence=int(facts["sequence"]), url=str(facts["url"]), time=str(facts["time"]))
        except (ValueError, KeyError, TypeError):
            continue
        asked[one.sequence] = one
    return asked


def _laid(collection: Collection, run: str) -> tuple[set[int], bool]:
    """Give the sequences that a run laid down, and whether it laid down its end."""
    sequences, has_ended = set(), False
    for path in warc_files(collection):
        try:
            first = next(walk(path), None)
            if first is None or Notes.from_block(first.block, first.where).get("vigil-run") != run:
                continue
            for unit in groups(path):
                if isinstance(unit, LaidExchange):
                    sequences.add(unit.capture.sequence)
                has_ended = has_ended or isinstance(unit, RunEnded)
        except DamagedRecordError:
            continue
    return sequences, has_ended
