"""A WACZ to hand on: whole or some posts, the same bytes each time, sound for every reader and for our own checks."""

import gzip
import hashlib
import io
import json
import re
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator

from archive import open_archive
from archive.cli.frame import run
from archive.collection import Collection
from archive.database import connect
from archive.errors import IntegrityError, NotFoundError, UsageError
from archive.export.wacz import SEALS, SELECTION, Made, export_wacz
from archive.query import Filters
from archive.verify.wacz import check_wacz
from crawler.cli import group
from tests.cli.archives import BEGAN, build, exchange, lay_run, page

TWIN = page("One page, two names", "It is printed twice.", "2026-08-05T10:00:00+00:00")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Three nights, and one in which a post is answered with the bytes of another; not to be changed."""
    made = build(tmp_path_factory.mktemp("wacz") / "collection")
    night = BEGAN.replace(day=9)
    twins = (exchange(1, "/a/one/103.html", TWIN, began=night), exchange(2, "/a/two/104.html", TWIN, began=night))
    lay_run(made, "run-9", night, *twins)
    seal = made.root / "seals" / "run-9"
    seal.mkdir(parents=True)
    (seal / "SHA256SUMS").write_text("an invented seal\n")
    return made


def hand_on(collection: Collection, output: Path, filters: Filters = Filters(), query: str | None = None) -> Made:  # noqa: B008
    with open_archive(collection.root) as archive:
        return export_wacz(archive, collection, output, filters=filters, query=query)


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def pages(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in members(path)["pages/pages.jsonl"].splitlines()][1:]


def test_whole_archive_has_the_warc_files_as_they_are_and_our_seals(collection: Collection, tmp_path: Path) -> None:
    made = hand_on(collection, tmp_path / "all.wacz")
    inside = members(tmp_path / "all.wacz")
    warcs = {path.name: path.read_bytes() for path in collection.warcs.iterdir()}
    assert {name[8:]: data for name, data in inside.items() if name.startswith("archive/")} == warcs
    assert made == Made(files=4, records=0, pages=7, warc_bytes=sum(map(len, warcs.values())))
    with tarfile.open(fileobj=io.BytesIO(inside[SEALS])) as tar:
        assert tar.getnames() == ["run-9/SHA256SUMS"]
    package = json.loads(inside["datapackage.json"])
    assert package["created"] == "2026-08-09T03:00:02.250000Z"
    digest = hashlib.sha256(inside["datapackage.json"]).hexdigest()
    assert json.loads(inside["datapackage-digest.json"]) == {"path": "datapackage.json", "hash": f"sha256:{digest}"}


@pytest.mark.parametrize("query", [None, "gulls"])
def test_same_question_gives_the_same_bytes(collection: Collection, tmp_path: Path, query: str | None) -> None:
    for name in ("one", "two"):
        hand_on(collection, tmp_path / f"{name}.wacz", query=query)
    assert (tmp_path / "one.wacz").read_bytes() == (tmp_path / "two.wacz").read_bytes()


def test_pages_have_their_texts_and_times(collection: Collection, tmp_path: Path) -> None:
    hand_on(collection, tmp_path / "some.wacz", query="gulls")
    found = pages(tmp_path / "some.wacz")
    assert [one["ts"] for one in found] == [f"2026-08-0{day}T03:00:01.250000Z" for day in (1, 2, 3)]
    assert {one["title"] for one in found} == {"The last lamp"}
    assert "gulls and herons" in found[-1]["text"]
    assert json.loads(members(tmp_path / "some.wacz")["datapackage.json"])["mainPageUrl"] == found[0]["url"]


def test_selection_takes_the_original_of_another_post_along(collection: Collection, tmp_path: Path) -> None:
    with open_archive(collection.root) as archive:
        twin = archive.post("104").versions[0].first.capture
    assert twin.kind == "revisit"
    with closing(connect(collection.database, is_read_only=False)) as db:
        db.execute("UPDATE posts SET state = 'refused' WHERE identity = '104'")
    hand_on(collection, tmp_path / "twin.wacz", Filters(state="refused"))  # type: ignore[arg-type]  # a StrEnum
    with closing(connect(collection.database, is_read_only=False)) as db:
        db.execute("UPDATE posts SET state = 'live' WHERE identity = '104'")
    assert [one["url"] for one in pages(tmp_path / "twin.wacz")] == ["https://lantern.example/a/two/104.html"]
    warc = gzip.decompress(members(tmp_path / "twin.wacz")[f"archive/{SELECTION}"])
    assert warc.count(b"WARC-Type: response") == 1
    assert warc.count(b"WARC-Type: revisit") == 1
    assert TWIN in warc
    assert list(check_wacz(tmp_path / "twin.wacz")) == []


@pytest.mark.reader
@pytest.mark.parametrize("query", [None, "gulls"])
def test_every_reader_accepts_it(collection: Collection, tmp_path: Path, query: str | None) -> None:
    path = tmp_path / "out.wacz"
    hand_on(collection, path, query=query)
    assert list(check_wacz(path)) == []
    here = Path(sys.executable).parent
    subprocess.run([here / "wacz", "validate", "-f", path], check=True, capture_output=True)
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path)  # noqa: S202  we made it
    warcs = sorted((tmp_path / "archive").iterdir())
    for warc in warcs:
        subprocess.run([here / "warcio", "check", warc], check=True, capture_output=True)
        with warc.open("rb") as file:
            assert all(record.verify_block_digest() for record in ArchiveIterator(file, parse_http=False))
    told = subprocess.run([here / "cdxj-indexer", "--sort", *warcs], check=True, capture_output=True)
    ours = (tmp_path / "indexes" / "index.cdxj").read_text().splitlines()
    assert all(re.match(r"\S+ \d{17} ", line) for line in ours if '"status": ' in line)
    assert [re.sub(r"^(\S+ \d{14})\d{3} ", r"\1 ", line) for line in ours] == told.stdout.decode().splitlines()


def test_every_revisit_leads_to_its_very_original_by_url_and_time(tmp_path: Path) -> None:
    made = Collection(tmp_path / "collection")
    for day, body in ((1, TWIN), (4, page("Edited", "It says something else.")), (9, TWIN)):
        night = BEGAN.replace(day=day)
        other = [exchange(2, "/a/two/104.html", TWIN, began=night)] if day != 4 else []
        lay_run(made, f"run-{day}", night, exchange(1, "/a/one/103.html", body, began=night), *other)
    path = tmp_path / "out.wacz"
    hand_on(made, path)
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path)  # noqa: S202  we made it
    held: dict[tuple[str, str], str] = {}
    for line in (tmp_path / "indexes" / "index.cdxj").read_text().splitlines():
        _, time, rest = line.split(" ", 2)
        fields = json.loads(rest)
        held[fields["url"], time] = fields["mime"]
    revisits = 0
    for warc in sorted((tmp_path / "archive").iterdir()):
        records = gzip.decompress(warc.read_bytes()).decode()
        for head in re.findall(r"WARC-Type: revisit.*?\r\n\r\n", records, re.DOTALL):
            revisits += 1
            uri, date = (re.search(rf"WARC-Refers-To-{name}: (\S+)", head) for name in ("Target-URI", "Date"))
            assert uri is not None
            assert date is not None
            # As a reader does that takes the first answer at or after that time.
            asked = re.sub(r"\D", "", date[1])[:17]
            found = min(time for url, time in held if url == uri[1] and time >= asked and "html" in held[url, time])
            assert found == asked
    assert revisits == 3
    assert list(check_wacz(path)) == []


def test_player_that_reads_the_directory_alone_finds_every_member(collection: Collection, tmp_path: Path) -> None:
    path = tmp_path / "out.wacz"
    hand_on(collection, path)
    data = path.read_bytes()
    with zipfile.ZipFile(path) as opened:
        for info in opened.infolist():
            name, extra = struct.unpack("<HH", data[info.header_offset + 26 : info.header_offset + 30])
            start = info.header_offset + 30 + name + extra
            # ReplayWeb.page looks before the bytes only where the directory has extra fields too.
            guessed = start if info.extra else info.header_offset + 30 + name
            packed = data[guessed : guessed + info.compress_size]
            content = zlib.decompress(packed, -15) if info.compress_type == zipfile.ZIP_DEFLATED else packed
            assert content == opened.read(info)


def test_dangling_revisit_is_refused_and_nothing_is_left(collection: Collection, tmp_path: Path) -> None:
    with closing(connect(collection.database, is_read_only=False)) as db:
        db.execute("BEGIN")
        db.execute("UPDATE exchanges SET original_id = NULL")
        db.execute("COMMIT")
    try:
        for query in (None, "gulls"):
            with pytest.raises(IntegrityError, match="a revisit of"):
                hand_on(collection, tmp_path / "out.wacz", query=query)
    finally:
        run(group, ["rebuild", "--collection", str(collection.root)])
    assert list(tmp_path.iterdir()) == []


def test_name_that_is_taken_or_wrong_and_an_empty_answer_are_refused(collection: Collection, tmp_path: Path) -> None:
    (tmp_path / "there.wacz").write_text("mine")
    for name in ("there.wacz", "out.zip"):
        with pytest.raises(UsageError):
            hand_on(collection, tmp_path / name)
    with pytest.raises(NotFoundError):
        hand_on(collection, tmp_path / "none.wacz", query="walrus")
    assert [path.name for path in tmp_path.iterdir()] == ["there.wacz"]


def test_command_writes_and_verifies_it(
    collection: Collection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "out.wacz")
    assert run(group, ["export", "--collection", str(collection.root), "--wacz", "--query", "gulls", "-o", path]) == 0
    assert "3 pages" in capsys.readouterr().err
    assert run(group, ["verify", path]) == 0
    assert run(group, ["verify", path, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"verdict": "OK", "findings": 0}
    for words in (["--wacz"], ["--wacz", "-o", path, "folder"], []):
        assert run(group, ["export", "--collection", str(collection.root), *words]) == 2
