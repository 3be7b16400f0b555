"""Digests as records state them, ``algorithm:value``, by any writer (WARC/1.1 sections 5.8 and 5.9)."""

import base64
import binascii
import hashlib

_HASHES = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "md5": hashlib.md5}


def hasher(stated: str) -> "hashlib._Hash | None":
    """Begin a digest of the algorithm that ``algorithm:value`` names; None where it is none that we know."""
    known = _HASHES.get(stated.partition(":")[0].lower().replace("-", ""))
    return known(usedforsecurity=False) if known else None


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
    found = [made for _ in candidates if (made := hasher(stated)) is not None]
    for made, data in zip(found, candidates, strict=False):
        made.update(data)
        if same_digest(stated, made.digest()):
            return True
    return False if found else None
