"""``vigil diff`` and ``vigil timeline``."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.errors import ExitCode
from tests.cli.archives import BEGAN, exchange, lay_run, page
from tests.cli.conftest import Run

HOSTILE = "<script>alert(1)</script>\x1b[2J"


@pytest.fixture
def edited(here: Path) -> Collection:
    """A post that was edited silently, then taken away."""
    collection = Collection(here / "collection")
    first = page("The last lamp", "A keeper counts ten gulls on the pier.")
    second = page("The last lamp", f"A keeper counts two gulls on the pier. {HOSTILE.replace('<', '&lt;')}")
    for night, (body, status) in enumerate([(first, "200 OK"), (second, "200 OK"), (b"gone", "404 Not Found")]):
        began = BEGAN + timedelta(days=night)
        lay_run(
            collection,
            f"night-{night}",
            began,
            exchange(1, "/a/the-last-lamp/101.html", body, began=began, status=status),
        )
    return collection


@pytest.mark.usefixtures("edited")
def test_diff_shows_the_words_that_changed(vigil: Run) -> None:
    said = vigil("diff", "101")
    assert said.code == 0, said.err
    assert "[-ten-]{+two+}" in said.out
    assert "(the same: 1)" in said.out


@pytest.mark.usefixtures("edited")
def test_diff_in_html_is_harmless_and_needs_nothing_else(vigil: Run) -> None:
    out = vigil("diff", "101", "1", "2", "--html").out
    assert "<del>ten</del><ins>two</ins>" in out
    assert "<script" not in out
    assert "http-equiv" in out
    assert "src=" not in out


@pytest.mark.usefixtures("edited")
def test_diff_in_json_has_both_digests(vigil: Run) -> None:
    told = json.loads(vigil("diff", "101", "--json").out)
    assert len(told["before"]) == len(told["after"]) == 64
    assert [line["change"] for line in told["diff"]["lines"]] == ["changed", "same"]


@pytest.mark.usefixtures("archive")
def test_diff_of_a_post_with_one_version_says_so(vigil: Run) -> None:
    said = vigil("diff", "102")
    assert said.code == ExitCode.NOT_FOUND
    assert "nothing to compare" in said.err


@pytest.mark.usefixtures("edited")
def test_timeline_tells_each_event_with_its_proof_and_stated_times(vigil: Run) -> None:
    lines = vigil("timeline", "101").out.splitlines()
    assert [line.split("  ")[1].split(" ")[0] for line in lines if not line.startswith(" ")] == [
        "seen",
        "first",
        "edited,",
        "gone:",
    ]
    assert "silently" in " ".join(lines)
    assert sum("stated: published 2026-07-31T10:00:00Z" in line for line in lines) == 2
    assert sum(".warc.gz:" in line for line in lines) == 4


@pytest.mark.usefixtures("edited")
def test_timeline_in_json_names_the_record(vigil: Run) -> None:
    rows = [json.loads(line) for line in vigil("timeline", "101", "--json").out.splitlines()]
    assert [row["kind"] for row in rows] == ["seen", "version-added", "version-added", "gone"]
    assert all(row["record"]["file"].endswith(".warc.gz") for row in rows)


@pytest.mark.usefixtures("edited")
def test_status_and_show_say_when_a_post_is_looked_at_next(vigil: Run) -> None:
    assert "a second look" in vigil("show", "101").out
    assert "1 post is due (at most 120 a night)" in vigil("status").out
    assert "1 of those gone were seen so once only" in vigil("status").out
