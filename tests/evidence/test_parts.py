"""A run that is sealed in parts: a capture of any part is proved by that part's seal, revisits by the parts of both."""

from dataclasses import replace
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.evidence.authority import TestAuthority
from archive.evidence.keys import make_keys
from archive.evidence.ledger import Ledger
from archive.evidence.sealing import finish
from tests.cli.archives import BEGAN, exchange, lay_run, page
from tests.evidence.makers import NAMES, Sealed, now, serving, settings_of
from tests.evidence.packing import make_bench, run_shell

POSTS = 24


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A run of two dozen posts, at fifty records a list; the last capture is of the first page, unchanged."""
    folder = tmp_path_factory.mktemp("long")
    collection = Collection(folder / "collection")
    posts = [exchange(number, f"/a/x/{100 + number}.html", page(f"Post {number}", "Gulls.")) for number in range(POSTS)]
    lay_run(
        collection, "run-1", BEGAN, *posts, exchange(40, "/a/x/100.html", page("Post 0", "Gulls.")), most_records=50
    )
    make_keys(folder / "keys", owner="The Imaginary Archive", log_name="log.example", passphrase=None, now=now())
    authorities = tuple(map(TestAuthority, NAMES))
    with serving(folder, *authorities) as entries:
        settings = replace(settings_of(folder, entries), seal_records=50)
        outcome = finish(collection, settings)
    assert outcome.sealed == ("run-1.part1", "run-1.part2", "run-1.part3")
    published = Ledger(collection).checkpoint() or b""
    return Sealed(folder=folder, settings=settings, authorities=authorities, published=published)


@pytest.mark.reader
@pytest.mark.parametrize(
    ("what", "at", "seals"),
    [
        ("101", 0, {"run-1.part1"}),
        (str(100 + POSTS // 2), 0, {"run-1.part2"}),
        (str(99 + POSTS), 0, {"run-1.part3"}),
        ("100", 0, {"run-1.part1", "run-1.part3"}),
    ],
    ids=["of part 1", "of part 2", "of part 3", "a revisit in part 3 of a response in part 1"],
)
def test_capture_is_verified_by_the_seal_of_its_part(
    long_run: Sealed, tmp_path: Path, what: str, at: int, seals: set[str]
) -> None:
    bench = make_bench(long_run.copied(tmp_path / "copy"), tmp_path / "copy", what, at)
    assert {name.split("/")[1] for name in bench.files if name.startswith("seals/")} == seals
    assert bench.found() == set()
    code, found, said = run_shell(bench.words(tmp_path), bench.write(tmp_path / "package"))
    assert (code, found) == (0, set()), said
