"""The part of the chain of custody that a package brings along: from what its oldest seal states to its own export.

It holds no names: of an export or a hold it has the digest of a paper that the archive keeps.
"""

import json

from archive.errors import IntegrityError
from archive.evidence.custody import EventKind
from archive.model import Sha256, sha256_of

_HINT = "Ask the archive for the package again."


def since(chain: bytes, head: Sha256 | None) -> bytes:
    """Give the lines of a chain behind the one whose digest is ``head``; all of them where it is ``None``.

    Raises:
        IntegrityError: no line has that digest.
    """
    if head is None:
        return chain
    at = 0
    for line in chain.splitlines(keepends=True):
        at += len(line)
        if sha256_of(line) == head:
            return chain[at:]
    raise IntegrityError("the chain of custody does not hold what a seal states", hint="Run vigil verify.")


def check_segment(data: bytes, heads: tuple[Sha256 | None, ...], claim: bytes) -> tuple[str, ...]:
    """Check that a part of the chain is whole; gives its lines.

    It must begin right behind the first of ``heads``, hold the others, and end with the export of this very ``claim``.

    Raises:
        IntegrityError: it does not; what is wrong is named.
    """
    if not data.endswith(b"\n"):
        raise IntegrityError("the chain of custody is cut off", hint=_HINT)
    previous, open_heads = heads[0], set(heads[1:]) - {heads[0]}
    lines: list[str] = []
    for number, line in enumerate(data[:-1].split(b"\n"), 1):
        if _stated(line) != previous:
            raise IntegrityError(f"line {number} of the chain of custody is not bound to the one before", hint=_HINT)
        previous = sha256_of(line + b"\n")
        open_heads.discard(previous)
        lines.append(line.decode())
    if open_heads:
        raise IntegrityError("the chain of custody does not hold what a seal states", hint=_HINT)
    if not is_event(lines[-1], EventKind.EXPORTED) or f'"claim":"{sha256_of(claim)}"' not in lines[-1]:
        raise IntegrityError("the chain of custody does not end with the export of this claim", hint=_HINT)
    return tuple(lines)


def is_event(line: str, kind: EventKind, subject: str | None = None) -> bool:
    """Tell whether a line is an event of that kind, about that subject."""
    about = "" if subject is None else f"{json.dumps(subject)},"
    return f'Z","kind":"{kind.value}","subject":{about}' in line


def _stated(line: bytes) -> str | None:
    """Read which line stands before, as the line's last field says."""
    try:
        previous: str | None = json.loads(line)["previous"]
        text = line.decode()
    except (ValueError, KeyError, TypeError, RecursionError):
        raise IntegrityError("a line of the chain of custody cannot be read", hint=_HINT) from None
    if not text.endswith(f',"previous":{json.dumps(previous)}}}'):
        raise IntegrityError("a line of the chain of custody is not written as a chain is", hint=_HINT)
    return previous
