"""``vigil export`` and ``vigil cite``: what a researcher leaves with."""

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from archive.cli.finding import site_option, with_filters
from archive.cli.frame import Verb, existing, json_option, with_settings
from archive.cli.output import counted, fields_of, show, show_json, talk
from archive.cli.progress import bar
from archive.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.query.answers import Filters

_FORMS = ("csv", "jsonl", "parquet", "sqlite", "text", "markdown")


class Given(TypedDict):
    """In which form posts are to leave."""

    form: str | None
    wacz: bool
    output: Path | None
    all_versions: bool
    columns: str | None
    as_json: bool


@click.command(
    cls=Verb,
    examples=[
        "vigil export posts",
        "vigil export court-2025 --query 'court OR trial' --since 2025 --until 2025 --format jsonl",
        "vigil export titles --columns site,identity,published,title,url",
        "vigil export posts-2026 --format parquet --since 2026",
        "vigil export corpus --format text --language ru --all-versions",
        "vigil export --wacz -o blog.wacz",
        "vigil export --wacz --since 2025 --query court -o court.wacz",
    ],
)
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMS),
    help="Form of the data; csv by default. Parquet needs the extra parquet.",
)
@click.option("--wacz", is_flag=True, help="Write captures instead, as one WACZ file that replay software opens.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE.wacz", help="The WACZ; a new name.")
@click.option("--query", metavar="WORDS", help="Only posts with these words; as in vigil search.")
@click.option("--all-versions", is_flag=True, help="A row for each text that a post had, not only for the last.")
@click.option("--columns", metavar="A,B,…", help="These columns, in this order; an unknown name lists all.")
@with_filters
@json_option
@with_settings
def export(
    settings: "Settings",
    *,
    folder: Path | None,
    filters: "Filters",
    query: str | None,
    **given: Unpack[Given],
) -> None:
    """Write posts into a new folder, or captures into a WACZ.

    Beside the data: a README, a data dictionary, the provenance (runs, software, filter), a citation of each version
    (BibTeX, CSL-JSON), and SHA256SUMS. The same archive and question give the same bytes. In CSV a text that a
    spreadsheet would run as a formula gets an apostrophe before it; the README says how to take it off.

    With --wacz: the WARC files whole, or of the posts that fit all captures, what their pages need and whatever holds
    the payloads, with page list, index and seals.
    """
    from archive.export import DEFAULT_COLUMNS, Form, Wanted
    from archive.export import export as write
    from archive.query import Archive

    form, columns = given["form"], given["columns"]
    if given["wacz"] or given["output"] is not None:
        has_more = bool(folder or form or given["all_versions"] or columns)
        if given["output"] is None or has_more:
            hint = "vigil export --wacz -o FILE.wacz, with --query and the filters, without a folder or forms of data."
            raise UsageError("a WACZ is one file of captures, not a table", hint=hint)
        _export_wacz(settings, filters, query, given["output"], as_json=given["as_json"])
        return
    if folder is None:
        raise UsageError("no folder was named", hint="vigil export FOLDER, or vigil export --wacz -o FILE.wacz.")
    chosen = DEFAULT_COLUMNS if columns is None else tuple(name.strip() for name in columns.split(","))
    wanted = Wanted(
        form=Form(form or "csv"), filters=filters, query=query, all_versions=given["all_versions"], columns=chosen
    )
    with Archive.open(existing(settings)) as archive, bar("writing rows", is_bytes=False) as progress:
        exported = write(archive, folder, wanted, lambda rows: progress(rows, None))
    if given["as_json"]:
        show_json({"folder": folder, **fields_of(exported)})
    else:
        told = "README.md there says what they are" if exported.rows else "no post fits"
        talk(f"vigil: {counted(exported.rows, 'row')} in {folder}; {told}")


def _export_wacz(settings: "Settings", filters: "Filters", query: str | None, output: Path, *, as_json: bool) -> None:
    import hashlib

    from archive.export.wacz import export_wacz
    from archive.query import Archive

    collection = existing(settings)
    with Archive.open(collection) as archive, bar("writing") as progress:
        made = export_wacz(archive, collection, output, filters=filters, query=query, progress=progress)
        imported = sum(site.imported for site in archive.status().sites)
    if imported:
        talk(f"vigil: {imported:,} imported captures were left out: hand on their files, in {collection.imports}")
    if as_json:
        with output.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = output.stat().st_size
        show_json({"file": output, **fields_of(made), "imported_left_out": imported, "bytes": size, "sha256": digest})
        return
    held = counted(made.records, "record") if made.records else f"{counted(made.files, 'WARC file')} whole"
    talk(f"vigil: {counted(made.pages, 'page')}, {held}, {made.warc_bytes:,} bytes of WARC in {output}")


@click.command(cls=Verb, examples=["vigil cite 31994604", "vigil cite 31994604 --version 1 --format csl"])
@click.argument("post")
@click.option(
    "--format",
    "form",
    type=click.Choice(("bibtex", "csl")),
    default="bibtex",
    show_default=True,
    help="BibTeX, or CSL-JSON.",
)
@click.option("--version", metavar="N|HASH", help="This version, by number or by the beginning of its hash.")
@site_option
@with_settings
def cite(settings: "Settings", *, post: str, form: str, version: str | None, site: str | None) -> None:
    """Cite a version of a post, with time of capture and digest.

    By default the version that stands.
    """
    import json

    from archive.export.citing import bibtex, csl
    from archive.query import Archive

    with Archive.open(existing(settings)) as archive:
        versions = archive.versions_of(post, site=site)
    for row in versions:
        is_named = version is not None and (
            version == str(row["version"]) or (len(version) >= 6 and str(row["text_hash"]).startswith(version.lower()))
        )
        if is_named or (version is None and row["is_current"]):
            show(bibtex(row).rstrip() if form == "bibtex" else json.dumps([csl(row)], ensure_ascii=False, indent=2))
            return
    known = ", ".join(f"{row['version']} ({str(row['text_hash'])[:12]})" for row in versions) or "none"
    what = "text of the post is kept" if version is None else f"version {version} of the post is held"
    raise NotFoundError(f"no {what}", hint=f"There is: {known}.")
