"""``vigil screenshot``: real Chromium draws pages of an archive, and nothing else is asked of anybody."""

import json
import shutil
import socket
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image
from pypdf import PdfReader

from archive import browser
from archive.collection import Collection
from archive.model import Exchange, Route
from archive.screenshot import with_texts
from tests.cli.archives import BEGAN, HOST, exchange, lay_run
from tests.cli.conftest import Run

pytestmark = [
    pytest.mark.reader,
    pytest.mark.skipif(browser.find_program() is None, reason="needs Chromium (Debian: chromium)"),
]

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
PAGE = """\
<!DOCTYPE html><html><head><title>The lamp</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/lamp.css"></head><body>
<img class="own" src="/lamp.png" alt=""><img class="lost" src="https://elsewhere.example/lost.png" alt="">
<img class="lost" src="/gone.png" alt="">
<img src="http://127.0.0.1:{port}/spy.png" alt=""><iframe src="http://127.0.0.1:{port}/frame"></iframe>
<form action="http://127.0.0.1:{port}/form"></form>
<noscript><div class="still">no script ran</div></noscript>
<script>document.body.className = 'ran'; fetch('http://127.0.0.1:{port}/fetch'); new WebSocket('ws://127.0.0.1:{port}/')</script>
<p style="height: 3000px">A keeper counts gulls.</p><p class="end">end</p></body></html>
"""
CSS = """\
body { margin: 0; background: #0f0 } .own { position: absolute; left: 0; top: 0 } .still { height: 9px }
.ran { background: #00f }
"""


def picture(colour: tuple[int, int, int]) -> bytes:
    data = BytesIO()
    Image.new("RGB", (40, 40), colour).save(data, "PNG")
    return data.getvalue()


def answered(sequence: int, path: str, body: bytes, kind: str, days: int = 0) -> Exchange:
    made = exchange(sequence, path, body, began=BEGAN + timedelta(days=days))
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return replace(made, head=head.encode())


@pytest.fixture(scope="module")
def live() -> Iterator[tuple[int, list[bytes]]]:
    """A server on this machine that notes whatever reaches it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        is_over: list[bool] = []

        def listen() -> None:
            while not is_over:
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    heard.append(connection.recv(4096))

        thread = Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], heard
        is_over.append(True)
        thread.join()


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, live: tuple[int, list[bytes]]) -> Collection:
    """Two nights: on the first the lamp was red, on the second it was blue."""
    made = Collection(tmp_path_factory.mktemp("shown") / "collection")
    page = PAGE.format(port=live[0]).encode()
    for day, colour in enumerate((RED, BLUE)):
        began = BEGAN + timedelta(days=day)
        lay_run(
            made,
            f"run-{day}",
            began,
            answered(1, "/a/the-lamp/101.html", page + b"<!-- %d -->" % day, "text/html; charset=utf-8", day),
            answered(2, "/lamp.css", CSS.encode(), "text/css", day),
            answered(3, "/lamp.png", picture(colour), "image/png", day),
            exchange(4, "/gone.png", b"It is gone.", began=began, status="404 Not Found"),
            exchange(5, "/a/the-oar/102.html", b"", began=began, status="410 Gone"),
            route=Route.TEST,
        )
    return made


@pytest.fixture
def shown(collection: Collection, here: Path) -> None:
    shutil.copytree(collection.root, here / "collection")


@pytest.mark.usefixtures("shown")
def test_page_looks_as_it_did_on_its_night_and_nobody_else_is_asked(
    vigil: Run, here: Path, live: tuple[int, list[bytes]]
) -> None:
    said = vigil("screenshot", "101", "--at", "2026-08-01", "-o", "first.png", "--json")
    assert said.code == 0, said.err
    assert vigil("screenshot", "101", "-o", "second.png").code == 0
    first, second = Image.open(here / "first.png").convert("RGB"), Image.open(here / "second.png").convert("RGB")
    assert (first.getpixel((5, 5)), second.getpixel((5, 5))) == (RED, BLUE)
    assert first.getpixel((600, 2000)) == GREEN, "the archived style sheet is there, the script did not run"
    assert first.width == 1280
    assert first.height > 3000, "the whole page, not one screen of it"
    assert live[1] == []
    assert "not in the archive, so not in the picture: https://elsewhere.example/lost.png" in said.err
    told = json.loads(said.out)
    assert "https://elsewhere.example/lost.png" in told["missing"]
    assert f"{HOST}/gone.png" not in told["missing"]
    assert told["unfit"] == {f"{HOST}/gone.png": "answered 404 on 2026-08-01 03:00 UTC"}
    assert f"answered 404 on 2026-08-01 03:00 UTC, so not in the picture: {HOST}/gone.png" in said.err
    assert "NO capture of the real site" in said.err
    text = Image.open(here / "first.png")
    text.load()
    assert text.info["Source"] == f"{HOST}/a/the-lamp/101.html"
    assert text.info["Creation Time"].startswith("2026-08-01")
    assert "NO capture of the real site" in text.info["Warning"]


@pytest.mark.usefixtures("shown")
def test_telephone_is_narrow_and_scripts_run_only_when_asked(
    vigil: Run, here: Path, live: tuple[int, list[bytes]]
) -> None:
    said = vigil("screenshot", "101", "--phone", "--scripts", "-o", "phone.png")
    assert said.code == 0, said.err
    drawn = Image.open(here / "phone.png").convert("RGB")
    assert drawn.width < 500
    assert drawn.getpixel((200, 2000)) == BLUE, "the script has run"
    assert live[1] == [], "and reached nobody"


@pytest.mark.usefixtures("shown")
def test_paper_says_on_every_page_what_it_shows(vigil: Run, here: Path) -> None:
    assert vigil("screenshot", "101", "-o", "page.pdf").code == 0
    pages = [page.extract_text() for page in PdfReader(here / "page.pdf").pages]
    assert len(pages) > 1
    for text in pages:
        assert "/a/the-lamp/101.html" in text.replace("\n", "")
        assert "NO capture of the real site" in text.replace("\n", " ")


WRONG = [
    ("no ending", ("101", "-o", "page"), 2, "neither .png nor .pdf"),
    ("a file that is there", ("101", "-o", "taken.png"), 2, "is there already"),
    ("an unknown post", ("999", "-o", "page.png"), 21, "knows no post"),
    ("an empty refusal", ("102", "-o", "page.png"), 21, "was answered 410 with nothing to draw"),
    ("before the first capture", ("101", "--at", "2020", "-o", "page.png"), 21, "at or before"),
]


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize(("words", "code", "told"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_cannot_be_drawn_is_told(vigil: Run, here: Path, words: tuple[str, ...], code: int, told: str) -> None:
    (here / "taken.png").touch()
    said = vigil("screenshot", *words)
    assert (said.code, told in said.err) == (code, True), said.err
    assert not (here / "page.png").exists()


@pytest.mark.usefixtures("shown")
def test_without_chromium_one_is_told_what_to_install(vigil: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    said = vigil("screenshot", "101", "-o", "page.png")
    assert said.code == 21
    assert "apt install chromium" in said.err


def test_texts_in_a_picture_leave_it_whole() -> None:
    png = with_texts(picture(RED), {"Source": "https://lantern.example/ü"})
    assert Image.open(BytesIO(png)).convert("RGB").getpixel((1, 1)) == RED
    at = png.index(b"iTXt")
    (length,) = struct.unpack(">I", png[at - 4 : at])
    assert struct.unpack(">I", png[at + 4 + length : at + 8 + length])[0] == zlib.crc32(png[at : at + 4 + length])
