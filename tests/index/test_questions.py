"""What an archive answers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from archive.errors import NotFoundError, QueryError, UsageError
from archive.model import (
    FailureKind,
    OmissionKind,
    PostState,
    Purpose,
    Rejected,
    Route,
    TextOrigin,
    VersionAdded,
)
from archive.query import Archive, Filters, Order, WalkState
from crawler.replica import BlogSimulator
from crawler.replica.framing import Answer
from tests.index.nights import DAWN, HOME, LISTING, SITE, SITE_TOML, Watch, broken, refused


@pytest.fixture
def archive(watch: Watch, blog: BlogSimulator) -> Iterator[Archive]:
    """All three posts, read in one night."""
    with watch.night() as night:
        night.look(2)
        for post in blog.everything():
            night.ask(HOME + post.path)
    with watch.archive() as archive:
        yield archive


def found(archive: Archive, query: str, *, all_versions: bool = False) -> list[str]:
    return [hit.post.title or "" for hit in archive.search(query, all_versions=all_versions).hits]


SCRIPTS = {
    "Latin": ("HAT", "Reporter Finds Her Hat"),
    "Latin, begin": ("report*", "Reporter Finds Her Hat"),
    "Latin, phrase": ('"lost in lower"', "Reporter Finds Her Hat"),
    "Latin, headline": ("title:finds", "Reporter Finds Her Hat"),
    "Cyrillic, other case": ("РЕДАКЦИЮ", "Газета закрыта"),
    "Cyrillic, begin": ("журналист*", "Газета закрыта"),
    "Arabic with its vowel marks": ("أُغلقت", "أُغلِقت الصحيفة"),
    "Arabic without them": ("المدرسة", "أُغلِقت الصحيفة"),
}


@pytest.mark.parametrize(("query", "title"), SCRIPTS.values(), ids=SCRIPTS)
def test_search_finds_every_script(archive: Archive, query: str, title: str) -> None:
    assert found(archive, query) == [title]


def test_accents_do_not_matter_either_way(watch: Watch, blog: BlogSimulator) -> None:
    post = blog.write("Žluťoučký kůň", "Příliš se směje.", slug="kun")
    with watch.night() as night:
        night.ask(HOME + post.path)
    with watch.archive() as archive:
        assert found(archive, "zlutoucky KUN") == found(archive, "příliš") == found(archive, "prilis") == [post.title]


def test_field_holds_a_word_to_its_place(archive: Archive) -> None:
    assert found(archive, "text:finds") == []
    assert found(archive, "title:varnia OR text:varnia") == ["Reporter Finds Her Hat"]


def test_snippet_says_where_the_words_stand(archive: Archive) -> None:
    hit = archive.search("hat").hits[0]
    assert [hit.title.text[start:end] for start, end in hit.title.spans] == ["Hat"]
    assert [hit.snippet.text[start:end] for start, end in hit.snippet.spans] == ["hat"]
    assert "\x02" not in hit.snippet.text


def test_newest_come_first_whatever_the_order_of_ingest(watch: Watch, blog: BlogSimulator) -> None:
    for day in (3, 1, 2):
        blog.write(f"Day {day}", "The same word stands here.", when=datetime(2023, 5, day, tzinfo=UTC))
    blog.write("Same day", "The same word stands here.", when=datetime(2023, 5, 2, tzinfo=UTC))
    with watch.night() as night:
        for post in sorted(blog.everything(), key=lambda post: post.id):
            night.ask(HOME + post.path)
    with watch.archive() as archive:
        titles = [post.title for post in archive.posts()]
        assert titles[3:] == ["Day 3", "Same day", "Day 2", "Day 1"]
        assert found(archive, "same word") == titles[3:]
        first, rest = archive.search("same", limit=1), archive.search("same", limit=9, offset=1)
        assert (first.has_more, rest.has_more, len(rest.hits)) == (True, False, 3)


def test_relevance_puts_the_headline_before_the_text(watch: Watch, blog: BlogSimulator) -> None:
    blog.write("A hat in the headline", "Nothing else.", when=datetime(2020, 1, 1, tzinfo=UTC))
    blog.write("Nothing", "Far down stands one hat among many other words.", when=datetime(2021, 1, 1, tzinfo=UTC))
    with watch.night() as night:
        for post in blog.everything():
            night.ask(HOME + post.path)
    with watch.archive() as archive:
        by_age = [hit.post.title for hit in archive.search("hat").hits]
        by_rank = [hit.post.title for hit in archive.search("hat", order=Order.RELEVANCE).hits]
    assert by_age == ["Reporter Finds Her Hat", "Nothing", "A hat in the headline"]
    assert by_rank[-1] == "Nothing"


FILTERS = {
    "nothing": (Filters(), 3),
    "this blog": (Filters(site=SITE), 3),
    "another blog": (Filters(site="another"), 0),
    "since, inclusive": (Filters(since=datetime(2024, 2, 27, 8, 0, tzinfo=UTC)), 2),
    "until, exclusive": (Filters(until=datetime(2024, 2, 27, 8, 0, tzinfo=UTC)), 1),
    "between": (Filters(since=datetime(2024, 2, 27, tzinfo=UTC), until=datetime(2024, 2, 28, tzinfo=UTC)), 1),
    "language": (Filters(language="EN"), 3),
    "other language": (Filters(language="e"), 0),
    "category in other letters": (Filters(category="WÁTCH"), 3),
    "live": (Filters(state=PostState.LIVE), 3),
    "gone": (Filters(state=PostState.GONE), 0),
    "author": (Filters(author="nobody"), 0),
}


@pytest.mark.parametrize(("filters", "count"), FILTERS.values(), ids=FILTERS)
def test_filters_hold_for_lists_and_searches(archive: Archive, filters: Filters, count: int) -> None:
    assert len(archive.posts(filters)) == count
    assert len(archive.search("hat OR редакцию OR المدرسة", filters).hits) == count


def test_text_that_an_edit_removed_is_found_on_request(watch: Watch, blog: BlogSimulator) -> None:
    hat = min(blog.everything(), key=lambda post: post.id)
    with watch.night() as night:
        night.ask(HOME + hat.path)
    blog.edit(hat.id, body=["It was never lost."])
    with watch.night() as night:
        night.ask(HOME + hat.path)
    with watch.archive() as archive:
        assert found(archive, "Varnia") == []
        assert found(archive, "Varnia", all_versions=True) == ["Reporter Finds Her Hat"]
        old = archive.search("Varnia", all_versions=True).hits[0]
        assert (old.version, old.is_current) == (1, False)


NAMES = {
    "identity": "{id}",
    "number within the archive": "#1",
    "permalink": "https://www.rferl.org/a/hat/{id}.html",
    "without a slug": "https://www.rferl.org/a/{id}.html",
    "another slug": "https://www.rferl.org/a/whatever/{id}.html",
    "AMP": "https://www.rferl.org/amp/hat/{id}.html",
    "http and a tracker": "http://www.rferl.org/a/hat/{id}.html?utm_source=x#top",
    "without a scheme": "www.rferl.org/a/hat/{id}.html",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_post_is_found_by(watch: Watch, blog: BlogSimulator, name: str) -> None:
    hat = min(blog.everything(), key=lambda post: post.id)
    with watch.night() as night:
        night.ask(HOME + hat.path)
    with watch.archive() as archive:
        assert archive.post(name.format(id=hat.id)).post.identity == str(hat.id)
        assert archive.as_of(name.format(id=hat.id), datetime(2030, 1, 1, tzinfo=UTC)).stored.id == 1


@pytest.mark.parametrize(
    "name", ["999", "#99", "https://www.rferl.org/a/999.html", "no such", "", "https://other.example/"]
)
def test_unknown_post_is_not_found(archive: Archive, name: str) -> None:
    with pytest.raises(NotFoundError, match="knows no post"):
        archive.post(name)


def test_post_is_shown_with_all_that_is_held_of_it(watch: Watch, blog: BlogSimulator) -> None:
    hat = min(blog.everything(), key=lambda post: post.id)
    with watch.night() as night:
        night.look(2)
        night.ask(HOME + hat.path)
    blog.edit(hat.id, title="Hat Found", body=["It was never lost."])
    with watch.night() as night:
        night.ask(f"{HOME}/a/{hat.id}.html", spoil=refused)
        night.ask(HOME + hat.path)
    with watch.archive() as archive:
        post = archive.post(str(hat.id))
    assert post.post.title == "Hat Found"
    assert post.spellings == (HOME + hat.path, f"{HOME}/a/{hat.id}.html")
    assert [version.number for version in post.versions] == [1, 2]
    assert post.current == post.versions[1]
    assert [block.text for block in post.versions[0].article.blocks] == [
        "A hat was lost in Lower Varnia.",
        "It came back on Tuesday.",
    ]
    assert post.versions[0].first.capture.url == HOME + hat.path
    assert [type(event.event).__name__ for event in post.events] == [
        "PostSeen",
        "VersionAdded",
        "Rejected",
        "VersionAdded",
    ]
    assert post.events[2].event == Rejected(reason="status 403")
    assert isinstance(post.events[3].event, VersionAdded)
    assert post.events[3].event.is_title_changed
    assert [(seen.source, seen.position, seen.page_url) for seen in post.sightings] == [
        (Purpose.LISTING, 0, f"{LISTING}?p=1")
    ]
    assert [stored.capture.status for stored in post.captures] == [200, 403, 200]


def test_capture_as_of_a_time_is_never_a_later_one(watch: Watch, blog: BlogSimulator) -> None:
    hat = min(blog.everything(), key=lambda post: post.id)
    times = []
    for spelling in (HOME + hat.path, f"{HOME}/a/{hat.id}.html", HOME + hat.path):
        with watch.night() as night:
            times.append(night.ask(spelling)[0].time)
            night.ask(spelling, failure=FailureKind.TIMEOUT)
    second = timedelta(seconds=1)
    with watch.archive() as archive:
        for time, following in pairwise(times):
            answer = archive.as_of(str(hat.id), time)
            assert (answer.stored.capture.time, answer.next_time) == (time, following)
            assert archive.as_of(str(hat.id), following - second).stored.capture.time == time
        assert archive.as_of(str(hat.id), datetime(2030, 1, 1, tzinfo=UTC)).next_time is None
        # The very spelling that was asked for means that spelling alone.
        assert archive.as_of(HOME + hat.path, times[1]).stored.capture.time == times[0]
        with pytest.raises(NotFoundError, match=f"the first one is of {times[0].isoformat()}".replace("+", r"\+")):
            archive.as_of(str(hat.id), times[0] - second)


def test_page_that_is_no_post_is_found_by_its_canonical_form(archive: Archive) -> None:
    (capture,) = archive.captures("http://www.rferl.org/Watchdog?utm_source=x")
    assert capture.capture.url == LISTING
    assert archive.capture(capture.id) == capture
    with pytest.raises(NotFoundError):
        archive.capture(99)


def test_revisit_names_the_record_that_holds_its_payload(watch: Watch) -> None:
    with watch.night() as night:
        first, _ = night.ask(f"{HOME}/robots.txt", Purpose.ROBOTS)
        night.ask(f"{HOME}/robots.txt", Purpose.ROBOTS)
    with watch.archive() as archive:
        revisit, response = archive.captures(f"{HOME}/robots.txt")
        assert response.capture == first
        assert revisit.capture.original == (f"{HOME}/robots.txt", "2024-03-02T03:00:01.000000Z")
        assert watch.index.response_with(first.payload_digest or "", "x") == first.record  # type: ignore[arg-type]
        assert watch.index.response_of(f"{HOME}/robots.txt") == first.record
        assert watch.index.response_of(f"{HOME}/nothing") is None


def test_gap_says_why(watch: Watch, blog: BlogSimulator) -> None:
    hat, newspaper, school = sorted(blog.everything(), key=lambda post: post.id)
    with watch.night() as night:
        night.look(2)
        night.ask(HOME + hat.path, spoil=refused)
        night.omit(HOME + newspaper.path, OmissionKind.LIMIT)
    with watch.archive() as archive:
        reasons = {gap.identity: (gap.reason, gap.has_listing_text, gap.title) for gap in archive.gaps()}
        assert reasons == {
            str(hat.id): ("status 403", True, hat.title),
            str(newspaper.id): ("limit: as the test says", False, newspaper.title),
            str(school.id): ("not asked for yet", False, school.title),
        }
        assert archive.known(SITE).owed() == [
            (str(school.id), HOME + school.path),
            (str(newspaper.id), HOME + newspaper.path),
            (str(hat.id), HOME + hat.path),
        ]
        (omission,) = archive.omissions(run="run-1")
        assert (omission.url, omission.kind) == (HOME + newspaper.path, OmissionKind.LIMIT)
        assert archive.omissions(run="another") == ()


def test_run_is_counted_from_its_rows(watch: Watch, blog: BlogSimulator) -> None:
    hat, newspaper, school = sorted(blog.everything(), key=lambda post: post.id)
    with watch.night() as night:
        night.look(2)
        night.ask(HOME + hat.path)
        night.ask(HOME + newspaper.path)
    blog.edit(hat.id, body=["Another text."])
    with watch.night() as night:
        night.ask(HOME + hat.path)
        night.ask(HOME + newspaper.path)
        night.ask(HOME + school.path, spoil=refused)
        night.ask(HOME + school.path, failure=FailureKind.RESET)
        night.omit(LISTING, OmissionKind.ROBOTS)
    with watch.archive() as archive:
        second, first = archive.runs()
        assert archive.run("run-2") == second
        with pytest.raises(NotFoundError):
            archive.run("run-3")
    assert (first.counts.requests, first.counts.new, first.counts.sightings) == (4, 2, 3)
    assert (first.counts.from_listing, second.counts.from_listing) == (1, 0)
    counts = second.counts
    assert (counts.requests, counts.responses, counts.revisits, counts.failed) == (4, 2, 1, 1)
    assert (counts.new, counts.changed, counts.unchanged, counts.rejected) == (0, 1, 1, 2)
    assert counts.omitted == ((OmissionKind.ROBOTS, 1),)
    assert 0 < counts.kept_bytes < counts.payload_bytes


def test_listing_text_is_counted_apart(watch: Watch, blog: BlogSimulator) -> None:
    hat = min(blog.everything(), key=lambda post: post.id)
    with watch.night() as night:
        night.look(2)
        night.ask(HOME + hat.path, spoil=refused)
    with watch.archive() as archive:
        assert archive.runs()[0].counts.from_listing == 1
        (post,) = archive.posts()
        assert (post.origin, post.state) == (TextOrigin.LISTING, PostState.REFUSED)
        assert found(archive, "varnia") == [hat.title]


def test_status_tells_what_is_held(archive: Archive) -> None:
    status = archive.status()
    (site,) = status.sites
    assert (site.site, site.title) == (SITE, "RFE/RL Watchdog")
    assert (site.posts, site.versions, site.gaps, site.captures, site.runs) == (3, 3, 0, 5, 1)
    assert (site.first_published, site.is_walk_complete) == (datetime(2024, 2, 26, 8, 0, tzinfo=UTC), True)
    assert site.last_run is not None
    assert site.last_run.uid == "run-1"
    assert status.warc_files == 1
    assert status.warc_bytes > 0 < status.index_bytes


# --- what a crawl asks -----------------------------------------------------------------------------


def test_known_posts_are_those_whose_page_was_read(watch: Watch, blog: BlogSimulator) -> None:
    hat, newspaper, school = sorted(blog.everything(), key=lambda post: post.id)
    with watch.night() as night:
        night.look(2)
        night.ask(HOME + hat.path)
        night.ask(HOME + newspaper.path, spoil=broken)
    with watch.archive() as archive:
        known = archive.known(SITE)
        assert [str(post.id) in known for post in (hat, newspaper, school)] == [True, False, False]
        assert [known.was_asked(str(post.id)) for post in (hat, newspaper, school)] == [True, True, False]  # type: ignore[arg-type]
        assert str(hat.id) not in archive.known("another")
        assert 7 not in known


def walk_of(watch: Watch) -> WalkState:
    with watch.archive() as archive:
        return archive.walk_state(SITE)


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


def test_test_route_never_shares_a_folder_with_the_real_site(archive: Archive) -> None:
    archive.require_route(Route.TEST)
    with pytest.raises(UsageError, match="test-route"):
        archive.require_route(Route.SITE)


# --- whose post it is --------------------------------------------------------------------------------


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
        assert (archive.posts(), found(archive, "hat")) == ((), [])
    with watch.night() as night:
        night.ask(HOME + hat.path)
    with watch.archive() as archive:
        (site,) = archive.status().sites
        assert (site.posts, site.candidates, site.candidates_opened) == (1, 2, 0)


def test_same_identity_on_two_blogs_has_to_be_told_apart(archive: Archive, watch: Watch) -> None:
    with watch.index.batch():
        watch.index.execute("INSERT INTO sites (name) VALUES ('another')")
        watch.index.execute("INSERT INTO urls (site_id, url) VALUES (2, 'https://another.example/')")
        (identity,) = watch.index.execute("SELECT identity FROM posts WHERE id = 1").fetchone()
        url_id = watch.index.number("SELECT max(id) FROM urls")
        watch.index.insert("posts", {"site_id": 2, "identity": identity, "url_id": url_id, "is_ours": 1})
    with pytest.raises(QueryError, match=f"another, {SITE}"):
        archive.post(identity)
    assert archive.post(identity, site="another").post.site == "another"


def test_dawn_is_before_every_capture(archive: Archive) -> None:
    with pytest.raises(NotFoundError):
        archive.as_of(LISTING, DAWN)
