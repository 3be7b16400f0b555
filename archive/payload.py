"""What a message's head says, and its entity with the content-encoding undone."""

import re
import sys
from collections.abc import Iterator
from importlib import import_module

from isal import isal_zlib

from archive.errors import DamagedRecordError

_STATUS = re.compile(rb"[Hh][Tt][Tt][Pp]/\d+(?:\.\d+)?[ \t]+(\d{3})(?!\d)")
_LINE_END = re.compile(rb"\r?\n")
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_CODINGS = 4


def status(head: bytes) -> int | None:
    """Read the status code of a response's head; ``None`` where the first line is no status line."""
    line = _STATUS.match(head)
    return int(line[1]) if line else None


def fields(head: bytes) -> Iterator[tuple[str, str]]:
    """Give each field of a message's head in order: name as sent, value with folded lines joined, both as Latin-1.

    Lines without a colon are passed over, a bare line feed ends a line (RFC 9112 sections 2.2 and 5.2).
    """
    unfolded: list[bytes] = []
    for line in _LINE_END.split(head)[1:]:
        if not line:
            break
        if line[:1] in (b" ", b"\t") and unfolded:
            unfolded[-1] += b" " + line.strip()
        else:
            unfolded.append(line)
    for line in unfolded:
        name, colon, value = line.partition(b":")
        if colon:
            yield name.strip().decode("latin-1"), value.strip().decode("latin-1")


def field(head: bytes, name: str) -> str | None:
    """Read the first field of that name, in whatever case; ``None`` where there is none."""
    wanted = name.lower()
    return next((value for found, value in fields(head) if found.lower() == wanted), None)


def decode(head: bytes, entity: bytes, limit: int) -> bytes:
    """Undo the content-encoding that ``head`` names, in any order (RFC 9110 section 8.4).

    gzip, x-gzip and deflate, which we ask for, and br and zstd, which imported records may have.

    An entity that was cut off gives what its beginning decodes to.

    Raises:
        DamagedRecordError: the result would be over ``limit`` bytes, the coded bytes are damaged, or the coding is
            none of these.
    """
    named = ",".join(value for name, value in fields(head) if name.lower() == "content-encoding")
    codings = [coding for part in named.split(",") if (coding := part.strip().lower()) not in {"", "identity"}]
    if len(codings) > _MOST_CODINGS:
        raise _damaged(f"{len(codings)} content-encodings over each other")
    for coding in reversed(codings):
        if coding in {"gzip", "x-gzip"}:
            entity = gunzip(entity, limit)
        elif coding == "deflate":
            entity = _inflate(entity, _deflate_window(entity), limit)[0]
        elif coding in {"br", "zstd"}:
            entity = (_unbrotli if coding == "br" else _unzstd)(entity, limit)
        else:
            raise _damaged(f"the content-encoding {coding!r} cannot be undone")
    if len(entity) > limit:
        raise _damaged(f"over {limit} bytes")
    return entity


def gunzip(data: bytes, limit: int) -> bytes:
    """Decompress gzip, all its members; bytes after the last member are dropped, a cut-off end is no error.

    Raises:
        DamagedRecordError: the result would be over ``limit`` bytes, or ``data`` is not gzip or is damaged.
    """
    if not data:
        return b""
    text, rest = _inflate(data, 31, limit)
    parts = [text]
    while rest.startswith(_GZIP_MAGIC):
        limit -= len(text)
        text, rest = _inflate(rest, 31, limit)
        parts.append(text)
    return b"".join(parts)


def _unbrotli(data: bytes, limit: int) -> bytes:
    import brotli  # noqa: PLC0415  only imported records need it

    decompressor = brotli.Decompressor()
    parts: list[bytes] = []
    left = limit + 1
    try:
        text = decompressor.process(data, output_buffer_limit=left)
        while text and left > 0:
            parts.append(text)
            left -= len(text)
            text = (
                b"" if decompressor.is_finished() or left <= 0 else decompressor.process(b"", output_buffer_limit=left)
            )
    except brotli.error as error:
        raise _damaged(f"the compressed bytes are damaged ({error})") from None
    if left <= 0:
        raise _damaged(f"over {limit} bytes when decompressed")
    return b"".join(parts)


def _unzstd(data: bytes, limit: int) -> bytes:
    zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    decompressor = zstd.ZstdDecompressor()
    try:
        text: bytes = decompressor.decompress(data, limit + 1)
    except zstd.ZstdError as error:
        raise _damaged(f"the compressed bytes are damaged ({error})") from None
    if len(text) > limit:
        raise _damaged(f"over {limit} bytes when decompressed")
    return text


def _inflate(data: bytes, window: int, limit: int) -> tuple[bytes, bytes]:
    decompressor = isal_zlib.decompressobj(window)
    try:
        text = decompressor.decompress(data, limit + 1)
    except isal_zlib.error as error:  # type: ignore[misc]  # its stub takes the class for an instance
        raise _damaged(f"the compressed bytes are damaged ({error})") from None
    if len(text) > limit:
        raise _damaged(f"over {limit} bytes when decompressed")
    return text, decompressor.unused_data


def _deflate_window(data: bytes) -> int:
    is_zlib = len(data) > 1 and data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0
    return 15 if is_zlib else -15


def _damaged(what: str) -> DamagedRecordError:
    return DamagedRecordError(
        f"the payload cannot be decoded: {what}", hint="The bytes as sent are kept: `vigil get … --body` gives them."
    )
