"""The archive, open for reading: one method a question."""

import sqlite3
from collections.abc import Container, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Self

from archive.collection import Collection
from archive.database import BUSY_SECONDS, connect, translated
from archive.errors import NotFoundError, QueryError, UsageError
from archive.model import Identity, Route
from archive.query import captures, names, posts, records, runs
from archive.query.answers import (
    AsOf,
    Filters,
    FormerReading,
    Gap,
    Hits,
    Order,
    PostDetail,
    PostSummary,
    RunSummary,
    Status,
    StoredCapture,
    StoredOmission,
    Version,
)
from archive.query.letters import folded
from archive.query.walks import Known, WalkState, walk_state

if TYPE_CHECKING:
    import pandas as pd

    from archive.diff import Diff
    from archive.query.looks import Agenda, Look, NextLook
    from archive.query.pages import Pages
    from archive.site import Site

EVERY_POST = Filters()
"""No filter at all."""


class Archive:
    """A collection's index, open for reading; a crawl may be writing to it meanwhile.

    Usable from one thread at a time. Every method raises ``DamagedIndexError`` or ``StorageError`` when the file cannot
    be read, and ``LockedError`` when another process held it for too long. ``site`` is a site file's id, None for all.
    A post's ``name`` is its identity, a URL of it in any spelling, or its number within the archive.
    """

    def __init__(self, collection: Collection, db: sqlite3.Connection) -> None:
        self.collection = collection
        self.db = db
        self._path = collection.database
        db.create_function("folded", 1, folded, deterministic=True)
        self._records = records.RecordFunction(collection, db)

    @classmethod
    def open(cls, collection: Collection, *, busy_seconds: float = BUSY_SECONDS) -> Self:
        """Open a collection's index.

        Raises:
            NotFoundError: there is none.
            DamagedIndexError: it is corrupt, or written by newer software.
            LockedError: another process held it for longer than ``busy_seconds``.
        """
        return cls(collection, connect(collection.database, busy_seconds=busy_seconds))

    def close(self) -> None:
        """Close the index."""
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- posts -------------------------------------------------------------------------------------

    def search(
        self,
        query: str,
        filters: Filters = EVERY_POST,
        *,
        order: Order = Order.NEWEST,
        limit: int = 20,
        offset: int = 0,
        all_versions: bool = False,
    ) -> Hits:
        """Find posts by the words of their texts, with the piece that matches; see ``archive.query.syntax``.

        ``all_versions`` searches texts too that an edit replaced.

        Raises:
            NotFoundError: the archive knows no such site.
            QueryError: the expression cannot be read; the message says where and why.
        """
        from archive.query import searching  # noqa: PLC0415  most commands do not search

        with self._reading():
            self.require_site(filters.site)
            return searching.search(
                self.db, query, filters, order=order, limit=limit, offset=offset, all_versions=all_versions
            )

    def posts(self, filters: Filters = EVERY_POST, *, limit: int = 20, offset: int = 0) -> tuple[PostSummary, ...]:
        """List posts of which a text is kept, newest publication first.

        Raises:
            NotFoundError: the archive knows no such site.
        """
        with self._reading():
            self.require_site(filters.site)
            return posts.summaries(self.db, filters, limit=limit, offset=offset)

    def post(self, name: str, *, site: str | None = None) -> PostDetail:
        """Give all that is held of a post.

        Raises:
            NotFoundError: the archive knows no such post.
            QueryError: posts of several blogs go by that name.
        """
        with self._reading():
            return posts.detail(self.db, names.post_id(self.db, name, site))

    def table(
        self, filters: Filters = EVERY_POST, *, query: str | None = None, all_versions: bool = False
    ) -> Generator[dict[str, object]]:
        """Give posts as one wide table, a mapping a row, at flat memory, oldest publication first.

        The columns are those of ``archive.query.table``: the post, the version, its text, and the record that it was
        first read from. Close the iterator, or read it to its end: one state of the index is seen throughout.

        Raises:
            QueryError: the search expression cannot be read.
        """
        from archive.query import table  # noqa: PLC0415  brings the schema, whose views it spells times like

        with self._reading():
            self.require_site(filters.site)
            yield from table.table(self.db, filters, query, all_versions=all_versions)

    def data_frame(
        self,
        filters: Filters = EVERY_POST,
        *,
        query: str | None = None,
        all_versions: bool = False,
        columns: Sequence[str] | None = None,
    ) -> "pd.DataFrame":
        """Give ``table`` as a pandas data frame, or some of its ``columns`` in that order; needs the extra ``pandas``.

        Times are ``datetime64[us, UTC]``, lists stay lists. All of it is held in memory: leave out the column ``text``
        where it is not needed.

        Raises:
            ConfigError: pandas is not installed.
            QueryError: the search expression cannot be read.
            UsageError: there is no such column, or one is named twice.
        """
        from archive.query.frame import data_frame  # noqa: PLC0415  brings the schema, as table does

        with closing(self.table(filters, query=query, all_versions=all_versions)) as rows:
            return data_frame(rows, columns)

    def versions_of(self, name: str, *, site: str | None = None) -> list[dict[str, object]]:
        """Give all versions of a post as rows of ``table``, oldest first.

        Raises:
            NotFoundError: the archive knows no such post.
            QueryError: posts of several blogs go by that name.
        """
        from archive.query import table  # noqa: PLC0415  brings the schema, whose views it spells times like

        with self._reading():
            return table.of_post(self.db, names.post_id(self.db, name, site))

    def former_readings(self, name: str, *, site: str | None = None) -> tuple[FormerReading, ...]:
        """List what earlier extractors read about a post and today's reads otherwise; see ``vigil reextract``.

        Raises:
            NotFoundError: the archive knows no such post.
            QueryError: posts of several blogs go by that name.
        """
        from archive.query.readings import former_readings  # noqa: PLC0415  seldom asked

        with self._reading():
            row = self.db.execute(
                "SELECT s.name, p.identity FROM posts p JOIN sites s ON s.id = p.site_id WHERE p.id = ?",
                (names.post_id(self.db, name, site),),
            ).fetchone()
        return former_readings(self.collection, row["name"], row["identity"])

    def compare(
        self, name: str, before: str | None = None, after: str | None = None, *, site: str | None = None
    ) -> "Diff":
        """Say what changed between two versions of a post, by number or the beginning of a hash.

        Without them: the version that stands, and the one before it.

        Raises:
            NotFoundError: the archive knows no such post, or the post has no such version, or only one.
            QueryError: posts of several blogs go by that name.
        """
        from archive.query import versions  # noqa: PLC0415  brings difflib

        return versions.compare(*versions.two(self.post(name, site=site), before, after))

    # --- captures ----------------------------------------------------------------------------------

    def captures(self, name: str, *, site: str | None = None) -> tuple[StoredCapture, ...]:
        """List the captures of a URL or a post, newest first.

        Raises:
            NotFoundError: the archive knows no such URL or post.
            QueryError: posts of several blogs go by that name.
        """
        with self._reading():
            return captures.of_urls(self.db, names.url_ids(self.db, name, site))

    def as_of(self, name: str, time: datetime, *, site: str | None = None) -> AsOf:
        """Find the newest answered capture of a URL or a post at or before ``time``, and when the next one was made.

        Raises:
            NotFoundError: there is none; never is a later one given instead.
            QueryError: posts of several blogs go by that name.
        """
        with self._reading():
            return captures.as_of(self.db, names.url_ids(self.db, name, site), time, name)

    def nearest(self, url: str, time: datetime) -> StoredCapture | None:
        """Find the capture of a URL, spelled so, that has an answer and is nearest to ``time``, before or after."""
        with self._reading():
            return captures.nearest(self.db, url, time)

    def capture(self, capture_id: int) -> StoredCapture:
        """Give a capture by its number within the archive.

        Raises:
            NotFoundError: there is none of that number.
        """
        with self._reading():
            return captures.capture(self.db, capture_id)

    def holder(self, capture_id: int) -> StoredCapture:
        """Give the capture whose record holds the payload: of a revisit or a "not modified" the one it refers to.

        Raises:
            NotFoundError: there is no capture of that number.
        """
        with self._reading():
            return captures.holder(self.db, capture_id)

    def version_at(self, name: str, time: datetime, *, site: str | None = None) -> Version:
        """Give the text of a post that stood at ``time``, as far as captures at or before it tell.

        Raises:
            NotFoundError: the archive knows no such post, or had no text of it by then.
            QueryError: posts of several blogs go by that name.
        """
        with self._reading():
            post = posts.detail(self.db, names.post_id(self.db, name, site))
        return posts.version_at(post, time)

    # --- bytes and rows ------------------------------------------------------------------------------

    def record_bytes(self, capture_id: int) -> bytes:
        """Copy a capture's record out of its WARC file: one gzip member, byte for byte, its digest checked.

        Raises:
            NotFoundError: there is no such capture, or its file is not there.
            DamagedRecordError: it cannot be read or fails its digest.
            StorageError: the disk refused.
        """
        return records.record_bytes(self.collection, self.capture(capture_id).capture)

    def payload(self, capture_id: int) -> bytes:
        """Give what a capture's answer held: chunks and content-encoding undone; of a revisit or a 304, the original's.

        Raises:
            NotFoundError: there is no such capture, it had no answer, or a WARC file is not there.
            DamagedRecordError: a record cannot be read or fails its digest, or its content is over 1 GiB.
            StorageError: the disk refused.
        """
        return records.payload(self.collection, self.holder(capture_id).capture)

    def rows(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[dict[str, object]]:
        """Ask a question in SQL, over the views of docs/reference/schema.md; one mapping a row, as data frames take it.

        The SQL function ``record_bytes(capture_id)`` gives what the method of that name does, or NULL.

        Raises:
            QueryError: SQLite does not understand the question; its own words are in the message.
            StorageError: the question would write.
            DamagedRecordError: a record that ``record_bytes`` was asked for is damaged.
        """
        self._records.trouble = None
        try:
            with self._reading():
                return [dict(row) for row in self.db.execute(sql, parameters)]
        except sqlite3.Error as error:
            if self._records.trouble is not None:
                raise self._records.trouble from None
            raise QueryError(
                f"SQLite says: {error}", hint="docs/reference/schema.md lists views and columns."
            ) from None

    # --- runs --------------------------------------------------------------------------------------

    def runs(self, *, site: str | None = None, limit: int = 20) -> tuple[RunSummary, ...]:
        """List runs with what they brought, newest first."""
        with self._reading():
            return runs.runs(self.db, site, limit)

    def run(self, uid: str) -> RunSummary:
        """Give a run by its lasting name.

        Raises:
            NotFoundError: the archive knows no such run.
        """
        with self._reading():
            return runs.run(self.db, uid)

    def omissions(self, *, run: str | None = None, site: str | None = None) -> tuple[StoredOmission, ...]:
        """List what runs left out and why, newest first."""
        with self._reading():
            return runs.omissions(self.db, run, site)

    def gaps(self, *, site: str | None = None) -> tuple[Gap, ...]:
        """List the posts that a source of their blog showed and whose own page is not held, and why.

        Raises:
            NotFoundError: the archive holds no such blog.
        """
        with self._reading():
            self.require_site(site)
            return runs.gaps(self.db, site)

    def status(self) -> Status:
        """Say what the archive holds, and how big it is."""
        with self._reading():
            sizes = [path.stat().st_size for path in self.collection.warcs.glob("*.warc.gz*")]
            return Status(
                sites=runs.site_statuses(self.db),
                warc_files=len(sizes),
                warc_bytes=sum(sizes),
                index_bytes=self.collection.database.stat().st_size,
            )

    # --- what a crawl asks ---------------------------------------------------------------------------

    def require_route(self, route: Route) -> None:
        """Refuse to mix captures of the real site with those of a test route.

        Raises:
            UsageError: the collection holds captures of the other route.
        """
        with self._reading():
            sql = "SELECT uid, route FROM runs WHERE route NOT IN (?, 'import') LIMIT 1"
            row = self.db.execute(sql, (route,)).fetchone()
        if row is not None:
            raise UsageError(
                f"{self.collection.root} holds captures of the route {row['route']!r} (run {row['uid']}), "
                f"and this run's is {route.value!r}",
                hint="Give a test its own collection folder; its captures must never pass for the real site's.",
            )

    def walk_state(self, site: str) -> WalkState:
        """Say how far the walks over a site's listing came; nothing at all for a site never crawled."""
        with self._reading():
            return walk_state(self.db, site)

    def looks(self, site: "Site", now: datetime, hints: Mapping[Identity, datetime]) -> "list[Look]":
        """Choose the posts to look at again now; ``hints`` are ``lastmod`` times that are not in the index yet."""
        from archive.query import looks  # noqa: PLC0415  brings the site rules

        with self._reading():
            return looks.looks(self.db, site, now, hints)

    def absent(
        self, site: str, oldest: datetime | None, newest: datetime | None, shown: Container[Identity]
    ) -> "list[Look]":
        """Give the live posts that stood between two times on the listing and are not ``shown`` there any more."""
        if oldest is None or newest is None:
            return []
        from archive.query import looks  # noqa: PLC0415  brings the site rules

        with self._reading():
            return looks.absent(self.db, site, oldest, newest, shown)

    def agenda(self, site: str, now: datetime) -> "Agenda | None":
        """Say how many posts of a blog are due for another look, by the site file of its last run."""
        from archive.query import looks  # noqa: PLC0415  brings the site rules

        with self._reading():
            rules = looks.rules_of(self.db, site)
            return None if rules is None else looks.agenda(self.db, site, rules, now)

    def next_look(self, post_id: int) -> "NextLook | None":
        """Say when a post is looked at next, by the site file of its blog's last run; None where it was never read."""
        from archive.query import looks  # noqa: PLC0415  brings the site rules

        with self._reading():
            return looks.next_look_of(self.db, post_id)

    @property
    def pages(self) -> "Pages":
        """Questions about pages with all that they need."""
        from archive.query.pages import Pages  # noqa: PLC0415  brings nouns that few questions need

        return Pages(self.db, self._reading)

    def known(self, site: str) -> Known:
        """Give the look-up of a site's posts."""
        return Known(self.db, site)

    def require_site(self, site: str | None) -> None:
        """Refuse a blog that the archive does not know: nothing would fit, and nobody would know why.

        Raises:
            NotFoundError: there is none of that name; the hint names all.
        """
        if site is None:
            return
        names = [name for (name,) in self.db.execute("SELECT name FROM sites ORDER BY name")]
        if site not in names:
            raise NotFoundError(f"the archive holds no blog {site!r}", hint=f"There is: {', '.join(names) or 'none'}.")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """See one state of the index throughout, whatever a crawl writes meanwhile."""
        with translated(self._path):
            if self.db.in_transaction:
                yield
                return
            self.db.execute("BEGIN")
            try:
                yield
            finally:
                self.db.execute("COMMIT")
