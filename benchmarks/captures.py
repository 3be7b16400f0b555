"""Ten million captures of a million URLs, and the look-up of one as of a time.

Captures are one second apart. Every twentieth is of one of five hot URLs, so at ten million each of these has 100,000;
the others come round in turns. The first of a URL brings it, later ones say "not modified". ``units`` gives them to the
product's indexer; ``fill`` writes the same rows in bulk, in the same order, by SQL (tests/project/test_benchmarks.py
holds one against the other).
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from random import Random

from archive.collection import Collection
from archive.database import micros
from archive.index import Index
from archive.indexer import Indexer
from archive.model import CaptureKind, Purpose, Sha256
from archive.query import Archive
from archive.warc import Laid
from benchmarks.invented import DUSK, HOME, Blog
from benchmarks.table import line, share, spent, talk

HOT = 5
EVERY = 20
_PIECE = 500_000
_URL_ID = """\
CASE WHEN k % 20 = 0 THEN 20 * ((k / 20 - 1) % 5 + 1)
ELSE (k - k / 20 - 1) % :urls + 1 + min(5, (k - k / 20 - 1) % :urls / 19) END"""
_IS_FIRST = "(k <= 100 OR (k % 20 <> 0 AND k - k / 20 - 1 < :urls))"
_NUMBERS = "WITH RECURSIVE n(k) AS (SELECT :first UNION ALL SELECT k + 1 FROM n WHERE k < :last) "
_URLS = f"""\
{_NUMBERS} INSERT INTO urls (id, site_id, url)
SELECT {_URL_ID}, 1, :home || '/files/' || CASE WHEN k % 20 = 0 THEN 'hot-' || (k / 20)
  ELSE (k - k / 20 - 1) END || '.pdf' FROM n WHERE {_IS_FIRST}"""  # noqa: S608  ours, above
_SURTS = """\
INSERT INTO surts SELECT 'org,rferl)' || substr(url, 22), id FROM urls
WHERE id > (SELECT count(*) FROM surts)"""
_EXCHANGES = f"""\
{_NUMBERS} INSERT INTO exchanges (id, run_id, sequence, url_id, time, purpose, payload_digest, payload_bytes,
  content_type, etag, last_modified, record_id, request_offset, request_length, request_record_id, metadata_offset,
  metadata_length, metadata_record_id)
SELECT k, 1, k, {_URL_ID}, :dusk + k * 1000000, 'other',
  CASE WHEN {_IS_FIRST} THEN printf('%064x', k) ELSE NULL END,
  CASE WHEN {_IS_FIRST} THEN 80000 ELSE 0 END, 'text/html; charset=utf-8', printf('"%016x"', k),
  'Mon, 01 Jan 2024 00:00:00 GMT',
  printf('<urn:uuid:%08x-0000-4000-8000-000000000001>', k), 3 * k * 6000, 6000,
  printf('<urn:uuid:%08x-0000-4000-8000-000000000000>', k), (3 * k + 2) * 6000, 6000,
  printf('<urn:uuid:%08x-0000-4000-8000-000000000002>', k) FROM n"""  # noqa: S608
_CAPTURES = f"""\
{_NUMBERS} INSERT INTO captures (url_id, time, capture_id, status, kind, file_id, offset, length)
SELECT {_URL_ID}, :dusk + k * 1000000, k, CASE WHEN {_IS_FIRST} THEN 200 ELSE 304 END,
  CASE WHEN {_IS_FIRST} THEN 1 ELSE 3 END, 1,
  (3 * k + 1) * 6000, 6000 FROM n"""  # noqa: S608
_CDXJ = """\
SELECT sum(length(printf('org,rferl)%s %s {"url": "%s", "mime": "text/html", "status": "%d", "digest": "sha256:%s", '
  || '"length": "%d", "offset": "%d", "filename": "vigil-rferl-watchdog-20240101000000000-00000-host.warc.gz"}'
  || char(10), substr(u.url, 22), strftime('%Y%m%d%H%M%S', c.time / 1000000, 'unixepoch'), u.url, c.status,
  coalesce(x.payload_digest, printf('%064x', 0)), c.length, c.offset))) * 1.0 / count(*) AS n
FROM exchanges x JOIN captures c ON c.url_id = x.url_id AND c.time = x.time AND c.capture_id = x.id
JOIN urls u ON u.id = x.url_id WHERE x.id % 997 = 0"""


class Rounds(Blog):
    """So many captures of so many URLs that are no posts."""

    def __init__(self, captures: int) -> None:
        super().__init__(0)
        self.captures = captures
        self.urls = max(100, captures // 10)

    def file(self, number: int) -> str:
        """The URL of a capture, both counted from 1 and in turns."""
        if number % EVERY == 0:
            return f"{HOME}/files/hot-{(number // EVERY - 1) % HOT + 1}.pdf"
        return f"{HOME}/files/{(number - number // EVERY - 1) % self.urls}.pdf"

    def begin(self) -> Iterator[Laid]:
        """The beginning of their run."""
        yield from self._begin("run-1")

    def units(self) -> Iterator[Laid]:
        """All of them, as a crawl lays them down."""
        yield from self.begin()
        for number in range(1, self.captures + 1):
            is_hot = number % EVERY == 0
            is_first = number <= EVERY * HOT if is_hot else number - number // EVERY - 1 < self.urls
            if is_first:
                yield self._capture("run-1", self.file(number), Purpose.OTHER, payload=Sha256(f"{number:064x}"))
            else:
                yield self._capture("run-1", self.file(number), Purpose.OTHER, 304, CaptureKind.NOT_MODIFIED)


def fill(rounds: Rounds, collection: Collection) -> None:
    """Write the rows that the indexer writes of ``units``."""
    collection.create()
    with Index.open(collection.database, is_scratch=True) as index:
        indexer = Indexer(index, collection)
        for unit in rounds.begin():
            indexer.take(unit)
        indexer.flush()
        index.db.execute("PRAGMA cache_size = -2000000")
        values = {"urls": rounds.urls, "home": HOME, "dusk": micros(DUSK)}
        for first in range(1, rounds.captures + 1, _PIECE):
            bounds = {"first": first, "last": min(rounds.captures, first + _PIECE - 1)}
            with index.batch():
                for statement in (_URLS, _EXCHANGES, _CAPTURES):
                    index.db.execute(statement, {**values, **bounds})
                index.execute(_SURTS)
            talk(f"{bounds['last']:,} captures written")
        with index.batch():
            end = (3 * rounds.captures + 2) * 6000 + 6000
            index.execute("UPDATE files SET indexed_to = ?", end)
        index.settle()


def ask_captures(collection: Collection, captures: int) -> None:
    """Fill an archive with captures where there is none, and look some up."""
    rounds = Rounds(captures)
    if not collection.database.exists():
        fill(rounds, collection)
    with Archive.open(collection) as archive:
        chance = Random(11)
        last = rounds.captures
        cold = [
            rounds.file(EVERY * chance.randrange(last // EVERY) + chance.randint(1, EVERY - 1)) for _ in range(6000)
        ]
        hot = [rounds.file(EVERY * chance.randint(1, HOT)) for _ in range(3000)]
        for name, urls in (("any URL", cold), ("a hot URL", hot)):
            asked = [(url, DUSK + timedelta(seconds=chance.uniform(last * 0.5, last * 1.1))) for url in urls]
            for one in asked:
                archive.as_of(*one)
            taken = [spent(partial(archive.as_of, *one)) for one in asked]
            line(f"{name} as of a time among {last:,} captures, p50", share(taken, 50), "ms", most=0.05)
            line(f"{name} as of a time among {last:,} captures, p99", share(taken, 99), "ms", most=0.2)
        line("coverage, whole", spent(partial(archive.rows, "SELECT * FROM coverage")), "ms")
        sizes = {
            row["name"]: row["size"] for row in archive.rows("SELECT name, sum(pgsize) AS size FROM dbstat GROUP BY 1")
        }
        seeks = sum(int(str(size)) for name, size in sizes.items() if "url" in str(name) or name == "captures")
        cdxj = float(str(archive.rows(_CDXJ)[0]["n"])) * last
        line("captures, urls and its keys, against a CDXJ of the same", seeks / cdxj, "x", most=0.3)
        line(
            "the same and exchanges, which holds what no CDXJ has", sum(map(int, map(str, sizes.values()))) / cdxj, "x"
        )
