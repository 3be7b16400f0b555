"""What a crawl has to know of the runs before it."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from archive.database import instant, micros
from archive.model import Identity, PostState
from archive.recheck import SLACK


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkState:
    """How far the walks of earlier runs came.

    ``is_complete`` is true when all of the listing was walked, down to its end or to what an earlier complete walk
    covers. ``resume`` holds the days, newest first, at which stretches begin that no walk has covered: as the last run
    that ended said, and the oldest day that each killed run since then had reached. ``whole`` is when a walk last came
    to the listing's very end.
    """

    is_complete: bool
    is_day_route_complete: bool
    resume: tuple[date, ...]
    whole: datetime | None = None

    def is_whole_due(self, every: int, now: datetime) -> bool:
        """Tell whether it is time to walk to the end again, which is done every so many days; never where 0."""
        return bool(every) and self.whole is not None and now - self.whole >= timedelta(days=every) - SLACK


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIdentity:
    """What the archive holds of a post: whether its own page was read, whether any text is kept, its state."""

    is_opened: bool
    has_text: bool
    state: PostState | None


class Known:
    """Look-up of a site's posts; flat in memory, some microseconds each.

    ``identity in known`` is true when the post's own page was read at least once.
    """

    def __init__(self, db: sqlite3.Connection, site: str) -> None:
        self._db = db
        self._site = site

    def __contains__(self, identity: object) -> bool:
        found = self.get(Identity(identity)) if isinstance(identity, str) else None
        return found is not None and found.is_opened

    def get(self, identity: Identity) -> KnownIdentity | None:
        """Say what is held of a post; None where it was never met."""
        row = self._db.execute(
            "SELECT p.is_opened, p.current, p.state FROM posts p JOIN sites s ON s.id = p.site_id "
            "WHERE s.name = ? AND p.identity = ?",
            (self._site, identity),
        ).fetchone()
        if row is None:
            return None
        state = None if row["state"] is None else PostState(row["state"])
        return KnownIdentity(is_opened=bool(row["is_opened"]), has_text=row["current"] is not None, state=state)

    def was_asked(self, identity: Identity) -> bool:
        """Tell whether the post's own page was ever asked for, whatever came of it."""
        found = self.get(identity)
        return found is not None and found.state is not None

    def was_walked(self, identity: Identity) -> bool:
        """Tell whether a listing or day page ever showed the post: a walk came by, whatever feeds may have named."""
        row = self._db.execute(
            "SELECT 1 FROM posts p JOIN sites s ON s.id = p.site_id JOIN sightings g ON g.post_id = p.id "
            "JOIN exchanges x ON x.id = g.capture_id WHERE s.name = ? AND p.identity = ? "
            "AND x.purpose IN ('listing', 'day-page') LIMIT 1",
            (self._site, identity),
        ).fetchone()
        return row is not None

    def owed(self, since: datetime | None = None) -> list[tuple[Identity, str]]:
        """List the posts that a source of the blog showed and whose own page was never read, oldest mention first.

        Each with the spelling shown last. Posts that the site says are gone are not owed; nor are, where ``since`` is
        given, those that were shown as published before it.
        """
        rows = self._db.execute(
            "SELECT p.identity, (SELECT u.url FROM sightings g JOIN urls u ON u.id = g.url_id WHERE g.post_id = p.id "
            "ORDER BY g.capture_id DESC, g.position LIMIT 1) AS url FROM posts p JOIN sites s ON s.id = p.site_id "
            "WHERE s.name = ? AND p.is_opened = 0 AND p.state IS NOT 'gone' AND url IS NOT NULL AND NOT EXISTS ("
            "SELECT 1 FROM sightings o WHERE o.post_id = p.id AND o.published < ?) ORDER BY p.id",
            (self._site, None if since is None else micros(since)),
        )
        return [(Identity(identity), url) for identity, url in rows]


TO_THE_END = ("no button", "past the end")
"""The stop reasons of runs that came to the listing's end."""


def walk_state(db: sqlite3.Connection, site: str) -> WalkState:
    """Say how far the walks over a site's listing came."""
    rows = db.execute(
        "SELECT r.id, r.ended, r.is_walk_complete, r.is_day_route_complete, r.resume_at FROM runs r "
        "JOIN sites s ON s.id = r.site_id WHERE s.name = ? AND r.route <> 'import' ORDER BY r.id DESC",
        (site,),
    )
    killed: list[date] = []
    has_killed = False
    for row in rows:
        count, oldest = _shown(db, row["id"])
        if row["ended"] is None:
            has_killed = has_killed or count > 0
            killed += [oldest] if oldest else []
        elif count or row["is_walk_complete"] or row["is_day_route_complete"] or row["resume_at"]:
            return WalkState(
                is_complete=bool(row["is_walk_complete"]) and not has_killed,
                is_day_route_complete=bool(row["is_day_route_complete"]) and not has_killed,
                resume=_without_repeats((*killed, *_days(row["resume_at"]))),
                whole=_last_whole(db, site),
            )
    return WalkState(is_complete=False, is_day_route_complete=False, resume=_without_repeats(tuple(killed)))


def _last_whole(db: sqlite3.Connection, site: str) -> datetime | None:
    row = db.execute(
        "SELECT r.started FROM runs r JOIN sites s ON s.id = r.site_id "
        "WHERE s.name = ? AND r.stop_reason IN (?, ?) ORDER BY r.id DESC LIMIT 1",
        (site, *TO_THE_END),
    ).fetchone()
    return None if row is None else instant(row[0])


def _shown(db: sqlite3.Connection, run_id: int) -> tuple[int, date | None]:
    """How many cards the listing pages of a run showed, and the oldest day of publication among them."""
    count, oldest = db.execute(
        "SELECT count(*), min(g.published) FROM exchanges x JOIN sightings g ON g.capture_id = x.id "
        "WHERE x.run_id = ? AND x.purpose IN ('listing', 'day-page')",
        (run_id,),
    ).fetchone()
    return count, None if oldest is None else instant(oldest).date()


def _days(text: str | None) -> Iterator[date]:
    for part in (text or "").split(","):
        try:
            yield date.fromisoformat(part.strip())
        except ValueError:
            continue


def _without_repeats(days: tuple[date, ...]) -> tuple[date, ...]:
    return tuple(dict.fromkeys(days))
