"""A whole crawl on loopback, against wget and bare Scrapy: ``python -m benchmarks.crawl [PAGES] [ROUNDS]``.

The replica serves PAGES article pages of 60 to 90 KB and their listing, twenty posts a page, without compression, from
a process of its own. Politeness is off. Every client runs once a round, in turn; the table shows medians. wget uses
one connection, the others CONNECTIONS. Ours keep every record and sync it as in any crawl.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.config import shipped_sites
from benchmarks.measure import Cost, measure, medians

CONNECTIONS = 8
ACCEPT = "/a/|/Watchdog"


def main() -> None:
    """Measure and print."""
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with TemporaryDirectory(prefix="vigil-bench-") as name, served(pages) as (host, port):
        folder = Path(name)
        clients = dict(contenders(folder, host, port))
        costs: dict[str, list[Cost]] = {client: [] for client in clients}
        for number in range(rounds):
            for client, run in clients.items():
                place = folder / f"{number}-{client.replace(' ', '-')}"
                place.mkdir()
                costs[client].append(run(place))
                shutil.rmtree(place)
    print_table(pages, {client: medians(measured) for client, measured in costs.items()})


@contextmanager
def served(pages: int) -> Iterator[tuple[str, int]]:
    """Serve the heavy blog from a process of its own; give its address."""
    command = [sys.executable, "-m", "crawler.replica", "--benchmark", "--posts", str(pages)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("the replica has no pipes")
        try:
            host, port = json.loads(server.stdout.readline())["http"]
            yield host, port
        finally:
            server.stdin.close()


def contenders(folder: Path, host: str, port: int) -> Iterator[tuple[str, Callable[[Path], Cost]]]:
    """Give each client's name and how to run it in a folder of its own."""
    start = f"http://{host}:{port}/Watchdog"
    if shutil.which("wget"):
        wget = ["wget", "--quiet", "--recursive", "--level=inf", "--no-parent", f"--accept-regex={ACCEPT}",
                "--delete-after", "--warc-file=out", start]  # fmt: skip
        yield "wget --recursive --warc-file", lambda place: measure(wget, folder=place, accepted=(0, 8))
    bare = [sys.executable, str(Path(__file__).with_name("bare_scrapy.py")), start, str(CONNECTIONS)]
    yield "bare Scrapy (keeps nothing)", lambda place: measure(bare, folder=place)
    site = site_file(folder)
    # ``scrapy crawl`` is ``vigil crawl`` with settings on the command line: no compression, as the others ask for none.
    plain = json.dumps({"Accept-Encoding": "identity"})
    ours = ["env", "SCRAPY_SETTINGS_MODULE=crawler.settings", sys.executable, "-m", "scrapy", "crawl", "blog",
            "-a", f"site={site}", "-s", "VIGIL_COLLECTION=c", "-s", f"VIGIL_RESOLVE=www.rferl.org:80:{host}:{port}",
            "-s", f"DEFAULT_REQUEST_HEADERS={plain}"]  # fmt: skip
    yield "vigil, index later", lambda place: measure([*ours, "-a", "index_later=yes"], folder=place)
    yield "vigil, complete", lambda place: measure(ours, folder=place)


def site_file(folder: Path) -> Path:
    """Write the shipped site file with its politeness and requisites off, for plain HTTP and no compression."""
    text = (shipped_sites() / "rferl-watchdog.toml").read_text(encoding="utf-8")
    text = re.sub(r"\[\[robots\.exceptions\]\].*?(?=\n\[)", "", text, flags=re.DOTALL)
    text = re.sub(r"\[feeds\].*?(?=\n\[|\n#)", "", text, flags=re.DOTALL)
    text = text.replace("https://www.rferl.org/Watchdog", "http://www.rferl.org/Watchdog")
    text = re.sub(r"(?m)^delay = .*$", "delay = 0.0", text)
    text = re.sub(r"(?m)^connections = .*$", f"connections = {CONNECTIONS}", text)
    text = text.replace("enabled = true", "enabled = false")  # the others keep pages alone too
    path = folder / "rferl-watchdog.toml"
    path.write_text(text, encoding="utf-8")
    return path


def print_table(pages: int, costs: dict[str, Cost]) -> None:
    """Print the table; ratios are to the first client."""
    first = next(iter(costs.values()))
    print(f"{'client':32}{'pages/s':>9}{'ratio':>7}{'CPU s/1k':>10}{'MB':>7}")
    for client, cost in costs.items():
        rate, ratio = pages / cost.wall, first.wall / cost.wall
        print(f"{client:32}{rate:9.0f}{ratio:7.2f}{cost.cpu / pages * 1000:10.2f}{cost.memory:7.0f}")


if __name__ == "__main__":
    main()
