"""The bytes of captures, to take along: whole and in ranges, hostile ones too, and never in one piece of memory."""

import gzip
import shutil
import tracemalloc
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO

import httpx
import pytest
from lxml import html
from PIL import Image

from archive.collection import Collection
from archive.errors import DamagedRecordError, NotFoundError
from archive.model import Exchange, Framing
from archive.query import Archive
from archive.warc.streams import payload
from archive.web import app
from tests.cli.archives import BEGAN, HOST, exchange, failed, lay_run
from tests.web.conftest import Get, getting, serving

LONG = bytes(range(256)) * 40_000
PACKED = gzip.compress(LONG, mtime=0)
HOSTILE = "/files/..%2f%0d%0aSet-Cookie:%20a=b;%22%3Cscript%3E.html"


def png() -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "png")
    return drawn.getvalue()


def answer(sequence: int, path: str, body: bytes, kind: str, *more: str, days: int = 0) -> Exchange:
    head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more, "", ""])
    made = exchange(sequence, path, body, began=BEGAN + timedelta(days=days))
    return replace(made, head=head.encode("latin-1"))


PAGE = """<html><head><title>x</title><script>alert(1)</script></head><body onload="alert(2)"><h1>Lamps</h1>
<picture><source srcset="/img/none.webp"><img data-src="/img/lamp.png" src="data:," alt="A lamp" onerror="alert(3)">
</picture>
<img src="/a/page.html" alt="no picture"><img src="https://elsewhere.example/x.png"><img srcset="/img/lamp.png 2x">
<a href="/a/b.html">near</a> <a href="https://far.example/?q=1&amp;r=2">far</a> <a href="javascript:alert(4)">no</a>
<svg><image href="https://elsewhere.example/y.png"/></svg></body></html>"""


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    made = Collection(tmp_path_factory.mktemp("bytes") / "collection")
    lay_run(
        made,
        "first",
        BEGAN,
        answer(1, "/files/long.bin", LONG, "application/octet-stream"),
        answer(2, "/files/packed.txt", PACKED, "text/plain", "Content-Encoding: gzip"),
        answer(3, HOSTILE, b"<script>alert(1)</script>", "text/html"),
        answer(4, "/files/odd", b"x", 'text/html"; evil\tx', "Content-Encoding: rot13, gzip"),
        failed(5, "/lost"),
        answer(6, "/img/lamp.png", png(), "image/png"),
        answer(7, "/page", PAGE.encode(), "text/html; charset=utf-8"),
    )
    unchanged = replace(
        answer(1, "/page", b"", "text/html", days=1),
        head=b"HTTP/1.1 304 Not Modified\r\n\r\n",
        framing=Framing.BODILESS,
    )
    again = answer(2, "/files/packed.txt", PACKED, "text/plain", "Content-Encoding: gzip", days=1)
    lay_run(made, "second", BEGAN + timedelta(days=1), unchanged, again)
    return made


@pytest.fixture(scope="module")
def take(collection: Collection) -> Get:
    return getting(app.desk(collection).app())


async def test_record_is_the_gzip_member_as_it_lies_in_the_file(collection: Collection, take: Get) -> None:
    answer = await take("/capture/1/record")
    assert answer.headers["content-type"] == "application/warc"
    assert answer.headers["content-disposition"] == 'attachment; filename="capture-1.warc.gz"'
    with Archive.open(collection) as archive:
        assert answer.content == archive.record_bytes(1)
        lost = archive.record_bytes(5)
    assert (await take("/capture/5/record")).content == lost
    assert gzip.decompress(lost).startswith(b"WARC/1.1")
    assert (await take("/capture/1/record", Range="bytes=10-19", status=206)).content == answer.content[10:20]


async def test_body_is_what_the_digest_on_the_page_is_of(collection: Collection, take: Get) -> None:
    for number in (1, 2, 9):
        with Archive.open(collection) as archive:
            digest = archive.capture(number).capture.payload_digest
        answer = await take(f"/capture/{number}/body")
        sent = PACKED if "content-encoding" in answer.headers else LONG
        assert answer.headers["etag"] == f'"sha256-{digest}"'
        assert sha256(sent).hexdigest() == digest
        assert int(answer.headers["content-length"]) == len(sent)
        assert answer.content == LONG
        assert answer.headers["content-disposition"].startswith(f'attachment; filename="capture-{number}-')


@pytest.mark.parametrize(
    ("asked", "content", "told"),
    [
        ("bytes=0-0", LONG[:1], f"bytes 0-0/{len(LONG)}"),
        ("bytes=5000000-5000009", LONG[5_000_000:5_000_010], f"bytes 5000000-5000009/{len(LONG)}"),
        ("bytes=10239990-", LONG[-10:], f"bytes 10239990-10239999/{len(LONG)}"),
        ("bytes=-3", LONG[-3:], f"bytes 10239997-10239999/{len(LONG)}"),
        ("bytes=0-99999999999", LONG, f"bytes 0-10239999/{len(LONG)}"),
    ],
)
async def test_range_gives_that_part(take: Get, asked: str, content: bytes, told: str) -> None:
    answer = await take("/capture/1/body", status=206, Range=asked)
    assert answer.content == content
    assert answer.headers["content-range"] == told
    assert answer.headers["content-length"] == str(len(content))


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0", "bytes=5-2"])
async def test_range_beyond_the_end_is_refused(take: Get, asked: str) -> None:
    answer = await take("/capture/1/body", status=416, Range=asked)
    assert answer.headers["content-range"] == f"bytes */{len(LONG)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=x", "bytes=-", ""])
async def test_range_of_another_kind_is_passed_over(take: Get, asked: str) -> None:
    assert (await take("/capture/1/body", Range=asked)).content == LONG


async def test_validators_spare_the_way(take: Get) -> None:
    etag = (await take("/capture/1/body", method="HEAD")).headers["etag"]
    assert (await take("/capture/1/body", status=304, **{"If-None-Match": f'"x", {etag}'})).content == b""
    assert (await take("/capture/1/body", status=206, **{"If-Range": etag, "Range": "bytes=0-1"})).content == LONG[:2]
    assert (await take("/capture/1/body", **{"If-Range": '"old"', "Range": "bytes=0-1"})).content == LONG


async def test_hostile_content_is_a_file_in_a_sandbox(take: Get) -> None:
    answer = await take("/capture/3/body")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    name = answer.headers["content-disposition"]
    assert name == 'attachment; filename="capture-3-2f-0d-0aSet-Cookie-20a-b-22-3Cscript-3E.html"'
    odd = await take("/capture/4/body")
    assert odd.headers["content-type"] == "application/octet-stream"
    assert "content-encoding" not in odd.headers
    assert "no answer" in (await take("/capture/5/body", status=404)).text


async def test_client_without_gzip_gets_the_content_as_it_is(take: Get) -> None:
    packed = await take(f"/web/20260801id_/{HOST}/files/packed.txt")
    assert packed.headers["content-encoding"] == "gzip"
    plain = await take(f"/web/20260801id_/{HOST}/files/packed.txt", **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content == LONG
    assert plain.headers["etag"] != packed.headers["etag"]


async def test_unchanged_page_is_shown_as_it_still_stood(take: Get) -> None:
    answer = await take(f"/web/20260802030001id_/{HOST}/page")
    assert answer.headers["memento-datetime"] == "Sun, 02 Aug 2026 03:00:01 GMT"
    assert answer.text == PAGE


async def test_plain_view_shows_archived_pictures_and_nothing_else(take: Get) -> None:
    for time in ("20260801", "20260802"):
        answer = await take(f"/web/{time}/{HOST}/page")
        tree = html.document_fromstring(answer.text)
        pictures = tree.xpath("//img/@src")
        assert pictures == [f"http://127.0.0.1:8001/web/20260801030006im_/{HOST}/img/lamp.png"] * 2
        assert not tree.xpath("//script | //svg | //*[local-name()='image'] | //@onload | //@onerror | //@srcset")
        links = tree.xpath("//body//a/@href")
        at = "20260801030007" if time == "20260801" else "20260802030001"
        assert links[1:] == [
            f"http://127.0.0.1:8001/web/{at}/{url}" for url in (f"{HOST}/a/b.html", "https://far.example/?q=1&r=2")
        ]
        assert "img-src 'self'" in answer.headers["content-security-policy"]
        assert "sandbox allow-same-origin" in answer.headers["content-security-policy"]
        assert (await take(pictures[0].removeprefix("http://127.0.0.1:8001"))).content == png()
    await take(f"/web/20260801im_/{HOST}/page", status=404)


def test_payload_of_any_size_takes_little_memory_and_a_damaged_one_is_never_whole(collection: Collection) -> None:
    copy = Collection(collection.root.with_name("large"))
    size = 32 << 20
    lay_run(copy, "large", BEGAN, answer(1, "/large", bytes(size), "video/mp4"))
    with Archive.open(copy) as archive:
        one = archive.capture(1).capture
    tracemalloc.start()
    try:
        assert sum(map(len, payload(copy, one).pieces(0, size))) == size
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert b"".join(payload(copy, one).pieces(size - 7, size)) == bytes(7)
    wrong = replace(one, payload_digest=sha256(b"other").hexdigest())  # type: ignore[arg-type]  # a digest's text
    came = 0
    with pytest.raises(DamagedRecordError, match="not what its digest says"):  # noqa: PT012  counts what came before
        for piece in payload(copy, wrong).pieces(0, size):
            came += len(piece)
    assert 0 < came < size
    with pytest.raises(DamagedRecordError):
        payload(copy, replace(one, payload_bytes=size * 2))
    shutil.rmtree(copy.warcs)
    with pytest.raises(NotFoundError):
        payload(copy, one)


def test_answer_that_turns_out_damaged_is_cut_off(collection: Collection) -> None:
    copy = Collection(collection.root.with_name("damaged"))
    shutil.copytree(collection.root, copy.root)
    with Archive.open(copy) as archive:
        ref = archive.capture(1).capture.record
    path = copy.warcs / ref.file
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(ref.offset + ref.length - 5)
        file.write(b"\0\0\0\0\0")
    with serving(copy, copy.root) as address, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{address}/capture/1/body")
