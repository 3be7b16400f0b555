"""The command line over an archive: ``python -m archive``, and the verbs that ``vigil`` takes from here.

``frame`` is what all commands share, ``output`` and ``times`` how they write and read; the other modules are the
verbs. A module imports nothing heavy at its head: ``vigil --help`` imports them all.
"""

import sys

from archive.cli.frame import main_group, run

READING = {
    "search": "archive.cli.finding:search",
    "list": "archive.cli.finding:list_posts",
    "show": "archive.cli.showing:show_post",
    "diff": "archive.cli.changing:diff",
    "timeline": "archive.cli.changing:timeline",
    "similar": "archive.cli.likeness:similar",
    "captures": "archive.cli.finding:captures",
    "get": "archive.cli.getting:get",
    "page": "archive.cli.paging:page",
    "export": "archive.cli.exporting:export",
    "screenshot": "archive.cli.picturing:screenshot",
    "cite": "archive.cli.exporting:cite",
    "evidence": "archive.cli.evidence:evidence",
    "status": "archive.cli.finding:status",
    "feed": "archive.cli.feed:feed",
    "serve": "archive.cli.serving:serve",
    "player": "archive.cli.playing:player",
    "stats": "archive.cli.numbers:stats",
    "plot": "archive.cli.numbers:plot",
}
KEEPING = {
    "import": "archive.cli.importing:import_files",
    "verify": "archive.cli.keeping:verify",
    "seal": "archive.cli.sealing:seal",
    "hold": "archive.cli.holds:hold",
    "redact": "archive.cli.holds:redact",
    "index": "archive.cli.keeping:index_command",
    "rebuild": "archive.cli.keeping:rebuild",
    "reextract": "archive.cli.rereading:reextract",
    "copy": "archive.cli.copying:copy",
    "restore": "archive.cli.copying:restore",
}
SETTING_UP = {
    "sites": "archive.cli.sites:sites",
    "config": "archive.cli.setup:config",
    "keys": "archive.cli.keys:keys",
    "tsa": "archive.cli.sealing:tsa",
    "doctor": "archive.cli.setup:doctor",
    "completion": "archive.cli.setup:completion",
}
SECTIONS = {"Read the archive": READING, "Keep it sound": KEEPING, "Set up": SETTING_UP}
"""Headings of ``--help`` with their verbs and where each command is."""

_SUMMARY = """Search, read and verify an archive of a blog.

An archive is a folder of WARC files with an index, archive.db, that is made from them."""


def main() -> None:
    """Run the command line of ``python -m archive``."""
    sys.exit(run(main_group(_SUMMARY, SECTIONS)))
