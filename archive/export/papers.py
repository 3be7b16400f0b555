"""What lies beside exported data: README, data dictionary, provenance, digests."""

import csv
import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive import __version__
from archive.database import warc_date
from archive.query import Archive, Filters
from archive.query.table import COLUMNS
from archive.schema import NOTES

_README = """\
# Posts from an archive

{rows:,} rows, of {sites}. Written by vigil {version} from an archive of exact captures; `provenance.json` says of which
runs, by what filter.
{warning}
- {data}
- `dictionary.csv`: what each column holds (text, number, truth, list or time) and means.
- `citations.bib`, `citations.json`: a citation of each version (BibTeX, CSL-JSON) with the time of its capture and the
  SHA-256 of its text.
- `provenance.json`: the archive's runs that these rows come from, the software, the filter.
- `SHA256SUMS`: digests of all files here; `sha256sum -c SHA256SUMS` checks them.

Times are UTC. `first_captured` is when this version's text was first captured; `file`, `offset`, `length` and
`record_id` say which WARC record it was read from, `payload_digest` is the SHA-256 of the page as it was sent. With the
archive at hand `vigil get --record CAPTURE_ID --body` gives that page. The texts are the publisher's; mind their terms.
{formulas}"""
_FORMULAS = """
## Formulas in the CSV file

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula. So where a text begins with one of these
(or with apostrophes or blanks and then one of these, or with a tab or a line end), an apostrophe `'` was put before it.
A program that needs the text itself takes that one apostrophe off again; JSON lines, Parquet and SQLite have the text
as it is.
Lists are joined with `; `, 1 and 0 are yes and no, an empty cell means unknown.
"""
_TEST = """
**Some of these rows were captured by test runs: they are no captures of the real site (see `provenance.json`).**
"""
_DATA = {
    "csv": "`posts.csv`: one row a version of a post.",
    "jsonl": "`posts.jsonl`: one JSON object a line, one line a version of a post.",
    "parquet": "`posts.parquet`: one row a version of a post; a column's metadata say what it means. Another "
    "release of pyarrow writes other bytes for the same rows.",
    "sqlite": "`posts.sqlite`: table `posts`, one row a version of a post; table `dictionary`.",
    "text": "`texts/`: one plain text a version of a post; `metadata.csv` names each in its column `path`.",
    "markdown": "`texts/`: one Markdown file a version of a post; `metadata.csv` names each in its column `path`.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for, as the provenance tells it."""

    form: str
    filters: Filters
    query: str | None
    all_versions: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of an export: its path within the folder, its length and its digest."""

    path: str
    bytes: int
    sha256: str


def meanings() -> dict[str, str]:
    """What each column means, in the words of the schema."""
    notes = {f"{note.name}.{name}": meaning for note in NOTES for name, meaning in note.columns}
    return {column.name: notes[column.note] for column in COLUMNS}


def write(archive: Archive, folder: Path, asked: Asked, *, rows: int, uids: Iterable[str]) -> tuple[Written, ...]:
    """Write the papers beside the data in ``folder``, the digests last; give every file that is there then."""
    runs = _runs(archive, uids)
    sites = ", ".join(sorted({str(run["site"]) for run in runs})) or "no site"
    readme = _README.format(
        rows=rows,
        sites=sites,
        version=__version__,
        warning=_TEST if any(run["route"] != "site" for run in runs) else "",
        data=_DATA[asked.form],
        formulas="" if asked.form in {"jsonl", "parquet", "sqlite"} else _FORMULAS,
    )
    (folder / "README.md").write_text(readme, encoding="utf-8", newline="\n")
    with (folder / "dictionary.csv").open("w", encoding="utf-8", newline="") as file:
        told, kinds = meanings(), {column.name: column.kind.value for column in COLUMNS}
        csv.writer(file, lineterminator="\r\n").writerows(
            [("column", "kind", "meaning"), *((name, kinds[name], told[name]) for name in asked.columns)]
        )
    provenance = {"software": f"vigil/{__version__}", "asked": _asked(asked), "rows": rows, "runs": runs}
    text = json.dumps(provenance, ensure_ascii=False, indent=2)
    (folder / "provenance.json").write_text(f"{text}\n", encoding="utf-8", newline="\n")
    return _write_sums(folder)


def _runs(archive: Archive, uids: Iterable[str]) -> list[dict[str, object]]:
    """The runs that rows come from, in the order of the archive."""
    rows = archive.rows(
        "SELECT r.uid, s.name AS site, r.started, r.ended, r.route, r.mode, r.software, r.operator, r.user_agent, "
        "r.config_digest FROM runs r JOIN sites s ON s.id = r.site_id "
        "WHERE r.uid IN (SELECT value FROM json_each(?)) ORDER BY r.id",
        (json.dumps(list(uids)),),
    )
    return [{**row, "started": _spelled(row["started"]), "ended": _spelled(row["ended"])} for row in rows]


def _spelled(time: object) -> str | None:
    return warc_date(time) if isinstance(time, int) else None


def _asked(asked: Asked) -> dict[str, object]:
    filters = {
        one.name: value.isoformat() if isinstance(value, datetime) else value
        for one in dataclasses.fields(asked.filters)
        if (value := getattr(asked.filters, one.name)) is not None
    }
    return {
        "form": asked.form,
        "filters": filters,
        "query": asked.query,
        "all_versions": asked.all_versions,
        "columns": list(asked.columns),
    }


def _write_sums(folder: Path) -> tuple[Written, ...]:
    written = tuple(_written(folder, path) for path in sorted(one for one in folder.rglob("*") if one.is_file()))
    sums = folder / "SHA256SUMS"
    sums.write_text("".join(f"{one.sha256}  {one.path}\n" for one in written), encoding="utf-8", newline="\n")
    return (*written, _written(folder, sums))


def _written(folder: Path, path: Path) -> Written:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Written(path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=digest)
