"""Bytes become a tree: character sets, limits, selectors, tidy text."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.cssselect import CSSSelector

from archive.model import PageOutcome
from archive.page import MAX_BYTES, MAX_TAGS, Element, Tree, absolute, decode, has_marker, parse, parse_text, tidy

WORD = "Žluťoučký Ёж"


@pytest.mark.parametrize(
    ("payload", "content_type"),
    [
        pytest.param(WORD.encode(), None, id="nothing said: UTF-8"),
        pytest.param(WORD.encode(), "text/html", id="a header without charset"),
        pytest.param(WORD.encode("utf-16-le"), 'text/html; charset="UTF-16LE"', id="header, in quotes"),
        pytest.param(WORD.encode("utf-16"), "text/html; charset=iso-8859-1", id="the mark beats the header"),
        pytest.param(b'<meta charset="utf-16">' + WORD.encode(), None, id="a meta of UTF-16 cannot be"),
        pytest.param(b'<meta charset="latin-1">' + WORD.encode(), "text/html; charset=utf-8", id="header beats meta"),
        pytest.param(b'<meta charset="unicode_escape">' + WORD.encode(), None, id="no charset of the web"),
        pytest.param(WORD.encode(), "text/html; charset=hex", id="no charset at all"),
        pytest.param(WORD.encode(), "text/html; charset=\u2603", id="nonsense"),
    ],
)
def test_character_set_is_found(payload: bytes, content_type: str | None) -> None:
    assert WORD in decode(payload, content_type)


@pytest.mark.parametrize(
    ("payload", "content_type", "text"),
    [
        ("Ёж".encode("cp1251"), "text/html; charset=windows-1251", "Ёж"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">' + "Ёж".encode("koi8-r"), None, "Ёж"),
        (b"caf\xe9", None, "café"),
        (b"caf\xe9 \x93x\x94", "text/html; charset=iso-8859-1", "café “x”"),
        (b"caf\xe9", "text/html; charset=utf-8", "caf\ufffd"),
    ],
)
def test_old_character_sets_are_read(payload: bytes, content_type: str | None, text: str) -> None:
    assert decode(payload, content_type).endswith(text)


@given(st.binary(max_size=200), st.none() | st.text(max_size=40).map("text/html; charset={}".format))
def test_any_bytes_are_a_tree_or_an_outcome(payload: bytes, content_type: str | None) -> None:
    assert isinstance(parse(payload, content_type), Tree | PageOutcome)


@pytest.mark.parametrize(
    ("payload", "outcome"),
    [
        (b"", PageOutcome.EMPTY),
        (b"\0 \0", PageOutcome.EMPTY),
        (b"<!-- x -->", PageOutcome.UNREADABLE),
        (b"x" * (MAX_BYTES + 1), PageOutcome.UNREADABLE),
        (b"<" * (MAX_TAGS + 1), PageOutcome.UNREADABLE),
        (b"<b>" * 260, PageOutcome.UNREADABLE),
    ],
)
def test_page_beyond_a_limit_has_no_tree(payload: bytes, outcome: PageOutcome) -> None:
    assert parse(payload, None) is outcome


def test_page_at_the_limits_has_a_tree() -> None:
    for payload in (b"x" * MAX_BYTES, b"<p>" * MAX_TAGS, b"<b>" * 200 + b"x"):
        assert isinstance(parse(payload, None), Tree)


def test_page_that_the_parser_takes_for_two_is_one() -> None:
    tree = parse(b'<html/><p class="y">a<p>b', None)
    assert isinstance(tree, Tree)
    assert len(tree.tagged("p")) == 2
    assert tree.in_order(tree.every(["p"])) == tree.tagged("p")


def test_marker_is_found_in_any_unicode_encoding() -> None:
    for encoding in ("utf-8", "utf-16"):
        assert has_marker("<p>the-mark</p>".encode(encoding), ("other", "the-mark"))
    assert not has_marker(b"<p>the mark</p>", ("the-mark",))


TAGS, NAMES = ("p", "div", "a", "li"), ("x", "y", "z")


def elements() -> st.SearchStrategy[str]:
    def opened(inner: str, tag: str, classes: list[str], name: str | None, href: str | None) -> str:
        said = f' class="{" ".join(classes)}"' if classes else ""
        said += (f' id="{name}"' if name else "") + (f' data-k="{href}"' if href is not None else "")
        return f"<{tag}{said}>{inner}</{tag}>"

    names = st.sampled_from(NAMES)
    return st.recursive(
        st.just("t"),
        lambda inner: st.builds(
            opened,
            st.lists(inner, max_size=3).map("".join),
            st.sampled_from(("div", "section", "span", "li")),
            st.lists(names, max_size=3),
            st.none() | names,
            st.none() | st.sampled_from(("", "v", "w")),
        ),
        max_leaves=12,
    )


def parts() -> st.SearchStrategy[str]:
    plain = st.sampled_from(
        ("div", "span", "li", ".x", ".y", "#x", "#z", "div.x", ".x.y", "li#y.z", "[data-k]", "[data-k=v]")
    )
    odd = st.sampled_from(("*", "div:first-child", ".x:not(.y)", "[data-k^=v]", "span, .z", "div > li, #y .x"))
    return st.one_of(plain, plain, plain, odd)


@given(elements(), st.lists(parts(), min_size=1, max_size=3), st.sampled_from((" ", " > ", " + ", " ~ ")))
def test_index_finds_what_xpath_finds(html: str, chain: list[str], combinator: str) -> None:
    tree = parse_text(f"<body>{html}</body>")
    assert isinstance(tree, Tree)
    selector = combinator.join(chain)
    expected: Iterable[Element] = CSSSelector(selector, translator="html")(tree.root)
    assert tree.every([selector]) == set(expected)
    assert tree.first([selector]) == list(expected)
    assert tree.has([selector]) == bool(list(expected))


@given(st.text())
def test_tidy_text_is_one_line_and_stays_as_it_is(text: str) -> None:
    line = tidy(text)
    assert tidy(line) == line
    assert not set(line) & set("\n\r\t\0\u200b\ufeff")


@pytest.mark.parametrize(
    ("base", "url", "found"),
    [
        ("https://a.example/x/y?z#f", "/b", "https://a.example/b"),
        ("https://a.example/x/y", "b?c=1", "https://a.example/x/b?c=1"),
        ("https://a.example/x/y", "?p=2", "https://a.example/x/y?p=2"),
        ("https://a.example/x/y", "/b/../c", "https://a.example/c"),
        ("https://a.example/x/y", "//b.example/c", "https://b.example/c"),
        ("http://a.example", " https://b.example/%c3%A9-/ ", "https://b.example/%c3%A9-/"),
        ("https://a.example/", "/a b", "https://a.example/a b"),
        ("https://a.example/", "https://[::1]:8/x", "https://[::1]:8/x"),
        ("https://a.example/", "https://[x", None),
        ("https://a.example/", "//[x", None),
        ("https://a.example/", "javascript:x", None),
        ("https://a.example/", "mailto:a@b.example", None),
        ("no base", "/x", None),
    ],
)
def test_url_is_made_absolute(base: str, url: str, found: str | None) -> None:
    assert absolute(base, url) == found
