"""A walk that did not reach the listing's end is remembered, and later nights go on with it until it has."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from archive.errors import ExitCode
from crawler.replica import Request, router
from tests.stories.story import Story
from tests.stories.survival import asked, assert_whole, change_site_file, last_run, omitted, pages

pytestmark = pytest.mark.e2e


def short_feed(entries: int) -> tuple[str, str]:
    return "count=200", f"count={entries}"


NO_DAY_PAGE = ('day_page = "https://www.rferl.org/Watchdog/{year}/{month}/{day}"\n', "")


def nights_until_whole(story: Story, *words: str, most: int, each: Callable[[int, int], None]) -> None:
    """Crawl night after night until all is archived; ``each`` is told the exit code and the posts opened."""
    for _ in range(most):
        before = len(story.server.log)
        night = story.crawl(*words)
        each(night.code, len(pages(story) & set(asked(story, before))))
        if story.archived() == story.published():
            break
    assert story.crawl().code == 0
    opened = [url for url in asked(story) if url in pages(story)]
    assert len(opened) == len(set(opened)), "a page was asked for twice"
    assert_whole(story)


@pytest.mark.parametrize("story", [12], indirect=True)
@pytest.mark.parametrize(
    "changes", [(short_feed(3),), (short_feed(3), NO_DAY_PAGE)], ids=["with-day-pages", "without-day-pages"]
)
def test_five_posts_a_night_come_to_the_whole_blog(story: Story, changes: tuple[tuple[str, str], ...]) -> None:
    change_site_file(story, *changes)

    def no_more_than_five(code: int, opened: int) -> None:
        assert code == ExitCode.OK
        assert 0 < opened <= 5

    nights_until_whole(story, "--limit", "5", most=5, each=no_more_than_five)


@pytest.mark.parametrize("story", [8], indirect=True)
def test_walk_goes_on_on_the_sites_own_day(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site's day begins two hours before that of UTC; a walk broken off late in the evening misses none of it."""
    real = router._until  # noqa: SLF001 - the replica's days are those of UTC, this site's are not
    monkeypatch.setattr(router, "_until", lambda day: (until := real(day)) and until - timedelta(hours=2))
    evening = story.blog.now.replace(hour=22, minute=0)
    for number in range(1, 8):
        story.blog.write(f"Lights {number} go out", "One by one.", when=evening + timedelta(minutes=10 * number))
    story.blog.advance(timedelta(days=1))
    change_site_file(story, short_feed(1))
    assert story.crawl("--limit", "4").code == 0
    assert story.crawl().code == 0
    assert_whole(story)


@pytest.mark.parametrize("story", [12], indirect=True)
def test_cap_on_pages_spreads_a_walk_over_nights(story: Story) -> None:
    change_site_file(story, short_feed(1), ("page_cap = 20000", "page_cap = 3"))

    def capped(code: int, opened: int) -> None:
        assert code == (ExitCode.PARTIAL if last_run(story, "is_walk_complete") == (0,) else ExitCode.OK)
        assert 0 < opened <= 12

    nights_until_whole(story, most=5, each=capped)


@pytest.mark.parametrize("story", [16], indirect=True)
def test_feed_that_names_later_posts_does_not_end_a_walk_that_was_killed(story: Story) -> None:
    """The feed reaches further back than the killed walk did: what it brought in lies in a stretch not walked yet."""
    change_site_file(story, short_feed(14))
    crawl = story.start(*story.crawl_words())

    def kill(_: Request) -> None:
        if len(pages(story) & set(asked(story))) == 13:
            crawl.kill()
            time.sleep(0.2)

    story.server.before = kill
    crawl.communicate(timeout=60)
    story.server.before = None
    assert not any("?p=" in url for url in asked(story)), "the walk was to be killed on its first page"
    assert story.crawl().code == 0
    assert_whole(story)


@pytest.mark.parametrize("story", [16], indirect=True)
def test_since_walks_back_to_its_day_and_leaves_the_rest_to_a_later_night(story: Story) -> None:
    posts = story.blog.listing()
    day = posts[5].published.date()
    wanted = {str(post.id) for post in posts if post.published.date() >= day}
    for _ in range(2):
        night = story.crawl("--since", day.isoformat())
        assert night.code == 0, night.err
        assert "since" in night.out or "caught up" in night.out
        assert story.archived() == wanted
        assert last_run(story, "is_walk_complete") == (0,)
    assert story.crawl().code == 0
    assert omitted(story, "lost") == []
    assert_whole(story)
