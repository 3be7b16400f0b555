"""``vigil verify`` and ``vigil rebuild``: the archive proves itself, and makes its index again."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, existing, json_option, with_settings
from archive.cli.output import show, show_json, talk
from archive.cli.progress import bar
from archive.errors import ExitCode

if TYPE_CHECKING:
    from archive.collection import Collection
    from archive.config import Settings
    from archive.evidence.trust import Trust
    from archive.verify import Finding, Round


@click.command(
    cls=Verb,
    examples=[
        "vigil verify",
        "vigil verify --deep --checkpoint checkpoint-from-the-notary",
        "vigil verify exhibit-a.zip --published root=HEX --published log=HEX --published tsa=HEX",
        "vigil verify blog.wacz",
    ],
)
@click.argument("package", type=click.Path(path_type=Path, exists=True), required=False)
@click.option("--deep", is_flag=True, help="Also make the index anew, in a temporary folder, and compare every row.")
@click.option(
    "--checkpoint",
    "checkpoints",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="A checkpoint of the log of seals that was kept elsewhere.",
)
@click.option(
    "--published",
    multiple=True,
    metavar="ROLE=HEX",
    help="A published fingerprint to check a package by: root=, log= or tsa=.",
)
@click.option("--fixity", is_flag=True, help="Only digests of files and records, and the seals: the fastest round.")
@click.option(
    "--jobs", type=click.IntRange(1, 1024), metavar="N", help="Processes that read files; as many as cores by default."
)
@json_option
@with_settings
def verify(
    settings: "Settings",
    *,
    package: Path | None,
    deep: bool,
    fixity: bool,
    jobs: int | None,
    checkpoints: tuple[Path, ...],
    published: tuple[str, ...],
    as_json: bool,
) -> ExitCode:
    """Check every record, the index and the seals; or a package or WACZ.

    Compares every record with its digests, its file, the index and its seal; or checks an evidence package.

    With PACKAGE, a folder or ZIP of vigil evidence, or a WACZ by any writer: only that is checked, and no archive is
    needed. Without it:
    reads all WARC files and writes nothing. Each finding names the file, the offset, the record, what was expected and
    what to do; docs/reference/checks.md says what each check means. Ends with 20 when there is a finding.
    """
    from archive.cli.packages import verify_package
    from archive.evidence.trust import trust_of
    from archive.verify import Round

    if package is not None and package.suffix.lower() == ".wacz":
        return _verify_wacz(package, as_json=as_json)
    if package is not None:
        return verify_package(package, published, checkpoints, as_json=as_json)

    collection = existing(settings)
    if deep:
        _require_todays_extractor(collection)
    trust = trust_of(settings, collection, published=checkpoints)
    checks = Round(collection, trust, jobs=jobs or os.cpu_count() or 1, is_fixity=fixity)
    found = 0
    with bar("verifying") as progress:
        for finding in checks.findings(progress):
            found += 1
            _report(finding, as_json=as_json)
    for name in checks.skipped:
        talk(f"vigil: {name} is being written by a crawl and was left out")
    if deep:
        for finding in _anew(collection, settings.processes):
            found += 1
            _report(finding, as_json=as_json)
    _remark(checks, trust)
    _conclude(checks, found, as_json=as_json)
    return ExitCode.INTEGRITY if found else ExitCode.OK


@click.command(cls=Verb, examples=["vigil rebuild"])
@json_option
@with_settings
def rebuild(settings: "Settings", *, as_json: bool) -> None:
    """Make the index again from the WARC files alone.

    The present archive.db is replaced once the new one is whole. Everything in it follows from the WARC files; by the
    same version of vigil, the new index equals the old one in every row.
    """
    from archive.rebuild import rebuild as rebuild_now

    with bar("reading") as progress:
        result = rebuild_now(
            existing(settings),
            workers=settings.processes,
            progress=lambda told: progress(told.done_bytes, told.total_bytes),
        )
    if as_json:
        show_json(result)
    else:
        show(
            f"{result.files} files, {result.runs} runs, {result.captures} captures: "
            f"{result.posts} posts in {result.versions} versions"
        )


@click.command(cls=Verb, name="index", examples=["vigil index"])
@json_option
@with_settings
def index_command(settings: "Settings", *, as_json: bool) -> None:
    """Bring the index up to date with the WARC files.

    What a crawl with --index-later laid down is read now, and what a crash kept from the index. Every crawl does the
    same before it begins.
    """
    from contextlib import closing

    from archive.index import Index
    from archive.indexer import Indexer
    from archive.reextract import renew

    collection = existing(settings)
    with collection.locked("vigil index"):
        renew(collection, workers=settings.processes, told=lambda what: talk(f"vigil: {what}"))
        with closing(Index.open(collection.database)) as index:
            count = Indexer(index, collection).catch_up()
    if as_json:
        show_json({"units": count})
    else:
        show(f"{count} units were new to the index")


def _require_todays_extractor(collection: "Collection") -> None:
    """Refuse to compare an index with one by another extractor, row by row: they differ, and no byte is to blame."""
    from contextlib import closing

    from archive.database import connect, translated
    from archive.errors import DamagedIndexError, NotFoundError
    from archive.indexer import require_todays_extractor

    try:
        with closing(connect(collection.database)) as db, translated(collection.database):
            require_todays_extractor(db)
    except (NotFoundError, DamagedIndexError):
        return  # the checks name it


def _anew(collection: "Collection", processes: int) -> Iterator["Finding"]:
    from tempfile import TemporaryDirectory

    from archive.verify import index_anew

    with TemporaryDirectory(prefix="vigil-verify-") as folder, bar("indexing") as progress:
        yield from index_anew(collection, Path(folder), processes, progress)


def _verify_wacz(path: Path, *, as_json: bool) -> ExitCode:
    from archive.verify.wacz import check_wacz

    found = 0
    for finding in check_wacz(path):
        found += 1
        _report(finding, as_json=as_json)
    if as_json:
        show_json({"verdict": "BROKEN" if found else "OK", "findings": found})
    else:
        show(f"{found} finding{'s' if found != 1 else ''}" if found else "sound: a WACZ as the standard asks")
    return ExitCode.INTEGRITY if found else ExitCode.OK


def _remark(checks: "Round", trust: "Trust") -> None:
    """Say what the verdict does not rest on."""
    if not checks.seals:
        return
    if trust.is_inside:
        talk("vigil: checked by keys that lie in the archive itself: it is of one piece, by whoever made those keys")
    if not trust.published:
        talk("vigil: no published checkpoint was given, so a whole new history by the holder of all keys would pass")
    if checks.test_stamps:
        talk("vigil: time stamps of a test authority, NOT TRUSTED, are among these; they prove nothing")


def _report(finding: "Finding", *, as_json: bool) -> None:
    if as_json:
        show_json(finding)
    else:
        show(str(finding))
        show(f"  hint: {finding.hint}")


def _conclude(checks: "Round", found: int, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "verdict": "BROKEN" if found else "OK",
                "findings": found,
                "files": checks.files,
                "records": checks.records,
                "exchanges": checks.exchanges,
                "seals": checks.seals,
                "test_stamps": checks.test_stamps,
                "bytes": checks.bytes,
            }
        )
        return
    verdict = f"{found} finding{'s' if found != 1 else ''}" if found else "sound"
    seals = f"{checks.seals:,} seals" if checks.seals else "NOT sealed (vigil keys init, then vigil seal)"
    show(
        f"{verdict}: {checks.files} files, {checks.records:,} records, {checks.exchanges:,} exchanges, "
        f"{checks.bytes:,} bytes, {seals}"
    )
