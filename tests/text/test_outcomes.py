"""What a page turned out to be: an article, or the reason why there is none."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from archive.model import PageOutcome
from archive.page import MAX_BYTES, MAX_TAGS, Tree, parse
from archive.site import Layout, Site
from archive.text import layouts, read_post
from crawler.replica.article_page import gone_page
from crawler.replica.feeds import DEAD_FEED
from crawler.replica.model import Kind, Template
from tests.text.conftest import HTML, NOW, URL, article, blog, page, plain_site, read, rendered

SHELL = b'<html><body><div class="hdr-20"></div>%s<div class="responsive-indicator"></div></body></html>'
PROSE = b"The editor of the paper was fined for a crossword, and nobody in the court could solve it. " * 6


def shell(inner: bytes) -> bytes:
    return SHELL % inner


@pytest.mark.parametrize(
    ("payload", "outcome"),
    [
        pytest.param(b"", PageOutcome.EMPTY, id="nothing"),
        pytest.param(b" \r\n\t", PageOutcome.EMPTY, id="white space"),
        pytest.param(DEAD_FEED, PageOutcome.EMPTY, id="11 bytes"),
        pytest.param(b"\xef\xbb\xbf", PageOutcome.EMPTY, id="a byte order mark"),
        pytest.param(b"<html><body>This resource is blocked.</body></html>", PageOutcome.BLOCKED, id="block page"),
        pytest.param(b"<HTML><H1>Access Denied</H1>Reference #18.0</HTML>", PageOutcome.BLOCKED, id="the edge"),
        pytest.param(b"<!-- nothing -->", PageOutcome.BLOCKED, id="a comment alone"),
        pytest.param(shell(b"<h1>A post</h1>"), PageOutcome.LAYOUT_DRIFT, id="no body and no sign why"),
        pytest.param(shell(b"<h1>A post</h1><main>" + PROSE), PageOutcome.LAYOUT_DRIFT, id="text elsewhere"),
        pytest.param(
            shell(b'<h1>A post</h1><div class="c-mmp"></div><main>' + PROSE),
            PageOutcome.LAYOUT_DRIFT,
            id="text and a player",
        ),
        pytest.param(shell(b'<h1>A post</h1><div class="c-mmp"></div>'), PageOutcome.OK, id="a player alone"),
        pytest.param(b'<div class="responsive-indicator">', PageOutcome.LAYOUT_DRIFT, id="a layout of no kind"),
        pytest.param(
            shell(b"<title>Page not found</title><h1>404</h1>"), PageOutcome.SOFT_404, id="not found with 200"
        ),
        pytest.param(shell(b"<p>") + b" " * MAX_BYTES, PageOutcome.UNREADABLE, id="too many bytes"),
        pytest.param(shell(b"<p>x" * MAX_TAGS), PageOutcome.UNREADABLE, id="too many tags"),
        pytest.param(shell(b"<div>" * 400), PageOutcome.UNREADABLE, id="too deep"),
    ],
)
def test_outcome_of_a_page(payload: bytes, outcome: PageOutcome, site: Site) -> None:
    assert read(payload, site).outcome is outcome


def test_not_found_page_of_the_replica_is_known(site: Site) -> None:
    assert read(gone_page(blog().column()).encode(), site).outcome is PageOutcome.SOFT_404


def test_page_of_another_post_is_an_alarm(site: Site) -> None:
    first, second = blog().listing()[:2]
    found = read_post(rendered(first), content_type=HTML, url=second.url, site=site, captured=NOW)
    assert found.outcome is PageOutcome.LAYOUT_DRIFT
    assert found.article is not None
    assert found.article.identity == str(second.id)
    assert found.article.alarms == (f"another-post: the page says that it is {first.id}",)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.ARTICLE])
def test_item_without_text_is_data(kind: Kind, site: Site) -> None:
    post = next(post for post in blog().listing() if post.kind is kind)
    found = article(rendered(post), site, post.url)
    assert (found.title, found.is_textless, found.blocks, found.alarms) == (post.truth.title, True, (), ())


def test_post_whose_body_was_emptied_is_no_edit(site: Site) -> None:
    post = next(post for post in blog().listing() if post.kind is Kind.ARTICLE)
    start, _, rest = rendered(post).partition(b'<div class="wsw">')
    emptied = start + b'<div class="wsw"></div><ul>' + rest.partition(b"<ul>")[2]
    found = read_post(emptied, content_type=HTML, url=post.url, site=site, captured=NOW)
    assert found.outcome is PageOutcome.LAYOUT_DRIFT


def test_second_half_of_a_body_in_another_place_is_an_alarm(site: Site) -> None:
    post = max((post for post in blog().listing() if post.template is Template.T2021), key=lambda post: len(post.body))
    half = b'</div></div><div class="content-two">'
    payload = rendered(post)
    middle = payload.index(b"<p>", payload.index(b'<div class="wsw">') + 1200)
    found = read_post(
        payload[:middle] + half + payload[middle:], content_type=HTML, url=post.url, site=site, captured=NOW
    )
    assert found.outcome is PageOutcome.LAYOUT_DRIFT


def test_box_that_is_left_out_is_told_and_a_large_one_is_an_alarm() -> None:
    paragraph = "<p>The editor of the paper was fined for a crossword, and nobody in the court could solve it.</p>"
    box = '<div class="widget">{}</div>'
    found = article(page(paragraph * 9 + box.format("<p>Read the newsletter.</p>")))
    assert [(one.field, one.value) for one in found.statements if one.source == "layout"][1:] == [
        ("left-out", "Read the newsletter.")
    ]
    assert len(found.blocks) == 9
    assert read(page(paragraph * 9 + box.format(paragraph * 3))).outcome is PageOutcome.LAYOUT_DRIFT


def test_box_that_is_kept_beside_the_text_is_told() -> None:
    paragraph = "<p>The editor of the paper was fined for a crossword, and nobody in the court could solve it.</p>"
    other = paragraph.replace("editor", "printer")
    for body, told in (
        (f'{paragraph * 9}<div class="extra big">{other}</div>', ["div.extra.big"]),
        (f'<div class="click">{paragraph * 9}</div>', []),
        (f'<div class="click">{paragraph * 9}<div id="note">{other}</div></div>', ["div#note"]),
    ):
        found = article(page(body))
        assert found.alarms == ()
        assert [one.value for one in found.statements if one.field == "unknown-box"] == told


def test_page_in_another_character_set_than_it_says_is_an_alarm(site: Site) -> None:
    post = next(post for post in blog().listing() if post.language == "ru")
    payload = rendered(post).decode().encode("cp1251", "ignore")
    found = read_post(payload, content_type=HTML, url=post.url, site=site, captured=NOW)
    assert found.outcome is PageOutcome.LAYOUT_DRIFT
    assert found.article is not None
    assert found.article.alarms[0].startswith("undecodable: ")


def test_page_without_title_is_an_alarm() -> None:
    assert read(page("<p>Words.</p>", "").replace(b"<h1>A post</h1>", b"")).outcome is PageOutcome.LAYOUT_DRIFT


def test_site_without_marker_has_no_block_pages() -> None:
    assert read(page("<p>Words.</p>")).outcome is PageOutcome.OK


def test_url_that_names_no_post_is_its_own_identity() -> None:
    assert article(page("<p>Words.</p>"), url="https://www.rferl.org/p/1").identity == "https://www.rferl.org/p/1"


OLD, NEW = Layout(name="old", until=date(2016, 12, 31), detect=(".old",)), Layout(name="new", detect=(".new", ".both"))


@pytest.mark.parametrize(
    ("markup", "day", "name"),
    [
        ('<p class="new">', date(2024, 1, 1), "new"),
        ('<p class="new">', date(2010, 1, 1), "new"),
        ('<p class="old">', date(2024, 1, 1), "old"),
        ('<p class="old both">', date(2016, 12, 31), "old"),
        ('<p class="old both">', date(2017, 1, 1), "new"),
        ("<p>", date(2017, 1, 1), None),
    ],
)
def test_layout_is_chosen_by_the_page_then_by_the_day(markup: str, day: date, name: str | None) -> None:
    site = replace(plain_site(), layouts=(NEW, OLD))
    tree = parse(markup.encode(), None)
    assert isinstance(tree, Tree)
    chosen = layouts.choose(tree, site, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    assert (chosen.name if chosen else None) == name


def test_reading_names_extractor_and_layout(site: Site) -> None:
    names = {article(rendered(post), site, post.url).extractor.split(", ")[2] for post in blog().listing()}
    assert names == {"layout pangea-2021", "layout pangea-2013"}
    assert article(page("<p>Words.</p>"), url=URL).extractor.startswith("trafilatura 2.")
