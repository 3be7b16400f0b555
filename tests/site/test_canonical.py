"""The key under which a URL is indexed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.site import Site, canonical

FOLDED = {
    "fragment": ("https://www.example.org/x#top", "https://www.example.org/x"),
    "alias": ("https://m.example.org/x", "https://www.example.org/x"),
    "alias with plain http": ("http://www.example.eu/x", "https://www.example.org/x"),
    "default port": ("https://www.example.org:443/x", "https://www.example.org/x"),
    "default port of http": ("http://example.org:80/x", "https://www.example.org/x"),
    "host in capitals": ("https://WWW.Example.ORG/x", "https://www.example.org/x"),
    "dot after the host": ("https://www.example.org./x", "https://www.example.org/x"),
    "no path": ("https://www.example.org", "https://www.example.org/"),
    "empty query": ("https://www.example.org/x?", "https://www.example.org/x"),
    "trackers": ("https://www.example.org/x?utm_source=a&fbclid=b&gclid=c&mc_cid=d", "https://www.example.org/x"),
    "ignored here": ("https://www.example.org/x?wr=1&nocache=1&p=2", "https://www.example.org/x?p=2"),
    "order of the query": (
        "https://www.example.org/x?y=2012&p=1&d=28&m=1",
        "https://www.example.org/x?d=28&m=1&p=1&y=2012",
    ),
    "foreign host keeps its scheme": ("HTTP://GDB.example.ORG:80/a_w250.jpg#x", "http://gdb.example.org/a_w250.jpg"),
    "host beyond ASCII": ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
}

KEPT = {
    "capitals": "https://www.example.org/a/Ferry_Stays_In_Port/1201392.html",
    "lower-case hex": "https://www.example.org/a/%c3%a9migr%c3%a9/31.html",
    "hyphen at the end": "https://www.example.org/a/allies-/123.html",
    "two hyphens": "https://www.example.org/a/allies--friends/123.html",
    "page number": "https://www.example.org/Harbour?p=3",
    "day": "https://www.example.org/Harbour?d=28&m=1&p=1&y=2012",
    "repeated parameter": "https://www.example.org/x?tag=b&tag=a",
    "parameter without value": "https://www.example.org/x?print",
    "slash at the end": "https://www.example.org/x/",
    "dots": "https://www.example.org/a/./b/../c",
    "other port": "http://www.example.org:8080/x",
    "mail": "mailto:someone@example.org",
    "urn": "urn:vigil:run:1:start",
    "broken": "https://[::1/x",
    "empty": "",
}


@pytest.mark.parametrize(("url", "key"), FOLDED.values(), ids=FOLDED)
def test_what_means_nothing_is_folded(blog: Site, url: str, key: str) -> None:
    assert canonical(blog, url) == key


@pytest.mark.parametrize("url", KEPT.values(), ids=KEPT)
def test_what_may_mean_something_is_kept(blog: Site, url: str) -> None:
    assert canonical(blog, url) == url


_TOKENS = (
    "http HTTPS https : // / @ www.example.org m.example.org Example.org. .. :443 :80 ? & = # %c3%A9 é p 1 ; \\ [::1] ß"
)
_PARTS = st.lists(st.sampled_from([*_TOKENS.split(), " ", "\n", "utm_source"]), max_size=14).map("".join)


@given(st.one_of(st.text(), _PARTS, _PARTS.map("https://".__add__)))
def test_the_key_of_a_key_is_itself(blog: Site, url: str) -> None:
    key = canonical(blog, url)
    assert canonical(blog, key) == key
