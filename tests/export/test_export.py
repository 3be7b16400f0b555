"""What a researcher leaves with: data, what it means, where it is from, how to cite it."""

import csv
import hashlib
import json
import re
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from archive import open_archive
from archive.collection import Collection
from archive.errors import ConfigError, QueryError, UsageError
from archive.export import DEFAULT_COLUMNS, Form, Wanted, export
from archive.export.citing import bibtex, csl
from archive.export.forms import Row, defused, write_csv, write_jsonl, write_sqlite
from archive.export.papers import meanings
from archive.export.parquet import write_parquet
from archive.model import Route
from archive.query import Filters
from archive.query.table import COLUMNS
from tests.cli.archives import BEGAN, build, exchange, lay_run, page

EVERY = Filters()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """A small whole archive, with a headline that is a formula; not to be changed."""
    collection = build(tmp_path_factory.mktemp("export") / "collection")
    evil = page("=HYPERLINK(0)", "1. no *list*, &lt;b&gt;no markup.", "2026-06-01T10:00:00+00:00")
    lay_run(
        collection, "run-4", BEGAN.replace(day=9), exchange(1, "/a/evil/103.html", evil, began=BEGAN.replace(day=9))
    )
    return collection


def leave(built: Collection, folder: Path, form: Form, filters: Filters = EVERY, **more: object) -> Path:
    with open_archive(built.root) as archive:
        export(archive, folder, Wanted(form=form, filters=filters, **more))  # type: ignore[arg-type]
    return folder


@pytest.mark.parametrize("form", Form)
def test_same_question_gives_the_same_bytes_with_right_sums(built: Collection, tmp_path: Path, form: Form) -> None:
    first, second = (leave(built, tmp_path / name, form, all_versions=True) for name in ("first", "second"))
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert {str(file) for file in files} >= {"README.md", "SHA256SUMS", "dictionary.csv", "provenance.json"}
    assert [(first / file).read_bytes() for file in files] == [(second / file).read_bytes() for file in files]
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=first, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count(": OK")) == (0, len(files) - 1)


def test_csv_has_a_row_a_post_with_the_place_of_its_bytes(built: Collection, tmp_path: Path) -> None:
    with (leave(built, tmp_path / "out", Form.CSV) / "posts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["identity"] for row in rows] == ["103", "102", "101"]
    lamp = rows[-1]
    assert (lamp["version"], lamp["authors"], lamp["published"]) == ("2", "Ada Nobody", "2026-07-31T10:00:00Z")
    with (built.warcs / lamp["file"]).open("rb") as warc:
        warc.seek(int(lamp["offset"]))
        member = warc.read(int(lamp["length"]))
    with open_archive(built.root) as archive:
        assert archive.record_bytes(int(lamp["capture_id"])) == member
        assert hashlib.sha256(archive.payload(int(lamp["capture_id"]))).hexdigest() == lamp["payload_digest"]


def test_formula_is_defused_in_csv_and_untouched_in_json(built: Collection, tmp_path: Path) -> None:
    with (leave(built, tmp_path / "csv", Form.CSV) / "posts.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["title"] == "'=HYPERLINK(0)"
    lines = (leave(built, tmp_path / "jsonl", Form.JSONL) / "posts.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["title"] == "=HYPERLINK(0)"
    assert json.loads(lines[0])["authors"] == ["Ada Nobody"]


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", " =1", "\t1", "\r1", "\n=1", "'=1", "''\t", "\uff1d1"], ids=repr
)
def test_formula_gets_an_apostrophe(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "'tis", "1-2", "“=1”"], ids=repr)
def test_plain_text_stays(text: str) -> None:
    assert defused(text) == text


@given(st.text(alphabet=st.sampled_from("'=+-@ \t\nab\uff0b"), max_size=8))
def test_defusing_can_be_undone(text: str) -> None:
    kept = defused(text)
    # As the README beside the data says it, for a program of anyone's.
    hidden = re.match(r"'+\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|'+[\t\r\n]", kept)
    assert (kept[1:] if hidden else kept) == text
    assert defused(text)[:1] not in set("=+-@\t\r\n")


def test_sqlite_holds_rows_and_their_meanings(built: Collection, tmp_path: Path) -> None:
    columns = ("identity", "authors", "is_current", "text")
    path = leave(built, tmp_path / "out", Form.SQLITE, columns=columns, all_versions=True) / "posts.sqlite"
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT * FROM posts").fetchall()
        told = db.execute("SELECT name, meaning FROM dictionary").fetchall()
    assert [row[:3] for row in rows] == [
        ("103", '["Ada Nobody"]', 1),
        ("102", '["Ada Nobody"]', 1),
        ("101", '["Ada Nobody"]', 0),
        ("101", '["Ada Nobody"]', 1),
    ]
    assert dict(told) == {name: meanings()[name] for name in columns}


def test_parquet_has_typed_columns_with_their_meanings(built: Collection, tmp_path: Path) -> None:
    held = parquet.read_table(leave(built, tmp_path / "out", Form.PARQUET, all_versions=True) / "posts.parquet")
    told = {field.name: (field.metadata or {}).get(b"meaning", b"").decode() for field in held.schema}
    assert told == {name: meanings()[name] for name in DEFAULT_COLUMNS}
    with open_archive(built.root) as archive:
        rows = list(archive.table(all_versions=True))
    for row, kept in zip(rows, held.to_pylist(), strict=True):
        for name, value in kept.items():
            is_time = isinstance(value, datetime)
            assert value == (datetime.fromisoformat(str(row[name])) if is_time else row[name]), name
    first = held.to_pylist()[0]
    assert (first["title"], first["authors"], first["version"]) == ("=HYPERLINK(0)", ["Ada Nobody"], 1)
    assert first["published"] == datetime(2026, 6, 1, 10, tzinfo=UTC)


def test_empty_answer_is_a_parquet_file_all_the_same(built: Collection, tmp_path: Path) -> None:
    held = parquet.read_table(leave(built, tmp_path / "out", Form.PARQUET, query="nowhere") / "posts.parquet")
    assert (held.num_rows, held.column_names) == (0, list(DEFAULT_COLUMNS))


def test_parquet_without_its_extra_says_what_to_install(
    built: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match="pyarrow is missing") as raised:
        leave(built, tmp_path / "out", Form.PARQUET)
    assert "vigil-archive[parquet]" in str(raised.value.hint)
    assert list(tmp_path.iterdir()) == []


def test_corpus_is_a_text_a_version_named_in_its_table(built: Collection, tmp_path: Path) -> None:
    folder = leave(built, tmp_path / "out", Form.TEXT)
    with (folder / "metadata.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert "text" not in rows[0]
    assert {row["path"] for row in rows} == {str(path.relative_to(folder)) for path in folder.rglob("*.txt")}
    assert (folder / rows[-1]["path"]).read_text().startswith("The last lamp\n\nA keeper counts gulls and herons")


def test_markdown_takes_no_archived_letter_for_markup(built: Collection, tmp_path: Path) -> None:
    (path,) = leave(built, tmp_path / "out", Form.MARKDOWN).rglob("103-*.md")
    text = path.read_text()
    assert text.startswith("# \\=HYPERLINK(0)\n")
    assert "\n1\\. no \\*list\\*, \\<b\\>no markup.\n" in text


NARROWED = {
    "word": (EVERY, "herons", ["101"]),
    "author": (Filters(author="nobody"), None, ["103", "102", "101"]),
    "since": (Filters(since=datetime(2026, 7, 31, tzinfo=UTC)), None, ["101"]),
    "until": (Filters(until=datetime(2026, 7, 1, tzinfo=UTC)), None, ["103"]),
    "another language": (Filters(language="cs"), None, []),
}


@pytest.mark.parametrize(("filters", "query", "identities"), NARROWED.values(), ids=NARROWED)
def test_filter_narrows_and_is_written_down(
    built: Collection, tmp_path: Path, filters: Filters, query: str | None, identities: list[str]
) -> None:
    folder = leave(built, tmp_path / "out", Form.JSONL, filters, query=query)
    lines = (folder / "posts.jsonl").read_text().splitlines()
    assert [json.loads(line)["identity"] for line in lines] == identities
    told = json.loads((folder / "provenance.json").read_text())
    assert (told["rows"], told["asked"]["query"]) == (len(identities), query)
    assert len(told["asked"]["filters"]) == sum(
        getattr(filters, name) is not None for name in ("site", "since", "until", "author", "language")
    )
    assert len(json.loads((folder / "citations.json").read_text())) == len(identities)


def test_refused_export_leaves_nothing_behind(built: Collection, tmp_path: Path) -> None:
    with pytest.raises(QueryError):
        leave(built, tmp_path / "out", Form.CSV, query='"open')
    with pytest.raises(UsageError, match="no column nothing"):
        leave(built, tmp_path / "out", Form.CSV, columns=("nothing",))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="there already"):
        leave(built, tmp_path / "out", Form.CSV)


def test_rows_of_a_test_run_are_marked(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "collection")
    lay_run(collection, "run-1", BEGAN, exchange(1, "/a/x/1.html", page("X", "Y.")), route=Route.TEST)
    folder = leave(collection, tmp_path / "out", Form.CSV)
    assert "no captures of the real site" in (folder / "README.md").read_text()


def test_citations_name_time_digest_and_record(built: Collection) -> None:
    with open_archive(built.root) as archive:
        first, last = archive.versions_of("101")
    item = csl(first)
    assert (item["accessed"], item["version"]) == ({"date-parts": [[2026, 8, 1]]}, first["text_hash"])
    assert item["id"] != csl(last)["id"]
    entry = bibtex({**first, "title": "100 % of {it} & more\\", "authors": ["A_b", "C and D"]})
    assert "title = {{100 \\% of \\{it\\} \\& more\\textbackslash{}}}," in entry
    assert "author = {{A\\_b} and {C and D}}," in entry
    assert f"Captured 2026-08-01T03:00:01.250000Z; version 1, text SHA-256 {first['text_hash']}" in entry


def test_table_is_read_without_sorting(built: Collection) -> None:
    with open_archive(built.root) as archive:
        said: list[str] = []
        archive.db.set_trace_callback(said.append)
        list(archive.table(all_versions=True))
        archive.db.set_trace_callback(None)
        (asked,) = [one for one in said if one.startswith("SELECT s.name")]
        plan = [tuple(row)[3] for row in archive.db.execute(f"EXPLAIN QUERY PLAN {asked}")]
    assert plan
    assert not [step for step in plan if "TEMP B-TREE" in step]


def many(count: int) -> Iterator[Row]:
    for number in range(count):
        yield {column.name: number for column in COLUMNS} | {"text": f"{number} " * 1000, "authors": ["A"]}


@pytest.mark.parametrize("form", ["csv", "jsonl", "sqlite"])
def test_memory_does_not_grow_with_rows(tmp_path: Path, form: str) -> None:
    columns = ("identity", "authors", "text")
    tracemalloc.start()
    if form == "csv":
        write_csv(tmp_path / "out", many(4000), columns)
    elif form == "jsonl":
        write_jsonl(tmp_path / "out", many(4000), columns)
    else:
        write_sqlite(tmp_path / "out", many(4000), columns, meanings())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "out").stat().st_size > 15_000_000
    assert peak < 2_000_000


def test_parquet_is_written_group_by_group_at_flat_memory(tmp_path: Path) -> None:
    held_by_arrow = []

    def watched() -> Iterator[Row]:
        for row in many(4000):
            held_by_arrow.append(pa.total_allocated_bytes())
            yield row

    tracemalloc.start()
    before = pa.total_allocated_bytes()
    columns = ("version", "authors", "text")
    write_parquet(tmp_path / "out", watched(), columns, meanings(), group_bytes=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    told = parquet.read_metadata(tmp_path / "out")
    assert told.num_rows == 4000
    assert told.num_row_groups > 15
    assert peak < 4_000_000
    assert max(held_by_arrow) - before < 4_000_000
