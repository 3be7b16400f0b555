"""Exchanges as rows, and what their pages show of posts."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from archive.database import KINDS, dump, micros
from archive.index import Index, Value, storable
from archive.indexer.posts import Posts
from archive.indexer.runs import KnownRun, Runs
from archive.model import Capture, Card, Feed, FeedEntry, Identity, Listing, Page, Purpose, Reading
from archive.site import canonical, identify
from archive.surts import surt_of

_RECENT = 4096
"""Spellings whose numbers are remembered: a listing names posts that are asked for soon after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """Where something was met: by which run, in which capture."""

    run: KnownRun
    capture: Capture
    capture_id: int


class Captures:
    """The captures of the index."""

    def __init__(self, index: Index, runs: Runs, posts: Posts) -> None:
        self._index = index
        self._runs = runs
        self._posts = posts
        self._recent: dict[tuple[int, str], tuple[int, str]] = {}

    def add(self, capture: Capture, reading: Reading | None) -> None:
        """Add a capture, and all that follows from what was read from it."""
        run = self._runs.of(capture.run)
        url_id, identity = self._url(run, capture.url)
        met = _Met(run=run, capture=capture, capture_id=self._exchange(capture, reading, run, url_id))
        self._place(met, url_id)
        if isinstance(reading, Listing):
            for position, card in enumerate(reading.cards):
                self._sighting(met, position, card, card.identity)
        elif isinstance(reading, Feed) and capture.purpose is Purpose.SITEMAP:
            self._candidates(met, reading)
        elif isinstance(reading, Feed):
            for position, entry in enumerate(reading.entries):
                if entry.identity is not None:
                    self._sighting(met, position, entry, entry.identity)
        if capture.purpose is Purpose.POST and identity is not None:
            self._post(met, identity, url_id, reading if isinstance(reading, Page) else None)

    def _exchange(self, capture: Capture, reading: Reading | None, run: KnownRun, url_id: int) -> int:
        request, metadata, failure = capture.request, capture.metadata, capture.failure
        alarms = reading.alarms if isinstance(reading, Listing) else ()
        row: dict[str, Value] = {
            "run_id": run.id,
            "sequence": capture.sequence,
            "url_id": url_id,
            "time": micros(capture.time),
            "purpose": capture.purpose,
            "via": capture.via,
            "payload_digest": capture.payload_digest,
            "payload_bytes": capture.payload_bytes,
            "content_type": capture.content_type,
            "etag": capture.etag,
            "last_modified": capture.last_modified,
            "location": capture.location,
            "truncation": capture.truncation,
            "failure": None if failure is None else failure.kind,
            "failure_message": None if failure is None else failure.message,
            "original_id": self._original(capture),
            "outcome": None if reading is None else reading.outcome,
            "alarms": dump(alarms) if alarms else None,
            "record_id": capture.record.record_id,
            "request_offset": None if request is None else request.offset,
            "request_length": None if request is None else request.length,
            "request_record_id": None if request is None else request.record_id,
            "metadata_offset": metadata.offset,
            "metadata_length": metadata.length,
            "metadata_record_id": metadata.record_id,
        }
        return self._index.insert("exchanges", row)

    def _place(self, met: _Met, url_id: int) -> None:
        capture = met.capture
        row: dict[str, Value] = {
            "url_id": url_id,
            "time": micros(capture.time),
            "capture_id": met.capture_id,
            "status": capture.status,
            "kind": KINDS.index(capture.kind) + 1,
            "file_id": self._file(capture),
            "offset": capture.record.offset,
            "length": capture.record.length,
        }
        self._index.insert("captures", row)

    def _file(self, capture: Capture) -> int:
        own = self._runs.passed(capture.metadata, capture.run)
        return self._runs.passed(capture.record, capture.run) if capture.is_imported else own

    def _original(self, capture: Capture) -> int | None:
        """Find the capture whose record holds a revisit's payload, by the URL and WARC-Date that it names."""
        if capture.original is None:
            return None
        uri, date = capture.original
        time = micros(datetime.fromisoformat(date))
        by_url = (
            "SELECT c.capture_id FROM urls u JOIN captures c ON c.url_id = u.id "
            "WHERE u.url IN (?, ?) AND c.time = ? AND c.kind = 1 ORDER BY c.capture_id LIMIT 1"
        )
        # The record names the URI as RFC 3986 has it, which may be another spelling than the one asked for.
        by_digest = (
            "SELECT x.id FROM exchanges x JOIN captures c ON c.url_id = x.url_id AND c.time = x.time "
            "AND c.capture_id = x.id WHERE x.payload_digest = ? AND x.time = ? AND c.kind = 1 ORDER BY x.id LIMIT 1"
        )
        found = self._index.number(by_url, uri, capture.url, time)
        return self._index.number(by_digest, capture.payload_digest, time) if found is None else found

    def _url(self, run: KnownRun, url: str) -> tuple[int, Identity | None]:
        """Give a spelling's number, and the post that it names by the rules of that run."""
        url = storable(url)
        identity = identify(run.site, url)
        if self._recent.get((run.site_id, url), (0, None))[1] == (identity or ""):
            return self._recent[run.site_id, url][0], identity
        url_id = self._url_row(run, url, identity)
        if len(self._recent) >= _RECENT:
            self._recent.clear()
        self._recent[run.site_id, url] = (url_id, identity or "")
        return url_id, identity

    def _url_row(self, run: KnownRun, url: str, identity: Identity | None) -> int:
        row = self._index.one("SELECT id, identity FROM urls WHERE site_id = ? AND url = ?", run.site_id, url)
        if row is None:
            key = canonical(run.site, url)
            new: dict[str, Value] = {"site_id": run.site_id, "url": url, "key": None if key == url else key}
            url_id = self._index.insert("urls", {**new, "identity": identity})
            self._index.execute("INSERT INTO surts VALUES (?, ?)", surt_of(url), url_id)
            return url_id
        if row[1] != identity:
            self._index.execute("UPDATE urls SET identity = ? WHERE id = ?", identity, row[0])
        return int(row[0])

    # --- what pages say --------------------------------------------------------------------------

    def _sighting(self, met: _Met, position: int, shown: Card | FeedEntry, identity: Identity) -> None:
        url_id, _ = self._url(met.run, shown.url)
        row: dict[str, Value] = {
            "capture_id": met.capture_id,
            "position": position,
            "post_id": self._posts.sighted(met.run.site_id, identity, url_id, met.capture_id),
            "url_id": url_id,
            "title": shown.title,
            "published": None if shown.published is None else micros(shown.published),
            "has_text": int(isinstance(shown, Card) and shown.has_text),
        }
        self._index.insert("sightings", row)

    def _candidates(self, met: _Met, feed: Feed) -> None:
        self._index.executemany(
            "INSERT INTO candidates VALUES (?, ?, ?, ?, ?) ON CONFLICT (site_id, identity) DO UPDATE SET "
            "url = excluded.url, modified = excluded.modified, capture_id = excluded.capture_id "
            "WHERE excluded.modified > coalesce(candidates.modified, -1)",
            (
                (
                    met.run.site_id,
                    entry.identity,
                    entry.url,
                    None if entry.modified is None else micros(entry.modified),
                    met.capture_id,
                )
                for entry in feed.entries
                if entry.identity is not None
            ),
        )

    def _post(self, met: _Met, identity: Identity, url_id: int, page: Page | None) -> None:
        capture = met.capture
        post = self._posts.asked(met.run.site_id, identity, url_id, met.capture_id)
        article = page.article if page else None
        target = urljoin(capture.url, capture.location) if capture.location else None
        for spelling in filter(None, (target, article.canonical_url if article else None)):
            if spelling != capture.url and identify(met.run.site, spelling) == identity:
                self._posts.also_spelled(post.id, self._url(met.run, spelling)[0], met.capture_id)
        kept = None
        if article is not None and capture.truncation is None:
            kept = self._posts.keep(post.id, met.capture_id, capture, article, is_new=post.known is None)
            if not post.is_ours:
                self._posts.claim(post.id, article, met.run.site)
        self._posts.count(post, met.capture_id, capture, page, kept)
