"""The URL behind "Load more": the button's own words, a pattern, or a JSON answer."""

import json
from dataclasses import replace

import pytest

from archive.listing import read_listing
from archive.model import Listing, PageOutcome
from archive.site import MoreRules, Site
from tests.text.conftest import HTML, watchdog
from tests.text.test_listing import LISTING, card, content, read

JSON = "application/json"


def with_more(**rules: object) -> Site:
    more = MoreRules(**rules)  # type: ignore[arg-type]  # keys of MoreRules, by name
    return replace(watchdog(), listing=replace(watchdog().listing, more=more))


@pytest.mark.parametrize(
    ("button", "url", "next_url"),
    [
        pytest.param('class="btn link-showMore" href="/Watchdog?p=1"', LISTING, f"{LISTING}?p=1", id="href"),
        pytest.param(
            'class="link-showMore" data-ajax-url="/z/646?p=2" href="#"',
            LISTING,
            "https://www.rferl.org/z/646?p=2",
            id="ajax",
        ),
        pytest.param(
            'class="link-showMore" data-ajax-url=" " href="?p=1&amp;d=3"',
            LISTING,
            f"{LISTING}?p=1&d=3",
            id="blank ajax",
        ),
        pytest.param(
            'class="link-showMore" href="?p=5"', f"{LISTING}/2016/3/19", f"{LISTING}/2016/3/19?p=5", id="relative"
        ),
        pytest.param(
            'class="x" data-ajax-update="#items" data-ajax-mode="after" href="?p=1"',
            LISTING,
            f"{LISTING}?p=1",
            id="drift",
        ),
        pytest.param('class="link-showMore" href="javascript:more()"', LISTING, None, id="script"),
        pytest.param('class="link-showMore" href="#"', LISTING, None, id="nowhere"),
        pytest.param('class="link-showMore" href="http://["', LISTING, None, id="no URL"),
        pytest.param('class="other" href="?p=1"', LISTING, None, id="another link"),
        pytest.param(
            'class="lazy-scroll-load" data-ajax-mode="replace" data-ajax-url="/part/5"', LISTING, None, id="lazy part"
        ),
    ],
)
def test_next_url_is_the_button_s(button: str, url: str, next_url: str | None) -> None:
    assert read(content(f'{card(1234)}<p class="buttons"><a {button}>Load more</a></p>'), url=url).next_url == next_url


def test_button_of_a_sidebar_is_not_the_listing_s() -> None:
    side = '<div class="media-block-wrap"><a class="link-showMore" href="/z/1?p=1">More</a></div>'
    own = '<a class="link-showMore" href="/Watchdog?p=1">More</a>'
    assert read(content(card(1234) + side)).next_url is None
    assert read(content(side + card(1234) + own)).next_url == f"{LISTING}?p=1"


@pytest.mark.parametrize(
    ("url", "next_url"),
    [
        (LISTING, f"{LISTING}?page=2"),
        (f"{LISTING}?page=2", f"{LISTING}?page=3"),
        (f"{LISTING}?page=41", f"{LISTING}?page=42"),
    ],
)
def test_pattern_counts_on_from_the_page(url: str, next_url: str) -> None:
    site = with_more(url=f"{LISTING}?page={{page}}", first_page=1)
    assert read(content(card(1234)), site, url).next_url == next_url
    assert read(content("<h1>Watchdog</h1>"), site, url).outcome is PageOutcome.PAST_THE_END


def test_pattern_waits_for_its_button_where_there_is_one() -> None:
    site = with_more(url=f"{LISTING}?page={{page}}", button=("button.more",))
    assert read(content(card(1234)), site).next_url is None
    assert read(content(f'{card(1234)}<button class="more">More</button>'), site).next_url == f"{LISTING}?page=1"


def read_json(answer: object, site: Site) -> Listing:
    payload = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return read_listing(payload, content_type=JSON, url=LISTING, site=site)


DEEP = with_more(json_html="data.0.html", json_next="data.0.next")


def test_json_answer_holds_cards_and_the_next_url() -> None:
    listing = read_json({"data": [{"html": card(1234) + card(5678), "next": "/more?after=5678"}]}, DEEP)
    assert (listing.outcome, [found.identity for found in listing.cards]) == (PageOutcome.OK, ["1234", "5678"])
    assert listing.next_url == "https://www.rferl.org/more?after=5678"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param({"data": [{"html": "", "next": None}]}, PageOutcome.PAST_THE_END, id="no cards"),
        pytest.param({"data": [{"html": "<ul></ul>"}]}, PageOutcome.PAST_THE_END, id="an empty list"),
        pytest.param({"data": []}, PageOutcome.LAYOUT_DRIFT, id="no such path"),
        pytest.param({"data": {"0": 1}}, PageOutcome.LAYOUT_DRIFT, id="another shape"),
        pytest.param([1, 2], PageOutcome.LAYOUT_DRIFT, id="a list"),
        pytest.param(b"{", PageOutcome.UNREADABLE, id="broken"),
        pytest.param(b"[" * 100_000, PageOutcome.UNREADABLE, id="too deep"),
        pytest.param(b"", PageOutcome.EMPTY, id="nothing"),
    ],
)
def test_outcome_of_a_json_answer(answer: object, outcome: PageOutcome) -> None:
    assert read_json(answer, DEEP).outcome is outcome


def test_html_in_place_of_json_is_read_as_it_is() -> None:
    page = content(card(1234)).encode()
    assert read_listing(page, content_type=HTML, url=LISTING, site=DEEP).outcome is PageOutcome.OK
