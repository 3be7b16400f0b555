"""The pages in real Chromium: nothing runs, nothing is fetched from elsewhere, keyboard and phone are enough."""

import re
import shutil
from collections.abc import Iterator
from importlib.resources import files

import pytest

from tests.evidence.browsing import Browser

PAGES = [
    "/",
    "/search?q=gulls&edited=1",
    "/post/1",
    "/post/5?version=1",
    "/post/1/diff/1/2",
    "/post/1/similar",
    "/capture/1",
    "/events",
    "/coverage",
    "/runs",
    "/run/run-1",
    "/charts",
    "/charts/changes",
    "/questions",
    "/archive/posts_current",
    "/archive/how-many-posts-were-published-in-each-month",
]
needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as running:
        yield running


@needs_chromium
@pytest.mark.reader
@pytest.mark.parametrize("width", [1280, 360])
def test_pages_fit_the_screen_run_nothing_and_ask_nobody_else(browser: Browser, address: str, width: int) -> None:
    browser.resize(width, 800)
    browser.asked.clear()
    for path in PAGES:
        browser.said.clear()
        browser.open(f"{address}{path}")
        assert browser.ask("document.documentElement.scrollWidth") <= width, path
        assert browser.ask("document.title").endswith("· vigil"), path
        assert browser.ask("[...document.images].every(image => image.complete && image.naturalWidth)"), path
        # Datasette's own templates hold inline styles, which the policy refuses and the browser tells of.
        assert not [told for told in browser.said if "inline s" not in told or not path.startswith("/archive")], path
        assert browser.ask("document.cookie") == ""
    assert [asked for asked in browser.asked if not asked.startswith((f"{address}/", "data:", "about:"))] == []


@needs_chromium
@pytest.mark.reader
def test_keyboard_leads_past_the_menu_and_to_a_search(browser: Browser, address: str) -> None:
    browser.resize(1280, 800)
    browser.open(f"{address}/")
    browser.press("Tab")
    browser.wait("document.activeElement.textContent === 'Skip to the content'")
    assert browser.ask("document.activeElement.getBoundingClientRect().left") >= 0
    browser.press("Enter")
    browser.wait("document.activeElement.id === 'content'")
    browser.press("Tab")
    browser.wait("document.activeElement.id === 'q'")
    browser.ask("document.activeElement.value = 'gulls'")
    browser.ask("window.isOld = true")
    browser.press("Enter")
    browser.wait("document.readyState === 'complete' && !window.isOld && location.search === '?q=gulls'")
    assert browser.ask("document.querySelectorAll('ol.hits mark').length") > 0


@needs_chromium
@pytest.mark.reader
@pytest.mark.parametrize("width", [1280, 360])
def test_screen_reader_meets_landmarks_headings_and_tables(browser: Browser, address: str, width: int) -> None:
    browser.resize(width, 800)
    browser.open(f"{address}/")
    met = browser.read_out()
    assert {"banner", "navigation", "main", "contentinfo", "search"} <= {role for role, _ in met}
    assert ("heading", "Quiet Lantern") in met
    assert ("table", "Events, newest first") in met
    assert {"Seen", "What", "Post", "Proof"} <= {name for role, name in met if role == "columnheader"}
    assert ("searchbox", "Search the texts") in met
    assert not [role for role, name in met if role in {"link", "button", "searchbox", "textbox"} and not name]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "card"])
@pytest.mark.parametrize("ink", ["ink", "soft", "accent", "good", "look", "bad"])
def test_colours_stand_out(scheme: str, ground: str, ink: str) -> None:
    style = (files("archive.web") / "static" / "vigil.css").read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+):(#\w{3,6})", rules)) for rules in re.findall(r":root\{(.*?)\}", style, re.DOTALL)
    )
    colours = light if scheme == "light" else dark
    first, second = sorted((_luminance(colours[ink]), _luminance(colours[ground])), reverse=True)
    assert (first + 0.05) / (second + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
