"""One record framed by warcio and compressed as one gzip member."""

import hashlib
import io
import uuid
from dataclasses import dataclass

from deflate import gzip_compress
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.model import Sha256

_LEVEL = 6
"""libdeflate's 6 is over twice as fast as warcio's zlib 9 and makes no larger files (benchmarks/warc_write.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A record ready to be written: its gzip member, its id, and the digest of its header and block digest."""

    record_id: str
    data: bytes
    check: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A record to be framed: its fields in order, without block digest and length, its block and that one's digest."""

    record_id: str
    fields: tuple[tuple[str, str], ...]
    block: bytes
    digest: Sha256


def new_record_id() -> str:
    """Make a record id that tells nothing of machine or clock."""
    return f"<urn:uuid:{uuid.uuid4()}>"


def check_of(header: bytes, digest: Sha256) -> bytes:
    """Digest what identifies a record's bytes: its header as it stands in the file, and its block's digest."""
    return hashlib.sha256(header + digest.encode("ascii")).digest()


class Framer:
    """Frames records as WARC/1.1, one gzip member each."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._warcio = WARCWriter(self._sink, gzip=False, warc_version="WARC/1.1")

    def frame(self, draft: Draft) -> Member:
        """Frame one record; its block digest and length are added, nothing is parsed or altered.

        warcio is told that every record is a warcinfo: for other types it parses heads, adds payload digests where
        the standard forbids them, and drops the block of a revisit.
        """
        fields = [*draft.fields, ("WARC-Block-Digest", f"sha256:{draft.digest}")]
        headers = StatusAndHeaders("", fields, protocol="WARC/1.1")
        record = ArcWarcRecord("warc", "warcinfo", headers, io.BytesIO(draft.block), None, None, len(draft.block))
        self._warcio.write_record(record)
        return Member(
            record_id=draft.record_id,
            data=self._sink.member,
            check=check_of(self._sink.header, draft.digest),
        )


class _Sink:
    """Takes what warcio writes; its flush, once per record, ends the record."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.header = b""
        self.member = b""

    def write(self, data: bytes) -> None:
        self._parts.append(data)

    def flush(self) -> None:
        self.header = self._parts[0]
        self.member = bytes(gzip_compress(b"".join(self._parts), _LEVEL))
        self._parts.clear()
