"""``scrapy crawl``, with an exit code that tells how the run ended; Scrapy's own says 0 even when nothing was kept."""

import argparse

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.exceptions import UsageError

from archive.cli.frame import explain
from crawler.aftercare import look_after, told_if_refused
from crawler.options import RunOptions
from crawler.process import run_to_end


class Command(ScrapyCrawl):
    """Run a spider, then what follows a run; the exit code is as of ``vigil crawl`` (docs/reference/exit-codes.md)."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Run the spider named in ``args``."""
        process = self.crawler_process
        if len(args) != 1 or not isinstance(process, AsyncCrawlerProcess):
            raise UsageError("scrapy crawl blog -a site=rferl-watchdog")
        try:
            options = RunOptions.from_arguments(opts.spargs, process.settings)
            with told_if_refused(options.settings, options.site.id):
                result = run_to_end(process, args[0], opts.spargs)
            self.exitcode = result.exit_code or look_after(options.settings)
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends as it does under `vigil`
            self.exitcode = explain(error, is_debug=False)
