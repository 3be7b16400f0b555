"""The shipped site files, on the real site's own addresses."""

import gzip
import re
from pathlib import Path

import pytest

from archive.config import shipped_sites
from archive.site import Site, canonical, identify, load_site

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "pangea"
SHIPPED = sorted(shipped_sites().glob("*.toml"))
pages = pytest.mark.skipif(
    not DATA.is_dir(), reason="the notes' copies of the real site's files are not beside this checkout"
)


@pytest.fixture(scope="module")
def watchdog() -> Site:
    return load_site(shipped_sites() / "rferl-watchdog.toml")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_file_is_sound(path: Path) -> None:
    assert load_site(path).id == path.stem


@pages
def test_every_article_of_the_real_sitemaps_is_a_post_of_its_own(watchdog: Site) -> None:
    urls = [
        url
        for path in (DATA / "sitemaps" / "www.rferl.org").glob("sitemap_8_[0-9]*.xml.gz")
        for url in re.findall(r"<loc>([^<]+)</loc>", gzip.decompress(path.read_bytes()).decode())
    ]
    found = {identify(watchdog, url) for url in urls}
    assert None not in found
    assert len(found) == len(urls) == 199_499
    assert {canonical(watchdog, url) for url in urls} == set(urls)


@pages
def test_no_section_of_the_real_site_is_a_post(watchdog: Site) -> None:
    sections = gzip.decompress(
        (DATA / "sitemaps" / "www.rferl.org" / "sitemap_8_sections.xml.gz").read_bytes()
    ).decode()
    urls = re.findall(r"<loc>([^<]+)</loc>", sections)
    assert len(urls) == 190
    assert [url for url in urls if identify(watchdog, url)] == []


SPELLINGS = (
    "https://www.rferl.org/a/kazakhstan-unrest-jailed-relatives-retrials/31994604.html",
    "https://www.rferl.org/a/31994604.html",
    "http://m.rferl.org/amp/x/31994604.html?nocache=1",
    "https://www1.rferl.org/content/article/31994604.html#x",
    "https://www.rferl.eu/a/another-slug-/31994604.html",
    "https://rferl.org/a/another-slug/31994604/lbl0lbi442519.html",
)


@pytest.mark.parametrize("url", SPELLINGS)
def test_spellings_of_one_post(watchdog: Site, url: str) -> None:
    assert identify(watchdog, url) == "31994604"


FOREIGN = (
    "https://staging.rferl.org/a/x/31994604.html",
    "https://gandhara.rferl.org/a/x/31994604.html",
    "https://www.rferl.org/z/646",
    "https://www.rferl.org/z/646/2010/12/3",
    "https://www.rferl.org/Watchdog?p=1",
    "https://www.rferl.org/embed/player/article/31994604.html",
    "https://www.rferl.org/p/5547.html",
)


@pytest.mark.parametrize("url", FOREIGN)
def test_what_is_no_post_of_the_site(watchdog: Site, url: str) -> None:
    assert identify(watchdog, url) is None
