"""The page that a person opens in the morning: everything of the night, and nothing that could act."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html

from archive.charts import bars, line, size
from archive.fires import Fire, FireKind, record
from crawler.replica import ReplicaServer, fictional_blog
from tests.evidence.browsing import Browser
from tests.stories.story import Story

pytestmark = pytest.mark.e2e

HOSTILE = "</title><script>alert(1)</script><img src=//evil.example onerror=alert(2)> \u202egnp.exe"


@pytest.fixture(scope="module")
def second_night(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """After two nights: a post is new, one is edited, one is deleted, and a fire in between was missed."""
    blog = fictional_blog(posts=12)
    with ReplicaServer(blog, has_tls=True) as server:
        story = Story(blog=blog, server=server, folder=tmp_path_factory.mktemp("nights"))
        assert story.crawl().code == 0
        posts = blog.listing()
        record(story.collection, Fire(time=datetime.now(UTC), site="", kind=FireKind.CLOCK, detail=f"jumped {HOSTILE}"))
        blog.advance(timedelta(days=1))
        story.publish()
        blog.edit(posts[3].id, title=f"{posts[3].title} {HOSTILE}")
        blog.delete(posts[5].id)
        assert story.crawl("--full").code in {0, 10}
    return story


def reports(story: Story, ending: str) -> list[str]:
    return [path.read_text() for path in sorted(story.collection.reports.glob(f"2*{ending}"))]


def test_page_tells_what_is_new_and_what_changed_word_for_word(second_night: Story) -> None:
    page = html.fromstring(reports(second_night, ".html")[1])
    headings = [str(heading.text).strip() for heading in page.iter("h2")]
    gone = "Not found; gone, once another night finds the same"
    chapters = ["Worth a look", "New", "Edited", gone, "The last 2 runs", "What was asked for", "robots.txt"]
    assert [heading for heading in headings if heading in chapters] == chapters
    assert headings[-1] == "How it was done"
    assert page.xpath("string(//h1)").startswith("RFE/RL Watchdog: night of ")
    (new,) = page.xpath("//ins[contains(., 'script')]")
    assert "alert(1)" in new.text_content()
    assert "Disallow" in page.xpath("string(//pre)")
    assert "vigil/" in page.text_content()


def test_page_and_json_hold_the_same(second_night: Story) -> None:
    told = json.loads(reports(second_night, ".json")[1])
    page = html.fromstring(reports(second_night, ".html")[1]).text_content()
    assert len(told["changes"]) == told["edits"] == 1
    assert [night["new"] for night in told["nights"]] == [12, 1]
    assert told["nights"][1]["archive_bytes"] > told["nights"][0]["archive_bytes"] > 0
    assert told["fires"][0]["kind"] == "clock"
    counts = told["run"]["counts"]
    assert (counts["delay_ms"], counts["requests"]) == (0, sum(row["requests"] for row in told["fetched"]))
    assert "0 s asked for in this run; kept:" in page
    for row in (*told["events"], *told["omissions"]):
        assert " ".join(str(row["url"]).split()) in page


def test_nothing_on_the_page_can_act_or_ask_outside(second_night: Story) -> None:
    for text in reports(second_night, ".html"):
        page = html.fromstring(text)
        tags = {str(element.tag) for element in page.iter() if isinstance(element.tag, str)}
        assert not tags & {"script", "img", "iframe", "link", "object", "a", "form"}
        names = {str(name) for element in page.iter() for name in element.attrib}
        assert not {name for name in names if name.startswith("on")} | (names & {"src", "href", "srcset", "action"})
        assert "default-src 'none'" in text
        assert "url(" not in text
        assert "\u202e" not in text


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed")
    with Browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.mark.reader
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_page_fits_every_screen_and_can_be_read_on_it(
    second_night: Story, browser: Browser, width: int, *, is_dark: bool
) -> None:
    browser.asked.clear()
    browser.resize(width, 900, is_dark=is_dark)
    for path in sorted(second_night.collection.reports.glob("2*.html")):
        browser.open(path.as_uri())
        assert browser.ask("document.documentElement.scrollWidth") <= width
        assert browser.ask(_FAINTEST) >= 4.5
    assert {address.partition(":")[0] for address in browser.asked} == {"file"}
    assert [words for words in browser.said if "favicon" not in words] == []


_FAINTEST = """(() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[0-9.]+/g).map(one => one / 255)
      .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" && element.parentElement ? behind(element.parentElement) : colour;
  };
  const ratios = [...document.body.querySelectorAll("*:not(svg *)")].filter(one => one.innerText).map(element => {
    const both = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    return (both[0] + 0.05) / (both[1] + 0.05);
  });
  return Math.min(...ratios);
})()"""
"""The least contrast between text and what is behind it (WCAG 2, 1.4.3 asks for 4.5)."""


@pytest.mark.reader
def test_page_is_used_without_a_mouse(second_night: Story, browser: Browser) -> None:
    browser.resize(1280, 900)
    browser.open(sorted(second_night.collection.reports.glob("2*.html"))[1].as_uri())
    for _ in range(30):
        browser.press("Tab")
        if browser.ask("document.activeElement.tagName") == "SUMMARY":
            break
    assert not browser.ask("document.activeElement.parentElement.open")
    browser.press("Enter")
    assert browser.ask("document.activeElement.parentElement.open")
    browser.press("Tab")
    assert "Disallow" in browser.ask("document.activeElement.innerText")


def test_first_page_of_an_archive_tells_every_post_as_new(second_night: Story) -> None:
    told = json.loads(reports(second_night, ".json")[0])
    assert told["new_posts"] == 12
    assert "New <small>12</small>" in reports(second_night, ".html")[0]


@pytest.mark.parametrize("count", [0, 1, 60])
def test_charts_are_well_formed_whatever_they_are_given(count: int) -> None:
    labels = [f"<{number}&>" for number in range(count)]
    for drawn in (bars(labels, [("new", [3.0] * count)], title="a & b"), line(labels, [0.0] * count, title="<c>")):
        svg = html.fragment_fromstring(drawn)
        assert svg.get("role") == "img"
    assert bars(labels, [("new", [1.0] * count)], title="").count("<rect") == count


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 bytes"), (999, "999 bytes"), (95_800, "95.8 kB"), (3.2e12, "3.2 TB")]
)
def test_sizes_are_spelled_for_people(count: float, told: str) -> None:
    assert size(count) == told
