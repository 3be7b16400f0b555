"""Small whole archives of an invented blog: WARC files laid down by the real writer, indexed by the real indexer."""

from collections.abc import Callable, Iterable
from dataclasses import replace
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
    Peer,
    Purpose,
    Route,
    RunEnd,
    RunStart,
    TlsFacts,
    sha256_of,
)
from archive.needs import PageRecord
from archive.warc import FileLimits, WarcWriter

BEGAN = datetime(2026, 8, 1, 3, 0, 0, 250_000, tzinfo=UTC)
HOST = "https://lantern.example"
SITE = """\
[site]
id = "quiet-lantern"
title = "Quiet Lantern"
language = "en"
hosts = ["lantern.example", "www.lantern.example"]
[identity]
patterns = ['^/a/(?:[^/]+/)?(?P<id>[0-9]+)\\.html$']
permalink = "/a/{id}.html"
[listing]
start = "https://lantern.example/journal"
body = [".text"]
[[layouts]]
name = "present"
body = [".text"]
authors = [".by"]
"""
PAGE = """\
<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body><div id="content"><h1>{title}</h1>
<time datetime="{time}">then</time><span class="by">Ada Nobody</span>
<div class="text"><p>{first}</p><p>The lamp was lit all the same, and nobody was ever told why it had been so.</p></div>
</div></body></html>
"""
TLS = TlsFacts(
    version="1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    server_name="lantern.example",
    alpn="http/1.1",
    chain=(b"invented leaf", b"invented root"),
    is_verified=True,
)


def page(title: str, first: str, time: str = "2026-07-31T10:00:00+00:00") -> bytes:
    """Make a post's page."""
    return PAGE.format(title=title, first=first, time=time).encode()


def exchange(sequence: int, path: str, body: bytes, *, began: datetime = BEGAN, status: str = "200 OK") -> Exchange:
    """Make an answer of the blog's, ``sequence`` seconds into the run."""
    head = f"HTTP/1.1 {status}\r\ncontent-TYPE: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return Exchange(
        sequence=sequence,
        url=HOST + path,
        purpose=Purpose.POST if path.startswith("/a/") else Purpose.OTHER,
        via=None,
        began=began + timedelta(seconds=sequence),
        took_ms=7,
        request=f"GET {path} HTTP/1.1\r\nHost: lantern.example\r\n\r\n".encode(),
        head=head.encode(),
        body=body,
        framing=Framing.LENGTH,
        peer=Peer(address="127.0.0.1", port=443, tls=TLS),
    )


def chunked(sequence: int, path: str, *, began: datetime = BEGAN) -> Exchange:
    """Make an answer in chunks, with an extension and a trailer."""
    body = b'3;name="x"\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n'
    head = b"HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n"
    return replace(exchange(sequence, path, b"", began=began), head=head, body=body, framing=Framing.CHUNKED)


def failed(sequence: int, path: str, *, began: datetime = BEGAN) -> Exchange:
    """Make an exchange without an answer."""
    failure = Failure(kind=FailureKind.RESET, message="Connection reset by peer")
    whole = exchange(sequence, path, b"", began=began)
    return replace(whole, head=b"", body=b"", framing=Framing.BODILESS, failure=failure)


def start(uid: str, began: datetime, route: Route = Route.SITE) -> RunStart:
    """Make the start of a run."""
    return RunStart(
        uid=uid,
        site="quiet-lantern",
        started=began,
        route=route,
        software="vigil/test",
        config_digest=sha256_of(SITE.encode()),
        operator="The Imaginary Archive",
        contact=None,
        user_agent="Mozilla/5.0 (compatible; vigil/test)",
        mode="full",
    )


def lay_run(
    collection: Collection,
    uid: str,
    began: datetime,
    *exchanges: Exchange,
    is_ended: bool = True,
    route: Route = Route.SITE,
    pages: Callable[[list[Capture]], Iterable[PageRecord]] = lambda _: (),
    most_records: int = 10_000,
) -> None:
    """Lay down a run, with an omission, and index it; ``pages`` says what its captures need of one another."""
    collection.create()
    with Index.open(collection.database) as index:
        writer = WarcWriter(
            collection,
            site_id="quiet-lantern",
            run=start(uid, began, route),
            site_toml=SITE.encode(),
            host_label="test",
            known_payload=index.response_with,
            known_answer=index.response_of,
            limits=FileLimits(max_records=most_records),
        )
        captures = [writer.append(one) for one in exchanges]
        for record in pages(captures):
            writer.note_page(record)
        url = f"{HOST}/search?q=lamp"
        writer.note(Omission(run=uid, url=url, kind=OmissionKind.ROBOTS, reason="Disallow: /search", time=began))
        if is_ended:
            ended = RunEnd(
                uid=uid, ended=began + timedelta(minutes=5), stop_reason="no-button", exit_code=0, is_walk_complete=True
            )
            writer.close(ended)
        indexer = Indexer(index, collection)
        indexer.catch_up()
        indexer.close()


def build(root: Path) -> Collection:
    """Lay down three nights: two posts, an edit, an unchanged page, chunks, a failure, a page that is gone."""
    collection = Collection(root)
    first = page("The last lamp", "A keeper counts gulls on the pier.")
    second = page("A boat for nobody", "Three boats came in, and the fourth did not.", "2026-07-30T10:00:00+00:00")
    edited = page("The last lamp", "A keeper counts gulls and herons on the pier.")
    nights = [BEGAN + timedelta(days=day) for day in range(3)]
    lay_run(
        collection,
        "run-1",
        nights[0],
        exchange(1, "/a/the-last-lamp/101.html", first, began=nights[0]),
        exchange(2, "/a/a-boat-for-nobody/102.html", second, began=nights[0]),
        chunked(3, "/chunks", began=nights[0]),
        failed(4, "/lost", began=nights[0]),
    )
    lay_run(
        collection,
        "run-2",
        nights[1],
        exchange(1, "/a/the-last-lamp/101.html", edited, began=nights[1]),
        exchange(2, "/a/a-boat-for-nobody/102.html", second, began=nights[1]),
    )
    gone = exchange(2, "/a/a-boat-for-nobody/102.html", b"gone", began=nights[2], status="404 Not Found")
    lay_run(collection, "run-3", nights[2], exchange(1, "/a/the-last-lamp/101.html", edited, began=nights[2]), gone)
    return collection
