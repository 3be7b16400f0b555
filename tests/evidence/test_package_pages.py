"""A package of a page brings all that the page needs, whole; all three checkers see what is missing or too much."""

import copy
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.evidence.claim import read_claim
from archive.evidence.gather import members_of
from archive.evidence.package import shipped, zipped
from archive.query import Archive
from tests.cli.archives import BEGAN, HOST, exchange, lay_run
from tests.evidence.browsing import Checker
from tests.evidence.makers import build_sealed
from tests.evidence.packing import CHECKS, Bench, make_bench, run_shell
from tests.verify.test_pages import BODY, POST, needs

Tamper = Callable[[Bench], None]


def build_paged(root: Path) -> Collection:
    """Lay down a night with what pages need, a night with a page that needs it, and one on which nothing changed."""
    collection = Collection(root)
    nights = [BEGAN + timedelta(days=day) for day in range(3)]
    kept = (exchange(1, "/s.css", b"p{}", began=nights[0]), exchange(2, "/a.png", b"PNG", began=nights[0]))
    lay_run(collection, "run-1", nights[0], *kept)
    with Archive.open(collection) as archive:
        image = archive.captures(f"{HOST}/a.png")[0].capture
    page = exchange(1, POST, BODY, began=nights[1])
    again = exchange(2, "/s.css", b"p{}", began=nights[1])  # a revisit: its original lies in the night before
    lay_run(collection, "run-2", nights[1], page, again, pages=lambda got: needs([got[0], got[1], image]))
    lay_run(collection, "run-3", nights[2], exchange(1, POST, BODY, began=nights[2]))
    return collection


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("paged")
    return make_bench(build_sealed(folder / "sealed", build_paged), folder)


@pytest.fixture
def bench(made: Bench) -> Bench:
    fresh = copy.copy(made)
    fresh.files, fresh.links = dict(made.files), {}
    return fresh


def kinds(bench: Bench) -> list[str]:
    found = (re.fullmatch(r"records/\d+-([a-z]+)-.*", name) for name in sorted(bench.files))
    return [one[1] for one in found if one]


def drop_the_page_record(bench: Bench) -> None:
    _drop(bench, read_claim(bench.files["claim.json"]).page_id)


def drop_the_page_record_and_its_name(bench: Bench) -> None:
    drop_the_page_record(bench)
    bench.claim(page_id="")
    bench.resign()


def drop_a_picture_whole(bench: Bench) -> None:
    for member in _members_of(bench, "/a.png"):
        _drop(bench, member)


def drop_the_metadata_of_a_picture(bench: Bench) -> None:
    *_, metadata = _members_of(bench, "/a.png")
    _drop(bench, metadata)


def splice_another_capture_in(bench: Bench) -> None:
    with Archive.open(bench.sealed.collection) as archive:
        newest = archive.captures("101")[0].capture
        for member in members_of(archive, bench.sealed.collection, newest):
            if member.record.ref == newest.metadata:
                bench.files[f"records/900-metadata-{member.record.ref.record_id[10:-1]}.warc.gz"] = member.data
    bench.rewarc()
    bench.resign()


def _members_of(bench: Bench, path: str) -> list[str]:
    with Archive.open(bench.sealed.collection) as archive:
        one = archive.captures(HOST + path)[0].capture
    return [ref.record_id for ref in (one.request, one.record, one.metadata) if ref is not None]


def _drop(bench: Bench, record_id: str) -> None:
    for name in [name for name in bench.files if name.startswith("records/") and record_id[10:-1] in name]:
        del bench.files[name]
    bench.rewarc()
    bench.resign()


CASES: dict[str, tuple[Tamper, set[str]]] = {
    "nothing": (lambda _: None, set()),
    "the page record dropped": (drop_the_page_record, {"package-records"}),
    "the page record dropped, its name too": (drop_the_page_record_and_its_name, {"package-records"}),
    "a picture dropped whole": (drop_a_picture_whole, {"package-records"}),
    "the metadata of a picture dropped": (drop_the_metadata_of_a_picture, {"package-records"}),
    "another capture spliced in": (splice_another_capture_in, {"package-records", "package-sealed"}),
}
each_case = pytest.mark.parametrize(("tamper", "expected"), CASES.values(), ids=CASES)


def test_package_brings_the_page_record_and_each_capture_that_it_names_with_its_original(bench: Bench) -> None:
    claim = read_claim(bench.files["claim.json"])
    assert claim.page_id
    found = kinds(bench)
    assert found.count("warcinfo") == 2
    assert (found.count("response"), found.count("revisit"), found.count("metadata")) == (3, 1, 5)


@each_case
def test_vigil_finds(tamper: Tamper, expected: set[str], bench: Bench) -> None:
    tamper(bench)
    assert bench.found() == expected


@pytest.mark.reader
@each_case
def test_shell_finds_the_same(tamper: Tamper, expected: set[str], bench: Bench, tmp_path: Path) -> None:
    tamper(bench)
    code, found, said = run_shell(bench.words(tmp_path), bench.write(tmp_path / "package"))
    assert found == expected, said
    assert code == (1 if expected else 0)


@pytest.mark.reader
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_browser_finds_the_same(made: Bench, tmp_path: Path) -> None:
    (tmp_path / "verify.html").write_bytes(shipped("verify.html"))
    with Checker(tmp_path, tmp_path / "verify.html") as browser:
        for name, (tamper, expected) in CASES.items():
            bench = copy.copy(made)
            bench.files, bench.links = dict(made.files), {}
            tamper(bench)
            words = [word for word in bench.words(tmp_path) if not word.startswith("checkpoint=")]
            package = tmp_path / "exhibit.zip"
            package.write_bytes(zipped(bench.files, "exhibit"))
            browser.reload()
            browser.give("zip", package)
            browser.give("checkpoint", tmp_path / "checkpoint")
            _, failed, said = browser.check(" ".join(words))
            assert {CHECKS[number] for number in failed} == expected, f"{name}: {said}"
