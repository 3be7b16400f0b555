"""``vigil``: the crawling verbs, and the archive's own verbs mounted beside them."""

import sys

from archive.cli import SECTIONS
from archive.cli.frame import main_group, run

CRAWLING = {
    "demo": "crawler.cli.demo:demo",
    "init": "crawler.cli.init:init",
    "crawl": "crawler.cli.crawl:crawl",
    "schedule": "crawler.cli.schedule:schedule",
    "alerts": "crawler.cli.alerts:alerts",
}

SUMMARY = """Keeps vigil over a blog: exact WARC captures, clean text, a deduplicated SQLite index."""

group = main_group(SUMMARY, {"Crawl": CRAWLING, **SECTIONS})


def main() -> int:
    """Run the command line; the exit code says how it went."""
    return run(group)


if __name__ == "__main__":
    sys.exit(main())
