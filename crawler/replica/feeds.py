"""robots.txt, the sitemap family and RSS, with the quirks of the real ones (Facts 1.5, 1.6)."""

import gzip
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape

from crawler.replica.body import words
from crawler.replica.model import CANONICAL_HOST, Post, Zone
from crawler.replica.times import lastmod

ROOT = f"https://{CANONICAL_HOST}"
DEAD_FEED = b"\xef\xbb\xbf\r\n\r\n\r\n\r\n"
"""The 11 bytes that a dead or wrong feed code is answered with, under status 200."""

_DENIED = (
    "/z/*/*/*/*",
    "/ebar*",
    "/api/*",
    "/tv/*/*/*/*/*",
    "/radio/*/*/*/*/*",
    "/schedule/*/*/*/*/*",
    "/*?p=*",
    "/comments/*",
    "/embed/*",
    "/s?k=*",
    "/navigation.html",
    "/captcha/iframe.html",
    "/office365/login.html",
    "/podcast/sublink/*",
)
_URLSET = '<?xml version="1.0" encoding="utf-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def robots_txt() -> bytes:
    """The CMS's rules, "Load more" (``/*?p=*``) forbidden."""
    denied = "\n".join(f"Disallow: {path}" for path in _DENIED)
    return (
        f"Sitemap: {ROOT}/sitemap.xml\nUser-agent:*\n{denied}\nClean-param: layout&fb_comment_id /a/*.html\n"
        "User-agent: AhrefsBot\nDisallow: /\nUser-agent: RavenCrawler\nAllow: /\n"
    ).encode()


def packed(xml: str) -> bytes:
    """A gzip member without file name or time, as the site stores its sitemaps."""
    return gzip.compress(xml.encode(), mtime=0)


def sitemap_index(shards: int, built: datetime) -> bytes:
    """The index: numbered files with the time of their monthly making, the others without."""
    files = [
        f"<sitemap><loc>{ROOT}/sitemap_8_{number}.xml.gz</loc><lastmod>{lastmod(built)}</lastmod></sitemap>"
        for number in sorted(range(1, shards + 1), key=str)
    ]
    others = ("latest", "news", "sections")
    files += [f"<sitemap><loc>{ROOT}/sitemap_8_{name}.xml.gz</loc></sitemap>" for name in others]
    return (
        '<?xml version="1.0" encoding="utf-8"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"{''.join(files)}</sitemapindex>"
    ).encode()


def urlset(entries: Sequence[tuple[str, datetime, str]]) -> bytes:
    """A sitemap file from (URL, lastmod, change frequency)."""
    urls = "".join(
        f"<url><loc>{escape(url)}</loc><lastmod>{lastmod(when)}</lastmod><changefreq>{often}</changefreq>"
        "<priority>0.8</priority></url>"
        for url, when, often in entries
    )
    return packed(f"{_URLSET}>{urls}</urlset>")


def news_sitemap(posts: Sequence[Post]) -> bytes:
    """The last two days in Google's news namespace, with title and publication date."""
    urls = "".join(
        f"<url><loc>{escape(post.url)}</loc><news:news><news:publication><news:name>"
        "RadioFreeEurope/RadioLiberty</news:name>"
        f"<news:language>{post.language}</news:language></news:publication>"
        f"<news:publication_date>{lastmod(post.published)}</news:publication_date>"
        f"<news:title>{words(post.title)}</news:title></news:news></url>"
        for post in posts
    )
    return packed(f'{_URLSET} xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>')


def rss(zone: Zone, posts: Sequence[Post], now: datetime) -> bytes:
    """RSS 2.0 of a zone: ``guid`` is the article's URL, dates are RFC 822."""
    items = "\n".join(
        f"<item><title>{words(post.title)}</title><description>{words(post.description)}</description>"
        f'<link>{post.url}</link><guid isPermaLink="true">{post.url}</guid>'
        f"<pubDate>{format_datetime(post.published)}</pubDate><category>{words(zone.name)}</category></item>"
        for post in posts
    )
    built = posts[0].published if posts else now
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>\n'
        f"<title>{words(zone.name)} - RFE/RL</title><link>{ROOT}/z/{zone.number}</link>\n"
        f"<generator>Pangea CMS – RFE</generator><lastBuildDate>{format_datetime(built)}</lastBuildDate><ttl>60</ttl>\n"
        f"{items}\n</channel></rss>"
    ).encode()
