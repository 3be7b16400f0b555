"""Original files kept byte for byte in ``archive/imports``, and what is to be read in them."""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from isal import isal_zlib

from archive.collection import Collection
from archive.durable import sync_folder
from archive.errors import IntegrityError, StorageError
from archive.model import IMPORTS
from archive.verify.wacz import check_container
from archive.warc.files import refused
from archive.warc.foreign import NotChunkedError, Unsound, foreign_records
from archive.zipped import open_zip

_CHUNK = 1 << 20
_MOST_ODD = 100
_MOST_GROWTH = 200
"""A file in one gzip member that grows more than this is a bomb; WARC text shrinks to a fifth, rarely to a fiftieth."""
_WARC = re.compile(r"(?:.*/)?[^/]+\.(?:warc|arc)(?:\.gz)?", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
SUFFIXES = (".warc", ".warc.gz", ".arc", ".arc.gz", ".wacz")
"""What is taken of a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An original: its name within the archive folder, which begins with its SHA-256, and its length."""

    name: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A stretch of a kept file that holds records; ``member`` names the WARC file of a WACZ."""

    file: str
    start: int
    end: int
    member: str = ""

    @property
    def key(self) -> str:
        """The words by which runs name it."""
        return f"import {self.file}{f' {self.member}' if self.member else ''}"


def unlike(path: Path) -> str | None:
    """Say why a file is none of the kind that is imported: no ZIP, and not one WARC or ARC record in it.

    A file that begins with rubbish is searched for its first record, to the end if there is none.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) == b"PK\3\4":
                return None
            first = None
            for one in foreign_records(file, 0, path.stat().st_size):
                if not isinstance(one, Unsound):
                    return None
                first = first or one.what
    except NotChunkedError:
        return None
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    return first or "it is empty"


def keep(collection: Collection, path: Path, progress: Callable[[int], None] = lambda _done: None) -> Kept:
    """Copy a file into the archive, unless it is there; read-only, on disk, whole or not at all.

    Raises:
        DiskFullError: no space is left.
        StorageError: the disk refused.
    """
    collection.imports.mkdir(parents=True, exist_ok=True)
    part = collection.imports / ".part"
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as source, part.open("wb") as copy:
            while data := source.read(_CHUNK):
                digest.update(data)
                size += len(data)
                copy.write(data)
                progress(size)
            copy.flush()
            os.fsync(copy.fileno())
        safe = _UNSAFE.sub("_", path.name)[-120:]
        known = next(collection.imports.glob(f"{digest.hexdigest()}-*"), None)
        target = known or collection.imports / f"{digest.hexdigest()}-{safe}"
        if known is None:
            part.chmod(0o444)
            part.rename(target)
            sync_folder(collection.imports)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        part.unlink(missing_ok=True)
    return Kept(name=IMPORTS + target.name, digest=digest.hexdigest(), size=size)


def sources(collection: Collection, kept: Kept) -> Iterator[Source | str]:
    """Say what is to be read in a kept file: itself, or the WARC files of a WACZ; what is odd comes as words.

    A WARC file that is deflated in the WACZ is unpacked beside it.

    Raises:
        StorageError: the disk refused.
    """
    path = collection.warcs / kept.name
    with path.open("rb") as file:
        is_zip = file.read(4) == b"PK\3\4"
    if not is_zip:
        yield Source(file=kept.name, start=0, end=kept.size)
        return
    try:
        with open_zip(path) as zipped:
            yield from map(str, islice(check_container(path), _MOST_ODD))
            members = [one for one in zipped.members.values() if _WARC.fullmatch(one.name)]
            if not members:
                yield "it is a ZIP without WARC files"
            for one in members:
                if one.is_stored:
                    yield Source(file=kept.name, start=one.start, end=one.start + one.size, member=one.name)
                else:
                    yield unpack(collection, kept.name, one.name, zipped.chunks(one.name))
    except IntegrityError as error:
        yield str(error)


def unpack(collection: Collection, name: str, what: str, chunks: Iterable[bytes]) -> Source:
    """Write what lies packed in a kept file beside it, under a name that says so.

    Raises:
        IntegrityError: it grows beyond measure, or cannot be read.
        StorageError: the disk refused.
    """
    part = collection.imports / ".part"
    digest, size = hashlib.sha256(), 0
    try:
        with part.open("wb") as file:
            for data in chunks:
                size += len(data)
                digest.update(data)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o444)
        of = Path(name).name[:12]
        target = part.with_name(f"{digest.hexdigest()}-unpacked-of-{of}-{_UNSAFE.sub('_', what)[-80:]}")
        part.replace(target)
        sync_folder(collection.imports)
    except OSError as error:
        raise refused(part, error) from error
    finally:
        part.unlink(missing_ok=True)
    return Source(file=IMPORTS + target.name, start=0, end=size)


def gunzipped(path: Path, start: int, end: int) -> Iterator[bytes]:
    """Give the text of all gzip members between two offsets, as far as they are whole.

    Raises:
        IntegrityError: it grows beyond measure.
        OSError: the disk refused.
    """
    room = _MOST_GROWTH * (end - start) + _CHUNK
    with path.open("rb") as file:
        file.seek(start)
        left = end - start
        gzip, fed = isal_zlib.decompressobj(31), b""
        while fed or left > 0:
            if not fed:
                fed = file.read(min(_CHUNK, left))
                left -= len(fed)
                if not fed:
                    return
            try:
                text: bytes = gzip.decompress(fed, _CHUNK)
            except isal_zlib.error:  # type: ignore[misc]  # its stub takes the class for an instance
                return
            fed = gzip.unused_data if gzip.eof else gzip.unconsumed_tail
            if gzip.eof:
                gzip = isal_zlib.decompressobj(31)
            room -= len(text)
            if room < 0:
                hint = "It was made to fill the disk; do not import it."
                raise IntegrityError(f"{path.name} grows more than {_MOST_GROWTH}-fold when unpacked", hint=hint)
            yield text
