"""Files of many writers, sound and pathological: imported as far as they are sound, with a finding for each fault."""

import re
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from archive.model import sha256_of
from archive.verify import Round
from tests.importing.bench import Bench, is_same_when_rebuilt


def _samples() -> Path:
    folder = Path(__file__).parents[3] / "shared" / "data" / "warc"
    folder = folder if folder.is_dir() else Path(__file__).parents[4] / "shared" / "data" / "warc"
    if not (folder / "INDEX.tsv").is_file():
        pytest.skip("the sample WARC files are not beside the project")
    return folder


_KIND = re.compile(r"\.(warc|arc|wacz)(\.gz|\.bad)*$")


def _names() -> list[ParameterSet]:
    try:
        lines = (_samples() / "INDEX.tsv").read_text().splitlines()[1:]
    except pytest.skip.Exception:
        return []
    rows = [line.split("\t") for line in lines]
    return [pytest.param(name, what, id=name) for name, _, what in rows if _KIND.search(name)]


_NOT_JUDGED = {"pywacz_invalid-signed.wacz"}
"""Its signature holds; the certificate beside it is of a root for tests, and certificates are not judged here."""


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = Bench(tmp_path_factory.mktemp("sampled"))
    folder = _samples()
    assert made.take(*(folder / str(one.values[0]) for one in _names())) == 10
    return made


@pytest.mark.parametrize(("name", "what"), _names())
def test_sample_is_imported_as_far_as_it_is_sound(sampled: Bench, name: str, what: str) -> None:
    data = (_samples() / name).read_bytes()
    digest = sha256_of(data)
    kept = next(sampled.collection.imports.glob(f"{digest}-*"))
    assert kept.read_bytes() == data
    faults = sampled.rows(
        f"SELECT o.reason FROM omissions o JOIN runs r ON r.id = o.run_id WHERE r.mode LIKE 'import imports/{digest}%'"  # noqa: S608
    )
    assert bool(faults) or not what.startswith("PATHOLOGICAL") or name in _NOT_JUDGED
    runs = sampled.rows(f"SELECT stop_reason FROM runs WHERE mode LIKE 'import imports/{digest}%'")  # noqa: S608
    assert set(runs) == {("whole file",)}


def test_samples_are_sound_together(sampled: Bench) -> None:
    _samples()
    assert list(Round(sampled.collection).findings()) == []
    assert is_same_when_rebuilt(sampled)
    before = sampled.rows("SELECT count(*) FROM captures")
    assert sampled.take(_samples()) == 0
    assert sampled.rows("SELECT count(*) FROM captures") == before


def test_revisit_finds_its_original_in_an_earlier_file(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench")
    samples = _samples()
    first, second = (samples / f"pywb_url-agnostic-{name}.warc.gz" for name in ("orig", "revisit"))
    assert bench.take(second) == 10
    assert "import that file before this one" in str(bench.rows("SELECT reason FROM omissions"))
    other = Bench(bench.folder / "other")
    assert other.take(first, second) == 0
    assert other.rows("SELECT count(*) FROM exchanges WHERE original_id IS NOT NULL") == [(1,)]
    assert is_same_when_rebuilt(other)
