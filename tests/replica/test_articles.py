"""Article pages: every spelling of an address, every shape of a post, and a ground truth that the page bears out."""

import json
import re
from collections.abc import Callable
from datetime import datetime

import lxml.html
import pytest

from crawler.replica import BlogSimulator, Post, ReplicaServer, fictional_blog
from crawler.replica.model import (
    Alt,
    ExternalPost,
    Figure,
    Kind,
    Part,
    Picture,
    Player,
    Promo,
    Role,
    SeeAlso,
    Template,
)
from tests.replica.client import Got, get


@pytest.fixture(scope="module")
def blog() -> BlogSimulator:
    return fictional_blog()


@pytest.fixture(scope="module")
def pages(blog: BlogSimulator) -> dict[int, str]:
    with ReplicaServer(blog) as server:
        return {post.id: get(server, post.path).text for post in blog.listing()}


def visible(page: str, selector: str) -> str:
    """The words within the first element of this class or id, white space normalised, scripts left out."""
    document = lxml.html.document_fromstring(page.encode())
    attribute = "id" if selector[0] == "#" else "class"
    found = document.xpath(f"//*[contains(concat(' ', @{attribute}, ' '), ' {selector[1:]} ')]")
    for script in found[0].xpath(".//script"):
        script.drop_tree()
    return " ".join(found[0].text_content().split())


BODY = {Template.T2013: ".zoomMe", Template.T2018: "#article-content", Template.T2021: "#article-content"}


def test_page_holds_every_block_of_the_truth_in_order(blog: BlogSimulator, pages: dict[int, str]) -> None:
    for post in blog.listing():
        if post.kind is not Kind.ARTICLE:
            continue
        text, at = visible(pages[post.id], BODY[post.template]), 0
        for block in post.truth.blocks:
            if block.role is not Role.INTRO:
                at = text.index(block.text, at) + len(block.text)


def test_page_holds_title_authors_date_and_pictures_of_the_truth(blog: BlogSimulator, pages: dict[int, str]) -> None:
    for post in blog.listing():
        page, truth = pages[post.id], post.truth
        document = lxml.html.document_fromstring(page.encode())
        headline = document.xpath("//h1")[0]
        assert " ".join(headline.text_content().split()) == truth.title
        for author in truth.authors:
            assert author in document.text_content()
        for image in truth.images:
            assert f'src="{image.url}"' in page
            assert image.caption is None or image.caption in document.text_content()
        if not truth.is_day_only:
            stamp = document.xpath("//time/@datetime")[0]
            assert truth.published.timestamp() == pytest.approx(_instant(stamp))


def _instant(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def test_json_ld_tells_both_times_with_a_space_and_lists_several_authors(
    blog: BlogSimulator, pages: dict[int, str]
) -> None:
    shapes: set[type] = set()
    for post in blog.listing():
        found = re.search(r'<script type="application/ld\+json">(.*?)</script>', pages[post.id], re.DOTALL)
        assert (found is not None) == (post.truth.modified is not None)
        if found is None:
            continue
        data = json.loads(found[1])
        assert data["datePublished"] == f"{post.published:%Y-%m-%d %H:%M:%S}Z"
        assert data["dateModified"] == f"{post.modified:%Y-%m-%d %H:%M:%S}Z"
        shapes.add(type(data.get("author")))
    assert shapes == {dict, list, type(None)}


def has(kind: type[Part]) -> Callable[[Post], bool]:
    return lambda post: any(isinstance(part, kind) for part in post.body)


def slug(pattern: str) -> Callable[[Post], bool]:
    return lambda post: re.search(pattern, post.slug or "/none/") is not None


def pictures(post: Post) -> list[Picture]:
    return [part for part in (post.cover,) if isinstance(part, Picture)] + [
        part.picture for part in post.body if isinstance(part, Figure)
    ]


SHAPES: dict[str, Callable[[Post], bool]] = {
    "template 2013": lambda post: post.template is Template.T2013,
    "template 2018": lambda post: post.template is Template.T2018,
    "template 2021": lambda post: post.template is Template.T2021,
    "video without text": lambda post: post.kind is Kind.VIDEO and post.truth.is_textless,
    "audio without text": lambda post: post.kind is Kind.AUDIO and post.truth.is_textless,
    "gallery": lambda post: post.kind is Kind.GALLERY,
    "live blog": lambda post: post.kind is Kind.LIVE_BLOG and bool(post.live_items),
    "bare text with line breaks": lambda post: post.has_breaks and post.kind is Kind.ARTICLE,
    "drop cap": lambda post: post.has_drop_cap and post.template is Template.T2013,
    "no author": lambda post: not post.authors,
    "several authors": lambda post: len(post.authors) > 2,
    "no slug": lambda post: post.slug is None,
    "underscored capitals": slug(r"^[A-Z][a-z]+(_[A-Z0-9]\w*)+$"),
    "slug with a last dash": slug(r"-$"),
    "slug with a double dash": slug(r"--"),
    "slug in lower-case hex": slug(r"%c3%a9"),
    "Cyrillic": lambda post: post.language == "ru",
    "Arabic script from right to left": lambda post: post.language == "fa" and post.direction == "rtl",
    "Latin with diacritics": lambda post: post.language in {"cs", "tr"},
    "dateline in the first paragraph": lambda post: bool(post.dateline) and post.is_dateline_inline,
    "dateline outside": lambda post: bool(post.dateline) and not post.is_dateline_inline,
    "agency in the dateline": lambda post: "(" in (post.dateline or ""),
    "intro": lambda post: bool(post.intro),
    "credit": lambda post: post.credit is not None and post.credit.service is not None,
    "credit with a linked agency": lambda post: any("[[" in getattr(part, "text", "") for part in post.body[-1:]),
    "read more": lambda post: any(block.role is Role.READ_MORE for block in post.truth.blocks),
    "signature": lambda post: any(block.role is Role.SIGNATURE for block in post.truth.blocks),
    "correction": lambda post: bool(post.truth.corrections),
    "see also": has(SeeAlso),
    "promotion": has(Promo),
    "player in the body": has(Player),
    "post embedded by script": has(ExternalPost),
    "player as cover": lambda post: isinstance(post.cover, Player),
    "no cover": lambda post: post.cover is None,
    "picture after the last paragraph": lambda post: any(isinstance(part, Figure) for part in post.body[-3:]),
    "heading": lambda post: any(block.kind == "heading" for block in post.truth.blocks),
    "list": lambda post: any(block.kind == "item" for block in post.truth.blocks),
    "quote": lambda post: any(block.kind == "quote" for block in post.truth.blocks),
    "empty alt": lambda post: any(picture.alt is Alt.EMPTY for picture in pictures(post)),
    "missing alt": lambda post: any(picture.alt is Alt.MISSING for picture in pictures(post)),
    "noscript copy": lambda post: any(picture.is_lazy for picture in pictures(post)),
    "no caption": lambda post: any(picture.caption is None for picture in pictures(post)),
    "edited after publication": lambda post: post.modified > post.published,
    "plus sign as an entity": lambda post: post.has_plus_entity and post.offset > 0,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_blog_has_this_shape(blog: BlogSimulator, shape: str) -> None:
    assert [post.id for post in blog.listing() if SHAPES[shape](post)]


def test_three_hundred_posts_over_fourteen_years_with_crowded_days(blog: BlogSimulator) -> None:
    posts = blog.listing()
    days = [post.published.date() for post in posts]
    assert len(posts) == 300
    assert {day.year for day in days} == set(range(2010, 2024))
    assert max(days.count(day) for day in days) > 2
    assert [post.id for post in posts] == sorted((post.id for post in posts), reverse=True)


def post_with(blog: BlogSimulator, test: Callable[[Post], bool]) -> Post:
    return next(post for post in blog.listing() if test(post))


def follow(blog: BlogSimulator, target: str, host: str = "www.rferl.org") -> tuple[int, str | None]:
    with ReplicaServer(blog) as server:
        got: Got = get(server, target, host=host)
        return got.status, got.headers.get("location")


@pytest.mark.parametrize(
    "spelling",
    [
        "/a/{id}.html",
        "/a/another-slug/{id}.html",
        "/content/{slug}/{id}.html",
        "/content/article/{id}.html",
        "/content/feature/{id}.html",
        "/articleprintview/{id}.html",
    ],
)
def test_spellings_lead_to_the_permalink(blog: BlogSimulator, spelling: str) -> None:
    post = post_with(blog, slug("^[a-z]"))
    target = spelling.format(id=post.id, slug=post.slug)
    assert follow(blog, target) == (301, f"http://www.rferl.org{post.path}")


def test_permalinks_answer_as_spelt_and_lead_away_from_the_bare_host(blog: BlogSimulator) -> None:
    for test in (slug("%c3"), slug("-$"), slug("_"), lambda post: post.slug is None):
        post = post_with(blog, test)
        assert follow(blog, post.path) == (200, None)
        assert follow(blog, post.path, "rferl.org") == (301, f"http://www.rferl.org{post.path}")


def test_who_comes_by_address_and_port_is_led_back_there(blog: BlogSimulator) -> None:
    post = post_with(blog, slug("^[a-z]"))
    assert follow(blog, f"/a/{post.id}.html", "127.0.0.1:8123") == (301, f"http://127.0.0.1:8123{post.path}")


def test_amp_and_live_blog_items_are_pages_of_the_same_post(blog: BlogSimulator) -> None:
    post = post_with(blog, slug("^[a-z]"))
    live = post_with(blog, SHAPES["live blog"])
    with ReplicaServer(blog) as server:
        amp = get(server, f"/amp/{post.slug}/{post.id}.html")
        item = get(server, live.path.replace(".html", "/lbl1lbi2.html"))
    assert amp.status == item.status == 200
    assert f'rel="canonical" href="{post.url}"' in amp.text
    assert live.url in item.text


def test_page_repeats_the_title_and_shows_the_post_again_beside_itself(
    blog: BlogSimulator, pages: dict[int, str]
) -> None:
    post = post_with(blog, lambda post: post.template is Template.T2021)
    page = pages[post.id]
    assert len(re.findall(r'class="[^"]*\bpg-title', page)) == 2
    assert page.count(f'href="{post.path}"') > 1


@pytest.mark.parametrize("target", ["/a/1.html", "/a/nothing-here/99999999.html", "/nowhere/at/all", "/a/x.html"])
def test_unknown_addresses_are_404(blog: BlogSimulator, target: str) -> None:
    assert follow(blog, target)[0] == 404
