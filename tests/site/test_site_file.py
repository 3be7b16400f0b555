"""A site file is read whole, or refused with the file's name, the key and what would be right."""

import re
import tomllib
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ConfigError
from archive.site import Site, load_site, parse_site


def test_every_table_of_a_site_file_is_read(blog: Site) -> None:
    assert (blog.id, blog.language, blog.hosts[0]) == ("harbour-watch", "en", "www.example.org")
    assert blog.identity.permalink == "/a/{id}.html"
    assert blog.listing.more.headers == (("X-Requested-With", "XMLHttpRequest"),)
    assert blog.listing.more.attributes == ("data-ajax-url", "href")
    assert [(layout.name, layout.until) for layout in blog.layouts] == [("present", None), ("old", date(2016, 1, 1))]
    assert blog.images.original == (r"_w[0-9]+(\.[a-z]+)$", r"\1")
    assert blog.robots_exceptions[0].rule == "/*?p=*"
    assert blog.politeness.delay == 3.0
    assert isinstance(blog.politeness.delay, float)
    assert blog.politeness.timeout == 60.0, "a key that is left out has its default"


def test_same_bytes_make_the_same_site(toml: str, blog: Site) -> None:
    assert parse_site(toml.encode(), "elsewhere") == blog


REFUSED = {
    "unknown key": ("[politeness]\ndelya = 2", "politeness.delya: is no key", "“delay”"),
    "unknown table": ("[polite]", "polite: is no key", "“politeness”"),
    "key in the wrong table": ("[images]\njitter = 1", "images.jitter: is no key", "“politeness.jitter”"),
    "key like no other": ("[images]\nzzzz = 1", "images.zzzz: is no key", "hosts, original"),
    "unknown key in a list of tables": ("[[layouts]]\nname='x'\nbodi=[]", "layouts[2].bodi: is no key", "“body”"),
    "missing key": ("[[robots.exceptions]]\nrule='/x'\nurls=['x']", "robots.exceptions[1].reason: is missing", ""),
    "negative delay": ("[politeness]\ndelay = -1", "politeness.delay: is -1, it must be a number of seconds", ""),
    "delay with a unit": (
        "[politeness]\ndelay = '2s'",
        "politeness.delay: is “2s”, it must be a number of seconds",
        "",
    ),
    "endless delay": ("[politeness]\ndelay = inf", "politeness.delay: is inf", ""),
    "delay that is no number": ("[politeness]\ndelay = nan", "politeness.delay: is nan", ""),
    "delay beyond all floats": (f"[politeness]\ndelay = 1{'0' * 400}", "politeness.delay: is a very large number", ""),
    "delay of more digits than Python reads": (f"[politeness]\ndelay = 1{'0' * 5000}", "not TOML", ""),
    "true for a number": ("[politeness]\ndelay = true", "politeness.delay: is true", ""),
    "jitter above one": (
        "[politeness]\njitter = 1.5",
        "politeness.jitter: is 1.5, it must be a number, from 0 to 1",
        "",
    ),
    "half a connection": ("[politeness]\nconnections = 1.5", "politeness.connections: is 1.5", "a whole number"),
    "no connection": ("[politeness]\nconnections = 0", "politeness.connections: is 0", ""),
    "bad placeholder": ("[politeness]\nuser_agent = 'vigil {phone}'", "politeness.user_agent: holds {phone}", ""),
    "line break in a header": ('[politeness]\nuser_agent = "a\\r\\nb"', "politeness.user_agent: is", ""),
    "bad regular expression": (
        "[images]\noriginal = ['(', '']",
        "images.original[0]: is “(”, it must be a regular",
        "",
    ),
    "group that is not there": ("[images]\noriginal = ['a', '\\2']", "images.original[1]: names a group", ""),
    "half a replacement": ("[images]\noriginal = ['a']", "images.original: has 1 parts, it must have 2", ""),
    "bad selector": ("[[layouts]]\nname='x'\nbody=['div[']", "layouts[2].body[0]: is “div[”, it must be a CSS", ""),
    "selector without brackets": (
        "[[layouts]]\nname='x'\nbody='div'",
        "layouts[2].body: is “div”, it must be a list",
        "[ “div” ]",
    ),
    "layout twice": ("[[layouts]]\nname='old'\nuntil=2015-01-01", "layouts[2].name: is “old”", ""),
    "layouts out of order": ("[[layouts]]\nname='x'\nuntil=2020-01-01", "layouts[2].until: is later", ""),
    "date in quotes": (
        "[[layouts]]\nname='x'\nuntil='2015-01-01'",
        "layouts[2].until: is “2015-01-01”",
        "without quotes",
    ),
    "date with a time": ("[[layouts]]\nname='x'\nuntil=2015-01-01T10:00:00Z", "layouts[2].until: is 2015", ""),
    "feed elsewhere": (
        "[feeds]\nfeeds=['https://news.example/rss']",
        "feeds.feeds[0]: is on the host “news.example”",
        "",
    ),
    "feed without scheme": ("[feeds]\nfeeds=['www.example.org/rss']", "feeds.feeds[0]: is “www.example.org/rss”", ""),
    "picture host with a scheme": ("[images]\nhosts=['https://gdb.example.org']", "images.hosts[0]: is “https:", ""),
    "exception for nothing": (
        "[[robots.exceptions]]\nrule='/x'\nurls=[]\nreason='x'",
        "robots.exceptions[1].urls: is empty",
        "",
    ),
    "exception without reason": (
        "[[robots.exceptions]]\nrule='/x'\nurls=['x']\nreason=' '",
        "robots.exceptions[1].reason: is",
        "",
    ),
    "table for a list": ("[layouts]\nname='x'", "not TOML", ""),
    "key twice": ("[politeness]\ndelay=1\ndelay=2", "not TOML", ""),
    "no TOML": ("delay: 2", "not TOML", ""),
    "nested without end": ("x = " + "[" * 100_000, "nested too deeply", ""),
}

CHANGED = {
    "start elsewhere": ("https://www.example.org/H", "https://news.example/H", "listing.start: is on the host"),
    "start without scheme": ("https://www.example.org/H", "www.example.org/H", "listing.start: is “www.example.org"),
    "start of another scheme": ("https://www.example.org/H", "ftp://www.example.org/H", "listing.start: is “ftp:"),
    "start with a space": ("https://www.example.org/H", "https://www.example.org/ H", "listing.start: is “https:"),
    "day page without day": ("/{day}", "", "listing.day_page: must hold {day}"),
    "day page with more": ("/{day}", "/{day}/{hour}", "listing.day_page: holds {hour}, it may hold: {day}, {month}"),
    "bad header name": ("X-Requested-With", "X Requested", "listing.more.headers.X Requested: is no name"),
    "bad header value": ("XMLHttpRequest", "a\\nb", "listing.more.headers.X-Requested-With: may hold"),
    "header that is a number": ('"XMLHttpRequest"', "1", "listing.more.headers.X-Requested-With: is 1"),
    "no host": ('hosts = ["www.', 'hosts = [] # ["www.', "site.hosts: is empty"),
    "no pattern": ("patterns = [", "patterns = []\nx = [", "identity.x: is no key"),
    "id of another file": ('"harbour-watch"', '"harbour"', "site.id: is “harbour”, it must be the file's name"),
    "id in capitals": ('"harbour-watch"', '"Harbour Watch"', "site.id: is “Harbour Watch”"),
    "id that climbs": ('"harbour-watch"', '"../../etc"', "site.id: is “../../etc”"),
    "language in words": ('"en"', '"English"', "site.language: is “English”"),
    "permalink without slash": ('"/a/{id}.html"', '"a/{id}.html"', "identity.permalink: is “a/{id}.html”"),
    "permalink of a slug": ('"/a/{id}.html"', '"/a/{slug}"', "identity.permalink: holds {slug}, it may hold: {id}"),
    "table missing": ("[listing]", "[other]", "other: is no key"),
    "list for a table": ("[listing.more]\nbutton", "more = []\n[[layouts]]\nname='x'\nbody", "listing.more: is a list"),
}  # fmt: skip


def _without(toml: str, table: str) -> str:
    """The file without a table, so that the test may write its own; lists of tables are written on."""
    return (
        toml
        if table.startswith("[[")
        else re.sub(rf"^{re.escape(table)}\n(?:[^\[\n].*\n|\n)*", "", toml, flags=re.MULTILINE)
    )


@pytest.mark.parametrize(("addition", "message", "hint"), REFUSED.values(), ids=REFUSED)
def test_wrong_key_is_refused_by_name(toml: str, addition: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_site(
            f"{_without(toml, addition.partition(chr(10))[0])}\n{addition}\n".encode(), "sites/harbour-watch.toml"
        )
    assert str(caught.value).startswith(f"sites/harbour-watch.toml: {message}")
    assert hint in caught.value.hint


@pytest.mark.parametrize(("old", "new", "message"), CHANGED.values(), ids=CHANGED)
def test_wrong_value_is_refused_by_key(toml: str, old: str, new: str, message: str) -> None:
    assert old in toml
    with pytest.raises(ConfigError) as caught:
        parse_site(toml.replace(old, new, 1).encode(), "harbour-watch.toml")
    assert str(caught.value).startswith(f"harbour-watch.toml: {message}")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^blog\.toml: not TOML"):
        parse_site(b"\xff\xfe", "blog.toml")


def test_missing_file_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml: No such file"):
        load_site(tmp_path / "gone.toml")


_VALUES = st.recursive(
    st.sampled_from(
        ["1", "-1", "1e400", "true", "'x'", "''", "nan", "2020-01-01", "'('", "[]", "{}", "'{id}'", "'https://x'"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"), inner.map("{{ x = {} }}".format)
    ),
    max_leaves=4,
)


@pytest.mark.fuzz
@given(st.data())
def test_a_file_with_any_line_changed_is_read_or_refused(toml: str, data: st.DataObject) -> None:
    lines = toml.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    key = lines[at].partition("=")[0]
    lines[at] = data.draw(st.one_of(_VALUES.map(f"{key}= ".__add__), st.text(), st.just("")))
    text = "\n".join(lines)
    with suppress(ConfigError):
        site = parse_site(text.encode(errors="surrogatepass"), "harbour-watch.toml")
        assert site.id == tomllib.loads(text)["site"]["id"]


@pytest.mark.fuzz
@given(st.binary())
def test_any_bytes_are_read_or_refused(junk: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^harbour-watch\.toml: "):
        parse_site(junk, "harbour-watch.toml")
