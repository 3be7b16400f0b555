"""What sealing costs: its CPU as a share of a crawl's, and a proof out of a log of ten thousand nights.

``python -m benchmarks.seal``. Targets: sealing at most 10 % of the CPU of an unthrottled crawl of 2,000 pages (waiting
for authorities aside), a proof at most 10 ms.
"""

import hashlib
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.collection import Collection
from archive.config import Authority, Settings, load_settings
from archive.evidence import log, merkle
from archive.evidence.authority import AuthorityServer, TestAuthority
from archive.evidence.keys import make_keys, read_signing
from archive.evidence.ledger import Ledger
from archive.evidence.sealing import finish
from benchmarks.measure import measure
from crawler.replica import ReplicaServer, fictional_blog

PAGES = 2000
NIGHTS = 10_000
SEALING_TARGET, PROOF_TARGET = 0.10, 0.010


def main() -> int:
    """Print both figures; ends with 1 when one misses its target."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        crawl = crawl_seconds(folder)
        sealing = sealing_seconds(folder)
        proof = proof_seconds(folder)
    share = sealing / crawl
    print(f"crawl of {PAGES} posts: {crawl:.2f} s of CPU; sealing it: {sealing:.2f} s, {share:.1%}")
    print(f"proof over {NIGHTS} nights: {proof * 1000:.1f} ms")
    return int(share > SEALING_TARGET or proof > PROOF_TARGET)


def crawl_seconds(folder: Path) -> float:
    """Crawl a replica without keys, and give the CPU that this took."""
    with ReplicaServer(fictional_blog(posts=PAGES), has_tls=True) as server:
        (folder / "ca.pem").write_bytes(server.ca_pem)
        command = [sys.executable, "-m", "crawler", "crawl", "rferl-watchdog", "--delay", "0", "--quiet"]
        command += ["--collection", str(folder / "collection"), "--cacert", "ca.pem"]
        for rule in server.resolve:
            command += ["--resolve", rule]
        os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
        return measure(command, folder=folder).cpu


def sealing_seconds(folder: Path) -> float:
    """Seal that crawl, with two authorities, and give the CPU of this process less that of the authorities' threads."""
    now = datetime.now(UTC)
    make_keys(folder / "keys", owner="Benchmark", log_name="log.example", passphrase=None, now=now)
    settings = replace(load_settings(flags={"collection": str(folder / "collection")}), keys=folder / "keys")
    unstamped = spent(lambda: seal(folder, settings))
    with AuthorityServer(TestAuthority("tsa1")) as one, AuthorityServer(TestAuthority("tsa2")) as two:
        entries = tuple(
            Authority(name=server.authority.name, url=server.url, root=server.write_root(folder / f"{number}.pem"))
            for number, server in enumerate((one, two))
        )
        return unstamped + spent(lambda: seal(folder, replace(settings, authorities=entries)))


def seal(folder: Path, settings: Settings) -> None:
    """Seal what is not, stamp what is not."""
    outcome = finish(Collection(folder / "collection"), settings)
    if outcome.owed.unsealed:
        raise RuntimeError(str(outcome.owed))


def proof_seconds(folder: Path) -> float:
    """Write a log of many nights, and give the CPU of reading it and proving one, the best of five."""
    keys = read_signing(folder / "keys", None, datetime.now(UTC))
    collection = Collection(folder / "nights")
    collection.create()
    ledger = Ledger(collection)
    ledger.folder.mkdir()
    leaves = [hashlib.sha256(b"%d" % night).digest() for night in range(NIGHTS)]
    lines = "".join(f"{leaf.hex()} night-{night}\n" for night, leaf in enumerate(leaves))
    (ledger.folder / "leaves").write_text(lines)
    note = log.sign_checkpoint(NIGHTS, merkle.root_of(leaves), keys.log.name, keys.log_key)
    (ledger.folder / "checkpoint").write_bytes(note)
    whole = min(spent(lambda: ledger.proof("night-4321")) for _ in range(5))
    proof = min(spent(lambda: log.prove(leaves, 4321, note)) for _ in range(5))
    print(f"with reading the log from disk: {whole * 1000:.1f} ms")
    return proof


def spent(work: Callable[[], object]) -> float:
    """Give the seconds of CPU that ``work`` takes in this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
