"""The archive, open for reading."""

import sqlite3
from types import TracebackType
from typing import Self

from archive.collection import Collection
from archive.database import BUSY_SECONDS, connect, translated
from archive.errors import UsageError
from archive.model import Route
from archive.query.walks import Known, WalkState, walk_state


class Archive:
    """A collection's index, open for reading; a crawl may be writing to it meanwhile.

    Usable from one thread at a time.
    """

    def __init__(self, collection: Collection, db: sqlite3.Connection) -> None:
        self.collection = collection
        self.db = db

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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def require_route(self, route: Route) -> None:
        """Refuse to mix captures of the real site with those of a test route.

        Raises:
            UsageError: the collection holds captures of the other route.
        """
        with translated(self.collection.database):
            row = self.db.execute("SELECT uid, route FROM runs WHERE route <> ? LIMIT 1", (route,)).fetchone()
        if row is not None:
            raise UsageError(
                f"{self.collection.root} holds captures of the route {row['route']!r} (run {row['uid']}), "
                f"and this run's is {route.value!r}",
                hint="Give a test its own collection folder; its captures must never pass for the real site's.",
            )

    def walk_state(self, site: str) -> WalkState:
        """Say how far the walks over a site's listing came; nothing at all for a site never crawled."""
        with translated(self.collection.database):
            return walk_state(self.db, site)

    def known(self, site: str) -> Known:
        """Give the look-up of a site's posts."""
        return Known(self.db, site)
