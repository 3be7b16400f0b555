"""A change feed: what was new, edited or vanished of late, as Atom (RFC 4287) and JSON Feed 1.1.

Everything comes from the index; an entry's id is made of the post's identity and the moment of its capture, so that it
lasts across a rebuild.
"""

import json
import re
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from archive.database import instant
from archive.diff import Change as Part
from archive.diff import Line, compare
from archive.query import Archive

ENTRIES = 100
"""How many changes a feed holds."""
_SUMMARY = 1000
_CONTEXT = 40
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_CHANGES = """\
SELECT e.kind, e.is_edit, e.is_silent, e.time, p.identity, s.name AS site,
  p.looked - p.gone_since >= 43200000000 AND p.gone_since <= e.time AS is_confirmed,
  coalesce(p.canonical_url, u.url) AS url, t.title, t.text, b.title AS old_title, b.text AS old_text
FROM events e JOIN exchanges x ON x.id = e.capture_id JOIN posts p ON p.id = e.post_id JOIN sites s ON s.id = p.site_id
JOIN urls u ON u.id = p.url_id
LEFT JOIN versions v ON v.post_id = p.id AND v.number = p.current
LEFT JOIN texts t ON t.id = coalesce(
  (SELECT n.id FROM texts n WHERE n.post_id = p.id AND n.text_hash = e.text_hash), v.text_id)
LEFT JOIN versions o ON e.is_edit AND o.post_id = p.id AND o.text_id = t.id
LEFT JOIN versions w ON w.post_id = p.id AND w.number = o.number - 1 LEFT JOIN texts b ON b.id = w.text_id
WHERE p.is_ours = 1 AND (e.kind IN ('gone', 'returned') OR (e.kind = 'version-added' AND x.purpose = 'post'))
AND x.run_id NOT IN (SELECT id FROM runs WHERE route = 'import') AND (?1 IS NULL OR s.name = ?1)
ORDER BY e.capture_id DESC, e.post_id, e.ordinal LIMIT ?2"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one post; ``kind`` is new, edited, silently edited, not found, gone or returned.

    A post that is not found counts as gone once another night's look finds the same.
    """

    id: str
    site: str
    kind: str
    time: datetime
    title: str
    url: str
    summary: str


def changes(archive: Archive, *, site: str | None = None, limit: int = ENTRIES) -> tuple[Change, ...]:
    """List the newest changes, newest first.

    Raises:
        NotFoundError: the archive holds no such blog.
    """
    archive.require_site(site)
    return tuple(_change(row) for row in archive.db.execute(_CHANGES, (site, limit)))


def _change(row: sqlite3.Row) -> Change:
    time = instant(row["time"])
    kind = row["kind"]
    if kind == "version-added":
        kind = "new" if not row["is_edit"] else "silently edited" if row["is_silent"] else "edited"
    if kind == "gone" and not row["is_confirmed"]:
        kind = "not found"
    identity = "".join(char if char.isalnum() else f"%{ord(char):x}" for char in row["identity"])
    return Change(
        id=f"urn:vigil:change:{row['site']}:{identity}:{time:%Y%m%dT%H%M%S%f}:{kind.replace(' ', '-')}",
        site=row["site"],
        kind=kind,
        time=time,
        title=_clean(row["title"] or row["identity"]),
        url=row["url"],
        summary=_clean(_changed(row) or row["text"] or "")[:_SUMMARY],
    )


def _changed(row: sqlite3.Row) -> str:
    """Say what an edit changed, paragraph by paragraph, as wdiff writes it; nothing for what is no edit."""
    if row["old_text"] is None:
        return ""
    old, new = (text.split("\n\n") for text in (row["old_text"], row["text"]))
    diff = compare(row["old_title"], old, row["title"], new)
    return "\n\n".join(map(_marked, (line for line in (diff.title, *diff.lines) if line.change is not Part.SAME)))


def _marked(line: Line) -> str:
    marks = {Part.ADDED: "{{+{}+}}", Part.REMOVED: "[-{}-]"}
    parts = (marks.get(one.change, "{}").format(_ends(one.text)) for one in line.pieces)
    return f"{'moved: ' if line.change is Part.MOVED else ''}{''.join(parts)}"


def _ends(text: str) -> str:
    """Shorten a long piece to its ends."""
    return text if len(text) <= 3 * _CONTEXT else f"{text[:_CONTEXT]} … {text[-_CONTEXT:]}"


def _clean(text: str) -> str:
    """Take out what XML 1.0 cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def atom(found: tuple[Change, ...], *, title: str, now: datetime, site: str | None = None) -> str:
    """Spell the feed as Atom; ``now`` is its time where nothing changed yet, ``site`` the one blog that it is of."""
    updated = found[0].time if found else now
    entries = "".join(
        f"<entry><id>{escape(one.id)}</id><title>{escape(f'{one.kind}: {one.title}')}</title>"
        f'<updated>{_spelled(one.time)}</updated><link rel="alternate" href={quoteattr(one.url)}/>'
        f"<category term={quoteattr(one.kind)}/><summary>{escape(one.summary)}</summary></entry>\n"
        for one in found
    )
    name = ":".join(("urn:vigil:changes", *([site] if site else [])))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{name}</id><title>{escape(title)}</title><updated>{_spelled(updated)}</updated>"
        f"<author><name>vigil</name></author><generator>vigil</generator>\n{entries}</feed>\n"
    )


def json_feed(found: tuple[Change, ...], *, title: str) -> str:
    """Spell the feed as JSON Feed 1.1."""
    items = [
        {
            "id": one.id,
            "url": one.url,
            "title": f"{one.kind}: {one.title}",
            "content_text": one.summary,
            "date_modified": _spelled(one.time),
            "tags": [one.kind, one.site],
        }
        for one in found
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": title, "items": items}
    return json.dumps(feed, ensure_ascii=False, indent=1) + "\n"


def write_feeds(archive: Archive, now: datetime) -> None:
    """Write ``reports/feed.atom`` and ``reports/feed.json`` anew, each whole or not at all.

    Raises:
        OSError: the disk refused.
    """
    found = changes(archive)
    names = [row[0] for row in archive.db.execute("SELECT name FROM sites ORDER BY name")]
    title = f"Changes: {', '.join(names)}"
    folder = archive.collection.reports
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "feed.atom", atom(found, title=title, now=now))
    _write(folder / "feed.json", json_feed(found, title=title))


def _write(path: Path, text: str) -> None:
    scratch = path.with_name(f"{path.name}.new")
    scratch.write_text(text, encoding="utf-8", errors="backslashreplace")
    scratch.replace(path)


def _spelled(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
