"""Chromium without a head and without a network: it is shown only what we hand it, request by request.

It is steered through its debugging pipe (Chrome DevTools Protocol), so no port is opened. Names resolve to nothing and
everything goes to a proxy that does not exist: what slips past the hand-over still reaches nobody.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from archive.errors import NotFoundError, VigilError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_WORDS = (
    "--headless", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--mute-audio", "--remote-debugging-pipe",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process,Translate,MediaRouter", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-quic",
)  # fmt: skip
MAX_HEIGHT = 16_000
"""Pixels; Chromium draws no larger picture in one piece."""


class BrowserError(VigilError):
    """Chromium ended, was silent for too long, or refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the browser is given for a URL: status, a few headers, content."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Answerer = Callable[[str], Shown | None]
"""Says what to show for a URL; ``None`` refuses it."""


class Browser:
    """One window; to be used as a context manager.

    ``refused`` lists the URLs that the page wanted and was not given, in the order in which it asked.
    """

    def __init__(
        self, answer: Answerer, *, width: int, height: int, is_phone: bool = False, runs_scripts: bool = False
    ) -> None:
        self._answer = answer
        self._size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone}
        self._runs_scripts = runs_scripts
        self._number = 0
        self._rest = b""
        self._session: str | None = None
        self._loaded = False
        self.refused: list[str] = []

    def __enter__(self) -> Self:
        """Start Chromium.

        Raises:
            NotFoundError: there is none on this machine.
            BrowserError: it does not start.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="vigil-browser-", ignore_cleanup_errors=True)
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        try:
            self._process = _start(Path(self._folder.name), theirs_in, theirs_out)
        except BaseException:
            os.close(self._to)
            os.close(self._from)
            self._folder.cleanup()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        try:
            self._set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End Chromium, and forget all that it kept."""
        with suppress(ProcessLookupError):
            os.killpg(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._to)
        os.close(self._from)
        self._folder.cleanup()

    def _set_up(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")
        self.call("Network.setBypassServiceWorker", bypass=True)
        self.call("Emulation.setDeviceMetricsOverride", **self._size)
        self.call("Emulation.setScriptExecutionDisabled", value=not self._runs_scripts)
        self.call("Fetch.enable", patterns=[{"urlPattern": "*"}])

    # --- what a user of it asks -----------------------------------------------------------------------

    def open(self, url: str, *, seconds: float = 60.0) -> None:
        """Open a page and wait until it and all that it asked for is there.

        Raises:
            BrowserError: it does not come, or not within ``seconds``.
        """
        self._loaded = False
        said = self.call("Page.navigate", url=url, within=seconds)
        if "errorText" in said:
            raise BrowserError(f"Chromium could not open {url}: {said['errorText']}")
        until = time.monotonic() + seconds
        while not self._loaded:
            self._take(self._read(until))

    def picture(self) -> bytes:
        """Draw the whole page as PNG, down to ``MAX_HEIGHT``."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        width = max(1, min(int(size["width"]), 4000))
        clip = {"x": 0, "y": 0, "width": width, "height": max(1, min(int(size["height"]), MAX_HEIGHT)), "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return b64decode(shot["data"])

    def paper(self, *, foot: str) -> bytes:
        """Print the page as PDF, A4, with ``foot`` (HTML) below every page."""
        made = self.call(
            "Page.printToPDF",
            printBackground=True,
            displayHeaderFooter=True,
            headerTemplate="<span></span>",
            footerTemplate=foot,
            paperWidth=8.27,
            paperHeight=11.69,
        )
        return b64decode(made["data"])

    # --- the protocol -----------------------------------------------------------------------------------

    def call(self, method: str, *, within: float = 60.0, **params: object) -> Any:  # noqa: ANN401  JSON
        """Call a method of the protocol; give its result.

        Raises:
            BrowserError: Chromium refused, ended, or was silent for ``within`` seconds.
        """
        number = self._send(method, params)
        until = time.monotonic() + within
        while True:
            message = self._read(until)
            if message.get("id") == number:
                if "error" in message:
                    raise BrowserError(f"Chromium refused {method}: {message['error'].get('message')}")
                return message["result"]
            self._take(message)

    def _send(self, method: str, params: Mapping[str, object]) -> int:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        try:
            while data:
                data = data[os.write(self._to, data) :]
        except BrokenPipeError:
            raise BrowserError("Chromium has ended") from None
        return self._number

    def _take(self, message: Mapping[str, Any]) -> None:
        """Heed what the browser says by itself."""
        if message.get("method") == "Fetch.requestPaused":
            self._hand_over(message["params"])
        elif message.get("method") == "Page.loadEventFired":
            self._loaded = True

    def _hand_over(self, paused: Mapping[str, Any]) -> None:
        url = str(paused["request"]["url"])
        shown = self._answer(url) if paused["request"]["method"] == "GET" else None
        if shown is None:
            self.refused.append(url)
            self._send("Fetch.failRequest", {"requestId": paused["requestId"], "errorReason": "BlockedByClient"})
            return
        headers = [{"name": name, "value": value} for name, value in shown.headers.items()]
        given = {"responseCode": shown.status, "responseHeaders": headers, "body": b64encode(shown.body).decode()}
        self._send("Fetch.fulfillRequest", {"requestId": paused["requestId"], **given})

    def _read(self, until: float) -> Mapping[str, Any]:
        while b"\0" not in self._rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._from], [], [], left)[0]:
                raise BrowserError("Chromium did not answer in time", hint="Try once more; a loaded machine is slow.")
            part = os.read(self._from, 1 << 20)
            if not part:
                raise BrowserError("Chromium has ended", hint="Run `chromium --headless --version` to see why.")
            self._rest += part
        one, self._rest = self._rest.split(b"\0", 1)
        message: Mapping[str, Any] = json.loads(one)
        return message


def find_program() -> str | None:
    """Find Chromium on this machine."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def _start(folder: Path, theirs_in: int, theirs_out: int) -> int:
    """Start Chromium with the protocol's pipe at descriptors 3 and 4, where it looks for it; give its number."""
    program = find_program()
    if program is None:
        raise NotFoundError("there is no Chromium on this machine", hint="Debian and Ubuntu: apt install chromium.")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    words = [program, *_WORDS, *sandbox, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  a device
        high = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 10) for number in (theirs_in, theirs_out)]
        places = [(high[0], 3), (high[1], 4), (nowhere.fileno(), 1), (nowhere.fileno(), 2)]
        actions = [(os.POSIX_SPAWN_DUP2, *place) for place in places]
        try:
            return os.posix_spawn(program, words, os.environ, file_actions=actions, setpgroup=0)
        except OSError as error:
            raise BrowserError(f"{program} cannot be started: {error.strerror}") from None
        finally:
            for number in high:
                os.close(number)
