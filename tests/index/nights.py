"""A blog watched without a network: what a crawl would have asked, laid down and indexed as a crawl does it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.collection import Collection
from archive.index import Index
from archive.indexer import Indexer
from archive.model import (
    Capture,
    Exchange,
    Failure,
    FailureKind,
    Framing,
    Omission,
    OmissionKind,
    Purpose,
    Reading,
    Route,
    RunEnd,
    RunStart,
    Truncation,
    sha256_of,
)
from archive.query import Archive
from archive.warc import FileLimits, LaidExchange, LaidOmission, RunEnded, WarcWriter, entity_of
from crawler.replica import BlogSimulator
from crawler.replica.framing import Answer, message
from crawler.replica.router import answer
from crawler.replica.server import parse_request

SITE = "rferl-watchdog"
SITE_TOML = (Path(__file__).parents[2] / "config" / "sites" / f"{SITE}.toml").read_bytes()
HOME = "https://www.rferl.org"
LISTING = f"{HOME}/Watchdog"
DAWN = datetime(2024, 3, 1, 3, 0, tzinfo=UTC)


class Night:
    """One run: asks, lays down, indexes; ``clock`` moves a second with each request."""

    def __init__(self, watch: "Watch", uid: str, *, max_bytes: int = 1_000_000_000) -> None:
        self._watch = watch
        self._sequence = 0
        self.uid = uid
        start = RunStart(
            uid=uid,
            site=SITE,
            started=watch.clock,
            route=Route.TEST,
            software="vigil test",
            config_digest=sha256_of(SITE_TOML),
            operator=None,
            contact=None,
            user_agent="test",
            mode="crawl",
        )
        self._writer = WarcWriter(
            watch.collection,
            site_id=SITE,
            run=start,
            site_toml=SITE_TOML,
            host_label="here",
            known_payload=watch.index.response_with,
            known_answer=watch.index.response_of,
            limits=FileLimits(max_bytes=max_bytes),
        )
        for unit in self._writer.opening:
            watch.indexer.take(unit)

    def ask(
        self,
        url: str,
        purpose: Purpose = Purpose.POST,
        *,
        spoil: Callable[[Answer], Answer] = lambda one: one,
        headers: str = "",
        truncation: Truncation | None = None,
        failure: FailureKind | None = None,
    ) -> tuple[Capture, Reading | None]:
        """Ask the blog for ``url``; ``spoil`` changes what it says, ``failure`` leaves it silent."""
        self._sequence += 1
        self._watch.clock += timedelta(seconds=1)
        host, _, path = url.removeprefix("https://").partition("/")
        raw = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0\r\n{headers}\r\n".encode()
        request = parse_request(raw, is_tls=True)
        assert request is not None
        sent = message(spoil(answer(self._watch.blog, request)), request, self._watch.blog.now)
        is_chunked = b"chunked" in sent.head
        exchange = Exchange(
            sequence=self._sequence,
            url=url,
            purpose=purpose,
            via=None,
            began=self._watch.clock,
            took_ms=5,
            request=raw,
            head=b"" if failure else sent.head,
            body=b"" if failure else sent.body,
            framing=Framing.BODILESS if failure else Framing.CHUNKED if is_chunked else Framing.LENGTH,
            truncation=truncation,
            failure=Failure(kind=failure, message="it did not answer") if failure else None,
        )
        capture = self._writer.append(exchange)
        unit = LaidExchange(capture=capture, head=exchange.head, entity=lambda: entity_of(exchange))
        self._writer.sync()
        return capture, self._watch.indexer.take(unit).result()

    def look(self, pages: int = 1) -> None:
        """Ask for the listing and its next pages."""
        for page in range(pages):
            self.ask(LISTING if page == 0 else f"{LISTING}?p={page}", Purpose.LISTING)

    def omit(self, url: str, kind: OmissionKind = OmissionKind.LIMIT) -> None:
        """Leave ``url`` out."""
        omission = Omission(run=self.uid, url=url, kind=kind, reason="as the test says", time=self._watch.clock)
        record = self._writer.note(omission)
        self._writer.sync()
        self._watch.indexer.take(LaidOmission(omission=omission, record=record))

    def end(self, *, is_walk_complete: bool = True, resume_at: str | None = None) -> None:
        """End in good order."""
        end = RunEnd(
            uid=self.uid,
            ended=self._watch.clock,
            stop_reason="no button",
            exit_code=0,
            is_walk_complete=is_walk_complete,
            counts=(("answers", self._sequence),),
            resume_at=resume_at,
        )
        record = self._writer.close(end)
        self._watch.indexer.take(RunEnded(run_end=end, record=record))

    def die(self) -> None:
        """End without a word, like a process that is killed: what is on disk stays, the index is behind."""
        self._writer.sync()


class Watch:
    """An archive of ``blog`` in ``folder``, and the nights that fill it."""

    def __init__(self, folder: Path, blog: BlogSimulator, executor: Executor | None = None) -> None:
        self.collection = Collection(folder)
        self.collection.create()
        self.blog = blog
        self.clock = DAWN
        self.nights = 0
        self._executor = executor
        self.open()

    def open(self) -> None:
        """Open the index as a crawl does at its start."""
        self.index = Index.open(self.collection.database)
        self.indexer = Indexer(self.index, self.collection, self._executor)
        self.indexer.catch_up()

    def close(self) -> None:
        """Close the index; what it has not written is lost, as in a crash."""
        self.index.close()

    def begin(self, *, max_bytes: int = 1_000_000_000) -> Night:
        """Begin a night."""
        self.nights += 1
        self.clock += timedelta(days=1)
        self.blog.advance(timedelta(days=1))
        return Night(self, f"run-{self.nights}", max_bytes=max_bytes)

    @contextmanager
    def night(self) -> Iterator[Night]:
        """A whole night, ended in good order."""
        night = self.begin()
        yield night
        night.end()

    @contextmanager
    def archive(self) -> Iterator[Archive]:
        """Read what is there."""
        self.indexer.flush()
        with Archive.open(self.collection) as archive:
            yield archive


def refused(one: Answer) -> Answer:
    """403, as the site's edge says it."""
    del one
    return Answer(status=403, body=b"<html><body><h1>Access Denied</h1></body></html>")


def broken(one: Answer) -> Answer:
    """A page whose layout no site file fits."""
    return Answer(status=200, body=one.body.replace(b"class=", b"data-c="))
