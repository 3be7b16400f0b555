"""Exchanges, runs and collections for the WARC tests; every text in them is invented."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.collection import Collection
from archive.model import (
    Capture,
    Exchange,
    Framing,
    Peer,
    Purpose,
    RecordRef,
    Route,
    RunEnd,
    RunStart,
    Sha256,
    TlsFacts,
    sha256_of,
)
from archive.warc import FileLimits, WarcWriter, warc_files

NOW = datetime(2026, 11, 22, 3, 0, 0, 123456, tzinfo=UTC)
URL = "http://blog.example/a/the-lighthouse-of-nowhere/101.html"
REQUEST = b"GET /a/the-lighthouse-of-nowhere/101.html HTTP/1.1\r\nHost: blog.example\r\nAccept-Encoding: gzip\r\n\r\n"
TLS = TlsFacts(
    version="1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    server_name="blog.example",
    alpn="http/1.1",
    chain=(b"leaf certificate, invented", b"root certificate, invented"),
    is_verified=True,
)
PEER = Peer(address="127.0.0.1", port=8080, resolved=("127.0.0.1", "::1"))
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  folders with random names are made in it
"""Folder in memory, where there is one, for tests that would wait for thousands of fsyncs."""
END = RunEnd(uid="run-1", ended=NOW + timedelta(minutes=5), stop_reason="caught up", exit_code=0, is_walk_complete=True)

PLAIN = Exchange(
    sequence=1,
    url=URL,
    purpose=Purpose.POST,
    via="http://blog.example/",
    began=NOW,
    took_ms=12,
    request=REQUEST,
    head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 27\r\n\r\n",
    body=b"<p>A keeper counts gulls.</p>"[:27],
    framing=Framing.LENGTH,
    peer=PEER,
)


def page(sequence: int, body: bytes, *, url: str | None = None) -> Exchange:
    """Make a plain 200 answer, a second after the one before it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body)
    began = NOW + timedelta(seconds=sequence)
    url = url or f"http://blog.example/a/{sequence}.html"
    return replace(PLAIN, sequence=sequence, url=url, began=began, head=head, body=body)


def run_start(uid: str = "run-1") -> RunStart:
    """Make the start of a run."""
    return RunStart(
        uid=uid,
        site="watchtower",
        started=NOW,
        route=Route.SITE,
        software="vigil/0.1",
        config_digest=sha256_of(b""),
        operator="The Imaginary Archive",
        contact="https://operator.example/vigil",
        user_agent="Mozilla/5.0 (compatible; vigil/0.1; +https://operator.example/vigil)",
        mode="full",
    )


def no_payload(_digest: Sha256, _url: str) -> RecordRef | None:
    """Know no earlier capture."""
    return None


def open_writer(
    collection: Collection,
    *,
    run: RunStart | None = None,
    known_payload: Callable[[Sha256, str], RecordRef | None] = no_payload,
    known_answer: Callable[[str], RecordRef | None] = lambda _url: None,
    max_bytes: int = 1_000_000_000,
) -> WarcWriter:
    """Begin a run."""
    return WarcWriter(
        collection,
        site_id="watchtower",
        run=run or run_start(),
        site_toml=b'id = "watchtower"\n',
        host_label="testhost",
        known_payload=known_payload,
        known_answer=known_answer,
        limits=FileLimits(max_bytes=max_bytes),
    )


def lay(collection: Collection, *exchanges: Exchange) -> tuple[Capture, ...]:
    """Lay down a whole run."""
    writer = open_writer(collection)
    captures = tuple(writer.append(one) for one in exchanges)
    writer.close(END)
    return captures


def only_file(collection: Collection) -> Path:
    """Give the collection's one WARC file."""
    (path,) = warc_files(collection)
    return path
