"""A crawl from start to end in this process, for ``vigil crawl`` and ``scrapy crawl`` alike."""

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from archive.errors import ExitCode
from crawler.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a crawl ended; without ``uid`` where it ended at once and its run has no end."""

    uid: str
    exit_code: ExitCode
    stop_reason: str


class JsonLines(logging.Formatter):
    """Writes each log record as one JSON object: time (UTC), level, logger, message, traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def crawl(arguments: Mapping[str, object], scrapy_settings: Mapping[str, object], *, log_format: str) -> RunResult:
    """Run the spider with ``arguments``; ``scrapy_settings`` are laid over those of ``crawler.settings``."""
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.setdict({"LOG_INSTALL_ROOT_HANDLER": False, **scrapy_settings}, priority="cmdline")
    set_up_log(log_format, settings["LOG_LEVEL"])
    return run_to_end(AsyncCrawlerProcess(settings), "blog", arguments)


def set_up_log(log_format: str, level: str) -> None:
    """Write the log to stderr, as lines for people (``console``) or for programs (``json``)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else logging.Formatter("%(levelname)s: %(message)s"))
    handler.setLevel(level)
    logging.basicConfig(handlers=[handler], level=level, force=True)


def run_to_end(process: AsyncCrawlerProcess, spider: str, arguments: Mapping[str, object]) -> RunResult:
    """Run one spider in ``process``; say how its run ended.

    Raises:
        VigilError: the run could not begin.
    """
    crawler = process.create_crawler(spider)
    task = process.crawl(crawler, **arguments)
    process.start()
    error = None if task.cancelled() else task.exception()
    if error is not None:
        raise error
    run = None if task.cancelled() else Run.of(crawler)
    if run is None or not run.has_ended:
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it would tell of every task that was dropped
        return RunResult(uid="", exit_code=ExitCode.KILLED, stop_reason="ended at once by a second signal")
    return RunResult(uid=run.uid, exit_code=run.exit_code, stop_reason=run.stop_reason)
