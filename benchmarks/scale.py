"""An archive as large as the whole site: how fast it takes posts in, and how fast it answers.

    python -m benchmarks.scale [--posts 200000] [--captures 10000000] [--folder FOLDER]

Prints a line a figure, with its goal and whether it was met. Everything is asked warm and in this process, through the
same functions as the commands, unless the line says otherwise. Filling and asking is told in CPU time, which on a quiet
machine is the time that passes; nights, the shell and the rivals in the time that passes. ``--folder`` keeps the
archives and uses them again.
"""

import argparse
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

from archive.collection import Collection
from archive.index import Index
from archive.indexer import Indexer
from archive.query import Archive, Order, names
from archive.schema.tables import FULL_TEXT
from archive.similar import update
from archive.warc import Laid
from benchmarks.captures import ask_captures
from benchmarks.invented import SITE, Blog, digest
from benchmarks.rivals import Rivals
from benchmarks.table import header, line, share, spent, talk, waited

_BATCH = 256  # as `vigil rebuild` has it
_CHUNK = 4096
_ROUNDS = 3
_FEW = 20_000
_SCRATCH = 8192
"""Texts that the full-text index takes in at once, as that of a rebuild does."""
_AT_ONCE = "INSERT INTO texts_fts (texts_fts, rank) VALUES ('hashsize', 33554432);"
_BARE = "CREATE TABLE texts (id INTEGER PRIMARY KEY, title TEXT, text TEXT);"
_VIEWS = {
    "posts_current, newest 100": "SELECT * FROM posts_current ORDER BY published DESC LIMIT 100",
    "posts_current, first 100 as Datasette asks": "SELECT * FROM posts_current LIMIT 101",
    "posts_current, counted": "SELECT count(*) FROM (SELECT * FROM posts_current)",
    "post_versions, first 100": "SELECT * FROM post_versions LIMIT 101",
    "post_versions, counted": "SELECT count(*) FROM (SELECT * FROM post_versions)",
    "post_events, first 100": "SELECT * FROM post_events LIMIT 101",
    "post_events, counted": "SELECT count(*) FROM (SELECT * FROM post_events)",
    "captures_readable, first 100": "SELECT * FROM captures_readable LIMIT 101",
    "captures_readable, counted": "SELECT count(*) FROM (SELECT * FROM captures_readable)",
    "captures_of_post, of one post": "SELECT * FROM captures_of_post WHERE post_id = 77",
    "coverage, whole": "SELECT * FROM coverage",
}


# --- ingest -----------------------------------------------------------------------------------------


def fill(blog: Blog, collection: Collection) -> float:
    """Fill an archive by the product's own indexer, as ``vigil rebuild`` does; give its seconds of CPU."""
    seconds = 0.0
    with Index.open(collection.database, is_scratch=True) as index:
        indexer = Indexer(index, collection, blog.prepared, batch=_BATCH)
        for count, chunk in enumerate(_chunks(blog.first_night())):
            seconds += _timed(indexer, chunk)
            if count % 8 == 7:
                done = _CHUNK * (count + 1)
                talk(f"{done:,} of {blog.posts * 1.05:,.0f} captures taken in, {done / seconds:,.0f} a second")
        begun = time.process_time()
        indexer.close()
        index.settle()
        return seconds + time.process_time() - begun


def night(laid: list[Laid], blog: Blog, collection: Collection) -> float:
    """Take a night in as a crawl does, into an archive that is there; give its seconds."""
    with Index.open(collection.database) as index:
        indexer = Indexer(index, collection, blog.prepared)
        begun = time.perf_counter()
        for unit in laid:
            indexer.take(unit)
        indexer.close()
        return time.perf_counter() - begun


def _timed(indexer: Indexer, laid: list[Laid]) -> float:
    begun = time.process_time()
    for unit in laid:
        indexer.take(unit)
    return time.process_time() - begun


def _chunks(units: Iterator[Laid]) -> Iterator[list[Laid]]:
    while chunk := list(islice(units, _CHUNK)):
        yield chunk


def bare(blog: Blog, path: Path) -> float:
    """Put the texts alone into a table with a full-text index of the same kind, in bulk; give its seconds of CPU."""
    seconds = 0.0
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_BARE} {FULL_TEXT}; {_AT_ONCE}")
        for first in range(0, blog.posts, _SCRATCH):
            articles = [blog.article(number) for number in range(first, min(first + _SCRATCH, blog.posts))]
            rows = [(one.title, "\n\n".join(block.text for block in one.blocks)) for one in articles]
            begun = time.process_time()
            with db:
                db.executemany("INSERT INTO texts (title, text) VALUES (?, ?)", rows)
                db.execute("INSERT INTO texts_fts (rowid, title, text) SELECT * FROM texts WHERE id > ?", (first,))
            seconds += time.process_time() - begun
        begun = time.process_time()
        db.execute("INSERT INTO texts_fts (texts_fts) VALUES ('optimize')")
        return seconds + time.process_time() - begun


def ask_floor(folder: Path) -> None:
    """Compare all tables with a bare one, for as many posts as both take in within some seconds."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        collection = Collection(Path(place) / "posts")
        collection.create()
        ours, floor = fill(Blog(_FEW), collection), bare(Blog(_FEW), Path(place) / "bare.db")
    line(f"a bare table with full text takes in {_FEW:,} posts, by CPU", _FEW / floor, "posts/s")
    line("all tables, against the bare one", floor / ours, "x")


def ask_ingest(blog: Blog, collection: Collection) -> None:
    """Fill the archive, in bulk and by nights."""
    posts = blog.posts
    seconds = fill(blog, collection)
    line("bulk ingest, all tables and full text, by CPU", posts / seconds, "posts/s", least=3500)
    laid = list(blog.later_night())
    seconds = night(laid, blog, collection)
    line("a night of edits, by batches of 64", len(laid) / seconds, "posts/s")
    nights = [1000 * night(list(blog.new_night(f"run-{number}")), blog, collection) for number in range(3, 8)]
    line("a night of 100 new posts, the slowest of five", max(nights), "ms", most=1000)
    size = collection.database.stat().st_size
    line("size of archive.db", size / posts, "bytes a post")


# --- questions --------------------------------------------------------------------------------------


def words(blog: Blog, archive: Archive) -> list[tuple[str, float]]:
    """Words from the commonest to rare ones, in every script, each with the share of posts that hold it."""
    posts = archive.rows("SELECT count(*) AS n FROM posts")[0]["n"]
    counted = "SELECT count(*) AS n FROM texts_fts WHERE texts_fts MATCH ?"
    found: list[tuple[str, float]] = []
    for language in blog.languages:
        for place in (0, 1, 3, 10, 30, 100, 300, 600, 1000, 1800, 3000, 10_000, 30_000):
            word = language.words[place]
            found.append((word, archive.rows(counted, (f'"{word}"',))[0]["n"] / posts))  # type: ignore[operator]
    return found


def phrases(blog: Blog, count: int) -> list[str]:
    """Two words that stand side by side somewhere: those of titles, and of texts."""
    chance = Random(3)
    made = []
    for number in chance.sample(range(blog.posts), count):
        article = blog.article(number)
        text = article.blocks[chance.randrange(10)].text.split()
        at = chance.randrange(len(text) - 2)
        made.append(f'"{text[at]} {text[at + 1]}"')
    return made


def times(archive: Archive, queries: list[str], order: Order) -> list[float]:
    """Milliseconds of each search, the median of some rounds after one that warms."""
    found = []
    for query in queries:
        rounds = [spent(partial(archive.search, query, order=order)) for _ in range(_ROUNDS + 1)]
        found.append(sorted(rounds[1:])[_ROUNDS // 2])
    return found


def ask_search(blog: Blog, archive: Archive) -> None:
    """Search by date and by rank, for words of any frequency and phrases."""
    counted = words(blog, archive)
    every = [word for word, _ in counted]
    rare, common = [w for w, part in counted if part <= 0.05], [w for w, part in counted if part > 0.05]
    pairs = phrases(blog, 40)
    line(
        f"newest 20 with snippets, p95 of {len(every)} words",
        share(times(archive, every, Order.NEWEST), 95),
        "ms",
        most=5,
    )
    line(
        f"newest 20, two-word phrase, p95 of {len(pairs)}",
        share(times(archive, pairs, Order.NEWEST), 95),
        "ms",
        most=50,
    )
    for name, some in (("in up to 5 % of posts", rare), ("in more", common)):
        ranked = times(archive, some, Order.RELEVANCE)
        line(f"ranked 20, p95 of {len(some)} words {name}", share(ranked, 95), "ms", most=50)
    ranked = times(archive, pairs, Order.RELEVANCE)
    line(f"ranked 20, two-word phrase, p95 of {len(pairs)}", share(ranked, 95), "ms", most=50)
    recent = times(archive, every, Order.RECENT)
    line(f"by relevance and age, p95 of {len(every)} words", share(recent, 95), "ms", most=50)


def ask_lookups(blog: Blog, archive: Archive) -> None:
    """Look posts up by identity, URL and digest."""
    chance = Random(5)
    numbers = [chance.randrange(blog.posts - 500) for _ in range(2000)]
    known = archive.known(SITE)
    for number in numbers:
        known.get(blog.identity(number))
        names.post_id(archive.db, blog.url(number))
    by_id = [spent(partial(known.get, blog.identity(n))) for n in numbers]
    by_url = [spent(partial(names.post_id, archive.db, blog.url(n))) for n in numbers]
    with Index.open(archive.collection.database) as index:
        asked = [(digest("run-1", blog.url(n)), blog.url(n)) for n in numbers]
        for one in asked:
            index.response_with(*one)
        by_digest = [spent(partial(index.response_with, *one)) for one in asked]
    for name, taken in (("identity", by_id), ("URL", by_url), ("payload digest", by_digest)):
        line(f"look-up by {name}, p50", share(taken[200:], 50), "ms", most=0.05)
        line(f"look-up by {name}, p99", share(taken[200:], 99), "ms")


def ask_views(archive: Archive) -> None:
    """Read the stable views as Datasette does."""
    for name, sql in _VIEWS.items():
        archive.rows(sql)
        line(name, spent(partial(archive.rows, sql)), "ms")


def ask_similar(archive: Archive, folder: Path) -> None:
    """Take all texts into similar.db."""
    begun = time.process_time()
    count = update(archive, folder / "similar.db")
    line("near-duplicates, CPU of a text taken in", 1000 * (time.process_time() - begun) / count, "ms", most=0.7)


def ask_shell(collection: Collection, word: str) -> None:
    """Open the archive, and run the command."""
    line(
        "opening the archive",
        share([spent(lambda: Archive.open(collection).close()) for _ in range(50)], 95),
        "ms",
        most=50,
    )
    command: list[str | Path] = [
        Path(sys.executable).with_name("vigil"),
        "search",
        "--collection",
        collection.root,
        word,
    ]
    taken = [waited(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(11)]
    line("vigil search from the shell, median", share(taken, 50), "ms", most=150)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--captures", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", default="", help="of: search lookups views similar shell rivals captures")
    options = parser.parse_args()
    header(f"{options.posts:,} invented posts of about 5 kB, {options.captures:,} captures")
    with tempfile.TemporaryDirectory() as place:
        run(options.folder or Path(place), options.posts, options.captures, options.only.split())


def run(folder: Path, posts: int, captures: int, only: list[str]) -> None:
    """Fill what is not filled yet, and ask."""
    collection, blog = Collection(folder / "posts"), Blog(posts)
    if not collection.database.exists():
        collection.create()
        ask_floor(folder)
        ask_ingest(blog, collection)
    with Archive.open(collection) as archive:
        parts: dict[str, Callable[[], None]] = {
            "search": lambda: ask_search(blog, archive),
            "lookups": lambda: ask_lookups(blog, archive),
            "views": lambda: ask_views(archive),
            "shell": lambda: ask_shell(collection, blog.languages[0].words[100]),
            "rivals": lambda: Rivals(archive, folder / "rivals").ask(blog),
            "similar": lambda: ask_similar(archive, folder),
            "captures": lambda: ask_captures(Collection(folder / "captures"), captures),
        }
        for name, part in parts.items():
            if not only or name in only:
                part()


if __name__ == "__main__":
    main()
