"""The real site's own documents, under their own host names and paths, from the wire to the index."""

import gzip
import hashlib
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import html as lxml_html

from archive.collection import Collection
from archive.config import shipped_sites
from archive.warc import LaidExchange, groups, warc_files
from crawler.replica import BlogSimulator, RawServer, Reply, Request, fictional_blog
from crawler.replica.framing import Answer, html, message
from crawler.replica.model import Picture
from crawler.replica.router import answer
from crawler.replica.tls import make_certificates

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
SITE = "rferl-watchdog"
OLD = "/content/sokh-exclave-kyrgyzstan-uzbekistan/24877127.html"
NEW = "/a/america-s-child-care-crisis-is-holding-back-moms-without-college-degrees-/7585813.html"


@contextmanager
def served(respond: Callable[[Request], Reply], hosts: list[str], folder: Path) -> Iterator[list[str]]:
    certificates = make_certificates(hosts)
    authority = folder / "ca.pem"
    authority.write_bytes(certificates.ca_pem)
    with RawServer(respond, tls=certificates.server_context()) as server:
        address, port = server.tls_address
        yield ["--cacert", str(authority), *(f"--resolve={host}:443:{address}:{port}" for host in hosts)]


def crawl(site: str, folder: Path, route: list[str]) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "crawler",
        "crawl",
        site,
        "--delay",
        "0",
        "--collection",
        str(folder / "c"),
        *route,
    ]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environ, timeout=280, check=False)


def alone(folder: Path) -> Path:
    """Give the shipped site file without requisites: what stands in for the site here serves pages only."""
    path = folder / f"{SITE}.toml"
    text = (shipped_sites() / path.name).read_text()
    path.write_text(text.replace("enabled = true", "enabled = false"))
    return path


def rows(folder: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "c" / "archive.db")) as db:
        return list(map(tuple, db.execute(sql, values)))


def payloads(folder: Path) -> dict[str, str]:
    """SHA-256 of the payload that the archive holds of each path."""
    collection = Collection(folder / "c")
    units = [unit for path in warc_files(collection) for unit in groups(path) if isinstance(unit, LaidExchange)]
    return {urlsplit(unit.capture.url).path: hashlib.sha256(unit.entity()).hexdigest() for unit in units}


def sample_blog(data: Path) -> BlogSimulator:
    """The listing of August 2022: the sample's two posts, on pages of the replica."""
    lines = [line for line in (data / "watchdog-listing-2022-08.txt").read_text().splitlines() if line.strip()]
    body = lines[lines.index("Watchdog") + 1 : lines.index("Load more")]
    starts = [place for place, pair in enumerate(pairwise(body)) if pair[0] == pair[1]]
    blog = fictional_blog(posts=30, others=0)
    for post in blog.listing():
        blog.delete(post.id)
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(body)], strict=True), 1):
        when = blog.now - timedelta(minutes=number)
        written = blog.write(f"Sample {number}", *body[start + 2 : end], slug="sample", when=when)
        blog.delete(written.id)
        cover = Picture(guid=f"01000000-0aff-0242-0000-00000000000{number}", caption=body[start])
        blog.publish(replace(written, id=written.id + 1, cover=cover))
    return blog


def unpacked(body: bytes) -> bytes:
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def rss(*urls: str) -> Answer:
    items = "".join(f"<item><title>t</title><link>{url}</link><guid>{url}</guid></item>" for url in urls)
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Watchdog</title>{items}</channel></rss>'
    return Answer(content_type="application/rss+xml", body=feed.encode())


def real_site(data: Path) -> tuple[dict[str, bytes], Callable[[Request], Reply]]:
    """The site's real files by path, and a server side that gives them, and the sample's listing, under its names."""
    pangea = data / "pangea"
    files = {f"/{path.name}": path.read_bytes() for path in (pangea / "sitemaps" / "www.rferl.org").iterdir()}
    files["/robots.txt"] = (pangea / "robots-pangea.txt").read_bytes()
    files[OLD] = (pangea / "html" / "rferl-article-2013.html").read_bytes()
    kinds = {".gz": "application/x-gzip", ".xml": "text/xml", ".txt": "text/plain", ".html": "text/html; charset=utf-8"}
    blog = sample_blog(data)

    def respond(request: Request) -> Reply:
        path = urlsplit(request.target).path
        if path in files:
            found = Answer(content_type=kinds[Path(path).suffix], body=files[path])
        elif path == "/rss/":
            found = rss(f"https://www.rferl.org{OLD}", f"https://www.voanews.com{NEW}")
        else:
            found = answer(blog, request)
        return message(replace(found, is_compressible=False), request, datetime.now(UTC)).reply()

    return files, respond


def articles_named(files: dict[str, bytes]) -> set[bytes]:
    """Ids of all articles that the sitemaps name."""
    place = re.compile(rb"<loc>https://www\.rferl\.org/a/[^<]*?(\d{4,12})\.html")
    return {found for path, body in files.items() if "sitemap" in path for found in place.findall(unpacked(body))}


@pytest.fixture
def night(shared_data: Path, tmp_path: Path) -> dict[str, bytes]:
    """The real site's files, after a crawl of them with the shipped site file."""
    files, respond = real_site(shared_data)
    with served(respond, ["www.rferl.org"], tmp_path) as route:
        ended = crawl(str(alone(tmp_path)), tmp_path, route)
    assert ended.returncode in {0, 10}, ended.stderr  # the videos sitemap of the index is not among the data
    return files


def test_real_documents_and_sitemaps_are_crawled_with_the_shipped_site_file(
    night: dict[str, bytes], shared_data: Path, tmp_path: Path
) -> None:
    kept = payloads(tmp_path)
    assert {path: kept[path] for path in night} == {
        path: hashlib.sha256(body).hexdigest() for path, body in night.items()
    }
    assert len(articles_named(night)) > 199_499
    assert rows(tmp_path, "SELECT count(*) FROM candidates") == [(len(articles_named(night)),)]
    assert rows(tmp_path, "SELECT kind FROM omissions WHERE url LIKE '%voanews%'") == [("foreign-host",)]
    told = {str(title): str(text) for title, text in rows(tmp_path, "SELECT title, text FROM posts_current")}
    assert set(told) == {"Sokh: In One Tiny Territory, A World Of Problems", "Sample 1", "Sample 2"}
    assert "barbed-wire" in told["Sokh: In One Tiny Territory, A World Of Problems"]
    sample = (shared_data / "watchdog-listing-2022-08.txt").read_text()
    strange = [line for name in ("Sample 1", "Sample 2") for line in told[name].split("\n\n") if line not in sample]
    assert strange == []


def test_real_article_of_a_sister_site_is_crawled_by_changing_hosts_alone(shared_data: Path, tmp_path: Path) -> None:
    page = (shared_data / "pangea" / "html" / "voanews-article-2024.html").read_bytes()
    text = alone(tmp_path).read_text()
    site = tmp_path / "sister.toml"
    lines = [
        line
        for line in text.splitlines()
        if not line.startswith(('hosts = ["www.rferl', "day_page", "feeds =", "sitemaps =", "latest ="))
    ]
    sister = "\n".join(lines).replace('id = "rferl-watchdog"', 'id = "sister"\nhosts = ["www.voanews.com"]')
    sister = sister.replace('https://www.rferl.org/Watchdog"', 'https://www.voanews.com/Watchdog"')
    site.write_text(sister.replace('categories = ["Watchdog"]', ""))

    def respond(request: Request) -> Reply:
        path = urlsplit(request.target).path
        if path == NEW:
            found = Answer(content_type="text/html; charset=utf-8", body=page)
        elif path == "/robots.txt":
            found = Answer(content_type="text/plain", body=(shared_data / "pangea" / "robots-pangea.txt").read_bytes())
        else:
            link = f'<a href="{NEW}"><h4 class="media-block__title">One</h4></a>'
            found = html(
                f'<div id="content">{link}<div class="wsw">x</div></div><div class="responsive-indicator"></div>'
            )
        return message(replace(found, is_compressible=False), request, datetime.now(UTC)).reply()

    with served(respond, ["www.voanews.com"], tmp_path) as route:
        ended = crawl(str(site), tmp_path, route)
    assert ended.returncode == 0, ended.stderr
    assert payloads(tmp_path)[NEW] == hashlib.sha256(page).hexdigest()
    [(title, told, published)] = rows(tmp_path, "SELECT title, text, published FROM posts_current")
    tree = lxml_html.fromstring(page)
    paragraphs = [" ".join(p.text_content().split()) for p in tree.cssselect("#article-content .wsw > p")]
    assert title == str(tree.cssselect("meta[property='og:title']")[0].get("content")).strip()
    assert published == "2024-04-28T07:00:00Z"
    for paragraph in filter(None, paragraphs):
        assert paragraph in str(told)
