"""Answers that are not the blog: refusals, empty pages, another layout, redirects; none of them passes for no news."""

import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from crawler.replica import Request
from crawler.replica.faults import FaultKind
from tests.stories.story import Story
from tests.stories.survival import asked, assert_sound, assert_whole, change_site_file, last_run, omitted

pytestmark = pytest.mark.e2e

small_blog = pytest.mark.parametrize("story", [8], indirect=True)

ROBOTS = "https://www.rferl.org/robots.txt"


def paths_of(story: Story) -> list[str]:
    """Where the blog's posts are, newest first."""
    return [post.path for post in story.blog.listing()]


def assert_next_night_is_whole(story: Story) -> None:
    """The site is well again."""
    story.blog.faults.clear()
    night = story.crawl()
    assert night.code == 0, night.err
    assert_whole(story)


@small_blog
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RESET_BEFORE,
        FaultKind.FORBIDDEN_403,
        FaultKind.BLOCK_PAGE,
        FaultKind.UNAVAILABLE_503,
        FaultKind.REDIRECT_FOREIGN,
    ],
)
def test_nothing_is_asked_of_a_site_whose_rules_cannot_be_had(story: Story, kind: FaultKind) -> None:
    story.blog.fault("/robots.txt", kind, times=None)
    night = story.crawl()
    assert night.code == 30, night.err
    assert set(asked(story)) == {ROBOTS}
    assert ROBOTS in omitted(story, "robots")
    assert last_run(story, "exit_code, is_walk_complete") == (30, 0)
    assert_sound(story)


@small_blog
def test_site_that_gives_no_answer_is_worth_a_retry(story: Story) -> None:
    story.blog.fault(lambda request: request.target != "/robots.txt", FaultKind.RESET_BEFORE, times=None)
    assert story.crawl().code == 9
    assert_next_night_is_whole(story)


@small_blog
@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("/Watchdog", FaultKind.BLOCK_PAGE),
        ("/Watchdog", FaultKind.FORBIDDEN_403),
        ("/Watchdog", FaultKind.ELEVEN_BYTES),
        ("/a/", FaultKind.BLOCK_PAGE),
        ("/a/", FaultKind.EMPTY_200),
    ],
)
def test_block_pages_and_empty_answers_are_not_no_news(story: Story, part: str, kind: FaultKind) -> None:
    story.blog.fault(part, kind, times=None)
    if part == "/Watchdog":
        story.blog.fault("/rss/", kind, times=None)
    night = story.crawl()
    assert night.code == 32, night.err
    assert story.archived() == set()


def renamed(page: str) -> str:
    """The page with other classes and ids, as after a new design."""
    return re.sub(r'\b(class|id)="([^"]+)"', lambda found: f'{found[1]}="n-{found[2].replace(" ", " n-")}"', page)


@small_blog
def test_new_design_of_the_listing_is_told_from_no_news(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    assert story.crawl().code == 0
    before = story.archived()
    with monkeypatch.context() as design:
        redesign(design, "listing_page")
        story.publish()
        night = story.crawl()
    assert night.code == 31, night.err
    assert "layout drift" in night.out
    assert story.archived() >= before
    story.publish()
    assert_next_night_is_whole(story)


@small_blog
def test_new_design_of_the_articles_is_told_from_no_news(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    redesign(monkeypatch, "article_page", "page_2013")
    night = story.crawl()
    assert night.code == 31, night.err
    assert story.rows("SELECT count(*) FROM readings WHERE origin = 'permalink' AND alarms IS NULL") == [(0,)]


def redesign(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    for name in names:
        place = f"crawler.replica.router.{name}"
        monkeypatch.setattr(place, _redesigned(place))


def _redesigned(place: str) -> Callable[..., str]:
    module, _, name = place.rpartition(".")
    original: Callable[..., str] = getattr(__import__(module, fromlist=[name]), name)
    return lambda *parts: renamed(original(*parts))


@pytest.mark.parametrize("story", [16], indirect=True)
def test_twenty_failures_in_a_row_end_the_run(story: Story) -> None:
    story.blog.set_page_size(8)
    story.blog.fault("/a/", FaultKind.ERROR_500, times=None)
    night = story.crawl()
    assert night.code == 12, night.err
    assert "20 failed exchanges in a row" in night.out
    assert len(story.server.log) <= 23
    assert_next_night_is_whole(story)


@pytest.mark.parametrize("story", [10], indirect=True)
@pytest.mark.parametrize("kind", [FaultKind.ERROR_500, FaultKind.REDIRECT_FOREIGN])
def test_listing_page_that_fails_is_gone_on_from_the_next_night(story: Story, kind: FaultKind) -> None:
    story.blog.fault("/Watchdog?p=3", kind, times=None)
    story.blog.fault("/rss/", FaultKind.NOT_HTTP, times=None)
    night = story.crawl()
    assert night.code == 10, night.err
    assert "listing failed" in night.out
    assert last_run(story, "is_walk_complete") == (0,)
    assert last_run(story, "resume_at") != (None,)
    assert story.archived() < story.published()
    assert_next_night_is_whole(story)


@pytest.mark.parametrize("story", [12], indirect=True)
def test_pages_that_lead_elsewhere_are_refused_with_a_row_each(story: Story) -> None:
    paths = paths_of(story)
    elsewhere = {
        FaultKind.REDIRECT_PRIVATE: "private-address",
        FaultKind.REDIRECT_FOREIGN: "foreign-host",
        FaultKind.REDIRECT_SCHEME: "scheme",
        FaultKind.REDIRECT_LOOP: "error",
    }
    for path, kind in zip(paths, elsewhere, strict=False):
        story.blog.fault(path, kind, times=None)
    night = story.crawl()
    assert night.code == 10, night.err
    rows = story.rows("SELECT kind, via FROM omissions WHERE kind <> 'robots' ORDER BY id")
    assert Counter(kind for kind, _ in rows) == Counter(elsewhere.values())
    assert {urlsplit(str(via)).path for _, via in rows} == set(paths[:4])
    assert len(story.archived()) == len(story.published()) - 4
    texts = story.rows("SELECT count(*) FROM posts WHERE current IS NOT NULL AND is_opened = 0")
    assert texts != [(0,)], "the listing's copy of a post whose page cannot be had was to be kept"
    assert_next_night_is_whole(story)


@small_blog
def test_pages_beyond_all_limits_harm_nothing_but_themselves(story: Story) -> None:
    for path, kind in zip(paths_of(story), (FaultKind.BOMB, FaultKind.DEEP, FaultKind.HUGE), strict=False):
        story.blog.fault(path, kind, times=None)
    night = story.crawl()
    assert night.code == 10, night.err
    assert last_run(story, "is_walk_complete") == (1,)
    assert len(story.archived()) >= len(story.published()) - 3
    assert_sound(story)


@small_blog
def test_hiccups_are_tried_again_and_cost_nothing(story: Story) -> None:
    change_site_file(story, ("timeout = 60.0", "timeout = 4.0"))
    hiccups = (FaultKind.RESET_MID_BODY, FaultKind.ERROR_500, FaultKind.CUT_CHUNK, FaultKind.HANG)
    for path, kind in zip(paths_of(story), hiccups, strict=False):
        story.blog.fault(path, kind)
    story.blog.fault("/Watchdog?p=1", FaultKind.CLOSE_BEFORE)
    night = story.crawl()
    assert night.code == 0, night.err
    again = [url for url, times in Counter(asked(story)).items() if "/a/" in url and times > 1]
    assert len(again) == len(hiccups)
    assert_whole(story)


@pytest.mark.parametrize("story", [12], indirect=True)
def test_listing_that_shrinks_while_it_is_walked_ends_the_walk_well(story: Story) -> None:
    def take_away(request: Request) -> None:
        if request.target == "/Watchdog?p=5":
            story.server.before = None
            for post in story.blog.listing()[-3:]:
                story.blog.delete(post.id)

    story.server.before = take_away
    night = story.crawl()
    assert night.code == 0, night.err
    assert "past the end" in night.out
    assert last_run(story, "is_walk_complete") == (1,)
