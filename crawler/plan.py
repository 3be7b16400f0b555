"""What a run would do, without doing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from scrapy.settings import Settings

from archive.collection import Collection
from archive.model import Route
from archive.query import Archive
from crawler.options import RunOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run in words: where it would start, how far it would go, under which rules."""

    site: str
    start: str
    route: Route
    user_agent: str
    delay_seconds: float
    owed_posts: int
    is_first_walk_complete: bool
    is_whole_walk_due: bool
    robots_exceptions: tuple[str, ...]
    collection: str

    def __str__(self) -> str:
        """Tell it in a few lines."""
        has_reached = self.is_first_walk_complete and not self.is_whole_walk_due
        reach = "until it meets what is archived" if has_reached else "to the listing's end"
        exceptions = "; ".join(self.robots_exceptions) or "none"
        return "\n".join(
            (
                f"{self.site}: would walk {self.start} {reach} and open what is new.",
                f"archive          {self.collection}",
                f"posts owed       {self.owed_posts} that were listed and not opened yet",
                f"user agent       {self.user_agent}",
                f"delay            {self.delay_seconds:g} seconds between requests, longer where robots.txt asks",
                f"robots.txt       obeyed; exceptions: {exceptions}",
                f"route            {self.route}",
                "Nothing was asked of anybody.",
            )
        )


def plan_of(arguments: Mapping[str, object], scrapy_settings: Mapping[str, object]) -> Plan:
    """Say what a run with these arguments and settings would do.

    Raises:
        VigilError: it could not begin.
    """
    options = RunOptions.from_arguments(arguments, Settings(dict(scrapy_settings)))
    collection = Collection(options.settings.collection)
    owed, is_complete, is_due = 0, False, False
    if collection.database.exists():
        with Archive.open(collection) as archive:
            owed = sum(1 for _ in archive.known(options.site.id).owed())
            walked = archive.walk_state(options.site.id)
            is_complete = walked.is_complete
            is_due = walked.is_whole_due(options.site.listing.whole_every, datetime.now(UTC))
    return Plan(
        site=options.site.id,
        start=options.site.listing.start,
        route=options.route,
        user_agent=options.user_agent,
        delay_seconds=options.site.politeness.delay,
        owed_posts=owed,
        is_first_walk_complete=is_complete,
        is_whole_walk_due=is_due and not options.is_partial,
        robots_exceptions=tuple(f"{item.rule}: {item.reason}" for item in options.site.robots_exceptions),
        collection=str(options.settings.collection),
    )
