"""How fast an archive is verified, against ``sha256sum`` and ``gzip -dc`` over the same files.

    python -m benchmarks.fixity [MEGABYTES]

Four runs of an invented site are laid down, half of the answers gzip-encoded as servers send them, each over TLS with
its certificates. ``vigil verify --fixity`` and ``vigil verify`` then run as the commands that they are, by as many
processes as there are cores; the rivals run one after the other, each over all files, as many at once as there are
cores. Rounds are interleaved and their medians compared. CPU is that of one process: of several, the system counts only
those that were waited for. Goal: ``--fixity`` at 70 % of the rivals' speed or more.
"""

import gzip
import os
import random
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.collection import Collection
from archive.index import Index
from archive.indexer import Indexer
from archive.model import Exchange, Framing, Peer, Purpose, Route, RunEnd, RunStart, TlsFacts, sha256_of
from archive.warc import WarcWriter, warc_files
from benchmarks.invented import SITE, SITE_TOML
from benchmarks.measure import Cost, measure, medians
from benchmarks.table import header, line

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
RUNS, ROUNDS = 4, 3
GOAL = 70
_WORDS = tuple(f"word{number}" for number in range(4000))


def lay(collection: Collection, megabytes: float) -> None:
    """Lay runs down until their files are about so large together."""
    chance = random.Random(7)
    tls = TlsFacts(
        version="1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        server_name="none.example",
        alpn="http/1.1",
        chain=(chance.randbytes(1200), chance.randbytes(1100), chance.randbytes(900)),
        is_verified=True,
    )
    for number in range(1, RUNS + 1):
        began = BEGAN + timedelta(days=number)
        uid = f"run-{number}"
        run = RunStart(
            uid=uid,
            site=SITE,
            started=began,
            route=Route.TEST,
            software="benchmark",
            config_digest=sha256_of(SITE_TOML),
            operator=None,
            contact=None,
            user_agent="benchmark",
            mode="benchmark",
        )
        writer = WarcWriter(
            collection, site_id=SITE, run=run, site_toml=SITE_TOML, host_label="here", known_payload=lambda *_: None
        )
        sequence = written = 0
        while written < megabytes * 1_000_000 / RUNS:
            sequence += 1
            capture = writer.append(_exchange(chance, number, sequence, began, tls))
            written += capture.record.length + capture.metadata.length
        end = RunEnd(uid=uid, ended=began, stop_reason="done", exit_code=0, is_walk_complete=False)
        writer.close(end)


def _exchange(chance: random.Random, run: int, sequence: int, began: datetime, tls: TlsFacts) -> Exchange:
    """Make a page of some 80 kB, every second one gzip-encoded."""
    words = " ".join(chance.choices(_WORDS, k=2000))
    frame = "<div class='frame'><a href='/elsewhere'>elsewhere</a></div>" * 1000
    body = f"<p class='text'>{words}</p>{frame}".encode()
    coding = b""
    if sequence % 2:
        body, coding = gzip.compress(body, 6), b"Content-Encoding: gzip\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n%bContent-Length: %d\r\n\r\n" % (coding, len(body))
    path = f"/{run}/{sequence}"
    return Exchange(
        sequence=sequence,
        url=f"https://none.example{path}",
        purpose=Purpose.OTHER,
        via=None,
        began=began + timedelta(seconds=sequence),
        took_ms=1,
        request=f"GET {path} HTTP/1.1\r\nHost: none.example\r\nUser-Agent: benchmark\r\n\r\n".encode(),
        head=head,
        body=body,
        framing=Framing.LENGTH,
        peer=Peer(address="127.0.0.1", port=443, tls=tls),
    )


def main() -> int:
    """Print the figures; ends with 1 when the goal is missed."""
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 100
    cores = os.cpu_count() or 1
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        collection = Collection(folder / "collection")
        collection.create()
        lay(collection, megabytes)
        with closing(Index.open(collection.database)) as index:
            Indexer(index, collection).catch_up()
        files = [str(path) for path in warc_files(collection)]
        listed = "\\0".join(files)
        many = f"printf '{listed}' | xargs -0 -n1 -P{cores}"
        vigil = [sys.executable, "-m", "archive", "verify", "--collection", str(collection.root)]
        commands = {
            "rivals": ["sh", "-c", f"{many} sha256sum >/dev/null && {many} gzip -dc >/dev/null"],
            "fixity": [*vigil, "--fixity"],
            "whole": vigil,
            "alone": [*vigil, "--fixity", "--jobs", "1"],
        }
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                costs[name].append(measure(command, folder=folder))
        size = sum(Path(file).stat().st_size for file in files) / 1e6
    middle = {name: medians(taken) for name, taken in costs.items()}
    header(f"Verifying an archive of {size:,.0f} MB in {RUNS} files, {cores} cores")
    for name, what in (
        ("rivals", "sha256sum, then gzip -dc"),
        ("fixity", "vigil verify --fixity"),
        ("whole", "vigil verify"),
    ):
        line(f"{what}, wall", middle[name].wall, "s")
        line(f"{what}, speed", size / middle[name].wall, "MB/s")
    line("sha256sum, then gzip -dc, CPU", middle["rivals"].cpu, "s")
    line("vigil verify --fixity --jobs 1, CPU with start-up", middle["alone"].cpu, "s")
    share = 100 * middle["rivals"].wall / middle["fixity"].wall
    line("vigil verify --fixity, share of the rivals' speed", share, "%", least=GOAL)
    line("the same by CPU", 100 * middle["rivals"].cpu / middle["alone"].cpu, "%")
    line("vigil verify, share of the rivals' speed", 100 * middle["rivals"].wall / middle["whole"].wall, "%")
    return int(share < GOAL)


if __name__ == "__main__":
    sys.exit(main())
