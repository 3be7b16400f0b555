"""``vigil verify`` and ``vigil rebuild``: the archive proves itself, and makes its index again."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, existing, json_option, with_settings
from archive.cli.output import counted, show, show_json, talk
from archive.cli.progress import bar
from archive.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from archive.collection import Collection
    from archive.config import Settings
    from archive.evidence.trust import Trust
    from archive.verify import Finding, Round


@click.command(
    cls=Verb,
    examples=[
        "vigil verify",
        "vigil verify --rate 20000000 --resume --html findings.html",
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
@click.option("--rate", type=click.IntRange(1), metavar="BYTES", help="Read so many bytes a second at most.")
@click.option(
    "--resume", is_flag=True, help="Note in state/ what was read, and go on where such a round was broken off."
)
@click.option(
    "--html", "report", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Also write a page."
)
@json_option
@with_settings
def verify(  # noqa: PLR0913  an option each
    settings: "Settings",
    *,
    package: Path | None,
    deep: bool,
    fixity: bool,
    jobs: int | None,
    rate: int | None,
    resume: bool,
    report: Path | None,
    checkpoints: tuple[Path, ...],
    published: tuple[str, ...],
    as_json: bool,
) -> ExitCode:
    """Check every record, the index and the seals; or a package or WACZ.

    Compares every record with its digests, its file, the index and its seal; or checks an evidence package.

    With PACKAGE, a folder or ZIP of vigil evidence, or a WACZ by any writer: only that is checked, and no archive is
    needed. Without it: reads all WARC files once, and writes nothing but what --resume and --html ask for. For large
    archives: --fixity every night, and a whole round with --rate and --resume over several. Each finding names the
    file, the offset, the record, what was expected and what to do; docs/reference/checks.md says what each check
    means. Ends with 20 when there is a finding.
    """
    from archive.evidence.trust import trust_of
    from archive.verify import Round

    if package is not None:
        if report or resume or fixity or deep:
            raise UsageError("--deep, --fixity, --html and --resume are of a whole archive", hint="Leave PACKAGE out.")
        return _verify_package(package, published, checkpoints, as_json=as_json)
    collection = existing(settings)
    if deep:
        _require_todays_extractor(collection)
    trust = trust_of(settings, collection, published=checkpoints)
    checks = Round(
        collection, trust, jobs=jobs or os.cpu_count() or 1, rate=rate, is_fixity=fixity, is_resumable=resume
    )
    found = []
    for finding in _findings(checks, collection, settings.processes if deep else None):
        found.append(finding)
        _report(finding, as_json=as_json)
    remarks = list(_remarks(checks, trust))
    for remark in remarks:
        talk(f"vigil: {remark}")
    _conclude(checks, len(found), as_json=as_json)
    if report is not None:
        _write_page(report, collection, checks, found, remarks)
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
            f"{counted(result.files, 'file')}, {counted(result.runs, 'run')}, {counted(result.captures, 'capture')}: "
            f"{counted(result.posts, 'post')} in {counted(result.versions, 'version')}"
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
        show(f"{counted(count, 'unit')} new to the index")


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


def _findings(checks: "Round", collection: "Collection", deep: int | None) -> Iterator["Finding"]:
    """Make the round, and then the index anew, by so many processes, where that is asked for."""
    with bar("verifying") as progress:
        yield from checks.findings(progress)
    if deep is not None:
        yield from _anew(collection, deep)


def _verify_package(
    package: Path, published: tuple[str, ...], checkpoints: tuple[Path, ...], *, as_json: bool
) -> ExitCode:
    from archive.cli.packages import verify_package

    if package.suffix.lower() == ".wacz":
        return _verify_wacz(package, as_json=as_json)
    return verify_package(package, published, checkpoints, as_json=as_json)


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


def _remarks(checks: "Round", trust: "Trust") -> Iterator[str]:
    """Say what the verdict does not rest on."""
    for name in checks.skipped:
        yield f"{name} is being written by a crawl and was left out"
    if checks.since is not None:
        yield f"{checks.resumed} files were read by a round that began at {checks.since:%Y-%m-%d %H:%M:%S} UTC"
    if not checks.seals:
        return
    if trust.is_inside:
        yield "checked by keys that lie in the archive itself: it is of one piece, by whoever made those keys"
    if not trust.published:
        yield "no published checkpoint was given, so a whole new history by the holder of all keys would pass"
    if checks.test_stamps:
        yield "time stamps of a test authority, NOT TRUSTED, are among these; they prove nothing"


def _write_page(
    path: Path, collection: "Collection", checks: "Round", found: "list[Finding]", remarks: list[str]
) -> None:
    from datetime import UTC, datetime

    from archive.errors import StorageError
    from archive.verify.written import page

    counts = {
        "files": checks.files,
        "records": checks.records,
        "exchanges": checks.exchanges,
        "bytes": checks.bytes,
        "seals": checks.seals,
    }
    try:
        path.write_text(page(f"Archive {collection.root.name}", datetime.now(UTC), counts, found, remarks), "utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", hint="Name another file.") from error


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
    seals = counted(checks.seals, "seal") if checks.seals else "NOT sealed (vigil keys init, then vigil seal)"
    show(
        f"{verdict}: {counted(checks.files, 'file')}, {counted(checks.records, 'record')}, "
        f"{counted(checks.exchanges, 'exchange')}, "
        f"{checks.bytes:,} bytes, {seals}"
    )
