"""A story: a replica of the blog, an archive folder, and the ``vigil`` command line."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.warc import LaidExchange, groups, warc_files
from crawler.replica import BlogSimulator, Post, ReplicaServer

ROOT = Path(__file__).parents[2]
SITE = "rferl-watchdog"


@dataclass(kw_only=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


@dataclass(kw_only=True)
class Story:
    """One operator's machine: a blog to watch and an archive to keep it in."""

    blog: BlogSimulator
    server: ReplicaServer
    folder: Path
    site: str = SITE
    environ: dict[str, str] = field(default_factory=dict)
    machine: tuple[str, ...] = (sys.executable, "-m", "crawler")
    """What ``vigil`` is run by; a story of bad luck puts something else here."""

    @property
    def collection(self) -> Collection:
        return Collection(self.folder / "collection")

    def route(self) -> list[str]:
        """The options that lead the shipped site file to the replica."""
        authority = self.folder / "ca.pem"
        authority.write_bytes(self.server.ca_pem)
        return ["--cacert", str(authority), *(word for rule in self.server.resolve for word in ("--resolve", rule))]

    def command(self, *words: str) -> list[str]:
        return [*self.machine, *words, "--collection", str(self.collection.root)]

    def start(self, *words: str, is_leader: bool = False) -> subprocess.Popen[str]:
        """Start a command and let it run; ``is_leader`` of a process group of its own, as one typed at a terminal."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")}
        environ |= {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(self.folder), **self.environ}
        return subprocess.Popen(
            self.command(*words),
            cwd=self.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=is_leader,
        )

    def vigil(self, *words: str, within: float = 120) -> Ended:
        """Run a command to its end."""
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            out, err = process.communicate()
            pytest.fail(f"vigil {' '.join(words)} did not end within {within} seconds:\n{err[-2000:]}")
        return Ended(code=process.returncode, out=out, err=err)

    def crawl_words(self, *words: str) -> list[str]:
        hurry = [] if "--delay" in words else ["--delay", "0"]
        return ["crawl", self.site, *hurry, *self.route(), *words]

    def crawl(self, *words: str, within: float = 120) -> Ended:
        """Crawl the replica with the shipped site file."""
        return self.vigil(*self.crawl_words(*words), within=within)

    def publish(self) -> Post:
        """Have the blog publish one more post, now."""
        newest = max(self.blog.listing(), key=lambda post: post.id)
        now = self.blog.now
        new = replace(
            newest, id=newest.id + 1000, title=f"{newest.title} again", published=now, modified=now, touched=now
        )
        return self.blog.publish(new)

    # --- looking at what is kept, past our own read side ---------------------------------------------

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.collection.database)) as db:
            return list(map(tuple, db.execute(sql, values)))

    def laid(self) -> list[LaidExchange]:
        """Every exchange of the archive, in the order in which they were laid down."""
        units = [unit for path in warc_files(self.collection) for unit in groups(path)]
        return [unit for unit in units if isinstance(unit, LaidExchange)]

    def archived(self) -> set[str]:
        """Identities of the posts whose own page was read."""
        return {str(identity) for (identity,) in self.rows("SELECT identity FROM posts WHERE is_opened")}

    def published(self) -> set[str]:
        """Identities of all posts that the blog's listing shows."""
        return {str(post.id) for post in self.blog.listing()}
