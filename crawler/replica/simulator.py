"""``BlogSimulator``: what the blog holds, and the verbs that change it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from crawler.replica.faults import Fault, FaultKind, Matcher
from crawler.replica.feeds import robots_txt
from crawler.replica.framing import Answer
from crawler.replica.model import WATCHDOG, Paragraph, Part, Post, Zone
from crawler.replica.shell import Column

ABOUT = (
    '"Watchdog" is a blog about people who write and the people who would rather they did not. '
    "The countries in it are invented, and so is everything that happens there."
)
TROUBLE = (
    "The reporters of this page are invented as well. Some of them were followed, some were fined, and one lost a hat. "
    'Our "Journalists In Trouble" page tells what became of the hat.'
)
NOTICE = (
    'RFE/RL has been declared an "undesirable organization" by Russia. '
    "A reader there who passes this page on may be fined for it."
)


class BlogSimulator:
    """The remote side, in memory: posts, listing order, clock, faults.

    Posts are frozen; a verb puts a new one in the old one's place and makes every page anew (``revision``). ``now`` is
    the blog's own clock: it moves by ``advance`` alone, so the same story always gives the same bytes. The other plain
    attributes are set before serving: ``about``, ``trouble``, ``notice`` (texts beside every page; an empty notice is
    left out), ``refuses_agents`` (403 for library agents), ``shard_size`` (URLs in a numbered sitemap), ``more_order``
    (the order of p, d, m, y in a "Load more" URL), ``robots`` (robots.txt), ``ballast`` (makes article pages heavier),
    ``lie`` (changes every answer: other validators, a feed that lacks a post).
    """

    def __init__(self, posts: Iterable[Post] = (), *, now: datetime) -> None:
        self.now = now
        self.page_size = 2
        self.shard_size = 200
        self.about, self.trouble, self.notice = ABOUT, TROUBLE, NOTICE
        self.refuses_agents = True
        self.more_order = "pdmy"
        self.robots = robots_txt()
        self.ballast: Callable[[str, int], str] | None = None
        self.lie: Callable[[Answer], Answer] | None = None
        self.zones: dict[str, Zone] = {WATCHDOG.alias: WATCHDOG}
        self.faults: list[Fault] = []
        self.revision = 0
        self._posts: dict[int, Post] = {}
        self._gone: dict[int, int] = {}
        self._order: list[int] = []
        for post in posts:
            self.publish(post)

    def __getitem__(self, post_id: int) -> Post:
        return self._posts[post_id]

    # --- verbs -----------------------------------------------------------------------------

    def publish(self, post: Post) -> Post:
        """Add a post; it takes its place by publication time, newest first.

        Raises:
            ValueError: the id is taken.
        """
        if post.id in self._posts:
            raise ValueError(f"article id {post.id} is taken")
        self._posts[post.id] = post
        self.zones.setdefault(post.zone.alias, post.zone)
        self._order = self._with(post)
        self.revision += 1
        return post

    def write(self, title: str, *paragraphs: str, slug: str | None = None, when: datetime | None = None) -> Post:
        """Publish a plain post, now or as of ``when``, under the next id."""
        when = when or self.now
        return self.publish(
            Post(
                id=max(self._posts, default=33_000_000) + 7,
                slug=slug,
                title=title,
                published=when,
                modified=when,
                touched=when,
                body=tuple(Paragraph(text=text) for text in paragraphs),
            )
        )

    def edit(
        self,
        post_id: int,
        *,
        title: str | None = None,
        body: Sequence[Part | str] | None = None,
        is_silent: bool = False,
        when: datetime | None = None,
    ) -> Post:
        """Change title or body (a string is a paragraph), now or as of ``when``.

        A silent edit leaves the stated modification time alone.
        """
        when = when or self.now
        old = self._posts[post_id]
        parts = old.body if body is None else (Paragraph(text=part) if isinstance(part, str) else part for part in body)
        return self._put(
            replace(
                old,
                title=old.title if title is None else title,
                body=tuple(parts),
                modified=old.modified if is_silent else when,
                touched=when,
            )
        )

    def delete(self, post_id: int, status: int = 404) -> None:
        """Take a post off listing, feeds and sitemaps; its page answers ``status`` (404 or 410)."""
        self._posts[post_id]
        self._gone[post_id] = status
        self.revision += 1

    def restore(self, post_id: int) -> None:
        """Serve a deleted post again, where it was."""
        del self._gone[post_id]
        self.revision += 1

    def move(self, post_id: int, slug: str | None) -> Post:
        """Give a post another slug, or none; its older addresses redirect to the new one."""
        return self._put(replace(self._posts[post_id], slug=slug, touched=self.now))

    def reorder(self, post_ids: Iterable[int]) -> None:
        """Put these posts on top of the listing, in this order, whatever their dates."""
        top = list(post_ids)
        self._order = top + [post_id for post_id in self._order if post_id not in top]
        self.revision += 1

    def set_page_size(self, posts: int) -> None:
        """Show so many posts on a listing page."""
        self.page_size = posts
        self.revision += 1

    def advance(self, by: timedelta) -> datetime:
        """Move the blog's clock forward."""
        self.now += by
        self.revision += 1
        return self.now

    def fault(self, match: Matcher, kind: FaultKind, *, times: int | None = 1, seconds: float = 1.0) -> Fault:
        """Let answers go wrong.

        ``match`` is a part of the request's target (``/a/``), or a function of the request. ``times`` is how many
        answers it spoils, None for all; ``seconds`` is a delay or a ``Retry-After``. The newest matching fault wins.
        """
        fault = Fault(match=match, kind=kind, left=times, seconds=seconds)
        self.faults.insert(0, fault)
        return fault

    def _put(self, post: Post) -> Post:
        self._posts[post.id] = post
        self.revision += 1
        return post

    def _with(self, post: Post) -> list[int]:
        """The listing's order with a post before the first older one; a new list, since another thread may be reading."""
        newest = (post.published, post.id)
        older = (place for place, other in enumerate(self._order) if (self._posts[other].published, other) < newest)
        place = next(older, len(self._order))
        return [*self._order[:place], post.id, *self._order[place:]]

    # --- what there is ---------------------------------------------------------------------

    def find(self, post_id: int) -> Post | None:
        """The post of this id, deleted or not."""
        return self._posts.get(post_id)

    def status(self, post_id: int) -> int:
        """200, or what a deleted post answers."""
        return self._gone.get(post_id, 200)

    def everything(self) -> tuple[Post, ...]:
        """Every live article of the site, Watchdog or not, in listing order."""
        return tuple(self._live())

    def listing(self, zone: Zone = WATCHDOG, *, until: datetime | None = None) -> tuple[Post, ...]:
        """The live posts of a zone in listing order, those published after ``until`` left out."""
        return tuple(post for post in self._of(zone) if until is None or post.published <= until)

    def _live(self) -> Iterator[Post]:
        return (self._posts[post_id] for post_id in self._order if post_id not in self._gone)

    def _of(self, zone: Zone) -> Iterator[Post]:
        return (post for post in self._live() if post.zone.number == zone.number)

    def zone(self, name: str) -> Zone | None:
        """The zone of this alias or number."""
        wanted: Callable[[Zone], bool] = lambda zone: name in {zone.alias, str(zone.number)}  # noqa: E731
        return next(filter(wanted, self.zones.values()), None)

    def column(self) -> Column:
        """What stands in the right column of every page now."""
        return Column(
            about=self.about,
            trouble=self.trouble,
            latest=tuple(islice(self._of(WATCHDOG), 10)),
            notice=self.notice or None,
        )

    @property
    def shards_built(self) -> datetime:
        """When the numbered sitemaps were last made: on the 20th, monthly (Facts 1.5)."""
        month = self.now if self.now.day > 20 else self.now.replace(day=1) - timedelta(days=1)
        return datetime(month.year, month.month, 20, 17, 38, 23, 459828, tzinfo=UTC)
