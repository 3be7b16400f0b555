"""What the pages say, asked in process."""

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from lxml import html

from archive import open_archive
from archive.collection import Collection
from archive.similar import update
from archive.stats import SERIES
from archive.web import app
from archive.web.questions import questions
from tests.cli.archives import BEGAN, exchange, lay_run
from tests.web.conftest import Get, getting
from tests.web.makers import LAMP, article

_IN_TABLES = re.compile(r"/archive/(?!posts_current$|captures_readable$|post_events$|[a-z0-9]+(-[a-z0-9]+)+$)")


def page(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


def said(text: str) -> str:
    return " ".join(str(page(text).text_content()).split())


async def test_every_link_leads_to_a_sound_page(get: Get) -> None:
    waiting, met = ["/"], {"/"}
    while waiting:
        path = waiting.pop()
        answer = await get(path, status=200)
        if not answer.headers["content-type"].startswith("text/html") or path.endswith((".html", "/body")):
            continue
        document = page(answer.text)
        assert len(document.xpath("//main")) == len(document.xpath("//body/header/nav[@aria-label]")) == 1, path
        assert document.get("lang") == "en"
        assert len(document.xpath("//h1")) == 1, path
        assert not [name for name in document.xpath("//@*") if str(name.attrname).startswith("on")], path
        if not path.startswith("/archive"):
            assert not document.xpath("//script | //style | //*[@style] | //iframe[not(@sandbox)] | //object"), path
            assert not document.xpath("//table[not(caption)]"), path
            assert not document.xpath("//table//th[not(@scope)]"), path
            assert not document.xpath("//img[not(@alt)]"), path
            for field in document.xpath("//input[not(@type='hidden')] | //select"):
                label = document.xpath(f"//label[@for='{field.get('id')}']") if field.get("id") else []
                assert label or field.xpath("ancestor::label"), (path, field.get("name"))
        for link in document.xpath("//a/@href | //img/@src | //link/@href | //form/@action"):
            target = urlsplit(urljoin(f"http://127.0.0.1{path}", link))
            assert target.scheme in {"http", "https"}, link
            is_ours = target.hostname == "127.0.0.1" and not _IN_TABLES.match(target.path)
            is_ours = is_ours and not target.path.startswith("/web/")  # no page of ours: see test_memento
            whole = f"{target.path}?{target.query}".rstrip("?")
            if is_ours and whole not in met and not (target.path.startswith("/archive") and target.query):
                met.add(whole)
                waiting.append(whole)
    assert {"/post/1", "/post/1/diff/1/2", "/capture/1", "/run/run-1", "/charts/changes.svg?", "/coverage"} <= {
        f"{one}?" if one.endswith(".svg") else one for one in met
    }


async def test_first_page_says_what_is_here_and_what_is_new(get: Get) -> None:
    text = said((await get("/")).text)
    assert "Quiet Lantern" in text
    assert "5 posts" in text
    assert "2 edited" in text
    assert "1 gone" in text
    assert re.search(r"2026-09-10 Gone the site answered 410 A Boat For Nobody", text)


async def test_empty_question_lists_posts_and_words_find_them(get: Get) -> None:
    assert "Found" not in said((await get("/search")).text)
    document = page((await get("/search?q=gulls+harbour")).text)
    assert [title.text_content() for title in document.xpath("//ol//h2")] == ["The Last Lamp, And Who Lit It"]
    assert {mark.text for mark in document.xpath("//ol//mark")} <= {"gulls", "harbour"} != set()


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("чаек", ["Последний фонарь"]),
        ("دریایی", ["آخرین فانوس"]),
        ("Tuesday", []),
        ("Tuesday&all=1", ["The Last Lamp On The Pier"]),
        ("&edited=1&since=2026-07-30&until=2026-07-30", ["The Last Lamp, And Who Lit It"]),
        ("&state=gone", ["A Boat For Nobody"]),
        ("&author=nowhere", ["A Boat For Nobody"]),
        ("&language=fa", ["آخرین فانوس"]),
    ],
)
async def test_search_finds(get: Get, query: str, titles: list[str]) -> None:
    document = page((await get(f"/search?q={query}")).text)
    assert [title.text_content() for title in document.xpath("//ol//h2")] == titles


async def test_search_in_quotation_marks_says_which_other_spelling_is_to_be_found(get: Get) -> None:
    document = page((await get("/search?q=%22فانوس%22")).text)
    assert not document.xpath("//*[@class='note']")
    (note,) = page((await get("/search?q=%22دريايى%22")).text).xpath("//*[@class='note']")
    assert note.text_content().startswith("In quotation marks and NEAR( ) words are found only as they are written; ")
    assert "“دریایی”" in note.text_content()


@pytest.mark.parametrize("query", ["q=%22open", "q=(a+b", "q=a&order=loudest", "since=yesterday", "state=lost"])
async def test_what_cannot_be_read_is_explained_without_sql(get: Get, query: str) -> None:
    document = page((await get(f"/search?{query}", status=400)).text)
    (trouble,) = document.xpath("//*[@role='alert']")
    assert trouble.text_content().strip()
    assert "fts5" not in trouble.text_content().lower()
    answer = await get(f"/search.json?{query}", status=400)
    assert answer.json()["error"]


async def test_post_shows_text_versions_and_the_bytes_they_came_from(get: Get, served: Collection) -> None:
    text = said((await get("/post/1")).text)
    assert "On Wednesday he counted forty-three" in text
    first = said((await get("/post/1?version=1")).text)
    assert "On Tuesday he counted forty-one" in first
    assert "version 1 of 3; an edit replaced it" in first
    detail = (await get("/post/1.json")).json()
    record = detail["versions"][0]["first"]["capture"]["record"]
    assert record["file"] in first
    assert f"{record['offset']:,}, {record['length']:,} bytes" in first
    bytes_there = (served.warcs / record["file"]).read_bytes()[record["offset"] :]
    assert bytes_there.startswith(b"\x1f\x8b")
    rows = list(csv.DictReader(io.StringIO((await get("/post/1.csv")).text)))
    assert [row["version"] for row in rows] == ["1", "2", "3"]


async def test_capture_leads_to_its_bytes(get: Get, served: Collection) -> None:
    text = (await get("/capture/8")).text
    document = page(text)
    with open_archive(served.root) as archive:
        capture = archive.capture(8).capture
    row = [cell.text_content() for cell in document.xpath("//section[@aria-labelledby='records']//tbody/tr[1]/td")]
    assert row == [
        capture.record.file,
        f"{capture.record.offset:,}",
        f"{capture.record.length:,}",
        capture.record.record_id,
    ]
    assert str(capture.payload_digest) in text


async def test_difference_shows_words_and_moves(get: Get) -> None:
    document = page((await get("/post/1/diff/1/2")).text)
    assert [mark.text for mark in document.xpath("//*[@class='text compared']//del")][:2] == ["Tuesday", "one"]
    assert [mark.text for mark in document.xpath("//*[@class='text compared']//ins")][:2] == ["Wednesday", "three"]
    assert document.xpath("//p[@class='moved']")
    assert (await get("/post/1/diff/1/2.json")).json()["diff"]["lines"]


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("", 11),
        ("?kind=gone", 2),
        ("?kind=silent", 3),
        ("?kind=edited", 3),
        ("?kind=first", 5),
        ("?kind=returned", 1),
        ("?day=2026-08-02", 2),
        ("?kind=moved", 0),
    ],
)
async def test_events_are_chosen_by_kind_and_day(get: Get, query: str, kinds: int) -> None:
    assert len((await get(f"/events.json{query}")).json()) == kinds
    assert len(page((await get(f"/events{query}")).text).xpath("//table//tbody/tr")) == kinds


@pytest.mark.parametrize(
    "path",
    ["/events?kind=x", "/events?day=2026-13-01", "/events?day=tomorrow"],
)
async def test_wrong_choice_is_explained(get: Get, path: str) -> None:
    assert "That cannot be answered" in (await get(path, status=400)).text


@pytest.mark.parametrize(
    "path",
    [
        "/post/99",
        "/post/1?version=9",
        "/post/1/diff/1/9",
        "/capture/999",
        "/run/none",
        "/run/run-1/report",
        "/charts/x",
    ],
)
async def test_what_is_not_here_is_not_found(get: Get, path: str) -> None:
    assert "Not found" in (await get(path, status=404)).text


async def test_calendar_shows_days_looked_at_and_days_not(get: Get) -> None:
    document = page((await get("/coverage")).text)
    days = document.xpath("//div[@class='calendar']//td[contains(@class, 'level')]")
    assert len(days) == 365
    assert len([day for day in days if "level0" not in day.get("class")]) == 6
    assert "1 August: 7 captures, 1 failed, 0 changes" in " ".join(document.text_content().split())
    assert (await get("/coverage.json")).json()[0] == {
        "day": "2026-08-01",
        "captures": 7,
        "failures": 1,
        "runs": 1,
        "changes": 0,
    }
    assert "Nothing was captured in 1999" in (await get("/coverage?year=1999")).text


async def test_runs_say_how_they_ended(get: Get) -> None:
    assert [row["uid"] for row in (await get("/runs.json")).json()] == [f"run-{number}" for number in range(6, 0, -1)]
    assert "No end is recorded" in (await get("/run/run-5")).text
    text = said((await get("/run/run-1")).text)
    assert "Disallow: /search" in text


async def test_report_of_a_run_is_shown_as_it_was_written(asked: Get, served: Collection) -> None:
    (served.reports / "run-1.html").write_text("<p>the report</p>", encoding="utf-8")
    try:
        assert (await asked("/run/run-1/report")).text == "<p>the report</p>"
        assert "Its report" in (await asked("/run/run-1")).text
    finally:
        (served.reports / "run-1.html").unlink()


@pytest.mark.parametrize("series", [series.name for series in SERIES])
async def test_chart_has_numbers_and_a_picture(get: Get, series: str) -> None:
    rows = (await get(f"/charts/{series}.json")).json()
    assert rows
    document = page((await get(f"/charts/{series}")).text)
    assert len(document.xpath("//tbody/tr")) == len(rows)
    picture = await get(f"/charts/{series}.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.text.startswith("<svg")


async def test_questions_of_the_cookbook_are_asked_by_a_click(get: Get, served: Collection) -> None:
    assert [one.number for one in questions()] == list(range(1, 16))
    values = {"identity": "101", "time": "2026-08-01T12", "words": "gulls", "word": "Tuesday"}
    query = "&".join(f"{name}={value}" for name, value in values.items())
    with open_archive(served.root) as archive:
        for one in questions():
            rows = (await get(f"/archive/{one.name}.json?_shape=array&{query}")).json()
            assert rows == archive.rows(one.sql, values), one.words


async def test_tables_have_meanings_facets_and_ways_to_the_pages(get: Get) -> None:
    text = (await get("/archive/post_events")).text
    assert "What changed, when, and which capture proves it." in said(text)
    document = page(text)
    assert document.xpath("//td//a[@href='/post/1']")
    assert document.xpath("//td//a[@href='/capture/1']")
    assert "rejected" in text or "gone" in text
    assert "facet-results" in text


async def test_data_can_be_opened_in_a_spreadsheet(get: Get) -> None:
    rows = list(csv.DictReader(io.StringIO((await get("/search.csv?q=quiet")).text)))
    assert rows[0]["title"].startswith("<script>")
    whole = (await get("/post/5.csv")).text
    assert "\n=cmd" not in whole
    assert "'=cmd|'/c calc'!A1" in whole


async def test_hostile_page_stays_text(get: Get) -> None:
    for path in (
        "/",
        "/post/5",
        "/post/5?version=1",
        "/post/5/diff/1/2",
        "/search?q=quiet",
        "/events",
        "/archive/posts_current",
    ):
        text = (await get(path)).text
        assert "<script>document" not in text, path
        assert "<img src=x" not in text, path
        assert "\u202e" not in text or path.startswith("/archive"), path
        assert 'href="javascript:' not in text.lower(), path
    shown = (await get("/post/5?version=1")).text
    assert "{{ 7*7 }}" in shown
    assert "&lt;script&gt;document" in shown


@pytest.mark.parametrize(
    "query",
    ["q=%3Cscript%3Ealert(1)%3C/script%3E", "author=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E", "q=%00&since=%3Cb%3E"],
)
async def test_hostile_question_stays_text(get: Get, query: str) -> None:
    text = (await get(f"/search?{query}", status=400 if "since" in query else 200)).text
    assert "<script>alert" not in text
    assert "<img src=x" not in text


async def test_json_of_pages_is_json(get: Get) -> None:
    for path in ("/home.json", "/search.json", "/search.json?q=gulls", "/capture/1.json", "/run/run-1.json"):
        assert json.loads((await get(path)).text)


async def test_posts_with_nearly_the_same_text_are_linked(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "collection")
    lamp = article("The Last Lamp", [*LAMP, "Gulls."], day="2026-07-30")
    again = article("The Lamp, <b>Again</b>", [*LAMP, "No gulls."], day="2026-07-31")
    lay_run(collection, "run-1", BEGAN, exchange(1, "/a/lamp/101.html", lamp), exchange(2, "/a/again/102.html", again))
    get = getting(app.desk(collection).app())
    assert "vigil similar --update" in said((await get("/post/1/similar")).text)
    with open_archive(collection.root) as archive:
        assert update(archive, collection.root / "similar.db") == 2
    found = page((await get("/post/1/similar")).text)
    (row,) = found.xpath("//tbody/tr")
    assert row.xpath("th/a/@href") == ["/post/2?version=1"]
    assert "The Lamp, <b>Again</b>" in row.text_content()
    (told,) = (await get("/post/1/similar.json")).json()
    assert (told["identity"], told["exact"] > 0.9) == ("102", True)
    assert (await get("/post/1/similar.csv")).text.splitlines()[1].startswith("2,quiet-lantern,102,")
    assert page((await get("/post/1")).text).xpath("//a[@href='/post/1/similar']")
