"""Alerts: what needs a look is told once, and once more when it is over; through apprise, to wherever it can send.

``state/alerts.jsonl`` holds what was told, append-only. Addresses hold secrets: they stand in a file of their own and
never in a record, log or report.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
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
from archive.sending import addresses
from archive.site import load_site
from archive.watch import Cause, causes

log = logging.getLogger(__name__)

Send = Callable[[str, str], bool]
"""Sends a title and a body; tells whether it arrived everywhere."""
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


def check(settings: Settings, *, now: datetime | None = None, send: Send | None = None) -> tuple[str, ...]:
    """Tell what is new since the last look; give what was told. What could not be sent is tried again the next time.

    Raises:
        ConfigError: the file of addresses cannot be read, or holds one that apprise does not know.
        StorageError: ``state/alerts.jsonl`` cannot be written.
    """
    if settings.alerts_file is None and send is None:
        return ()
    send = send or sender(settings.alerts_file)
    now = now or datetime.now(UTC)
    path = Collection(settings.collection).state / _STATE
    found = {cause.key: cause for cause in _causes(settings, now)}
    told_before = _told(path)
    open_ones = told_before.open
    told: list[str] = []
    for key, cause in found.items():
        if key not in open_ones and send(f"vigil: {cause.kind}", cause.told):
            told.append(_note(path, now, "raised", key, cause.told))
    for key, words in open_ones.items():
        if key not in found and UNREADABLE not in found and send("vigil: over", f"No longer so: {words}"):
            told.append(_note(path, now, "over", key, words))
    return (*told, *_tell_news(settings, path, now, send, told_before))


def _tell_news(settings: Settings, path: Path, now: datetime, send: Send, before: "_Told") -> list[str]:
    """Send the news of all runs since those of which everything was told; what fails is tried again with the next."""
    newest = _newest_runs(settings)
    news = {key: words for key, words in _news(settings, before.runs) if key not in before.news}
    is_told = not news or send("vigil: news", _together(list(news.values())))
    told = [_note(path, now, "news", key, words) for key, words in news.items()] if is_told else []
    for site, started in newest.items():
        if is_told and before.runs.get(site) != started:
            _note(path, now, "looked", site, str(started))
        elif not is_told and site not in before.runs:
            _note(path, now, "looked", site, str(started - 1))
    return told


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


@dataclass(slots=True)
class _Told:
    """What was raised and is not over, the keys of all news, and the newest run of each site whose news were told."""

    open: dict[str, str] = field(default_factory=dict)
    news: set[str] = field(default_factory=set)
    runs: dict[str, int] = field(default_factory=dict)


def _told(path: Path) -> _Told:
    found = _Told()
    for row in journal.entries(path):
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


def _note(path: Path, now: datetime, what: str, key: str, words: str) -> str:
    try:
        journal.append(path, {"time": now.isoformat(timespec="seconds"), "what": what, "key": key, "told": words})
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="Alerts would be sent twice; make room for it.") from None
    return f"{what}: {words}"


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


def sender(file: Path | None) -> Send:
    """Make what sends to every address of the file.

    Raises:
        ConfigError: it cannot be read, or a line is no address that apprise knows; the line is named, not shown.
    """
    targets = addresses(file)

    def send(title: str, body: str) -> bool:
        sent = [target.send(title, body) for target in targets]
        is_sent = all(sent)
        if not is_sent:
            log.error("an alert could not be sent; it is tried again the next time: %s", body)
        return is_sent

    return send
