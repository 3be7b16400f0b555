"""What captures say of posts becomes rows: readings as they are, versions and events by ``ingest.decide``."""

import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from urllib.parse import urljoin

from archive.database import TEXTS_A_SECOND, dump, instant, micros, text_id_at
from archive.errors import OutOfOrderError
from archive.index import Index, Value
from archive.indexer.looks import mark
from archive.ingest import advance, decide, spaced, text_hash
from archive.model import (
    Article,
    Capture,
    Identity,
    KnownPost,
    Page,
    PageOutcome,
    PostState,
    Purpose,
    Rejected,
    Sha256,
    Unchanged,
    VersionRestored,
    sha256_of,
)
from archive.query.rows import ARTICLES, CAPTURES, LETTER_OF, NAME_OF, article_of, capture_of
from archive.site import Site, identify

_DAY = timedelta(days=1)

_FACTS = ("text_hash", "is_edit", "is_title_changed", "is_silent", "status", "before", "after", "reason")
_KNOWN = "SELECT p.*, a.title, a.modified FROM posts p LEFT JOIN articles a ON a.id = p.article_id "
_OF_POST = """\
WHERE x.id IN (
  SELECT c.capture_id FROM posts p JOIN urls u ON u.site_id = p.site_id AND u.identity = p.identity
  JOIN captures c ON c.url_id = u.id JOIN exchanges y ON y.id = c.capture_id
  WHERE p.id = ?1 AND y.purpose = 'post'
  UNION SELECT capture_id FROM readings WHERE post_id = ?1
) ORDER BY x.time, x.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A post as it stands in the index when a capture comes by; ``known`` is None where none was counted for it yet."""

    id: int
    identity: Identity
    url_id: int
    is_ours: bool
    known: KnownPost | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The rows that hold what was read from a capture about a post: its text, and all else."""

    text_id: int
    article_id: int


@dataclass(frozen=True, slots=True)
class _Told:
    """A capture and what was read from it about a post, and the rows that hold that."""

    post_id: int
    identity: Identity
    capture_id: int
    capture: Capture
    page: Page | None
    kept: Kept | None


class Posts:
    """The posts of the index. ``rules_of`` gives the site's rules by which a run went."""

    def __init__(self, index: Index, rules_of: Callable[[str], Site]) -> None:
        self._index = index
        self._rules_of = rules_of

    # --- posts and their spellings ---------------------------------------------------------------

    def sighted(self, site_id: int, identity: Identity, url_id: int, capture_id: int) -> int:
        """Note that a source of the blog showed a post; give the post's number."""
        sql = "SELECT id, url_id, is_ours FROM posts WHERE site_id = ? AND identity = ?"
        row = self._index.one(sql, site_id, identity)
        if row is None:
            return self._add(site_id, identity, url_id, capture_id, is_ours=True)
        if not row["is_ours"]:
            self._index.execute("UPDATE posts SET is_ours = 1 WHERE id = ?", row["id"])
        if row["url_id"] != url_id:
            self.also_spelled(row["id"], url_id, capture_id)
        return int(row["id"])

    def asked(self, site_id: int, identity: Identity, url_id: int, capture_id: int) -> Met:
        """Note that a post's own page was asked for; give the post.

        A post that only a sitemap of the whole site names is not taken for this blog's until its page says so.
        """
        row = self._index.one(_KNOWN + "WHERE p.site_id = ? AND p.identity = ?", site_id, identity)
        if row is None:
            candidate = "SELECT 1 FROM candidates WHERE site_id = ? AND identity = ?"
            is_ours = self._index.one(candidate, site_id, identity) is None
            post_id = self._add(site_id, identity, url_id, capture_id, is_ours=is_ours)
            return Met(id=post_id, identity=identity, url_id=url_id, is_ours=is_ours, known=None)
        if row["url_id"] != url_id:
            self.also_spelled(row["id"], url_id, capture_id)
        known, is_ours = self._known(row), bool(row["is_ours"])
        return Met(id=row["id"], identity=identity, url_id=row["url_id"], is_ours=is_ours, known=known)

    def also_spelled(self, post_id: int, url_id: int, capture_id: int) -> None:
        """Note another spelling of a post's URL."""
        self._index.execute("INSERT OR IGNORE INTO aliases VALUES (?, ?, ?)", post_id, url_id, capture_id)

    def _add(self, site_id: int, identity: Identity, url_id: int, capture_id: int, *, is_ours: bool) -> int:
        row: dict[str, Value] = {"site_id": site_id, "identity": identity, "url_id": url_id, "is_ours": int(is_ours)}
        post_id = self._index.insert("posts", row)
        self.also_spelled(post_id, url_id, capture_id)
        return post_id

    # --- readings ----------------------------------------------------------------------------------

    def keep(self, post_id: int, capture_id: int, capture: Capture, article: Article, *, is_new: bool = False) -> Kept:
        """Keep what was read from a capture about a post, once for each distinct text and state of the page.

        ``is_new`` says that nothing was ever kept of the post, so that nothing has to be looked for.
        """
        kept = Kept(
            text_id=self._keep_text(post_id, capture, article, is_new=is_new),
            article_id=self._keep_article(post_id, article, is_new=is_new),
        )
        self._index.insert(
            "readings",
            {
                "capture_id": capture_id,
                "post_id": post_id,
                "extractor": article.extractor,
                "is_first": 1,
                "origin": article.origin,
                "text_id": kept.text_id,
                "article_id": kept.article_id,
                "alarms": dump(article.alarms) if article.alarms else None,
            },
        )
        return kept

    def claim(self, post_id: int, article: Article, site: Site) -> None:
        """Take a candidate's post for this blog's when its category says so, or no category has to."""
        ours = {category for layout in site.layouts for category in layout.categories}
        if not ours or article.category in ours:
            self._index.execute("UPDATE posts SET is_ours = 1 WHERE id = ?", post_id)

    def only_listed(self, run: str) -> list[tuple[int, Identity, int]]:
        """Find the posts whose own page was never read though ``run`` asked for it, and which a listing showed whole.

        Gives the post, its identity, and the newest capture of a listing with its text that was not read for it yet.
        """
        rows = self._index.execute(
            "SELECT p.id, p.identity, (SELECT max(s.capture_id) FROM sightings s WHERE s.post_id = p.id "
            "AND s.has_text = 1) AS listing FROM posts p WHERE p.is_opened = 0 AND listing IS NOT NULL AND p.id IN ("
            "SELECT e.post_id FROM runs r JOIN exchanges x ON x.run_id = r.id JOIN events e ON e.capture_id = x.id "
            "WHERE r.uid = ? AND x.purpose = 'post') AND NOT EXISTS (SELECT 1 FROM readings d "
            "WHERE d.capture_id = listing AND d.post_id = p.id) ORDER BY p.id",
            run,
        ).fetchall()
        return [(row[0], Identity(row[1]), row[2]) for row in rows]

    def _keep_text(self, post_id: int, capture: Capture, article: Article, *, is_new: bool) -> int:
        digest = text_hash(article)
        sql = "SELECT id FROM texts WHERE post_id = ? AND text_hash = ?"
        known = None if is_new else self._index.number(sql, post_id, digest)
        if known is not None:
            return known
        blocks = [(block.kind, spaced(block.text)) for block in article.blocks]
        text_id = self._new_text_id(capture, article)
        self._index.insert_text(
            {
                "id": text_id,
                "post_id": post_id,
                "text_hash": digest,
                "kinds": "".join(LETTER_OF[kind] for kind, text in blocks if text),
                "title": article.title,
                "text": "\n\n".join(text for _, text in blocks if text),
            }
        )
        return text_id

    def _new_text_id(self, capture: Capture, article: Article) -> int:
        """Choose an id that grows with the time of publication; see ``text_id_at``.

        When the ids of a second are taken, a second close behind gives one: the first that is not full, found by
        doubling the distance and then halving the interval. A page without a time, or with one that lies ahead of its
        capture, is put at the time of its capture.
        """
        is_credible = article.published is not None and article.published < capture.time + _DAY
        start = text_id_at(article.published if article.published and is_credible else capture.time)
        full, free = -1, 0
        while (found := self._free_id(start, free)) is None:
            full, free = free, 2 * free + 1
        while free - full > 1:
            middle = (full + free) // 2
            nearer = self._free_id(start, middle)
            if nearer is None:
                full = middle
            else:
                free, found = middle, nearer
        return found

    def _free_id(self, start: int, seconds: int) -> int | None:
        """Give the next free id of the second that lies ``seconds`` behind ``start``; None where all are taken."""
        first = start + seconds * TEXTS_A_SECOND
        last = self._index.number("SELECT max(id) FROM texts WHERE id >= ? AND id < ?", first, first + TEXTS_A_SECOND)
        if last is None:
            return first
        return last + 1 if last + 1 < first + TEXTS_A_SECOND else None

    def _keep_article(self, post_id: int, article: Article, *, is_new: bool) -> int:
        row = _article_row(article)
        images = [(image.url, image.original, image.caption) for image in article.images]
        links = [(link.url, link.text) for link in article.links]
        digest = sha256_of(dump([row, images, links]).encode("utf-8", "surrogatepass"))
        sql = "SELECT id FROM articles WHERE post_id = ? AND digest = ?"
        known = None if is_new else self._index.number(sql, post_id, digest)
        if known is not None:
            return known
        article_id = self._index.insert("articles", {"post_id": post_id, "digest": digest, **row})
        for table, rows in (("media", images), ("links", links)):
            self._index.insert_rows(table, [(article_id, place, *row) for place, row in enumerate(rows)])
        return article_id

    # --- versions and events -------------------------------------------------------------------

    def count(self, post: Met, capture_id: int, capture: Capture, page: Page | None, kept: Kept | None) -> None:
        """Have a capture count for a post; one that comes late has all of the post's captures counted again."""
        try:
            self._apply(_Told(post.id, post.identity, capture_id, capture, page, kept), post.known)
        except OutOfOrderError:
            self.recount(post.id, post.identity)

    def recount(self, post_id: int, identity: Identity) -> None:
        """Forget what was concluded for a post, and count its captures again in the order of their times."""
        self._index.execute("DELETE FROM events WHERE post_id = ? AND kind <> 'unlisted'", post_id)
        self._index.execute("DELETE FROM versions WHERE post_id = ?", post_id)
        self._index.execute(
            "UPDATE posts SET state = NULL, current = NULL, is_opened = 0, article_id = NULL, canonical_url = NULL, "
            "published = NULL, counted_to = NULL, looked = NULL, read = NULL, changed = NULL, gone_since = NULL, "
            "is_misled = 0 WHERE id = ?",
            post_id,
        )
        known: KnownPost | None = None
        for row in self._index.execute(CAPTURES + _OF_POST, post_id).fetchall():
            page, kept = self._page(post_id, row["id"], row["outcome"])
            known = self._apply(_Told(post_id, identity, row["id"], capture_of(row), page, kept), known)

    def _page(self, post_id: int, capture_id: int, outcome: str | None) -> tuple[Page | None, Kept | None]:
        """Give what was read from a capture when it was first ingested, from the rows that were kept of it."""
        where = "WHERE r.capture_id = ? AND r.post_id = ? AND r.is_first = 1"
        row = self._index.one(ARTICLES + where, capture_id, post_id)
        article = None if row is None else article_of(self._index.db, row)
        kept = None if row is None else Kept(text_id=row["text_id"], article_id=row["id"])
        return None if outcome is None else Page(outcome=PageOutcome(outcome), article=article), kept

    def _known(self, row: sqlite3.Row) -> KnownPost | None:
        """Read a row of ``_KNOWN``."""
        if row["state"] is None:
            return None
        hashes = self._index.execute(
            "SELECT t.text_hash FROM versions v JOIN texts t ON t.id = v.text_id WHERE v.post_id = ? ORDER BY v.number",
            row["id"],
        )
        versions = tuple(Sha256(text_hash) for (text_hash,) in hashes)
        return KnownPost(
            identity=Identity(row["identity"]),
            state=PostState(row["state"]),
            versions=versions,
            current=None if row["current"] is None else versions[row["current"] - 1],
            title=row["title"],
            canonical_url=row["canonical_url"],
            counted_to=instant(row["counted_to"]),
            modified=None if row["modified"] is None else instant(row["modified"]),
            is_opened=bool(row["is_opened"]),
        )

    def _apply(self, told: _Told, known: KnownPost | None) -> KnownPost:
        leads_to_itself = self._leads_to_itself(told.identity, told.capture)
        events = decide(known, told.capture, told.page, leads_to_itself=leads_to_itself)
        after = advance(known, told.identity, told.capture, told.page, events)
        of_capture = (told.post_id, micros(told.capture.time), told.capture_id)
        rows = [
            (*of_capture, ordinal, NAME_OF[type(event)], *(getattr(event, fact, None) for fact in _FACTS))
            for ordinal, event in enumerate(events)
        ]
        self._index.insert_rows("events", rows)
        current = None if after.current is None else after.versions.index(after.current) + 1
        if any(isinstance(event, Unchanged | VersionRestored) for event in events):
            sql = "UPDATE versions SET last_capture_id = ? WHERE post_id = ? AND number = ?"
            self._index.execute(sql, told.capture_id, told.post_id, current)
        article = told.page.article if told.page and events and not isinstance(events[-1], Rejected) else None
        is_new = len(after.versions) > len(known.versions if known else ())
        if article is not None and is_new:
            self._add_version(told, article, number=len(after.versions))
        self._index.execute(
            "UPDATE posts SET state = ?, current = ?, is_opened = ?, canonical_url = ?, counted_to = ?, "
            "article_id = coalesce(?, article_id), published = coalesce(?, published) WHERE id = ?",
            after.state,
            current,
            int(after.is_opened),
            after.canonical_url,
            micros(told.capture.time),
            told.kept.article_id if article and told.kept else None,
            micros(article.published) if article and article.published else None,
            told.post_id,
        )
        if told.capture.purpose is Purpose.POST:
            mark(self._index, told.post_id, told.capture_id, told.capture, events)
        return after

    def _add_version(self, told: _Told, article: Article, *, number: int) -> None:
        if told.kept is None:
            raise ValueError(f"capture {told.capture_id} makes a version, and what was read from it was not kept")
        row: dict[str, Value] = {"post_id": told.post_id, "number": number, "origin": article.origin}
        row |= {"text_id": told.kept.text_id, "article_id": told.kept.article_id}
        row |= {"capture_id": told.capture_id, "last_capture_id": told.capture_id}
        self._index.insert("versions", row)

    def _leads_to_itself(self, identity: Identity, capture: Capture) -> bool | None:
        if capture.location is None or capture.status == 200:
            return None
        target = identify(self._rules_of(capture.run), urljoin(capture.url, capture.location))
        return None if target is None else target == identity


def _article_row(article: Article) -> dict[str, Value]:
    return {
        "title": article.title,
        "canonical_url": article.canonical_url,
        "published": None if article.published is None else micros(article.published),
        "published_offset": article.published_offset,
        "modified": None if article.modified is None else micros(article.modified),
        "dateline": article.dateline,
        "category": article.category,
        "language": article.language,
        "is_textless": int(article.is_textless),
        "authors": dump(article.authors),
        "tags": dump(article.tags),
        "credit": None if article.credit is None else dump(asdict(article.credit)),
        "corrections": dump(article.corrections),
        "findings": dump([(one.field, one.source, one.value) for one in article.statements]),
    }
