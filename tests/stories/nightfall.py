"""A night's crawl in a process of its own, at a time of the story's choosing; only code can choose it."""

import multiprocessing
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import time_machine

from archive.config import shipped_sites
from tests.stories.conftest import SITE, Story

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "archive.text.extract",
        "crawler.capture",
        "crawler.gate",
        "crawler.process",
        "crawler.spiders.blog",
        "scrapy.core.downloader.handlers.http11",
        "scrapy.core.scheduler",
        "scrapy.core.scraper",
        "scrapy.downloadermiddlewares.retry",
        "scrapy.extensions.remote_control",
        "scrapy.extensions.throttle",
        "scrapy.pqueues",
        "scrapy.statscollectors",
    ]
)
"""What a crawl imports: a process that is forked finds it there."""


TIERS = """
[recheck]
budget = 16
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


def quick_site(folder: Path) -> Path:
    """The shipped site file, with looks so often that some weeks show what else takes years."""
    text = (shipped_sites() / f"{SITE}.toml").read_text(encoding="utf-8")
    path = folder / f"{SITE}.toml"
    path.write_text(text.partition("\n[recheck]")[0] + TIERS, encoding="utf-8")
    return path


@dataclass(kw_only=True)
class Nightfall:
    """Starts crawls of a story's blog at the blog's own time."""

    story: Story
    patience: float = 120
    """Seconds until a crawl is taken to hang."""

    def begin(self, moment: datetime, **arguments: object) -> ForkServerProcess:
        """Start a crawl that believes it is ``moment``."""
        route = self.story.route()
        settings = {
            "VIGIL_COLLECTION": self.story.collection.root,
            "VIGIL_RESOLVE": list(self.story.server.resolve),
            "VIGIL_CACERT": Path(route[route.index("--cacert") + 1]),
            "VIGIL_DELAY": 0,
            "VIGIL_PROGRESS": False,
            "LOG_LEVEL": "ERROR",
        }
        given = {"site": self.story.site, **arguments}
        child = _CONTEXT.Process(target=_crawl, args=(given, settings, moment, self.story.folder))
        child.start()
        return child

    def crawl(self, moment: datetime, **arguments: object) -> int:
        """Crawl to the end; give the exit code, negative for a signal."""
        child = self.begin(moment, **arguments)
        child.join(self.patience)
        assert child.exitcode is not None, "the crawl hangs"
        return child.exitcode


def _crawl(arguments: dict[str, object], settings: dict[str, object], moment: datetime, folder: Path) -> None:
    from archive.errors import VigilError  # noqa: PLC0415 - the test's own process needs none of it
    from crawler.process import crawl  # noqa: PLC0415

    os.chdir(folder)
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    with (folder / "night.log").open("a", encoding="utf-8") as log:
        sys.stderr = log
        with time_machine.travel(moment, tick=True):
            try:
                code = int(crawl(arguments, settings, log_format="text").exit_code)
            except VigilError as error:
                code = int(error.exit_code)
                log.write(f"{error}\n")
    sys.exit(code)
