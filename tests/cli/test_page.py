"""``vigil page``: what a page needs, in words and for programs."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.errors import ExitCode
from tests.cli.archives import BEGAN, exchange, lay_run
from tests.cli.conftest import Run
from tests.verify.test_pages import BODY, POST, needs


@pytest.fixture
def paged(here: Path) -> Collection:
    """An archive of one page with what it needs, and of the same page a night later."""
    collection = Collection(here / "collection")
    exchanges = (exchange(1, POST, BODY), exchange(2, "/s.css", b"p{}"), exchange(3, "/a.png", b"PNG"))
    lay_run(collection, "run-1", BEGAN, *exchanges, pages=needs)
    later = BEGAN + timedelta(days=1)
    lay_run(collection, "run-2", later, exchange(1, POST, BODY, began=later))
    return collection


@pytest.mark.usefixtures("paged")
def test_page_tells_its_members_and_what_was_left_out(vigil: Run) -> None:
    said = vigil("page", "101", "--record", "1")
    assert said.code == 0
    assert "style     200" in said.out
    assert "https://lantern.example/a.png" in said.out
    assert "left out: media https://av.example/a.mp3 (unwanted: no media)" in said.out
    assert "2 records, 2 left out, 0 missing" in said.err


@pytest.mark.usefixtures("paged")
def test_same_page_a_night_later_is_as_complete_and_says_whose_record_it_is(vigil: Run) -> None:
    said = vigil("page", "101")
    assert "gathered for the capture of 2026-08-01" in said.err
    told = json.loads(vigil("page", "101", "--json").out)
    assert told["is_complete"] is True
    assert [one["role"] for one in told["members"]] == ["style", "image"]
    assert [one["kind"] for one in told["left_out"]] == ["scheme", "unwanted"]


@pytest.mark.usefixtures("archive")
def test_page_without_a_page_record_is_called_incomplete(vigil: Run) -> None:
    said = vigil("page", "101")
    assert said.code == 0
    assert "incomplete" in said.err
    assert json.loads(vigil("page", "101", "--json").out)["is_complete"] is False
    assert vigil("page", "no-such-post").code == ExitCode.NOT_FOUND
