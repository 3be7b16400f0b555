"""Payloads of any size, piece by piece: a record is never held as a whole."""

import os
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256

from isal import isal_zlib

from archive.collection import Collection
from archive.errors import NotFoundError, StorageError
from archive.model import Capture, CaptureKind, RecordRef
from archive.warc.groups import load_exchange
from archive.warc.layout import entity_of
from archive.warc.names import path_of
from archive.warc.reader import damaged

PIECE = 1 << 20
"""Bytes of a piece; a record's header and the head of its answer are within the first."""
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"(?im)^content-length[ \t]*:[ \t]*(\d{1,15})\r?$")


def member(collection: Collection, ref: RecordRef, start: int, end: int) -> Iterator[bytes]:
    """Give the bytes of a record's gzip member from ``start`` to before ``end``, as they lie in the file.

    Raises:
        NotFoundError: its file is not there.
        StorageError: the disk refused.
    """
    with _opened(collection, ref) as file:
        for at in range(ref.offset + start, ref.offset + end, PIECE):
            yield os.pread(file, min(PIECE, ref.offset + end - at), at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A payload: the head that it came under, its size, and its bytes from one place to before another.

    Read from its beginning to its end it is compared with its digest: the last piece comes only if they agree.
    """

    head: bytes
    size: int
    pieces: Callable[[int, int], Iterator[bytes]]


def payload(collection: Collection, capture: Capture) -> Payload:
    """Give the payload of a response record, chunks undone, content-encoding kept; that of an import is held whole.

    Raises:
        NotFoundError: its file is not there.
        DamagedRecordError: the record cannot be read or fails its digest; ``pieces`` raises it too.
        StorageError: the disk refused; ``pieces`` raises it too.
    """
    if capture.is_imported or capture.kind is not CaptureKind.RESPONSE:
        exchange = load_exchange(collection, capture)
        whole = entity_of(exchange)

        def parts(start: int, end: int) -> Iterator[bytes]:
            yield from (whole[at : min(at + PIECE, end)] for at in range(start, end, PIECE))

        return Payload(head=exchange.head, size=len(whole), pieces=parts)
    with closing(_block(collection, capture)) as block:
        head = next(block)

    def pieces(start: int, end: int) -> Iterator[bytes]:
        yield from _checked(collection, capture, start, end)

    return Payload(head=head, size=capture.payload_bytes, pieces=pieces)


def _checked(collection: Collection, capture: Capture, start: int, end: int) -> Iterator[bytes]:
    is_whole = (start, end) == (0, capture.payload_bytes)
    digest = sha256()
    held, at = b"", 0
    with closing(_block(collection, capture)) as block:
        next(block)
        for piece in block:
            if held:
                yield held
            digest.update(piece if is_whole else b"")
            held = piece[max(0, start - at) : max(0, end - at)]
            at += len(piece)
            if at >= end:
                break
    if is_whole and digest.hexdigest() != capture.payload_digest:
        raise damaged(capture.record.file, capture.record.offset, "its payload is not what its digest says")
    if held:
        yield held


def _block(collection: Collection, capture: Capture) -> Generator[bytes]:
    """Give the head, then the payload in pieces: it is the end of the record's block (docs/decisions/0003)."""
    ref, left = capture.record, capture.payload_bytes
    with closing(_unpacked(collection, ref)) as pieces:
        text = next(pieces, b"")
        mark = _HEADER_END.search(text)
        told = _LENGTH.search(text, 0, mark.end()) if mark else None
        begin = mark.end() if mark else 0
        end = begin + int(told[1]) - left if told else -1
        if not begin <= end <= len(text):
            raise damaged(ref.file, ref.offset, "it has no whole head, or its block is shorter than its payload")
        yield text[begin:end]
        text = text[end:]
        while left:
            wanted = text[:left]
            left -= len(wanted)
            if wanted:
                yield wanted
            text = next(pieces, b"") if left else b""
            if left and not text:
                raise damaged(ref.file, ref.offset, "its block is cut off")


def _unpacked(collection: Collection, ref: RecordRef) -> Generator[bytes]:
    unpack = isal_zlib.decompressobj(31)
    for packed in member(collection, ref, 0, ref.length):
        fed = packed
        while fed and not unpack.eof:
            try:
                piece = unpack.decompress(fed, PIECE)
            except isal_zlib.error as error:  # type: ignore[misc]  # its stub takes the class for an instance
                raise damaged(ref.file, ref.offset, f"its gzip member is damaged ({error})") from None
            fed = unpack.unconsumed_tail
            yield piece


@contextmanager
def _opened(collection: Collection, ref: RecordRef) -> Iterator[int]:
    try:
        file = os.open(path_of(collection, ref.file), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        hint = "Run `vigil verify`; restore the file from a copy."
        raise NotFoundError(f"the WARC file {ref.file} is not in the archive", hint=hint) from None
    except OSError as error:
        raise StorageError(f"{ref.file} cannot be read: {error.strerror}") from error
    try:
        yield file
    except OSError as error:
        raise StorageError(f"{ref.file} cannot be read: {error.strerror}") from error
    finally:
        os.close(file)
