"""An archived post looks in a real browser as its live page did: text, pictures, boxes, and every pixel's surroundings.

The live page comes from the replica over TLS, with its scripts as any reader has them; the archived one is drawn as
``vigil screenshot`` draws it, with ``--scripts`` and, once, without (then the live page is looked at without scripts
too: a page may look different where none runs). Two differences are allowed: what the page's own record names as left
out (sounds and films) or not found, and the icon of the browser's tab, for which Chromium asks at its leisure.
``pytest -rP`` shows the scores.
"""

import json
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from PIL import Image
from skimage.metrics import structural_similarity

from archive import browser, screenshot
from archive.browser import Shown
from archive.query import Archive
from crawler.replica import Post, ReplicaServer, fictional_blog
from crawler.replica.model import Template
from tests.evidence.browsing import Browser
from tests.stories.nightfall import Nightfall
from tests.stories.story import Story

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.reader,
    pytest.mark.skipif(browser.find_program() is None, reason="needs Chromium (Debian: chromium)"),
]

ALIKE = 0.98
"""Structural similarity from which two pictures are taken for the same page."""
LOOK = """\
JSON.stringify({
  text: document.body.innerText,
  images: [...document.images].map(one => [one.currentSrc, one.naturalWidth, one.getAttribute('src') || '']),
  boxes: [...document.querySelectorAll('h1, p, img')].map(one => {
    const box = one.getBoundingClientRect();
    return [one.localName, box.x, box.y, box.width, box.height];
  }),
})
"""


@dataclass(kw_only=True)
class Sight:
    """What a browser shows of a page, and which addresses it asked for."""

    picture: bytes
    text: str
    images: list[tuple[str, int, str]]
    boxes: list[tuple[str, float, float, float, float]]
    asked: set[str]

    @property
    def loaded(self) -> list[tuple[str, int]]:
        return [(url, width) for url, width, _ in self.images if width]

    @property
    def missing(self) -> list[str]:
        """Pictures with an address that show nothing."""
        return [source for _, width, source in self.images if source and not width]


@dataclass(kw_only=True)
class Night:
    """A crawled blog with a post of each generation of the site's template."""

    story: Story
    posts: dict[Template, Post]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    blog = fictional_blog(posts=12)
    oldest = min(blog.listing(), key=lambda post: post.published)
    older = replace(oldest, id=oldest.id - 1000, slug=None, title="A Lamp Of 2013", template=Template.T2013, offset=0)
    blog.publish(replace(older, has_breaks=True, has_json_ld=False))
    with ReplicaServer(blog, has_tls=True) as server:
        story = Story(blog=blog, server=server, folder=tmp_path_factory.mktemp("alike"))
        assert Nightfall(story=story).crawl(blog.now) == 0
        yield Night(story=story, posts={post.template: post for post in blog.listing()})


def seen(look: str, picture: bytes, asked: set[str]) -> Sight:
    told: dict[str, Any] = json.loads(look)
    images = [(url, width, source) for url, width, source in told["images"]]
    boxes = [(name, x, y, width, height) for name, x, y, width, height in told["boxes"]]
    asked = {url for url in asked if not url.startswith("data:") and not is_icon(url)}
    return Sight(picture=picture, text=told["text"], images=images, boxes=boxes, asked=asked)


def is_icon(url: str) -> bool:
    return url.endswith((".ico", "/touch.png"))


def look_at_live_page(night: Night, post: Post, folder: Path, *, runs_scripts: bool) -> Sight:
    """Open a post at the replica, whose authority the browser trusts, and which is all that it can reach."""
    server = night.story.server
    key = load_pem_x509_certificate(server.ca_pem).public_key()
    pin = b64encode(sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()).decode()
    host, port = server.tls_address
    words = (f"--host-resolver-rules=MAP * {host}:{port}", f"--ignore-certificate-errors-spki-list={pin}")
    with Browser(folder, *words, "--hide-scrollbars") as live:
        live.resize(*screenshot.DESKTOP)
        live.let_scripts_run(runs_scripts)
        live.open(post.url)
        look = live.ask(LOOK)
        live.picture(folder / "live.png")
        return seen(look, (folder / "live.png").read_bytes(), set(live.asked))


def look_at_archived_page(
    night: Night, post: Post, *, runs_scripts: bool, lacks: Callable[[str], bool] = lambda _: False
) -> tuple[Sight, list[str]]:
    """Open a post from the archive, which may lack some of it; give also what the page was refused."""
    with Archive.open(night.story.collection) as archive:
        page = next(one for one in archive.captures(str(post.id)) if one.capture.status == 200)
        archived = screenshot.ArchivedPage(archive, page)
        width, height = screenshot.DESKTOP

        def answer(url: str) -> Shown | None:
            return None if lacks(url) else archived.answer(url)

        with browser.Browser(answer, width=width, height=height, runs_scripts=runs_scripts) as window:
            window.open(page.capture.url)
            look = window.call("Runtime.evaluate", expression=LOOK, returnByValue=True)["result"]["value"]
            return seen(look, window.picture(), set(archived.given)), [
                url for url in window.refused if not is_icon(url)
            ]


def left_out(night: Night, post: Post) -> set[str]:
    """Give the addresses that the page's record names as left out (sounds and films, by default) or as not found."""
    with Archive.open(night.story.collection) as archive:
        page = next(one for one in archive.captures(str(post.id)) if one.capture.status == 200)
        found = archive.pages.gathered(page.capture)
    assert found is not None
    not_found = {capture.url for _, capture in found.members if (capture.status or 0) >= 400}
    return not_found | {lack.url for lack in found.left_out}


def similarity(one: bytes, other: bytes) -> float:
    """Structural similarity of two pictures (Wang et al. 2004), over the larger of both sizes, white beyond an edge."""
    pictures = [Image.open(BytesIO(data)).convert("RGB") for data in (one, other)]
    size = max(picture.width for picture in pictures), max(picture.height for picture in pictures)
    sheets = [Image.new("RGB", size, "white") for _ in pictures]
    for sheet, picture in zip(sheets, pictures, strict=True):
        sheet.paste(picture)
    compare: Callable[..., float] = structural_similarity  # it comes without types
    return float(compare(*map(np.asarray, sheets), channel_axis=2))


SAMPLE = [
    pytest.param(Template.T2021, True, 10, id="2021 with scripts"),
    pytest.param(Template.T2018, True, 10, id="2018 with scripts"),
    pytest.param(Template.T2013, True, 0, id="2013 with scripts", marks=pytest.mark.slow),
    pytest.param(Template.T2021, False, 10, id="2021 without scripts", marks=pytest.mark.slow),
]
"""Template, whether scripts run, and how many pictures the page has at least."""


@pytest.mark.parametrize(("template", "runs_scripts", "pictures"), SAMPLE)
def test_archived_page_looks_as_the_live_one_and_asks_nobody(
    night: Night,
    template: Template,
    runs_scripts: bool,  # noqa: FBT001  a parameter of the table
    pictures: int,
    tmp_path: Path,
) -> None:
    post = night.posts[template]
    live = look_at_live_page(night, post, tmp_path, runs_scripts=runs_scripts)
    mark = len(night.story.server.log)
    archived, refused = look_at_archived_page(night, post, runs_scripts=runs_scripts)
    score = similarity(live.picture, archived.picture)
    sys.stdout.write(f"similarity {score:.4f}, {len(archived.loaded)} pictures, {len(archived.boxes)} boxes\n")
    assert post.title in live.text, "the live page was there to be compared with"
    assert archived.text == live.text
    assert (archived.missing, archived.loaded) == ([], live.loaded)
    assert len(archived.loaded) >= pictures
    assert archived.boxes == live.boxes
    assert score >= ALIKE
    lacks = left_out(night, post)
    assert set(refused) <= lacks, "what the archive does not hold it names"
    assert archived.asked == live.asked - lacks
    assert len(night.story.server.log) == mark, "the live site was not asked"


LACKING = [("its style", ".css"), ("its pictures", ".jpg")]


@pytest.mark.slow
@pytest.mark.parametrize("ending", [row[1] for row in LACKING], ids=[row[0] for row in LACKING])
def test_page_that_lacks_something_does_not_look_alike(night: Night, ending: str) -> None:
    post = night.posts[Template.T2021]
    whole, _ = look_at_archived_page(night, post, runs_scripts=True)
    poor, refused = look_at_archived_page(night, post, runs_scripts=True, lacks=lambda url: ending in url)
    assert refused
    assert poor.boxes != whole.boxes
    assert bool(poor.missing) == (ending == ".jpg")
    assert similarity(whole.picture, poor.picture) < ALIKE
