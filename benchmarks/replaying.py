"""How fast replay clients are answered among ten million captures: CDX queries, TimeGate, late pages of a TimeMap.

    python -m benchmarks.replaying [CAPTURES] [FOLDER]

Questions go through the whole application, in process, guard and Datasette included; the network is left out. An
archive that lies in FOLDER already is asked as it is.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx

from archive.collection import Collection
from archive.web import app
from archive.web.negotiation import digits, http_date
from benchmarks.captures import EVERY, HOT, Rounds, fill
from benchmarks.invented import DUSK, HOME
from benchmarks.table import line, share

TIMES = 300
WARM = 30


Question = Callable[[], tuple[str, dict[str, str]]]


def questions(rounds: Rounds, chance: Random) -> dict[str, Question]:
    """Give each question: an address and headers, at a URL and a time by chance."""

    def any_url() -> str:
        return rounds.file(EVERY * chance.randrange(rounds.captures // EVERY) + chance.randint(1, EVERY - 1))

    def hot_url() -> str:
        return rounds.file(EVERY * chance.randint(1, HOT))

    def moment() -> datetime:
        return DUSK + timedelta(seconds=chance.uniform(0, rounds.captures))

    return {
        "CDX, a URL": lambda: (f"/cdx?url={any_url()}&output=json", {}),
        "CDX, a hot URL, nearest to a time": lambda: (f"/cdx?url={hot_url()}&closest={digits(moment())}&limit=1", {}),
        "CDX, a hot URL, the newest 10": lambda: (f"/cdx?url={hot_url()}&sort=reverse&limit=10", {}),
        "CDX, a folder, the first 10": lambda: (f"/cdx?url={HOME}/files/*&limit=10", {}),
        "TimeGate, any URL": lambda: (f"/timegate/{any_url()}", {"accept-datetime": http_date(moment())}),
        "TimeGate, a hot URL": lambda: (f"/timegate/{hot_url()}", {"accept-datetime": http_date(moment())}),
    }


async def ask(collection: Collection, captures: int) -> None:
    """Ask each question some hundred times."""
    rounds = Rounds(captures)
    transport = httpx.ASGITransport(app=app.desk(collection).app())
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client:

        async def answered(path: str, headers: dict[str, str]) -> float:
            begun = time.perf_counter()
            answer = await client.get(path, headers=headers)
            taken = 1000 * (time.perf_counter() - begun)
            if answer.status_code not in {200, 302}:
                raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")
            return taken

        for name, question in questions(rounds, Random(5)).items():
            taken = [await answered(*question()) for _ in range(TIMES)][WARM:]
            for percent in (50, 99):
                line(f"{name}, p{percent}", share(taken, percent), "ms", most=10)
        last = max(1, captures // EVERY // HOT // 5000)
        first, late = [await answered(f"/timemap/link/{page}/{rounds.file(EVERY)}", {}) for page in (1, last)]
        line(f"page {last} of a TimeMap, against page 1", late / first, "x")


def main() -> None:
    """Measure, and print the table."""
    captures = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as scratch:
        collection = Collection(Path(sys.argv[2]) if len(sys.argv) > 2 else Path(scratch) / "collection")
        if not collection.database.exists():
            fill(Rounds(captures), collection)
        asyncio.run(ask(collection, captures))


if __name__ == "__main__":
    main()
