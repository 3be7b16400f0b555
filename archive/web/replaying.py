"""The player's server: ReplayWeb.page on an origin of its own, where archived scripts may run and reach nothing else.

It gives the player's own files, single captures of the archive (``/web/TIMEid_/URL``) or one file (``/file/NAME``),
and the page in which the player runs. Another port is another origin, so nothing that runs here can read or steer the
pages of ``app``. The player may ask this server only, archived pages may ask the player only: its service worker
answers for every address from what the archive holds.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from datasette.utils.asgi import Request, Response

from archive.errors import NotFoundError, VigilError
from archive.model import sha256_of
from archive.player import Player
from archive.web import playback
from archive.web.frame import Desk, word
from archive.web.guard import App, Receive, Scope, Send, guarded
from archive.web.negotiation import span
from archive.web.sending import Sending, Sent, send

_PIECE = 1 << 20
_PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/replay.css"><script src="/ui.js"></script></head>
<body><replay-web-page source="{source}" url="{url}" ts="{ts}" coll="{coll}" config="{config}" embed="{embed}"
 replaybase="/replay/" newwindowbase="/" sandbox></replay-web-page></body></html>
"""
_INDEX = """\
<!DOCTYPE html>
<html><head><script src="./ui.js"></script></head><body><replay-app-main></replay-app-main></body></html>
"""
# The player begins once its service worker is at work; without one it would show nothing until it is loaded again.
_FIRST = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>The player starts</title><link rel="icon" href="data:,">
<script src="/start.js"></script></head><body><noscript>The player needs scripts.</noscript></body></html>
"""
_START = """\
const atWork = registered => new Promise(done => {
  const worker = registered.active || registered.waiting || registered.installing;
  const look = () => worker.state === 'activated' && done();
  worker.addEventListener('statechange', look);
  look();
});
const begin = () => location.replace('/play' + location.search);
navigator.serviceWorker.register('/replay/sw.js?serveIndex=1', { scope: '/replay/' }).then(atWork).then(begin, begin);
"""
_STYLE = "html,body{margin:0;height:100%}replay-web-page{display:block;height:100%}"
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; connect-src 'self' data:; img-src 'self' data: blob:; media-src 'self' blob:; "
    "frame-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# What archived pages may do: everything within the player's folder, whose every address its service worker answers.
_ARCHIVED_POLICY = (
    "default-src {replay} 'unsafe-inline' 'unsafe-eval' data: blob:; form-action {replay}; object-src 'none'"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # the player sees by it which archived page asks
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-dns-prefetch-control", b"off"),
)
_SCRIPT, _HTML = "text/javascript; charset=utf-8", "text/html; charset=utf-8"
_OWN = {
    "/": (_FIRST, _HTML),
    "/start.js": (_START, _SCRIPT),
    "/replay.css": (_STYLE, "text/css; charset=utf-8"),
    "/replay/": (_INDEX, _HTML),
}
"""Answers that are always the same, with their types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the player plays: the archive of ``desk``, or a ``file``; ``pages`` are who may show it in a frame."""

    player: Player
    desk: Desk | None = None
    file: Path | None = None
    pages: tuple[str, ...] = ()


def application(stage: Stage) -> App:
    """Make the player's server."""

    async def answer(scope: Scope, receive: Receive, send_it: Send) -> None:
        if scope["type"] != "http":
            return
        path = bytes(scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0].decode("latin-1")
        request = Request(scope, receive)
        try:
            made = await _answer(stage, request, path)
        except VigilError as error:
            status = 404 if isinstance(error, NotFoundError) else 500
            made = Response.text(f"{error}\n", status=status)
        await made.asgi_send(send_it)

    policy = " ".join((_POLICY, *stage.pages)).encode()
    return guarded(answer, ((b"content-security-policy", policy), *_HEADERS))


async def _answer(stage: Stage, request: Request, path: str) -> Response | Sending:
    found = playback.AS_SENT.match(path)
    if path in {"/ui.js", "/replay/ui.js", "/replay/sw.js"}:
        return Response(stage.player.read(path.rpartition("/")[2]), content_type=_SCRIPT)
    if path in _OWN:
        content, kind = _OWN[path]
        return Response(content, content_type=kind)
    if path == "/play":
        return _page(stage, request)
    if stage.file is not None and path == f"/file/{_name_of(stage.file)}":
        return await send(request, _sent(stage.file))
    if stage.desk is not None and found:
        request.scope["url_route"] = {"kwargs": found.groupdict()}
        return await playback.memento(request, stage.desk)
    return Response.text("There is no such page.\n", status=404)


def _page(stage: Stage, request: Request) -> Response:
    """Give the page in which the player runs, at the URL and time of ``?url=`` and ``?ts=``."""
    root = f"{request.scheme}://{request.host}"
    config: dict[str, object] = {"csp": _ARCHIVED_POLICY.format(replay=f"{root}/replay/")}
    if stage.file is not None:
        told = stage.file.stat()
        key = f"{stage.file.resolve()} {told.st_size} {told.st_mtime_ns}"
        source, embed = f"/file/{_name_of(stage.file)}", "default"
    else:
        key = source = f"proxy:{root}/web/"
        config |= {"type": "live", "prefix": f"{root}/web/", "isLive": False, "archiveMod": "id_"}
        embed = "replayonly"
    time = word(request, "ts") or ""
    if time:
        span(time)
    values = {
        "source": source,
        "url": word(request, "url") or "",
        "ts": time[:14],
        "coll": f"vigil-{sha256_of(key.encode())[:16]}",
        "config": json.dumps(config),
        "embed": embed,
        "title": f"As it was: {word(request, 'url') or stage.file or ''}",
    }
    page = _PAGE.format(**{name: escape(value) for name, value in values.items()})
    return Response.html(page)


def _name_of(file: Path) -> str:
    """Name a file so that the player sees what it is, whatever it is called."""
    kind = next((end for end in (".warc.gz", ".warc", ".wacz") if file.name.lower().endswith(end)), ".warc.gz")
    return f"archive{kind}"


def _sent(file: Path) -> Sent:
    told = file.stat()

    def pieces(start: int, end: int) -> Iterator[bytes]:
        with file.open("rb") as opened:
            for at in range(start, end, _PIECE):
                yield os.pread(opened.fileno(), min(_PIECE, end - at), at)

    headers = {"Content-Type": "application/octet-stream"}
    return Sent(size=told.st_size, etag=f'"{told.st_size:x}-{told.st_mtime_ns:x}"', headers=headers, pieces=pieces)
