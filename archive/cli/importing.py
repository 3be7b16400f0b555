"""``vigil import``: WARC, ARC and WACZ files that others made."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.frame import SiteName, Verb, json_option, with_settings
from archive.cli.output import clean_line, show, show_json, talk
from archive.cli.progress import bar
from archive.errors import ExitCode, UsageError, VigilError

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive.collection import Collection
    from archive.config import Settings
    from archive.importing import FileOutcome

_SHOWN = 20


@click.command(
    cls=Verb,
    name="import",
    examples=[
        "vigil import old-crawl.warc.gz --site rferl-watchdog",
        "vigil import old-crawl.warc.gz exhibit.wacz --json",
    ],
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="FILE|DIR…")
@click.option("--site", type=SiteName(), metavar="NAME", help="The blog by whose rules posts are read.")
@json_option
@with_settings
def import_files(settings: "Settings", *, files: tuple[Path, ...], site: str | None, as_json: bool) -> ExitCode:
    """Bring in WARC, ARC and WACZ files that others made.

    Each is kept byte for byte under archive/imports and indexed in place; its captures count for their posts in the
    order of time, marked as imported wherever they are shown. Each fault of a file is a finding (vigil status RUN lists
    them). A second import of the same file adds nothing; one that was interrupted goes on. A file in which there is
    not one record is not kept. Ends with 10 when there are faults.
    """
    from archive.collection import Collection
    from archive.config import find_site
    from archive.evidence.sealing import finish
    from archive.importing.importer import Importer, files_in
    from archive.index import Index
    from archive.indexer import Indexer
    from archive.rebuild import pool
    from archive.reextract import renew
    from archive.site import parse_site
    from archive.warc import recover

    path = find_site(site or _only_site(settings), settings)
    toml = path.read_bytes()
    rules = parse_site(toml, path.name)
    collection = Collection(settings.collection)
    outcomes: list[FileOutcome] = []
    with collection.locked("vigil import"):
        recover(collection)
        renew(collection, workers=settings.processes, told=lambda what: talk(f"vigil: {what}"))
        with pool(settings.processes) as executor, closing(Index.open(collection.database)) as index:
            Indexer(index, collection).catch_up()
            importer = Importer(collection, settings, index, rules, toml, executor)
            for file in files_in(files):
                with bar(file.name) as progress:
                    outcomes.append(importer.take(file, _telling(progress)))
                _tell(outcomes[-1], as_json=as_json)
        _index_for_replay(collection)
        try:
            finish(collection, settings)
        except VigilError as error:
            talk(f"vigil: NOT sealed: {error}")
    return ExitCode.PARTIAL if any(one.faults for one in outcomes) else ExitCode.OK


def _telling(progress: "Callable[[int, int], None]") -> "Callable[[str, int, int], None]":
    return lambda _what, done, size: progress(done, size)


def _only_site(settings: "Settings") -> str:
    from archive.config import site_files

    names = list(site_files(settings))
    if len(names) != 1:
        raise UsageError("say by which blog's rules the posts are read", hint=f"--site, one of {', '.join(names)}.")
    return names[0]


def _index_for_replay(collection: "Collection") -> None:
    from archive.cdxj import write_missing

    try:
        write_missing(collection)
    except VigilError as error:
        talk(f"vigil: the CDXJ files are behind: {error}")


def _tell(outcome: "FileOutcome", *, as_json: bool) -> None:
    if as_json:
        show_json(outcome)
        return
    if outcome.kept_as and outcome.is_known:
        show(f"{outcome.path}: imported before, nothing is new")
        return
    counts = ", ".join(f"{number:,} {what}" for what, number in sorted(outcome.counts.items())) or "no records"
    show(f"{outcome.path}: {counts}" + (f"; kept as {outcome.kept_as}" if outcome.kept_as else ""))
    for fault in outcome.faults[:_SHOWN]:
        show(f"  {clean_line(fault)}")
    if len(outcome.faults) > _SHOWN:
        show(f"  and {len(outcome.faults) - _SHOWN:,} more faults")
