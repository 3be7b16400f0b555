"""The second blog keeps its promises."""

import json
import re

import lxml.html
import pytest

from crawler.replica import RawServer
from tests.blogs.second_blog import HOST, IMAGE_HOST, Paging, SecondBlog
from tests.replica.client import Got, get

CARD = re.compile(r'<h2 class="entrada__titulo"><a href="([^"]+)"')


@pytest.fixture(params=list(Paging))
def blog(request: pytest.FixtureRequest) -> SecondBlog:
    paging: Paging = request.param
    return SecondBlog(paging=paging)


def ask(server: RawServer, target: str, host: str = HOST) -> Got:
    return get(server, target, host=host)


def walk(server: RawServer, paging: Paging) -> list[str]:
    found: list[str] = []
    page = ask(server, "/").text
    found += CARD.findall(page)
    pattern = r'rel="next" href="([^"]+)"' if paging is Paging.NEXT else r'data-siguiente="([^"]+)"'
    button = re.search(pattern, page)
    target = button[1] if button else None
    while target:
        text = ask(server, target).text
        if paging is Paging.JSON:
            data = json.loads(text)
            text, target = data["html"], data["next"]
        else:
            button = re.search(pattern, text)
            target = button[1] if button else None
        found += CARD.findall(text)
    return found


def test_walking_the_listing_shows_every_entry_once(blog: SecondBlog) -> None:
    with RawServer(blog.respond) as server:
        assert walk(server, blog.paging) == [entry.path for entry in blog.entries]
        assert len(server.log) == 5
    assert len({entry.path for entry in blog.entries}) == 40


def test_listing_shows_no_full_text(blog: SecondBlog) -> None:
    with RawServer(blog.respond) as server:
        page = ask(server, "/").text
    texts = [block.text for entry in blog.entries for block in entry.blocks if block.kind == "paragraph"]
    assert not any(text in page for text in texts)


def test_entry_pages_hold_their_truth(blog: SecondBlog) -> None:
    with RawServer(blog.respond) as server:
        for entry in blog.entries:
            got = ask(server, entry.path)
            charset = "iso-8859-1" if entry.is_latin_1 else "utf-8"
            assert got.headers["content-type"] == f"text/html; charset={charset}"
            document = lxml.html.document_fromstring(got.body.decode(charset))
            body = document.find_class("e-content")[0]
            texts = [" ".join(element.text_content().split()) for element in body.iter("p", "h3", "li")]
            assert texts == [block.text for block in entry.truth.blocks]
            assert document.find_class("p-name")[0].text_content() == entry.truth.title


def test_one_entry_is_not_utf_8(blog: SecondBlog) -> None:
    (odd,) = [entry for entry in blog.entries if entry.is_latin_1]
    with RawServer(blog.respond) as server, pytest.raises(UnicodeDecodeError):
        ask(server, odd.path).body.decode("utf-8")


def test_atom_feed_robots_pictures_and_404(blog: SecondBlog) -> None:
    with RawServer(blog.respond) as server:
        assert ask(server, "/atom.xml").text.count("<entry>") == 10
        assert "Disallow: /privado/" in ask(server, "/robots.txt").text
        image = next(image for entry in blog.entries for image in entry.truth.images)
        for url in (image.url, image.original):
            assert ask(server, "/" + url.rpartition("/")[2], IMAGE_HOST).body.startswith(b"\xff\xd8")
        for target in ("/2020/01/no-hay/", "/pagina/99/", "/api/entradas?desde=x", "/nada"):
            assert ask(server, target).status == 404


def test_new_entry_comes_first(blog: SecondBlog) -> None:
    with RawServer(blog.respond) as server:
        entry = blog.write("Una entrada nueva", "Dice poco.")
        assert (
            CARD.findall(ask(server, "/").text)[0]
            == entry.path
            == f"/{blog.entries[0].published:%Y/%m}/una-entrada-nueva/"
        )
        assert "Dice poco." in ask(server, entry.path).text
