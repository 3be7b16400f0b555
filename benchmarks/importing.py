"""Bringing in against the plain way, in turns within one run.

A WARC file of article pages is imported, read and indexed by two processes, and gone through by warcio with
``bare_extraction`` of each page in one process.

    python -m benchmarks.importing [PAGES] [ROUNDS]

Prints pages a second of both and the ratio, start-up of the reading processes included.
"""

import io
import statistics
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trafilatura
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.collection import Collection
from archive.config import load_settings, shipped_sites
from archive.importing.importer import Importer
from archive.index import Index
from archive.rebuild import pool
from archive.site import parse_site
from benchmarks.text import pages

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)


def write_warc(path: Path, count: int) -> None:
    """Write article pages of 60 to 90 kB as warcio does."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="WARC/1.1")
        for number, sample in enumerate(pages(count)):
            http = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            when = {"WARC-Date": f"{BEGAN + timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}"}
            body = io.BytesIO(sample.payload)
            writer.write_record(
                writer.create_warc_record(
                    sample.url, "response", body, http_headers=http, warc_headers_dict=when, length=len(sample.payload)
                )
            )


def plainly(path: Path) -> int:
    """Go through the file with warcio and take each page's text and metadata out with trafilatura."""
    found = 0
    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type == "response":
                url = record.rec_headers.get_header("WARC-Target-URI")
                page = trafilatura.bare_extraction(record.content_stream().read(), url=url, with_metadata=True)
                found += page is not None
    return found


def imported(path: Path, folder: Path) -> int:
    """Import the file into a new collection by two processes; give the posts that it then holds."""
    collection = Collection(folder)
    toml = (shipped_sites() / "rferl-watchdog.toml").read_bytes()
    settings = load_settings(flags={"collection": folder})
    with collection.locked("benchmark"), pool(2) as executor, closing(Index.open(collection.database)) as index:
        Importer(collection, settings, index, parse_site(toml, "the site"), toml, executor).take(path)
        return index.number("SELECT count(*) FROM posts WHERE current IS NOT NULL") or 0


def main() -> None:
    """Measure both ways in turns."""
    count, rounds = (int(word) for word in (sys.argv[1:] + ["400", "3"][len(sys.argv) - 1 :]))
    ratios = []
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "pages.warc.gz"
        write_warc(path, count)
        for turn in range(rounds):
            start = time.perf_counter()
            plain = plainly(path)
            between = time.perf_counter()
            held = imported(path, Path(scratch) / f"collection-{turn}")
            end = time.perf_counter()
            slow, fast = plain / (between - start), held / (end - between)
            ratios.append(fast / slow)
            print(f"warcio + bare_extraction {slow:6.1f} pages/s   vigil import {fast:6.1f} pages/s   {ratios[-1]:.2f}")
    print(f"ratio {statistics.median(ratios):.2f} (median of {rounds}, {count} pages)")


if __name__ == "__main__":
    main()
