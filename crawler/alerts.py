"""Alerts: what needs a look is told once, and once more when it is over; through apprise, to wherever it can send.

``state/alerts.jsonl`` holds what was told, append-only. Addresses hold secrets: they stand in a file of their own and
never in a record, log or report.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import journal
from archive.collection import Collection
from archive.config import Settings, site_files
from archive.database import instant
from archive.errors import StorageError, VigilError
from archive.query import Archive
from archive.recheck import SECOND_LOOK
from archive.sending import Address, addresses
from archive.site import load_site
from archive.watch import Cause, causes

log = logging.getLogger(__name__)

UNREADABLE = "unreadable"
"""Key of the cause that hides all others, so that none of them is called over."""
_STATE = "alerts.jsonl"
_MOST_NEWS = 20

_EDITED = """\
SELECT 'edited' AS kind, e.time, p.identity, a.title, coalesce(p.canonical_url, u.url) AS url, e.is_silent
FROM events e JOIN exchanges x ON x.id = e.capture_id JOIN runs r ON r.id = x.run_id JOIN sites s ON s.id = r.site_id
JOIN posts p ON p.id = e.post_id JOIN urls u ON u.id = p.url_id LEFT JOIN articles a ON a.id = p.article_id
WHERE s.name = ?1 AND r.route <> 'import' AND (r.started > ?2
  OR ?2 IS NULL AND r.id = (SELECT max(n.id) FROM runs n WHERE n.site_id = s.id AND n.route <> 'import'))
AND p.is_ours = 1 AND e.kind = 'version-added' AND e.is_edit = 1 ORDER BY e.time, e.ordinal"""

_GONE = """\
SELECT 'gone' AS kind, p.gone_since AS time, p.identity, a.title,
  coalesce(p.canonical_url, u.url) AS url, 0 AS is_silent
FROM posts p JOIN sites s ON s.id = p.site_id JOIN urls u ON u.id = p.url_id LEFT JOIN articles a ON a.id = p.article_id
WHERE s.name = ? AND p.is_ours = 1 AND p.looked - p.gone_since >= ? ORDER BY p.gone_since"""


def check(settings: Settings, *, now: datetime | None = None) -> tuple[str, ...]:
    """Tell what is new since the last look; give what was told, to whichever address.

    Each address is told for itself: what could not be sent to one is tried again there alone, the next time.

    Raises:
        ConfigError: the file of addresses cannot be read, or holds one that apprise does not know.
        StorageError: ``state/alerts.jsonl`` cannot be written.
    """
    targets = addresses(settings.alerts_file)
    if not targets:
        return ()
    now = now or datetime.now(UTC)
    path = Collection(settings.collection).state / _STATE
    found = {cause.key: cause for cause in _causes(settings, now)}
    newest = _newest_runs(settings)
    told: list[str] = []
    for target in targets:
        desk = _Desk(target=target, path=path, now=now, before=_told(path, target.digest))
        told += [*desk.tell_causes(found), *desk.tell_news(settings, newest)]
    return tuple(dict.fromkeys(told))


@dataclass(slots=True)
class _Told:
    """What an address was told: causes that are not over, all news, and each site's newest run whose news it has."""

    open: dict[str, str] = field(default_factory=dict)
    news: set[str] = field(default_factory=set)
    runs: dict[str, int] = field(default_factory=dict)


def _told(path: Path, address: str) -> _Told:
    """Read what an address was told; a row that names none was told to all."""
    found = _Told()
    for row in journal.entries(path):
        if row.get("to", address) != address:
            continue
        key, what = str(row.get("key")), row.get("what")
        if what == "raised":
            found.open[key] = str(row.get("told"))
        elif what == "over":
            found.open.pop(key, None)
        elif what == "looked":
            found.runs[key] = int(str(row.get("told")))
        else:
            found.news.add(key)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """One address, what it was told ``before``, and the file where it is written down what it is told ``now``."""

    target: Address
    path: Path
    now: datetime
    before: _Told

    def tell_causes(self, found: Mapping[str, Cause]) -> Iterator[str]:
        """Tell the causes that are new, and those that are over; none is called over while nothing can be seen."""
        for key, cause in found.items():
            if key not in self.before.open and self._send(f"vigil: {cause.kind}", cause.told):
                yield self._note("raised", key, cause.told)
        for key, words in self.before.open.items():
            is_over = key not in found and UNREADABLE not in found
            if is_over and self._send("vigil: over", f"No longer so: {words}"):
                yield self._note("over", key, words)

    def tell_news(self, settings: Settings, newest: Mapping[str, int]) -> Iterator[str]:
        """Send the news of all runs since those of which everything was told."""
        before = self.before
        news = {key: words for key, words in _news(settings, before.runs) if key not in before.news}
        is_told = not news or self._send("vigil: news", _together(list(news.values())))
        if is_told:
            yield from [self._note("news", key, words) for key, words in news.items()]
        for site, started in newest.items():
            if is_told and before.runs.get(site) != started:
                self._note("looked", site, str(started))
            elif not is_told and site not in before.runs:
                self._note("looked", site, str(started - 1))

    def _send(self, title: str, body: str) -> bool:
        is_sent = self.target.send(title, body)
        if not is_sent:
            log.error("the %s could not be told, and is the next time: %s", self.target.name, body)
        return is_sent

    def _note(self, what: str, key: str, words: str) -> str:
        row = {"time": self.now.isoformat(timespec="seconds"), "what": what, "key": key, "told": words}
        try:
            journal.append(self.path, row | {"to": self.target.digest})
        except OSError as error:
            hint = "Alerts would be sent twice; make room for it."
            raise StorageError(f"{self.path}: {error.strerror}", hint=hint) from None
        return f"{what}: {words}"


def _newest_runs(settings: Settings) -> dict[str, int]:
    """Say when the newest run of each site began, in microseconds."""
    collection = Collection(settings.collection)
    if not collection.database.exists():
        return {}
    sql = (
        "SELECT s.name, max(r.started) FROM runs r JOIN sites s ON s.id = r.site_id "
        "WHERE r.route <> 'import' GROUP BY s.name"
    )
    try:
        with Archive.open(collection) as archive:
            return {str(row[0]): int(row[1]) for row in archive.db.execute(sql)}
    except VigilError:
        return {}


def _together(words: list[str]) -> str:
    """Put the news into one message, however many there are."""
    more = len(words) - _MOST_NEWS
    return "\n".join([*words[:_MOST_NEWS], *([f"... and {more} more; vigil feed lists them"] if more > 0 else [])])


def _causes(settings: Settings, now: datetime) -> tuple[Cause, ...]:
    """Name the causes; an archive that cannot be read is one."""
    try:
        return causes(settings, now)
    except VigilError as error:
        return (Cause(key=UNREADABLE, site="", kind="integrity", told=str(error)),)


def _news(settings: Settings, since: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Give the disappearances, and the edits of each site's runs ``since`` or of its last one, where its file asks."""
    collection = Collection(settings.collection)
    if not collection.database.exists():
        return
    for name, path in site_files(settings).items():
        try:
            rules = load_site(path).alerts
            if not (rules.edited or rules.gone):
                continue
            with Archive.open(collection) as archive:
                edited = archive.db.execute(_EDITED, (name, since.get(name))).fetchall() if rules.edited else []
                gone = (
                    archive.db.execute(_GONE, (name, SECOND_LOOK // timedelta(microseconds=1))).fetchall()
                    if rules.gone
                    else []
                )
        except VigilError:
            continue
        for row in (*edited, *gone):
            what = "gone" if row["kind"] == "gone" else "silently edited" if row["is_silent"] else "edited"
            seen = f"seen {instant(row['time']):%Y-%m-%d %H:%M} UTC"
            words = f"{what}: {row['title'] or row['identity']} ({row['url']}), {seen}"
            yield f"{row['kind']}:{name}:{row['identity']}:{row['time']}", words
