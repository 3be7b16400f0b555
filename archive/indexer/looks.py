"""What a look at a post's own page says of later looks: columns of ``posts`` that follow from captures alone."""

from collections.abc import Iterable
from email.utils import parsedate_to_datetime

from archive.database import micros
from archive.index import Index
from archive.model import (
    Capture,
    Event,
    Gone,
    Moved,
    Purpose,
    Rejected,
    Returned,
    VersionAdded,
    VersionRestored,
)

UNLISTED_ORDINAL = 99
"""Ordinal of ``unlisted`` events: they are found when the run has ended, after all else of their capture."""


def mark(index: Index, post_id: int, capture_id: int, capture: Capture, events: Iterable[Event]) -> None:
    """Note what a capture of a post's own page, with these events, means for the next look."""
    told = [event for event in events if not isinstance(event, Rejected)]
    if not told:
        return
    time = micros(capture.time)
    is_whole = capture.status == 200
    is_text = any(isinstance(event, VersionRestored) or _is_edit(event) for event in told)
    is_gone = any(isinstance(event, Gone) for event in told)
    is_change = is_text or any(isinstance(event, Returned | Moved) for event in told)
    index.execute(
        "UPDATE posts SET looked = ?1, read = CASE WHEN ?2 THEN ?1 ELSE read END, "
        "changed = CASE WHEN ?3 OR (?4 AND gone_since IS NULL) THEN ?1 ELSE changed END, "
        "gone_since = CASE WHEN ?4 THEN coalesce(gone_since, ?1) END WHERE id = ?5",
        time,
        int(is_whole),
        int(is_change),
        int(is_gone),
        post_id,
    )
    if is_text and is_whole and _is_misled(index, post_id, capture_id, capture):
        index.execute("UPDATE posts SET is_misled = 1 WHERE id = ?", post_id)


def _is_edit(event: Event) -> bool:
    return isinstance(event, VersionAdded) and event.is_edit


def _is_misled(index: Index, post_id: int, capture_id: int, capture: Capture) -> bool:
    """Tell whether the validators of another text were the same, or a 304 came after the time of this text."""
    same = (
        "SELECT 1 FROM readings r JOIN exchanges x ON x.id = r.capture_id "
        "JOIN readings n ON n.post_id = r.post_id AND n.capture_id = ?2 AND n.is_first = 1 "
        "WHERE r.post_id = ?1 AND r.is_first = 1 AND r.text_id <> n.text_id AND x.purpose = 'post' AND x.time < ?5 "
        "AND (x.etag = ?3 OR (x.etag IS NULL AND ?3 IS NULL AND x.last_modified = ?4)) LIMIT 1"
    )
    values = (post_id, capture_id, capture.etag, capture.last_modified, micros(capture.time))
    if index.one(same, *values) is not None:
        return True
    stated = _http_time(capture.last_modified)
    later = (
        "SELECT 1 FROM events e JOIN exchanges x ON x.id = e.capture_id JOIN captures c ON c.capture_id = x.id "
        "AND c.url_id = x.url_id AND c.time = x.time WHERE e.post_id = ? AND c.kind = 3 AND x.time > ? LIMIT 1"
    )
    return stated is not None and index.one(later, post_id, stated) is not None


def _http_time(value: str | None) -> int | None:
    """Read an HTTP date (RFC 9110 section 5.6.7) as a time column holds it."""
    try:
        moment = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return micros(moment) if moment.tzinfo else None


def mark_unlisted(index: Index, run: str) -> None:
    """Find the posts that a run read at their own address though no source of the blog showed them where they stood.

    That is: published between two posts that the run's listing pages showed, and named by none of its listing pages,
    day pages and feeds. Each gets an event, tied to the capture that proves it is still served.
    """
    row = index.one("SELECT id, site_id FROM runs WHERE uid = ?", run)
    if row is None:
        return
    run_id, site_id = row
    # A post pinned on top may be old, so the stretch ends where the last page does.
    listed = "FROM exchanges x JOIN sightings g ON g.capture_id = x.id WHERE x.run_id = ? AND x.purpose = 'listing'"
    newest = index.number(f"SELECT max(g.published) {listed}", run_id)
    oldest = index.number(f"SELECT g.published {listed} ORDER BY x.id DESC, g.position DESC LIMIT 1", run_id)
    shown = "SELECT 1 FROM sightings g JOIN exchanges x ON x.id = g.capture_id WHERE g.post_id = p.id AND x.run_id = ?1"
    index.execute(
        "UPDATE posts AS p SET is_unlisted = 0 WHERE p.is_unlisted = 1 AND p.site_id = ?2 "  # noqa: S608 (ours, above)
        f"AND EXISTS ({shown})",
        run_id,
        site_id,
    )
    if newest is None or oldest is None:
        return
    found = index.execute(
        "SELECT p.id, x.time, x.id AS capture_id FROM exchanges x JOIN urls u ON u.id = x.url_id "  # noqa: S608 (ours)
        "JOIN posts p ON p.site_id = u.site_id AND p.identity = u.identity "
        "WHERE x.run_id = ?1 AND x.purpose = ?5 AND p.site_id = ?2 AND p.is_unlisted = 0 AND p.is_ours = 1 "
        "AND p.state = 'live' AND p.looked = x.time AND p.published > ?3 AND p.published < ?4 "
        "AND EXISTS (SELECT 1 FROM sightings s WHERE s.post_id = p.id) "
        f"AND NOT EXISTS ({shown}) ORDER BY x.id",
        run_id,
        site_id,
        oldest,
        newest,
        Purpose.POST,
    ).fetchall()
    for post_id, time, capture_id in found:
        row_of: dict[str, int | str] = {"post_id": post_id, "time": time, "capture_id": capture_id}
        index.insert("events", {**row_of, "ordinal": UNLISTED_ORDINAL, "kind": "unlisted"})
        index.execute("UPDATE posts SET is_unlisted = 1 WHERE id = ?", post_id)
