"""A tamper table: whatever is done to an archive, the check that finds it is named, with file, offset and record."""

import gzip
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.model import sha256_of
from archive.verify import CHECKS, PACKAGE_CHECKS, SEAL_CHECKS, WACZ_CHECKS, Finding, Round, index_anew
from archive.warc import Record, walk, warc_files
from tests.cli.archives import BEGAN, build, exchange, lay_run

Tamper = Callable[[Collection], None]


def _found(collection: Collection) -> list[Finding]:
    return list(Round(collection).findings())


def _records(collection: Collection, number: int = 0) -> list[Record]:
    return list(walk(warc_files(collection)[number]))


def _response(record: Record) -> bool:
    return record.type == "response" and b"gulls on the pier" in record.block


def _raw(record: Record) -> bytes:
    return record.header + record.block + b"\r\n\r\n"


def _rewrite(collection: Collection, change: Callable[[Record], bytes | None], number: int = 0) -> None:
    """Write a file anew; a record for which ``change`` gives bytes is those, in a gzip member of its own."""
    path = warc_files(collection)[number]
    data = path.read_bytes()
    parts: list[bytes] = []
    for record in walk(path):
        changed = change(record)
        parts.append(data[record.ref.offset : record.end] if changed is None else changed)
    path.write_bytes(b"".join(parts))


def _edit_block(old: bytes, new: bytes, *, fix_digest: bool) -> Tamper:
    def tamper(collection: Collection) -> None:
        def change(record: Record) -> bytes | None:
            if not _response(record):
                return None
            block = record.block.replace(old, new)
            assert block != record.block
            header = record.header
            if fix_digest:
                header = header.replace(sha256_of(record.block).encode(), sha256_of(block).encode())
            return gzip.compress(header + block + b"\r\n\r\n")

        _rewrite(collection, change)

    return tamper


def _edit_header(pattern: bytes, new: bytes, kind: str = "response") -> Tamper:
    def tamper(collection: Collection) -> None:
        def change(record: Record) -> bytes | None:
            if record.type != kind:
                return None
            header = re.sub(pattern, new, record.header)
            assert header != record.header
            return gzip.compress(header + record.block + b"\r\n\r\n")

        _rewrite(collection, change)

    return tamper


def _edit_metadata(pattern: bytes, new: bytes) -> Tamper:
    def tamper(collection: Collection) -> None:
        def change(record: Record) -> bytes | None:
            if record.type != "metadata" or not re.search(pattern, record.block):
                return None
            block = re.sub(pattern, new, record.block)
            header = record.header.replace(sha256_of(record.block).encode(), sha256_of(block).encode())
            header = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(block), header)
            return gzip.compress(header + block + b"\r\n\r\n")

        _rewrite(collection, change)

    return tamper


def _flip(collection: Collection) -> None:
    path = warc_files(collection)[0]
    record = next(filter(_response, walk(path)))
    data = bytearray(path.read_bytes())
    data[record.ref.offset + record.ref.length // 2] ^= 1
    path.write_bytes(data)


def _empty(collection: Collection) -> None:
    warc_files(collection)[0].write_bytes(b"")


def _cut(collection: Collection) -> None:
    path = warc_files(collection)[0]
    path.write_bytes(path.read_bytes()[:-10])


def _drop(kind: str) -> Tamper:
    return lambda collection: _rewrite(collection, lambda record: b"" if record.type == kind else None)


def _append(collection: Collection) -> None:
    path = warc_files(collection)[0]
    record = next(filter(_response, walk(path)))
    header = re.sub(
        rb"WARC-Record-ID: .*", b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r", record.header
    )
    with path.open("ab") as file:
        file.write(gzip.compress(header + record.block + b"\r\n\r\n"))


def _repeat(collection: Collection) -> None:
    _rewrite(collection, lambda record: gzip.compress(_raw(record)) * 2 if _response(record) else None)


def _remove_file(number: int) -> Tamper:
    return lambda collection: warc_files(collection)[number].unlink()


def _rename(old: str, new: str) -> Tamper:
    def tamper(collection: Collection) -> None:
        path = warc_files(collection)[0]
        path.rename(path.with_name(path.name.replace(old, new)))

    return tamper


def _foreign(collection: Collection) -> None:
    (collection.warcs / "notes.txt").write_text("x")


def _link(collection: Collection) -> None:
    path = warc_files(collection)[0]
    shutil.move(path, collection.root / path.name)
    path.symlink_to(collection.root / path.name)


def _strange_name(collection: Collection) -> None:
    Path(os.fsdecode(bytes(collection.warcs) + b"/\xff.warc.gz")).write_bytes(b"x")


def _unlisted(collection: Collection) -> None:
    other = build(collection.root.parent / "other")
    path = warc_files(other)[2]
    name = path.name.replace("-00003-", "-00004-")
    shutil.copy(path, collection.warcs / name)


def _sql(statement: str) -> Tamper:
    def tamper(collection: Collection) -> None:
        with sqlite3.connect(collection.database) as db:
            assert db.execute(statement).rowcount
        db.close()

    return tamper


def _scribble(collection: Collection) -> None:
    data = bytearray(collection.database.read_bytes())
    data[4096 * 3 : 4096 * 4] = b"\xee" * 4096
    collection.database.write_bytes(data)


def _no_database(collection: Collection) -> None:
    collection.database.write_bytes(b"no database at all" * 100)


_STRANGE = "quiet-lantern-20260801030000250-00004-test.warc.gz"

TAMPERED: dict[str, tuple[Tamper, str]] = {
    "a flipped bit": (_flip, "record-readable"),
    "a torn end": (_cut, "record-readable"),
    "an empty file": (_empty, "record-readable"),
    "another text": (_edit_block(b"gulls", b"herds", fix_digest=False), "record-digest"),
    "another text, its digest too": (_edit_block(b"gulls", b"herds", fix_digest=True), "exchange-whole"),
    "another header line": (_edit_block(b"content-TYPE", b"Content-Type", fix_digest=True), "exchange-whole"),
    "no block digest": (_edit_header(rb"WARC-Block-Digest: .*\r\n", b""), "record-digest"),
    "another payload digest": (_edit_header(rb"(Payload-Digest: sha256:)....", rb"\g<1>0000"), "exchange-payload"),
    "another wire digest": (_edit_metadata(rb"wire-sha256: ....", b"wire-sha256: 0000"), "exchange-whole"),
    "another run's name": (_edit_metadata(rb"vigil-run: run-1", b"vigil-run: run-9"), "index-captures"),
    "a purpose that is none": (_edit_metadata(rb"vigil-purpose: post", b"vigil-purpose: tea!"), "unit-understood"),
    "another reason": (_edit_metadata(rb"Disallow: /search", b"Disallow: /nothing"), "index-omissions"),
    "a request taken away": (_drop("request"), "unit-understood"),
    "metadata taken away": (_drop("metadata"), "record-belongs"),
    "certificates taken away": (_drop("resource"), "exchange-whole"),
    "the warcinfo taken away": (_drop("warcinfo"), "record-warcinfo"),
    "another warcinfo": (_edit_header(rb"(WARC-Warcinfo-ID: <urn:uuid:)....", rb"\g<1>0000"), "record-warcinfo"),
    "a record put behind": (_append, "record-belongs"),
    "a record twice": (_repeat, "record-unique"),
    "no record id": (_edit_header(rb"WARC-Record-ID: .*\r\n", b"", "request"), "record-unique"),
    "the first file taken away": (_remove_file(0), "file-series"),
    "the last file taken away": (_remove_file(2), "index-files"),
    "the original of revisits taken away": (_remove_file(1), "exchange-whole"),
    "a file renamed": (_rename("quiet", "noisy"), "record-warcinfo"),
    "a file left open": (_rename(".gz", ".gz.open"), "file-closed"),
    "a file that failed its read-back": (_rename(".gz", ".gz.invalid"), "file-closed"),
    "a foreign file": (_foreign, "file-foreign"),
    "a link for a file": (_link, "file-foreign"),
    "a pipe that never ends": (lambda collection: os.mkfifo(collection.warcs / _STRANGE), "file-foreign"),
    "a folder named as a file": (lambda collection: (collection.warcs / _STRANGE).mkdir(), "file-foreign"),
    "a link to nothing": (lambda collection: (collection.warcs / _STRANGE).symlink_to("/nowhere"), "file-foreign"),
    "a name that is no text": (_strange_name, "file-foreign"),
    "a file of another archive": (_unlisted, "index-files"),
    "the index taken away": (lambda collection: collection.database.unlink(), "index-sound"),
    "something else for an index": (_no_database, "index-sound"),
    "a damaged index": (_scribble, "index-sound"),
    "an index from the future": (_sql("PRAGMA user_version = 99"), "index-sound"),
    "another status": (_sql("UPDATE captures SET status = 200 WHERE status = 404"), "index-captures"),
    "another time": (_sql("UPDATE exchanges SET via = 'https://x.example/'"), "index-captures"),
    "another place": (_sql("UPDATE captures SET offset = offset + 1"), "index-captures"),
    "another digest": (_sql("UPDATE exchanges SET payload_digest = upper(payload_digest)"), "index-captures"),
    "another URL": (_sql("UPDATE urls SET url = replace(url, 'lamp', 'camp')"), "index-captures"),
    "a kind that is none": (_sql("UPDATE captures SET kind = 9"), "index-sound"),
    "a capture taken out": (_sql("DELETE FROM captures WHERE status = 404"), "index-captures"),
    "an index that stopped early": (_sql("UPDATE files SET indexed_to = 2000 WHERE id = 2"), "index-captures"),
    "an omission taken out": (_sql("DELETE FROM omissions"), "index-omissions"),
    "a run taken out": (_sql("UPDATE runs SET uid = 'run-x' WHERE uid = 'run-3'"), "index-runs"),
    "a run unended": (_sql("UPDATE runs SET ended = NULL WHERE uid = 'run-3'"), "index-runs"),
    "a capture put elsewhere": (_sql("UPDATE files SET run_id = 2 WHERE run_id = 3"), "index-rest"),
    "another text in the index": (_sql("UPDATE texts SET text = replace(text, 'gulls', 'herds')"), "index-texts"),
    "another headline in the index": (_sql("UPDATE texts SET title = 'Nothing happened'"), "index-texts"),
    "a row without its fellow": (_sql("DELETE FROM files WHERE id = 3"), "index-sound"),
}  # fmt: skip


def test_a_sound_archive_passes_every_check(sound: Collection) -> None:
    checks = Round(sound)
    assert list(checks.findings()) == []
    assert (checks.files, checks.exchanges) == (3, 8)
    assert checks.bytes == sum(path.stat().st_size for path in warc_files(sound))
    assert checks.records == sum(len(_records(sound, number)) for number in range(3))


@pytest.mark.parametrize(("tamper", "check"), TAMPERED.values(), ids=TAMPERED)
def test_tampering_is_found(copy: Collection, tamper: Tamper, check: str) -> None:
    tamper(copy)
    found = _found(copy)
    assert check in {finding.check for finding in found}
    for finding in found:
        assert finding.check in CHECKS
        assert finding.file
        assert finding.found
        assert finding.expected
        assert finding.hint


def test_every_check_has_a_case_and_a_meaning() -> None:
    pages = {"index-pages", "page-members"}  # tests/verify/test_pages.py
    elsewhere = SEAL_CHECKS | PACKAGE_CHECKS | WACZ_CHECKS | pages | {"import-kept"}
    assert {check for _, check in TAMPERED.values()} | {"index-anew"} | elsewhere == set(CHECKS)
    assert all(check.meaning.partition("\n")[0].endswith(".") for check in CHECKS.values())


NOT_ALONE = {
    "exchange-payload": "a payload digest that was changed is a record of another length: the index lists other places",
    "exchange-whole": "an exchange that does not fit together is none that the index could list",
    "file-series": "a file that is missing is missing in the index's eyes too",
    "index-files": "the captures and runs of a file that is missing, or strange, are missing or strange with it",
    "index-rest": "a row outside all files is a row that its own file lacks",
    "record-digest": "other bytes are another exchange",
    "record-readable": "a record that cannot be read is none, and the index lists it",
    "record-unique": "a record that comes twice, or has no name, belongs to no exchange",
    "record-warcinfo": "without its warcinfo, or under another name, a file's records lie at other places",
    "unit-understood": "what is no exchange is none that the index could list",
}
"""Checks that no tampering can make fail alone, and why; each holds its records against one another and the index."""


def test_each_check_of_records_files_and_index_is_found_alone_where_that_can_be(
    sound: Collection, tmp_path: Path
) -> None:
    alone = set()
    for number, (tamper, check) in enumerate(TAMPERED.values()):
        shutil.copytree(sound.root, tmp_path / str(number) / "copy")
        collection = Collection(tmp_path / str(number) / "copy")
        for path in warc_files(collection):
            path.chmod(0o644)
        tamper(collection)
        alone |= {check} if {finding.check for finding in _found(collection)} == {check} else set()
    assert {check for _, check in TAMPERED.values()} - alone == set(NOT_ALONE)


def test_a_finding_names_file_offset_and_record(copy: Collection) -> None:
    record = next(filter(_response, walk(warc_files(copy)[0])))
    _edit_block(b"gulls", b"herds", fix_digest=False)(copy)
    found = next(finding for finding in _found(copy) if finding.check == "record-digest")
    assert (found.file, found.offset, found.record) == (record.ref.file, record.ref.offset, record.ref.record_id)
    assert found.expected == f"sha256:{sha256_of(record.block)}"


def test_every_damaged_record_is_named_not_only_the_first(copy: Collection) -> None:
    path = warc_files(copy)[0]
    victims = [record for record in walk(path) if record.type == "request"]
    data = bytearray(path.read_bytes())
    for record in victims:
        data[record.ref.offset + record.ref.length // 2] ^= 0xFF
    path.write_bytes(data)
    offsets = [finding.offset for finding in _found(copy) if finding.check == "record-readable"]
    assert offsets == [record.ref.offset for record in victims]


def test_an_index_that_lags_is_one_finding_a_file(copy: Collection) -> None:
    for statement in ("DELETE FROM captures WHERE file_id = 2", "UPDATE files SET indexed_to = 0 WHERE id = 2"):
        _sql(statement)(copy)
    found = [finding for finding in _found(copy) if finding.check == "index-captures"]
    assert [(finding.offset, finding.found.split()[0]) for finding in found] == [(0, "2")]


def test_checks_leave_no_trace(copy: Collection) -> None:
    def seen() -> dict[str, tuple[int, int]]:
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(copy.root.rglob("*"))}

    before = seen()
    _found(copy)
    assert seen() == before


def test_the_file_of_a_run_that_is_writing_is_not_held_against_it(copy: Collection) -> None:
    with copy.locked("a crawl"):
        lay_run(copy, "run-4", BEGAN.replace(month=9), exchange(1, "/a/x/103.html", b"x"), is_ended=False)
        checks = Round(copy)
        assert list(checks.findings()) == []
        assert len(checks.skipped) == 1
    assert "file-closed" in {finding.check for finding in _found(copy)}


def test_progress_reaches_the_end(sound: Collection) -> None:
    told: list[tuple[int, int]] = []
    list(Round(sound).findings(lambda done, size: told.append((done, size))))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] == sum(path.stat().st_size for path in warc_files(sound))


def _anew(collection: Collection, folder: Path) -> list[Finding]:
    folder.mkdir()
    return list(index_anew(collection, folder, 1, lambda _done, _all: None))


def test_index_made_anew_equals_a_sound_one(copy: Collection, tmp_path: Path) -> None:
    assert _anew(copy, tmp_path / "anew") == []


DEEP = {
    "a version taken out": _sql("DELETE FROM versions WHERE number = 2"),
    "an event changed": _sql("UPDATE events SET is_silent = 0"),
    "an author changed": _sql("UPDATE articles SET authors = '[\"Someone Else\"]'"),
    "a post brought back": _sql("UPDATE posts SET state = 'live'"),
    "no index": lambda collection: collection.database.unlink(),
}


@pytest.mark.parametrize("tamper", DEEP.values(), ids=DEEP)
def test_what_single_checks_cannot_see_an_index_made_anew_shows(
    copy: Collection, tmp_path: Path, tamper: Tamper
) -> None:
    tamper(copy)
    assert {finding.check for finding in _anew(copy, tmp_path / "anew")} == {"index-anew"}
