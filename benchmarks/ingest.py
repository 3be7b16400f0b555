"""How many posts a second the index takes in, and how soon it finds them: ``python -m benchmarks.ingest [POSTS]``.

Readings are made beforehand, so this measures ``archive.indexer`` and SQLite alone: 5 kB of invented text a post, one
listing page for every twenty, then a second night in which every twentieth post was edited. ``posts/s`` is to be
compared with the plain INSERTs of the same texts into a table with a full-text index, measured in the same run.
"""

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from archive.collection import Collection
from archive.index import Index
from archive.indexer import Indexer
from archive.jobs import Job
from archive.model import (
    Article,
    Block,
    BlockKind,
    Capture,
    CaptureKind,
    Card,
    Identity,
    Link,
    Listing,
    Page,
    PageOutcome,
    Purpose,
    Reading,
    RecordRef,
    Route,
    RunEnd,
    RunStart,
    sha256_of,
)
from archive.query import Archive, Order
from archive.warc import LaidExchange, RunEnded, RunStarted, SiteRules

P = ParamSpec("P")
T = TypeVar("T")
SITE_TOML = (Path(__file__).parents[1] / "config" / "sites" / "rferl-watchdog.toml").read_bytes()
HOME = "https://www.rferl.org"
DAWN = datetime(2010, 1, 1, tzinfo=UTC)
TONIGHT = datetime(2024, 1, 1, 3, 0, tzinfo=UTC)
PARAGRAPHS, WORDS_EACH = 12, 60


class Prepared(Executor):
    """Gives readings that were made beforehand, by URL."""

    def __init__(self) -> None:
        self.readings: dict[str, Reading] = {}

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Give the reading of the job's URL, which is the one argument."""
        del fn, kwargs
        future: Future[T] = Future()
        job = cast("Job", args[0])
        future.set_result(cast("T", self.readings[job.url]))
        return future


class Made:
    """Invented posts, and the units of nights in which they are read."""

    def __init__(self, posts: int) -> None:
        chance = random.Random(7)
        letters = "abcdefghijklmnopqrstuvwxyz"
        words = ["".join(chance.choices(letters, k=chance.randint(3, 10))) for _ in range(40_000)]
        weights = [1 / (rank + 10) for rank in range(len(words))]
        self.posts = posts
        self.prepared = Prepared()
        self._sequence = 0
        self._offset = 0
        drawn = chance.choices(words, weights, k=200_000)
        self._drawn, self._chance = drawn, chance

    def article(self, number: int, paragraphs: list[str]) -> Article:
        """A post's page."""
        when = DAWN + timedelta(minutes=400 * number)
        return Article(
            identity=Identity(str(30_000_000 + number)),
            url=self.url(number),
            canonical_url=self.url(number),
            title=paragraphs[0][:60],
            authors=("Ada Fictional",),
            published=when,
            published_offset=0,
            modified=when,
            dateline="LOWER VARNIA",
            category="Watchdog",
            tags=(),
            language="en",
            blocks=tuple(Block(kind=BlockKind.PARAGRAPH, text=text) for text in paragraphs),
            images=(),
            links=tuple(Link(url=self.url(number - step), text="earlier") for step in range(1, 4)),
            credit=None,
            corrections=(),
            is_textless=False,
            extractor="made up 1",
        )

    def url(self, number: int) -> str:
        """A permalink."""
        return f"{HOME}/a/post-{number}/{30_000_000 + number}.html"

    def texts(self) -> Iterator[list[str]]:
        """The paragraphs of each post."""
        for _ in range(self.posts):
            starts = [self._chance.randrange(190_000) for _ in range(PARAGRAPHS)]
            yield [" ".join(self._drawn[start : start + WORDS_EACH]) for start in starts]

    def capture(self, run: str, url: str, purpose: Purpose) -> LaidExchange:
        """A capture with no bytes behind it."""
        self._sequence += 1
        refs = []
        for kind in range(3):
            record_id = f"<urn:uuid:{self._sequence:032x}-{kind}>"
            refs.append(RecordRef(file=f"{run}.warc.gz", offset=self._offset, length=4000, record_id=record_id))
            self._offset += 4000
        capture = Capture(
            run=run,
            sequence=self._sequence,
            url=url,
            purpose=purpose,
            via=None,
            time=TONIGHT + timedelta(seconds=self._sequence),
            kind=CaptureKind.RESPONSE,
            record=refs[1],
            request=refs[0],
            metadata=refs[2],
            status=200,
            payload_digest=sha256_of(f"{run} {url}".encode()),
            payload_bytes=80_000,
            content_type="text/html; charset=utf-8",
            location=None,
            etag='"1234567890abcdef"',
            last_modified="Mon, 01 Jan 2024 00:00:00 GMT",
            truncation=None,
            failure=None,
        )
        return LaidExchange(capture=capture, head=b"HTTP/1.1 200 OK\r\n\r\n", entity=lambda: b"")

    def night(self, indexer: Indexer, run: str, units: list[LaidExchange]) -> float:
        """Index a night; give its seconds."""
        record = RecordRef(file=f"{run}.warc.gz", offset=0, length=100, record_id="<urn:uuid:0>")
        start = RunStart(
            uid=run,
            site="rferl-watchdog",
            started=TONIGHT,
            route=Route.TEST,
            software="benchmark",
            config_digest=sha256_of(b""),
            operator=None,
            contact=None,
            user_agent="none",
            mode="crawl",
        )
        began = time.perf_counter()
        indexer.take(RunStarted(start=start, record=record))
        indexer.take(SiteRules(run=run, toml=SITE_TOML, record=record))
        for unit in units:
            indexer.take(unit)
        end = RunEnd(uid=run, ended=TONIGHT, stop_reason="end", exit_code=0, is_walk_complete=True)
        indexer.take(RunEnded(run_end=end, record=record))
        return time.perf_counter() - began


def first_night(made: Made) -> list[LaidExchange]:
    """Every post once, and the listing pages that show them."""
    units: list[LaidExchange] = []
    for number, paragraphs in enumerate(made.texts()):
        article = made.article(number, paragraphs)
        if number % 20 == 0:
            url = f"{HOME}/Watchdog?p={number // 20}"
            cards = tuple(
                Card(
                    position=place,
                    url=made.url(number + place),
                    identity=Identity(str(30_000_000 + number + place)),
                    title="made up",
                    published=None,
                    has_text=True,
                )
                for place in range(20)
            )
            made.prepared.readings[url] = Listing(outcome=PageOutcome.OK, cards=cards)
            units.append(made.capture("run-1", url, Purpose.LISTING))
        made.prepared.readings[article.url] = Page(outcome=PageOutcome.OK, article=article)
        units.append(made.capture("run-1", article.url, Purpose.POST))
    return units


def second_night(made: Made) -> list[LaidExchange]:
    """A hundred posts again, every twentieth of them edited."""
    units: list[LaidExchange] = []
    for number in range(0, made.posts, max(1, made.posts // 100)):
        url = made.url(number)
        page = made.prepared.readings[url]
        if len(units) % 20 == 0 and isinstance(page, Page) and page.article is not None:
            texts = [block.text for block in page.article.blocks]
            article = made.article(number, [*texts, "And then it was corrected."])
            made.prepared.readings[url] = Page(outcome=PageOutcome.OK, article=article)
        units.append(made.capture("run-2", url, Purpose.POST))
    return units


def plain_inserts(made: Made, folder: Path) -> float:
    """The same texts in one bare table with a full-text index, by executemany and INSERT … SELECT; seconds."""
    rows = [
        (page.article.title, "\n\n".join(block.text for block in page.article.blocks))
        for page in made.prepared.readings.values()
        if isinstance(page, Page) and page.article is not None
    ]
    began = time.perf_counter()
    db = sqlite3.connect(folder / "plain.db")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, title TEXT, text TEXT)")
    db.execute("CREATE VIRTUAL TABLE f USING fts5(title, text, content='t', tokenize='unicode61 remove_diacritics 2')")
    for start in range(0, len(rows), 256):
        with db:
            db.executemany("INSERT INTO t (title, text) VALUES (?, ?)", rows[start : start + 256])
            db.execute("INSERT INTO f (rowid, title, text) SELECT id, title, text FROM t WHERE id > ?", (start,))
    db.close()
    return time.perf_counter() - began


def milliseconds(what: Callable[[], object], rounds: int = 30) -> float:
    """Median of some rounds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        what()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def main(posts: int) -> None:
    """Print the table."""
    made = Made(posts)
    with tempfile.TemporaryDirectory() as place:
        collection = Collection(Path(place))
        collection.create()
        units = first_night(made)
        plain = plain_inserts(made, Path(place))
        with Index.open(collection.database) as index:
            indexer = Indexer(index, collection, made.prepared, batch=256)
            first = made.night(indexer, "run-1", units)
            second = made.night(indexer, "run-2", second_night(made))
        size = collection.database.stat().st_size
        print(f"{posts:,} posts of about {PARAGRAPHS * WORDS_EACH * 7 / 1000:.0f} kB, SQLite {sqlite3.sqlite_version}")
        print(f"bulk ingest, all tables         {posts / first:8,.0f} posts/s")
        print(f"bare table and full-text index  {posts / plain:8,.0f} posts/s, ours {plain / first:.2f} of it")
        print(f"a night of 100 known posts      {1000 * second:8,.0f} ms")
        print(f"size                            {size / posts:8,.0f} bytes a post")
        with Archive.open(collection) as archive:
            common = next(iter(archive.posts(limit=1))).title or ""
            word = common.split()[0]
            print(f"newest 20 with snippets         {milliseconds(lambda: archive.search(word)):8.2f} ms, one word")
            ranked = milliseconds(lambda: archive.search(word, order=Order.RELEVANCE))
            print(f"ranked 20 with snippets         {ranked:8.2f} ms, one word")
            known = archive.known("rferl-watchdog")
            one = str(30_000_000 + posts // 2)
            print(f"is this post known?             {1000 * milliseconds(lambda: one in known, 300):8.1f} µs")
            now = milliseconds(lambda: archive.as_of(made.url(posts // 2), datetime.now(UTC)))
            print(f"a URL as of now                 {1000 * now:8.1f} µs")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
