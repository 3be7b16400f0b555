"""Pictures: each once, with the original's URL, the caption once."""

import pytest

from archive.model import Image
from archive.site import Site
from tests.text.conftest import article
from tests.text.test_lines import LONG, body_page

GUID = "https://gdb.rferl.org/01000000-0aff-0242-d5d7-08dc658aabd0"
OLD = "https://gdb.rferl.org/6BA7B86F-E07D-429C-9C7A-EDB1322B96EC"


def images(body: str, site: Site) -> tuple[Image, ...]:
    return article(body_page(f"<p>{LONG}</p>{body}"), site).images


def figure(inner: str, caption: str | None = None) -> str:
    told = f'<figcaption><span class="caption">{caption}</span></figcaption>' if caption else ""
    return f'<div class="wsw__embed"><figure class="media-image"><div class="thumb">{inner}</div>{told}</figure></div>'


@pytest.mark.parametrize(
    ("url", "original"),
    [
        (f"{GUID}_w250_r1_s.jpg", f"{GUID}.jpg"),
        (f"{GUID}_cx0_cy9_cw0_w1080_h608.png", f"{GUID}.png"),
        (f"{GUID}_tv_w1200_r1.webp", f"{GUID}.webp"),
        (f"{OLD}_mw1024_n_s.gif", f"{OLD}.gif"),
        (f"{GUID}.jpg", f"{GUID}.jpg"),
    ],
)
def test_original_is_the_name_without_modifiers(url: str, original: str, site: Site) -> None:
    assert images(figure(f'<img src="{url}">'), site) == (Image(url=url, original=original, caption=None),)


@pytest.mark.parametrize(
    ("inner", "told", "caption"),
    [
        pytest.param('alt="A lamp."', "A lamp.", "A lamp.", id="alt and caption"),
        pytest.param('alt="A lamp, unlit."', "A lamp.", "A lamp.", id="alt says something else"),
        pytest.param('alt=""', "A lamp.", "A lamp.", id="empty alt"),
        pytest.param("", "A lamp.", "A lamp.", id="no alt"),
        pytest.param('alt="A lamp."', None, "A lamp.", id="alt alone"),
        pytest.param('alt=" "', None, None, id="neither"),
    ],
)
def test_caption_is_there_once(inner: str, told: str | None, caption: str | None, site: Site) -> None:
    [image] = images(figure(f'<img src="{GUID}_w250.jpg" {inner}>', told), site)
    assert image.caption == caption


def test_lazy_picture_and_its_noscript_copy_are_one(site: Site) -> None:
    inner = f'<noscript><img src="{GUID}_w160_r1.jpg"></noscript><img data-src="{GUID}_w33_r1.jpg" src="">'
    assert [image.original for image in images(figure(inner, "A lamp."), site)] == [f"{GUID}.jpg"]


def test_same_picture_twice_is_one_with_the_caption_of_either(site: Site) -> None:
    body = figure(f'<img src="{GUID}_w250.jpg">') + figure(f'<img src="{GUID}_w650.jpg">', "A lamp.")
    assert images(body, site) == (Image(url=f"{GUID}_w250.jpg", original=f"{GUID}.jpg", caption="A lamp."),)


@pytest.mark.parametrize(
    "other",
    [
        '<div class="c-mmp"><img src="/Content/responsive/img/player-spinner.png" alt="please wait"></div>',
        f'<div class="media-block"><figure><img src="{OLD}_w100.jpg" alt="Another post"></figure></div>',
        '<img src="">',
        '<img src="data:image/gif;base64,R0lGOD">',
        '<img src="https://counter.example/pixel.gif">',
        "<img>",
    ],
)
def test_what_is_no_picture_of_the_post_stays_out(other: str, site: Site) -> None:
    assert images(other, site) == ()


def test_cover_comes_first(site: Site) -> None:
    payload = body_page(f"<p>{LONG}</p>{figure(f'<img src={OLD}_w250.jpg>')}")
    cover = f'<div class="cover-media"><figure><img src="{GUID}_w250.jpg"></figure></div>'
    read = article(payload.replace(b"<h1>", f"{cover}<h1>".encode()), site)
    assert [image.original for image in read.images] == [f"{GUID}.jpg", f"{OLD}.jpg"]


def test_saved_copy_points_to_the_picture_by_its_link(site: Site) -> None:
    inner = f'<a href="{OLD}_mw1024_n_s.jpg"><img src="./page_files/lamp.jpg"></a>'
    assert [image.url for image in images(figure(inner), site)] == [f"{OLD}_mw1024_n_s.jpg"]
