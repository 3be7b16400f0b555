"""``vigil evidence`` from the command line: what is in the package, what it says, what it refuses."""

import gzip
import json
import shutil
import stat
import subprocess
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.cli import SECTIONS
from archive.cli.frame import main_group, run
from archive.errors import ExitCode
from archive.evidence.custody import Custody, EventKind
from archive.evidence.exporting import Request, export
from archive.evidence.keys import make_keys, read_signing
from archive.evidence.package import LIST_SIGNATURE, Contents, assemble, complete, read_package, zipped
from archive.evidence.paperwork import derived, papers
from archive.evidence.seal import SUMS, read_sums, write_sums
from archive.evidence.sealing import finish
from archive.model import Route, sha256_of
from archive.query import Archive
from archive.warc import walk
from tests.cli.archives import BEGAN, exchange, lay_run, page
from tests.evidence.makers import Sealed, build_sealed, now, settings_of
from tests.evidence.test_package_pages import build_paged

Said = tuple[int, str, str]


class Desk:
    """A person at the command line of a sealed archive."""

    def __init__(self, sealed: Sealed, capsys: pytest.CaptureFixture[str]) -> None:
        self.sealed = sealed
        self.folder = sealed.folder
        self._capsys = capsys
        roots = "".join(
            f'[[authorities]]\nname = "{one.name}"\nurl = "http://127.0.0.1:9/"\nroot = "{one.root}"\ntimeout = 1.0\n'
            for one in sealed.settings.authorities
        )
        (self.folder / "vigil.toml").write_text(f'collection = "collection"\nkeys = "keys"\n{roots}')

    def vigil(self, *words: str) -> Said:
        code = run(main_group("Test.", SECTIONS), [*words, "--config", str(self.folder / "vigil.toml")])
        return (code, *self._capsys.readouterr())

    def export(self, *words: str) -> Path:
        code, _, err = self.vigil("evidence", *words, "--no-screenshot", "-o", str(self.folder / "exhibit"))
        assert code == ExitCode.OK, err
        return self.folder / "exhibit"


@pytest.fixture
def desk(copy: Sealed, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(copy, capsys)


def test_package_holds_exactly_the_sealed_members(desk: Desk) -> None:
    exhibit = desk.export("101", "--at", "2026-08-01")
    records = [record.type for record in walk(exhibit / "evidence.warc.gz")]
    assert records == ["warcinfo", "resource", "resource", "request", "response", "metadata"]
    stored = b"".join(path.read_bytes() for path in sorted(desk.sealed.collection.warcs.iterdir()))
    assert all(path.read_bytes() in stored for path in (exhibit / "records").iterdir())


def test_package_for_a_place_that_takes_nothing_is_not_even_written_down(desk: Desk) -> None:
    before = Custody(desk.sealed.collection).events()
    code, out, err = desk.vigil("evidence", "101", "--no-screenshot", "-o", "/proc/exhibit.zip")
    assert (code, out) == (ExitCode.ERROR, "")
    assert "vigil: nothing can be written to /proc: " in err
    assert "hint: Nothing is left there; make room, or name another place.\n" in err
    assert Custody(desk.sealed.collection).events() == before


def test_package_of_a_revisit_brings_its_original_and_its_seal(desk: Desk) -> None:
    exhibit = desk.export("102", "--at", "2026-08-02")
    types = [record.type for record in walk(exhibit / "evidence.warc.gz")]
    assert types.count("revisit") == types.count("response") == 1
    assert types.count("metadata") == types.count("warcinfo") == 2
    assert sorted(path.name for path in (exhibit / "seals").iterdir()) == ["run-1", "run-2"]


def test_package_is_checked_without_the_archive(desk: Desk, tmp_path: Path) -> None:
    exhibit = desk.export("102", "--at", "2026-08-02")
    told = subprocess.run(["sh", str(exhibit / "verify.sh")], capture_output=True, text=True, check=False)
    words = [f"--published={line.strip()}" for line in (exhibit / "README.txt").read_text().splitlines()[-4:]]
    moved = tmp_path / "elsewhere"
    shutil.move(exhibit, moved)
    shutil.rmtree(desk.sealed.collection.root)
    code, out, err = desk.vigil("verify", str(moved), *words)
    assert (code, "VERIFIED: by the published keys" in out) == (ExitCode.OK, True), out + err
    code, out, _ = desk.vigil("verify", str(moved))
    assert (code, "CONSISTENT, NOT VERIFIED" in out) == (ExitCode.OK, True)
    assert (told.returncode, "CONSISTENT, NOT VERIFIED" in told.stdout) == (3, True)


def test_altered_package_is_named_with_exit_20(desk: Desk) -> None:
    exhibit = desk.export("101")
    (exhibit / "derived" / "page.html").write_text("<p>other</p>")
    code, out, _ = desk.vigil("verify", str(exhibit), "--json")
    findings = [json.loads(line) for line in out.splitlines()]
    assert code == ExitCode.INTEGRITY
    assert [finding.get("check") for finding in findings] == ["package-files", None]
    assert findings[-1]["verdict"] == "FAILED"


def test_zip_is_checked_as_it_is(desk: Desk) -> None:
    code, _, err = desk.vigil("evidence", "101", "--no-screenshot", "-o", str(desk.folder / "exhibit.zip"))
    assert code == ExitCode.OK, err
    assert desk.vigil("verify", str(desk.folder / "exhibit.zip"))[0] == ExitCode.OK
    with zipfile.ZipFile(desk.folder / "exhibit.zip") as pack:
        assert {name.partition("/")[0] for name in pack.namelist()} == {"exhibit"}
    data = bytearray((desk.folder / "exhibit.zip").read_bytes())
    data[len(data) // 2] ^= 1
    (desk.folder / "bent.zip").write_bytes(data)
    assert desk.vigil("verify", str(desk.folder / "bent.zip"))[0] == ExitCode.INTEGRITY


def test_same_files_give_the_same_zip(desk: Desk) -> None:
    files = dict(read_package(desk.export("101")).files)
    assert zipped(files, "x") == zipped(dict(reversed(files.items())), "x")


def test_same_inputs_give_the_same_bytes_but_for_the_signature(copy: Sealed) -> None:
    told: list[Contents] = []

    def make(archive: Archive, contents: Contents) -> tuple[dict[str, bytes], dict[str, bytes], tuple[str, ...]]:
        told.append(contents)
        return derived(archive.collection, stored.capture, b"Text.", is_test=False, has_picture=False), {}, ()

    with Archive.open(copy.collection) as archive:
        stored = archive.captures("102")[0]
        request = Request(stored=stored, asked_for="102", as_of=None, recipient="Ünal & Şahin")
        files = [dict(export(copy.collection, copy.settings, archive, request, make).files)]
        keys = read_signing(copy.settings.keys, None, now())
        for _ in range(2):
            copies = make(archive, told[0])[0]
            contents = replace(told[0], derived=copies, papers=papers(told[0]))
            files.append(complete(assemble(contents), keys))
    first, second = files[1:]
    assert {name for name in first if first[name] != second[name]} == {LIST_SIGNATURE}
    assert set(files[0]) == set(first) - {"README.txt", "declaration.txt"}


def test_papers_say_how_much_of_what_the_page_needs_came_along(tmp_path: Path) -> None:
    sealed = build_sealed(tmp_path / "sealed", build_paged)
    told: list[Contents] = []

    def make(_: Archive, contents: Contents) -> tuple[dict[str, bytes], dict[str, bytes], tuple[str, ...]]:
        told.append(contents)
        return {}, {}, ()

    with Archive.open(sealed.collection) as archive:
        request = Request(stored=archive.captures("101")[0], asked_for="101", as_of=None)
        export(sealed.collection, replace(sealed.settings, authorities=()), archive, request, make)
    assert "Holds       the page, and 2 files that it needs to look as it did" in papers(told[0])["README.txt"].decode()


def test_package_without_a_certificate_says_why_and_is_valid(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # no fontconfig can be asked
    code, _, err = desk.vigil("evidence", "101", "--no-screenshot", "-o", str(desk.folder / "exhibit"))
    assert (code, "there is no certificate.pdf: fontconfig is missing" in err) == (ExitCode.OK, True), err
    assert not (desk.folder / "exhibit" / "certificate.pdf").exists()
    assert desk.vigil("verify", str(desk.folder / "exhibit"))[0] == ExitCode.OK


def test_never_a_later_capture_is_given(desk: Desk) -> None:
    code, _, err = desk.vigil("evidence", "101", "--at", "2026-07-30", "-o", str(desk.folder / "none"))
    assert code == ExitCode.NOT_FOUND
    assert "holds no capture" in err
    assert "not published" not in err
    assert not (desk.folder / "none").exists()


def test_neighbours_and_proof_are_told(desk: Desk) -> None:
    exhibit = desk.export("101", "--at", "2026-08-02T12:00Z")
    claim = json.loads((exhibit / "claim.json").read_text())
    assert claim["captured_at"].startswith("2026-08-02T03")
    assert claim["capture_before"].startswith("2026-08-01")
    assert claim["capture_after"].startswith("2026-08-03")
    assert claim["proved_by"] >= claim["captured_at"]
    readme = (exhibit / "README.txt").read_text()
    assert "the page alone, without the pictures" in readme
    assert "What it does NOT prove" in readme
    assert claim["proved_by"] in readme


def test_every_stamp_is_told_and_so_is_one_that_is_pending(desk: Desk) -> None:
    for path in desk.sealed.seal(2).glob("*.tsa1.tst"):
        path.unlink()
    exhibit = desk.export("101")
    readme = " ".join((exhibit / "README.txt").read_text().split())
    assert "tsa2 (NOT TRUSTED: tsa2) stamped the list of run-3 at 20" in readme
    assert "PENDING: the list of run-3 has 1 of 2 time stamps" in readme
    assert "PENDING: the signature of run-3 has 1 of 2 time stamps" in readme
    assert "same content as an earlier capture" in readme
    assert "within ten minutes" not in readme
    code, _, err = desk.vigil("evidence", "101", "--no-screenshot", "-o", str(desk.folder / "again"))
    assert (code, "still lacks time stamps: a checker will refuse" in err) == (ExitCode.OK, True)
    for path in desk.sealed.seal(2).glob("*.tst"):
        path.unlink()
    code, out, _ = desk.vigil("evidence", "101", "--no-screenshot", "-o", str(desk.folder / "third"))
    assert (code, "time stamps are pending" in out) == (ExitCode.OK, True)
    third = (desk.folder / "third" / "README.txt").read_text()
    assert "NOT YET: the time stamps are pending" in third
    assert "Nothing proves yet when they existed" in third
    assert "existed at the time stated above" not in third


def test_words_of_a_person_cannot_rewrite_the_papers(desk: Desk) -> None:
    given = ["--recipient", "<b>A</b> {url} $page", "--case", "12\x1b[2J\u202e6202", "--purpose", "a\nb"]
    exhibit = desk.export("101", *given)
    readme = (exhibit / "README.txt").read_text()
    assert "  For         <b>A</b> {url} $page\n" in readme
    assert "\x1b" not in readme
    assert "\u202e" not in readme
    assert "  Purpose     a b\n" in readme
    assert desk.vigil("verify", str(exhibit))[0] == ExitCode.OK


def test_export_is_logged_without_names(desk: Desk) -> None:
    desk.export("101", "--recipient", "Example & Partners", "--case", "12/2026", "--purpose", "a hearing")
    last = Custody(desk.sealed.collection).events()[-1]
    assert (last.kind, last.subject) == (EventKind.EXPORTED, "package-1")
    assert b"Example" not in Custody(desk.sealed.collection).data()
    (paper,) = (desk.sealed.collection.state / "papers").iterdir()
    assert json.loads(paper.read_text())["recipient"] == "Example & Partners"


def test_taken_name_is_refused_before_anything_is_logged(desk: Desk) -> None:
    code, _, err = desk.vigil("evidence", "101", "-o", str(desk.folder))
    assert (code, "there already" in err) == (ExitCode.USAGE, True)
    assert not any(event.kind is EventKind.EXPORTED for event in Custody(desk.sealed.collection).events())


def test_unsealed_capture_is_refused(desk: Desk) -> None:
    began = BEGAN + timedelta(days=9)
    late = exchange(1, "/a/the-last-lamp/101.html", page("The last lamp", "Later."), began=began)
    lay_run(desk.sealed.collection, "run-4", began, late)
    code, _, err = desk.vigil("evidence", "101", "-o", str(desk.folder / "none"))
    assert (code, "not sealed" in err) == (ExitCode.NOT_FOUND, True)


def test_test_capture_is_refused_or_marked_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = replace(build_sealed(tmp_path / "base"), folder=tmp_path / "tested")
    collection = settings_of(tmp_path / "tested", base.settings.authorities)
    sealed = replace(base, settings=collection)
    (tmp_path / "tested").mkdir()
    make_keys(sealed.settings.keys, owner="Nobody", log_name="x.example/log", passphrase=None, now=now())
    lay_run(sealed.collection, "run-1", BEGAN, exchange(1, "/a/t/7.html", page("T", "A test.")), route=Route.TEST)
    finish(sealed.collection, sealed.settings)
    sealed.restamp(0)
    desk = Desk(sealed, capsys)
    assert desk.vigil("evidence", "7", "-o", str(desk.folder / "none"))[0] == ExitCode.USAGE
    exhibit = desk.export("7", "--allow-test")
    assert "THIS IS A TEST" in (exhibit / "README.txt").read_text()
    assert "THIS IS A TEST" in (exhibit / "declaration.txt").read_text()
    assert "THE TIME STAMPS ARE OF A TEST AUTHORITY" in (exhibit / "README.txt").read_text()
    assert "TEST: no capture of the real site" in (exhibit / "derived" / "page.html").read_text()
    assert json.loads((exhibit / "claim.json").read_text())["route"] == "test-route"
    code, _, err = desk.vigil("verify", str(exhibit))
    assert (code, "THIS IS A TEST" in err) == (ExitCode.OK, True)
    said = subprocess.run(["sh", str(exhibit / "verify.sh")], capture_output=True, text=True, check=False).stdout
    assert "THIS IS A TEST" in said


def test_derived_page_runs_and_loads_nothing(desk: Desk) -> None:
    collection = desk.sealed.collection
    hostile = (
        '<p>First words.</p><script>alert(1)</script><img src="http://127.0.0.1/x.png" onerror="alert(2)">'
        '<p onclick="alert(3)" style="background:url(http://127.0.0.1/y)">Second words.</p>'
        '<iframe src="http://127.0.0.1/z"></iframe><a href="javascript:alert(4)">go</a>'
    )
    began = BEGAN + timedelta(days=9)
    body = page("Hostile", "Words.").replace(b"</body>", hostile.encode() + b"</body>")
    lay_run(collection, "run-4", began, exchange(1, "/a/h/9.html", body, began=began))
    finish(collection, desk.sealed.settings)
    desk.sealed.restamp(3)
    made = (desk.export("9") / "derived" / "page.html").read_text()
    assert "Second words." in made
    assert not any(word in made for word in ("alert", "127.0.0.1", "javascript", "<iframe", "<script", "<img"))
    assert "DERIVED COPY" in made
    assert made.count("<body") == 1


def test_hold_is_kept_and_released_in_the_chain(desk: Desk) -> None:
    code, out, err = desk.vigil("hold", "add", "12/2026", "--by", "A. Nobody", "--scope", "posts of May")
    assert (code, out) == (ExitCode.OK, "hold 1\n"), err
    assert desk.vigil("hold", "release", "2", "--by", "x", "--reason", "y")[0] == ExitCode.NOT_FOUND
    assert desk.vigil("hold", "release", "1", "--by", "A. Nobody", "--reason", "closed")[0] == ExitCode.OK
    told = json.loads(desk.vigil("hold", "list", "--json")[1])
    assert (told["case"], told["scope"], told["released"] is not None) == ("12/2026", "posts of May", True)
    assert (told["by"], told["released_by"], told["reason"]) == ("A. Nobody", "A. Nobody", "closed")
    assert "by A. Nobody: closed" in desk.vigil("hold", "list")[1]
    code, _, err = desk.vigil("hold", "add", " ", "--by", "A. Nobody", "--scope", "x")
    assert (code, "case is empty" in err) == (ExitCode.USAGE, True)
    kinds = [event.kind for event in Custody(desk.sealed.collection).events()][-2:]
    assert kinds == [EventKind.HOLD_ADDED, EventKind.HOLD_RELEASED]
    assert b"Nobody" not in Custody(desk.sealed.collection).data()


def test_checkers_are_in_the_package_as_shipped(desk: Desk) -> None:
    exhibit = desk.export("101")
    assert gzip.decompress((exhibit / "evidence.warc.gz").read_bytes()).startswith(b"WARC/1.1")
    assert (exhibit / "verify.sh").read_text().startswith("#!/bin/sh")
    assert stat.S_IMODE((exhibit / "claim.json").stat().st_mode) == 0o644


def test_get_tells_neighbours_and_by_when_a_capture_is_proved_to_exist(desk: Desk) -> None:
    code, _, err = desk.vigil("get", "101", "--at", "2026-08-02T12:00Z", "--warc", "-o", str(desk.folder / "x.warc.gz"))
    assert code == ExitCode.OK
    assert "the one before: 2026-08-01T03" in err
    assert "the one after: 2026-08-03T03" in err
    assert "proved to exist by 20" in err


def test_damaged_record_is_not_said_to_be_proved(desk: Desk) -> None:
    path = min(desk.sealed.collection.warcs.iterdir())
    data = path.read_bytes()
    for at in range(len(data) // 3, len(data), 97):  # some byte of every record behind the first ones
        data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    path.write_bytes(data)
    for form in ("--warc", "--http", "--body"):
        code, _, err = desk.vigil("get", "101", "--at", "2026-08-01", form, "-o", str(desk.folder / "x"))
        assert (code, "proved to exist" in err) == (ExitCode.INTEGRITY, False), err
        assert not (desk.folder / "x").exists()


def test_record_that_is_not_the_sealed_one_is_neither_given_nor_packed(desk: Desk) -> None:
    """The record is right in itself, and another than the list has: both are an insider's."""
    lines = dict(read_sums((desk.sealed.seal(2) / SUMS).read_bytes()))
    lines |= {name: sha256_of(b"another") for name in lines if name.startswith("records/revisit-")}
    desk.sealed.put_list(write_sums(lines), 2)
    code, _, err = desk.vigil("get", "101", "--body", "-o", str(desk.folder / "x"))
    assert (code, "not the one that the seal run-3 lists" in err) == (ExitCode.INTEGRITY, True), err
    assert "proved to exist" not in err
    code, _, err = desk.vigil("evidence", "101", "--no-screenshot", "-o", str(desk.folder / "none"))
    assert (code, (desk.folder / "none").exists()) == (ExitCode.INTEGRITY, False), err
    assert not any(event.kind is EventKind.EXPORTED for event in Custody(desk.sealed.collection).events())


def test_list_that_the_archive_did_not_sign_proves_nothing(desk: Desk) -> None:
    path = desk.sealed.seal(2) / SUMS
    path.write_bytes(write_sums({**read_sums(path.read_bytes()), "provenance/zzz": sha256_of(b"x")}))
    _, _, err = desk.vigil("get", "101", "--body", "-o", str(desk.folder / "x"))
    assert "nothing can be said of its proof" in err
    assert "proved to exist by" not in err


def test_unsealed_capture_is_said_to_be_unproved(desk: Desk) -> None:
    began = BEGAN + timedelta(days=9)
    late = exchange(1, "/a/the-last-lamp/101.html", page("The last lamp", "Later."), began=began)
    lay_run(desk.sealed.collection, "run-4", began, late)
    assert "not sealed yet" in desk.vigil("get", "101", "--warc", "-o", str(desk.folder / "x.warc.gz"))[2]


def test_redacted_copy_is_an_event_and_the_capture_stays(desk: Desk) -> None:
    copy = desk.folder / "covered.html"
    copy.write_text("<p>[covered]</p>")
    before = {path: path.read_bytes() for path in desk.sealed.collection.warcs.iterdir()}
    code, _, err = desk.vigil("redact", "1", str(copy), "--by", "A. Nobody", "--covered", "two names")
    assert code == ExitCode.OK, err
    last = Custody(desk.sealed.collection).events()[-1]
    assert last.kind is EventKind.REDACTED
    assert b"Nobody" not in Custody(desk.sealed.collection).data()
    assert {path: path.read_bytes() for path in desk.sealed.collection.warcs.iterdir()} == before


def test_nothing_deletes() -> None:
    verbs = {verb for places in SECTIONS.values() for verb in places}
    assert not verbs & {"delete", "remove", "purge", "prune", "forget"}
