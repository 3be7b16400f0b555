"""Papers that the archive keeps to itself and whose digest stands in the chain of custody: who was given what, holds.

They lie in ``state/papers/<kind>-<digest>.json``: names stay out of the chain, which goes out with every package.
"""

from enum import StrEnum
from pathlib import Path

from archive.collection import Collection
from archive.errors import IntegrityError, NotFoundError
from archive.evidence.storing import write_whole
from archive.model import Sha256, sha256_of


class Paper(StrEnum):
    """What a paper is about."""

    EXPORT = "export"
    HOLD = "hold"
    RELEASE = "release"
    REDACTION = "redaction"


def keep_paper(collection: Collection, kind: Paper, data: bytes) -> Sha256:
    """Keep a paper; gives the digest that goes into the chain.

    Raises:
        StorageError: the disk refused.
    """
    digest = sha256_of(data)
    path = _path(collection, kind, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data)
    return digest


def read_paper(collection: Collection, kind: Paper, digest: Sha256) -> bytes:
    """Read a paper.

    Raises:
        NotFoundError: it is not there.
        IntegrityError: it was altered.
    """
    path = _path(collection, kind, digest)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"{path.name} is not there", hint="Bring state/papers back from a copy.") from None
    if sha256_of(data) != digest:
        raise IntegrityError(f"{path.name} was altered", hint="Bring state/papers back from a copy.")
    return data


def _path(collection: Collection, kind: Paper, digest: Sha256) -> Path:
    return collection.state / "papers" / f"{kind.value}-{digest}.json"
