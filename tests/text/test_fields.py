"""Title, authors, dates and the rest: which place of a page is believed, and that the others are kept."""

from datetime import UTC, datetime

import pytest

from archive.model import Statement
from archive.site import Site
from tests.text.conftest import article, page, plain_site

BYLINES = {"authors": (".by a", ".by"), "category": (".zone",), "time": (".when", "time")}


def head(*tags: str) -> str:
    return "<title>A post</title>" + "".join(tags)


def stated(json: str) -> str:
    return f'<script type="application/ld+json">{json}</script>'


def with_head(*tags: str, before: str = "") -> bytes:
    return page("<p>Some words of a post.</p>", head(*tags)).replace(b"<article>", before.encode() + b"<article>")


@pytest.mark.parametrize(
    ("tags", "before", "published", "offset"),
    [
        pytest.param(
            stated('{"@type": "NewsArticle", "datePublished": "2024-04-28 07:00:00Z"}'),
            "",
            datetime(2024, 4, 28, 7, tzinfo=UTC),
            0,
            id="json-ld with a space",
        ),
        pytest.param(
            "",
            '<time datetime="2024-04-28T03:00:00-04:00">long ago</time>',
            datetime(2024, 4, 28, 7, tzinfo=UTC),
            -240,
            id="time element with offset",
        ),
        pytest.param(
            "",
            '<time datetime="2024-04-28T03:00:00&#x2B;04:30">x</time>',
            datetime(2024, 4, 27, 22, 30, tzinfo=UTC),
            270,
            id="plus sign as an entity",
        ),
        pytest.param(
            stated('{"@type": "NewsArticle", "datePublished": "2024-04-28 07:00:00Z"}'),
            '<time datetime="2024-04-28T09:00:00+02:00">x</time>',
            datetime(2024, 4, 28, 7, tzinfo=UTC),
            120,
            id="both agree: the page's own offset is kept",
        ),
        pytest.param(
            stated('{"@type": "NewsArticle", "datePublished": "2024-04-28 07:00:00Z"}'),
            '<time datetime="2024-04-28T09:30:00+02:00">x</time>',
            datetime(2024, 4, 28, 7, tzinfo=UTC),
            0,
            id="they disagree: json-ld is believed",
        ),
        pytest.param(
            stated('{"@type": "NewsArticle", "datePublished": "0001-01-01 00:00:00Z"}'),
            '<time datetime="2024-04-28T09:30:00+02:00">x</time>',
            datetime(2024, 4, 28, 7, 30, tzinfo=UTC),
            120,
            id="year 1 is none",
        ),
        pytest.param(
            '<meta property="article:published_time" content="2024-04-28T07:00:00+00:00">',
            "",
            datetime(2024, 4, 28, 7, tzinfo=UTC),
            0,
            id="meta",
        ),
        pytest.param("", '<p class="when">January 18, 2013</p>', datetime(2013, 1, 18, tzinfo=UTC), None, id="a day"),
        pytest.param(
            "",
            '<p class="when">March 18, 2024 19:36 GMT</p>',
            datetime(2024, 3, 18, 19, 36, tzinfo=UTC),
            0,
            id="visible time with zone",
        ),
        pytest.param("", '<p class="when">28 minutes ago</p>', None, None, id="relative"),
        pytest.param("", '<p class="when">January 01, 0001</p>', None, None, id="visible year 1"),
        pytest.param("", '<p class="when">in May</p>', None, None, id="no whole date"),
        pytest.param("", '<time datetime="2024-13-45T99:00:00Z">x</time>', None, None, id="no such day"),
    ],
)
def test_published(tags: str, before: str, published: datetime | None, offset: int | None) -> None:
    read = article(with_head(tags, before=before), plain_site(**BYLINES))
    assert (read.published, read.published_offset) == (published, offset)


def test_disagreement_of_two_places_stays_visible() -> None:
    read = article(
        with_head(
            stated('{"@type": "NewsArticle", "headline": "Another title", "dateModified": "2024-05-01 10:00:00Z"}'),
            '<meta property="og:title" content="A third title">',
        )
    )
    assert read.title == "A post"
    assert read.modified == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert [found for found in read.statements if found.field == "title"] == [
        Statement(field="title", source="layout", value="A post"),
        Statement(field="title", source="json-ld", value="Another title"),
        Statement(field="title", source="meta", value="A third title"),
    ]


@pytest.mark.parametrize(
    ("tags", "before", "authors"),
    [
        pytest.param(
            "", '<p class="by">By <a>Ana Ruvik</a>, <a>Radio Kestra</a></p>', ("Ana Ruvik", "Radio Kestra"), id="links"
        ),
        pytest.param(
            "", '<p class="by">By Ana Ruvik, Radio Kestra</p>', ("Ana Ruvik", "Radio Kestra"), id="plain text"
        ),
        pytest.param("", '<p class="by">BY: Ana Ruvik</p>', ("Ana Ruvik",), id="capital by"),
        pytest.param("", '<p class="by">Byron Tal</p>', ("Byron Tal",), id="a name that begins with by"),
        pytest.param("", '<p class="by"> </p>', (), id="empty"),
        pytest.param(
            stated('{"@type": "Article", "author": [{"name": "Ana Ruvik"}, {"name": "Ana Ruvik"}, "Bo Lund"]}'),
            "",
            ("Ana Ruvik", "Bo Lund"),
            id="json-ld list",
        ),
        pytest.param('<meta name="Author" content="Ana Ruvik">', "", ("Ana Ruvik",), id="meta"),
    ],
)
def test_authors(tags: str, before: str, authors: tuple[str, ...]) -> None:
    assert article(with_head(tags, before=before), plain_site(**BYLINES)).authors == authors


def test_category_stands_not_among_the_tags() -> None:
    read = article(
        with_head(
            stated('{"@type": "NewsArticle", "articleSection": "Watch", "keywords": "Watch, paper,  ink , paper,"}')
        ),
    )
    assert (read.category, read.tags) == ("Watch", ("paper", "ink"))


@pytest.mark.parametrize(
    ("page_bytes", "language"),
    [
        (page("<p>x</p>").replace(b"<html>", b'<html lang="en-US">'), "en"),
        (page("<p>x</p>").replace(b"<html>", b'<html lang="FA">'), "fa"),
        (page("<p>x</p>", stated('{"@type": "Article", "inLanguage": "ru_RU"}')), "ru"),
        (page("<p>x</p>"), None),
    ],
)
def test_language_is_the_main_tag(page_bytes: bytes, language: str | None) -> None:
    assert article(page_bytes).language == language


@pytest.mark.parametrize(
    "json",
    [
        "",
        "{",
        "[" * 100_000,
        '{"@type": "NewsArticle", "headline": ' + "9" * 5000 + "}",
        '{"@type": ["NewsArticle"], "headline": {"name": []}, "author": [[["x"]]], "keywords": {"a": 1}}',
        '{"@type": {"@type": "NewsArticle"}, "datePublished": 12}',
        "[null, 1, true, [], {}]",
        '{"@type": "ClaimReview", "headline": "Not the article"}',
    ],
)
def test_odd_json_ld_says_nothing(json: str) -> None:
    assert article(with_head(stated(json))).title == "A post"


def test_article_is_believed_before_the_film_beside_it() -> None:
    film, own = (
        '{"@type": "VideoObject", "articleSection": "Film"}',
        '{"@type": "NewsArticle", "articleSection": "Own"}',
    )
    assert article(with_head(stated(film), stated(own))).category == "Own"
    assert article(with_head(stated(film))).category == "Film"


def test_json_ld_is_found_in_a_graph() -> None:
    graph = (
        '{"@context": "x", "@graph": [{"@type": "Organization"}, {"@type": "BlogPosting", "articleSection": "Deep"}]}'
    )
    assert article(with_head(stated(graph))).category == "Deep"


@pytest.mark.parametrize(
    ("link", "canonical"),
    [
        ("https://www.rferl.org/a/other-slug/31234567.html", "https://www.rferl.org/a/other-slug/31234567.html"),
        ("/a/31234567.html", "https://www.rferl.org/a/31234567.html"),
        ("https://elsewhere.example/a/31234567.html", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_canonical_url_must_name_a_post_of_the_blog(link: str, canonical: str | None) -> None:
    assert article(with_head(f'<link rel="canonical" href="{link}">')).canonical_url == canonical


def test_title_without_heading_is_the_page_s(site: Site) -> None:
    payload = page("<p>Some words.</p>", "<title>  From   the head </title>").replace(b"<h1>A post</h1>", b"")
    assert article(payload).title == "From the head"
    assert site.layouts[0].title[0] == "h1.pg-title"
