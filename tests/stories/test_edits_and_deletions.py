"""What happens to posts after they were published: edits, disappearances, lying servers, contradicting sources."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import pytest

from crawler.replica import Request
from crawler.replica.faults import FaultKind
from crawler.replica.framing import Answer
from tests.stories.history import DAY
from tests.stories.nightfall import Nightfall, quick_site
from tests.stories.story import Story
from tests.stories.survival import omitted

pytestmark = pytest.mark.e2e


@pytest.fixture
def night(story: Story) -> Callable[[], int]:
    """Lets a day pass and crawls; the posts are a day old then."""
    return first_night(story)


def first_night(story: Story) -> Callable[[], int]:
    """Crawl posts that are a day old; give what lets another day pass and crawls."""
    fall = Nightfall(story=story)

    def pass_one() -> int:
        story.blog.advance(DAY)
        return fall.crawl(story.blog.now)

    for place, post in enumerate(story.blog.listing()):
        when = story.blog.now - timedelta(minutes=place)
        story.blog._put(replace(post, published=when, modified=when, touched=when))  # noqa: SLF001
    assert pass_one() == 0
    return pass_one


def kinds(story: Story, post: int) -> list[object]:
    sql = "SELECT e.kind FROM events e JOIN posts p ON p.id = e.post_id WHERE p.identity = ? AND e.kind <> 'unchanged' "
    return [kind for (kind,) in story.rows(sql + "ORDER BY e.time, e.ordinal", str(post))]


@pytest.mark.parametrize("story", [6], indirect=True)
def test_young_posts_are_asked_for_conditionally_and_304_is_kept(story: Story, night: Callable[[], int]) -> None:
    before = len(story.server.log)
    assert night() == 0
    asked = [one for one in story.server.log[before:] if "/a/" in one.target]
    assert len(asked) == 6
    assert all(b"If-None-Match: " in one.received for one in asked)
    assert story.rows("SELECT count(*) FROM captures WHERE kind = 3") == [(6,)]
    assert story.rows("SELECT count(*) FROM versions") == [(6,)]


@pytest.mark.parametrize("story", [6], indirect=True)
def test_deletion_is_confirmed_on_another_night_and_a_return_is_told(story: Story, night: Callable[[], int]) -> None:
    post = story.blog.listing()[3].id
    confirmed = "SELECT is_confirmed_gone FROM posts_current WHERE identity = ?"
    story.blog.delete(post)
    assert night() == 0
    assert kinds(story, post)[-1] == "gone"
    assert story.rows(confirmed, str(post)) == [(0,)]
    night()
    assert story.rows(confirmed, str(post)) == [(1,)]
    story.blog.restore(post)
    night()
    assert "returned" in kinds(story, post)


@pytest.mark.parametrize("story", [6], indirect=True)
@pytest.mark.parametrize("kind", [FaultKind.FORBIDDEN_403, FaultKind.BLOCK_PAGE, FaultKind.EMPTY_200])
def test_refusal_is_never_a_deletion(story: Story, night: Callable[[], int], kind: FaultKind) -> None:
    fault = story.blog.fault("/a/", kind, times=None)
    night()
    night()
    story.blog.faults.remove(fault)
    assert story.rows("SELECT count(*) FROM events WHERE kind = 'gone'") == [(0,)]
    assert story.rows("SELECT DISTINCT state FROM posts") == [("live",)]


@pytest.mark.parametrize("story", [8], indirect=True)
def test_post_off_the_listing_but_still_served_is_called_unlisted(story: Story, night: Callable[[], int]) -> None:
    post = story.blog.listing()[2]
    # The page is still there; the blog's own sources no longer name it.
    story.blog._order.remove(post.id)  # noqa: SLF001
    story.blog.revision += 1
    night()
    assert kinds(story, post.id)[-1] == "unlisted"
    assert story.rows("SELECT state, is_unlisted FROM posts WHERE identity = ?", str(post.id)) == [("live", 1)]


@pytest.mark.parametrize("story", [6], indirect=True)
def test_server_whose_validators_lie_hides_an_edit_no_longer_than_the_full_interval(
    story: Story, night: Callable[[], int]
) -> None:
    story.site = str(quick_site(story.folder))
    post = story.blog.listing()[0].id
    lie = story.blog.fault(_is_conditional, FaultKind.NOT_MODIFIED_304, times=None)
    story.blog.edit(post, body=["An invented correction, said without a word about it."], is_silent=True)
    found = None
    for number in range(1, 12):
        night()
        if "version-added" in kinds(story, post)[2:]:
            found = number
            break
    story.blog.faults.remove(lie)
    assert found is not None
    assert found <= 6
    assert story.rows("SELECT is_misled FROM posts WHERE identity = ?", str(post)) == [(1,)]
    before = len(story.server.log)
    night()
    assert not [one for one in story.server.log[before:] if b"If-None-Match" in one.received]


_EVER = datetime(2024, 1, 1, tzinfo=UTC)
_LIES: dict[str, tuple[Callable[[Answer], Answer], int]] = {
    "an ETag that is another each time": (lambda one: replace(one, tag=f'"{token_hex(4)}"'), 1),
    "a weak ETag": (lambda one: replace(one, tag=f"W/{one.etag}"), 1),
    "a weak ETag that stays": (lambda one: replace(one, tag='W/"ever"'), 6),
    "a Last-Modified in the future": (lambda one: replace(one, tag="", modified=one.modified and _EVER + 999 * DAY), 1),
    "a Last-Modified that stays": (lambda one: replace(one, tag="", modified=one.modified and _EVER), 6),
}
"""What a server may say of its pages, and within how many nights an edit is found all the same."""


@pytest.mark.parametrize("story", [3], indirect=True)
@pytest.mark.parametrize(("lie", "within"), _LIES.values(), ids=_LIES)
def test_whatever_validators_say_an_edit_is_found_and_none_is_made_up(
    story: Story, lie: Callable[[Answer], Answer], within: int
) -> None:
    story.site = str(quick_site(story.folder))
    story.blog.lie = lie
    night = first_night(story)
    post = story.blog.listing()[0].id
    assert night() == 0
    assert kinds(story, post).count("version-added") == 1
    story.blog.edit(post, body=["An invented correction, said without a word about it."], is_silent=True)
    nights = next((number for number in range(1, 9) if night() == 0 and is_edited(story, post)), None)
    assert nights is not None
    assert min(within, 2) <= nights <= within, "found too late, or not hidden at all"
    assert story.rows("SELECT count(*) FROM events WHERE is_edit = 1") == [(1,)]


def is_edited(story: Story, post: int) -> bool:
    return kinds(story, post).count("version-added") == 2


def _is_conditional(request: Request) -> bool:
    return "if-none-match" in request.headers


@pytest.mark.parametrize("story", [6], indirect=True)
def test_lastmod_of_an_old_post_queues_a_look(story: Story, night: Callable[[], int]) -> None:
    post = story.blog.listing()[-1].id
    story.blog.advance(timedelta(days=25))
    night()
    night()
    story.blog.edit(post, body=["Another text, and the site says so in its sitemap."])
    night()
    assert kinds(story, post).count("version-added") == 2


@pytest.mark.parametrize("story", [6], indirect=True)
def test_dead_feed_is_reported(story: Story, night: Callable[[], int]) -> None:
    story.blog.fault("/rss/", FaultKind.ELEVEN_BYTES, times=1)
    assert night() == 10
    report = max(story.collection.root.glob("reports/*Z-*.json"), key=lambda path: path.stat().st_mtime)
    assert "rss" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("story", [6], indirect=True)
def test_post_that_the_listing_shows_and_the_feed_lacks_is_reported(story: Story, night: Callable[[], int]) -> None:
    post = story.blog.listing()[2]

    def without(answer: Answer) -> Answer:
        items = re.sub(
            rb"<item>(?:(?!</item>).)*%d\.html(?:(?!</item>).)*</item>" % post.id, b"", answer.body, flags=re.DOTALL
        )
        return replace(answer, body=items) if "rss" in answer.content_type else answer

    assert omitted(story, "contradiction") == []
    story.blog.lie = without
    assert night() == 0
    assert omitted(story, "contradiction") == [post.url]
    [report] = [path for path in story.collection.root.glob("reports/*Z-*.json") if "contradiction" in path.read_text()]
    assert "does not name it" in report.read_text(encoding="utf-8")
