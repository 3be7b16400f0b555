"""A tamper table: whatever is done to an archive, the check that finds it is named, with file, offset and record."""

import gzip
import html
import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.model import sha256_of
from archive.verify import CHECKS, PACKAGE_CHECKS, SEAL_CHECKS, WACZ_CHECKS, Finding, Round, index_anew, written
from archive.warc import Record, walk, warc_files
from tests.cli.archives import BEGAN, build, exchange, lay_run

Tamper = Callable[[Collection], None]


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return build(tmp_path_factory.mktemp("sound") / "collection")


@pytest.fixture
def copy(sound: Collection, tmp_path: Path) -> Collection:
    shutil.copytree(sound.root, tmp_path / "copy")
    for path in warc_files(Collection(tmp_path / "copy")):
        path.chmod(0o644)
    return Collection(tmp_path / "copy")


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


@pytest.fixture
def small_files_go_to_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.verify.round._SMALL", 0)


@pytest.mark.usefixtures("small_files_go_to_processes")
def test_what_is_found_and_in_which_order_does_not_depend_on_the_number_of_processes(copy: Collection) -> None:
    """Findings of every kind: of records, exchanges, and what is compared across files."""
    for tamper in ("a record twice", "another wire digest", "no record id", "a flipped bit"):
        TAMPERED[tamper][0](copy)
    paths = warc_files(copy)
    data = bytearray(paths[1].read_bytes())
    data[len(data) // 2] ^= 1
    paths[1].write_bytes(data)
    shutil.copy(paths[2], paths[2].with_name(paths[2].name.replace("-00003-", "-00004-")))
    told: list[tuple[int, int]] = []
    rounds = [Round(copy, jobs=jobs) for jobs in (1, 2, 5)]
    alone, *others = [list(one.findings(lambda done, size: told.append((done, size)))) for one in rounds]
    assert {"record-readable", "record-unique", "exchange-whole", "index-files"} <= {finding.check for finding in alone}
    assert others == [alone, alone]
    assert {(one.files, one.records, one.bytes, one.exchanges) for one in rounds} == {
        (4, rounds[0].records, told[-1][0], rounds[0].exchanges)
    }


def test_fixity_reads_bytes_alone_and_asks_no_index(copy: Collection) -> None:
    copy.database.unlink()
    checks = Round(copy, is_fixity=True)
    assert list(checks.findings()) == []
    assert (checks.files, checks.exchanges) == (3, 0)
    TAMPERED["another text"][0](copy)
    assert [finding.check for finding in Round(copy, is_fixity=True).findings()] == ["record-digest"]


def _broken_off(copy: Collection, files: int) -> list[Finding]:
    """What a round finds that is broken off after so many files."""
    checks, found = Round(copy, is_resumable=True), []
    findings = checks.findings()
    for finding in findings:
        found.append(finding)
        if checks.files == files:
            break
    findings.close()  # type: ignore[attr-defined]
    return found


def test_a_round_that_was_broken_off_goes_on_and_finds_what_a_whole_one_finds(copy: Collection) -> None:
    for number in range(3):
        _rewrite(copy, lambda record: (record.type == "request" and gzip.compress(_raw(record)) * 2) or None, number)
    whole = _found(copy)
    assert _broken_off(copy, 2) == whole[: len(_broken_off(copy, 2))]
    with (copy.state / "verify.jsonl").open("ab") as file:
        file.write(b'{"state": [true, 1')
    again = Round(copy, is_resumable=True)
    assert list(again.findings()) == whole
    assert (again.files, again.resumed, again.since is not None) == (3, 2, True)
    assert not (copy.state / "verify.jsonl").exists()


def test_a_file_that_changed_since_it_was_read_is_read_again(copy: Collection) -> None:
    _flip(copy)
    assert _broken_off(copy, 1)
    path = warc_files(copy)[0]
    path.write_bytes(path.read_bytes() + b"x")
    whole = _found(copy)
    again = Round(copy, is_resumable=True)
    assert list(again.findings()) == whole
    assert again.resumed == 0


@pytest.mark.parametrize("left", [b"", b"\0" * 50, b'{"form": 9}\n', b"[1]\n", b'{"form":1,"round":"another"}\n{}\n'])
def test_what_another_kind_of_round_left_is_not_gone_by(copy: Collection, left: bytes) -> None:
    (copy.state / "verify.jsonl").write_bytes(left)
    checks = Round(copy, is_resumable=True)
    assert (list(checks.findings()), checks.files, checks.resumed) == ([], 3, 0)


def test_a_rate_is_kept_to(copy: Collection) -> None:
    size = sum(path.stat().st_size for path in warc_files(copy))
    begun = time.monotonic()
    assert list(Round(copy, rate=size / 0.5).findings()) == []
    assert time.monotonic() - begun > 0.4


def test_the_page_of_findings_lets_nothing_hostile_act() -> None:
    said = "<script>alert(1)</script>\u202e\x1b[2J"
    found = [
        Finding(check="record-digest", file=said, offset=7, record=said, found=said, expected=said, hint=said)
    ] * 300
    page = written.page("Archive & more", BEGAN, {"files": 3}, found, ["a remark <b>"])
    assert "<script" not in page
    assert not {"\u202e", "\x1b"} & set(page)
    assert "300 findings" in page
    assert "and 100 more" in page
    assert "a remark &lt;b&gt;" in page
    assert CHECKS["record-digest"].meaning.partition("\n")[0] in html.unescape(page)
    assert "Sound" in written.page("x", BEGAN, {}, [], [])


def test_a_file_that_goes_away_during_the_round_is_a_finding(copy: Collection) -> None:
    last = warc_files(copy)[2]
    findings = Round(copy).findings(lambda done, _all: last.unlink(missing_ok=True) if done else None)
    assert ("record-readable", last.name) in {(finding.check, finding.file) for finding in findings}


def test_every_check_has_a_case_and_a_meaning() -> None:
    pages = {"index-pages", "page-members"}  # tests/verify/test_pages.py
    elsewhere = SEAL_CHECKS | PACKAGE_CHECKS | WACZ_CHECKS | pages | {"import-kept"}
    assert {check for _, check in TAMPERED.values()} | {"index-anew"} | elsewhere == set(CHECKS)
    assert all(check.meaning.partition("\n")[0].endswith(".") for check in CHECKS.values())


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
