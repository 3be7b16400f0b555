"""The tamper table once more, in verify.html: opened from a disk, in a browser without a network."""

import copy
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.evidence.package import read_package, shipped, zipped
from archive.verify.package import check_package
from tests.evidence.browsing import Checker
from tests.evidence.makers import build_sealed, now
from tests.evidence.packing import CHECKS, Bench, make_bench
from tests.evidence.test_package_tampering import CASES

pytestmark = [
    pytest.mark.reader,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("package")
    return make_bench(build_sealed(folder / "sealed"), folder)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checker]:
    folder = tmp_path_factory.mktemp("browser")
    (folder / "verify.html").write_bytes(shipped("verify.html"))
    with Checker(folder, folder / "verify.html") as running:
        yield running


@pytest.fixture
def bench(made: Bench) -> Bench:
    fresh = copy.copy(made)
    fresh.files, fresh.links = dict(made.files), {}
    return fresh


def _checked(bench: Bench, browser: Checker, folder: Path) -> tuple[str, set[str], str]:
    words = [word for word in bench.words(folder) if not word.startswith("checkpoint=")]
    package = folder / "exhibit.zip"
    package.write_bytes(zipped(bench.files, "exhibit"))
    browser.reload()
    browser.give("zip", package)
    if bench.is_checkpoint_told:
        browser.give("checkpoint", folder / "checkpoint")
    verdict, failed, said = browser.check(" ".join(words))
    return verdict, {CHECKS[number] for number in failed}, said


def test_good_package_is_verified(bench: Bench, browser: Checker, tmp_path: Path) -> None:
    verdict, failed, said = _checked(bench, browser, tmp_path)
    assert (verdict, failed) == ("VERIFIED", set()), said


@pytest.mark.parametrize("case", [case for case in CASES if not case.startswith("22")])
def test_browser_finds_the_same(case: str, bench: Bench, browser: Checker, tmp_path: Path) -> None:
    tamper, expected = CASES[case]
    tamper(bench)
    verdict, failed, said = _checked(bench, browser, tmp_path)
    assert failed == expected, said
    assert verdict == ("FAILED" if expected else "VERIFIED")


def test_folder_is_checked_too_and_keys_without_publication_are_not_verified(
    bench: Bench, browser: Checker, tmp_path: Path
) -> None:
    browser.reload()
    folder = bench.write(tmp_path / "package")
    browser.give("folder", folder)
    count = sum(path.is_file() for path in folder.rglob("*"))
    browser.wait(
        f"document.querySelector('#folder').files.length >= {count}"
    )  # Chromium walks a folder in its own time
    verdict, failed, said = browser.check("")
    assert (verdict, failed) == ("CONSISTENT", set()), said
    assert "NOT VERIFIED" in said


def test_page_asks_for_nothing_but_itself(bench: Bench, browser: Checker, tmp_path: Path) -> None:
    _checked(bench, browser, tmp_path)
    assert browser.asked
    assert {address.partition("://")[0] for address in browser.asked} <= {"file", "blob"}
    assert all(address.endswith("verify.html") for address in browser.asked if address.startswith("file"))


def test_link_in_a_zip_is_found_by_both(bench: Bench, browser: Checker, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("exhibit/derived/link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    package = tmp_path / "exhibit.zip"
    package.write_bytes(zipped(bench.files, "exhibit"))
    with zipfile.ZipFile(package, "a") as pack:
        pack.writestr(link, "page.html")
    browser.reload()
    browser.give("zip", package)
    words = bench.words(tmp_path)
    assert browser.check(" ".join(words))[:2] == ("FAILED", {"2"})
    found = check_package(read_package(package), bench.published(), now())
    assert {finding.check for finding in found} == {"package-files"}


@pytest.mark.parametrize("year", [2031, 2041])
def test_good_package_is_still_verified_in(year: int, bench: Bench, browser: Checker, tmp_path: Path) -> None:
    browser.reload()
    package = tmp_path / "exhibit.zip"
    package.write_bytes(zipped(bench.files, "exhibit"))
    browser.give("zip", package)
    browser.ask(f"Date.now = () => Date.UTC({year}, 5, 1)")
    verdict, failed, said = browser.check(" ".join(bench.words(tmp_path)))
    assert (verdict, failed) == ("VERIFIED", set()), said
