"""What an archive answers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import NotFoundError, QueryError
from archive.model import (
    FailureKind,
    OmissionKind,
    PostState,
    Purpose,
    Rejected,
    TextOrigin,
    VersionAdded,
)
from archive.plain import spell
from archive.query import Archive, Filters, Order, searching
from crawler.replica import BlogSimulator
from tests.index.nights import DAWN, HOME, LISTING, SITE, Watch, refused


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
    assert hit.snippet.text == "A hat was lost in Lower Varnia. It came back on Tuesday."


def test_snippet_is_cut_where_most_of_the_words_stand(watch: Watch, blog: BlogSimulator) -> None:
    filler = " ".join(f"filler{number}" for number in range(100))
    blog.write("Long", f"One hat here. {filler} lost {filler} a lost blue hat {filler}", slug="long")
    with watch.night() as night:
        night.ask(HOME + blog.everything()[0].path)
    with watch.archive() as archive:
        (hit,) = archive.search("title:long (lost OR blue OR hat)").hits
    shown = [hit.snippet.text[start:end] for start, end in hit.snippet.spans]
    assert shown == ["lost", "blue", "hat"]
    lead, *words, tail = hit.snippet.text.split()
    assert (lead, tail) == ("…", "…")
    assert {"a", "lost", "blue", "hat"} < set(words) < set(blog.everything()[0].body[0].text.split())  # type: ignore[union-attr]
    assert 200 < len(hit.snippet.text) < 260


@given(
    words=st.lists(st.text("abc", min_size=1, max_size=90), max_size=60),
    marks=st.lists(st.booleans(), min_size=60, max_size=60),
)
def test_snippet_is_a_piece_of_the_text_with_its_marks(words: list[str], marks: list[bool]) -> None:
    text = " ".join(f"{'-' * 60}\x02{word}\x03" if mark else word for word, mark in zip(words, marks, strict=False))
    whole = searching._marked(text)  # noqa: SLF001  the law of the cut itself
    cut = searching._snippet(whole)  # noqa: SLF001
    assert cut.text.removeprefix("… ").removesuffix(" …") in whole.text
    assert bool(cut.spans) == bool(whole.spans)
    marked = {word for word, mark in zip(words, marks, strict=False) if mark}
    assert all(cut.text[start:end] in marked for start, end in cut.spans)


def test_snippet_of_a_text_full_of_the_word_takes_no_long_time(watch: Watch, blog: BlogSimulator) -> None:
    blog.write("Hats", "hat " * 50_000, slug="hats")
    with watch.night() as night:
        night.ask(HOME + blog.everything()[0].path)
    with watch.archive() as archive:
        began = process_time()
        assert len(archive.search("hat").hits) == 1
        assert process_time() - began < 2


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
        with pytest.raises(NotFoundError, match=f"the first one is of {spell(times[0])}"):
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
