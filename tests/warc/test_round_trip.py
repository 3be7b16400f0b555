"""Whatever came over the wire comes back bit for bit, and the index is told the same live and from the file."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.collection import Collection
from archive.model import (
    Exchange,
    Failure,
    FailureKind,
    Framing,
    Peer,
    Purpose,
    TlsFacts,
    Truncation,
)
from archive.warc import LaidExchange, entity_of, groups, load_exchange
from tests.warc.awkward import AWKWARD
from tests.warc.makers import END, MEMORY, lay, only_file, open_writer

TEXT = st.text(max_size=30)
FEW_BODIES = st.sampled_from([b"", b"<p>gulls</p>", b"5\r\nhello\r\n0\r\n\r\n"]) | st.binary(max_size=60)
HEADS = st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 304 N\r\n\r\n"]) | st.binary(max_size=60)
LINES = st.lists(
    st.sampled_from([b"Transfer-Encoding: chunked", b"x-orig-transfer-encoding: y", b" fold", b"ETag: 1", b"\xe9:\xff"])
)
TLS = st.builds(
    TlsFacts,
    version=TEXT,
    cipher=TEXT,
    server_name=st.none() | TEXT,
    alpn=st.none() | TEXT,
    chain=st.lists(st.sampled_from([b"", b"one", b"two"]) | st.binary(max_size=20), max_size=3).map(tuple),
    is_verified=st.booleans(),
)
EXCHANGES = st.builds(
    Exchange,
    sequence=st.integers(0, 10**9),
    url=st.just("http://blog.example/") | TEXT,
    purpose=st.sampled_from(Purpose),
    via=st.none() | TEXT,
    began=st.datetimes(timezones=st.just(UTC)),
    took_ms=st.integers(0, 10**9),
    request=st.binary(max_size=60),
    interim=st.binary(max_size=60),
    head=HEADS | LINES.map(lambda lines: b"\r\n".join((b"HTTP/1.1 200 OK", *lines, b"", b""))),
    body=FEW_BODIES,
    surplus=st.binary(max_size=20),
    framing=st.sampled_from(Framing),
    truncation=st.none() | st.sampled_from(Truncation),
    failure=st.none() | st.builds(Failure, kind=st.sampled_from(FailureKind), message=TEXT),
    peer=st.none()
    | st.builds(
        Peer,
        address=st.just("127.0.0.1") | TEXT,
        port=st.integers(0, 65535),
        resolved=st.lists(TEXT, max_size=3).map(tuple),
        is_routed=st.booleans(),
        tls=st.none() | TLS,
    ),
)


@pytest.mark.parametrize("exchange", AWKWARD.values(), ids=AWKWARD)
def test_awkward_answer_comes_back_bit_for_bit(exchange: Exchange, tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    (capture,) = lay(collection, exchange)
    assert load_exchange(collection, capture) == exchange


@pytest.mark.parametrize("exchange", AWKWARD.values(), ids=AWKWARD)
def test_file_tells_the_index_what_the_writer_told_it(exchange: Exchange, tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    (capture,) = lay(collection, exchange)
    (unit,) = [unit for unit in groups(only_file(collection)) if isinstance(unit, LaidExchange)]
    assert unit.capture == capture
    assert unit.head == exchange.head
    assert unit.entity() == entity_of(exchange)


@given(st.lists(EXCHANGES, max_size=4))
def test_any_exchanges_come_back_bit_for_bit(exchanges: list[Exchange]) -> None:
    with TemporaryDirectory(dir=MEMORY) as folder:
        collection = Collection(Path(folder))
        writer = open_writer(collection)
        captures = [writer.append(one) for one in exchanges]
        assert [load_exchange(collection, capture) for capture in captures] == exchanges
        writer.close(END)
        assert [load_exchange(collection, capture) for capture in captures] == exchanges
        units = [unit for unit in groups(only_file(collection)) if isinstance(unit, LaidExchange)]
        assert [unit.capture for unit in units] == captures
        assert [unit.entity() for unit in units] == [entity_of(one) for one in exchanges]


def test_time_in_another_zone_is_kept_as_the_same_instant(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    began = datetime.fromisoformat("2026-11-22T06:00:00.000001+03:00")
    (capture,) = lay(
        collection,
        Exchange(
            sequence=1,
            url="http://blog.example/",
            purpose=Purpose.POST,
            via=None,
            began=began,
            took_ms=0,
            request=b"GET",
        ),
    )
    assert capture.time == began
    assert capture.time.tzinfo is UTC
