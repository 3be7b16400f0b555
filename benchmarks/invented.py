"""A blog of any size that never was: words of no language in four scripts, posts, versions, events; ever the same.

Words are syllables put together at random, drawn as in real texts (Zipf-Mandelbrot: the word of rank r is drawn in
proportion to 1 / (r + 2.7)), so that some stand in every post and most in a few. ``Blog`` gives what a crawl lays down
of it and what was read from that, so that the product's own ``Indexer`` fills an archive with it.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from random import Random
from typing import ParamSpec, TypeVar, cast

import numpy as np

from archive.jobs import Job
from archive.model import (
    Article,
    Block,
    BlockKind,
    Capture,
    CaptureKind,
    Card,
    Identity,
    Image,
    Link,
    Listing,
    Page,
    PageOutcome,
    Purpose,
    Reading,
    RecordRef,
    Route,
    RunEnd,
    RunStart,
    Sha256,
    Statement,
    sha256_of,
)
from archive.text import software
from archive.warc import Laid, LaidExchange, RunEnded, RunStarted, SiteRules

P = ParamSpec("P")
T = TypeVar("T")

SITE = "rferl-watchdog"
SITE_TOML = (Path(__file__).parents[1] / "config" / "sites" / f"{SITE}.toml").read_bytes()
HOME = "https://www.rferl.org"
DUSK = datetime(2024, 1, 1, tzinfo=UTC)
"""The first night, unless said otherwise; the newest post was published just before it."""
AGE = timedelta(days=16 * 365)
"""How old the oldest post is then."""
VOCABULARY = 60_000
PARAGRAPHS = 12
CARDS = 20

_SCRIPTS = (
    # What begins a syllable, what ends one, language, share of the posts, words in a paragraph.
    ("b d f g k l m n p r s t v z br dr gl kr st tr", "a e i o u ai ea", "en", 0.70, 60),
    ("č ď ř š ť ž k l m n v st kr", "á é í ó ů ě a o y", "cs", 0.10, 46),
    ("б в г д ж з к л м н п р с т ч ш ст пр", "а е и о у я ю", "ru", 0.12, 38),
    ("ب ت ج د ر س ش ك ل م ن ه ف", "ا و ي", "fa", 0.08, 36),
)


class Prepared(Executor):
    """Gives readings that were made beforehand, by URL, each once."""

    def __init__(self) -> None:
        self.readings: dict[str, Reading] = {}

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Give the reading of the job's URL, which is the one argument."""
        del fn, kwargs
        future: Future[T] = Future()
        job = cast("Job", args[0])
        future.set_result(cast("T", self.readings.pop(job.url)))
        return future


class Language:
    """Words of one script, the commonest first, and how they are drawn."""

    def __init__(self, number: int) -> None:
        first, last, self.code, self.share, self.words_each = _SCRIPTS[number]
        starts, ends = first.split(), last.split()
        chance = Random(number)
        found: dict[str, None] = {}
        while len(found) < VOCABULARY:
            syllables = 1 if len(found) < len(starts) * len(ends) // 2 else chance.randint(2, 4)
            found["".join(chance.choice(starts) + chance.choice(ends) for _ in range(syllables))] = None
        self.words = list(found)
        weights = 1 / (np.arange(VOCABULARY) + 2.7)
        self._bounds = np.cumsum(weights / weights.sum())

    def draw(self, chance: np.random.Generator, count: int) -> list[str]:
        """Give some words, one after the other."""
        places = np.minimum(np.searchsorted(self._bounds, chance.random(count)), VOCABULARY - 1).tolist()
        return [self.words[place] for place in places]


class Blog:
    """So many posts, number 0 the oldest, and nights in which they are read."""

    def __init__(self, posts: int, *, dusk: datetime = DUSK) -> None:
        self.posts = posts
        self.dusk = dusk
        self.prepared = Prepared()
        self._sequence = 0
        self._step = AGE / max(1, posts)

    @cached_property
    def languages(self) -> list[Language]:
        """The languages in which its posts are written."""
        return [Language(number) for number in range(len(_SCRIPTS))]

    def language(self, number: int) -> Language:
        """The language of a post."""
        place = (number * 7919 % 1000) / 1000
        for language in self.languages:
            place -= language.share
            if place < 0:
                return language
        return self.languages[0]

    def published(self, number: int) -> datetime:
        """When a post was published, to the second."""
        return (self.dusk - AGE + number * self._step).replace(microsecond=0)

    @staticmethod
    def url(number: int) -> str:
        """The permalink of a post."""
        return f"{HOME}/a/post-{number}/{30_000_000 + number}.html"

    @staticmethod
    def identity(number: int) -> Identity:
        """The identity of a post."""
        return Identity(str(30_000_000 + number))

    def article(self, number: int, edition: int = 0) -> Article:
        """A post's page, of about 5 kB of text; each edition after the first has another last paragraph."""
        language, chance = self.language(number), np.random.Generator(np.random.PCG64([7, number]))
        words = language.draw(chance, 8 + PARAGRAPHS * language.words_each)
        title, each = " ".join(words[:8]).capitalize(), language.words_each
        texts = [" ".join(words[at : at + each]).capitalize() + "." for at in range(8, len(words), each)]
        if edition:
            texts.append(" ".join(language.draw(np.random.Generator(np.random.PCG64([edition, number])), each)))
        when, url = self.published(number), self.url(number)
        modified = when + timedelta(hours=edition)
        author = f"Fictional Writer {number % 40}"
        return Article(
            identity=self.identity(number),
            url=url,
            canonical_url=url,
            title=title,
            authors=(author,),
            published=when,
            published_offset=0,
            modified=modified,
            dateline="LOWER VARNIA",
            category="Watchdog" if number % 10 else "Features",
            tags=(words[20], words[30]),
            language=language.code,
            blocks=tuple(Block(kind=BlockKind.PARAGRAPH, text=text) for text in texts),
            images=(Image(url=f"{url}/1_w250.jpg", original=f"{url}/1.jpg", caption=texts[0][:60]),),
            links=tuple(Link(url=self.url(number - step), text=words[step]) for step in range(1, 4)),
            credit=None,
            corrections=(),
            is_textless=False,
            extractor=f"{software()}, layout invented",
            statements=(
                Statement(field="title", source="json-ld", value=title),
                Statement(field="title", source="meta", value=title),
                Statement(field="published", source="json-ld", value=when.isoformat()),
                Statement(field="published", source="time-element", value=when.isoformat()),
                Statement(field="modified", source="json-ld", value=modified.isoformat()),
                Statement(field="author", source="json-ld", value=author),
            ),
        )

    # --- nights ------------------------------------------------------------------------------------

    def first_night(self) -> Iterator[Laid]:
        """Every post once, behind the listing pages that show them: the newest first."""
        yield from self._begin("run-1")
        for newest in range(self.posts - 1, -1, -CARDS):
            numbers = range(newest, max(-1, newest - CARDS), -1)
            yield self._listing("run-1", (self.posts - 1 - newest) // CARDS, numbers)
            for number in numbers:
                yield self._page("run-1", number)
        yield self._end("run-1")

    def later_night(self) -> Iterator[Laid]:
        """A look at every tenth post: half are edited, some gone, the rest not modified."""
        yield from self._begin("run-2")
        for number in range(0, self.posts, 10):
            if number % 20 == 0:
                yield self._page("run-2", number, edition=1)
            elif number % 100 == 10:
                yield self._capture("run-2", self.url(number), Purpose.POST, 404, CaptureKind.RESPONSE)
            else:
                yield self._capture("run-2", self.url(number), Purpose.POST, 304, CaptureKind.NOT_MODIFIED)
        yield self._end("run-2")

    def new_night(self, run: str, count: int = 100) -> Iterator[Laid]:
        """So many new posts, behind those that were there."""
        yield from self._begin(run)
        self.posts += count
        for newest in range(self.posts - 1, self.posts - 1 - count, -CARDS):
            numbers = range(newest, newest - CARDS, -1)
            yield self._listing(run, (self.posts - 1 - newest) // CARDS, numbers)
            for number in numbers:
                yield self._page(run, number)
        yield self._end(run)

    def _begin(self, run: str) -> Iterator[Laid]:
        record = self._record(run)
        start = RunStart(
            uid=run,
            site=SITE,
            started=self.dusk + timedelta(seconds=self._sequence),
            route=Route.TEST,
            software="benchmark",
            config_digest=sha256_of(b""),
            operator=None,
            contact=None,
            user_agent="none",
            mode="crawl",
        )
        yield RunStarted(start=start, record=record)
        yield SiteRules(run=run, toml=SITE_TOML, record=record)

    def _end(self, run: str) -> Laid:
        ended = self.dusk + timedelta(seconds=self._sequence)
        run_end = RunEnd(uid=run, ended=ended, stop_reason="no button", exit_code=0, is_walk_complete=True)
        return RunEnded(run_end=run_end, record=self._record(run))

    def _page(self, run: str, number: int, edition: int = 0) -> Laid:
        url = self.url(number)
        self.prepared.readings[url] = Page(outcome=PageOutcome.OK, article=self.article(number, edition))
        return self._capture(run, url, Purpose.POST)

    def _listing(self, run: str, page: int, numbers: range) -> Laid:
        url = f"{HOME}/Watchdog?p={page}"
        cards = tuple(
            Card(
                position=place,
                url=self.url(number),
                identity=self.identity(number),
                title=f"Post {number}",
                published=self.published(number),
                has_text=False,
            )
            for place, number in enumerate(numbers)
        )
        self.prepared.readings[url] = Listing(outcome=PageOutcome.OK, cards=cards)
        return self._capture(run, url, Purpose.LISTING)

    def _capture(
        self,
        run: str,
        url: str,
        purpose: Purpose,
        status: int = 200,
        kind: CaptureKind = CaptureKind.RESPONSE,
        *,
        payload: Sha256 | None = None,
    ) -> LaidExchange:
        """A capture with no bytes behind it, one a second."""
        self._sequence += 1
        request, response, metadata = (self._record(run, part) for part in range(3))
        capture = Capture(
            run=run,
            sequence=self._sequence,
            url=url,
            purpose=purpose,
            via=None,
            time=self.dusk + timedelta(seconds=self._sequence),
            kind=kind,
            record=response,
            request=request,
            metadata=metadata,
            status=status,
            payload_digest=None if status == 304 else payload or digest(run, url),
            payload_bytes=0 if status == 304 else 80_000,
            content_type="text/html; charset=utf-8",
            location=None,
            etag=f'"{self._sequence:016x}"',
            last_modified="Mon, 01 Jan 2024 00:00:00 GMT",
            truncation=None,
            failure=None,
        )
        return LaidExchange(capture=capture, head=b"HTTP/1.1 200 OK\r\n\r\n", entity=bytes)

    def _record(self, run: str, part: int = 0) -> RecordRef:
        record_id = f"<urn:uuid:{self._sequence:08x}-0000-4000-8000-{part:012x}>"
        offset = (3 * self._sequence + part) * 6000
        return RecordRef(file=f"{run}.warc.gz", offset=offset, length=6000, record_id=record_id)


def digest(run: str, url: str) -> Sha256:
    """The digest of a payload that never was."""
    return sha256_of(f"{run} {url}".encode())
