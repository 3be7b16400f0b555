"""``vigil export`` and ``vigil cite``: what a researcher leaves with."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.finding import site_option, with_filters
from archive.cli.frame import Verb, existing, with_settings
from archive.cli.output import show, talk
from archive.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.query.answers import Filters

_FORMS = ("csv", "jsonl", "sqlite", "text", "markdown")


@click.command(
    cls=Verb,
    examples=[
        "vigil export posts",
        "vigil export court-2025 --query 'court OR trial' --since 2025 --until 2025 --format jsonl",
        "vigil export titles --columns site,identity,published,title,url",
        "vigil export corpus --format text --language ru --all-versions",
    ],
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(_FORMS), default="csv", show_default=True, help="Form of the data.")
@click.option("--query", metavar="WORDS", help="Only posts with these words; as in vigil search.")
@click.option("--all-versions", is_flag=True, help="A row for each text that a post had, not only for the last.")
@click.option("--columns", metavar="A,B,…", help="These columns, in this order; an unknown name lists all.")
@with_filters
@with_settings
def export(
    settings: "Settings",
    *,
    folder: Path,
    filters: "Filters",
    form: str,
    query: str | None,
    all_versions: bool,
    columns: str | None,
) -> None:
    """Write posts into a new folder, with what they mean.

    Beside the data: a README, a data dictionary, the provenance (runs, software, filter), a citation of each version
    (BibTeX, CSL-JSON), and SHA256SUMS. The same archive and question give the same bytes. In CSV a text that a
    spreadsheet would run as a formula gets an apostrophe before it; the README says how to take it off.
    """
    from archive.export import DEFAULT_COLUMNS, Form, Wanted
    from archive.export import export as write
    from archive.query import Archive

    chosen = DEFAULT_COLUMNS if columns is None else tuple(name.strip() for name in columns.split(","))
    if len(set(chosen)) != len(chosen):
        raise UsageError("a column is named twice", hint="Name each once, with commas between.")
    wanted = Wanted(form=Form(form), filters=filters, query=query, all_versions=all_versions, columns=chosen)
    with Archive.open(existing(settings)) as archive:
        passed = write(archive, folder, wanted)
    talk(f"vigil: {passed.rows:,} rows in {folder}; README.md there says what they are")


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
