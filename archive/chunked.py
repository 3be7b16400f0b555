"""Chunked bodies taken apart and put together again, byte for byte (RFC 9112 section 7.1)."""

import re
from dataclasses import dataclass

_SIZE_LINE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})(?=[ \t;\r\n])[^\n]*\n")
_LINE_END = re.compile(rb"\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunked:
    """A chunked body in three parts.

    ``entity`` is what the chunks carry, ``layout`` the framing around them (size lines with their extensions, and the
    line ends after the data), ``tail`` all that follows the last chunk's size line: trailers and the blank line. In a
    body that is cut off or breaks the grammar, ``tail`` holds what could not be read as a chunk.
    """

    entity: bytes
    layout: bytes
    tail: bytes


def split(body: bytes) -> Chunked:
    """Take a chunked body apart, as leniently as browsers do; never raises.

    A bare line feed ends a line, blanks around a size are passed over, extensions are kept. ``join`` gives back the
    same bytes whatever ``body`` is.
    """
    entity: list[bytes] = []
    layout: list[bytes] = []
    at = 0
    while line := _SIZE_LINE.match(body, at):
        layout.append(line[0])
        at = line.end()
        size = int(line[1], 16)
        if size == 0:
            break
        data = body[at : at + size]
        entity.append(data)
        at += len(data)
        end = _LINE_END.match(body, at)
        if end is None:
            break
        layout.append(end[0])
        at = end.end()
    return Chunked(entity=b"".join(entity), layout=b"".join(layout), tail=body[at:])


def join(parts: Chunked) -> bytes:
    """Put a body together again; the exact inverse of ``split``."""
    body: list[bytes] = []
    at = taken = 0
    while line := _SIZE_LINE.match(parts.layout, at):
        body.append(line[0])
        at = line.end()
        size = int(line[1], 16)
        if size == 0:
            break
        body.append(parts.entity[taken : taken + size])
        taken += size
        end = _LINE_END.match(parts.layout, at)
        if end is None:
            break
        body.append(end[0])
        at = end.end()
    return b"".join((*body, parts.tail))
