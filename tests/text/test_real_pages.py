"""The site's own markup, from public copies: what site-facts 2.5 says is lost elsewhere is here, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import html

from archive.model import Article, BlockKind, PageOutcome, Statement
from archive.page import tidy
from archive.site import Site
from archive.text import read_post
from tests.text.conftest import HTML


def sister(site: Site, host: str) -> Site:
    """The same layouts for another site of the same CMS."""
    return replace(site, hosts=(host,), images=replace(site.images, hosts=("gdb.voanews.com",)))


@pytest.fixture(scope="module")
def page_2024(shared_data: Path) -> bytes:
    return (shared_data / "pangea" / "html" / "voanews-article-2024.html").read_bytes()


@pytest.fixture(scope="module")
def article_2024(page_2024: bytes, site: Site) -> Article:
    tree = html.fromstring(page_2024)
    url = tree.xpath("string(//link[@rel='canonical']/@href)")
    read = read_post(
        page_2024,
        content_type=HTML,
        url=url,
        site=sister(site, "www.voanews.com"),
        captured=datetime(2024, 4, 28, tzinfo=UTC),
    )
    assert read.outcome is PageOutcome.OK
    assert read.article is not None
    return read.article


def test_article_of_2024_gives_its_exact_fields(article_2024: Article, page_2024: bytes) -> None:
    tree = html.fromstring(page_2024)
    assert article_2024.title == tidy(tree.xpath("string(//meta[@property='og:title']/@content)"))
    assert article_2024.identity == "7585813"
    assert article_2024.canonical_url == article_2024.url
    assert article_2024.authors == tuple(tree.xpath("//a[@class='links__item-link']/@title"))
    assert article_2024.published == datetime(2024, 4, 28, 7, 0, tzinfo=UTC)
    assert article_2024.published_offset == -240
    assert article_2024.modified == datetime(2024, 4, 28, 7, 0, tzinfo=UTC)
    assert article_2024.dateline == tree.xpath("string(//*[@class='dateline'])").removesuffix(" —\xa0")
    assert article_2024.category == tidy(tree.xpath("string(//*[@class='category js-category']/a)"))
    assert ", ".join((article_2024.category, *article_2024.tags)) == tree.xpath(
        "string(//meta[@name='keywords']/@content)"
    )
    assert article_2024.language == "en"


def test_article_of_2024_gives_every_paragraph_and_nothing_else(article_2024: Article, page_2024: bytes) -> None:
    paragraphs = html.fromstring(page_2024).xpath("//*[@id='article-content']/div[@class='wsw']/p")
    assert len(paragraphs) == 26
    assert [block.text for block in article_2024.blocks] == [tidy(one.text_content()) for one in paragraphs]
    assert {block.kind for block in article_2024.blocks} == {BlockKind.PARAGRAPH}
    assert article_2024.links == ()


def test_article_of_2024_gives_each_picture_and_caption_once(article_2024: Article, page_2024: bytes) -> None:
    captions = html.fromstring(page_2024).xpath("//*[@class='caption']")
    assert [image.caption for image in article_2024.images] == [tidy(one.text_content()) for one in captions]
    assert all("_" not in image.original.rsplit("/", 1)[-1] for image in article_2024.images)


def test_article_of_2024_says_where_each_field_was_read(article_2024: Article) -> None:
    published = [(found.source, found.value) for found in article_2024.statements if found.field == "published"]
    assert published == [
        ("json-ld", "2024-04-28 07:00:00Z"),
        ("time-element", "2024-04-28T03:00:00-04:00"),
        ("visible-text", "April 28, 2024 3:00 AM"),
    ]
    [author] = article_2024.authors
    assert Statement(field="authors", source="meta", value=author) in article_2024.statements


def test_article_of_2013_keeps_the_paragraph_with_the_drop_cap(shared_data: Path, site: Site) -> None:
    page = (shared_data / "pangea" / "html" / "rferl-article-2013.html").read_bytes()
    url = "http://www.rferl.org/content/sokh-exclave-kyrgyzstan-uzbekistan/24877127.html"
    read = read_post(page, content_type=HTML, url=url, site=site, captured=datetime(2013, 1, 18, tzinfo=UTC))
    assert read.outcome is PageOutcome.OK
    found = read.article
    assert found is not None
    [body] = html.fromstring(page).xpath("//div[@class='zoomMe']")
    [cap] = body.xpath("./span[@class='firstLetter']")
    assert found.blocks[0].text == tidy(cap.text + cap.tail)
    assert [block.text for block in found.blocks if block.kind is BlockKind.HEADING] == body.xpath("./strong/text()")
    body.xpath(".//*[@class='item_hide']")[0].drop_tree()
    assert "".join(block.text for block in found.blocks).replace(" ", "") == tidy(body.text_content()).replace(" ", "")
    assert found.authors == (tidy(body.xpath("string(//div[@class='author']//span)")),)
    assert (found.published, found.published_offset) == (datetime(2013, 1, 18, tzinfo=UTC), None)
    assert found.category == body.xpath("string(//h2[@class='sitetitle']/a)")
    assert found.images[0].caption == tidy(body.xpath("string(//span[@class='imageCaption'])"))


def test_audio_fragment_is_an_item_without_text(shared_data: Path, site: Site) -> None:
    page = (shared_data / "pangea" / "html" / "voa-audio-embed-fragment-2020.html").read_bytes()
    read = read_post(
        page,
        content_type=HTML,
        url="https://www.voacantonese.com/a/5580961.html",
        site=sister(site, "www.voacantonese.com"),
        captured=datetime(2020, 9, 13, tzinfo=UTC),
    )
    assert read.outcome is PageOutcome.OK
    assert read.article is not None
    assert read.article.is_textless
    assert (read.article.blocks, read.article.images, read.article.alarms) == ((), (), ())
