"""Which post a URL names, in every spelling that copies of the CMS's pages hold (site-facts 1.1, 1.2)."""

import gzip
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.site import Site, identify, parse_site, permalink

SITEMAPS = Path(__file__).parents[2].parent / "shared" / "data" / "pangea" / "sitemaps" / "www.rferl.org"

SAME_POST = {
    "slug": "https://www.example.org/a/ferry-stays-in-port/31991838.html",
    "no slug": "https://www.example.org/a/31991838.html",
    "other slug": "https://www.example.org/a/ferry-sails-at-last/31991838.html",
    "slug of 2009": "https://www.example.org/a/Ferry_Stays_In_Port/31991838.html",
    "slug ending in a hyphen": "https://www.example.org/a/ferry-stays-/31991838.html",
    "slug in lower-case hex": "https://www.example.org/a/%c3%a9migr%c3%a9-ferry/31991838.html",
    "slug in letters": "https://www.example.org/a/émigré-ferry/31991838.html",
    "amp": "https://www.example.org/amp/ferry-stays-in-port/31991838.html",
    "amp without slug": "https://www.example.org/amp/31991838.html",
    "content": "https://www.example.org/content/ferry-stays-in-port/31991838.html",
    "content/article": "https://www.example.org/content/article/31991838.html",
    "content/feature": "https://www.example.org/content/feature/31991838.html",
    "content without slug": "https://www.example.org/content/31991838.html",
    "print view": "https://www.example.org/articleprintview/31991838.html",
    "bare host": "https://example.org/a/ferry-stays-in-port/31991838.html",
    "m.": "https://m.example.org/a/ferry-stays-in-port/31991838.html",
    "www1.": "https://www1.example.org/a/ferry-stays-in-port/31991838.html",
    ".eu": "https://www.example.eu/a/ferry-stays-in-port/31991838.html",
    "plain http": "http://www.example.org/a/ferry-stays-in-port/31991838.html",
    "default port": "https://www.example.org:443/a/ferry-stays-in-port/31991838.html",
    "empty port": "https://www.example.org:/a/ferry-stays-in-port/31991838.html",
    "host in capitals": "HTTPS://WWW.EXAMPLE.ORG/a/ferry-stays-in-port/31991838.html",
    "host with a dot at the end": "https://www.example.org./a/ferry-stays-in-port/31991838.html",
    "fragment": "https://www.example.org/a/ferry-stays-in-port/31991838.html#comments",
    "tracker": "https://www.example.org/a/ferry-stays-in-port/31991838.html?utm_source=mail&fbclid=1",
    "any query": "https://www.example.org/a/ferry-stays-in-port/31991838.html?nocache=1",
    "live-blog item": "https://www.example.org/a/ferry-stays-in-port/31991838/lbl0lbi442519.html",
    "encoded path": "https://www.example.org/%61/ferry/31991838%2Ehtml",
}

NO_POST = {
    "foreign host": "https://www.example.net/a/ferry-stays-in-port/31991838.html",
    "sister site": "https://gandhara.example.org/a/ferry-stays-in-port/31991838.html",
    "staging": "https://staging.example.org/a/ferry-stays-in-port/31991838.html",
    "host that begins like ours": "https://www.example.org.evil.example/a/x/31991838.html",
    "our host as user name": "https://www.example.org@evil.example/a/x/31991838.html",
    "our host as user name and port": "https://www.example.org:443@evil.example/a/x/31991838.html",
    "our host after a backslash": "https://evil.example\\@www.example.org/a/x/31991838.html",
    "user name": "https://someone:secret@www.example.org/a/x/31991838.html",
    "zone": "https://www.example.org/z/646",
    "zone day": "https://www.example.org/z/646/2010/12/3",
    "listing": "https://www.example.org/Harbour?p=3",
    "embed": "https://www.example.org/embed/player/0/31991838.html?type=audio",
    "embed of an article": "https://www.example.org/embed/player/article/31991838.html",
    "section of blocks": "https://www.example.org/p/5547.html",
    "author": "https://www.example.org/author/a-writer/yq_ooq",
    "other end": "https://www.example.org/a/ferry/31991838.pdf",
    "article in a parameter": "https://www.example.org/redirect?to=/a/ferry/31991838.html",
    "article in a fragment": "https://www.example.org/#/a/ferry/31991838.html",
    "other scheme": "ftp://www.example.org/a/ferry/31991838.html",
    "javascript": "javascript:void('https://www.example.org/a/ferry/31991838.html')",
    "relative": "/a/ferry/31991838.html",
    "no scheme": "//www.example.org/a/ferry/31991838.html",
    "empty": "",
    "broken address": "https://[::1/a/ferry/31991838.html",
}

SAME_SLUG_POST = {
    "as served": "https://lantern.example/journal/the-last-lamp/",
    "no slash": "https://lantern.example/journal/the-last-lamp",
    "amp": "https://lantern.example/journal/the-last-lamp/amp/",
    "alias host": "http://www.lantern.example/journal/the-last-lamp/",
    "second pattern": "https://lantern.example/p/the-last-lamp",
    "query": "https://lantern.example/journal/the-last-lamp/?replytocom=7",
}


@pytest.mark.parametrize("url", SAME_POST.values(), ids=SAME_POST)
def test_every_spelling_names_the_same_post(blog: Site, url: str) -> None:
    assert identify(blog, url) == "31991838"


@pytest.mark.parametrize("url", NO_POST.values(), ids=NO_POST)
def test_other_addresses_name_no_post(blog: Site, url: str) -> None:
    assert identify(blog, url) is None


@pytest.mark.parametrize("url", SAME_SLUG_POST.values(), ids=SAME_SLUG_POST)
def test_posts_without_number_are_known_by_their_permalink(slug_blog: Site, url: str) -> None:
    assert identify(slug_blog, url) == "https://lantern.example/journal/the-last-lamp/"


def test_slug_has_one_identity_however_it_is_encoded(slug_blog: Site) -> None:
    spellings = ["caf%c3%a9-noir", "caf%C3%A9-noir", "café-noir"]
    found = {identify(slug_blog, f"https://lantern.example/journal/{slug}/") for slug in spellings}
    assert found == {"https://lantern.example/journal/caf%C3%A9-noir/"}


def test_slug_identity_is_its_own_permalink_and_names_itself(slug_blog: Site) -> None:
    identity = identify(slug_blog, "https://www.lantern.example/p/the-last-lamp")
    assert identity is not None
    assert permalink(slug_blog, identity) == identity
    assert identify(slug_blog, identity) == identity


def test_post_without_number_and_permalink_is_known_by_its_canonical_url() -> None:
    site = parse_site(
        b'[site]\nid="x"\ntitle="X"\nhosts=["x.example"]\n[identity]\npatterns=["^/post/."]\n'
        b'[listing]\nstart="https://x.example/"\n',
        "x.toml",
    )
    assert identify(site, "http://x.example/post/one?utm_source=a#b") == "https://x.example/post/one"


def test_post_named_in_the_query_only_is_found() -> None:
    site = parse_site(
        b'[site]\nid="x"\ntitle="X"\nhosts=["x.example"]\n[identity]\npatterns=["[?&]post=(?P<id>[0-9]+)"]\n'
        b'permalink="/?post={id}"\n[listing]\nstart="http://x.example:8080/"\n',
        "x.toml",
    )
    identity = identify(site, "https://x.example/?a=1&post=77&b=2")
    assert identity == "77"
    assert permalink(site, identity) == "http://x.example:8080/?post=77"


def test_permalink_of_a_number_is_the_short_address(blog: Site) -> None:
    identity = identify(blog, "https://m.example.org/amp/x/31991838.html")
    assert identity is not None
    assert permalink(blog, identity) == "https://www.example.org/a/31991838.html"


@given(st.text())
def test_any_text_may_be_asked_about(text: str) -> None:
    site = parse_site(
        b'[site]\nid="x"\ntitle="X"\nhosts=["x.example"]\n[identity]\npatterns=["^/(?P<slug>.+)$"]\n'
        b'permalink="/{slug}"\n[listing]\nstart="https://x.example/"\n',
        "x.toml",
    )
    identify(site, text)
    found = identify(site, "https://x.example/a" + text)
    assert found is None or found.startswith("https://x.example/")


@pytest.mark.skipif(not SITEMAPS.is_dir(), reason="the site's real sitemap files are not beside this checkout")
def test_a_whole_site_is_identified_in_seconds(blog: Site) -> None:
    urls = [
        url.replace("rferl", "example")
        for path in sorted(SITEMAPS.glob("sitemap_8_[0-9]*.xml.gz"))
        for url in re.findall(r"<loc>([^<]+)</loc>", gzip.decompress(path.read_bytes()).decode())
    ]
    began = time.process_time()
    found = {identify(blog, url) for url in urls}
    took = time.process_time() - began
    assert None not in found
    assert len(found) == len(urls) == 199_499
    assert took < 6
