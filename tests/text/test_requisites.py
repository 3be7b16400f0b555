"""What a page needs is found in its bytes, whatever they are."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.config import shipped_sites
from archive.model import OmissionKind
from archive.needs import LeftOut, Role
from archive.requisites import MAX_FOUND, MAX_STYLE_BYTES, Found, choose, in_page, in_style
from archive.site import Site, load_site

PAGE = "https://www.rferl.org/a/hats/30000001.html"
GDB = "https://gdb.rferl.org/01000000-0aff-0242-ac13-08dc5f2b0001"
SITE = load_site(shipped_sites() / "rferl-watchdog.toml")
MEDIA = replace(SITE, requisites=replace(SITE.requisites, media_megabytes=5))
SAMPLES = Path(__file__).parents[3] / "shared/data/pangea/html"


def page(html: str, site: Site = SITE) -> Found:
    return in_page(f"<html><body>{html}</body></html>".encode(), "text/html", PAGE, site)


def wanted(found: Found) -> list[tuple[str, str]]:
    return [(one.role.value, one.url) for one in found.wanted]


def told(found: Found) -> dict[str, OmissionKind]:
    return {one.url: one.kind for one in found.left_out}


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<img src="/a.png">', [("image", "https://www.rferl.org/a.png")]),
        ('<img src="" data-src="/lazy.png">', [("image", "https://www.rferl.org/lazy.png")]),
        ('<noscript><img src="/twin.png"></noscript>', [("image", "https://www.rferl.org/twin.png")]),
        ('<img src="//www.rferl.org/b c.png">', [("image", "https://www.rferl.org/b%20c.png")]),
        ('<img src="a\n.png">', [("image", "https://www.rferl.org/a/hats/a.png")]),
        ('<img src="x.png#top">', [("image", "https://www.rferl.org/a/hats/x.png")]),
        ('<img src="/žluť.png">', [("image", "https://www.rferl.org/%C5%BElu%C5%A5.png")]),
        ('<link rel="shortcut icon" href="/i.ico">', [("icon", "https://www.rferl.org/i.ico")]),
        ('<link rel="stylesheet" href="/s.css">', [("style", "https://www.rferl.org/s.css")]),
        ('<link rel="alternate stylesheet" href="/s.css">', []),
        ('<link rel="preload" as="font" href="/f.woff2">', [("font", "https://www.rferl.org/f.woff2")]),
        ('<script src="/s.js"></script>', [("script", "https://www.rferl.org/s.js")]),
        ('<script type="text/template" src="/s.js"></script>', []),
        ("<p style=\"background:url('/p.png')\">", [("image", "https://www.rferl.org/p.png")]),
        ("<style>p{background:url(/q.png)}</style>", [("image", "https://www.rferl.org/q.png")]),
        ('<video poster="/p.jpg" src="/v.mp4">', [("poster", "https://www.rferl.org/p.jpg")]),
        ('<svg><use href="/icons.svg#bell"/></svg>', [("image", "https://www.rferl.org/icons.svg")]),
        ('<img src="data:image/gif;base64,R0lGOD">', []),
        ('<base href="/deep/"><img src="a.png">', [("image", "https://www.rferl.org/deep/a.png")]),
        ('<img src="../../../../etc/passwd">', [("image", "https://www.rferl.org/etc/passwd")]),
        ('<img src="/a.png"><img src="/a.png">', [("image", "https://www.rferl.org/a.png")]),
    ],
)
def test_page_names_what_it_needs(html: str, expected: list[tuple[str, str]]) -> None:
    assert wanted(page(html)) == expected


def test_picture_is_taken_as_shown_and_in_its_original_size_and_never_in_all_seven() -> None:
    sizes = ", ".join(f"{GDB}_w{width}_r1.jpg {width}w" for width in (144, 256, 408, 650, 1023, 1597))
    found = page(f'<img src="{GDB}_w250_r1.jpg" srcset="{sizes}" sizes="(min-width: 992px) 650px, 100vw">')
    assert wanted(found) == [
        ("image", f"{GDB}_w250_r1.jpg"),
        ("image", f"{GDB}_w650_r1.jpg"),
        ("original", f"{GDB}.jpg"),
    ]


def test_teaser_of_another_post_is_taken_as_shown_only() -> None:
    found = page(f'<aside><img src="{GDB}_w100_r1.jpg"></aside>')
    assert wanted(found) == [("image", f"{GDB}_w100_r1.jpg")]


@pytest.mark.parametrize(
    ("srcset", "sizes", "expected"),
    [
        ("a 1x, b 2x", None, "a"),
        ("a 300w, b 1280w, c 3000w", None, "b"),
        ("a 300w, b 600w", None, "b"),
        ("a 300w, b 600w, c 700w", "50vw", "c"),
        ("a,b 600w", "10px", "a,b"),
        ("a", None, "a"),
        (",,,", None, None),
        ("", None, None),
        ("a 0w, b 0w", "0px", "a"),
    ],
)
def test_one_of_several_sizes_is_chosen_as_a_browser_does(srcset: str, sizes: str | None, expected: str | None) -> None:
    assert choose(srcset, sizes) == expected


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ('@import "a.css";', [("style", "https://www.rferl.org/css/a.css")]),
        ("@import url(a.css) screen;", [("style", "https://www.rferl.org/css/a.css")]),
        ('@namespace url("http://www.w3.org/1999/xhtml");', []),
        ("@media print{p{background:url(../x.png)}}", [("image", "https://www.rferl.org/x.png")]),
        ("p{background:image-set(url(1.png) 1x, url(2.png) 2x)}", [("image", "https://www.rferl.org/css/1.png")]),
        (
            "@font-face{font-family:x;src:url(x.eot);src:url(x.ttf) format('truetype'),url(x.woff2) format('woff2')}",
            [("font", "https://www.rferl.org/css/x.woff2")],
        ),
        (
            "@font-face{src:url(x.eot);src:url(x.ttf) format('truetype')}",
            [("font", "https://www.rferl.org/css/x.ttf")],
        ),
        ("@font-face{src:url(a),url(b) format('woff2')}", [("font", "https://www.rferl.org/css/b")]),
        ("@font-face{src:local(Arial),url(x.ttf)}", [("font", "https://www.rferl.org/css/x.ttf")]),
        ("p{background:url(data:image/png;base64,AAAA)}", []),
        ("/* url(no.png) */ p{content:'url(no.png)'}", []),
        ("p{background:url(", []),
        ("@import 'self.css'; @import 'self.css';", [("style", "https://www.rferl.org/css/self.css")]),
    ],
)
def test_stylesheet_names_what_it_needs(css: str, expected: list[tuple[str, str]]) -> None:
    assert wanted(in_style(css.encode(), "text/css", "https://www.rferl.org/css/s.css", SITE)) == expected


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        ("javascript:alert(1)", OmissionKind.SCHEME),
        ("ftp://www.rferl.org/a.png", OmissionKind.SCHEME),
        ("file:///etc/passwd", OmissionKind.SCHEME),
        ("http://169.254.169.254/latest/meta-data", OmissionKind.PRIVATE_ADDRESS),
        ("http://127.0.0.1/a.png", OmissionKind.PRIVATE_ADDRESS),
        ("http://[::1]/a.png", OmissionKind.PRIVATE_ADDRESS),
        ("http://localhost/a.png", OmissionKind.PRIVATE_ADDRESS),
        ("http://2130706433/a.png", OmissionKind.FOREIGN_HOST),
        ("https://www.rferl.org:22/a.png", OmissionKind.PRIVATE_ADDRESS),
        ("https://user@www.rferl.org/a.png", OmissionKind.PRIVATE_ADDRESS),
        ("https://www.rferl.org@evil.example/a.png", OmissionKind.FOREIGN_HOST),
        ("https://evil.example\\@www.rferl.org/a.png", OmissionKind.FOREIGN_HOST),
        ("https://tracker.example/pixel.gif", OmissionKind.FOREIGN_HOST),
        ("https://www.rferl.org/" + "x" * 3000, OmissionKind.LIMIT),
        ("http://[bad", OmissionKind.SCHEME),
    ],
    ids=lambda value: str(value)[:40],
)
def test_reference_that_leads_elsewhere_is_left_out_with_its_reason(reference: str, kind: OmissionKind) -> None:
    found = page(f'<img src="{reference}">')
    assert found.wanted == ()
    assert list(told(found).values()) == [kind]


def test_media_frames_and_scripts_are_left_out_as_the_site_file_says() -> None:
    html = '<audio src="/a.mp3"></audio><iframe src="/embed/1.html"></iframe><script src="/s.js"></script>'
    plain = replace(SITE, requisites=replace(SITE.requisites, scripts=False))
    assert set(told(page(html, plain)).values()) == {OmissionKind.UNWANTED}
    assert wanted(page(html, MEDIA)) == [
        ("script", "https://www.rferl.org/s.js"),
        ("media", "https://www.rferl.org/a.mp3"),
    ]


def test_hostile_page_of_many_references_ends_with_a_reason() -> None:
    found = page("".join(f'<img src="/{number}.png">' for number in range(MAX_FOUND + 500)))
    assert len(found.wanted) == MAX_FOUND
    assert found.left_out == (
        LeftOut(
            url=PAGE,
            role=Role.IMAGE,
            kind=OmissionKind.LIMIT,
            reason=f"more than {MAX_FOUND} references: those that follow are not read",
        ),
    )


def test_huge_and_deep_stylesheets_are_no_harm() -> None:
    huge = in_style(b"a" * (MAX_STYLE_BYTES + 1), None, PAGE, SITE)
    assert [one.kind for one in huge.left_out] == [OmissionKind.LIMIT]
    deep = b"{(" * 20_000 + b"url(/deep.png)"
    assert wanted(in_style(deep, None, PAGE, SITE)) == [("image", "https://www.rferl.org/deep.png")]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    in_page(data, None, PAGE, SITE)
    in_style(data, None, PAGE, SITE)


_MARKUP = ["<img src=", "<link rel=stylesheet href=", "<style>", "@import ", "url(", " srcset=", " 2x,"]
_PLACES = ["javascript:", "http://", "127.0.0.1", "www.rferl.org", ":80", "@", "/../", "%2e%2e", "//", "#"]
_PIECES = st.sampled_from([*_MARKUP, *_PLACES, ")", "{", "}", '"', ">", ";", "\\", "\t"])


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_nothing_is_ever_wanted_that_the_site_file_does_not_allow(text: str) -> None:
    for found in (page(text, MEDIA), in_style(text.encode(), None, PAGE, MEDIA)):
        for one in found.wanted:
            parts = urlsplit(one.url)
            assert parts.scheme in {"http", "https"}
            assert parts.hostname in SITE.requisite_hosts
            assert parts.username is None
            assert not re.search(r"[\s\x00-\x20]", one.url)
        assert len({one.url for one in found.wanted}) == len(found.wanted)


@given(st.text(max_size=60), st.text(max_size=20))
def test_chosen_size_is_one_of_those_offered(srcset: str, sizes: str) -> None:
    chosen = choose(srcset, sizes)
    assert chosen is None or chosen in srcset


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample pages are not here")
def test_real_pages_name_their_styles_and_pictures_and_no_host_of_others() -> None:
    for sample in sorted(SAMPLES.glob("*article*.html")):
        found = in_page(sample.read_bytes(), "text/html; charset=utf-8", PAGE, SITE)
        assert all(urlsplit(one.url).hostname in SITE.requisite_hosts for one in found.wanted)
        assert len(found.wanted) + len(found.left_out) > 5
