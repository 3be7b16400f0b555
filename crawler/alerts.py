"""Alerts: what needs a look is told once, and once more when it is over; through apprise, to wherever it can send.

``state/alerts.jsonl`` holds what was told, append-only. Addresses hold secrets: they stand in a file of their own and
never in a record, log or report.
"""

import logging
from collections.abc import Callable, Iterator
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
_STATE = "alerts.jsonl"
_MOST_NEWS = 20

_EDITED = """\
SELECT 'edited' AS kind, e.time, p.identity, a.title, coalesce(p.canonical_url, u.url) AS url, e.is_silent
FROM events e JOIN exchanges x ON x.id = e.capture_id JOIN runs r ON r.id = x.run_id JOIN sites s ON s.id = r.site_id
JOIN posts p ON p.id = e.post_id JOIN urls u ON u.id = p.url_id LEFT JOIN articles a ON a.id = p.article_id
WHERE r.id = (SELECT max(n.id) FROM runs n WHERE n.site_id = s.id AND n.route <> 'import') AND s.name = ?
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
    open_ones, known = _told(path)
    told: list[str] = []
    for key, cause in found.items():
        if key not in open_ones and send(f"vigil: {cause.kind}", cause.told):
            told.append(_note(path, now, "raised", key, cause.told))
    for key, words in open_ones.items():
        if key not in found and send("vigil: over", f"No longer so: {words}"):
            told.append(_note(path, now, "over", key, words))
    news = {key: words for key, words in _news(settings) if key not in known}
    if news and send("vigil: news", _together(list(news.values()))):
        told += [_note(path, now, "news", key, words) for key, words in news.items()]
    return tuple(told)


def _together(words: list[str]) -> str:
    """Put the news into one message, however many there are."""
    more = len(words) - _MOST_NEWS
    return "\n".join([*words[:_MOST_NEWS], *([f"... and {more} more; vigil feed lists them"] if more > 0 else [])])


def _causes(settings: Settings, now: datetime) -> tuple[Cause, ...]:
    """Name the causes; an archive that cannot be read is one."""
    try:
        return causes(settings, now)
    except VigilError as error:
        return (Cause(key="unreadable", site="", kind="integrity", told=str(error)),)


def _told(path: Path) -> tuple[dict[str, str], set[str]]:
    """Give what was raised and is not over, and the keys of all news."""
    open_ones: dict[str, str] = {}
    news: set[str] = set()
    for row in journal.entries(path):
        key, what = str(row.get("key")), row.get("what")
        if what == "raised":
            open_ones[key] = str(row.get("told"))
        elif what == "over":
            open_ones.pop(key, None)
        else:
            news.add(key)
    return open_ones, news


def _note(path: Path, now: datetime, what: str, key: str, words: str) -> str:
    try:
        journal.append(path, {"time": now.isoformat(timespec="seconds"), "what": what, "key": key, "told": words})
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="Alerts would be sent twice; make room for it.") from None
    return f"{what}: {words}"


def _news(settings: Settings) -> Iterator[tuple[str, str]]:
    """Give the edits and disappearances of each site's last run, where its file asks for them."""
    collection = Collection(settings.collection)
    if not collection.database.exists():
        return
    for name, path in site_files(settings).items():
        try:
            rules = load_site(path).alerts
            if not (rules.edited or rules.gone):
                continue
            with Archive.open(collection) as archive:
                edited = archive.db.execute(_EDITED, (name,)).fetchall() if rules.edited else []
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
