"""What stands before every page: only this machine is answered, nothing is written, run, or fetched."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of a page that brings no other: no script, no frame, nothing from elsewhere."""

_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
NAMES = ("127.0.0.1", "localhost")
"""The names under which this machine is asked."""
_HOSTS = re.compile(rb"(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?", re.IGNORECASE)
_METHODS = {"GET", "HEAD", "OPTIONS"}
# Datasette's pages about itself show paths of this machine, and serve those who may log in; nobody may.
_ITS_OWN = re.compile(r"/-/(?!static/|static-plugins/)")


def guarded(app: App, own: Headers = _HEADERS) -> App:
    """Put the guard before an ASGI application.

    A request under another name than this machine's (421) would come from a foreign page whose name was made to point
    here (DNS rebinding). Cookies are neither taken nor set. Every answer gets the headers ``own``; one that it has
    already is left as it is.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _headers(message.get("headers", ()), own)}
            await send(message)

        refusal = _refusal(scope)
        if refusal is not None:
            await _refuse(send_guarded, *refusal)
            return
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"cookie"]
        await app({**scope, "headers": headers}, receive, send_guarded)

    return guard


def _refusal(scope: Scope) -> tuple[int, str] | None:
    hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
    if len(hosts) != 1 or not _HOSTS.fullmatch(hosts[0]):
        return 421, "This server answers only under the names 127.0.0.1 and localhost."
    if scope["method"] not in _METHODS:
        return 405, "These pages can only be read."
    if _ITS_OWN.match(scope["path"]):
        return 404, "There is no such page."
    return None


def _headers(given: object, own: Headers) -> list[tuple[bytes, bytes]]:
    kept = [(bytes(name).lower(), bytes(value)) for name, value in given]  # type: ignore[attr-defined]  # pairs, by ASGI
    kept = [(name, value) for name, value in kept if name != b"set-cookie"]
    names = {name for name, _ in kept}
    return [*kept, *(header for header in own if header[0] not in names)]


async def _refuse(send: Send, status: int, words: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{words}\n".encode()})
