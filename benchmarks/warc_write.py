"""Compare how fast WARC records are written: ours against warcio's default, in turns, in one run.

Prints milliseconds and CPU milliseconds a page, the ratio to warcio's default and the ratio of file sizes, medians of
the rounds:

    python benchmarks/warc_write.py [--pages 400] [--rounds 5]

All write the same three records of each exchange. ``whole crawl`` does what a crawl does beside: the disk holds each
group of sixteen before it goes on, and every record is read back before the file is closed.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from statistics import median

from warcio.warcwriter import WARCWriter

from archive.collection import Collection
from archive.model import Exchange, Framing, Peer, Purpose, Route, RunEnd, RunStart, sha256_of
from archive.warc import WarcWriter, layout
from archive.warc.framing import Draft, Framer, new_record_id
from crawler.replica import BlogSimulator, router
from crawler.replica.benchmark import benchmark_blog
from crawler.replica.framing import message
from crawler.replica.model import CANONICAL_HOST
from crawler.replica.server import parse_request

AGENT = "Mozilla/5.0 (compatible; vigil/0.1; +https://operator.example)"
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def pages(count: int) -> list[Exchange]:
    """Take article pages of 60 to 90 kB from the replica, without its sockets."""
    blog = benchmark_blog(count)
    return [_exchange(blog, number, post.path) for number, post in enumerate(blog.listing(), 1)]


def _exchange(blog: BlogSimulator, number: int, path: str) -> Exchange:
    sent = f"GET {path} HTTP/1.0\r\nHost: {CANONICAL_HOST}\r\nUser-Agent: {AGENT}\r\n\r\n".encode()
    request = parse_request(sent, is_tls=False)
    answer = message(router.answer(blog, request), request, blog.now)
    return Exchange(
        sequence=number,
        url=f"http://{CANONICAL_HOST}{path}",
        purpose=Purpose.POST,
        via=f"http://{CANONICAL_HOST}/Watchdog",
        began=NOW + timedelta(milliseconds=number),
        took_ms=20,
        request=sent,
        head=answer.head,
        body=answer.body,
        framing=Framing.LENGTH,
        peer=Peer(address="127.0.0.1", port=80, resolved=("127.0.0.1",)),
    )


def _drafts(exchange: Exchange) -> tuple[Draft, ...]:
    shape = layout.shape_of(exchange)
    return layout.drafts(
        exchange, shape, run="bench", warcinfo_id=new_record_id(), certificates={}, original=None
    ).in_order


def warcio_default(exchanges: list[Exchange], folder: Path) -> Path:
    """Write the records of each exchange as warcio's documentation shows it: its SHA-1 digests, its gzip."""
    path = folder / "warcio.warc.gz"
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="1.1")
        for one in exchanges:
            for draft in _drafts(one):
                fields = {name: value for name, value in draft.fields if name != "WARC-Payload-Digest"}
                _by_warcio(writer, draft, fields)
    return path


def warcio_given_digests(exchanges: list[Exchange], folder: Path) -> Path:
    """Let warcio frame and compress the very records that we write, their SHA-256 digests given."""
    path = folder / "given.warc.gz"
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="1.1")
        for one in exchanges:
            for draft in _drafts(one):
                digest = f"sha256:{draft.digest}"
                _by_warcio(
                    writer, draft, {"WARC-Payload-Digest": digest, **dict(draft.fields), "WARC-Block-Digest": digest}
                )
    return path


def _by_warcio(writer: WARCWriter, draft: Draft, fields: dict[str, str]) -> None:
    kind, uri, size = fields["WARC-Type"], fields["WARC-Target-URI"], len(draft.block)
    payload = BytesIO(draft.block)
    writer.write_record(writer.create_warc_record(uri, kind, payload=payload, length=size, warc_headers_dict=fields))


def same_records(exchanges: list[Exchange], folder: Path) -> Path:
    """Frame the same records as our writer does it."""
    path = folder / "same.warc.gz"
    framer = Framer()
    with path.open("wb") as file:
        for one in exchanges:
            file.writelines(framer.frame(draft).data for draft in _drafts(one))
    return path


def whole_crawl(exchanges: list[Exchange], folder: Path) -> Path:
    """Write as a crawl does, a group of sixteen exchanges made durable at a time."""
    collection = Collection(Path(tempfile.mkdtemp(dir=folder)))
    run = RunStart(
        uid="bench",
        site="bench",
        started=NOW,
        route=Route.TEST,
        software="vigil",
        config_digest=sha256_of(b""),
        operator=None,
        contact=None,
        user_agent="bench",
        mode="full",
    )
    writer = WarcWriter(
        collection,
        site_id="bench",
        run=run,
        site_toml=b"",
        host_label="bench",
        known_payload=lambda _digest, _url: None,
    )
    for number, one in enumerate(exchanges, 1):
        writer.append(one)
        if number % 16 == 0:
            writer.sync()
    writer.close(RunEnd(uid="bench", ended=NOW, stop_reason="done", exit_code=0, is_walk_complete=True))
    return next(collection.warcs.iterdir())


WAYS: tuple[tuple[str, Callable[[list[Exchange], Path], Path]], ...] = (
    ("warcio default", warcio_default),
    ("warcio, SHA-256", warcio_given_digests),
    ("same records", same_records),
    ("whole crawl", whole_crawl),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one way of writing cost in one round: seconds on the clock and on the processor, bytes on disk."""

    wall: float
    cpu: float
    size: int


def measure(way: Callable[[list[Exchange], Path], Path], exchanges: list[Exchange], folder: Path) -> Result:
    """Let one way write all pages."""
    wall, cpu = time.perf_counter(), time.process_time()
    path = way(exchanges, folder)
    return Result(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu, size=path.stat().st_size)


def rounds(exchanges: list[Exchange], count: int) -> Iterator[dict[str, Result]]:
    """Let each way write in turn, ``count`` times."""
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            yield {name: measure(way, exchanges, Path(folder)) for name, way in WAYS}


def main() -> None:
    """Run the comparison and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    exchanges = pages(options.pages)
    results = list(rounds(exchanges, options.rounds))
    raw = sum(len(one.head) + len(one.body) for one in exchanges)
    print(f"{len(exchanges)} pages, {raw / 1e6:.1f} MB, {options.rounds} rounds in turns")
    print(f"{'':15} {'ms/page':>8} {'CPU ms':>8} {'x warcio':>9} {'size ratio':>11} {'compression':>12}")
    for name, _way in WAYS:
        mine = [result[name] for result in results]
        base = [result["warcio default"] for result in results]
        wall = median(one.wall for one in mine) / len(exchanges) * 1000
        cpu = median(one.cpu for one in mine) / len(exchanges) * 1000
        speedup = median(other.wall / one.wall for one, other in zip(mine, base, strict=True))
        size = mine[0].size
        print(f"{name:15} {wall:8.3f} {cpu:8.3f} {speedup:9.2f} {size / base[0].size:11.3f} {raw / size:12.2f}")


if __name__ == "__main__":
    main()
