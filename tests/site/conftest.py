"""A site file of an invented blog with the addresses of the real CMS."""

import pytest

from archive.site import Site, parse_site

BLOG = """\
[site]
id = "harbour-watch"
title = "Harbour Watch"
language = "en"
hosts = ["www.example.org", "example.org", "m.example.org", "www1.example.org", "www.example.eu"]

[identity]
patterns = [
  '^/(?:a|amp)/(?:[^/]+/)?(?P<id>[0-9]+)(?:/lbl[0-9]+lbi[0-9]+)?\\.html$',
  '^/(?:content|articleprintview)/(?:[^/]+/)?(?P<id>[0-9]+)\\.html$',
]
permalink = "/a/{id}.html"
ignored_parameters = ["nocache", "wr"]

[listing]
start = "https://www.example.org/Harbour"
day_page = "https://www.example.org/Harbour/{year}/{month}/{day}"
[listing.more]
button = ["a.link-showMore"]
attributes = ["data-ajax-url", "href"]
headers = { "X-Requested-With" = "XMLHttpRequest" }

[feeds]
sitemaps = ["https://www.example.org/sitemap.xml"]

[[layouts]]
name = "present"
body = ["#article-content .wsw"]
[[layouts]]
name = "old"
until = 2016-01-01

[images]
hosts = ["gdb.example.org"]
original = ['_w[0-9]+(\\.[a-z]+)$', '\\1']

[[robots.exceptions]]
rule = "/*?p=*"
urls = ['https://www\\.example\\.org/Harbour\\?p=[0-9]+']
reason = "The blog cannot be read to its end without it."

[politeness]
delay = 3
jitter = 0.25
"""

SLUGS = """\
[site]
id = "quiet-lantern"
title = "Quiet Lantern"
hosts = ["lantern.example", "www.lantern.example"]
[identity]
patterns = ['^/journal/(?P<slug>[^/?]+)/?(?:amp/?)?$', '^/p/(?P<slug>[^/]+)$']
permalink = "/journal/{slug}/"
[listing]
start = "https://lantern.example/journal/"
"""


@pytest.fixture(scope="session")
def toml() -> str:
    return BLOG


@pytest.fixture(scope="session")
def blog() -> Site:
    return parse_site(BLOG.encode(), "harbour-watch.toml")


@pytest.fixture(scope="session")
def slug_blog() -> Site:
    return parse_site(SLUGS.encode(), "quiet-lantern.toml")
