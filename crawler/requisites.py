"""Gathers what posts' pages need to look as they did: each thing once, and a page record for each page.

Nothing is asked that the archive had an answer for within ``[requisites].every`` days; what is older is asked for
conditionally, and for newly opened posts only: a look at a known one takes what is held. Requests come after posts and
listings, so whatever ends a run early, the texts are in.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response
from twisted.python.failure import Failure

from archive import payload
from archive.errors import VigilError
from archive.model import Capture, CaptureKind, OmissionKind, Purpose, RecordRef, Truncation
from archive.needs import LeftOut, PageMember, PageRecord, Role
from archive.query.looks import conditions_of
from archive.requisites import Found, Requisite, in_page, in_style, limit_for
from archive.warc import entity_of, load_exchange
from crawler.pace import TurnLostError
from crawler.run import RefusedError, Run

log = logging.getLogger(__name__)

PRIORITY = -20
"""After everything that brings text."""
GIVEN_UP_AFTER = 5
"""Failures in a row after which nothing more is asked of a host of requisites for the night."""
RESUMED_PAGES = 200
"""Pages of earlier runs that one run goes on with."""
MOST_LEFT_OUT = 200
"""Things left out that a page record names one by one."""
MAX_DECODED = 64 * 2**20


@dataclass(slots=True, kw_only=True)
class _Settled:
    """What came of one requisite: the captures on the way to it, and what a stylesheet names in turn."""

    captures: tuple[Capture, ...] = ()
    left_out: tuple[OmissionKind, str] | None = None
    found: Found = field(default_factory=Found)


@dataclass(slots=True, kw_only=True, eq=False)
class _Page:
    """A page whose requisites are being gathered; ``waiting`` are URLs that were asked for.

    One that ``takes_held`` is content with any answer that the archive holds, however old.
    """

    capture: Capture
    takes_held: bool
    todo: deque[Requisite]
    left_out: dict[str, LeftOut]
    seen: set[str] = field(default_factory=set)
    members: dict[str, PageMember] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    is_cut_short: bool = False


class Requisites:
    """The requisites of one run's pages; used on the crawl's event loop only."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._rules = run.site.requisites
        self._pages: dict[_Page, None] = {}
        self._unfinished: dict[str, None] = {}
        self._waiting: dict[str, list[tuple[_Page, Requisite]]] = {}
        self._settled: dict[str, _Settled] = {}
        self._held: dict[str, _Settled] = {}
        self._laid: dict[str, Capture] = {}
        self._failures: Counter[str] = Counter()
        self._notes: set[asyncio.Task[RecordRef]] = set()
        self._left = self._rules.per_run
        run.watch_captures(self._take_capture)
        run.before_end(self._finish)

    def _take_capture(self, capture: Capture) -> None:
        if capture.purpose in {Purpose.POST, Purpose.REQUISITE}:
            self._laid[capture.url] = capture
        if capture.purpose is Purpose.REQUISITE:
            self._count_failure(capture)

    # --- pages -----------------------------------------------------------------------------------

    async def take(self, response: Response, *, is_look: bool) -> None:
        """Begin to gather what the page behind ``response`` needs, unless that was done for the same payload before.

        ``is_look`` says that the post is known and was looked at again.
        """
        capture = self._laid.pop(response.url, None)
        if not self._rules.enabled or capture is None:
            return
        if not self._run.archive.pages.has_record(capture.url, capture.payload_digest):
            await self._begin(capture, response.body, takes_held=is_look)

    async def take_unchanged(self, url: str) -> None:
        """Gather what a page needs that the server calls unchanged, if that was never done for what the archive has."""
        self._laid.pop(url, None)
        if self._rules.enabled and (capture := self._run.archive.pages.newest_payload(url)) is not None:
            await self._begin_held(capture)

    async def resume(self) -> None:
        """Go on with pages that earlier runs could not finish."""
        if self._rules.enabled:
            for capture in self._run.archive.pages.unfinished(self._run.site.id, RESUMED_PAGES):
                await self._begin_held(capture)

    async def _begin_held(self, capture: Capture) -> None:
        if not self._run.archive.pages.has_record(capture.url, capture.payload_digest):
            body = await asyncio.to_thread(self._body, capture)
            if body is not None:
                await self._begin(capture, body, takes_held=True)

    async def _begin(self, capture: Capture, body: bytes, *, takes_held: bool) -> None:
        if self._left <= 0:
            self._unfinished[capture.url] = None
            return
        found = await asyncio.to_thread(in_page, body, capture.content_type, capture.url, self._run.site)
        left_out = {one.url: one for one in found.left_out}
        page = _Page(capture=capture, todo=deque(found.wanted), left_out=left_out, takes_held=takes_held)
        self._pages[page] = None
        self._go_on(page)

    def _go_on(self, page: _Page) -> None:
        """Take up all that is known of a page's requisites; lay its record down once nothing is open."""
        while page.todo:
            requisite = page.todo.popleft()
            if requisite.url in page.seen:
                continue
            page.seen.add(requisite.url)
            if len(page.seen) > self._rules.per_page:
                self._leave_out(page, requisite, OmissionKind.LIMIT, f"more than {self._rules.per_page} requisites")
            elif (settled := self._settle(requisite, page)) is not None:
                self._add(page, requisite, settled)
            elif requisite.url in self._waiting or self._ask(requisite):
                self._waiting.setdefault(requisite.url, []).append((page, requisite))
                page.waiting.add(requisite.url)
            else:
                page.is_cut_short = True
        if not page.waiting and page in self._pages:
            del self._pages[page]
            if page.is_cut_short:
                self._unfinished[page.capture.url] = None
            else:
                self._lay(page)

    def _add(self, page: _Page, requisite: Requisite, settled: _Settled) -> None:
        for capture in settled.captures:
            if (key := capture.record.record_id) not in page.members:
                page.members[key] = _member(requisite.role, capture)
        if settled.left_out is not None:
            self._leave_out(page, requisite, *settled.left_out)
        for one in settled.found.left_out:
            page.left_out.setdefault(one.url, one)
        page.todo.extend(settled.found.wanted)

    def _leave_out(self, page: _Page, requisite: Requisite, kind: OmissionKind, reason: str) -> None:
        page.left_out[requisite.url] = LeftOut(url=requisite.url, role=requisite.role, kind=kind, reason=reason)

    def _lay(self, page: _Page) -> None:
        record = PageRecord(
            run=self._run.uid,
            url=page.capture.url,
            of_run=page.capture.run,
            of_sequence=page.capture.sequence,
            of_record=page.capture.record.record_id,
            time=datetime.now(UTC),
            members=tuple(page.members.values()),
            left_out=_counted(tuple(page.left_out.values()), page.capture.url),
        )
        self._run.tally.pages_gathered += 1
        task = asyncio.get_running_loop().create_task(self._run.note_page(record))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _finish(self) -> None:
        """Name the pages that are not done; wait until the others' records are on disk."""
        unfinished = dict.fromkeys((*self._unfinished, *(page.capture.url for page in self._pages)))
        for url in unfinished:
            reason = "not all that this page needs was gathered: the run ended, or had asked for as much as it may"
            self._run.omit(url, OmissionKind.UNFINISHED, reason)
        self._run.tally.pages_unfinished = len(unfinished)
        # A refusal of the disk is not raised here: the run has been told of it already, and closes for it.
        await asyncio.gather(*self._notes, return_exceptions=True)

    # --- requisites ------------------------------------------------------------------------------

    def _settle(self, requisite: Requisite, page: _Page) -> _Settled | None:
        """Give what came of a requisite in this run, or in earlier ones; None if it is to be asked for."""
        url = requisite.url
        if url in self._settled:
            return self._settled[url]
        if url not in self._held and (captures := tuple(self._answers(url))):
            self._held[url] = self._settled_from(requisite, captures)
        held = self._held.get(url)
        return held if held is not None and (page.takes_held or self._is_fresh(held)) else None

    def _is_fresh(self, held: _Settled) -> bool:
        oldest = datetime.now(UTC) - timedelta(days=self._rules.every)
        return all(one.time > oldest for one in held.captures)

    def _answers(self, url: str) -> Iterator[Capture]:
        """Give the archive's newest answer for a URL, redirects followed as far as the archive holds them."""
        followed: set[str] = set()
        while url not in followed:
            followed.add(url)
            capture = self._run.archive.pages.newest_answer(url)
            if capture is None:
                return
            yield capture
            if capture.location is None or not 300 <= (capture.status or 0) < 400:
                return
            url = urljoin(url, capture.location).partition("#")[0]

    def _settled_from(self, requisite: Requisite, captures: tuple[Capture, ...]) -> _Settled:
        last = captures[-1]
        settled = _Settled(captures=captures)
        if last.truncation is Truncation.LENGTH:
            settled.left_out = _too_large(limit_for(requisite.role, self._run.site))
        if requisite.role is Role.STYLE and last.status in {200, 304}:
            body = self._body(last)
            settled.found = Found() if body is None else in_style(body, last.content_type, last.url, self._run.site)
        return settled

    def _body(self, capture: Capture) -> bytes | None:
        """Read what a capture holds, content-encoding undone; None where that cannot be had."""
        held = capture
        if capture.kind is CaptureKind.NOT_MODIFIED:
            held = self._run.archive.pages.newest_payload(capture.url) or capture
        try:
            exchange = load_exchange(self._run.collection, held)
            return payload.decode(exchange.head, entity_of(exchange), MAX_DECODED)
        except VigilError as error:
            log.warning("%s cannot be read: %s", capture.url, error)
            return None

    def _ask(self, requisite: Requisite) -> bool:
        """Ask for a requisite, conditionally where an older answer is held; False if the run may not any more."""
        if self._left <= 0 or self._run.is_ending:
            return False
        self._left -= 1
        held = self._run.archive.pages.newest_payload(requisite.url)
        conditions = {} if held is None else dict(conditions_of(held))
        meta = {
            "vigil_purpose": Purpose.REQUISITE,
            "vigil_role": requisite.role,
            "via": requisite.via,
            "verbatim_url": True,
            "download_maxsize": limit_for(requisite.role, self._run.site),
            "requisite": requisite,
        }
        request = Request(
            requisite.url,
            callback=self._read,
            errback=self._lose,
            headers={"Accept": "*/*", **conditions},
            meta=meta,
            priority=PRIORITY,
            dont_filter=True,
        )
        self._run.crawler.engine.crawl(request)
        return True

    async def _read(self, response: Response) -> None:
        """Take the answer to a requisite."""
        requisite: Requisite = response.meta["requisite"]
        hops = (*response.meta.get("redirect_urls", ()), response.url)
        captures = tuple(capture for url in hops if (capture := self._laid.get(url)) is not None)
        settled = _Settled(captures=captures)
        if response.status >= 500 or response.status in {401, 403, 429}:
            settled.left_out = (OmissionKind.ERROR, f"answered {response.status}")
        if requisite.role is Role.STYLE:
            settled.found = await asyncio.to_thread(self._found_in, response, captures)
        self._answer(requisite, settled)

    def _found_in(self, response: Response, captures: tuple[Capture, ...]) -> Found:
        if response.status == 304 and captures:
            body = self._body(captures[-1])
        else:
            body = response.body if response.status == 200 else None
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
        return Found() if body is None else in_style(body, kind, response.url, self._run.site)

    def _lose(self, failure: Failure) -> None:
        """Take note that a requisite could not be had."""
        error, request = failure.value, failure.request  # type: ignore[attr-defined] # Scrapy sets it
        if isinstance(error, TurnLostError):
            return  # The run ends: what waits for it stays unfinished.
        requisite: Requisite = request.meta["requisite"]
        if isinstance(error, RefusedError):
            told = error.kind, str(error)
        elif isinstance(error, DownloadCancelledError):
            told = _too_large(limit_for(requisite.role, self._run.site))
        else:
            told = OmissionKind.ERROR, str(error)
        self._answer(requisite, _Settled(left_out=told))

    def _answer(self, requisite: Requisite, settled: _Settled) -> None:
        self._settled[requisite.url] = settled
        for page, wanted in self._waiting.pop(requisite.url, ()):
            page.waiting.discard(requisite.url)
            self._add(page, wanted, settled)
            self._go_on(page)

    def _count_failure(self, capture: Capture) -> None:
        host = (urlsplit(capture.url).hostname or "").lower()
        is_failure = capture.status is None or capture.status >= 500
        self._failures[host] = self._failures[host] + 1 if is_failure else 0
        if self._failures[host] == GIVEN_UP_AFTER:
            log.warning("%s failed %d times in a row: no more requisites are asked of it", host, GIVEN_UP_AFTER)
            self._run.tally.given_up.add(host)


def _member(role: Role, capture: Capture) -> PageMember:
    return PageMember(
        role=role, url=capture.url, run=capture.run, sequence=capture.sequence, record_id=capture.record.record_id
    )


def _too_large(limit: int) -> tuple[OmissionKind, str]:
    return OmissionKind.LIMIT, f"more than {limit} bytes: it was cut there"


def _counted(left_out: tuple[LeftOut, ...], url: str) -> tuple[LeftOut, ...]:
    """Name what was left out one by one, up to a bound; the rest is a number."""
    if len(left_out) <= MOST_LEFT_OUT:
        return left_out
    reason = f"{len(left_out) - MOST_LEFT_OUT} more were left out and are not named here"
    return (*left_out[:MOST_LEFT_OUT], replace(left_out[0], url=url, kind=OmissionKind.LIMIT, reason=reason))
