"""What leaves the archive: a folder with the data, what it means, where it is from, how to cite it, and its digests.

The bytes depend on the archive and on what was asked for only: no clock, no machine, no folder's name is written down.
``forms`` and ``parquet`` are the forms, ``citing`` the citations, ``papers`` what lies beside the data.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from archive.errors import UsageError
from archive.export import citing, forms, papers, parquet
from archive.export.papers import Written
from archive.query import Archive, Filters
from archive.query.table import COLUMNS, columns_named

_TOLD_EVERY = 100
DEFAULT_COLUMNS = tuple(column.name for column in COLUMNS if column.name != "kinds")
"""All columns but the kinds of paragraphs."""


class Form(StrEnum):
    """The form in which a table leaves."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    SQLITE = "sqlite"
    TEXT = "text"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to leave: the posts that fit, in these columns; their texts as they stand, or all versions."""

    form: Form
    filters: Filters
    query: str | None = None
    all_versions: bool = False
    columns: tuple[str, ...] = DEFAULT_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written: how many rows, and the files of the folder, digests of all others in the last."""

    rows: int
    files: tuple[Written, ...]


@dataclass(slots=True)
class _Passed:
    """What went by while rows were written: how many, and of which runs."""

    rows: int = 0
    runs: set[str] = field(default_factory=set)


def export(
    archive: Archive, folder: Path, wanted: Wanted, progress: Callable[[int], None] = lambda _rows: None
) -> Exported:
    """Write what is wanted into a new ``folder``; it appears when it is whole. Memory stays flat.

    ``progress`` is told the rows written so far.

    Raises:
        UsageError: the folder is there already, there is no such column, or one is named twice.
        QueryError: the search expression cannot be read.
        ConfigError: the form needs an extra that is not installed.
        OSError: the disk refused; nothing is left behind.
    """
    columns_named(wanted.columns)
    if folder.exists():
        raise UsageError(f"{folder} is there already", hint="Choose another name, or move that folder away.")
    part = folder.with_name(f"{folder.name}.part")
    try:
        part.mkdir(parents=True)
    except FileExistsError:
        hint = "Another export is writing it, or one was cut off: then remove it."
        raise UsageError(f"{part} is there already", hint=hint) from None
    try:
        exported = _write(archive, part, wanted, progress)
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return exported


def _write(archive: Archive, part: Path, wanted: Wanted, progress: Callable[[int], None]) -> Exported:
    passed = _Passed()
    table = archive.table(wanted.filters, query=wanted.query, all_versions=wanted.all_versions)
    with closing(table):
        rows = _cited(part, table, passed, progress)
        match wanted.form:
            case Form.CSV:
                forms.write_csv(part / "posts.csv", rows, wanted.columns)
            case Form.JSONL:
                forms.write_jsonl(part / "posts.jsonl", rows, wanted.columns)
            case Form.PARQUET:
                parquet.write_parquet(part / "posts.parquet", rows, wanted.columns, papers.meanings())
            case Form.SQLITE:
                forms.write_sqlite(part / "posts.sqlite", rows, wanted.columns, papers.meanings())
            case Form.TEXT | Form.MARKDOWN:
                forms.write_corpus(part, rows, wanted.columns, is_markdown=wanted.form is Form.MARKDOWN)
    asked = papers.Asked(
        form=wanted.form.value,
        filters=wanted.filters,
        query=wanted.query,
        all_versions=wanted.all_versions,
        columns=wanted.columns,
    )
    files = papers.write(archive, part, asked, rows=passed.rows, uids=passed.runs)
    return Exported(rows=passed.rows, files=files)


def _cited(
    part: Path, rows: Iterator[dict[str, object]], passed: _Passed, progress: Callable[[int], None]
) -> Iterator[Mapping[str, object]]:
    """Hand rows on, and write each one's citations as it goes by."""
    with (
        (part / "citations.bib").open("w", encoding="utf-8", newline="\n") as bib,
        (part / "citations.json").open("w", encoding="utf-8", newline="\n") as csl,
    ):
        for row in rows:
            bib.write(citing.bibtex(row) + "\n")
            csl.write(("[\n" if passed.rows == 0 else ",\n") + citing.csl_line(row))
            passed.rows += 1
            passed.runs.add(str(row["run"]))
            if passed.rows % _TOLD_EVERY == 0:
                progress(passed.rows)
            yield row
        csl.write("\n]\n" if passed.rows else "[]\n")
