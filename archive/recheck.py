"""When an archived post is looked at again: pure, from its age, what earlier looks said, and the site file's tiers.

Nothing here is stored: each fact is a capture's, so the answer is the same after ``vigil rebuild``.

- A post's age counts from its publication, or from the last time it was seen to change or to be gone.
- Looks in long tiers are spread over the last quarter of the interval by the post's identity, so that posts archived in
  one night are not all due in one night.
- A ``lastmod`` of a sitemap that is newer than the last look makes a post due at once.
- A look that told nothing (403, 5xx, timeout) is made again the next night.
- A look dated later than now was dated by a clock that was wrong: the post is due at once, and is asked for whole.
- What is due beyond the nightly budget waits: newest posts go first, and a quarter of the budget goes to those that
  have waited longest, so that none waits for ever.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from archive.model import Identity

if TYPE_CHECKING:
    from archive.site import RecheckRules

SLACK = timedelta(hours=8)
"""A look is due so much before its interval is over: nightly runs do not begin at the same minute."""
SECOND_LOOK = timedelta(hours=12)
"""So long after the first 404 or 410, another one confirms that a post is gone: it is another night's."""
_DAY = timedelta(days=1)
_SHARE_OF_WAITING = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is known of a post that decides when it is looked at next.

    ``since`` is its publication, else its first capture; ``looked`` the last look that told something, ``tried`` the
    last one of all, ``read`` the last whole answer (200), ``changed`` the last edit, disappearance or return,
    ``gone_since`` the first 404 or 410 where the post is gone, ``hinted`` the newest ``lastmod`` of a sitemap.
    """

    identity: Identity
    since: datetime
    looked: datetime
    tried: datetime
    read: datetime | None = None
    changed: datetime | None = None
    gone_since: datetime | None = None
    hinted: datetime | None = None

    @property
    def newness(self) -> datetime:
        """From when its age counts."""
        return self.since if self.changed is None else max(self.since, self.changed)

    @property
    def is_hinted(self) -> bool:
        """Whether a sitemap says that it changed after the last look."""
        return self.hinted is not None and self.hinted > self.looked

    @property
    def is_confirmed_gone(self) -> bool:
        """Whether a second look, on another night, found it gone as well."""
        return self.gone_since is not None and self.looked - self.gone_since >= SECOND_LOOK


def interval(rules: "RecheckRules", post: Looked) -> timedelta:
    """Give the longest time between two looks at ``post``: its stated re-check interval."""
    age = post.looked - post.newness
    for tier in rules.tiers:
        if tier.younger_than is None or age < tier.younger_than * _DAY:
            return tier.every * _DAY
    return rules.tiers[-1].every * _DAY


def next_look(rules: "RecheckRules", post: Looked) -> datetime:
    """Say from when on the next run looks at ``post`` again, budget permitting."""
    if post.gone_since is not None and not post.is_confirmed_gone:
        due = post.gone_since + SECOND_LOOK
    elif post.is_hinted:
        due = post.looked
    else:
        every = interval(rules, post)
        due = post.looked + every - SLACK
        if every > _DAY:
            due -= every / 4 * _phase(post.identity)
    if post.tried > post.looked:
        due = max(due, post.tried + _DAY - SLACK)
    return due


def _is_misdated(post: Looked, now: datetime) -> bool:
    return max(post.looked, post.tried, post.read or post.looked) > now + SLACK


def is_whole(rules: "RecheckRules", post: Looked, now: datetime) -> bool:
    """Tell whether a look at ``post`` must ask unconditionally, so that no server's 304 hides an edit for too long.

    That is: when a sitemap says it changed, when the last look was dated by a wrong clock, and when the next
    conditional look would come after the full interval.
    """
    if post.read is None or post.is_hinted or post.gone_since is not None or _is_misdated(post, now):
        return True
    return now + interval(rules, post) > post.read + rules.full * _DAY


def choose(rules: "RecheckRules", posts: Iterable[Looked], now: datetime) -> list[Looked]:
    """Choose, within the budget, which of the posts that are due are looked at now, in the order to ask for them."""
    due = [post for post in posts if next_look(rules, post) <= now or _is_misdated(post, now)]
    if len(due) > rules.budget:
        by_waiting = sorted(due, key=lambda post: (post.tried, post.identity))
        waited = by_waiting[: rules.budget // _SHARE_OF_WAITING]
        taken = {post.identity for post in waited}
        rest = sorted((post for post in due if post.identity not in taken), key=_newest)
        due = [*waited, *rest[: rules.budget - len(waited)]]
    return sorted(due, key=_newest)


def _newest(post: Looked) -> tuple[float, Identity]:
    return -post.newness.timestamp(), post.identity


def _phase(identity: Identity) -> float:
    """Give a number from 0 to 1 that is always the same for a post."""
    return int.from_bytes(hashlib.sha256(identity.encode("utf-8", "surrogatepass")).digest()[:4]) / 2**32
