"""A night on which the template's classes are gone is no night of edits."""

from datetime import UTC, datetime

from archive.config import shipped_sites
from archive.ingest import text_hash
from archive.site import load_site
from archive.text import read_post
from crawler.replica import Post, fictional_blog
from crawler.replica.article_page import article_page
from crawler.replica.model import Template

NIGHT = datetime(2026, 8, 1, 3, tzinfo=UTC)


def test_page_without_its_classes_is_drift_where_its_text_reads_otherwise() -> None:
    site = load_site(shipped_sites() / "rferl-watchdog.toml")
    blog = fictional_blog(posts=24)

    def page_of(post: Post, html: str) -> object:
        kind = "text/html; charset=utf-8"
        page = read_post(html.encode(), content_type=kind, url=post.url, site=site, captured=NIGHT)
        return text_hash(page.article) if page.article and not page.article.alarms else None

    posts = [post for post in blog.listing() if post.template is not Template.T2013]
    assert posts
    for post in posts:
        html = article_page(post, blog.column())
        drifted = page_of(post, html.replace("class=", "data-c="))
        assert drifted in {None, page_of(post, html)}, post.id
