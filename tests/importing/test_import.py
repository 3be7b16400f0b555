"""Captures that others made: kept as they are, read like ours, never told as ours."""

import gzip
import json
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import brotli
import pytest

from archive import open_archive
from archive.config import load_settings
from archive.errors import UsageError
from archive.importing import importer as importing
from archive.importing.importer import Importer
from archive.index import Index
from archive.indexer import Indexer
from archive.model import Route, sha256_of
from archive.site import parse_site
from archive.verify import Round
from archive.warc import recover
from tests.cli.archives import BEGAN, HOST, SITE, build, exchange, lay_run, page
from tests.importing.bench import Bench, is_same_when_rebuilt
from tests.importing.writers import write_arc, write_wacz, write_warc

OLD = page("The last lamp", "A keeper counts boats, long before the gulls came.")
LAMP = "/a/the-last-lamp/101.html"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "bench")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Three nights of ours, and a file of a year before; not to be changed."""
    made = Bench(tmp_path_factory.mktemp("lived"))
    build(made.collection.root)
    file = write_warc(made.folder / "before.warc.gz", (LAMP, BEGAN - timedelta(days=365), OLD))
    assert made.take(file) == 0
    return made


# --- what it means ---------------------------------------------------------------------------------


def test_older_capture_becomes_the_first_version(lived: Bench) -> None:
    with open_archive(lived.collection.root) as archive:
        detail = archive.post("101")
        assert [version.number for version in detail.versions] == [1, 2, 3]
        assert "long before the gulls" in detail.versions[0].article.blocks[0].text
        assert detail.versions[0].first.capture.is_imported
        assert not detail.versions[1].first.capture.is_imported
        first = detail.versions[0].first
        assert archive.payload(first.id) == OLD
        record = archive.record_bytes(first.id)
        assert record in (lived.folder / "before.warc.gz").read_bytes()
        assert archive.run(first.capture.run).route is Route.IMPORT


def test_rebuild_equals_it_and_verify_finds_nothing(lived: Bench, tmp_path: Path) -> None:
    copy = Bench(tmp_path / "copy")
    shutil.copytree(lived.collection.root, copy.collection.root, dirs_exist_ok=True)
    assert is_same_when_rebuilt(copy)
    assert list(Round(copy.collection).findings()) == []
    assert copy.run("verify", "--deep") == 0


def test_every_command_says_that_it_is_imported(lived: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    lived.run("captures", "101")
    assert capsys.readouterr().out.count("[imported]") == 1
    lived.run("show", "101")
    assert "1 of its 4 captures are IMPORTED" in capsys.readouterr().err
    lived.run("status")
    told = capsys.readouterr().out
    assert "1 of the captures are imported" in told
    assert "run run-3" in told
    with open_archive(lived.collection.root) as archive:
        first = archive.post("101").versions[0].first
    assert lived.run("get", "--record", str(first.id), "--body", "-o", str(lived.folder / "body")) == 0
    assert "IMPORTED" in capsys.readouterr().err
    assert lived.run("get", "--record", str(first.id), "--wire", "-o", str(lived.folder / "wire")) == 21
    assert lived.run("evidence", "--record", str(first.id), "-o", str(lived.folder / "e.zip")) == 2
    assert "others made this capture" in capsys.readouterr().err


def test_crawl_never_rests_on_what_others_made(lived: Bench) -> None:
    with Index.open(lived.collection.database) as index:
        assert index.response_with(sha256_of(OLD), HOST + LAMP) is None
        found = index.response_of(HOST + LAMP)
    assert found is not None
    assert not found.is_imported
    with open_archive(lived.collection.root) as archive:
        archive.require_route(Route.SITE)
        with pytest.raises(UsageError):
            archive.require_route(Route.TEST)
        assert archive.walk_state("quiet-lantern").is_complete
        (look,) = archive.looks(parse_site(SITE.encode(), "site"), BEGAN + timedelta(days=999), {})[:1]
        assert look.url.startswith(HOST)


def test_wacz_to_hand_on_holds_our_own_captures_only(lived: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert lived.run("export", "--wacz", "--query", "gulls", "-o", str(lived.folder / "own.wacz")) == 0
    assert "1 imported captures were left out" in capsys.readouterr().err
    assert lived.run("verify", str(lived.folder / "own.wacz")) == 0


@pytest.mark.reader
def test_replay_software_finds_imports_by_their_cdxj(lived: Bench) -> None:
    (place,) = lived.collection.indexes.glob("*before.warc.gz.cdxj")
    (line,) = place.read_text().splitlines()
    fields = json.loads(line.split(" ", 2)[2])
    with (lived.collection.warcs / fields["filename"]).open("rb") as file:
        file.seek(int(fields["offset"]))
        assert OLD in gzip.decompress(file.read(int(fields["length"])))


def test_copy_and_restore_take_imports_along(lived: Bench, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    assert lived.run("copy", str(tmp_path / "second")) == 0
    back = Bench(tmp_path / "back")
    assert back.run("restore", str(tmp_path / "second")) == 0
    (original,) = back.collection.imports.iterdir()
    assert original.read_bytes() == (lived.folder / "before.warc.gz").read_bytes()
    assert back.run("verify", "--deep") == 0


def test_test_runs_of_another_archive_are_told_apart(tmp_path: Path) -> None:
    other = Bench(tmp_path / "other")
    lay_run(other.collection, "t", BEGAN, exchange(1, LAMP, OLD), route=Route.TEST)
    assert other.run("export", "--wacz", "-o", str(tmp_path / "t.wacz")) == 0
    with zipfile.ZipFile(tmp_path / "t.wacz") as opened:
        assert "NO captures of the real site" in json.loads(opened.read("datapackage.json"))["description"]
    bench = Bench(tmp_path / "bench")
    assert bench.take(tmp_path / "t.wacz") == 10
    assert "NO captures of the real site" in str(bench.rows("SELECT reason FROM omissions"))


# --- forms -------------------------------------------------------------------------------------------


def _forms(folder: Path) -> dict[str, Path]:
    answer = ("/a/one/201.html", BEGAN, page("A form of its own", "The same page in every form."))
    gz = write_warc(folder / "one.warc.gz", answer)
    single = folder / "single.warc.gz"
    single.write_bytes(gzip.compress(gzip.decompress(gz.read_bytes())))
    return {
        "gzip": gz,
        "plain": write_warc(folder / "two.warc", answer),
        "one gzip member": single,
        "ARC": write_arc(folder / "three.arc.gz", *answer),
        "WACZ": write_wacz(folder / "four.wacz", gz),
        "WACZ, deflated": write_wacz(folder / "five.wacz", gz, deflated=True),
    }


@pytest.mark.parametrize("form", ["gzip", "plain", "one gzip member", "ARC", "WACZ", "WACZ, deflated"])
def test_form_is_read_in_place_and_kept_byte_for_byte(bench: Bench, tmp_path: Path, form: str) -> None:
    path = _forms(tmp_path)[form]
    has_faults = form in {"one gzip member", "WACZ, deflated"}
    assert bench.take(path) == (10 if has_faults else 0)
    digest = sha256_of(path.read_bytes())
    assert (bench.collection.imports / f"{digest}-{path.name}").read_bytes() == path.read_bytes()
    with open_archive(bench.collection.root) as archive:
        (version,) = archive.post("201").versions
        assert version.first.capture.request is None or form != "ARC"
        assert archive.payload(version.first.id) == page("A form of its own", "The same page in every form.")
    assert is_same_when_rebuilt(bench)
    assert list(Round(bench.collection).findings()) == []


def test_second_import_adds_nothing_in_whatever_form(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forms = _forms(tmp_path)
    bench.take(forms["gzip"])
    before = bench.rows("SELECT * FROM runs"), bench.rows("SELECT * FROM captures")
    assert bench.take(forms["gzip"]) == 0
    assert "imported before, nothing is new" in capsys.readouterr().out
    assert (bench.rows("SELECT * FROM runs"), bench.rows("SELECT * FROM captures")) == before
    bench.take(forms["WACZ"])
    assert "1 captures held already" in capsys.readouterr().out
    assert bench.rows("SELECT * FROM captures") == before[1]


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_text_is_read_through_codings_that_we_never_ask_for(bench: Bench, tmp_path: Path, coding: str) -> None:
    body = page("Packed tight", "A text that was squeezed on its way.")
    packed = brotli.compress(body) if coding == "br" else _zstd(body)
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", coding))
    assert bench.take(write_warc(tmp_path / "a.warc.gz", ("/a/x/301.html", BEGAN, packed), headers=headers)) == 10
    with open_archive(bench.collection.root) as archive:
        assert "squeezed" in archive.post("301").versions[0].article.blocks[0].text
    assert "replay" in str(bench.rows("SELECT reason FROM omissions")) or coding == "br"


def _zstd(data: bytes) -> bytes:
    zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    packed: bytes = zstd.compress(data)
    return packed


# --- interruptions -------------------------------------------------------------------------------------


def _many(folder: Path, count: int = 25) -> Path:
    answers = [
        (f"/a/n/{400 + number}.html", BEGAN + timedelta(minutes=number), page(f"Number {number}", f"Lamp {number}."))
        for number in range(count)
    ]
    return write_warc(folder / "many.warc.gz", *answers)


def test_file_of_many_records_is_several_runs(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PART", 10)
    bench.take(_many(tmp_path))
    assert bench.rows("SELECT count(*) FROM runs") == [(3,)]
    assert bench.rows("SELECT count(*), count(DISTINCT url_id), count(request_offset) FROM exchanges") == [(25, 25, 25)]
    assert is_same_when_rebuilt(bench)
    assert list(Round(bench.collection).findings()) == []


def test_interrupted_import_goes_on(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PART", 10)
    path = _many(tmp_path)
    bench.collection.create()

    def take(progress: Callable[[str, int, int], None]) -> None:
        with bench.collection.locked("test"), Index.open(bench.collection.database) as index:
            recover(bench.collection)
            Indexer(index, bench.collection).catch_up()
            site = parse_site(SITE.encode(), "site")
            settings = load_settings(config=bench.folder / "vigil.toml", flags={})
            Importer(bench.collection, settings, index, site, SITE.encode()).take(path, progress)

    class KilledError(Exception):
        pass

    for stop in (0.2, 0.6, 0.9):

        def die(what: str, done: int, size: int, stop: float = stop) -> None:
            if what == "reading" and done > stop * size:
                raise KilledError

        with pytest.raises(KilledError):
            take(die)
    take(lambda _what, _done, _size: None)
    assert bench.rows("SELECT count(*), count(DISTINCT url_id) FROM exchanges") == [(25, 25)]
    assert is_same_when_rebuilt(bench)


# --- hostile and damaged files ---------------------------------------------------------------------------


def test_bomb_is_a_finding(bench: Bench, tmp_path: Path) -> None:
    record = b"WARC/1.0\r\nWARC-Type: metadata\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    (tmp_path / "bomb.warc.gz").write_bytes(gzip.compress(record * 2 + bytes(200_000_000)))
    assert bench.take(tmp_path / "bomb.warc.gz") == 10
    assert "grows more than" in str(bench.rows("SELECT reason FROM omissions"))
    assert sum(path.stat().st_size for path in bench.collection.imports.iterdir()) < 1_000_000


def test_paths_of_a_wacz_lead_nowhere(bench: Bench, tmp_path: Path) -> None:
    warc = write_warc(tmp_path / "in.warc.gz", (LAMP, BEGAN, OLD))
    evil = write_wacz(tmp_path / "evil.wacz", warc, more={"../../archive/evil.warc.gz": warc.read_bytes()})
    assert bench.take(evil) == 10
    assert "a path that leads elsewhere" in str(bench.rows("SELECT reason FROM omissions"))
    assert not list(bench.folder.parent.rglob("evil.warc.gz"))


def test_huge_header_and_rubbish_are_findings_and_the_rest_is_read(bench: Bench, tmp_path: Path) -> None:
    sound = write_warc(tmp_path / "sound.warc", (LAMP, BEGAN, OLD)).read_bytes()
    huge = b"WARC/1.0\r\nX-Huge: " + b"x" * 3_000_000 + b"\r\n\r\n"
    rubbish = random.Random(7).randbytes(5000)
    (tmp_path / "odd.warc").write_bytes(rubbish + b"\n" + huge + b"\n" + sound)
    assert bench.take(tmp_path / "odd.warc") == 10
    assert bench.rows("SELECT count(*) FROM exchanges") == [(1,)]
    assert len(bench.rows("SELECT 1 FROM omissions")) >= 2


RUBBISH = {
    "noise": random.Random(5).randbytes(20_000),
    "nothing": b"",
    "text": b"name,lamp\nMaryna,1\n" * 400,
    "packed text": gzip.compress(b"name,lamp\nMaryna,1\n" * 400),
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_file_without_a_record_is_named_and_not_kept(
    bench: Bench, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old.warc.gz").write_bytes(RUBBISH[kind])
    good = write_warc(tmp_path / "other.warc.gz", (LAMP, BEGAN, OLD))
    assert bench.take(tmp_path / "old.warc.gz", good) == 10
    assert "not imported: " in capsys.readouterr().out
    (kept,) = bench.collection.imports.iterdir()
    assert kept.read_bytes() == good.read_bytes()


def test_several_unsealed_runs_are_told_in_one_line(
    bench: Bench, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = [write_warc(tmp_path / f"{n}.warc.gz", (f"/a/n/{n}.html", BEGAN, OLD)) for n in (1, 2, 3)]
    assert bench.take(*files) == 0
    capfd.readouterr()
    bench.run("status")
    told = [line for line in capfd.readouterr().out.splitlines() if "NOT sealed:" in line]
    assert len(told) == 1
    assert told[0].startswith("3 runs (")


@pytest.mark.parametrize("what", ["altered", "gone", "a stranger"])
def test_tampering_with_an_original_is_found(lived: Bench, tmp_path: Path, what: str) -> None:
    copy = Bench(tmp_path / "copy")
    shutil.copytree(lived.collection.root, copy.collection.root, dirs_exist_ok=True)
    (original,) = copy.collection.imports.iterdir()
    original.chmod(0o644)
    if what == "altered":
        original.write_bytes(original.read_bytes() + b"\n")
    elif what == "gone":
        original.unlink()
    else:
        (copy.collection.imports / "stranger.warc.gz").write_bytes(b"")
    assert "import-kept" in {finding.check for finding in Round(copy.collection).findings()}


@pytest.mark.slow
def test_memory_stays_flat(tmp_path: Path) -> None:
    """A file eight times as long takes hardly more memory."""
    peaks = []
    for count in (500, 4000):
        bench = Bench(tmp_path / str(count))
        noise = random.Random(count)
        answers = [
            (
                f"/a/n/{number}.html",
                BEGAN,
                page(f"Number {number}", f"Lamp {number}.") + b"<!--" + noise.randbytes(30_000).hex().encode() + b"-->",
            )
            for number in range(count)
        ]
        path = write_warc(tmp_path / f"{count}.warc.gz", *answers)
        code = (
            "import re, sys; from archive.cli.frame import run; from crawler.cli import group; "
            "print(int(run(group, sys.argv[1:])), re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
        )
        words = ["import", "--config", str(bench.folder / "vigil.toml"), "--site", "quiet-lantern", str(path)]
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
        exit_code, peak = done.stdout.splitlines()[-1].split()
        assert exit_code == "0"
        peaks.append(int(peak))
    assert peaks[1] < 1.4 * peaks[0]
