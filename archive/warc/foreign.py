"""Records of WARC and ARC files by any writer, read as far as they are sound.

WARC/1.1, 1.0, 0.18 and 0.17, ARC/1 and 2, gzip members or plain. What is wrong is told beside what could be read:
a record carries its ``faults``, bytes that are no record come as ``Unsound``. Nothing here raises over what a file
holds, and memory stays flat: of a block over ``MOST_BLOCK`` only its beginning is given, all of it is digested.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from archive.warc.digests import hasher, same_digest
from archive.warc.texts import CHUNK, Text

MOST_BLOCK = 64 * 2**20
"""Bytes of a block that are held in memory; no page is as long."""
_MOST_HEADER = 1 << 20
_MOST_LINES = 1000
_LF_ALONE = "its header's lines end in LF alone"
_GZIP = b"\x1f\x8b\x08"
_VERSION = re.compile(rb"WARC/(\d\.\d+)[ \t\r]*\n")
_ARC = re.compile(rb"(?:[a-z][a-z0-9+.-]*:\S*) (\S*) (\d{8,14}) (.*?) ?(\d+)\r?\n", re.IGNORECASE)
_LENGTH = re.compile(r"\d{1,18}")


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


def _members(file: BinaryIO, start: int, end: int | None) -> Iterator[ForeignRecord | Unsound]:
    offset = start
    size = _size(file) if end is None else end
    is_arc = False
    while offset < size:
        text = Text(file, offset, size, is_gzip=True)
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


def _alone(text: Text, record: ForeignRecord) -> ForeignRecord:
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
        data = overlap + file.read(min(CHUNK, size - offset))
        base = offset - len(overlap)
        at = data.find(_GZIP)
        while at >= 0:
            text = Text(file, base + at, size, is_gzip=True)
            if text.peek(5) == b"WARC/" or _ARC.match(text.peek(4096)):
                return base + at
            at = data.find(_GZIP, at + 1)
        offset = base + len(data)
        overlap = data[-2:]
    return size


# --- plain -----------------------------------------------------------------------------------------


def _plain(file: BinaryIO, start: int, end: int | None) -> Iterator[ForeignRecord | Unsound]:
    text = Text(file, start, end, is_gzip=False)
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


def _resync(text: Text) -> None:
    """Go to the next line that begins a WARC record."""
    while window := text.peek(CHUNK):
        at = window.find(b"\nWARC/")
        if at >= 0:
            text.drop(at + 1)
            return
        text.drop(max(1, len(window) - 6))


# --- one record ------------------------------------------------------------------------------------


def _record(text: Text, *, is_arc: bool) -> ForeignRecord | str:
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


def _line(text: Text, most: int = 1 << 16) -> bytes:
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


def _warc(text: Text, version: str, faults: list[str]) -> ForeignRecord | str:
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


def _fields(text: Text, fields: list[tuple[str, str]], faults: list[str]) -> str | None:
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


def _arc(text: Text, first: bytes, found: re.Match[bytes]) -> ForeignRecord | str:
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


def _block(text: Text, version: str, fields: list[tuple[str, str]], size: int, faults: list[str]) -> ForeignRecord:
    stated = next((value for name, value in fields if name.lower() == "warc-block-digest"), "")
    digest = hasher(stated)
    parts: list[bytes] = []
    read = kept = 0
    while read < size and (data := text.take(min(CHUNK, size - read))):
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
