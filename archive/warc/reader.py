"""Records read back: one by its place, or all of a file in order."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

from archive.collection import Collection
from archive.errors import DamagedRecordError, NotFoundError, StorageError
from archive.model import RecordRef, Sha256, sha256_of
from archive.warc.names import closed_name, path_of
from archive.warc.notes import parse_warc_date

_CHUNK = 1 << 16
_MOST_HEADER = 1 << 20
_MOST_BLOCK = 1 << 30
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_HINT = "Run `vigil verify`; it names every damaged record. Restore the file from a copy."


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One WARC record: where it lies, its header as it stands in the file, its named fields, and its block."""

    ref: RecordRef
    header: bytes
    fields: tuple[tuple[str, str], ...]
    block: bytes

    @property
    def type(self) -> str:
        """The WARC-Type, ``""`` where it is missing."""
        return self.get("WARC-Type") or ""

    @property
    def end(self) -> int:
        """The offset of the next record."""
        return self.ref.offset + self.ref.length

    @property
    def where(self) -> str:
        """File and offset, for messages."""
        return f"{self.ref.file}, offset {self.ref.offset}"

    @property
    def time(self) -> datetime:
        """The WARC-Date, aware UTC.

        Raises:
            DamagedRecordError: it is missing or no date.
        """
        try:
            return parse_warc_date(self.get("WARC-Date") or "")
        except ValueError:
            raise damaged(self.ref.file, self.ref.offset, "its WARC-Date is no date") from None

    def get(self, name: str) -> str | None:
        """Give the first field of that name, in whatever case."""
        wanted = name.lower()
        return next((value for found, value in self.fields if found.lower() == wanted), None)

    def check(self) -> Sha256:
        """Compare the block with its digest, and give that.

        Raises:
            DamagedRecordError: they differ, or the record has no SHA-256 block digest.
        """
        stated = self.get("WARC-Block-Digest") or ""
        digest = sha256_of(self.block)
        if stated != f"sha256:{digest}":
            raise damaged(self.ref.file, self.ref.offset, f"its block is not what its digest says ({stated or 'none'})")
        return digest


def damaged(file: str, offset: int, what: str) -> DamagedRecordError:
    """Make the error that names file and offset."""
    return DamagedRecordError(f"{file}, offset {offset}: the record cannot be trusted: {what}", hint=_HINT)


def read_record(collection: Collection, ref: RecordRef) -> Record:
    """Read the one record at ``ref``, digest checked.

    Raises:
        NotFoundError: its file is not there.
        DamagedRecordError: another record or none lies there, or its bytes fail its digest.
        StorageError: the disk refused.
    """
    path = path_of(collection, ref.file)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFoundError(f"the WARC file {ref.file} is not in the archive", hint=_HINT) from None
    except OSError as error:
        raise StorageError(f"{ref.file} cannot be read: {error.strerror}") from error
    try:
        data = os.pread(handle, ref.length, ref.offset)
    except OSError as error:
        raise StorageError(f"{ref.file} cannot be read: {error.strerror}") from error
    finally:
        os.close(handle)
    record, rest = _read(ref.file, ref.offset, data, bytes)
    if rest or record.ref != ref:
        raise damaged(ref.file, ref.offset, f"another record lies there than {ref.record_id}")
    record.check()
    return record


def read_member(name: str, data: bytes) -> Record:
    """Read the one record that ``data``, a gzip member by itself, holds; ``name`` is told in errors.

    Raises:
        DamagedRecordError: it holds none, or more than one, or its bytes fail its digest.
    """
    record, rest = _read(name, 0, data, bytes)
    if rest:
        raise damaged(name, 0, "more than one record lies there")
    record.check()
    return record


def walk(path: Path, start: int = 0) -> Iterator[Record]:
    """Give the records of a file in order, from the offset ``start`` of one; digests are not checked.

    Any file may be given: what is no WARC with a gzip member for each record raises.

    Raises:
        DamagedRecordError: a record cannot be read, with its offset; also for one that is cut off at the end.
        StorageError: the disk refused.
    """
    return (record for record, _ in members(path, start))


def members(path: Path, start: int = 0) -> Iterator[tuple[Record, bytes]]:
    """Give every record with the bytes of its gzip member, in one reading; see ``walk``."""
    name = closed_name(path)
    try:
        with path.open("rb") as file:
            offset = file.seek(start)
            rest = file.read(_CHUNK)
            while rest:
                pieces = [rest]
                record, rest = _read(name, offset, rest, partial(_more, file, pieces))
                yield record, b"".join(pieces)[: record.ref.length]
                offset = record.end
                rest = rest or file.read(_CHUNK)
    except OSError as error:
        raise StorageError(f"{path.name} cannot be read: {error.strerror}") from error


def _more(file: BinaryIO, pieces: list[bytes]) -> bytes:
    pieces.append(file.read(_CHUNK))
    return pieces[-1]


def _read(file: str, offset: int, data: bytes, more: Callable[[], bytes]) -> tuple[Record, bytes]:
    """Read the gzip member that ``data`` begins with; ``more`` gives what follows, ``b""`` at the file's end.

    Returns the bytes behind the member, too.
    """
    member = _Member(file, offset, data, more)
    text = member.take(_MOST_HEADER)
    mark = _HEADER_END.search(text)
    if mark is None:
        raise damaged(file, offset, "it has no whole header")
    fields = _parse(file, offset, text[: mark.start()])
    length = next((value for name, value in fields if name.lower() == "content-length"), "")
    if not re.fullmatch(r"\d{1,15}", length) or int(length) > _MOST_BLOCK:
        raise damaged(file, offset, f"its Content-Length is {length!r}")
    end = mark.end() + int(length)
    text += member.take(max(0, end + 4 - len(text)))
    if len(text) < end:
        raise damaged(file, offset, "its block is cut off")
    rest = member.finish()
    if text[end:].strip(b"\r\n"):
        raise damaged(file, offset, "more than one record lies in its gzip member")
    record_id = next((value for name, value in fields if name.lower() == "warc-record-id"), "")
    ref = RecordRef(file=file, offset=offset, length=member.consumed - len(rest), record_id=record_id)
    return Record(ref=ref, header=text[: mark.end()], fields=fields, block=text[mark.end() : end]), rest


def _parse(file: str, offset: int, header: bytes) -> tuple[tuple[str, str], ...]:
    first, *lines = header.decode("utf-8", "replace").split("\n")
    if not first.startswith("WARC/"):
        raise damaged(file, offset, "it does not begin as a WARC record")
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and fields:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}".strip())
            continue
        name, colon, value = line.partition(":")
        if colon:
            fields.append((name.strip(), value.strip()))
    return tuple(fields)


class _Member:
    """Decompresses one gzip member, never more than asked for."""

    def __init__(self, file: str, offset: int, data: bytes, more: Callable[[], bytes]) -> None:
        self._file = file
        self._offset = offset
        self._more = more
        self._gzip = isal_zlib.decompressobj(31)
        self._fed = data
        self.consumed = len(data)

    def take(self, most: int) -> bytes:
        """Give up to ``most`` further bytes; fewer only where the member ends."""
        parts: list[bytes] = []
        while most > 0 and not self._gzip.eof:
            if not self._fed:
                self._fed = self._more()
                self.consumed += len(self._fed)
                if not self._fed:
                    raise damaged(self._file, self._offset, "its gzip member is cut off")
            part = self._decompress(most)
            parts.append(part)
            most -= len(part)
        return b"".join(parts)

    def finish(self) -> bytes:
        """Read to the member's end, where its checksum lies; give the bytes behind it."""
        if self.take(1):
            raise damaged(self._file, self._offset, "more than one record lies in its gzip member")
        rest: bytes = self._gzip.unused_data
        return rest

    def _decompress(self, most: int) -> bytes:
        try:
            part: bytes = self._gzip.decompress(self._fed, most)
        except isal_zlib.error as error:  # type: ignore[misc]  # its stub takes the class for an instance
            raise damaged(self._file, self._offset, f"its gzip member is damaged ({error})") from None
        self._fed = self._gzip.unconsumed_tail
        return part
