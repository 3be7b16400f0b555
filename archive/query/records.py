"""The bytes behind a capture: its record as it lies in the WARC file, its payload as a reader saw it."""

import os
import sqlite3
from typing import TYPE_CHECKING

from archive.collection import Collection
from archive.errors import NotFoundError, StorageError, VigilError
from archive.query.captures import capture

if TYPE_CHECKING:
    from archive.model import Capture

_DECODED_LIMIT = 1 << 30


def record_bytes(collection: Collection, one: "Capture") -> bytes:
    """Copy a capture's record out of its WARC file: one gzip member, byte for byte, once its digest was checked.

    Raises:
        NotFoundError: its file is not there.
        DamagedRecordError: it cannot be read or fails its digest.
        StorageError: the disk refused.
    """
    from archive.warc import path_of, read_record  # noqa: PLC0415  most questions never open a WARC file
    from archive.warc.imported import read_foreign  # noqa: PLC0415  most questions never open a WARC file

    (read_foreign if one.is_imported else read_record)(collection, one.record)
    path = path_of(collection, one.record.file)
    try:
        with path.open("rb") as file:
            return os.pread(file.fileno(), one.record.length, one.record.offset)
    except OSError as error:
        raise StorageError(f"{one.record.file} cannot be read: {error.strerror}") from error


def payload(collection: Collection, one: "Capture") -> bytes:
    """Give what a capture's answer held: chunks and content-encoding undone; of a revisit, the original's.

    Raises:
        NotFoundError: there was no answer, or a WARC file is not there.
        DamagedRecordError: a record cannot be read or fails its digest, or its content is over 1 GiB.
        StorageError: the disk refused.
    """
    from archive.payload import decode  # noqa: PLC0415  see record_bytes
    from archive.warc import entity_of, load_exchange  # noqa: PLC0415  see record_bytes

    if one.failure is not None:
        raise NotFoundError("this exchange has no answer", hint="Its record_bytes() tell what went wrong.")
    exchange = load_exchange(collection, one)
    return decode(exchange.head, entity_of(exchange), _DECODED_LIMIT)


class RecordFunction:
    """``record_bytes(capture_id)`` within SQL; NULL where there is no such capture.

    SQLite tells of a function's error only that there was one, so the last is kept in ``trouble``.
    """

    def __init__(self, collection: Collection, db: sqlite3.Connection) -> None:
        self._collection = collection
        self._db = db
        self.trouble: VigilError | None = None
        db.create_function("record_bytes", 1, self, deterministic=True)

    def __call__(self, capture_id: object) -> bytes | None:
        """Give the record of the capture of that number."""
        self.trouble = None
        try:
            found = capture(self._db, capture_id) if isinstance(capture_id, int) else None
        except NotFoundError:
            return None
        try:
            return None if found is None else record_bytes(self._collection, found.capture)
        except VigilError as error:
            self.trouble = error
            raise
