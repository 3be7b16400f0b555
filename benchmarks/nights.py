"""What a night costs a small and a large archive: ``python -m benchmarks.nights [ROUNDS] [POSTS ...]``.

Each archive is made of invented posts by the product's own indexer, as if a first walk had begun two days ago; the
replica serves the same posts. Every round crawls each archive twice, in turn: a night on which all posts of the last
week are due, within the budget, then one on which nothing is. Medians, start-up included; the delay is short, but long
enough for one process to do all.
"""

import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from archive.collection import Collection
from archive.index import Index
from archive.indexer import Indexer
from archive.model import Article
from benchmarks.invented import DUSK, Blog
from benchmarks.measure import Cost, measure, medians
from crawler.replica import BlogSimulator, ReplicaServer
from crawler.replica.model import Paragraph, Post

SIZES = (300, 30_000)
DELAY = "0.2"
NIGHTS = ("with looks", "nothing due")


def main(rounds: int, sizes: tuple[int, ...]) -> None:
    """Print the table."""
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    with TemporaryDirectory(prefix="vigil-bench-") as name:
        archives = [Archive(Path(name) / str(size), size) for size in sizes]
        for _ in range(rounds):
            for archive in archives:
                archive.live_through()
    print(f"{'posts':>8}  {'night':12}{'requests':>10}{'seconds':>9}{'CPU s':>8}{'MB':>6}")
    for archive in archives:
        for night in NIGHTS:
            cost = medians(archive.costs[night])
            asked = median(archive.asked[night])
            line = f"{archive.posts:8,}  {night:12}{asked:10.0f}{cost.wall:9.2f}{cost.cpu:8.2f}{cost.memory:6.0f}"
            print(line)


class Archive:
    """An archive of so many posts, and what its nights cost."""

    def __init__(self, folder: Path, posts: int) -> None:
        folder.mkdir()
        self.posts = posts
        self.costs: dict[str, list[Cost]] = {night: [] for night in NIGHTS}
        self.asked: dict[str, list[int]] = {night: [] for night in NIGHTS}
        self._folder = folder
        self._blog = watched(posts, Collection(folder / "first"), datetime.now(UTC))

    def live_through(self) -> None:
        """Let both nights pass on a copy of the archive."""
        shutil.copytree(self._folder / "first", self._folder / "collection")
        with ReplicaServer(self._blog, has_tls=True) as server:
            (self._folder / "ca.pem").write_bytes(server.ca_pem)
            command = [sys.executable, "-m", "crawler", "crawl", "rferl-watchdog", "--delay", DELAY, "--quiet"]
            command += ["--collection", "collection", "--cacert", "ca.pem"]
            for rule in server.resolve:
                command += ["--resolve", rule]
            for night in NIGHTS:
                before = len(server.log)
                self.costs[night].append(measure(command, folder=self._folder))
                self.asked[night].append(len(server.log) - before)
        shutil.rmtree(self._folder / "collection")


def watched(posts: int, collection: Collection, now: datetime) -> BlogSimulator:
    """Make an archive whose first walk began two days before ``now``; give its blog, which serves the same posts."""
    blog = Blog(posts, dusk=now - timedelta(days=2))
    collection.create()
    with Index.open(collection.database, is_scratch=True) as index:
        indexer = Indexer(index, collection, blog.prepared, batch=256)
        for unit in blog.first_night():
            indexer.take(unit)
        index.settle()
    return BlogSimulator((post_of(blog.article(number)) for number in range(posts)), now=now)


def post_of(article: Article) -> Post:
    """A post as a blog serves it."""
    when = article.published or DUSK
    body = tuple(Paragraph(text=block.text) for block in article.blocks)
    slug = article.url.split("/")[-2]
    return Post(
        id=int(article.identity),
        slug=slug,
        title=article.title or slug,
        published=when,
        modified=when,
        touched=when,
        body=body,
    )


if __name__ == "__main__":
    main(
        rounds=int(sys.argv[1]) if len(sys.argv) > 1 else 3,
        sizes=tuple(map(int, sys.argv[2:])) or SIZES,
    )
