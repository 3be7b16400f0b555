"""``vigil search``, ``list``, ``show``, ``captures``, ``status``."""

import json
import re
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.errors import ExitCode
from archive.model import Route
from tests.cli import archives
from tests.cli.archives import BEGAN, exchange, lay_run, page
from tests.cli.conftest import Run, Said

SECOND = "The lamp was lit all the same, and nobody was ever told why it had been so."


@pytest.mark.usefixtures("archive")
def test_search_finds_a_post_by_its_words(vigil: Run) -> None:
    said = vigil("search", "herons gulls")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "101         2026-07-31  The last lamp",
        f"    A keeper counts gulls and herons on the pier. {SECOND}",
        "    https://lantern.example/a/the-last-lamp/101.html",
    ]


def test_post_without_text_is_told_without_an_empty_line(
    here: Path, vigil: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "SITE", f'{archives.SITE}textless = [".film"]\n')
    film = re.sub(
        rb'<div class="text">.*?</div>', b'<div class="film"></div>', page("The silent film", ""), flags=re.DOTALL
    )
    lay_run(Collection(here / "collection"), "run-1", BEGAN, exchange(1, "/a/the-silent-film/7.html", film))
    assert vigil("search", "silent").out.splitlines() == [
        "7           2026-07-31  The silent film",
        "    https://lantern.example/a/the-silent-film/7.html",
    ]


@pytest.mark.usefixtures("archive")
def test_search_that_finds_nothing_says_so(vigil: Run) -> None:
    said = vigil("search", "nowhere")
    assert (said.code, said.out) == (0, "")
    assert "nothing was found; --all-versions" in said.err
    assert "no post fits" in vigil("list", "--author", "nowhere").err


@pytest.mark.usefixtures("archive")
def test_search_in_quotation_marks_says_what_that_means_where_it_finds_nothing(vigil: Run) -> None:
    said = vigil("search", '"herons gulls"', "--json")
    assert (said.code, said.out) == (0, "")
    assert "words are found only as they are written; without them, in other spellings and places too\n" in said.err
    assert "as they are written" not in vigil("search", '"gulls and herons"').err


@pytest.mark.usefixtures("archive")
def test_words_need_no_quotes_of_the_shell(vigil: Run) -> None:
    assert vigil("search", "herons", "gulls").out == vigil("search", "herons gulls").out != ""


@pytest.mark.usefixtures("archive")
def test_search_in_json_marks_what_was_searched_for(vigil: Run) -> None:
    (hit,) = map(json.loads, vigil("search", "her*", "--json").out.splitlines())
    assert hit["post"]["identity"] == "101"
    ((start, end),) = hit["snippet"]["spans"]
    assert hit["snippet"]["text"][start:end] == "herons"


@pytest.mark.usefixtures("archive")
def test_words_that_an_edit_removed_are_found_in_all_versions(vigil: Run) -> None:
    assert vigil("search", '"gulls on"').out == ""
    said = vigil("search", '"gulls on"', "--all-versions").out
    assert said.splitlines()[0] == "101         2026-07-31  (version 1 of 2, replaced) The last lamp"


@pytest.mark.usefixtures("archive")
def test_words_near_each_other_are_found(vigil: Run) -> None:
    assert "101" in vigil("search", "NEAR(keeper herons, 3)").out
    assert vigil("search", "NEAR(keeper herons, 2)").out == ""
    said = vigil("search", "NEAR(keeper herons, many)")
    assert (said.code, "how many words may lie between" in said.err, "hint: Try" in said.err) == (2, True, True)


def test_recent_order_weighs_relevance_against_age(vigil: Run, here: Path) -> None:
    old = page("Owl owl owl", "Owl owl.", "2020-01-01T00:00:00Z")
    new = page("A day", "An owl was seen here, and much else was seen that has nothing to do with it.")
    other = page("Another day", "Nothing at all.")
    pages = [exchange(at, f"/a/x/{at}.html", body) for at, body in enumerate((old, new, other), 1)]
    lay_run(Collection(here / "collection"), "run-1", BEGAN, *pages)

    def found(order: str) -> list[str]:
        lines = vigil("search", "owl", "--json", "--order", order).out.splitlines()
        return [json.loads(line)["post"]["identity"] for line in lines]

    assert (found("relevance"), found("recent"), found("newest")) == (["1", "2"], ["2", "1"], ["2", "1"])


@pytest.mark.usefixtures("archive")
def test_states_that_exclude_each_other_are_refused(vigil: Run) -> None:
    said = vigil("list", "--gone", "--state", "live")
    assert (said.code, "exclude each other" in said.err) == (ExitCode.USAGE, True)


FILTERED = {
    "all": ([], {"101", "102"}),
    "since": (["--since", "2026-07-31"], {"101"}),
    "until a day, which is included": (["--until", "2026-07-30"], {"102"}),
    "until the very second": (["--until", "2026-07-30T10:00:00Z"], {"102"}),
    "until a second before": (["--until", "2026-07-30T09:59:59Z"], set()),
    "gone": (["--state", "gone"], {"102"}),
    "gone, in short": (["--gone"], {"102"}),
    "gone, twice": (["--gone", "--state", "gone"], {"102"}),
    "edited": (["--edited"], {"101"}),
    "edited and gone": (["--edited", "--gone"], set()),
    "author": (["--author", "nobody"], {"101", "102"}),
    "another author": (["--author", "somebody"], set()),
    "language": (["--language", "en"], {"101", "102"}),
    "the first": (["--limit", "1"], {"101"}),
    "the second": (["--limit", "1", "--offset", "1"], {"102"}),
}


@pytest.mark.parametrize(("words", "found"), FILTERED.values(), ids=FILTERED)
@pytest.mark.usefixtures("archive")
def test_filters_choose_posts(vigil: Run, words: list[str], found: set[str]) -> None:
    for verb in (["list"], ["search", "lamp"]):
        said = vigil(*verb, "--json", *words)
        assert said.code == 0
        rows = [json.loads(line) for line in said.out.splitlines()]
        assert {row.get("post", row)["identity"] for row in rows} == found


@pytest.mark.usefixtures("archive")
def test_no_gap_is_said(vigil: Run) -> None:
    said = vigil("list", "--gaps")
    assert (said.code, said.out, said.err) == (0, "", "vigil: no post that the blog showed is missing\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("hold", "list"), "no hold was ever added"),
        (("stats", "services"), "there is nothing to count yet"),
    ],
    ids=["holds", "series"],
)
def test_list_of_nothing_says_so(vigil: Run, here: Path, words: tuple[str, ...], told: str) -> None:
    lay_run(Collection(here / "collection"), "run-1", BEGAN)
    assert vigil(*words) == Said(ExitCode.OK, "", f"vigil: {told}\n")


@pytest.mark.usefixtures("archive")
def test_list_says_that_there_is_more(vigil: Run) -> None:
    assert vigil("list", "--limit", "1").err == "vigil: there are more: --offset 1\n"
    assert vigil("list", "--limit", "2").err == ""


WRONG = {
    "unfinished phrase": (["search", '"press'], ExitCode.USAGE, "closing quotation mark"),
    "end before the beginning": (["search", "a", "--since", "2022", "--until", "2021"], ExitCode.USAGE, "Exchange"),
    "unknown blog": (["search", "a", "--site", "loud-lantern"], ExitCode.NOT_FOUND, "There is: quiet-lantern"),
    "unknown field": (["search", "body:press"], ExitCode.USAGE, "no field"),
    "no time": (["list", "--since", "31.12.2025"], ExitCode.USAGE, "Did you mean 2025-12-31"),
    "unknown post": (["show", "999"], ExitCode.NOT_FOUND, "knows no post"),
    "unknown version": (["show", "101", "--version", "7"], ExitCode.NOT_FOUND, "There is: 1 (025821f0c43c), 2"),
    "unknown run": (["status", "run-9"], ExitCode.NOT_FOUND, "knows no run"),
    "unknown URL": (["captures", "https://lantern.example/nothing"], ExitCode.NOT_FOUND, "knows no URL 'https:"),
    "page that is no post": (["timeline", "https://lantern.example/chunks"], ExitCode.NOT_FOUND, "no post at 'https:"),
    "post of another blog": (["show", "101", "--site", "loud"], ExitCode.NOT_FOUND, "no post '101' in blog 'loud'"),
    "time before the first capture": (
        ["get", "101", "--at", "2020", "--text"],
        ExitCode.NOT_FOUND,
        "the first one is of 2026-08-01T03:00:01.250000Z\nhint: `vigil captures 101` lists",
    ),
    "numbers of an unknown blog": (["stats", "--site", "loud"], ExitCode.NOT_FOUND, "There is: quiet-lantern"),
    "series of an unknown blog": (["stats", "changes", "--site", "loud"], ExitCode.NOT_FOUND, "no blog 'loud'"),
    "feed of an unknown blog": (["feed", "--site", "loud"], ExitCode.NOT_FOUND, "no blog 'loud'"),
    "gaps of an unknown blog": (["list", "--gaps", "--site", "loud"], ExitCode.NOT_FOUND, "no blog 'loud'"),
    "gaps by an author": (["list", "--gaps", "--author", "Nobody"], ExitCode.USAGE, "only --site can narrow it"),
}


@pytest.mark.parametrize(("words", "code", "message"), WRONG.values(), ids=WRONG)
@pytest.mark.usefixtures("archive")
def test_what_cannot_be_answered_ends_with_its_code(vigil: Run, words: list[str], code: ExitCode, message: str) -> None:
    said = vigil(*words)
    assert (said.code, said.out) == (code, "")
    assert message in said.err


@pytest.mark.usefixtures("archive")
def test_show_gives_text_versions_events_and_records(vigil: Run) -> None:
    said = vigil("show", "https://www.lantern.example/a/101.html?utm_source=mail")
    assert said.out.startswith("The last lamp\nhttps://lantern.example/a/the-last-lamp/101.html\n")
    assert "\nversion 2 of 2 · f87228b29f7bf0cd" in said.out
    assert "\n\nA keeper counts gulls and herons on the pier.\n\n" in said.out
    assert "version-added  text_hash f87228b29f7b" in said.out
    assert ".warc.gz:" in said.out


@pytest.mark.usefixtures("archive")
def test_show_gives_an_older_version_by_number_and_by_hash(vigil: Run) -> None:
    for name in ("1", "025821f0"):
        said = vigil("show", "101", "--version", name)
        assert "A keeper counts gulls on the pier." in said.out
        assert "not the one that stands" in said.out


@pytest.mark.usefixtures("archive")
def test_show_in_json_tells_the_kind_of_each_event(vigil: Run) -> None:
    told = json.loads(vigil("show", "102", "--json").out)
    assert [event["kind"] for event in told["events"]] == ["seen", "version-added", "unchanged", "gone"]
    assert told["events"][-1]["event"] == {"status": 404}
    assert told["post"]["state"] == "gone"
    assert [one["capture"]["status"] for one in told["captures"]] == [404, 200, 200]


def test_captures_are_listed_newest_first_with_their_place(vigil: Run, archive: Collection) -> None:
    rows = [json.loads(line) for line in vigil("captures", "102", "--json").out.splitlines()]
    assert [row["id"] for row in rows] == [8, 6, 2]
    assert [row["capture"]["kind"] for row in rows] == ["response", "revisit", "response"]
    for row in rows:
        path = archive.warcs / row["capture"]["record"]["file"]
        assert path.read_bytes()[row["capture"]["record"]["offset"] :].startswith(b"\x1f\x8b")


@pytest.mark.usefixtures("archive")
def test_status_counts_what_is_held_and_tells_how_the_last_run_ended(vigil: Run) -> None:
    said = vigil("status")
    assert "2 posts (1 gone), 3 versions, 8 captures" in said.out
    assert "run run-3, 2026-08-03T03:00:00.250000Z: no-button (exit 0, ok)" in said.out
    assert "left out: robots 1" in said.out
    one = vigil("status", "run-1")
    assert "4 requests, 1 failed; 2 new posts" in one.out
    assert "robots          https://lantern.example/search?q=lamp  Disallow: /search" in one.out
    assert json.loads(vigil("status", "--json").out)["warc_files"] == 3


def test_no_archive_and_no_index_are_told_apart(vigil: Run, here: Path) -> None:
    said = vigil("list")
    assert (said.code, "there is no archive at" in said.err) == (ExitCode.NOT_FOUND, True)
    lay_run(Collection(here / "collection"), "run-1", BEGAN)
    Collection(here / "collection").database.unlink()
    said = vigil("list")
    assert (said.code, "vigil rebuild" in said.err) == (ExitCode.NOT_FOUND, True)


def test_damaged_index_ends_with_20_and_offers_rebuild(vigil: Run, archive: Collection) -> None:
    archive.database.write_bytes(b"no database at all" * 100)
    said = vigil("list")
    assert said.code == ExitCode.INTEGRITY
    assert "vigil rebuild" in said.err


def test_hostile_headline_cannot_steer_a_terminal_through_a_pipe_of_json(vigil: Run, here: Path) -> None:
    collection = Collection(here / "collection")
    hostile = page("Lamp \u202e&#x9b;31m \u2066end", "A keeper counts gulls on the pier.")
    lay_run(collection, "run-1", BEGAN, exchange(1, "/a/lamp/101.html", hostile))
    said = vigil("list", "--json")
    assert not set(said.out) & {"\u202e", "\u2066", "\x9b"}
    assert "\u202e" in json.loads(said.out)["title"]


def test_captures_of_a_test_run_never_pass_for_the_real_site(vigil: Run, here: Path) -> None:
    collection = Collection(here / "collection")
    body = page("The last lamp", "A keeper counts gulls on the pier.")
    lay_run(collection, "run-1", BEGAN, exchange(1, "/a/lamp/101.html", body), route=Route.TEST)
    assert "no capture of the real site" in vigil("show", "101").err
    assert "NO capture of the real site" in vigil("get", "101", "--text").err
    assert "not captures of the real site" in vigil("status").out
