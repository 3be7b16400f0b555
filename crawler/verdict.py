"""How a run went, from what it counted. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from archive.errors import ExitCode
from archive.model import PageOutcome
from crawler.walk import StopReason

DRIFTED_POSTS = 3
"""So many posts' pages that the layout does not match, and none that it does, are a change of the layout."""


@dataclass(slots=True)
class Tally:
    """What a run counted of its answers; ``stop`` is why its last walk ended, ``error`` what ended it by force."""

    answers: int = 0
    posts: int = 0
    lost: int = 0
    in_row: int = 0
    outcomes: Counter[PageOutcome] = field(default_factory=Counter)
    alarms: list[str] = field(default_factory=list)
    stop: StopReason | None = None
    forced: tuple[str, ExitCode] | None = None
    has_callback_errors: bool = False


def judge(tally: Tally, reason: str, *, is_walk_complete: bool, is_asked_to_stop_early: bool) -> tuple[str, ExitCode]:
    """Say why the run stopped and with which exit code; ``reason`` is Scrapy's own word for it."""
    if tally.forced is not None:
        return tally.forced
    if reason == "shutdown":
        return str(StopReason.INTERRUPTED), ExitCode.INTERRUPTED
    stop = str(tally.stop or StopReason.FAILED)
    if not tally.answers:
        return stop, ExitCode.NOTHING_FETCHED
    if tally.stop in {StopReason.BLOCKED, StopReason.EMPTY}:
        return stop, ExitCode.BLOCKED
    if tally.stop is StopReason.DRIFT or _has_drifted(tally):
        return stop if tally.stop is StopReason.DRIFT else str(StopReason.DRIFT), ExitCode.LAYOUT_DRIFT
    is_whole = is_walk_complete or is_asked_to_stop_early
    if tally.lost or tally.has_callback_errors or tally.alarms or not is_whole:
        return stop, ExitCode.PARTIAL
    return stop, ExitCode.OK


def _has_drifted(tally: Tally) -> bool:
    return tally.posts == 0 and tally.outcomes[PageOutcome.LAYOUT_DRIFT] >= DRIFTED_POSTS
