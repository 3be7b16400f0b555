"""How fast single records are read from a WARC file of about 1 GB, and how fast such a file is handed on as a WACZ.

    python -m benchmarks.handing [MEGABYTES]

The records hold bytes that do not shrink, 20 kB each, digests checked at every reading. The export copies, digests and
lists the file; its pages are none, as nothing is indexed.
"""

import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import open_archive
from archive.cdxj import write_missing
from archive.collection import Collection
from archive.export.wacz import export_wacz
from archive.index import Index
from archive.model import Exchange, Framing, Purpose, RecordRef, Route, RunEnd, RunStart, sha256_of
from archive.warc import WarcWriter, read_record

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
SIZE, READS = 20_000, 3000
TOML = b""


def lay(collection: Collection, megabytes: int) -> list[RecordRef]:
    """Lay a run down; give its response records."""
    run = RunStart(
        uid="handing",
        site="none",
        started=BEGAN,
        route=Route.TEST,
        software="benchmark",
        config_digest=sha256_of(TOML),
        operator=None,
        contact=None,
        user_agent="benchmark",
        mode="benchmark",
    )
    writer = WarcWriter(
        collection, site_id="none", run=run, site_toml=TOML, host_label="here", known_payload=lambda *_: None
    )
    chance = random.Random(7)
    refs = []
    for sequence in range(1, megabytes * 1_000_000 // SIZE):
        exchange = Exchange(
            sequence=sequence,
            url=f"https://none.example/{sequence}",
            purpose=Purpose.OTHER,
            via=None,
            began=BEGAN + timedelta(seconds=sequence),
            took_ms=1,
            request=b"GET / HTTP/1.1\r\n\r\n",
            head=b"HTTP/1.1 200 OK\r\n\r\n",
            body=chance.randbytes(SIZE),
            framing=Framing.CLOSE,
        )
        refs.append(writer.append(exchange).record)
    end = RunEnd(uid="handing", ended=BEGAN, stop_reason="done", exit_code=0, is_walk_complete=False)
    writer.close(end)
    return refs


def main() -> None:
    """Measure both."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as scratch:
        collection = Collection(Path(scratch) / "collection")
        refs = lay(collection, megabytes)
        size = sum(path.stat().st_size for path in collection.warcs.iterdir())
        times = []
        for ref in random.Random(8).choices(refs, k=READS):
            start = time.perf_counter()
            read_record(collection, ref)
            times.append(time.perf_counter() - start)
        print(f"{READS} records of {SIZE} bytes at random from {size / 1e9:.2f} GB, digests checked:")
        late = statistics.quantiles(times, n=20)[18]
        print(f"  median {statistics.median(times) * 1e3:.3f} ms, 95th {late * 1e3:.3f} ms")
        Index.open(collection.database).close()
        write_missing(collection)
        with open_archive(collection.root) as archive:
            start = time.perf_counter()
            export_wacz(archive, collection, Path(scratch) / "all.wacz")
            took = time.perf_counter() - start
        print(f"WACZ of {size / 1e9:.2f} GB of WARC in {took:.1f} s: {size / 1e6 / took:.0f} MB/s")


if __name__ == "__main__":
    main()
