"""How a listing is walked: which cards to open, where to go on, and when to stop. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from archive.model import Card, Identity, Listing, PageOutcome

STUCK_PAGES = 3
"""So many pages in a row that show the very same cards mean that the server ignores the page number."""

BARREN_PAGES = 50
"""So many pages in a row without a new card end a walk that looks for new ones; a burst of posts shifts fewer."""


class StopReason(StrEnum):
    """Why a walk ended; the words of the run report."""

    CAUGHT_UP = "caught up"
    NO_BUTTON = "no button"
    PAST_THE_END = "past the end"
    NO_NEW_CARD = "no new card"
    PAGE_CAP = "page cap"
    LIMIT = "limit"
    SINCE = "since"
    ROBOTS = "robots"
    FAILED = "listing failed"
    BLOCKED = "block page"
    EMPTY = "empty answer"
    DRIFT = "layout drift"
    INTERRUPTED = "interrupted"

    @property
    def is_end_of_listing(self) -> bool:
        """Whether nothing older is left to list."""
        return self in {StopReason.NO_BUTTON, StopReason.PAST_THE_END}

    @property
    def is_good(self) -> bool:
        """Whether the walk ended as a walk should, and another one may follow."""
        return self.is_end_of_listing or self is StopReason.CAUGHT_UP


BAD_OUTCOMES = {
    PageOutcome.EMPTY: StopReason.EMPTY,
    PageOutcome.BLOCKED: StopReason.BLOCKED,
    PageOutcome.LAYOUT_DRIFT: StopReason.DRIFT,
    PageOutcome.UNREADABLE: StopReason.FAILED,
    PageOutcome.PAST_THE_END: StopReason.PAST_THE_END,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to do after one listing page: cards to open, and either the next page or why the walk ends."""

    cards: tuple[Card, ...]
    next_url: str | None = None
    stop: StopReason | None = None


@dataclass(slots=True, kw_only=True)
class Walk:
    """One way down a listing, newest first.

    ``seen`` holds every identity that this run has met, shared by the run's walks, so that a post that a shifting
    listing shows twice is opened once. ``is_archived`` tells what earlier runs hold, ``is_walked`` what their walks
    met: a feed or a sitemap brings posts into the archive from where no walk ever was. With ``may_catch_up`` the walk
    ends after ``overlap`` cards in a row, past the first, that are both; without, it goes to the listing's end. A walk
    that resumes below ``counts_below`` starts among such posts, so only older cards count. A second look
    (``is_again``) counts what this very run has met.
    """

    seen: set[Identity]
    is_archived: Callable[[Identity], bool]
    may_catch_up: bool
    overlap: int
    page_cap: int
    since: datetime | None = None
    wants_all: bool = False
    is_walked: Callable[[Identity], bool] = lambda _: True
    counts_below: date | None = None
    is_again: bool = False
    pages: int = 0
    known_in_row: int = 0
    barren: int = 0
    stuck: int = 0
    oldest: datetime | None = None
    new_cards: int = 0
    last_cards: tuple[Identity, ...] = field(default=())

    def take(self, listing: Listing) -> Step:
        """Read one page of the walk."""
        self.pages += 1
        bad = BAD_OUTCOMES.get(listing.outcome)
        if bad is not None:
            return Step(cards=(), stop=bad)
        fresh = tuple(card for card in listing.cards if self._counts_as_new(card))
        stop = self._reason_to_stop(listing, fresh)
        if self.since is not None:
            fresh = tuple(card for card in fresh if card.published is None or card.published >= self.since)
        if stop is None and listing.next_url is None:
            stop = StopReason.NO_BUTTON
        return Step(cards=fresh, next_url=None if stop else listing.next_url, stop=stop)

    def _counts_as_new(self, card: Card) -> bool:
        if card.published is not None and (self.oldest is None or card.published < self.oldest):
            self.oldest = card.published
        if card.identity in self.seen:
            self.known_in_row += self.is_again
            return False
        self.seen.add(card.identity)
        if self.is_archived(card.identity):
            self.known_in_row = self.known_in_row + self._is_below(card) if self.is_walked(card.identity) else 0
            return self.wants_all
        self.known_in_row = 0
        self.new_cards += 1
        return True

    def _is_below(self, card: Card) -> bool:
        return self.counts_below is None or (card.published is not None and card.published.date() < self.counts_below)

    def _reason_to_stop(self, listing: Listing, fresh: tuple[Card, ...]) -> StopReason | None:
        shown = tuple(card.identity for card in listing.cards)
        self.stuck = self.stuck + 1 if shown == self.last_cards else 0
        self.barren = 0 if fresh else self.barren + 1
        self.last_cards = shown
        if self.may_catch_up and self.known_in_row > self.overlap:
            return StopReason.CAUGHT_UP
        if self.stuck >= STUCK_PAGES or (self.may_catch_up and self.barren >= BARREN_PAGES):
            return StopReason.NO_NEW_CARD
        if self.since is not None and self.oldest is not None and self.oldest < self.since:
            return StopReason.SINCE
        if self.pages >= self.page_cap:
            return StopReason.PAGE_CAP
        return None


@dataclass(slots=True, kw_only=True)
class Course:
    """Which stretches of the listing a run has to walk, and what it leaves to later runs.

    An unfinished walk leaves a gap that ends where an older stretch was walked before. ``pending`` holds the days at
    which such gaps begin, newest first: the walk from the top ends when it has caught up, then each gap is walked from
    its day page. Without a day page there is nowhere to resume, and the next run walks from the top to the end.
    """

    pending: list[date]
    can_resume: bool
    is_complete: bool = False
    walk: Walk | None = None
    began_at: date | None = None

    def after(self, stop: StopReason) -> date | None:
        """Note that the present walk ended for ``stop``; give the day to resume at, if another gap is to be walked.

        Where robots.txt forbids to go on, the permitted route does what can be done, and no gap is noted: once the
        rules allow it, the whole listing is walked.
        """
        if stop.is_end_of_listing:
            self.pending.clear()
            self.is_complete = True
        elif stop is StopReason.CAUGHT_UP:
            if self.pending:
                self.began_at = self.pending.pop(0)
                return self.began_at
            self.is_complete = True
        elif stop is not StopReason.ROBOTS:
            self.leave()
        self.walk = None
        return None

    def leave(self) -> None:
        """Note that the present walk ends here, unfinished: what is below its oldest card is left to a later run."""
        if self.walk is None:
            return
        reached = self.walk.oldest.date() if self.walk.oldest is not None else self.began_at
        self.walk = None
        if not self.can_resume or reached is None:
            self.pending.clear()
        elif reached not in self.pending:
            self.pending.insert(0, reached)


def day_before_page(asked: date, listing: Listing) -> date | None:
    """Say which day page to ask for after that of ``asked``; None when nothing older is shown.

    A day page means "newest posts on or before that day" (site-facts 1.3). The card's day is known in UTC and the
    site's day may be a neighbour of it, so the next page asked for is one day later than the oldest card's.
    """
    days = [card.published.date() for card in listing.cards if card.published is not None]
    if not listing.cards:
        return None
    yesterday = asked - timedelta(days=1)
    return min(yesterday, min(days) + timedelta(days=1)) if days else yesterday


def may_hold_more(asked: date, listing: Listing) -> bool:
    """Tell whether the day may have more posts than its page shows: all shown are of about that day."""
    near = timedelta(days=1)
    days = [card.published.date() for card in listing.cards if card.published is not None]
    return len(days) > 1 and all(abs(day - asked) <= near for day in days)
