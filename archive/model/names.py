"""What things are known by: digests of bytes, identities of posts."""

import hashlib
import re
from typing import NewType

Sha256 = NewType("Sha256", str)
"""A SHA-256 digest as 64 lower-case hexadecimal digits; made by ``sha256_of`` or ``as_sha256`` only."""

Identity = NewType("Identity", str)
"""A post's lasting name within its site: the CMS's numeric article id, else the canonical URL."""


def sha256_of(data: bytes) -> Sha256:
    """Digest ``data``."""
    return Sha256(hashlib.sha256(data).hexdigest())


def as_sha256(text: str) -> Sha256:
    """Take ``text`` for a digest.

    Raises:
        ValueError: ``text`` is not 64 lower-case hexadecimal digits.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError(f"not a SHA-256 digest: {text!r}")
    return Sha256(text)
