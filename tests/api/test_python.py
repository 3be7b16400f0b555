"""What a program asks of an archive, and the page that tells how."""

import gzip
import re
import shutil
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from archive import open_archive
from archive.collection import Collection
from archive.diff import Change
from archive.errors import ConfigError, DamagedRecordError, NotFoundError, QueryError, StorageError, UsageError
from tests.cli.archives import BEGAN, build

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """A small whole archive; not to be changed."""
    return build(tmp_path_factory.mktemp("api") / "collection")


def test_every_block_of_the_page_runs(
    built: Collection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(built.root.parent)
    page = (ROOT / "docs" / "how-to" / "python.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 8
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "python.md", "exec"), names)  # noqa: S102  the page's own words
    said = capsys.readouterr().out
    assert "The last lamp A keeper counts gulls and herons on the pier." in said
    assert "A keeper counts gulls on the pier." in said
    assert names["rows"] == [{"month": "2026-07", "posts": 2}]


def test_text_that_stood_before_an_edit_is_given_for_its_time(built: Collection) -> None:
    with open_archive(built.root) as archive:
        before = archive.version_at("101", datetime(2026, 8, 1, 12, tzinfo=UTC))
        after = archive.version_at("101", datetime(2026, 8, 9, tzinfo=UTC))
        with pytest.raises(NotFoundError, match=r"no text of .* is known"):
            archive.version_at("101", BEGAN)
    assert (before.number, after.number) == (1, 2)


def test_identity_that_pandas_made_a_number_of_names_the_post(built: Collection) -> None:
    with open_archive(built.root) as archive:
        number = cast("str", 101)
        assert archive.post(number) == archive.post("101")
        assert archive.captures(number) == archive.captures("101")


def test_data_frame_has_times_lists_and_truths(built: Collection) -> None:
    columns = ["identity", "version", "is_current", "published", "modified", "authors", "capture_id"]
    with open_archive(built.root) as archive:
        frame = archive.data_frame(all_versions=True, columns=columns)
        found = archive.data_frame(query="herons", columns=["identity"])
        whole = archive.data_frame()
        none = archive.data_frame(query="nowhere")
    assert list(frame.columns) == columns
    assert frame.identity.tolist() == ["102", "101", "101"]
    assert frame.is_current.tolist() == [True, False, True]
    assert frame.published.dtype == "datetime64[us, UTC]"
    assert frame.published.iloc[1] == datetime(2026, 7, 31, 10, tzinfo=UTC)
    assert frame.modified.isna().all()
    assert frame.authors.iloc[0] == ["Ada Nobody"]
    assert (found.identity.tolist(), len(whole.columns), len(none)) == (["101"], 30, 0)
    assert none.dtypes.equals(whole.dtypes)


def test_data_frame_tells_of_a_wrong_column_and_of_the_extra(
    built: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_archive(built.root) as archive:
        with pytest.raises(UsageError, match="no column headline") as wrong:
            archive.data_frame(columns=["headline"])
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(ConfigError, match="pandas is missing") as missing:
            archive.data_frame()
    assert "identity, version" in wrong.value.hint
    assert "vigil-archive[pandas]" in missing.value.hint


def test_two_versions_are_compared(built: Collection) -> None:
    with open_archive(built.root) as archive:
        change = archive.compare("101")
        assert change == archive.compare("101", "1", "2")
        with pytest.raises(NotFoundError, match="nothing to compare"):
            archive.compare("102")
    assert [line.change for line in change.lines] == [Change.CHANGED, Change.SAME]


def test_record_is_given_byte_for_byte(built: Collection) -> None:
    with open_archive(str(built.root)) as archive:
        stored = archive.captures("101")[-1]
        place = stored.capture.record
        member = (built.warcs / place.file).read_bytes()[place.offset : place.offset + place.length]
        assert archive.record_bytes(stored.id) == member
        assert archive.rows("SELECT record_bytes(?) AS bytes", (stored.id,)) == [{"bytes": member}]
        assert place.record_id.encode() in gzip.decompress(member)
        assert b"counts gulls on the pier" in archive.payload(stored.id)


def test_payload_of_a_page_that_came_again_is_the_original_one(built: Collection) -> None:
    with open_archive(built.root) as archive:
        newest, *_, oldest = [one for one in archive.captures("102") if one.capture.status == 200]
        assert newest.capture.kind.value == "revisit"
        assert archive.payload(newest.id) == archive.payload(oldest.id) != b""


def test_exchange_without_an_answer_has_no_payload(built: Collection) -> None:
    with open_archive(built.root) as archive:
        (lost,) = archive.captures("https://lantern.example/lost")
        with pytest.raises(NotFoundError, match="no answer"):
            archive.payload(lost.id)
        assert archive.record_bytes(lost.id)


@pytest.mark.parametrize("asked", ["NULL", "'1'", "999999", "1.5", "-1"])
def test_record_of_no_capture_is_null(built: Collection, asked: str) -> None:
    with open_archive(built.root) as archive:
        assert archive.rows(f"SELECT record_bytes({asked}) AS bytes") == [{"bytes": None}]


def test_record_that_was_tampered_with_is_not_given(built: Collection, tmp_path: Path) -> None:
    # Datasette, which other tests import, turns them on for the process.
    sqlite3.enable_callback_tracebacks(False)  # noqa: FBT003  it takes no names
    shutil.copytree(built.root, tmp_path / "copy")
    with open_archive(tmp_path / "copy") as archive:
        stored = archive.captures("101")[-1]
        path = archive.collection.warcs / stored.capture.record.file
        data = bytearray(path.read_bytes())
        data[stored.capture.record.offset + stored.capture.record.length // 2] ^= 1
        path.chmod(0o644)
        path.write_bytes(data)
        with pytest.raises(DamagedRecordError):
            archive.record_bytes(stored.id)
        with pytest.raises(DamagedRecordError):
            archive.rows("SELECT record_bytes(capture_id) FROM captures_readable")


@pytest.mark.parametrize("sql", ["SELECT nothing FROM posts_current", "SELECT ?", "SELECT 1; SELECT 2"], ids=str)
def test_wrong_sql_is_told_of_in_words(built: Collection, sql: str) -> None:
    with open_archive(built.root) as archive, pytest.raises(QueryError, match="SQLite says"):
        archive.rows(sql)


def test_archive_is_not_written_to(built: Collection) -> None:
    with open_archive(built.root) as archive, pytest.raises(StorageError, match="readonly"):
        archive.rows("DELETE FROM texts")


def test_folder_without_an_archive_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no index"):
        open_archive(tmp_path)
