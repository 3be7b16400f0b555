"""Posts' pages are kept with all that they need: each thing once, and what lacks with its reason."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.model import CaptureKind, OmissionKind
from archive.needs import Role
from archive.query import Archive
from archive.query.pages import Gathered
from archive.verify import Round
from archive.warc import LaidExchange
from crawler.replica import Post, ReplicaServer, fictional_blog
from crawler.replica.faults import FaultKind
from crawler.replica.model import Picture
from crawler.replica.server import LoggedExchange
from tests.stories.history import DAY
from tests.stories.nightfall import Nightfall
from tests.stories.story import ROOT, SITE, Story

pytestmark = pytest.mark.e2e

IMAGES = "gdb.rferl.org"
SEALING = {"run-sealed", "log-leaves", "log-published"}


def settle(folder: Path, rules: str) -> str:
    """Give the shipped site file with other ``[requisites]``, by its path."""
    text = (ROOT / "config/sites" / f"{SITE}.toml").read_text(encoding="utf-8")
    before, _, after = text.partition("[requisites]\nenabled = true\nevery = 30\n")
    path = folder / f"{SITE}.toml"
    path.write_text(f"{before}[requisites]\n{rules}\n{after}", encoding="utf-8")
    assert after
    return str(path)


def night_of(story: Story, *, is_full: bool = False) -> int:
    """Crawl at the blog's own time; give the exit code."""
    night, now = Nightfall(story=story), story.blog.now
    return night.crawl(now, full="yes") if is_full else night.crawl(now)


def asked_since(story: Story, mark: int) -> list[LoggedExchange]:
    return [one for one in story.server.log[mark:] if one.host == IMAGES or one.target.startswith(("/Content", "/Scr"))]


def gathered(story: Story) -> dict[str, Gathered | None]:
    """Give what is known of each post's page, by identity."""
    with Archive.open(story.collection) as archive:
        found = {}
        for post in archive.posts(limit=1000):
            captures = [one.capture for one in archive.captures(post.identity) if one.capture.status == 200]
            found[str(post.identity)] = archive.pages.gathered(captures[-1])
        return found


def with_cover(story: Story) -> Post:
    """Publish a post with a picture that no other has."""
    newest = max(story.blog.listing(), key=lambda post: post.id)
    now = story.blog.now
    cover = Picture(guid="01000000-0aff-0242-ffff-08dc5f2b9999", caption="A hat on a fence")
    post = replace(newest, id=newest.id + 1000, title="A Hat", published=now, modified=now, touched=now, cover=cover)
    return story.blog.publish(post)


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    blog = fictional_blog(posts=12)
    with ReplicaServer(blog, has_tls=True) as server:
        story = Story(blog=blog, server=server, folder=tmp_path_factory.mktemp("requisites"))
        assert Nightfall(story=story).crawl(blog.now) == 0
        yield story


def test_every_post_has_a_page_record_that_names_styles_fonts_icons_scripts_and_pictures(first_night: Story) -> None:
    found = gathered(first_night)
    assert len(found) == len(first_night.archived())
    roles: set[Role] = set()
    for one in found.values():
        assert one is not None
        assert one.missing == ()
        roles |= {role for role, _ in one.members}
    assert {Role.STYLE, Role.FONT, Role.ICON, Role.SCRIPT, Role.IMAGE, Role.ORIGINAL} <= roles


def test_everything_was_asked_for_once_and_never_in_all_sizes(first_night: Story) -> None:
    targets = [one.target for one in asked_since(first_night, 0) if one.target != "/robots.txt"]
    assert len(targets) == len(set(targets))
    sizes: dict[str, set[str]] = {}
    for target in targets:
        guid, _, size = target.removesuffix(".jpg").removesuffix(".png").partition("_")
        sizes.setdefault(guid, set()).add(size)
    # as shown, as a browser chooses, as two teasers show it, and the original; three sizes are offered besides
    assert max(len(found) for name, found in sizes.items() if not name.startswith("/Content")) <= 5
    assert not any(size.startswith(("w408", "w1023")) for found in sizes.values() for size in found)


def test_what_was_left_out_is_told_with_its_reason(first_night: Story) -> None:
    lacks = {lack.url: lack for one in gathered(first_night).values() if one is not None for lack in one.left_out}
    media = [lack for url, lack in lacks.items() if "av.rferl.org" in url]
    assert media
    assert {lack.kind for lack in media} == {OmissionKind.FOREIGN_HOST}


def test_archive_with_pages_is_sound(first_night: Story) -> None:
    assert {finding.check for finding in Round(first_night.collection).findings()} <= SEALING


def test_wacz_of_one_post_holds_all_that_its_page_needs(first_night: Story, tmp_path: Path) -> None:
    newest = first_night.blog.listing()[0]
    page = gathered(first_night)[str(newest.id)]
    assert page is not None
    assert page.members
    file = tmp_path / "one.wacz"
    ended = first_night.vigil("export", "--wacz", "-o", str(file), "--since", f"{newest.published:%Y-%m-%d}")
    assert ended.code == 0, ended.err
    with ZipFile(file) as wacz:
        (warc,) = (name for name in wacz.namelist() if name.endswith(".warc.gz"))
        ids = {record.rec_headers.get_header("WARC-Record-ID") for record in ArchiveIterator(wacz.open(warc))}
        index = wacz.read("indexes/index.cdxj").decode()
    assert {page.record.record_id, *(one.record.record_id for _, one in page.members)} <= ids
    assert all(f'"{one.url}"' in index for _, one in page.members)
    assert first_night.vigil("verify", str(file)).code == 0


def test_quiet_night_asks_for_nothing_and_a_new_post_for_what_is_its_own(first_night: Story) -> None:
    story, night = first_night, Nightfall(story=first_night)
    story.blog.advance(DAY)
    mark = len(story.server.log)
    assert night.crawl(story.blog.now) == 0
    assert asked_since(story, mark) == []
    story.blog.advance(DAY)
    post = with_cover(story)
    mark = len(story.server.log)
    assert night.crawl(story.blog.now) == 0
    asked = asked_since(story, mark)
    assert all("ffff-08dc5f2b9999" in one.target or one.target == "/robots.txt" for one in asked)
    assert 2 <= len(asked) <= 6
    assert gathered(story)[str(post.id)] is not None


def test_after_a_month_an_edited_page_asks_again_and_hears_that_nothing_changed(first_night: Story) -> None:
    story, night = first_night, Nightfall(story=first_night)
    story.blog.advance(timedelta(days=40))
    post = story.blog.listing()[-1]
    story.blog.edit(post.id, title="Another Title, After A Month")
    before = len(story.laid())
    assert night.crawl(story.blog.now, full="yes") == 0
    later = [unit.capture for unit in story.laid()[before:] if unit.capture.purpose == "requisite"]
    kinds = {capture.kind for capture in later if capture.status != 404}
    assert kinds == {CaptureKind.NOT_MODIFIED}
    found = gathered(story)[str(post.id)]
    assert found is not None
    assert {capture.run for _, capture in found.members} == {found.run}
    assert Role.FONT in {role for role, _ in found.members}, (
        "a stylesheet that is not modified is read from the archive"
    )


def test_what_one_night_may_not_ask_for_any_more_the_next_night_goes_on_with(story: Story, tmp_path: Path) -> None:
    story.site = settle(tmp_path, "enabled = true\nper_run = 25")
    assert night_of(story) == 0
    first = [one is not None for one in gathered(story).values()]
    assert not all(first)
    assert story.rows("SELECT count(*) FROM omissions WHERE kind = 'unfinished'") == [(first.count(False),)]
    for _ in range(6):
        mark = len(story.server.log)
        story.blog.advance(timedelta(hours=1))
        assert night_of(story) == 0
        assert len([one for one in asked_since(story, mark) if one.target != "/robots.txt"]) <= 25
    assert all(one is not None for one in gathered(story).values())


@pytest.mark.parametrize("story", [6], indirect=True)
def test_host_of_pictures_that_is_down_costs_some_tries_and_no_post(story: Story) -> None:
    story.blog.fault(lambda one: one.host == IMAGES and one.target != "/robots.txt", FaultKind.RESET_BEFORE, times=None)
    assert night_of(story) == 0
    assert story.archived() == story.published()
    reasons = [lack for one in gathered(story).values() if one is not None for lack in one.left_out]
    assert any(lack.kind is OmissionKind.ERROR and "failed too often" in lack.reason for lack in reasons)
    assert len({one.target for one in story.server.log if one.host == IMAGES}) <= 7


@pytest.mark.parametrize("story", [6], indirect=True)
def test_requisite_that_leads_away_or_is_too_large_is_left_out(story: Story, tmp_path: Path) -> None:
    story.site = settle(tmp_path, "enabled = true\nmax_bytes = 5000")
    story.blog.fault("/Content/responsive/img/touch.png", FaultKind.REDIRECT_FOREIGN, times=None)
    story.blog.fault("/Content/responsive/img/favicon.ico", FaultKind.REDIRECT_PRIVATE, times=None)
    story.blog.fault("/Content/responsive/fonts/square.ttf", FaultKind.REDIRECT_SCHEME, times=None)
    story.blog.fault(lambda one: one.target.startswith("/Scripts"), FaultKind.HUGE, times=None)
    assert night_of(story) == 0
    kinds: dict[str, OmissionKind] = {}
    for one in gathered(story).values():
        assert one is not None
        kinds |= {lack.url.rpartition("/")[2].partition("?")[0]: lack.kind for lack in one.left_out}
    assert kinds["touch.png"] is OmissionKind.FOREIGN_HOST
    assert kinds["favicon.ico"] in {OmissionKind.PRIVATE_ADDRESS, OmissionKind.FOREIGN_HOST}
    assert kinds["loader.b"] is OmissionKind.LIMIT
    assert not any("evil" in unit.capture.url for unit in story.laid())


@pytest.mark.parametrize("story", [6], indirect=True)
def test_robots_txt_of_the_host_of_pictures_is_obeyed(story: Story) -> None:
    story.blog.robots = story.blog.robots.replace(b"User-agent:*\n", b"User-agent:*\nDisallow: /Content/\n")
    assert night_of(story) == 0
    assert not [one for one in story.server.log if one.target.startswith("/Content")]
    lacks = [lack for one in gathered(story).values() if one is not None for lack in one.left_out]
    assert OmissionKind.ROBOTS in {lack.kind for lack in lacks}


@pytest.mark.parametrize("story", [6], indirect=True)
def test_site_file_that_wants_no_requisites_costs_nothing_and_its_pages_count_as_incomplete(
    story: Story, tmp_path: Path
) -> None:
    story.site = settle(tmp_path, "enabled = false")
    assert night_of(story) == 0
    assert asked_since(story, 0) == []
    assert set(gathered(story).values()) == {None}
    story.blog.advance(timedelta(hours=1))
    story.site = settle(tmp_path, "enabled = true")
    assert night_of(story, is_full=True) == 0
    assert None not in gathered(story).values()


def test_exchange_of_a_requisite_names_the_page_or_sheet_that_asked_for_it(first_night: Story) -> None:
    def via(unit: LaidExchange) -> str:
        return unit.capture.via or ""

    laid = [unit for unit in first_night.laid() if unit.capture.purpose == "requisite"]
    fonts = [unit for unit in laid if unit.capture.url.endswith(".ttf")]
    assert fonts
    assert all(via(unit).endswith("fonts.css") for unit in fonts)
    assert all(via(unit) for unit in laid)
