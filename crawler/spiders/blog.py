"""The one spider: walks a blog's listing by what the archive read of each page, and opens its posts."""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.errors import VigilError
from archive.model import Article, Card, Feed, FeedEntry, Identity, Listing, OmissionKind, Page, PageOutcome, Purpose
from archive.site import identify
from crawler.options import RunOptions, apply_to_settings
from crawler.pace import TurnLostError
from crawler.requisites import Requisites
from crawler.run import RefusedError, Run
from crawler.sources import Sources
from crawler.verdict import REFUSALS
from crawler.walk import Step, StopReason, Walk, day_before_page, may_hold_more

log = logging.getLogger(__name__)

POST_PRIORITY = 10
"""Posts before further listing pages: whatever ends a run early, what was listed has been opened."""
SOURCE_PRIORITY = -10
"""Feeds and sitemaps after the listing: by then it is known whether the listing may be walked at all."""
OK = 200
NOT_MODIFIED = 304
SECOND_LOOK_PAGES = 3
"""A walk longer than this looks at the first page again: posts published meanwhile shifted the pages."""


class BlogSpider(Spider):
    """Walks the blog of one site file; every law is kept by the run's components, whoever starts it.

    Arguments (``-a`` of ``scrapy crawl``): ``site`` id or path of a site file, ``limit`` posts to open, ``since`` ISO
    day to walk back to, ``full`` to open every post again.
    """

    name = "blog"

    run: Run
    options: RunOptions

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 - Scrapy's signature
        """Make the spider; the site file decides the settings while they may still be changed."""
        spider = super().from_crawler(crawler, *args)
        spider.options = RunOptions.from_arguments(kwargs, crawler.settings)
        apply_to_settings(spider.options, crawler.settings)
        crawler.signals.connect(spider.look_again, signal=signals.spider_idle)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Begin the run, then ask for the listing's first page and for the posts that earlier runs owe."""
        self.run = Run.of(self.crawler)
        try:
            await self.run.begin()
        except VigilError as error:
            self.run.fail(error)
            return
        if self.run.is_ending:
            # A signal that came before the engine ran: Scrapy 2.19 takes note of it, and then waits for ever.
            await self.crawler.engine.stop_async()
            return
        self.seen: set[Identity] = set()
        self.asked: set[Identity] = set()
        self.opened = 0
        self.sources = Sources()
        self.has_looked_again = False
        self.course = self.run.course
        self.requisites = Requisites(self.run)
        for request in self._open_owed():
            yield request
        every = self.run.site.listing.whole_every
        self.goes_to_the_end = not self.options.is_partial and self.run.walk_state.is_whole_due(every, self.run.started)
        # Where stretches wait, it is the last of them that goes on to the end.
        is_known = self.run.walk_state.is_complete and not self.goes_to_the_end
        may_catch_up = not self.options.full and (is_known or bool(self.course.pending))
        yield self._ask_listing(self.run.site.listing.start, self._new_walk(may_catch_up=may_catch_up), via=None)
        for request in self._ask_sources(is_whole=not may_catch_up):
            yield request
        await self.requisites.resume()

    # --- the listing ---------------------------------------------------------------------------

    def _new_walk(self, *, may_catch_up: bool, below: date | None = None, is_again: bool = False) -> Walk:
        rules = self.run.site.listing
        self.course.walk = Walk(
            seen=self.seen,
            is_archived=self.run.known.__contains__,
            is_walked=self.run.known.was_walked,
            may_catch_up=may_catch_up,
            overlap=rules.overlap,
            page_cap=rules.page_cap,
            since=self.options.since,
            wants_all=self.options.full,
            counts_below=below,
            is_again=is_again,
        )
        return self.course.walk

    def _ask_listing(self, url: str, walk: Walk, *, via: str | None, purpose: Purpose = Purpose.LISTING) -> Request:
        headers = dict(self.run.site.listing.more.headers) if walk.pages else {}
        request = self._ask(url, purpose, via=via, headers=headers)
        request.cb_kwargs["walk"] = walk
        return request.replace(callback=self.read_listing, errback=self.lose_listing)

    async def read_listing(self, response: Response, walk: Walk) -> AsyncIterator[Request]:
        """Open the cards of one listing page and go on as the page says."""
        step = self._step(response, await self.run.reading_of(response), walk)
        self.run.progress.pages += 1
        for request in self._open(step.cards, via=response.url):
            yield request
        if step.stop is None and self._has_reached_limit():
            step = replace(step, next_url=None, stop=StopReason.LIMIT)
        if step.next_url is not None:
            yield self._ask_listing(step.next_url, walk, via=response.url, purpose=response.meta["vigil_purpose"])
        elif step.stop is not None:
            for request in self._after_walk(walk, step.stop):
                yield request

    def _step(self, response: Response, reading: object, walk: Walk) -> Step:
        if not isinstance(reading, Listing):
            self.run.alarm(f"the listing page {response.url} answered {response.status}")
            is_refused = response.status in REFUSALS
            return Step(cards=(), stop=StopReason.BLOCKED if is_refused else StopReason.FAILED)
        for alarm in reading.alarms:
            self.run.alarm(alarm)
        if response.meta["vigil_purpose"] is Purpose.LISTING:
            self.sources.listed(reading)
        return walk.take(reading)

    def lose_listing(self, failure: Failure) -> Iterator[Request]:
        """Go on where a listing page could not be had: by the permitted route if robots.txt forbade it."""
        if self._take_note(failure):
            walk: Walk = failure.request.cb_kwargs["walk"]  # type: ignore[attr-defined] # Scrapy sets it
            yield from self._after_walk(walk, StopReason.ROBOTS if _is_forbidden(failure) else StopReason.FAILED)

    def _after_walk(self, walk: Walk, stop: StopReason) -> Iterator[Request]:
        log.info("the walk ended after %d pages: %s", walk.pages, stop)
        if walk.is_again and stop.is_good:
            self.course.walk = None
            return
        self.run.walk_stopped(stop)
        day = self.course.after(stop)
        pattern = self.run.site.listing.day_page
        if day is not None and pattern is not None:
            goes_on = self.goes_to_the_end and not self.course.pending
            below = self._new_walk(may_catch_up=not goes_on, below=day)
            # The day is known in UTC, and the site's own may be the one after it: so are posts of that very day.
            url = _day_url(pattern, day + timedelta(days=1))
            yield self._ask_listing(url, below, via=None, purpose=Purpose.DAY_PAGE)
        elif stop is StopReason.ROBOTS and walk.pages:
            yield from self._permitted_route(walk)
        elif self.course.is_complete and walk.new_cards and walk.pages > SECOND_LOOK_PAGES:
            again = self._new_walk(may_catch_up=True, is_again=True)
            yield self._ask_listing(self.run.site.listing.start, again, via=None)

    # --- the permitted route: day pages, feeds, sitemaps (site-facts 1.6) ---------------------------

    def _permitted_route(self, walk: Walk) -> Iterator[Request]:
        log.warning("robots.txt forbids the listing's further pages: going by day pages and sitemaps")
        self.run.takes_permitted_route = True
        if self.run.site.listing.day_page is not None:
            day = (walk.oldest or datetime.now(UTC)).date() + timedelta(days=1)
            days = self._new_walk(may_catch_up=self.run.walk_state.is_day_route_complete and not self.options.full)
            self.course.walk = None
            yield self._ask_day(day, days, via=None)
        yield from self._ask_sources(is_whole=True)

    def _ask_sources(self, *, is_whole: bool) -> Iterator[Request]:
        """Ask, once a run and after the listing, for what the site itself lists: the blog's feeds, what changed lately.

        ``is_whole`` asks for all of the site's sitemaps too: where the listing is walked to its end, or may not be.
        """
        feeds = self.run.site.feeds
        sitemaps = feeds.sitemaps if is_whole else feeds.latest
        for purpose, urls in ((Purpose.FEED, feeds.feeds), (Purpose.SITEMAP, sitemaps)):
            for url in urls:
                yield from self._ask_source(url, purpose, via=None)

    def _ask_source(self, url: str, purpose: Purpose, *, via: str | None) -> Iterator[Request]:
        if self.sources.is_first(url):
            yield self._ask(url, purpose, via=via, priority=SOURCE_PRIORITY).replace(callback=self.read_feed)

    def _ask_day(self, day: date, walk: Walk, *, via: str | None) -> Request:
        url = _day_url(self.run.site.listing.day_page or "", day)
        request = self._ask(url, Purpose.DAY_PAGE, via=via).replace(callback=self.read_day, errback=self.lose_page)
        request.cb_kwargs.update(day=day, walk=walk)
        return request

    async def read_day(self, response: Response, day: date, walk: Walk) -> AsyncIterator[Request]:
        """Open the cards of one day page and ask for the day page before them."""
        reading = await self.run.reading_of(response)
        self.run.progress.pages += 1
        if not isinstance(reading, Listing) or reading.outcome not in {PageOutcome.OK, PageOutcome.PAST_THE_END}:
            self.run.alarm(f"the day page {response.url} could not be read")
            return
        if may_hold_more(day, reading):
            self.run.omit(response.url, OmissionKind.MAYBE_MORE, f"{day} may hold more posts than its page shows")
        step = walk.take(replace(reading, outcome=PageOutcome.OK, next_url=response.url))
        for request in self._open(step.cards, via=response.url):
            yield request
        before = day_before_page(day, reading)
        if step.stop in {StopReason.CAUGHT_UP, StopReason.SINCE} or before is None:
            self.run.is_day_route_complete = step.stop is not StopReason.SINCE
        elif not self._has_reached_limit():
            yield self._ask_day(before, walk, via=response.url)

    async def read_feed(self, response: Response) -> AsyncIterator[Request]:
        """Follow a sitemap index, open what a feed of this blog names, and candidates within the budget."""
        reading = await self.run.reading_of(response)
        purpose = response.meta["vigil_purpose"]
        if not isinstance(reading, Feed) or reading.outcome is not PageOutcome.OK:
            self.run.alarm(f"the {purpose} {response.url} answered {response.status} and could not be read")
            return
        for entry in reading.sitemaps:
            for request in self._ask_source(entry.url, Purpose.SITEMAP, via=response.url):
                yield request
        self.sources.named(purpose, reading, self.run.known)
        entries: Iterable[FeedEntry] = reading.entries
        if purpose is Purpose.SITEMAP:
            entries = self.run.candidates_to_open(entries)
        for request in self._open_entries(entries, via=response.url):
            yield request

    # --- posts -------------------------------------------------------------------------------------

    def _open(self, cards: Iterable[Card], *, via: str | None) -> Iterator[Request]:
        for card in cards:
            yield from self._open_post(card.url, via=via)

    def _open_entries(self, entries: Iterable[FeedEntry], *, via: str | None) -> Iterator[Request]:
        for entry in entries:
            if entry.identity is None:
                reason = "a feed names it, but it is no post of this blog's"
                self.run.omit(entry.url, OmissionKind.FOREIGN_HOST, reason, via=via)
                continue
            if entry.identity in self.seen or entry.identity in self.run.known or self._is_too_old(entry):
                continue
            self.seen.add(entry.identity)
            yield from self._open_post(entry.url, via=via)

    def _open_owed(self) -> Iterator[Request]:
        for identity, url in self.run.known.owed(self.options.since):
            self.seen.add(identity)
            yield from self._open_post(url, via=None)

    def _open_post(self, url: str, *, via: str | None) -> Iterator[Request]:
        if self._has_reached_limit():
            return
        self.opened += 1
        if (identity := identify(self.run.site, url)) is not None:
            self.asked.add(identity)
        yield self._ask(url, Purpose.POST, via=via, priority=POST_PRIORITY).replace(callback=self.read_post)

    def _is_too_old(self, entry: FeedEntry) -> bool:
        since = self.options.since
        return since is not None and entry.published is not None and entry.published < since

    def _has_reached_limit(self) -> bool:
        return self.options.limit is not None and self.opened >= self.options.limit

    # --- posts that are archived already -------------------------------------------------------------

    def look_again(self) -> None:
        """Once all that is new was opened, look again at posts that are due, and at those no source shows any more.

        Raises:
            DontCloseSpider: there is something to look at.
        """
        if self.has_looked_again or self.options.is_partial or self.run.is_ending or not hasattr(self, "sources"):
            return
        self.has_looked_again = True
        for url, what in self.sources.contradictions():
            self.run.omit(url, OmissionKind.CONTRADICTION, what)
        looks = [look for look in self.run.looks(self.sources) if look.identity not in self.asked]
        for look in looks:
            self.asked.add(look.identity)
            request = self._ask(look.url, Purpose.POST, via=None, headers=dict(look.conditions))
            request = request.replace(callback=self.read_post, cb_kwargs={"looked_at": look.identity})
            self.crawler.engine.crawl(request)
        if looks:
            raise DontCloseSpider

    async def read_post(
        self, response: Response, looked_at: Identity | None = None
    ) -> AsyncIterator[dict[str, object]]:
        """Hand on what the archive read of a post's page, for item pipelines and feed exports."""
        reading = await self.run.reading_of(response)
        self.run.progress.posts += 1
        if response.status == NOT_MODIFIED:
            await self.requisites.take_unchanged(response.url)
            return
        if self.options.index_later and response.status == OK:
            await self.requisites.take(response, is_look=looked_at is not None)
        if not isinstance(reading, Page) or reading.article is None:
            self.run.page_without_post(response, reading)
            return
        for alarm in reading.article.alarms:
            self.run.alarm(f"{response.url}: {alarm}")
        if looked_at is not None and (doubt := self.sources.doubt(looked_at, reading.article)) is not None:
            self.run.omit(response.url, OmissionKind.CONTRADICTION, doubt)
        self.run.post_read(reading.article)
        await self.requisites.take(response, is_look=looked_at is not None)
        yield self._item(response, reading.article)

    def _item(self, response: Response, article: Article) -> dict[str, object]:
        return {
            "site": self.run.site.id,
            "identity": article.identity,
            "url": response.url,
            "title": article.title,
            "authors": list(article.authors),
            "published": article.published and article.published.isoformat(),
            "modified": article.modified and article.modified.isoformat(),
            "category": article.category,
            "text": "\n\n".join(block.text for block in article.blocks),
            "run": self.run.uid,
            "sequence": response.meta["vigil_capture"],
        }

    # --- asking ------------------------------------------------------------------------------------

    def _ask(
        self,
        url: str,
        purpose: Purpose,
        *,
        via: str | None,
        headers: dict[str, str] | None = None,
        priority: int = 0,
    ) -> Request:
        meta = {"vigil_purpose": purpose, "via": via, "verbatim_url": True}
        return Request(url, errback=self.lose_page, headers=headers, meta=meta, priority=priority, dont_filter=True)

    def lose_page(self, failure: Failure) -> None:
        """Take note that a page could not be had; its capture or its omission says why."""
        if self._take_note(failure) and not _is_forbidden(failure):
            self.run.page_lost()

    def _take_note(self, failure: Failure) -> bool:
        """Put on record why a page was not had, where neither a capture nor the gate did; False if the run ends."""
        error, request = failure.value, failure.request  # type: ignore[attr-defined] # Scrapy sets it
        is_told = "vigil_capture" in request.meta and not isinstance(error, IgnoreRequest)
        if isinstance(error, TurnLostError):
            return False
        if not (is_told or isinstance(error, RefusedError)):
            self.run.omit(request.url, OmissionKind.ERROR, f"{error}", via=request.meta["via"])
        return True


def _is_forbidden(failure: Failure) -> bool:
    return isinstance(failure.value, RefusedError) and failure.value.kind is OmissionKind.ROBOTS


def _day_url(pattern: str, day: date) -> str:
    return pattern.format(year=day.year, month=day.month, day=day.day)
