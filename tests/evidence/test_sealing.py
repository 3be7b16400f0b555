"""Runs are sealed when they end; what a crash, a full disk or missing keys left owed is told, and finished."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.config import Settings
from archive.errors import ConfigError, DiskFullError, UsageError
from archive.evidence import clock
from archive.evidence.custody import Custody, EventKind
from archive.evidence.keys import make_keys, read_public, read_signing, rotate
from archive.evidence.ledger import Ledger, seal_of
from archive.evidence.log import check_growth, check_proof, read_checkpoint
from archive.evidence.owed import owed, told_stamps
from archive.evidence.seal import RUN, read_facts, read_sums
from archive.evidence.sealing import finish
from archive.evidence.trust import trust_of
from archive.verify import Round
from archive.watch import causes
from tests.cli.archives import BEGAN, exchange, lay_run, page
from tests.evidence.dying import ROOT, dies
from tests.evidence.makers import NAMES, Sealed, now, serving, settings_of, token_of

DYING = """
import sys
from pathlib import Path
from archive.collection import Collection
from archive.evidence.sealing import finish
from tests.evidence.dying import die_at
from tests.evidence.makers import settings_of

folder, call = Path(sys.argv[1]), int(sys.argv[2])
die_at(call, "open", "write", "fsync", "rename", "mkdir")
finish(Collection(folder / "collection"), settings_of(folder))
"""
"""Seals what is owed."""


@pytest.fixture
def two_nights(tmp_path: Path) -> Collection:
    """Two nights that are not sealed, and keys."""
    collection = Collection(tmp_path / "collection")
    for day in (1, 2):
        began = BEGAN + timedelta(days=day)
        lay_run(
            collection, f"run-{day}", began, exchange(1, "/a/x/101.html", page("One", f"Gulls {day}."), began=began)
        )
    make_keys(tmp_path / "keys", owner="The Imaginary Archive", log_name="log.example", passphrase=None, now=now())
    return collection


def findings(collection: Collection, settings: Settings) -> set[str]:
    return {one.check for one in Round(collection, trust_of(settings, collection)).findings()}


def test_stamps_that_nobody_was_asked_for_are_told_with_what_to_do(two_nights: Collection, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    finish(two_nights, settings)
    still = owed(two_nights)
    do = "name 2 under [[authorities]] of vigil.toml (docs/how-to/keys.md), then vigil seal"
    assert [told.partition("no authority was asked; ")[2] for told in told_stamps(still.pending)] == [do]
    late = causes(settings, datetime.now(UTC) + timedelta(hours=settings.alarm_hours + 1))
    assert [do in cause.told for cause in late if cause.kind == "owed"] == [True]
    for stamped in ("SHA256SUMS", "SHA256SUMS.p7s"):
        (two_nights.root / "seals" / "run-1" / f"{stamped}.tsa1.tst").write_bytes(b"a token")
    told = told_stamps([stamp for stamp in owed(two_nights).pending if stamp.seal == "run-1"])
    assert [one.partition("no second authority was asked; ")[2] for one in told] == [do.replace("2", "1", 1)]


def test_sealed_night_says_what_it_is(two_nights: Collection, tmp_path: Path) -> None:
    before = clock.look()
    outcome = finish(two_nights, settings_of(tmp_path), run="run-2", before=before)
    assert outcome.sealed == ("run-1", "run-2")
    first, second = (seal_of(two_nights, name) for name in outcome.sealed)
    assert first.previous_checkpoint is None
    assert read_checkpoint(second.previous_checkpoint or b"").size == 1
    assert read_facts(first).is_late
    assert not read_facts(second).is_late
    told = json.loads(dict(second.provenance)[RUN])
    assert told["operator"] == "The Imaginary Archive"
    assert told["role"] == "crawler"
    assert told["software"]["sealed_by"]["packages"]["cryptography"]
    assert told["clock"]["before"]["time"] == before.time.isoformat().replace("+00:00", "Z")
    assert abs(told["clock"]["step_seconds"]) < 1
    assert str(tmp_path) not in json.dumps(told)
    kinds = {name.partition("/")[0] for name in read_sums(second.sums)}
    assert kinds == {"records", "archive", "provenance"}


def test_sealing_twice_changes_nothing(two_nights: Collection, tmp_path: Path) -> None:
    finish(two_nights, settings_of(tmp_path))

    def seen() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(two_nights.root.rglob("*")) if path.is_file()}

    before = seen()
    assert finish(two_nights, settings_of(tmp_path)).sealed == ()
    assert seen() == before


def test_seal_is_proved_to_be_in_the_log(two_nights: Collection, tmp_path: Path) -> None:
    finish(two_nights, settings_of(tmp_path))
    proof = Ledger(two_nights).proof("run-1")
    key = read_public(tmp_path / "keys").log
    assert check_proof(proof, seal_of(two_nights, "run-1").sums, [key]).size == 2


def test_run_without_keys_is_owed_until_there_are_some(two_nights: Collection, tmp_path: Path) -> None:
    shutil.move(tmp_path / "keys", tmp_path / "away")
    settings = settings_of(tmp_path)
    outcome = finish(two_nights, settings)
    assert outcome.sealed == ()
    assert [run for run, _ in outcome.owed.unsealed] == ["run-1", "run-2"]
    assert all("vigil keys init" in reason for _, reason in outcome.owed.unsealed)
    assert findings(two_nights, settings) == set()
    finish(two_nights, settings)
    told = [event.subject for event in Custody(two_nights).events() if event.kind is EventKind.SEAL_OWED]
    assert told == ["run-1", "run-2"]
    shutil.move(tmp_path / "away", tmp_path / "keys")
    assert finish(two_nights, settings).owed.unsealed == ()
    assert findings(two_nights, settings) == set()


def test_run_whose_bytes_rotted_is_not_sealed(two_nights: Collection, tmp_path: Path) -> None:
    path = min(two_nights.warcs.iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    outcome = finish(two_nights, settings_of(tmp_path))
    assert outcome.sealed == ("run-2",)
    assert [run for run, _ in outcome.owed.unsealed] == ["run-1"]
    assert path.name in outcome.owed.unsealed[0][1]


def test_night_without_captures_is_sealed_too(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "collection")
    lay_run(collection, "run-1", BEGAN)
    make_keys(tmp_path / "keys", owner="The Imaginary Archive", log_name="log.example", passphrase=None, now=now())
    settings = settings_of(tmp_path)
    assert finish(collection, settings).sealed == ("run-1",)
    assert findings(collection, settings) == set()


def test_run_that_broke_off_is_sealed_as_one(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "collection")
    lay_run(collection, "run-1", BEGAN, exchange(1, "/a/x/101.html", b"x"), is_ended=False)
    make_keys(tmp_path / "keys", owner="The Imaginary Archive", log_name="log.example", passphrase=None, now=now())
    settings = settings_of(tmp_path)
    assert finish(collection, settings).sealed == (), "its file is still open"
    path = next(collection.warcs.glob("*.open"))
    path.rename(path.with_suffix(""))
    assert finish(collection, settings).sealed == ("run-1",)
    assert read_facts(seal_of(collection, "run-1")).ended is None
    assert findings(collection, settings) == set()


def test_long_run_is_sealed_in_parts(tmp_path: Path) -> None:
    """With a fraction of the records that are allowed in one list otherwise."""
    collection = Collection(tmp_path / "collection")
    captures = [exchange(number, f"/{number}", b"%d" % number) for number in range(1, 40)]
    lay_run(collection, "run-1", BEGAN, *captures, most_records=50)
    make_keys(tmp_path / "keys", owner="The Imaginary Archive", log_name="log.example", passphrase=None, now=now())
    settings = replace(settings_of(tmp_path), seal_records=50)
    outcome = finish(collection, settings)
    assert len(outcome.sealed) > 2
    assert outcome.sealed == tuple(f"run-1.part{number + 1}" for number in range(len(outcome.sealed)))
    facts = [read_facts(seal_of(collection, name)) for name in outcome.sealed]
    assert all(one.records <= 50 and one.parts == len(outcome.sealed) for one in facts)
    assert findings(collection, settings) == set()
    assert finish(collection, settings).sealed == ()
    shutil.rmtree(collection.root / "seals" / "run-1.part2")
    assert "run-sealed" in findings(collection, settings)


# --- death and full disks -----------------------------------------------------------------------------------


@pytest.mark.e2e
def test_death_at_any_moment_of_sealing_is_healed_by_the_next_call(two_nights: Collection, tmp_path: Path) -> None:
    """The calls that change the disk, every seventh in turn; ``test_no_moment_of_sealing_does_harm`` takes them all."""
    survive_deaths(tmp_path, two_nights, range(2, 400, 17))


@pytest.mark.slow
def test_no_moment_of_sealing_does_harm(two_nights: Collection, tmp_path: Path) -> None:
    survive_deaths(tmp_path, two_nights, range(1, 400))


def survive_deaths(folder: Path, collection: Collection, calls: Iterator[int] | range) -> None:
    deaths = 0
    for call in calls:
        place = folder / f"death-{call}"
        shutil.copytree(collection.root, place / "collection")
        shutil.copytree(folder / "keys", place / "keys")
        is_dead = dies(DYING, place, str(call))
        deaths += is_dead
        settings, there = settings_of(place), Collection(place / "collection")
        half_done = findings(there, settings)
        assert half_done <= {"seal-foreign", "run-sealed", "log-leaves", "log-checkpoint"}, (call, half_done)
        assert finish(there, settings).owed.unsealed == ()
        assert findings(there, settings) == set(), call
        assert len(Ledger(there).leaves()) == 2
        assert not list((there.root / "seals").glob(".*"))
        shutil.rmtree(place)
        if not is_dead:
            break
    assert deaths > 3


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Let the disk refuse, as a full one does, what would make a file longer."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [0, 60, 300, 900, 2000, 4000])
def test_full_disk_leaves_nothing_half_done(two_nights: Collection, tmp_path: Path, size: int) -> None:
    settings = settings_of(tmp_path)
    with no_file_over(size), pytest.raises(DiskFullError) as caught:
        finish(two_nights, settings)
    assert "vigil seal" in caught.value.hint
    assert findings(two_nights, settings) <= {"run-sealed", "log-leaves", "log-checkpoint"}
    assert finish(two_nights, settings).owed.unsealed == ()
    assert findings(two_nights, settings) == set()


# --- publication ----------------------------------------------------------------------------------------------


def test_checkpoint_is_published_and_never_over_one_of_another_log(two_nights: Collection, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    settings = replace(settings_of(tmp_path), publish=(witness,))
    outcome = finish(two_nights, settings)
    assert outcome.unpublished[0][0] == str(witness)
    witness.mkdir()
    assert finish(two_nights, settings).published == (str(witness),)
    assert sorted(path.name for path in witness.iterdir()) == ["checkpoint", "checkpoint.2"]
    began = BEGAN + timedelta(days=9)
    lay_run(two_nights, "run-9", began, exchange(1, "/a/x/101.html", b"x", began=began))
    finish(two_nights, settings)
    key = read_public(tmp_path / "keys").log
    growth, old = (witness / "growth.2-3").read_bytes(), (witness / "checkpoint.2").read_bytes()
    assert check_growth(growth, old, [key]).size == 3
    theirs = (witness / "checkpoint").read_bytes().replace(b"\n3\n", b"\n9\n")
    (witness / "checkpoint").write_bytes(theirs)
    outcome = finish(two_nights, settings)
    assert "not one of this log" in outcome.unpublished[0][1]
    assert (witness / "checkpoint").read_bytes() == theirs


# --- keys -------------------------------------------------------------------------------------------------------


def test_old_seals_hold_after_rotation(copy: Sealed) -> None:
    before = read_public(copy.settings.keys)
    after = rotate(copy.settings.keys, None, now())
    assert after.root == before.root
    assert after.seals[:-1] == before.seals
    assert not (copy.settings.keys / "seal-1.key").exists()
    began = BEGAN + timedelta(days=9)
    lay_run(copy.collection, "run-9", began, exchange(1, "/a/x/101.html", b"x", began=began))
    with serving(copy.folder, *copy.authorities) as authorities:
        assert finish(copy.collection, replace(copy.settings, authorities=authorities)).sealed == ("run-9",)
    assert copy.checks() == set()


def test_expired_seal_certificate_seals_nothing_and_old_seals_hold(copy: Sealed) -> None:
    with pytest.raises(ConfigError, match="valid until") as caught:
        read_signing(copy.settings.keys, None, now() + timedelta(days=500))
    assert "vigil keys rotate" in caught.value.hint
    later = now() + timedelta(days=6000)
    assert [token_of(one, b"x", later) for one in copy.authorities]
    assert copy.checks() == set()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_key_that_others_may_read_is_refused(copy: Sealed, mode: int) -> None:
    (copy.settings.keys / "seal-1.key").chmod(mode)
    with pytest.raises(ConfigError, match="others may read"):
        read_signing(copy.settings.keys, None, now())


def test_keys_are_written_for_nobody_else_and_never_over_others(tmp_path: Path) -> None:
    make_keys(tmp_path / "k", owner="A", log_name="log.example", passphrase=None, now=now())
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "k").glob("*.key")} == {0o600}
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o700
    with pytest.raises(UsageError, match="holds keys already"):
        make_keys(tmp_path / "k", owner="A", log_name="log.example", passphrase=None, now=now())


def test_passphrase_is_needed_where_there_is_one(tmp_path: Path) -> None:
    make_keys(tmp_path / "k", owner="A", log_name="log.example", passphrase=b"open", now=now())
    assert read_signing(tmp_path / "k", b"open", now()).log.name == "log.example"
    for wrong in (None, b"shut"):
        with pytest.raises(ConfigError):
            read_signing(tmp_path / "k", wrong, now())


# --- the clock -----------------------------------------------------------------------------------------------------


def test_step_of_the_clock_is_measured_by_one_that_nobody_sets() -> None:
    before = clock.look()
    time.sleep(0.01)
    after = clock.look()
    assert abs(clock.step_between(before, after)) < 0.5
    stepped = replace(after, time=after.time - timedelta(hours=1))
    assert clock.step_between(before, stepped) == pytest.approx(-3600, abs=1)


def test_kernel_tells_of_its_clock() -> None:
    state = clock.look()
    assert state.is_synchronised in {True, False}
    assert state.max_error_seconds is not None
    assert state.max_error_seconds >= 0
    assert abs(state.time - datetime.now(UTC)) < timedelta(seconds=5)


def test_ntp_server_that_is_not_there_is_told() -> None:
    state = clock.look("127.0.0.1:1")
    assert state.ntp_offset is None
    assert state.ntp_problem


def test_authorities_are_named_after_what_they_gave(sound: Sealed) -> None:
    assert owed(sound.collection).pending == ()
    names = [name for name, _ in seal_of(sound.collection, sound.names[0]).tokens]
    assert names == sorted(f"SHA256SUMS{over}.{name}.tst" for over in ("", ".p7s") for name in NAMES)


def test_package_that_is_installed_twice_is_named_as_it_is_imported(tmp_path: Path) -> None:
    twice = tmp_path / "trafilatura-0.0.1.dist-info"
    twice.mkdir()
    (twice / "METADATA").write_text("Metadata-Version: 2.1\nName: trafilatura\nVersion: 0.0.1\n")
    code = "from archive.evidence.provenance import software; print(software()['packages']['trafilatura'])"
    environ = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "0.0.1", done.stderr
