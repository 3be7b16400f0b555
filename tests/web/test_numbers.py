"""``vigil stats`` and ``vigil plot``, asked as a person does."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from archive.cli import SECTIONS
from archive.cli.frame import main_group, run
from archive.collection import Collection
from archive.errors import ExitCode
from archive.plots import draw
from archive.stats import BY_NAME, SERIES


def vigil(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(main_group("", SECTIONS), words)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_numbers_are_those_of_the_archive(served: Collection, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = vigil(capsys, "stats", "-C", str(served.root), "--json")
    told = json.loads(out)
    assert code == 0
    assert {name: told[name] for name in ("posts", "gone", "versions", "edited_posts", "edits", "silent_edits")} == {
        "posts": 5,
        "gone": 1,
        "versions": 8,
        "edited_posts": 2,
        "edits": 3,
        "silent_edits": 3,
    }
    assert {name: told[name] for name in ("headline_edits", "returns", "captures", "runs", "days_captured")} == {
        "headline_edits": 2,
        "returns": 1,
        "captures": 13,
        "runs": 6,
        "days_captured": 6,
    }
    assert told["first_captured"] == "2026-08-01T03:00:01.250000Z"
    text = vigil(capsys, "stats", "-C", str(served.root))[1]
    assert "posts     5, by" in text


def test_series_is_shown_as_rows(served: Collection, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = vigil(capsys, "stats", "changes", "-C", str(served.root), "--json")
    assert [json.loads(line) for line in out.splitlines()] == [
        {"month": "2026-08", "change": "edited silently", "events": 3},
        {"month": "2026-08", "change": "gone", "events": 1},
        {"month": "2026-08", "change": "returned", "events": 1},
        {"month": "2026-09", "change": "gone", "events": 1},
    ]
    _, out, _ = vigil(capsys, "stats", "languages", "-C", str(served.root))
    assert re.match(r"en\s+3  ▇+\nfa\s+1", out)


@pytest.mark.parametrize("form", ["svg", "png", "html"])
def test_chart_is_drawn_and_needs_nothing_else(
    form: str, served: Collection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"changes.{form}"
    code, _, err = vigil(capsys, "plot", "changes", "-C", str(served.root), "-o", str(file))
    assert (code, "4 rows" in err) == (0, True)
    if form == "png":
        with Image.open(file) as picture:
            assert picture.width > 1000
        return
    text = file.read_text(encoding="utf-8")
    assert "edited silently" in text
    assert "<script" not in text
    assert not re.findall(r"(?:src|href)=|url\((?!#)|@import", text)
    assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["plot", "nothing", "-o", "x.svg"], 2, "posts-per-month"),
        (["plot", "changes", "-o", "x.gif"], 2, ".svg, .png or .html"),
        (["plot", "changes", "-o", "x.svg", "--site", "none"], ExitCode.NOT_FOUND, "no blog 'none'"),
        (["stats", "nothing"], 2, "capture-lag"),
    ],
)
def test_wrong_wish_is_explained(
    words: list[str], code: int, said: str, served: Collection, capsys: pytest.CaptureFixture[str]
) -> None:
    got, out, err = vigil(capsys, *words, "-C", str(served.root))
    assert (got, out) == (code, "")
    assert said in err


def test_hostile_names_stay_text_in_a_chart() -> None:
    series = BY_NAME["services"]
    rows = [
        {"name": "</text><script>alert(1)</script>", "posts": 2},
        {"name": '"><image href="http://evil.example/"/>', "posts": 1},
    ]
    for form in ("svg", "html"):
        text = draw(series, rows, form).decode()
        assert "<script" not in text
        assert "<image" not in text


def test_same_rows_give_the_same_bytes() -> None:
    rows = [
        {"month": "2026-07", "site": "quiet-lantern", "posts": 2},
        {"month": "2026-08", "site": "other", "posts": 1},
    ]
    assert draw(SERIES[0], rows, "svg") == draw(SERIES[0], rows, "svg")
