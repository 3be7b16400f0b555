"""What a crawl asks of the runs before it, and whose post a page is."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from archive.errors import UsageError
from archive.model import Identity, Purpose, Route
from archive.query import WalkState
from crawler.replica import BlogSimulator
from crawler.replica.framing import Answer
from tests.index.nights import HOME, SITE, SITE_TOML, Watch, broken, refused


def test_known_posts_are_those_whose_page_was_read(watch: Watch, blog: BlogSimulator) -> None:
    hat, newspaper, school = sorted(blog.everything(), key=lambda post: post.id)
    with watch.night() as night:
        night.look(2)
        night.ask(HOME + hat.path)
        night.ask(HOME + newspaper.path, spoil=broken)
    with watch.archive() as archive:
        known = archive.known(SITE)
        assert [str(post.id) in known for post in (hat, newspaper, school)] == [True, False, False]
        posts = [Identity(str(post.id)) for post in (hat, newspaper, school)]
        assert [known.was_asked(post) for post in posts] == [True, True, False]
        assert [known.was_walked(post) for post in (*posts, Identity("1"))] == [True, True, True, False]
        assert str(hat.id) not in archive.known("another")
        assert 7 not in known


def walk_of(watch: Watch) -> WalkState:
    """What is known but for the last whole walk."""
    with watch.archive() as archive:
        return replace(archive.walk_state(SITE), whole=None)


NOTHING = WalkState(is_complete=False, is_day_route_complete=False, resume=())


def test_first_walk_begins_with_nothing(watch: Watch) -> None:
    assert walk_of(watch) == NOTHING


def test_complete_walk_is_remembered_past_runs_that_saw_no_listing(watch: Watch) -> None:
    with watch.night() as night:
        night.look(2)
    night = watch.begin()
    night.ask(f"{HOME}/robots.txt", Purpose.ROBOTS, spoil=refused)
    night.end(is_walk_complete=False)
    assert walk_of(watch) == replace(NOTHING, is_complete=True)


def test_unfinished_walk_is_resumed_where_it_said(watch: Watch) -> None:
    night = watch.begin()
    night.look()
    night.end(is_walk_complete=False, resume_at="2024-02-27,2019-01-05")
    assert walk_of(watch) == replace(NOTHING, resume=(date(2024, 2, 27), date(2019, 1, 5)))


@pytest.mark.parametrize(("days", "is_due"), [(90.5, False), (91, True), (400, True)])
def test_whole_walk_is_due_again_after_its_days(watch: Watch, days: float, *, is_due: bool) -> None:
    with watch.night() as night:
        night.look(2)
    with watch.archive() as archive:
        state = archive.walk_state(SITE)
    assert state.whole is not None
    assert state.is_whole_due(91, state.whole + timedelta(days=days)) is is_due
    assert not state.is_whole_due(0, state.whole + timedelta(days=days))
    assert not NOTHING.is_whole_due(91, state.whole)


def test_killed_walk_is_resumed_where_it_had_come(watch: Watch) -> None:
    night = watch.begin()
    night.look()
    night.end(is_walk_complete=False, resume_at="2019-01-05")
    watch.begin().look()
    assert walk_of(watch) == replace(NOTHING, resume=(date(2024, 2, 27), date(2019, 1, 5)))


def test_killed_walk_makes_a_complete_one_incomplete(watch: Watch) -> None:
    with watch.night() as night:
        night.look(2)
    watch.begin().look()
    assert walk_of(watch) == replace(NOTHING, resume=(date(2024, 2, 27),))


def test_test_route_never_shares_a_folder_with_the_real_site(watch: Watch) -> None:
    with watch.night() as night:
        night.look()
    with watch.archive() as archive:
        archive.require_route(Route.TEST)
        with pytest.raises(UsageError, match="test-route"):
            archive.require_route(Route.SITE)


def test_candidate_becomes_a_post_of_this_blog_by_its_category_alone(watch: Watch, blog: BlogSimulator) -> None:
    hat = min(blog.everything(), key=lambda post: post.id)
    assert b'categories = ["Watchdog"]' in SITE_TOML

    def elsewhere(one: Answer) -> Answer:
        return replace(one, body=one.body.replace(b"Watchdog", b"Sports"))

    with watch.night() as night:
        night.ask(f"{HOME}/sitemap_8_latest.xml.gz", Purpose.SITEMAP)
    with watch.archive() as archive:
        (site,) = archive.status().sites
        assert (site.posts, site.gaps, site.candidates, site.candidates_opened) == (0, 0, 3, 0)
    with watch.night() as night:
        night.ask(HOME + hat.path, spoil=elsewhere)
    with watch.archive() as archive:
        (site,) = archive.status().sites
        assert (site.posts, site.gaps, site.candidates, site.candidates_opened) == (0, 0, 3, 1)
        assert (archive.posts(), archive.search("hat").hits) == ((), ())
    with watch.night() as night:
        night.ask(HOME + hat.path)
    with watch.archive() as archive:
        (site,) = archive.status().sites
        assert (site.posts, site.candidates, site.candidates_opened) == (1, 2, 0)
