"""What the head of an answer says, however awkwardly it says it.

The record keeps the head's exact bytes; this is a reading of them. h11 and llhttp refuse heads that servers do send
(a colon-less line, a space before the colon, a Latin-1 name: docs/decisions/0001), and neither tells by which rule a
message ends, which the archive keeps.
"""

import re
from dataclasses import dataclass

from archive.model import Framing

_STATUS_LINE = re.compile(rb"HTTP/1\.(\d)[ \t]+([1-9]\d\d)(?![^ \t\r\n])")
_HEAD_END = re.compile(rb"\n\r?\n")
_NEWLINE = re.compile(rb"\r?\n")
_PREFIX = b"HTTP/1."
_DIGITS = re.compile(rb"\d{1,18}")


class UnreadableHeadError(ValueError):
    """The bytes are no head of an HTTP/1 answer, or leave open where the message ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A head as read: ``minor`` of HTTP/1.x, and the fields in the order sent, values unfolded and trimmed.

    ``length`` is the body's length in bytes where ``framing`` is LENGTH. ``is_last`` says that the server takes no
    further request on this connection (RFC 9112 section 9.3).
    """

    minor: int
    status: int
    fields: tuple[tuple[bytes, bytes], ...]
    framing: Framing
    length: int | None
    is_last: bool


def find_end(data: bytearray, start: int) -> int:
    """Say where the head in ``data`` ends, blank line included, looking from ``start`` on; -1 when more must come."""
    found = _HEAD_END.search(data, max(0, start - 2))
    return found.end() if found else -1


def may_begin_head(data: bytes | bytearray) -> bool:
    """Whether ``data`` can be the beginning of an HTTP/1 head."""
    return data.startswith(_PREFIX) if len(data) >= len(_PREFIX) else _PREFIX.startswith(data)


def is_interim(head: bytes) -> bool:
    """Whether ``head`` is a 1xx after which the final head follows; 101 is final, as another protocol follows it."""
    found = _STATUS_LINE.match(head)
    return found is not None and found[2].startswith(b"1") and found[2] != b"101"


def read_head(head: bytes, method: str) -> Head:
    """Read a final head, tolerantly; lines that are no field are left out.

    Raises:
        UnreadableHeadError: no status line of HTTP/1.x, or lengths that contradict each other.
    """
    found = _STATUS_LINE.match(head)
    if not found:
        raise UnreadableHeadError("no HTTP/1 answer")
    status = int(found[2])
    fields = _read_fields(_NEWLINE.split(head)[1:])
    framing, length = _frame(status, fields, method)
    minor = int(found[1])
    is_last = minor == 0 or status == 101 or b"close" in (member.lower() for member in _members(fields, b"connection"))
    return Head(minor=minor, status=status, fields=fields, framing=framing, length=length, is_last=is_last)


def _read_fields(lines: list[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    fields: list[tuple[bytes, bytes]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if fields:
                name, value = fields[-1]
                fields[-1] = (name, (value + b" " + line.strip()).strip())
            continue
        name, colon, value = line.partition(b":")
        if colon and name.strip():
            fields.append((name.strip(), value.strip()))
    return tuple(fields)


def _frame(status: int, fields: tuple[tuple[bytes, bytes], ...], method: str) -> tuple[Framing, int | None]:
    """Decide where the body ends, by RFC 9112 section 6.3."""
    if method == "HEAD" or status in (101, 204, 304):
        return Framing.BODILESS, None
    codings = _members(fields, b"transfer-encoding")
    if codings:
        return (Framing.CHUNKED if codings[-1].lower() == b"chunked" else Framing.CLOSE), None
    lengths = set(_members(fields, b"content-length"))
    if not lengths:
        return Framing.CLOSE, None
    if len(lengths) > 1:
        raise UnreadableHeadError(f"contradicting Content-Length: {b', '.join(sorted(lengths))!r}")
    length = lengths.pop()
    if not _DIGITS.fullmatch(length):
        raise UnreadableHeadError(f"Content-Length is no number: {length[:60]!r}")
    return Framing.LENGTH, int(length)


def _members(fields: tuple[tuple[bytes, bytes], ...], name: bytes) -> list[bytes]:
    """All members of a list field, over all its lines."""
    values = b",".join(value for key, value in fields if key.lower() == name)
    return [member.strip() for member in values.split(b",") if member.strip()]
