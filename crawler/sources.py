"""What a run's sources said, merged by identity, and where they contradict each other. Pure."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archive.model import Article, Feed, Identity, Listing, Purpose

DOUBT = timedelta(hours=1)
"""A page may state a time of modification so much later than the sitemap does before they contradict each other."""


@dataclass(slots=True)
class Sources:
    """What the listing showed from its top downwards, what the blog's feeds named, and the sitemaps' ``lastmod``.

    ``newest`` and ``oldest`` are the ends of the stretch that was walked; the last card, not the oldest one, ends it,
    since a post pinned on top may be old. ``lastmods`` holds archived posts alone: the sitemaps name the whole site's.
    """

    shown: dict[Identity, str] = field(default_factory=dict)
    newest: datetime | None = None
    oldest: datetime | None = None
    lastmods: dict[Identity, datetime] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    _times: dict[Identity, datetime] = field(default_factory=dict)
    _fed: dict[Identity, tuple[str, datetime | None]] = field(default_factory=dict)

    def is_first(self, url: str) -> bool:
        """Tell whether a feed or sitemap is asked for the first time in this run; it is not a second time."""
        is_first = url not in self._asked
        self._asked.add(url)
        return is_first

    def listed(self, page: Listing) -> None:
        """Take in a page of the listing's walk from its top; a second walk does not shorten the first one's stretch."""
        last = None
        for card in page.cards:
            self.shown[card.identity] = card.url
            if card.published is None:
                continue
            self._times[card.identity] = last = card.published
            self.newest = card.published if self.newest is None else max(self.newest, card.published)
        if last is not None:
            self.oldest = last if self.oldest is None else min(self.oldest, last)

    def named(self, purpose: Purpose, feed: Feed, archived: Container[Identity]) -> None:
        """Take in a feed of the blog or a sitemap of the site."""
        for entry in feed.entries:
            if entry.identity is None:
                continue
            if purpose is Purpose.FEED:
                self._fed[entry.identity] = (entry.url, entry.published)
            elif entry.modified is not None and entry.identity in archived:
                known = self.lastmods.get(entry.identity)
                self.lastmods[entry.identity] = entry.modified if known is None else max(known, entry.modified)

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Name the posts that the listing shows and the feed lacks, or the other way round, and say so."""
        fed = [published for _, published in self._fed.values() if published is not None]
        if not fed or self.newest is None or self.oldest is None:
            return
        for identity, url in self.shown.items():
            published = self._times.get(identity)
            if identity not in self._fed and published is not None and min(fed) < published < max(fed):
                yield url, "the listing shows it, and the blog's feed, which goes further back, does not name it"
        for identity, (url, published) in self._fed.items():
            if identity not in self.shown and published is not None and self.oldest < published < self.newest:
                yield url, "the blog's feed names it, and the listing does not show it where it should stand"

    def doubt(self, identity: Identity, article: Article) -> str | None:
        """Say how a page contradicts the sitemap, if it states a later modification than the ``lastmod`` there."""
        lastmod = self.lastmods.get(identity)
        if lastmod is None or article.modified is None or article.modified - lastmod <= DOUBT:
            return None
        return (
            f"its page was modified at {article.modified.isoformat()}, a sitemap's lastmod says {lastmod.isoformat()}"
        )
