"""Keys are rotated, the seal's and the log's: old runs stay verifiable by every checker, and no death leaves a mess."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.errors import ConfigError, DiskFullError
from archive.evidence.custody import Custody, EventKind
from archive.evidence.keys import log_fingerprint, make_keys, read_public, read_signing, rotate, rotate_log
from archive.evidence.ledger import Ledger
from archive.evidence.log import check_growth, open_checkpoint
from archive.evidence.package import shipped, zipped
from archive.evidence.sealing import finish
from tests.cli.archives import BEGAN, exchange, lay_run
from tests.evidence.browsing import Checker
from tests.evidence.dying import dies
from tests.evidence.makers import Sealed, now, serving
from tests.evidence.packing import Bench, make_bench, run_shell
from tests.evidence.test_sealing import no_file_over

DYING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from archive.evidence.keys import rotate, rotate_log
from tests.evidence.dying import die_at

folder, what, call = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
die_at(call, "open", "write", "fsync", "rename", "unlink", "fchmod")
rotate(folder, None, datetime.now(UTC)) if what == "seal" else rotate_log(folder, None)
"""
"""Rotates keys."""


def a_later_night(sealed: Sealed, day: int) -> None:
    began = BEGAN + timedelta(days=day)
    lay_run(sealed.collection, f"run-{day}", began, exchange(1, "/a/x/101.html", b"x", began=began))


@pytest.fixture
def rotated(copy: Sealed) -> Sealed:
    """The sealed archive, with both keys rotated since, and one more night sealed by the new ones."""
    rotate(copy.settings.keys, None, now())
    rotate_log(copy.settings.keys, None)
    a_later_night(copy, 9)
    with serving(copy.folder, *copy.authorities) as authorities:
        finish(copy.collection, replace(copy.settings, authorities=authorities))
    return copy


def test_archive_holds_after_both_keys_were_rotated(rotated: Sealed) -> None:
    assert rotated.names[-1] == "run-9"
    assert rotated.checks(is_published=True) == set()
    first, second = read_public(rotated.settings.keys).logs
    assert open_checkpoint(Ledger(rotated.collection).checkpoints()[3], [first]).size == 3
    assert open_checkpoint(Ledger(rotated.collection).checkpoint() or b"", [second]).size == 4
    told = [dict(event.details) for event in Custody(rotated.collection).events()]
    assert not any(log_fingerprint(second) in details.values() for details in told), "these keys were made in silence"


def test_former_private_keys_are_gone(rotated: Sealed) -> None:
    names = sorted(path.name for path in rotated.settings.keys.glob("*.key"))
    assert names == ["log-2.key", "root.key", "seal-2.key"]


def test_witness_of_the_old_log_key_sees_that_the_log_only_grew(rotated: Sealed) -> None:
    witness = rotated.folder / "witness"
    witness.mkdir()
    (witness / "checkpoint").write_bytes(rotated.published)
    outcome = finish(rotated.collection, replace(rotated.settings, authorities=(), publish=(witness,)))
    assert outcome.unpublished == ()
    growth = (witness / "growth.3-4").read_bytes()
    assert check_growth(growth, rotated.published, read_public(rotated.settings.keys).logs).size == 4


@pytest.fixture
def old_run(rotated: Sealed) -> Bench:
    """A package of the first nights' capture, made after the rotation, and a checkpoint from before it."""
    return make_bench(rotated, rotated.folder, "102", 1)


@pytest.mark.reader
def test_package_of_an_old_run_is_verified_by_all_three_checkers(old_run: Bench, tmp_path: Path) -> None:
    assert old_run.files["trust/log.vkey"].count(b"\n") == 2
    assert old_run.found() == set()
    words = old_run.words(tmp_path)
    assert sum(word.startswith("log=") for word in words) == 2
    code, found, said = run_shell(words, old_run.write(tmp_path / "package"))
    assert (code, found) == (0, set()), said
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed, so verify.html was not asked")
    (tmp_path / "verify.html").write_bytes(shipped("verify.html"))
    (tmp_path / "exhibit.zip").write_bytes(zipped(old_run.files, "exhibit"))
    with Checker(tmp_path, tmp_path / "verify.html") as browser:
        browser.give("zip", tmp_path / "exhibit.zip")
        browser.give("checkpoint", tmp_path / "checkpoint")
        verdict, failed, said = browser.check(" ".join(word for word in words if "checkpoint" not in word))
    assert (verdict, failed) == ("VERIFIED", set()), said


@pytest.mark.reader
def test_log_key_that_was_not_published_is_refused_beside_one_that_was(old_run: Bench, tmp_path: Path) -> None:
    only = old_run.published().log - {log_fingerprint(read_public(old_run.sealed.settings.keys).log)}
    assert old_run.found(replace(old_run.published(), log=frozenset(only))) == {"package-trust"}
    words = [word for word in old_run.words(tmp_path) if not word.startswith("log=")]
    _, found, said = run_shell([*words, *(f"log={one}" for one in only)], old_run.write(tmp_path / "package"))
    assert found == {"package-trust"}, said


# --- death and full disks ------------------------------------------------------------------------------------


@pytest.mark.e2e
@pytest.mark.parametrize("what", ["seal", "log"])
def test_death_in_the_midst_of_rotation_leaves_the_old_key_or_the_new_one(
    copy: Sealed, tmp_path: Path, what: str
) -> None:
    settings = replace(copy.settings, authorities=())
    survive_deaths(copy, tmp_path, what, range(2, 40, 5))
    finish(copy.collection, settings)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["seal", "log"])
def test_no_moment_of_rotation_does_harm(copy: Sealed, tmp_path: Path, what: str) -> None:
    survive_deaths(copy, tmp_path, what, range(1, 60))


def survive_deaths(sealed: Sealed, folder: Path, what: str, calls: range) -> None:
    deaths, before = 0, read_public(sealed.settings.keys)
    for call in calls:
        keys = folder / f"keys-{call}"
        shutil.copytree(sealed.settings.keys, keys)
        is_dead = dies(DYING, keys, what, str(call))
        deaths += is_dead
        after = read_public(keys)
        assert after.seals[:1] == before.seals
        assert after.logs[:1] == before.logs
        assert read_signing(keys, None, now()).certificate == after.seals[-1], "it can seal, by one key or the other"
        secret = [path for path in keys.iterdir() if b"PRIVATE" in path.read_bytes()]
        assert {path.stat().st_mode & 0o077 for path in secret} == {0}
        rotate(keys, None, now()) if what == "seal" else rotate_log(keys, None)
        left = {path.name for path in keys.glob("*.key")}
        assert len(left) == 3, "root, one seal key, one log key: no former one"
        if not is_dead:
            break
    assert deaths > 3


def test_rotation_that_was_cut_off_is_finished_and_told_when_the_next_run_is_sealed(copy: Sealed) -> None:
    Custody(copy.collection).append(EventKind.KEYS_MADE, "keys", dict(read_public(copy.settings.keys).fingerprints()))
    former = (copy.settings.keys / "seal-1.key").read_bytes()
    rotate(copy.settings.keys, None, now())
    (copy.settings.keys / "seal-1.key").write_bytes(former)
    (copy.settings.keys / "seal-1.key").chmod(0o600)
    a_later_night(copy, 9)
    finish(copy.collection, replace(copy.settings, authorities=()))
    assert not (copy.settings.keys / "seal-1.key").exists()
    events = [event for event in Custody(copy.collection).events() if event.kind is EventKind.KEYS_ROTATED]
    assert [dict(event.details) for event in events] == [dict(read_public(copy.settings.keys).fingerprints())]


@pytest.mark.parametrize(
    ("what", "size"), [("seal", 0), ("seal", 100), ("seal", 400), ("log", 0), ("log", 60), ("log", 130)]
)
def test_full_disk_leaves_the_old_keys_in_force(tmp_path: Path, what: str, size: int) -> None:
    """A disk that takes nothing, half of a private key, or the private key and not what is public."""
    keys = tmp_path / "keys"
    before = make_keys(keys, owner="A", log_name="log.example", passphrase=None, now=now())
    with no_file_over(size), pytest.raises(DiskFullError):
        rotate(keys, None, now()) if what == "seal" else rotate_log(keys, None)
    assert read_public(keys) == before
    assert read_signing(keys, None, now()).log == before.log


def test_keys_of_two_logs_in_one_file_are_refused(tmp_path: Path) -> None:
    for name in ("one.example", "two.example"):
        make_keys(tmp_path / name, owner="A", log_name=name, passphrase=None, now=now())
    lines = [(tmp_path / name / "log.vkey").read_text() for name in ("one.example", "two.example")]
    (tmp_path / "one.example" / "log.vkey").write_text("".join(lines))
    with pytest.raises(ConfigError, match="no keys of one log"):
        read_public(tmp_path / "one.example")
