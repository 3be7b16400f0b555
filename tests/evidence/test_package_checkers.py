"""The three checkers of evidence packages: in every shell, years later, with partial trust, against random damage."""

import copy
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.evidence.package import Packed, read_package, zipped
from archive.verify.package import check_package
from archive.verify.packed import Published
from tests.evidence.makers import build_sealed
from tests.evidence.package_hands import put_a_foreign_authority_and_its_root
from tests.evidence.packing import Bench, make_bench, run_shell

ROOT = Path(__file__).parents[2]
SHELLS = {"dash": ("dash",), "bash": ("bash", "--posix"), "busybox": ("busybox", "sh"), "mksh": ("mksh",)}
UNSEALED = ("PACKAGE.SHA256SUMS.tsa1.tst", "PACKAGE.SHA256SUMS.tsa2.tst", "PACKAGE.SHA256SUMS.p7s")
"""What the package's list cannot name: its own signature and stamps. A bit of them may be one that nothing rests on, as
docs/how-to/for-opposing-experts.md says: a wrapper, an unused certificate field."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("package")
    return make_bench(build_sealed(folder / "sealed"), folder, "102", 1)


@pytest.fixture
def bench(made: Bench) -> Bench:
    """The good package of a revisit, with its original and both seals."""
    fresh = copy.copy(made)
    fresh.files, fresh.links = dict(made.files), {}
    return fresh


@pytest.mark.reader
@pytest.mark.parametrize("shell", [name for name, words in SHELLS.items() if shutil.which(words[0])])
def test_good_package_is_verified_in(shell: str, bench: Bench, tmp_path: Path) -> None:
    code, found, said = run_shell(bench.words(tmp_path), bench.write(tmp_path / "package"), SHELLS[shell])
    assert (code, found) == (0, set()), said


@pytest.mark.reader
@pytest.mark.skipif(shutil.which("busybox") is None, reason="busybox is not installed")
def test_shell_needs_nothing_but_openssl_and_busybox(bench: Bench, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    subprocess.run(["busybox", "--install", "-s", str(tools)], check=True)
    (tools / "openssl").symlink_to(str(shutil.which("openssl")))
    words, folder = bench.words(tmp_path), bench.write(tmp_path / "package")
    done = subprocess.run(
        ["busybox", "env", "-i", f"PATH={tools}", str(tools / "sh"), str(folder / "verify.sh"), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "VERIFIED: by the published keys" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.reader
@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
@pytest.mark.parametrize("year", [2031, 2041])
def test_good_package_is_still_verified_in(year: int, bench: Bench, tmp_path: Path) -> None:
    later = f"{year}-06-01 12:00:00"
    words, folder = bench.words(tmp_path), bench.write(tmp_path / "package")
    code, found, said = run_shell(words, folder, ("faketime", later, "dash"))
    assert (code, found) == (0, set()), said
    told = [f"--published={word}" for word in words if not word.startswith("checkpoint")]
    done = subprocess.run(
        ["faketime", later, sys.executable, "-m", "archive", "verify", str(folder), *told],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, "VERIFIED: by the published keys" in done.stdout) == (0, True), done.stdout + done.stderr


def test_package_from_the_past_is_dated_in_the_future(bench: Bench) -> None:
    packed = Packed(files=bench.files)
    found = {one.check for one in check_package(packed, bench.published(), datetime(2020, 1, 1, tzinfo=UTC))}
    assert "package-tokens" in found


@pytest.mark.reader
def test_without_fingerprints_nothing_is_called_verified(bench: Bench, tmp_path: Path) -> None:
    put_a_foreign_authority_and_its_root(bench)
    folder = bench.write(tmp_path / "package")
    assert bench.found(Published()) == bench.found(Published()) - {"package-trust"}
    code, _, said = run_shell([], folder)
    assert code != 0
    assert "VERIFIED: by the published keys" not in said


def test_revisit_without_its_original_is_refused(bench: Bench) -> None:
    name = min(name for name in bench.files if "-response-" in name)
    del bench.files[name]
    bench.rewarc()
    bench.resign()
    assert bench.found() == {"package-records"}


def test_revisit_without_its_originals_seal_is_refused(bench: Bench) -> None:
    bench.files = {name: data for name, data in bench.files.items() if not name.startswith("seals/run-1/")}
    bench.resign()
    assert {"package-sealed"} <= bench.found()


def test_checkpoint_of_another_time_cannot_be_compared_and_says_so(bench: Bench) -> None:
    newer = replace(bench.published(), checkpoint=bench.sealed.put_checkpoint(3, [b"x" * 32] * 3))
    assert bench.found(newer) == {"package-log"}


@pytest.mark.fuzz
@pytest.mark.parametrize("tries", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_every_random_change_of_a_byte_is_found(tries: int, bench: Bench) -> None:
    chance = random.Random(20_260_801)
    files = bench.files
    names = sorted(files)
    sizes = [len(files[name]) for name in names]
    published, now = bench.published(), datetime.now(UTC)
    for _ in range(tries):
        (name,) = chance.choices(names, sizes)
        data = bytearray(files[name])
        at = chance.randrange(len(data))
        old = data[at]
        data[at] = old ^ (1 << chance.randrange(8)) if chance.random() < 0.5 else chance.randrange(256)
        if data[at] == old or name in UNSEALED:
            continue
        assert _finds(files, name, bytes(data), published, now), (name, at, old, data[at])


def _finds(files: dict[str, bytes], name: str, data: bytes, published: Published, now: datetime) -> bool:
    """The check of the files alone must find it: it is one that every checker makes, over every file but three."""
    from archive.verify.package import package_files  # noqa: PLC0415
    from archive.verify.packed import PackageScope  # noqa: PLC0415

    scope = PackageScope(files={**files, name: data}, odd=(), published=published, now=now)
    return next(package_files(scope), None) is not None


@pytest.mark.fuzz
@pytest.mark.parametrize("name", UNSEALED)
def test_change_of_an_unlisted_byte_is_found_or_changes_nothing_that_is_said(name: str, bench: Bench) -> None:
    chance = random.Random(7)
    silent = 0
    for _ in range(30):
        data = bytearray(bench.files[name])
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        changed = Packed(files={**bench.files, name: bytes(data)})
        found = {one.check for one in check_package(changed, bench.published(), datetime.now(UTC))}
        silent += not found
        assert found <= {"package-tokens", "package-signatures"}
    assert silent <= 15


def test_folder_and_zip_are_read_alike(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped(bench.files, "x"))
    assert read_package(tmp_path / "x.zip") == read_package(bench.write(tmp_path / "package"))


@pytest.mark.reader
def test_foreign_readers_open_the_warc(bench: Bench, tmp_path: Path) -> None:
    from fastwarc.warc import ArchiveIterator as FastIterator  # noqa: PLC0415
    from warcio.archiveiterator import ArchiveIterator  # noqa: PLC0415

    (tmp_path / "evidence.warc.gz").write_bytes(bench.files["evidence.warc.gz"])
    with (tmp_path / "evidence.warc.gz").open("rb") as file:
        theirs = [record.rec_headers.get_header("WARC-Record-ID") for record in ArchiveIterator(file)]
    with (tmp_path / "evidence.warc.gz").open("rb") as file:
        fast = [record.headers["WARC-Record-ID"] for record in FastIterator(file)]
    named = [name[-44:-8] for name in sorted(bench.files) if name.startswith("records/")]
    assert [one[10:-1] for one in theirs] == [one[10:-1] for one in fast] == named


def test_same_export_gives_the_same_files_but_for_signatures_and_stamps(bench: Bench, made: Bench) -> None:
    bench.resign()
    other = {name for name in made.files if bench.files.get(name) != made.files[name]}
    assert other <= {"PACKAGE.SHA256SUMS.p7s", "PACKAGE.SHA256SUMS.tsa1.tst", "PACKAGE.SHA256SUMS.tsa2.tst"}
