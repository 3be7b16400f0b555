"""The CDXJ files are what cdxj-indexer writes, are made again by ``rebuild``, and are what pywb's manager accepts."""

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archive.cdxj import cdxj_of, write_missing
from archive.collection import Collection
from archive.errors import DamagedRecordError
from archive.rebuild import rebuild
from archive.warc import walk, warc_files
from tests.cli.archives import BEGAN, build, exchange, lay_run


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    made = build(tmp_path_factory.mktemp("cdxj") / "collection")
    odd = exchange(1, "/a/b%C3%A9.html?z=1&A=2&a=1;x", b"odd", began=BEGAN.replace(day=11))
    lay_run(made, "run-9", BEGAN.replace(day=11), odd)
    assert write_missing(made) == 4
    return made


@pytest.mark.reader
def test_each_warc_file_has_the_very_lines_of_cdxj_indexer(collection: Collection) -> None:
    tool = Path(sys.executable).with_name("cdxj-indexer")
    for path in warc_files(collection):
        done = subprocess.run([tool, "--sort", path], capture_output=True, check=True)
        assert cdxj_of(collection, path.name).read_bytes() == done.stdout
        answers = [record for record in walk(path) if record.type in {"response", "revisit", "resource"}]
        assert len(done.stdout.splitlines()) == len(answers)


def test_line_leads_to_its_record(collection: Collection) -> None:
    text = "".join(path.read_text() for path in sorted(collection.indexes.iterdir()))
    lines = [line.split(" ", 2) for line in text.splitlines()]
    lamp = [json.loads(rest) for _, _, rest in lines if "the-last-lamp" in rest]
    assert [(one["status"], one["mime"]) for one in lamp] == [
        ("200", "text/html"),
        ("200", "text/html"),
        ("200", "warc/revisit"),
    ]
    for one in lamp:
        record = next(walk(collection.warcs / one["filename"], int(one["offset"])))
        assert record.ref.length == int(one["length"])
        assert record.get("WARC-Target-URI") == one["url"]


def test_nothing_is_written_twice_and_rebuild_makes_the_same_bytes(collection: Collection, tmp_path: Path) -> None:
    copy = Collection(tmp_path / "copy")
    shutil.copytree(collection.root, copy.root)
    before = {path.name: path.read_bytes() for path in copy.indexes.iterdir()}
    assert write_missing(copy) == 0
    shutil.rmtree(copy.indexes)
    copy.indexes.mkdir()
    cdxj_of(copy, "gone.warc.gz").write_text("stale")
    rebuild(copy, workers=1)
    assert {path.name: path.read_bytes() for path in copy.indexes.iterdir()} == before


def test_file_that_is_one_gzip_member_has_no_index_and_is_named(collection: Collection, tmp_path: Path) -> None:
    copy = Collection(tmp_path / "copy")
    shutil.copytree(collection.root, copy.root)
    path = warc_files(copy)[0]
    cdxj_of(copy, path.name).unlink()
    path.chmod(0o644)
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())))
    with pytest.raises(DamagedRecordError, match=path.name):
        write_missing(copy)
    assert not list(copy.indexes.glob("*.part"))


@pytest.mark.reader
def test_wb_manager_accepts_the_folder_as_it_is(collection: Collection, tmp_path: Path) -> None:
    tool = shutil.which("wb-manager") or _own_pywb()
    if tool is None:
        pytest.skip("wb-manager (pywb, in its own environment) is not here: make .venv-pywb/done")
    shutil.copytree(collection.root, tmp_path / "collections" / "blog")
    before = {path.name for path in (tmp_path / "collections" / "blog" / "indexes").iterdir()}
    subprocess.run([tool, "reindex", "blog"], cwd=tmp_path, capture_output=True, check=True)
    listed = subprocess.run([tool, "list"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "blog" in listed.stdout
    assert before < {path.name for path in (tmp_path / "collections" / "blog" / "indexes").iterdir()}


def _own_pywb() -> str | None:
    root = Path(__file__).parents[2]
    found = root / ".venv-pywb/bin/wb-manager"
    return str(found) if found.exists() else None
