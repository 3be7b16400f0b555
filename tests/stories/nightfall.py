"""A night's crawl in a process of its own, at a time of the story's choosing; only code can choose it."""

import multiprocessing
import os
import resource
import sys
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import time_machine

from archive.config import shipped_sites
from tests.stories.story import SITE, Story

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "archive.changefeed",
        "archive.evidence.sealing",
        "archive.report",
        "archive.text.extract",
        "crawler.aftercare",
        "crawler.capture",
        "crawler.gate",
        "crawler.process",
        "crawler.spiders.blog",
        "pydantic.dataclasses",
        "scrapy.core.downloader.handlers.http11",
        "scrapy.core.scheduler",
        "scrapy.core.scraper",
        "scrapy.downloadermiddlewares.cookies",
        "scrapy.downloadermiddlewares.retry",
        "scrapy.extensions.remote_control",
        "scrapy.extensions.throttle",
        "scrapy.pqueues",
        "scrapy.statscollectors",
        "tests.stories.nightfall",
        "tldextract",
    ]
)
"""What a crawl imports: a process that is forked finds it there."""


TIERS = """
[recheck]
budget = {budget}
full = 5

[[recheck.tiers]]
younger_than = 3
every = 1

[[recheck.tiers]]
younger_than = 10
every = 3

[[recheck.tiers]]
every = 7
"""


def quick_site(folder: Path, *, budget: int = 16) -> Path:
    """The shipped site file, with looks so often that some weeks show what else takes years, and no whole walks."""
    text = (shipped_sites() / f"{SITE}.toml").read_text(encoding="utf-8")
    text = text.replace("\noverlap = ", "\nwhole_every = 0\noverlap = ")
    path = folder / f"{SITE}.toml"
    path.write_text(text.partition("\n[recheck]")[0] + TIERS.format(budget=budget), encoding="utf-8")
    return path


@dataclass(frozen=True, kw_only=True)
class Mishap:
    """What is wrong with the machine for one night: its disk holds no longer files, its clock jumps during the run."""

    longest_file: int | None = None
    jump: timedelta | None = None


WELL = Mishap()
JUMP_AFTER = 0.15
"""Seconds of a run until its clock jumps: some pages are in, others are not."""


@dataclass(kw_only=True)
class Nightfall:
    """Starts crawls of a story's blog at the blog's own time."""

    story: Story
    patience: float = 120
    """Seconds until a crawl is taken to hang."""
    delay: float = 0
    """Seconds between two requests."""

    def __post_init__(self) -> None:
        self.story.server.clock = lambda: self.story.blog.now

    def begin(self, moment: datetime, mishap: Mishap = WELL, **arguments: object) -> ForkServerProcess:
        """Start a crawl that believes it is ``moment``."""
        route = self.story.route()
        settings = {
            "VIGIL_COLLECTION": self.story.collection.root,
            "VIGIL_RESOLVE": list(self.story.server.resolve),
            "VIGIL_CACERT": Path(route[route.index("--cacert") + 1]),
            "VIGIL_DELAY": self.delay,
            "VIGIL_PROGRESS": False,
            "LOG_LEVEL": "ERROR",
        }
        given = {"site": self.story.site, **arguments}
        child = _CONTEXT.Process(target=_crawl, args=(given, settings, moment, mishap, self.story.folder))
        child.start()
        return child

    def crawl(self, moment: datetime, mishap: Mishap = WELL, **arguments: object) -> int:
        """Crawl to the end; give the exit code, negative for a signal."""
        child = self.begin(moment, mishap, **arguments)
        child.join(self.patience)
        assert child.exitcode is not None, "the crawl hangs"
        return child.exitcode


def _crawl(
    arguments: dict[str, object], settings: dict[str, object], moment: datetime, mishap: Mishap, folder: Path
) -> None:
    from archive.errors import VigilError  # noqa: PLC0415 - the test's own process needs none of it
    from crawler import options  # noqa: PLC0415
    from crawler.process import crawl  # noqa: PLC0415

    options.HURRIED = 0  # one process reads what it asks for, as at the shipped site file's pace
    os.chdir(folder)
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    os.environ["VIGIL_MIN_FREE_BYTES"] = "0"
    if mishap.longest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (mishap.longest_file, mishap.longest_file))
    with (folder / "night.log").open("a", encoding="utf-8") as log:
        sys.stderr = log
        with time_machine.travel(moment, tick=True) as clock:
            if mishap.jump is not None:
                threading.Timer(JUMP_AFTER, clock.shift, (mishap.jump,)).start()
            try:
                code = int(crawl(arguments, settings, log_format="text").exit_code)
            except VigilError as error:
                code = int(error.exit_code)
                log.write(f"{error}\n")
    sys.exit(code)
