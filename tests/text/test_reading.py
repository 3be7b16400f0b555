"""The one door to the readers: purpose and status say who reads."""

import pytest

from archive.model import Feed, Listing, Page, PageOutcome, Purpose
from archive.reading import read
from tests.text.conftest import NOW, URL, blog, rendered, watchdog

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=windows-1251\r\nX: y\r\n\r\n"


@pytest.mark.parametrize(
    ("purpose", "kind"),
    [
        (Purpose.LISTING, Listing),
        (Purpose.DAY_PAGE, Listing),
        (Purpose.POST, Page),
        (Purpose.FEED, Feed),
        (Purpose.SITEMAP, Feed),
        (Purpose.ROBOTS, type(None)),
        (Purpose.OTHER, type(None)),
    ],
)
def test_purpose_says_who_reads(purpose: Purpose, kind: type) -> None:
    found = read(purpose=purpose, status=200, head=HEAD, payload=b"<p>x", url=URL, time=NOW, site=watchdog())
    assert type(found) is kind


@pytest.mark.parametrize("status", [None, 100, 301, 304, 403, 404, 500])
def test_answer_that_promises_no_page_is_not_read(status: int | None) -> None:
    page = rendered(blog().listing()[0])
    assert (
        read(purpose=Purpose.POST, status=status, head=HEAD, payload=page, url=URL, time=NOW, site=watchdog()) is None
    )


@pytest.mark.parametrize(
    "head",
    [HEAD, HEAD.replace(b"\r\n", b"\n"), HEAD.replace(b"Content-Type:", b"cOnTeNt-tYpE :"), HEAD.replace(b": ", b":")],
)
def test_charset_comes_from_the_answer_s_head_however_it_is_written(head: bytes) -> None:
    page = '<body class="pg-article"><h1>Ёж</h1><div id="article-content"><p>Слова.</p></div>'.encode("cp1251")
    found = read(purpose=Purpose.POST, status=200, head=head, payload=page, url=URL, time=NOW, site=watchdog())
    assert isinstance(found, Page)
    assert found.article is not None
    assert found.article.title == "Ёж"


def test_head_without_content_type_leaves_it_to_the_page() -> None:
    page = rendered(blog().listing()[0])
    found = read(purpose=Purpose.POST, status=200, head=b"", payload=page, url=URL, time=NOW, site=watchdog())
    assert isinstance(found, Page)
    assert found.outcome is PageOutcome.LAYOUT_DRIFT
    assert found.article is not None
    assert "another-post" in found.article.alarms[0]
