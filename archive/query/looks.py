"""Which posts are looked at next, and how: what a crawl asks of the index for its re-checks, and what a person sees."""

import sqlite3
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from math import ceil

from archive.database import instant, micros
from archive.model import Capture, Identity, Purpose
from archive.recheck import Looked, choose, interval, is_whole, next_look
from archive.site import RecheckRules, Site, parse_site

_FACTS = """\
SELECT p.identity, p.looked, p.counted_to, p.read, p.changed, p.gone_since, min(c.modified, y.time) AS hinted,
  coalesce(p.published, (SELECT min(x.time) FROM versions v JOIN exchanges x ON x.id = v.capture_id
    WHERE v.post_id = p.id), p.looked) AS since
FROM posts p JOIN sites s ON s.id = p.site_id
LEFT JOIN candidates c ON c.site_id = p.site_id AND c.identity = p.identity LEFT JOIN exchanges y ON y.id = c.capture_id
WHERE s.name = ? AND p.is_ours = 1 AND p.looked IS NOT NULL"""

_ANSWERS = """\
SELECT u.url, c.status, x.etag, x.last_modified, x.outcome, x.truncation, x.time, r.route
FROM sites s JOIN urls u ON u.site_id = s.id AND u.identity = ? JOIN captures c ON c.url_id = u.id
JOIN exchanges x ON x.id = c.capture_id JOIN runs r ON r.id = x.run_id
WHERE s.name = ? AND x.purpose = ? AND c.status IN (200, 404, 410)
ORDER BY r.route = 'import', c.status = 200 DESC, x.time DESC, x.id DESC LIMIT 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A post to look at again: its ``url``, and the conditions to send, by header name; none for a whole answer."""

    identity: Identity
    url: str
    conditions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLook:
    """From when on the next run looks at a post again (it may be past: then with the next run, budget permitting).

    ``every_days`` is its stated re-check interval; ``reason`` says why it is not that interval which decides.
    """

    due: datetime
    every_days: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The re-checks of a blog at a time: posts due now, the nightly budget, and when the first of the others is due.

    ``nightly`` is how many looks a night the stated intervals ask for: with a budget below that they cannot be kept.
    """

    watched: int
    due: int
    budget: int
    nightly: int
    next_due: datetime | None


def looked(db: sqlite3.Connection, site: str) -> Iterator[Looked]:
    """Give what decides of each post of a blog when it is looked at next."""
    yield from (_facts(row) for row in db.execute(_FACTS, (site,)))


def looks(db: sqlite3.Connection, site: Site, now: datetime, hints: Mapping[Identity, datetime]) -> list[Look]:
    """Choose the posts to look at now, newest first; ``hints`` are ``lastmod`` that this run met itself."""
    posts = (_hinted(post, hints.get(post.identity), now) for post in looked(db, site.id))
    is_misled = _is_misled(db, site.id)
    chosen = choose(site.recheck, posts, now)
    found = (
        _look(db, site.id, post.identity, is_whole=is_misled or is_whole(site.recheck, post, now)) for post in chosen
    )
    return [look for look in found if look is not None]


def agenda(db: sqlite3.Connection, site: str, rules: RecheckRules, now: datetime) -> Agenda:
    """Say how many posts of a blog are due, and when the next one is."""
    posts = list(looked(db, site))
    dates = [next_look(rules, post) for post in posts]
    later = [due for due in dates if due > now]
    return Agenda(
        watched=len(dates),
        due=len(dates) - len(later),
        budget=rules.budget,
        nightly=ceil(sum(timedelta(days=1) / interval(rules, post) for post in posts)),
        next_due=min(later, default=None),
    )


def absent(
    db: sqlite3.Connection, site: str, oldest: datetime, newest: datetime, shown: Container[Identity]
) -> list[Look]:
    """Give the posts, thought to be live and listed, of a stretch of the listing that are not ``shown`` there."""
    rows = db.execute(
        "SELECT p.identity FROM posts p JOIN sites s ON s.id = p.site_id WHERE s.name = ? AND p.is_ours = 1 "
        "AND p.state = 'live' AND p.is_unlisted = 0 AND p.looked IS NOT NULL AND p.published > ? AND p.published < ? "
        "AND EXISTS (SELECT 1 FROM sightings g WHERE g.post_id = p.id) ORDER BY p.published DESC",
        (site, micros(oldest), micros(newest)),
    ).fetchall()
    missing = [Identity(row["identity"]) for row in rows if row["identity"] not in shown]
    return [look for identity in missing if (look := _look(db, site, identity, is_whole=True)) is not None]


def rules_of(db: sqlite3.Connection, site: str) -> RecheckRules | None:
    """Give the re-check rules of a blog's newest run; None where there was none."""
    row = db.execute(
        "SELECT t.toml FROM runs r JOIN sites s ON s.id = r.site_id JOIN rules t ON t.id = r.rules_id "
        "WHERE s.name = ? ORDER BY r.id DESC LIMIT 1",
        (site,),
    ).fetchone()
    return None if row is None else parse_site(row["toml"], "the site file in the archive").recheck


def next_look_of(db: sqlite3.Connection, post_id: int) -> NextLook | None:
    """Say when a post is looked at next; None for one that was never read."""
    row = db.execute(
        "SELECT s.name, p.identity FROM posts p JOIN sites s ON s.id = p.site_id WHERE p.id = ?", (post_id,)
    ).fetchone()
    facts = db.execute(f"{_FACTS} AND p.identity = ?", tuple(row)).fetchone()
    rules = rules_of(db, row["name"])
    if facts is None or rules is None:
        return None
    post = _facts(facts)
    reason = None
    if post.gone_since is not None and not post.is_confirmed_gone:
        reason = "it was gone: a second look, on another night, confirms it"
    elif post.is_hinted:
        reason = "a sitemap says that it changed"
    elif post.tried > post.looked:
        reason = "the last look told nothing"
    return NextLook(due=next_look(rules, post), every_days=interval(rules, post).days, reason=reason)


def _facts(row: sqlite3.Row) -> Looked:
    def time(name: str) -> datetime | None:
        return None if row[name] is None else instant(row[name])

    return Looked(
        identity=Identity(row["identity"]),
        since=instant(row["since"]),
        looked=instant(row["looked"]),
        tried=instant(row["counted_to"]),
        read=time("read"),
        changed=time("changed"),
        gone_since=time("gone_since"),
        hinted=time("hinted"),
    )


def _hinted(post: Looked, hint: datetime | None, now: datetime) -> Looked:
    if hint is None:
        return post
    hint = min(hint, now)
    return post if post.hinted is not None and post.hinted >= hint else replace(post, hinted=hint)


def _is_misled(db: sqlite3.Connection, site: str) -> bool:
    """Tell whether a validator of this blog's server was ever proved to stand still though a text changed."""
    sql = "SELECT 1 FROM posts p JOIN sites s ON s.id = p.site_id WHERE s.name = ? AND p.is_misled = 1 LIMIT 1"
    return db.execute(sql, (site,)).fetchone() is not None


def _look(db: sqlite3.Connection, site: str, identity: Identity, *, is_whole: bool) -> Look | None:
    row = db.execute(_ANSWERS, (identity, site, Purpose.POST)).fetchone()
    if row is None:
        return None
    is_good = row["status"] == 200 and row["outcome"] == "ok" and row["truncation"] is None
    is_own = row["route"] != "import"  # what others were given tells nothing of what we would be
    validators = () if is_whole or not is_good or not is_own else (row["etag"], row["last_modified"], row["time"])
    conditions = tuple(_conditions(*validators)) if validators else ()
    return Look(identity=identity, url=row["url"], conditions=conditions)


def conditions_of(capture: Capture) -> Iterator[tuple[str, str]]:
    """Give the conditions by which to ask again for what a capture holds, by header name."""
    return _conditions(capture.etag, capture.last_modified, micros(capture.time))


def _conditions(etag: str | None, modified: str | None, time: int) -> Iterator[tuple[str, str]]:
    """The conditions of RFC 9110 section 13.1; a Last-Modified that lay ahead of its own capture proves nothing."""
    if etag and etag.isascii() and etag.isprintable():
        yield "If-None-Match", etag
    if modified and modified.isascii() and modified.isprintable():
        stated = http_time(modified)
        if stated is not None and micros(stated) <= time:
            yield "If-Modified-Since", modified


def http_time(value: str) -> datetime | None:
    """Read an HTTP date (RFC 9110 section 5.6.7); None where it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
