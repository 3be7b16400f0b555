"""Other software asks the archive, or reads it as it is, and finds what we say: pywb, memento-client."""

import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from memento_client import MementoClient

from archive.cdxj import write_missing
from archive.collection import Collection
from archive.query import Archive, mementos
from archive.query.names import url_ids
from archive.web import app
from tests.cli.archives import BEGAN, HOST, lay_run
from tests.web.conftest import Get, getting, serving
from tests.web.test_records import answer

ROOT = Path(__file__).parents[2]
WAYBACK = ROOT / ".venv-pywb/bin/wayback"


@pytest.fixture(scope="module")
def closed(served: Collection, tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """The pages' archive as wb-manager wants it, the run that never ended taken out."""
    copy = Collection(tmp_path_factory.mktemp("pywb") / "collections" / "blog")
    shutil.copytree(served.root, copy.root)
    write_missing(copy)
    return copy


@pytest.fixture(scope="module")
def wayback(closed: Collection) -> Iterator[str]:
    if not WAYBACK.exists():
        pytest.skip("wayback (pywb, in its own environment) is not here: make .venv-pywb/done")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [str(WAYBACK), "-b", "127.0.0.1", "-p", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, cwd=closed.root.parents[1], stdout=quiet, stderr=quiet) as process:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        try:
            yield f"http://127.0.0.1:{port}/blog"
        finally:
            process.terminate()


@pytest.mark.reader
async def test_pywb_replays_the_same_bytes_and_lists_the_same_captures(closed: Collection, wayback: str) -> None:
    ours: Get = getting(app.desk(closed).app())
    held = [json.loads(line) for line in (await ours(f"/cdx?url={HOST}/*&output=json")).text.splitlines()]
    held = [line for line in held if (closed.warcs / line["filename"]).exists()]
    async with httpx.AsyncClient(timeout=60) as client:
        told = await client.get(f"{wayback}/cdx", params={"url": f"{HOST}/*", "output": "json"})
        theirs = [json.loads(line) for line in told.text.splitlines()]
        known = set(held[0])
        assert [{name: line[name] for name in line if name in known} for line in theirs] == held
        assert len(held) >= 10
        for line in held:
            place = f"{line['timestamp']}id_/{line['url']}"
            there = await client.get(f"{wayback}/{place}")
            here = await ours(f"/web/{place}", status=there.status_code)
            assert here.content == there.content, place
            assert here.headers["memento-datetime"] == there.headers["memento-datetime"]
        url = f"{HOST}/a/the-last-lamp/101.html"
        times = re.compile(r'memento"; datetime="([^"]+)"')
        there = await client.get(f"{wayback}/timemap/link/{url}")
        here = await ours(f"/timemap/link/{url}")
        assert times.findall(here.text) == times.findall(there.text) != []


@pytest.mark.reader
def test_memento_client_finds_the_nearest_capture(tmp_path: Path) -> None:
    class Origin(BaseHTTPRequestHandler):
        """The original, alive: the client asks it first."""

        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        do_GET = do_HEAD  # noqa: N815  called by http.server

        def log_message(self, *_: object) -> None:
            pass

    collection = Collection(tmp_path / "collection")
    with ThreadingHTTPServer(("127.0.0.1", 0), Origin) as origin:
        threading.Thread(target=origin.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{origin.server_port}/page"
        for day in (0, 4, 9):
            made = replace(answer(1, "/page", f"day {day}".encode(), "text/plain", days=day), url=url)
            lay_run(collection, f"run-{day}", BEGAN + timedelta(days=day), made)
        with serving(collection, tmp_path) as address:
            with MementoClient(timegate_uri=f"{address}/timegate/", check_native_timegate=False) as client:
                found = client.get_memento_info(url, datetime(2026, 8, 6))  # noqa: DTZ001  it wants a naive one, in GMT
            closest = found["mementos"]["closest"]
            assert closest["datetime"] == datetime(2026, 8, 5, 3, 0, 1)  # noqa: DTZ001
            assert (
                httpx.get(closest["uri"][0].replace("/web/20260805030001/", "/web/20260805030001id_/")).text == "day 4"
            )
            assert found["mementos"]["first"]["datetime"] == datetime(2026, 8, 1, 3, 0, 1)  # noqa: DTZ001
            assert found["mementos"]["last"]["datetime"] == datetime(2026, 8, 10, 3, 0, 1)  # noqa: DTZ001
        origin.shutdown()


def test_pages_of_a_timemap_hold_every_capture_once(served: Collection) -> None:
    with Archive.open(served) as archive:
        names = ("https://lantern.example/a/a-boat-for-nobody/102.html", "103", "101")
        ids = tuple(one for name in names for one in url_ids(archive.db, name))
        everything = list(mementos.after(archive.db, ids, None))
        assert len(everything) >= 8
        for size in (1, 3, len(everything)):
            pages = -(-len(everything) // size)
            found = [mementos.page(archive.db, ids, number, size) for number in range(1, pages + 1)]
            assert [one for page, _ in found for one in page] == everything
            assert [more for _, more in found] == [True] * (pages - 1) + [False]
        assert everything[0].time.tzinfo is UTC
