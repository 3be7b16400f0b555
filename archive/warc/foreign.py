"""Records of WARC and ARC files by any writer, read as far as they are sound.

WARC/1.1, 1.0, 0.18 and 0.17, ARC/1 and 2, gzip members or plain. What is wrong is told beside what could be read:
a record carries its ``faults``, bytes that are no record come as ``Unsound``. Nothing here raises over what a file
holds, and memory stays flat: of a block over ``MOST_BLOCK`` only its beginning is given, all of it is digested.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from isal import isal_zlib

MOST_BLOCK = 64 * 2**20
"""Bytes of a block that are held in memory; no page is as long."""
_MOST_HEADER = 1 << 20
_MOST_LINES = 1000
_CHUNK = 1 << 16
_LF_ALONE = "its header's lines end in LF alone"
_GZIP = b"\x1f\x8b\x08"
_VERSION = re.compile(rb"WARC/(\d\.\d+)[ \t\r]*\n")
_ARC = re.compile(rb"(?:[a-z][a-z0-9+.-]*:\S*) (\S*) (\d{8,14}) (.*?) ?(\d+)\r?\n", re.IGNORECASE)
_LENGTH = re.compile(r"\d{1,18}")
_HASHES = {"sha1": (20, hashlib.sha1), "sha256": (32, hashlib.sha256), "md5": (16, hashlib.md5)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignRecord:
    """One record: its place in the file, its named fields, its block (at most ``MOST_BLOCK``), what is wrong with it.

    ``version`` is like ``WARC/1.0`` or ``ARC``. ``size`` is the length of the whole block.
    """

    offset: int
    length: int
    version: str
    fields: tuple[tuple[str, str], ...]
    block: bytes
    size: int
    faults: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The WARC-Type, in lower case."""
        return (self.get("WARC-Type") or "").lower()

    def get(self, name: str) -> str | None:
        """Give the first field of that name, in whatever case."""
        wanted = name.lower()
        return next((value for found, value in self.fields if found.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsound:
    """A stretch of a file that is no record, and why."""

    offset: int
    length: int
    what: str


class NotChunkedError(Exception):
    """The file has several records in a gzip member, so that none can be read by its place."""


def foreign_records(file: BinaryIO, start: int = 0, end: int | None = None) -> Iterator[ForeignRecord | Unsound]:
    """Give what lies between two offsets of a file, in order; offsets are those of ``file``.

    Raises:
        NotChunkedError: a gzip member holds more than one record; unpack the file and read that.
        OSError: the disk refused.
    """
    file.seek(start)
    head = file.read(4)
    if head.startswith(_GZIP[:2]):
        yield from _members(file, start, end)
    else:
        yield from _plain(file, start, end)


def read_at(file: BinaryIO, offset: int, length: int) -> ForeignRecord | None:
    """Read the one record at a place; None where there is none.

    Raises:
        OSError: the disk refused.
    """
    try:
        found = next(foreign_records(file, offset, offset + length), None)
    except NotChunkedError:
        return None
    return found if isinstance(found, ForeignRecord) else None


# --- gzip ------------------------------------------------------------------------------------------


class _Text:
    """Text of one gzip member, or of a plain file from an offset on; ``position`` counts the bytes of the file."""

    def __init__(self, file: BinaryIO, offset: int, end: int | None, *, is_gzip: bool) -> None:
        self._file = file
        self._left = (1 << 62) if end is None else end - offset
        self.position = offset
        self._gzip = isal_zlib.decompressobj(31) if is_gzip else None
        self._text = b""
        self._fed = b""
        self.fault: str | None = None
        file.seek(offset)

    def peek(self, size: int) -> bytes:
        """Give up to ``size`` bytes without taking them; fewer only at the end."""
        while len(self._text) < size:
            more = self._more()
            if not more:
                break
            self._text += more
        return self._text[:size]

    def take(self, size: int) -> bytes:
        """Take up to ``size`` bytes, at least one where there are any."""
        data = self._text[:size] if self._text else self.peek(min(size, _CHUNK))
        self._text = self._text[len(data) :]
        if self._gzip is None:
            self.position += len(data)
        return data

    def drop(self, size: int) -> None:
        """Take ``size`` bytes."""
        while size and (data := self.take(size)):
            size -= len(data)

    def skip_blank(self) -> int:
        """Take line ends; give how many bytes."""
        taken = 0
        while self.peek(1) in {b"\r", b"\n"}:
            taken += len(self.take(1))
        return taken

    def _more(self) -> bytes:
        if self._gzip is None:
            data = self._file.read(min(_CHUNK, max(0, self._left)))
            self._left -= len(data)
            return data
        while not self._gzip.eof and self.fault is None:
            if not self._fed:
                self._fed = self._file.read(min(_CHUNK, max(0, self._left)))
                self._left -= len(self._fed)
                self.position += len(self._fed)
                if not self._fed:
                    self.fault = "its gzip member is cut off"
                    return b""
            try:
                text: bytes = self._gzip.decompress(self._fed, _CHUNK)
            except isal_zlib.error as error:  # type: ignore[misc]  # its stub takes the class for an instance
                self.fault = f"its gzip member is damaged ({error})"
                return b""
            self._fed = self._gzip.unconsumed_tail
            if text:
                return text
        return b""

    def end(self) -> int:
        """Give the file offset behind the gzip member, once all its text was taken."""
        unused = len(self._gzip.unused_data) if self._gzip is not None and self._gzip.eof else len(self._fed)
        return self.position - unused


def _members(file: BinaryIO, start: int, end: int | None) -> Iterator[ForeignRecord | Unsound]:
    offset = start
    size = _size(file) if end is None else end
    is_arc = False
    while offset < size:
        text = _Text(file, offset, size, is_gzip=True)
        text.skip_blank()
        found = _record(text, is_arc=is_arc)
        if isinstance(found, ForeignRecord):
            is_arc = found.version == "ARC"
            found = _alone(text, found)
        text.drop(1 << 62)
        following = text.end() if text.fault is None else _next_member(file, offset + 1, size)
        if isinstance(found, ForeignRecord):
            if text.fault is not None and not any("cut off" in fault for fault in found.faults):
                found = _with_fault(found, text.fault)
            yield _placed(found, offset, following - offset)
        elif found or text.fault is not None:
            yield Unsound(offset=offset, length=following - offset, what=found or text.fault or "")
        offset = following


def _alone(text: _Text, record: ForeignRecord) -> ForeignRecord:
    """See that nothing stands behind a record in its gzip member.

    Raises:
        NotChunkedError: another record does.
    """
    text.skip_blank()
    rest = text.peek(4096)
    if rest.startswith(b"WARC/") or (record.version == "ARC" and _ARC.match(rest)):
        raise NotChunkedError
    return _with_fault(record, "bytes stand behind its block") if rest else record


def _next_member(file: BinaryIO, offset: int, size: int) -> int:
    """Find where the next gzip member that holds a record begins; the file's end where none does."""
    overlap = b""
    while offset < size:
        file.seek(offset)
        data = overlap + file.read(min(_CHUNK, size - offset))
        base = offset - len(overlap)
        at = data.find(_GZIP)
        while at >= 0:
            text = _Text(file, base + at, size, is_gzip=True)
            if text.peek(5) == b"WARC/" or _ARC.match(text.peek(4096)):
                return base + at
            at = data.find(_GZIP, at + 1)
        offset = base + len(data)
        overlap = data[-2:]
    return size


# --- plain -----------------------------------------------------------------------------------------


def _plain(file: BinaryIO, start: int, end: int | None) -> Iterator[ForeignRecord | Unsound]:
    text = _Text(file, start, end, is_gzip=False)
    is_arc = False
    while True:
        text.skip_blank()
        offset = text.position
        if not text.peek(1):
            return
        found = _record(text, is_arc=is_arc)
        if isinstance(found, ForeignRecord):
            is_arc = found.version == "ARC"
            # A block that is longer than its record says is no reason to lose the next one.
            text.skip_blank()
            yield _placed(found, offset, text.position - offset)
            continue
        _resync(text)
        if text.position == offset:
            text.take(1)
            _resync(text)
        yield Unsound(offset=offset, length=text.position - offset, what=found or "no WARC or ARC record")


def _resync(text: _Text) -> None:
    """Go to the next line that begins a WARC record."""
    while window := text.peek(_CHUNK):
        at = window.find(b"\nWARC/")
        if at >= 0:
            text.drop(at + 1)
            return
        text.drop(max(1, len(window) - 6))


# --- one record ------------------------------------------------------------------------------------


def _record(text: _Text, *, is_arc: bool) -> ForeignRecord | str:
    """Read a record; why there is none, as words, or ``""`` where there is nothing."""
    first = _line(text)
    if not first:
        return ""
    version = _VERSION.fullmatch(first)
    if version is not None:
        odd = () if first.endswith(b"\r\n") and not first.endswith(b"\r\r\n") else (f"its first line is {first!r}",)
        return _warc(text, version[1].decode("ascii"), list(odd))
    arc = _ARC.fullmatch(first)
    if arc is not None and (is_arc or first.lower().startswith(b"filedesc:") or first.lower().startswith(b"http")):
        return _arc(text, first, arc)
    return f"it begins with {first[:40]!r}, which is no WARC or ARC record"


def _line(text: _Text, most: int = 1 << 16) -> bytes:
    window = text.peek(4096)
    at = window.find(b"\n")
    if at < 0:
        window = text.peek(most)
        at = window.find(b"\n")
    wanted = (at + 1) if at >= 0 else len(window)
    line = b""
    while len(line) < wanted:
        line += text.take(wanted - len(line))
    return line


def _warc(text: _Text, version: str, faults: list[str]) -> ForeignRecord | str:
    fields: list[tuple[str, str]] = []
    problem = _fields(text, fields, faults)
    if problem:
        return problem
    if version not in {"1.0", "1.1"}:
        faults.append(f"it is of version {version}")
    length = next((value for name, value in fields if name.lower() == "content-length"), "")
    if not _LENGTH.fullmatch(length):
        return f"its Content-Length is {length!r}"
    return _block(text, f"WARC/{version}", fields, int(length), faults)


def _fields(text: _Text, fields: list[tuple[str, str]], faults: list[str]) -> str | None:
    """Read a header's lines up to the empty one; what is so wrong that it is none, as words."""
    size = 0
    for _ in range(_MOST_LINES):
        line = _line(text)
        size += len(line)
        if size > _MOST_HEADER:
            return "its header is over 1 MiB"
        if line.strip(b"\r\n"):
            _add_field(line, fields, faults)
        elif line and not _names(fields) and _looks_like_field(text.peek(64)):
            faults.append("its header is split by an empty line")
        else:
            return None
    return "its header has over 1,000 lines"


def _add_field(line: bytes, fields: list[tuple[str, str]], faults: list[str]) -> None:
    bare = line.rstrip(b"\r\n")
    if not line.endswith(b"\r\n") and _LF_ALONE not in faults:
        faults.append(_LF_ALONE)
    name, colon, value = bare.partition(b":")
    if bare[:1] in {b" ", b"\t"} and fields:
        fields[-1] = (fields[-1][0], f"{fields[-1][1]} {_words(bare)}")
    elif colon:
        fields.append((_words(name), _words(value)))
    else:
        faults.append(f"its header has a line that is no field: {bare[:40]!r}")


def _names(fields: list[tuple[str, str]]) -> bool:
    """Whether the header has all that a record needs."""
    return {"content-length", "warc-type"} <= {name.lower() for name, _ in fields}


def _looks_like_field(data: bytes) -> bool:
    return re.match(rb"(?:WARC-|Content-)[A-Za-z-]+:", data) is not None


def _arc(text: _Text, first: bytes, found: re.Match[bytes]) -> ForeignRecord | str:
    url = _words(first.split(b" ", 1)[0])
    address, date, kind, length = (_words(part) for part in found.groups())
    when = date.ljust(14, "0")
    time = f"{when[:4]}-{when[4:6]}-{when[6:8]}T{when[8:10]}:{when[10:12]}:{when[12:14]}Z"
    is_http = url.lower().startswith(("http:", "https:"))
    is_info = url.lower().startswith("filedesc:")
    fields = [("WARC-Type", "warcinfo" if is_info else "response" if is_http else "resource"), ("WARC-Date", time)]
    fields += [] if is_info else [("WARC-Target-URI", url), ("WARC-IP-Address", address)]
    fields += [("Content-Type", "application/http; msgtype=response" if is_http else kind), ("Content-Length", length)]
    return _block(text, "ARC", fields, int(length), [])


def _block(text: _Text, version: str, fields: list[tuple[str, str]], size: int, faults: list[str]) -> ForeignRecord:
    stated = next((value for name, value in fields if name.lower() == "warc-block-digest"), "")
    digest = _hasher(stated)
    parts: list[bytes] = []
    read = kept = 0
    while read < size and (data := text.take(min(_CHUNK, size - read))):
        read += len(data)
        if digest is not None:
            digest.update(data)
        if kept < MOST_BLOCK:
            parts.append(data)
            kept += len(data)
    if read < size:
        faults.append(f"its block is cut off: {read} bytes of {size}")
    elif digest is not None and not same_digest(stated, digest.digest()):
        faults.append("its block is not what its block digest says")
    return ForeignRecord(
        offset=0,
        length=0,
        version=version,
        fields=tuple(fields),
        block=b"".join(parts),
        size=read,
        faults=tuple(faults),
    )


def _hasher(stated: str) -> "hashlib._Hash | None":
    known = _HASHES.get(stated.partition(":")[0].lower().replace("-", ""))
    return known[1](usedforsecurity=False) if known else None


def same_digest(stated: str, digest: bytes) -> bool:
    """Compare a digest with ``algorithm:value``, in base 32 or base 16; what cannot be read is another one."""
    value = stated.partition(":")[2].strip()
    if value.lower() == digest.hex():
        return True
    try:
        return base64.b32decode(value.upper() + "=" * (-len(value) % 8)) == digest
    except (binascii.Error, ValueError):
        return False


def payload_matches(stated: str, *candidates: bytes) -> bool | None:
    """Tell whether a stated payload digest is that of one of the candidates; None where it cannot be told."""
    found = [hasher for _ in candidates if (hasher := _hasher(stated)) is not None]
    for hasher, data in zip(found, candidates, strict=False):
        hasher.update(data)
        if same_digest(stated, hasher.digest()):
            return True
    return False if found else None


def _words(value: bytes) -> str:
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()


def _with_fault(record: ForeignRecord, fault: str) -> ForeignRecord:
    return replace(record, faults=(*record.faults, fault))


def _placed(record: ForeignRecord, offset: int, length: int) -> ForeignRecord:
    return replace(record, offset=offset, length=length)


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)
