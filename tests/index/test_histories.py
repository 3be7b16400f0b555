"""Whatever happens in whatever order, the index is what the WARC files say."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from archive.model import FailureKind, Purpose, Truncation
from archive.rebuild import compare, write_index
from crawler.replica import BlogSimulator
from crawler.replica.framing import Answer
from tests.index.nights import HOME, Night, Watch, broken, refused

WORDS = st.sampled_from(["hat", "шляпа", "صحيفة", "žluť"])
POST = st.integers(0, 9)


class Histories(RuleBasedStateMachine):
    """A blog that changes at random and is watched at random; the index is made again from its records at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="vigil-history-"))
        self.blog = BlogSimulator(now=datetime(2024, 2, 28, tzinfo=UTC))
        self.blog.write("First", "One paragraph.", slug="first")
        self.watch = Watch(self.folder / "collection", self.blog)
        self.night: Night | None = None

    def teardown(self) -> None:
        self.watch.indexer.flush()
        again = self.folder / "again.db"
        write_index(self.watch.collection, again)
        differences = compare(self.watch.collection.database, again)
        self.watch.close()
        shutil.rmtree(self.folder)
        assert differences == []

    def a_post(self, number: int) -> int:
        ids = sorted(post.id for post in self.blog.everything()) or [33_000_007]
        return ids[number % len(ids)]

    # --- the blog

    @rule(word=WORDS, number=POST)
    def publish(self, word: str, number: int) -> None:
        self.blog.write(f"{word} {number}", f"Something of a {word}.", f"And number {number}.", slug=f"s{number}")

    @rule(number=POST, word=WORDS, is_silent=st.booleans())
    def edit(self, number: int, word: str, *, is_silent: bool) -> None:
        self.blog.edit(self.a_post(number), body=[f"Now it is a {word}."], is_silent=is_silent)

    @rule(number=POST, status=st.sampled_from([404, 410]))
    def delete(self, number: int, status: int) -> None:
        if len(self.blog.everything()) > 1:
            self.blog.delete(self.a_post(number), status)

    @rule(number=POST, slug=st.sampled_from(["moved", None]))
    def move(self, number: int, slug: str | None) -> None:
        self.blog.move(self.a_post(number), slug)

    # --- the watch

    @precondition(lambda self: self.night is None)
    @rule(max_bytes=st.sampled_from([6_000, 1_000_000]))
    def begin(self, max_bytes: int) -> None:
        self.night = self.watch.begin(max_bytes=max_bytes)

    @precondition(lambda self: self.night is not None)
    @rule(is_walk_complete=st.booleans())
    def end(self, *, is_walk_complete: bool) -> None:
        assert self.night is not None
        self.night.end(is_walk_complete=is_walk_complete)
        self.night = None

    @precondition(lambda self: self.night is not None)
    @rule()
    def die(self) -> None:
        assert self.night is not None
        self.night.die()
        self.night = None
        self.watch.close()
        self.watch.open()

    @precondition(lambda self: self.night is not None)
    @rule(pages=st.integers(1, 2))
    def look(self, pages: int) -> None:
        assert self.night is not None
        self.night.look(pages)

    @precondition(lambda self: self.night is not None)
    @rule(
        number=POST,
        spoil=st.sampled_from([lambda one: one, refused, broken]),
        truncation=st.sampled_from([None, None, Truncation.TIME]),
        failure=st.sampled_from([None, None, FailureKind.RESET]),
    )
    def ask(
        self,
        number: int,
        spoil: Callable[[Answer], Answer],
        truncation: Truncation | None,
        failure: FailureKind | None,
    ) -> None:
        assert self.night is not None
        post = self.blog[self.a_post(number)]
        self.night.ask(HOME + post.path, spoil=spoil, truncation=truncation, failure=failure)

    @precondition(lambda self: self.night is not None)
    @rule(number=POST)
    def ask_by_number_alone(self, number: int) -> None:
        assert self.night is not None
        self.night.ask(f"{HOME}/a/{self.a_post(number)}.html")

    @precondition(lambda self: self.night is not None)
    @rule()
    def read_sitemap(self) -> None:
        assert self.night is not None
        self.night.ask(f"{HOME}/sitemap_8_latest.xml.gz", Purpose.SITEMAP)

    @rule(hours=st.integers(-40, 40))
    def set_clock(self, hours: int) -> None:
        self.watch.clock += timedelta(hours=hours)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=12, stateful_step_count=25, suppress_health_check=list(HealthCheck))


# --- late captures -------------------------------------------------------------------------------

QUESTIONS = (
    """SELECT number, text_hash, origin, f.time, l.time FROM versions v JOIN texts t ON t.id = v.text_id
    JOIN exchanges f ON f.id = v.capture_id JOIN exchanges l ON l.id = v.last_capture_id ORDER BY number""",
    """SELECT time, ordinal, kind, text_hash, is_edit, is_title_changed, is_silent, status, before, after, reason
    FROM events ORDER BY time, ordinal""",
    """SELECT p.identity, p.state, p.current, p.is_opened, p.canonical_url, p.counted_to, a.digest
    FROM posts p LEFT JOIN articles a ON a.id = p.article_id""",
)
STATES = ("lost", "found", "other headline", "gone", "refused", "block page", "broken")


def set_state(blog: BlogSimulator, post_id: int, state: str) -> Callable[[Answer], Answer]:
    """Bring the post into ``state``; give what spoils its page on the way."""
    if blog.status(post_id) != 200:
        blog.restore(post_id)
    if state == "gone":
        blog.delete(post_id)
    else:
        blog.edit(post_id, title="Hat found" if state == "other headline" else "Hat", body=[f"It is {state}."])
    spoils: dict[str, Callable[[Answer], Answer]] = {"refused": refused, "block page": blocked, "broken": broken}
    return spoils.get(state, lambda one: one)


def blocked(one: Answer) -> Answer:
    """A page that is not the site's."""
    del one
    return Answer(status=200, body=b"<html><body><p>Are you a person?</p></body></html>")


def told(folder: Path, moments: list[tuple[int, str]]) -> list[list[tuple[object, ...]]]:
    """Watch one post in these states, asked for at these minutes in this order; tell versions, events and state."""
    blog = BlogSimulator(now=datetime(2024, 2, 28, tzinfo=UTC))
    post = blog.write("Hat", "It is lost.", slug="hat")
    watch = Watch(folder, blog)
    dawn = watch.clock + timedelta(days=2)
    with watch.night() as night:
        night.look()
        for minute, state in moments:
            watch.clock = dawn + timedelta(minutes=minute)
            night.ask(HOME + post.path, spoil=set_state(blog, post.id, state))
    told = [[tuple(row) for row in watch.index.execute(question)] for question in QUESTIONS]
    watch.close()
    return told


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moments=st.dictionaries(st.integers(0, 500), st.sampled_from(STATES), min_size=2, max_size=6),
    data=st.data(),
)
def test_late_captures_count_as_if_they_had_come_in_time(
    tmp_path_factory: pytest.TempPathFactory, moments: dict[int, str], data: st.DataObject
) -> None:
    in_time = sorted(moments.items())
    late = data.draw(st.permutations(in_time))
    folder = tmp_path_factory.mktemp("late")
    assert told(folder / "late", late) == told(folder / "in-time", in_time)
