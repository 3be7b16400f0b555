"""A ZIP that strangers made, read in place: names judged, sizes limited, nothing unpacked.

Names with path tricks, links, folders, encrypted and doubled members are no members, but ``odd``, with the reason.
"""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from archive.errors import IntegrityError, StorageError

MOST_MEMBERS = 100_000
MOST_RATIO = 1_000
"""A deflated member that grows more than this is a bomb; of real text, a tenth of that is much."""
_CHUNK = 1 << 20
_NAME = re.compile(r"(?![A-Za-z]:)[^\0-\x1f\x7f\\]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member: its name, its true size, and where its bytes begin in the ZIP when they are stored, not deflated."""

    name: str
    size: int
    start: int
    is_stored: bool


@dataclass(slots=True)
class Zipped:
    """An open ZIP: its members by name, and what was odd about it, in words."""

    members: dict[str, Member]
    odd: tuple[str, ...]
    _zip: zipfile.ZipFile
    _file: IO[bytes]

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give a member's bytes, piece by piece, at most as many as it says it has; its checksum is compared.

        Raises:
            IntegrityError: it cannot be read whole.
        """
        member = self.members[name]
        left = member.size
        try:
            with self._zip.open(name) as opened:
                while data := opened.read(_CHUNK):
                    left -= len(data)
                    if left < 0:
                        raise _unreadable(name, "it is larger than the ZIP says")
                    yield data
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
            raise _unreadable(name, str(error)) from None
        except Exception as error:
            if type(error).__module__ == "zlib":
                raise _unreadable(name, str(error)) from None
            raise
        if left:
            raise _unreadable(name, "it is shorter than the ZIP says")

    def read(self, name: str, limit: int) -> bytes:
        """Give a member's bytes.

        Raises:
            IntegrityError: it is over ``limit`` bytes, or cannot be read whole.
        """
        if self.members[name].size > limit:
            raise _unreadable(name, f"it is over {limit} bytes")
        return b"".join(self.chunks(name))

    @contextmanager
    def lines(self, name: str) -> Iterator[Iterator[bytes]]:
        """Give a member's lines one by one, each at most 64 MiB long."""
        yield _lines(self.chunks(name))


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
        if len(rest) > 64 * _CHUNK:
            raise IntegrityError("a line is over 64 MiB", hint="The file is no list of pages or captures.")
    if rest:
        yield rest


@contextmanager
def open_zip(path: Path) -> Iterator[Zipped]:
    """Open a ZIP.

    Raises:
        IntegrityError: it is none that can be read.
        StorageError: the disk refused.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    with file:
        try:
            opened = zipfile.ZipFile(file)
            members, odd = _members(opened, file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
            raise IntegrityError(
                f"{path.name} is no ZIP that can be read ({error})", hint="Ask for it again."
            ) from None
        with opened:
            yield Zipped(members, tuple(odd), opened, file)


def _members(opened: zipfile.ZipFile, file: IO[bytes]) -> tuple[dict[str, Member], list[str]]:
    members: dict[str, Member] = {}
    odd: list[str] = []
    for number, info in enumerate(opened.infolist()):
        if number == MOST_MEMBERS:
            odd.append(f"more than {MOST_MEMBERS:,} members")
            break
        problem = _problem(info) or ("it stands there twice" if info.filename in members else None)
        start = _start(file, info) if problem is None else None
        if problem is None and start is None:
            problem = "its own header is not where the list of members says"
        if problem is not None or start is None:
            odd.append(f"{info.filename!r}: {problem}")
            continue
        members[info.filename] = Member(
            name=info.filename, size=info.file_size, start=start, is_stored=info.compress_type == zipfile.ZIP_STORED
        )
    return members, odd


def _problem(info: zipfile.ZipInfo) -> str | None:
    """Say why a member is none that may be used."""
    name = info.filename
    kind = info.external_attr >> 28
    if info.is_dir():
        return "a folder"
    if not _NAME.fullmatch(name) or name.startswith("/") or {"", ".", ".."} & set(name.split("/")):
        return "a path that leads elsewhere"
    if kind not in {0, 8}:
        return "a link or device"
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "it is neither stored nor deflated"
    if info.file_size > MOST_RATIO * max(info.compress_size, 1):
        return f"it would grow more than {MOST_RATIO}-fold"
    return None


def _start(file: IO[bytes], info: zipfile.ZipInfo) -> int | None:
    """Find where a member's bytes begin (PKWARE APPNOTE 4.3.7)."""
    file.seek(info.header_offset)
    head = file.read(30)
    if len(head) < 30 or head[:4] != b"PK\3\4":
        return None
    return info.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")


def _unreadable(name: str, why: str) -> IntegrityError:
    return IntegrityError(
        f"{name} cannot be read whole: {why}", hint="The file was damaged or altered; ask for it again."
    )
