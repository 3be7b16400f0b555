"""A second copy in object storage that speaks S3, through obstore; keys and endpoint come from ``AWS_…`` variables.

No object is ever overwritten, so a bucket that forbids it (Object Lock, a policy without delete) holds a copy. A closed
file is one object. An append-only file is a row of objects ``NAME.at-OFFSET``, each what was added since the one
before; put one after the other in the order of their names they are the file.
"""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.errors import IntegrityError, StorageError, UsageError
from archive.places import Closed, Told, changed, is_inside, watched

if TYPE_CHECKING:
    from obstore.store import S3Store

SCHEME = "s3://"
WHOLE_UP_TO = 64 << 20
"""Bytes of the longest file that goes as one request, on the condition that nothing of its name is there."""
_BLOCK = 8 << 20
_PART = re.compile(r"(.+)\.at-(\d{15})")


def bucket(place: str) -> "Bucket":
    """Open ``s3://bucket/prefix``; nothing is asked of it yet.

    Raises:
        UsageError: obstore is not installed, or the place names no bucket.
    """
    parts = urlsplit(place)
    if not parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"{place} names no bucket", hint="Write s3://bucket, or s3://bucket/prefix.")
    try:
        from obstore.store import S3Store  # noqa: PLC0415 - only a copy to a bucket needs it
    except ImportError:
        raise UsageError(
            "a copy in a bucket needs obstore, which is not installed", hint="pip install 'vigil-archive[s3]'"
        ) from None
    with _told(place):
        store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            checksum_algorithm="SHA256",
            client_options={
                "timeout": timedelta(minutes=15),
                "connect_timeout": timedelta(seconds=10),
                "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true",
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(minutes=2)},
        )
    return Bucket(place.rstrip("/"), store)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, or what lies below a prefix of one."""

    place: str
    store: "S3Store"

    def send(self, root: Path, closed: list[Closed], progress: Told) -> list[Closed]:
        """See ``Place``."""
        there = self._sizes()
        for one in closed:
            if there.get(one.path, one.size) != one.size:
                raise self._is_another(one.path)
        missing = [one for one in closed if one.path not in there]
        for one in watched(missing, progress):
            self._send(root / one.path, one)
        return missing

    def _send(self, path: Path, one: Closed) -> None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            if digest != one.sha256:
                raise changed(path, "is not what it was when it was closed; it is not copied")
            # S3 takes a long file in parts, for which obstore can set no condition: its name was looked for above.
            self._put(one.path, file.read() if one.size <= WHOLE_UP_TO else path)
        if self._digest_of(one.path) != one.sha256:
            raise changed(self._named(one.path), "is not what was sent")

    def extend(self, root: Path, growing: list[str]) -> None:
        """See ``Place``; of what is there, the last addition is compared."""
        parts = self._parts(self._sizes())
        for name in growing:
            offset = self._compared(root / name, name, parts[name])
            with (root / name).open("rb") as file:
                file.seek(offset)
                rest = file.read()
            added = rest[: rest.rfind(b"\n") + 1]
            if added:
                key = f"{name}.at-{offset:015}"
                self._put(key, added)
                if self._digest_of(key) != hashlib.sha256(added).hexdigest():
                    raise changed(self._named(key), "is not what was sent")

    def _compared(self, path: Path, name: str, parts: list[tuple[int, int]]) -> int:
        """Give the length of what the bucket has of a file; see that it is the beginning of the file here."""
        if not parts:
            return 0
        offset, size = parts[-1]
        key = f"{name}.at-{offset:015}"
        with path.open("rb") as file:
            file.seek(offset)
            here = file.read(size)
        if _are_gapless(parts) and hashlib.sha256(here).hexdigest() == self._digest_of(key):
            return offset + size
        raise changed(self._named(key), "is no part of the file here; nothing is added to it")

    def fetch(self, root: Path) -> None:
        """See ``Place``."""
        sizes = self._sizes()
        parts = self._parts(sizes)
        for key in sizes:
            if not _PART.fullmatch(key):
                self._fetch([key], root / key)
        for name, found in parts.items():
            if not _are_gapless(found):
                raise changed(self._named(name), "is not whole: one of its additions is missing")
            self._fetch([f"{name}.at-{offset:015}" for offset, _ in found], root / name)

    def _fetch(self, keys: list[str], target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for key in keys:
                for block in self._blocks(key):
                    file.write(block)

    # --- objects -------------------------------------------------------------------------------------

    def _sizes(self) -> dict[str, int]:
        """List what is there: the size of each object, by its name below the prefix."""
        with _told(self.place):
            found = {one["path"]: one["size"] for batch in self.store.list() for one in batch}
        strange = [key for key in found if not is_inside(key)]
        if strange:
            raise changed(self._named(strange[0]), "is no name of a file of an archive")
        return found

    def _parts(self, sizes: dict[str, int]) -> defaultdict[str, list[tuple[int, int]]]:
        """Give offset and size of each addition to each append-only file."""
        found = defaultdict[str, list[tuple[int, int]]](list)
        for key in sorted(sizes):
            part = _PART.fullmatch(key)
            if part:
                found[part[1]].append((int(part[2]), sizes[key]))
        return found

    def _put(self, key: str, what: bytes | Path) -> None:
        from obstore.exceptions import AlreadyExistsError, PreconditionError  # noqa: PLC0415 - see ``bucket``

        with _told(self.place):
            try:
                if isinstance(what, Path):
                    self.store.put(key, what, use_multipart=True, chunk_size=_BLOCK, max_concurrency=2)
                else:
                    self.store.put(key, what, mode="create")
            except (AlreadyExistsError, PreconditionError):
                raise self._is_another(key) from None

    def _digest_of(self, key: str) -> str:
        digest = hashlib.sha256()
        for block in self._blocks(key):
            digest.update(block)
        return digest.hexdigest()

    def _blocks(self, key: str) -> Iterator[bytes]:
        with _told(self.place):
            for block in self.store.get(key).stream(min_chunk_size=_BLOCK):
                yield bytes(block)

    def _named(self, key: str) -> str:
        return f"{self.place}/{key}"

    def _is_another(self, key: str) -> IntegrityError:
        return changed(self._named(key), "is another file than the one to be copied; it is not overwritten")


def _are_gapless(parts: list[tuple[int, int]]) -> bool:
    end = 0
    for offset, size in parts:
        if offset != end:
            return False
        end += size
    return True


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Say of which bucket an error of obstore is, in its first line."""
    from obstore.exceptions import BaseError  # noqa: PLC0415 - see ``bucket``

    try:
        yield
    except BaseError as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise StorageError(
            f"{place}: {said[0][:400]}",
            hint="Look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and, if it is not Amazon, AWS_ENDPOINT.",
        ) from None
