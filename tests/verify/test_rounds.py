"""How a round of checks goes: by several processes, at a rate, broken off and taken up again, and as a page."""

import gzip
import html
import shutil
import time

import pytest

from archive.collection import Collection
from archive.verify import CHECKS, Finding, Round, written
from archive.warc import warc_files
from tests.cli.archives import BEGAN
from tests.verify.test_tampering import TAMPERED


def _found(collection: Collection) -> list[Finding]:
    return list(Round(collection).findings())


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
    for path in warc_files(copy):
        path.write_bytes(path.read_bytes() + gzip.compress(b"no record"))
    whole = _found(copy)
    assert _broken_off(copy, 2) == whole[: len(_broken_off(copy, 2))]
    with (copy.state / "verify.jsonl").open("ab") as file:
        file.write(b'{"state": [true, 1')
    again = Round(copy, is_resumable=True)
    assert list(again.findings()) == whole
    assert (again.files, again.resumed, again.since is not None) == (3, 2, True)
    assert not (copy.state / "verify.jsonl").exists()


def test_a_file_that_changed_since_it_was_read_is_read_again(copy: Collection) -> None:
    TAMPERED["a flipped bit"][0](copy)
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
