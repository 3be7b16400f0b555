"""What every story of bad luck asks afterwards: what was asked of the blog, what was kept, and is it sound?"""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.indexer import whole_units
from archive.verify import Round, index_anew
from archive.warc import LaidExchange, warc_files
from crawler.replica.model import CANONICAL_HOST
from tests.stories.story import ROOT, SITE, Ended, Story


def asked(story: Story, since: int = 0) -> list[str]:
    """What the blog was asked, in order, from its request number ``since`` on."""
    return [f"https://{one.host}{one.target}" for one in story.server.log[since:]]


def kept(story: Story) -> list[str]:
    """What was asked and lies in the files, whole, in order; a file that was left open may have a torn end."""
    units = [unit for path in warc_files(story.collection) for unit in whole_units(path)]
    return [unit.capture.url for unit in units if isinstance(unit, LaidExchange)]


def pages(story: Story) -> set[str]:
    """The posts' own pages."""
    return {f"https://{CANONICAL_HOST}{post.path}" for post in story.blog.everything()}


def omitted(story: Story, kind: str) -> list[str]:
    """What the runs left out for such a reason, in order."""
    return [str(url) for (url,) in story.rows("SELECT url FROM omissions WHERE kind = ? ORDER BY id", kind)]


def last_run(story: Story, columns: str) -> tuple[object, ...]:
    """What the index says of the run that began last."""
    return story.rows(f"SELECT {columns} FROM runs ORDER BY id DESC LIMIT 1")[0]  # noqa: S608 - columns named by a test


def assert_sound(story: Story) -> None:
    """Nothing is found by ``verify``, the index equals one made from the records, and nothing lies about half done."""
    assert list(Round(story.collection).findings()) == []
    with TemporaryDirectory() as scratch:
        assert list(index_anew(story.collection, Path(scratch), 1, lambda _done, _size: None)) == []
    left = [*story.collection.warcs.glob("*.open"), *story.collection.logs.glob("*.asked")]
    assert left == []


def assert_whole(story: Story) -> None:
    """Every post of the blog is archived, once, the walk came to its end, and all is sound."""
    assert story.archived() == story.published()
    assert last_run(story, "is_walk_complete") == (1,)
    assert_sound(story)


def change_site_file(story: Story, *changes: tuple[str, str]) -> None:
    """Give the operator a site file of his own: the shipped one with some words changed."""
    text = (ROOT / "config" / "sites" / f"{SITE}.toml").read_text()
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    folder = story.folder / "sites"
    folder.mkdir(exist_ok=True)
    (folder / f"{SITE}.toml").write_text(text)


@contextmanager
def database_locked(story: Story, seconds: float) -> Iterator[threading.Event]:
    """Somebody else writes to archive.db for so long; the event says that it is still so."""
    is_locked = threading.Event()
    with closing(sqlite3.connect(story.collection.database, check_same_thread=False, isolation_level=None)) as other:

        def let_go() -> None:
            is_locked.clear()
            other.execute("ROLLBACK")

        other.execute("BEGIN IMMEDIATE")
        is_locked.set()
        end = threading.Timer(seconds, let_go)
        end.start()
        try:
            yield is_locked
        finally:
            end.join()


def scrapy_crawl(story: Story, *words: str, before: tuple[str, ...] = (), within: float = 120) -> Ended:
    """Crawl the replica with ``scrapy crawl`` from the repository root; ``before`` stands before the command."""
    route = story.route()
    settings = {
        "VIGIL_COLLECTION": story.collection.root,
        "VIGIL_RESOLVE": ",".join(story.server.resolve),
        "VIGIL_CACERT": route[route.index("--cacert") + 1],
        "VIGIL_DELAY": 0,
    }
    given = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
    command = [*before, sys.executable, "-m", "scrapy", "crawl", "blog", "-a", f"site={story.site}", *given, *words]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")} | story.environ
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=within, check=False)
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)
