"""A blog's history, made up from a seed: what happens to it day by day, and what it served from when until when."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from crawler.replica import BlogSimulator, Request
from crawler.replica.faults import FaultKind
from crawler.replica.model import Kind, Paragraph, Post
from tests.stories.nightfall import Mishap, Nightfall
from tests.stories.politeness import DELAY, assert_polite, wait_until_all_is_closed
from tests.stories.story import Story

DAY = timedelta(days=1)
MARK = "Mark "


@dataclass(kw_only=True)
class Served:
    """A text of a post, by the mark in it, and how long it was served."""

    post: int
    mark: str
    begin: datetime
    end: datetime | None = None


@dataclass(kw_only=True)
class Absence:
    """How long a post was gone."""

    post: int
    begin: datetime
    end: datetime | None = None


@dataclass
class History:
    """Lets things happen to the blog of a story, and remembers them."""

    story: Story
    dice: Random
    served: list[Served] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    bad_nights: list[datetime] = field(default_factory=list)
    wrong_clocks: list[tuple[datetime, timedelta]] = field(default_factory=list)
    """Nights on which the machine's clock was wrong, and by how much."""
    happened: list[str] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.night = Nightfall(story=self.story, delay=DELAY)
        self.plain = {post.id: post.body for post in self.blog.listing()}
        for post in self.blog.listing():
            self.served.append(Served(post=post.id, mark="", begin=self.blog.now))

    @property
    def blog(self) -> BlogSimulator:
        return self.story.blog

    def live(self) -> list[Post]:
        """Posts that can be edited: those with paragraphs."""
        return [post for post in self.blog.listing() if post.kind is Kind.ARTICLE and post.body]

    # --- what a day brings -----------------------------------------------------------------------

    def day(self) -> None:
        """Let a day pass, with some of what happens to a blog."""
        self.blog.advance(DAY / 2)
        for happening in self.dice.choices(DAILY, weights=WEIGHTS, k=self.dice.randint(0, 3)):
            happening(self)
            self.happened.append(happening.__name__)
        self.blog.advance(DAY / 2)

    def publish(self) -> None:
        number = max(self.plain) + 7  # of those deleted as well
        model = self.dice.choice(self.live())
        now = self.blog.now
        post = replace(model, id=number, published=now, modified=now, touched=now, slug=f"news-{number}")
        self.plain[post.id] = self.plain[model.id]
        self.blog.publish(replace(post, body=self.plain[post.id]))
        self.served.append(Served(post=post.id, mark="", begin=now))

    def edit(self, *, is_silent: bool = False, newest: int | None = None) -> None:
        """Edit one of the ``newest`` posts, or of all."""
        post = self.dice.choice(self.live()[:newest])
        self.count += 1
        mark = f"{MARK}{self.count:05d}"
        body = (*self.plain[post.id], Paragraph(text=f"{mark} was set here by the editors of this invented page."))
        self.blog.edit(post.id, body=body, is_silent=is_silent)
        self._ends(post.id)
        self.served.append(Served(post=post.id, mark=mark, begin=self.blog.now))

    def edit_silently(self) -> None:
        self.edit(is_silent=True)

    def edit_lately(self) -> None:
        """Edit one of the newest, as most edits do."""
        self.edit(newest=4)

    def delete(self) -> None:
        post = self.dice.choice(self.live())
        self.blog.delete(post.id, self.dice.choice([404, 410]))
        self._ends(post.id)
        self.absences.append(Absence(post=post.id, begin=self.blog.now))

    def restore(self) -> None:
        gone = [absence for absence in self.absences if absence.end is None]
        if not gone:
            return
        absence = self.dice.choice(gone)
        absence.end = self.blog.now
        self.blog.restore(absence.post)
        last = [one for one in self.served if one.post == absence.post][-1]
        self.served.append(Served(post=absence.post, mark=last.mark, begin=self.blog.now))

    def reslug(self) -> None:
        post = self.dice.choice(self.live())
        self.count += 1
        self.blog.move(post.id, f"moved-{self.count}")

    def mass_lastmod(self) -> None:
        for post in self.blog.listing():
            self.blog.edit(post.id)

    def new_sidebar(self) -> None:
        self.count += 1
        self.blog.about = f"A new text about this blog, the {self.count}th."
        self.blog.revision += 1

    def _ends(self, post: int) -> None:
        for one in self.served:
            if one.post == post and one.end is None:
                one.end = self.blog.now

    # --- what a night brings ---------------------------------------------------------------------

    def dark(self, trouble: "Trouble | None") -> int:
        """Crawl at night, in some trouble; give the exit code."""
        asked = len(self.story.server.log)
        if trouble is None:
            code = self.night.crawl(self.blog.now)
        else:
            self.happened.append(trouble.__name__)
            with_faults = list(self.blog.faults)
            robots = self.blog.robots
            code = trouble(self)
            self.story.server.before = None
            self.blog.faults[:] = with_faults
            self.blog.robots = robots
            self.bad_nights.append(self.blog.now)
        self.happened.append(f"-> {code}")
        wait_until_all_is_closed(self.story.server)
        assert_polite(self.story.server.log[asked:])
        return code

    def killed(self) -> int:
        """A crawl dies by SIGKILL at some request."""
        left = self.dice.randint(2, 12)
        child = self.night.begin(self.blog.now)

        def kill(_: Request) -> None:
            nonlocal left
            left -= 1
            if left == 0 and child.pid:
                os.kill(child.pid, signal.SIGKILL)

        self.story.server.before = kill
        child.join(120)
        return child.exitcode or 0

    def started_twice(self) -> int:
        """Two crawls start at once: one works, the other is told so."""
        first, second = self.night.begin(self.blog.now), self.night.begin(self.blog.now)
        first.join(120)
        second.join(120)
        codes = {first.exitcode, second.exitcode}
        assert 75 in codes, codes
        return min(code for code in codes if code is not None)

    def forbidden(self) -> int:
        """For three nights the edge answers 403 to every article."""
        self.blog.fault("/a/", FaultKind.FORBIDDEN_403, times=None)
        for _ in range(2):
            self.night.crawl(self.blog.now)
            self.bad_nights.append(self.blog.now)
            self.blog.advance(DAY)
        return self.night.crawl(self.blog.now)

    def block_pages(self) -> int:
        self.blog.fault("/a/", FaultKind.BLOCK_PAGE, times=None)
        return self.night.crawl(self.blog.now)

    def dead_feed(self) -> int:
        self.blog.fault("/rss/", FaultKind.ELEVEN_BYTES, times=None)
        return self.night.crawl(self.blog.now)

    def robots_forbid(self) -> int:
        self.blog.robots = b"User-agent: *\nDisallow: /\n"
        return self.night.crawl(self.blog.now)

    def robots_ask_for_patience(self) -> int:
        self.blog.robots += b"\nUser-agent: *\nCrawl-delay: 0.2\n"
        return self.night.crawl(self.blog.now)

    def overloaded(self) -> int:
        """The server asks for a pause, in the middle of the walk."""
        self.blog.fault("/Watchdog", FaultKind.UNAVAILABLE_503, times=1, seconds=1)
        return self.night.crawl(self.blog.now)

    def disk_full(self) -> int:
        """No file may grow past some size: at first for the records, later for the index."""
        longest = self.dice.choice([8, 30, 80, 200]) * 1024
        code = self.night.crawl(self.blog.now, Mishap(longest_file=longest))
        assert code in {0, 3}, f"a full disk ends with {code}"
        return code

    def clock_jumps(self) -> int:
        """The clock jumps while the run goes on."""
        return self.night.crawl(self.blog.now, Mishap(jump=self.dice.choice([-1, 1]) * timedelta(hours=7)))

    def clock_wrong(self) -> int:
        """For one night the machine believes in another year."""
        error = self.dice.choice([-400, 400]) * DAY
        self.wrong_clocks.append((self.blog.now, error))
        return self.night.crawl(self.blog.now + error)

    def cut_off(self) -> int:
        self.blog.fault("/a/", FaultKind.CUT_BODY, times=3)
        return self.night.crawl(self.blog.now)

    def reset(self) -> int:
        self.blog.fault("/", FaultKind.RESET_MID_BODY, times=2)
        return self.night.crawl(self.blog.now)

    def slow(self) -> int:
        self.blog.fault("/a/", FaultKind.SLOW, times=5, seconds=0.05)
        return self.night.crawl(self.blog.now)

    def drifted(self) -> int:
        """On one night the template is another, with which no layout matches."""
        self.blog.ballast = lambda page, _id: page.replace("class=", "data-c=")
        self.blog.revision += 1
        code = self.night.crawl(self.blog.now)
        self.blog.ballast = None
        self.blog.revision += 1
        return code


Happening = Callable[[History], None]
Trouble = Callable[[History], int]

_OFTEN: tuple[tuple[Happening, int], ...] = (
    (History.publish, 6),
    (History.edit_lately, 4),
    (History.edit, 2),
    (History.edit_silently, 2),
    (History.delete, 2),
    (History.restore, 2),
    (History.reslug, 1),
    (History.new_sidebar, 1),
    (History.mass_lastmod, 1),
)
DAILY = [happening for happening, _ in _OFTEN]
WEIGHTS = [weight for _, weight in _OFTEN]
TROUBLES: tuple[Trouble, ...] = (
    History.killed,
    History.started_twice,
    History.forbidden,
    History.block_pages,
    History.dead_feed,
    History.robots_forbid,
    History.robots_ask_for_patience,
    History.overloaded,
    History.disk_full,
    History.clock_jumps,
    History.clock_wrong,
    History.cut_off,
    History.reset,
    History.slow,
    History.drifted,
)


def troubles(dice: Random, nights: int) -> Iterator[Trouble | None]:
    """The first walk is killed; then some trouble every third night or so, each kind in turn, never two running."""
    waiting: list[Trouble] = []
    since = 0
    yield History.killed
    for _ in range(nights - 1):
        since += 1
        if since > 1 and dice.random() < 0.5:
            if not waiting:
                waiting = list(TROUBLES)
                dice.shuffle(waiting)
            since = 0
            yield waiting.pop()
        else:
            yield None
