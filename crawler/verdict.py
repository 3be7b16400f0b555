"""How a run went, from what it counted. Pure.

A page is lost, and the run not whole (exit 10), when it was asked for and no answer came, when the answer is neither
the page nor the news that it is gone, and when it leads where nothing is asked: to another host, a private address,
another scheme, in a circle, on and on. A page that robots.txt forbids is not lost, since the site wants it so. Either
way a row says which page and why.
"""

from collections import Counter
from dataclasses import dataclass, field

from archive.errors import ExitCode
from archive.model import PageOutcome
from crawler.walk import BAD_OUTCOMES, StopReason

INTERRUPTED = "shutdown"
"""Scrapy's word for a crawl that a signal ended."""
ALL_ALIKE = 3
"""So many posts' pages that are none, all for one reason, and not one that is, speak of the site, not of the posts."""
REFUSALS = {401, 403, 451}
"""Statuses by which a site's edge turns a reader away, as it does with a block page."""


@dataclass(slots=True)
class Tally:
    """What a run counted of its answers; ``stop`` is why its last walk ended, ``forced`` what ended it before its time.

    ``outcomes`` are those of posts' pages that held no post, ``given_up`` hosts of requisites that failed too often.
    """

    answers: int = 0
    posts: int = 0
    lost: int = 0
    in_row: int = 0
    outcomes: Counter[PageOutcome] = field(default_factory=Counter)
    alarms: list[str] = field(default_factory=list)
    stop: StopReason | None = None
    forced: tuple[str, ExitCode] | None = None
    has_callback_errors: bool = False
    requisites: int = 0
    pages_gathered: int = 0
    pages_unfinished: int = 0
    given_up: set[str] = field(default_factory=set)

    def requisite_counts(self) -> tuple[tuple[str, int], ...]:
        """Name what was done for the looks of pages: requests, pages that have all, pages left to the next night."""
        return (
            ("requisites", self.requisites),
            ("pages_gathered", self.pages_gathered),
            ("pages_unfinished", self.pages_unfinished),
        )


def judge(tally: Tally, reason: str, *, is_walk_complete: bool, is_asked_to_stop_early: bool) -> tuple[str, ExitCode]:
    """Say why the run stopped and with which exit code; ``reason`` is Scrapy's own word for it."""
    if tally.forced is not None:
        return tally.forced
    if reason == INTERRUPTED:
        return str(StopReason.INTERRUPTED), ExitCode.INTERRUPTED
    stop = str(tally.stop or StopReason.FAILED)
    if not tally.answers:
        return stop, ExitCode.NOTHING_FETCHED
    for reason_told, exit_code in _TELLING.items():
        if tally.stop is reason_told or _are_all(tally, reason_told):
            return str(reason_told), exit_code
    is_whole = is_walk_complete or is_asked_to_stop_early
    if tally.lost or tally.has_callback_errors or tally.alarms or not is_whole:
        return stop, ExitCode.PARTIAL
    return stop, ExitCode.OK


_TELLING = {
    StopReason.BLOCKED: ExitCode.BLOCKED,
    StopReason.EMPTY: ExitCode.BLOCKED,
    StopReason.DRIFT: ExitCode.LAYOUT_DRIFT,
}
"""What a listing, or all posts' pages, can turn out to be that has an exit code of its own."""


def _are_all(tally: Tally, stop: StopReason) -> bool:
    """Tell whether all posts' pages were what would have ended a walk for ``stop``."""
    return (
        not tally.posts and sum(tally.outcomes[one] for one in BAD_OUTCOMES if BAD_OUTCOMES[one] is stop) >= ALL_ALIKE
    )
