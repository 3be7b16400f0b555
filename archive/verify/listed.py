"""Checks of the index against the WARC files, both ways."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from hashlib import file_digest
from pathlib import Path

from archive.collection import Collection
from archive.errors import IntegrityError, NotFoundError
from archive.index import Index
from archive.ingest import hash_of
from archive.model import IMPORTS, Capture, Route
from archive.query.rows import CAPTURES, blocks_of, capture_of
from archive.rebuild import compare, write_index
from archive.verify.findings import REBUILD, FileScope, Finding, Scope, check
from archive.warc import Laid, LaidExchange, LaidOmission, RunEnded, RunStarted


@check
def index_sound(scope: Scope) -> Iterator[Finding]:
    """The index is there, and SQLite finds no damage in it."""
    if scope.db is None:
        found, hint = (str(scope.trouble), scope.trouble.hint) if scope.trouble else ("no index", REBUILD)
        yield _index("index-sound", found, "an index that can be opened", hint)
        return
    for row in scope.db.execute("PRAGMA integrity_check(20)"):
        if row[0] != "ok":
            yield _index("index-sound", str(row[0]), "a sound database", REBUILD)
    for row in scope.db.execute("PRAGMA foreign_key_check"):
        found = f"row {row[1]} of {row[0]} speaks of a row of {row[2]} that is not there"
        yield _index("index-sound", found, "rows that belong together", REBUILD)


@check
def index_files(scope: Scope) -> Iterator[Finding]:
    """The index lists exactly the WARC files that are there."""
    if scope.db is None:
        return
    listed = {str(row["name"]) for row in scope.db.execute("SELECT name FROM files")}
    imported = {f"{IMPORTS}{path.name}" for path in scope.collection.imports.glob("*")}
    there = {path.name.removesuffix(".open") for path in scope.files} | (imported & listed)
    for name in sorted(listed - there - scope.live):
        yield Finding(
            check="index-files",
            file=name,
            found="the index lists it, but it is not in the archive folder",
            expected="every listed WARC file",
            hint="Bring it back from a copy; the index alone proves nothing.",
        )
    for name in sorted(there - listed - scope.live):
        yield Finding(
            check="index-files",
            file=name,
            found="it is in the archive folder, but the index does not list it",
            expected="listed WARC files only",
            hint="If a run of yours wrote it, `vigil rebuild` lists it; else take it away.",
        )


@check
def index_captures(scope: FileScope, units: Sequence[Laid]) -> Iterator[Finding]:
    """The index lists exactly the exchanges that the WARC files hold, each with its place, time, status and digest."""
    if scope.db is None:
        return
    name = scope.name
    end = indexed_to(scope.db, name)
    laid = {unit.record.offset: unit.capture for unit in units if isinstance(unit, LaidExchange)}
    if behind := [offset for offset in laid if offset >= end]:
        yield _lag(name, end, len(behind))
    where = "WHERE x.run_id = (SELECT run_id FROM files WHERE name = ?) AND metadata_file = ?"
    rows = scope.db.execute(CAPTURES + where, (name, name))
    listed = {capture.metadata.offset: capture for capture in map(capture_of, rows)}
    scope.matched += len(listed)
    for offset in sorted(laid.keys() - listed.keys() - set(behind)):
        yield _capture(laid[offset], "an exchange that the index does not list", "a listed one", REBUILD)
    for offset in sorted(listed.keys() - laid.keys()):
        hint = "Restore the WARC file from a copy, or, if it is right, `vigil rebuild`."
        yield _capture(listed[offset], "nothing there, but the index lists an exchange", listed[offset].url, hint)
    for offset in sorted(laid.keys() & listed.keys()):
        for field in _differences(laid[offset], listed[offset]):
            found = f"the index says {field} is {getattr(listed[offset], field)!r}"
            yield _capture(laid[offset], found, repr(getattr(laid[offset], field)), REBUILD)


@check
def index_omissions(scope: FileScope, units: Sequence[Laid]) -> Iterator[Finding]:
    """The index lists exactly what the WARC files say was left out, refused or lost."""
    if scope.db is None:
        return
    name = scope.name
    end = indexed_to(scope.db, name)
    laid = {
        unit.record.offset: (unit.omission.url, unit.omission.kind.value, unit.omission.reason)
        for unit in units
        if isinstance(unit, LaidOmission) and unit.record.offset < end
    }
    rows = scope.db.execute(
        "SELECT o.offset, o.url, o.kind, o.reason FROM omissions o JOIN files f ON f.id = o.file_id WHERE f.name = ?",
        (name,),
    )
    listed = {int(row["offset"]): (row["url"], row["kind"], row["reason"]) for row in rows}
    for offset in sorted(laid.keys() | listed.keys()):
        if laid.get(offset) != listed.get(offset):
            yield Finding(
                check="index-omissions",
                file=name,
                offset=offset,
                found=f"the index says {listed.get(offset) or 'nothing'}",
                expected=str(laid.get(offset) or "nothing"),
                hint=REBUILD,
            )


@check
def index_runs(scope: Scope) -> Iterator[Finding]:
    """The index lists exactly the runs that the WARC files tell of, and which of them ended in good order."""
    if scope.db is None:
        return
    listed = {str(row["uid"]): row["ended"] is not None for row in scope.db.execute("SELECT uid, ended FROM runs")}
    for uid in sorted(listed.keys() | scope.runs.keys()):
        told, said = scope.runs.get(uid), listed.get(uid)
        if told != said:
            words = {None: "nothing", True: "an ended run", False: "a run without an end"}
            yield _index("index-runs", f"of run {uid} the index says {words[said]}", words[told], REBUILD)


@check
def index_texts(scope: Scope) -> Iterator[Finding]:
    """Every text in the index has the SHA-256 by which its version is known for good."""
    if scope.db is None:
        return
    for row in scope.db.execute("SELECT id, text_hash, title, kinds, text FROM texts"):
        actual = hash_of(row["title"], (block.text for block in blocks_of(row["kinds"], row["text"])))
        if actual != row["text_hash"]:
            found, expected = f"text {row['id']} with sha256:{actual}", f"sha256:{row['text_hash']}"
            yield _index("index-texts", found, expected, REBUILD)


@check
def index_rest(scope: Scope) -> Iterator[Finding]:
    """No capture in the index stands outside the runs and files that were compared."""
    if scope.db is None:
        return
    for table in ("captures", "exchanges"):
        rows = int(scope.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  one of two names above
        if rows != scope.matched:
            found, expected = f"{rows} rows in {table}", f"{scope.matched}, as compared file by file"
            yield _index("index-rest", found, expected, REBUILD)


@check
def import_kept(scope: Scope) -> Iterator[Finding]:
    """Every file that was imported is there, byte for byte: its name begins with its SHA-256; and no other is there."""
    there = {f"{IMPORTS}{path.name}" for path in scope.collection.imports.glob("*")}
    for name in sorted(there | scope.imports):
        found = None
        if name not in there:
            found = "it is not there"
        elif name not in scope.imports:
            found = "a file that no import of ours tells of"
        else:
            with (scope.collection.warcs / name).open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
            found = None if name.startswith(f"{IMPORTS}{digest}-") else f"a file with sha256:{digest}"
        if found:
            hint = "Restore the file from a copy, or take the stranger away; its captures rest on it."
            yield Finding(check="import-kept", file=name, found=found, expected="the file that was imported", hint=hint)


@check
def index_anew(
    collection: Collection, folder: Path, workers: int, progress: Callable[[int, int], None]
) -> Iterator[Finding]:
    """An index made anew from the WARC files equals the present one in every row of every table (``--deep`` only).

    The new one is written to a temporary folder, and a copy of the present one is brought up to date there, as the next
    crawl would. An index that another extractor read is not compared: `vigil reextract` comes first.
    """
    present, anew = folder / "archive.db", folder / "anew.db"
    for suffix in ("", "-wal"):
        if (source := Path(f"{collection.database}{suffix}")).exists():
            shutil.copy(source, f"{present}{suffix}")
    try:
        if present.exists():
            Index.open(present).close()
        write_index(
            collection, anew, workers=workers, progress=lambda told: progress(told.done_bytes, told.total_bytes)
        )
        differences = compare(present, anew)
    except (NotFoundError, IntegrityError) as error:
        differences = [f"it cannot be compared: {error}"]
    for difference in differences:
        yield _index("index-anew", difference, "what the WARC files say", REBUILD)


def runs_told(units: Sequence[Laid]) -> tuple[dict[str, bool], tuple[str, ...]]:
    """Say which runs began, which of them ended, and which files they imported."""
    runs: dict[str, bool] = {}
    imports: list[str] = []
    for unit in units:
        if isinstance(unit, RunStarted):
            runs.setdefault(unit.start.uid, False)
            if unit.start.route is Route.IMPORT:
                imports += unit.start.mode.split(" ")[1:2]
        elif isinstance(unit, RunEnded):
            runs[unit.run_end.uid] = True
    return runs, tuple(imports)


def indexed_to(db: sqlite3.Connection, name: str) -> int:
    """Up to where a file is indexed; 0 for one that is not listed."""
    row = db.execute("SELECT indexed_to FROM files WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def _lag(name: str, end: int, count: int) -> Finding:
    return Finding(
        check="index-captures",
        file=name,
        offset=end,
        found=f"{count} exchanges from here on that the index does not list yet",
        expected="a file indexed to its end",
        hint="The next `vigil crawl` indexes them, `vigil rebuild` too.",
    )


def _differences(laid: Capture, listed: Capture) -> list[str]:
    """Names of the fields in which index and WARC differ; a revisit's original is compared by its time."""
    laid, listed = (
        replace(capture, original=("", capture.original[1]) if capture.original else None) for capture in (laid, listed)
    )
    return [field.name for field in fields(Capture) if getattr(laid, field.name) != getattr(listed, field.name)]


def _capture(capture: Capture, found: str, expected: str, hint: str) -> Finding:
    ref = capture.record
    return Finding(
        check="index-captures",
        file=ref.file,
        offset=ref.offset,
        record=ref.record_id,
        found=found,
        expected=expected,
        hint=hint,
    )


def _index(check_id: str, found: str, expected: str, hint: str) -> Finding:
    return Finding(check=check_id, file="archive.db", found=found, expected=expected, hint=hint)


def unreadable(words: str) -> Finding:
    """Say that the index gave an error where a row was to come."""
    return _index("index-sound", f"rows that cannot be read: {words}", "a sound database", REBUILD)


START_CHECKS = (index_sound, index_files)
FILE_CHECKS = (index_captures, index_omissions)
END_CHECKS = (index_runs, index_texts, index_rest, import_kept)
