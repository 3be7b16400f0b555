"""Compare how fast WARC records are written: ours against warcio's default, in turns, in one run.

Prints milliseconds a page, the ratio to warcio's default and the ratio of file sizes, medians of the rounds:

    python benchmarks/warc_write.py [--pages 400] [--rounds 5]

``same records`` writes what warcio's default writes, request and response; ``whole exchange`` is what a crawl does: a
metadata record more, and everything durable and read back before the file is closed.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from warcio.warcwriter import WARCWriter

from archive.collection import Collection
from archive.model import Exchange, Framing, Peer, Purpose, Route, RunEnd, RunStart, sha256_of
from archive.warc import WarcWriter, layout
from archive.warc.framing import Framer

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def pages(count: int) -> list[Exchange]:
    """Invent article pages of 60 to 90 kB that compress about as well as real ones do (5 to 1)."""
    chance = random.Random(7)
    letters = "aaabcdeeefghiiijklmnooopqrstuuvwyz"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 11))) for _ in range(6000)]
    weights = [rank**-1.1 for rank in range(1, len(words) + 1)]
    blocks = [
        f'<li class="media-block__item"><a class="img-wrap" href="/a/{words[number]}-{words[-number]}/{number}.html" '
        f'title="{words[number]}"><div class="thumb thumb16_9"><img data-src="https://media.example/{number:08x}_w66_r1'
        f'.jpg" alt="{words[number]}"></div><h4 class="media-block__title">{words[number]}</h4></a></li>\n'
        for number in range(1, 101)
    ]
    template = "".join(blocks)

    def page(number: int) -> Exchange:
        parts = [f"<!doctype html><html><head><title>{number}</title></head><body>", template]
        size, goal = len(template), chance.randint(60_000, 90_000)
        while size < goal:
            text = " ".join(chance.choices(words, weights, k=chance.randint(10, 30)))
            parts.append(f'<div class="wsw__embed wsw__embed--small"><p>{text}.</p></div>\n{chance.choice(blocks)}')
            size += len(parts[-1])
        return exchange(number, "".join(parts).encode())

    return [page(number) for number in range(count)]


def exchange(number: int, body: bytes) -> Exchange:
    """Put a page into an exchange as the replica would serve it."""
    head = (
        "HTTP/1.1 200 OK\r\nServer: replica\r\nDate: Sun, 22 Nov 2026 03:00:00 GMT\r\n"
        f'Content-Type: text/html; charset=utf-8\r\nETag: "{number:x}"\r\nContent-Length: {len(body)}\r\n\r\n'
    )
    request = (
        f"GET /a/a-plainly-invented-post/{number}.html HTTP/1.1\r\nHost: replica.example\r\nAccept-Encoding: gzip\r\n"
        "User-Agent: Mozilla/5.0 (compatible; vigil/0.1; +https://operator.example)\r\n\r\n"
    )
    return Exchange(
        sequence=number,
        url=f"http://replica.example/a/a-plainly-invented-post/{number}.html",
        purpose=Purpose.POST,
        via="http://replica.example/",
        began=NOW + timedelta(milliseconds=number),
        took_ms=20,
        request=request.encode(),
        head=head.encode(),
        body=body,
        framing=Framing.LENGTH,
        peer=Peer(address="127.0.0.1", port=80, resolved=("127.0.0.1",)),
    )


def warcio_default(exchanges: list[Exchange], folder: Path) -> Path:
    """Write as warcio's documentation shows it."""
    path = folder / "warcio.warc.gz"
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="1.1")
        for one in exchanges:
            request = writer.create_warc_record(one.url, "request", payload=BytesIO(one.request))
            response = writer.create_warc_record(one.url, "response", payload=BytesIO(one.head + one.body))
            writer.write_request_response_pair(request, response)
    return path


def same_records(exchanges: list[Exchange], folder: Path) -> Path:
    """Frame request and response only, as our writer does it."""
    path = folder / "same.warc.gz"
    framer = Framer()
    with path.open("wb") as file:
        for one in exchanges:
            drafts = layout.drafts(
                one, layout.shape_of(one), run="bench", warcinfo_id="<urn:x>", certificates={}, original=None
            )
            file.writelines(framer.frame(draft).data for draft in drafts.in_order[:2])
    return path


def whole_exchange(exchanges: list[Exchange], folder: Path) -> Path:
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
    ("same records", same_records),
    ("whole exchange", whole_exchange),
)


def rounds(exchanges: list[Exchange], count: int) -> Iterator[dict[str, tuple[float, int]]]:
    """Let each way write all pages in turn, ``count`` times: seconds and bytes of each."""
    for _ in range(count):
        result = {}
        with tempfile.TemporaryDirectory() as folder:
            for name, way in WAYS:
                began = time.perf_counter()
                path = way(exchanges, Path(folder))
                result[name] = (time.perf_counter() - began, path.stat().st_size)
        yield result


def main() -> None:
    """Run the comparison and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    exchanges = pages(options.pages)
    results = list(rounds(exchanges, options.rounds))
    raw = sum(len(one.head) + len(one.body) for one in exchanges)
    print(f"{options.pages} pages, {raw / 1e6:.1f} MB, {options.rounds} rounds in turns")
    print(f"{'':16} {'ms/page':>8} {'x warcio':>9} {'size ratio':>11} {'compression':>12}")
    for name, _way in WAYS:
        seconds = statistics.median(result[name][0] for result in results)
        speedup = statistics.median(result["warcio default"][0] / result[name][0] for result in results)
        size, base = results[0][name][1], results[0]["warcio default"][1]
        print(f"{name:16} {seconds / options.pages * 1000:8.3f} {speedup:9.2f} {size / base:11.3f} {raw / size:12.2f}")


if __name__ == "__main__":
    main()
