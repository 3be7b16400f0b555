"""Foreign records: whatever the bytes are, nothing raises, nothing overlaps, and what is sound is found."""

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.warc.digests import payload_matches
from archive.warc.foreign import ForeignRecord, NotChunkedError, Unsound, foreign_records, read_at


def record(block: bytes, *, version: bytes = b"WARC/1.0", end: bytes = b"\r\n\r\n", length: int | None = None) -> bytes:
    size = len(block) if length is None else length
    return version + b"\r\nWARC-Type: response\r\nContent-Length: %d\r\n\r\n" % size + block + end


def found(data: bytes) -> list[ForeignRecord | Unsound]:
    return list(foreign_records(io.BytesIO(data)))


PIECES = st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=300).map(record),
    st.binary(max_size=300).map(lambda block: gzip.compress(record(block))),
    st.tuples(st.binary(max_size=80), st.integers(0, 500)).map(lambda both: record(both[0], length=both[1])),
    st.sampled_from(
        [b"\r\n", b"\n\n", b"\x1f\x8b\x08", b"WARC/1.1\r\n", b"http://x/ 1.2.3.4 20200101000000 text/html 4\n"]
    ),
)


@pytest.mark.fuzz
@given(pieces=st.lists(PIECES, max_size=8), cut=st.integers(0, 50))
def test_nothing_raises_and_stretches_follow_each_other(pieces: list[bytes], cut: int) -> None:
    data = b"".join(pieces)
    data = data[: max(0, len(data) - cut)]
    try:
        stretches = found(data)
    except NotChunkedError:
        return
    at = 0
    for one in stretches:
        assert one.offset >= at
        assert one.length > 0
        assert not data[at : one.offset].strip(b"\r\n\x1f\x8b\x08") or data.startswith(b"\x1f\x8b")
        at = one.offset + one.length
    assert at <= len(data)


@given(blocks=st.lists(st.binary(max_size=200), min_size=1, max_size=5), is_gzip=st.booleans())
def test_sound_records_come_back_alone_by_their_places(blocks: list[bytes], is_gzip: bool) -> None:  # noqa: FBT001
    data = b"".join(gzip.compress(record(block)) if is_gzip else record(block) for block in blocks)
    records = found(data)
    assert [one.block for one in records if isinstance(one, ForeignRecord) and not one.faults] == blocks
    for one, block in zip(records, blocks, strict=True):
        again = read_at(io.BytesIO(data), one.offset, one.length)
        assert again is not None
        assert again.block == block


ODD = {
    "an old version": (record(b"x", version=b"WARC/0.18"), "of version 0.18"),
    "a block cut off": (record(b"x", length=9, end=b""), "cut off"),
    "two CR in the first line": (record(b"x", version=b"WARC/1.0\r"), "its first line is"),
    "a cut-off member": (gzip.compress(record(b"x" * 999))[:-9], "cut off"),
    "text behind the block": (gzip.compress(record(b"x") + b"more"), "bytes stand behind"),
    "lines in LF": (record(b"x").replace(b"\r\n", b"\n"), "LF alone"),
    "a line that is no field": (record(b"x").replace(b"WARC-Type", b"nonsense\r\nWARC-Type"), "no field"),
    "a split header": (
        b"WARC/0.18\r\nWARC-Type: response\r\n\r\nContent-Length: 1\r\n\r\nx\r\n\r\n",
        "split by an empty",
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_fault_is_named_and_the_record_is_there(case: str) -> None:
    data, fault = ODD[case]
    (one,) = found(data)
    assert isinstance(one, ForeignRecord)
    assert fault in "; ".join(one.faults)


def test_several_records_in_a_member_are_told() -> None:
    with pytest.raises(NotChunkedError):
        found(gzip.compress(record(b"x") + record(b"y")))


def test_digests_of_both_spellings_are_compared() -> None:
    assert payload_matches("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ", b"x") is False
    assert payload_matches("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ", b"x", b"") is True
    assert payload_matches("sha256:" + "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", b"") is True
    assert payload_matches("crc9:1", b"") is None
