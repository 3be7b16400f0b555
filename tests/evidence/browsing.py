"""Chromium without a head and without a network, steered through its debugging pipe."""

import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

WORDS = (
    "--headless", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class Browser:
    """One page of a browser; ``asked`` are the addresses that its pages wanted, ``said`` what they told the console."""

    def __init__(self, folder: Path, *more: str) -> None:
        program = shutil.which("chromium")
        assert program
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        words = " ".join(
            f"'{word}'" for word in (program, *WORDS, *more, *sandbox, f"--user-data-dir={folder}/profile")
        )
        self._process = subprocess.Popen(
            ["bash", "-c", f"exec {words} about:blank 3<&{theirs_in} 4>&{theirs_out}"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._number = 0
        self._rest = b""
        self.asked: list[str] = []
        self.said: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "DOM", "Runtime", "Log", "Accessibility"):
            self._call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def open(self, address: str) -> None:
        """Go to a page and wait until it is there."""
        self.ask("window.isOld = true")
        self._call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && !window.isOld")

    def resize(self, width: int, height: int, *, is_dark: bool = False) -> None:
        """Take the size of a screen; narrow ones are taken for a phone."""
        phone = width < 600
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def let_scripts_run(self, may_run: bool) -> None:  # noqa: FBT001  the sentence says it
        """Let scripts of the pages run, or none."""
        self._call("Emulation.setScriptExecutionDisabled", value=not may_run)

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        code = {"Tab": 9, "Enter": 13}[key]
        told = {"key": key, "code": key, "windowsVirtualKeyCode": code, "text": "\r" if key == "Enter" else ""}
        self._call("Input.dispatchKeyEvent", type="keyDown", **told)
        self._call("Input.dispatchKeyEvent", type="keyUp", **told)

    def picture(self, path: Path) -> None:
        """Take a picture of the whole page."""
        shot = self._call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def read_out(self) -> list[tuple[str, str]]:
        """Give role and name of what a screen reader meets."""
        nodes = self._call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"] and "role" in node
        ]

    def give(self, element: str, *files: Path) -> None:
        """Choose files, or a folder, for a file input."""
        root = self._call("DOM.getDocument")["root"]["nodeId"]
        node = self._call("DOM.querySelector", nodeId=root, selector=f"#{element}")["nodeId"]
        self._call("DOM.setFileInputFiles", files=[str(file) for file in files], nodeId=node)

    def ask(self, script: str) -> Any:  # noqa: ANN401  whatever the page answers
        return self._call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def wait(self, script: str) -> None:
        until = time.monotonic() + 60
        while not self.ask(script):
            assert time.monotonic() < until, (script, self.said, self.asked[-12:])
            time.sleep(0.02)

    def _call(self, method: str, **params: object) -> Any:  # noqa: ANN401  whatever the browser answers
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("method") == "Network.requestWillBeSent":
                self.asked.append(answer["params"]["request"]["url"])
            if answer.get("method") == "Log.entryAdded":
                self.said.append(answer["params"]["entry"]["text"])
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _read(self) -> Any:  # noqa: ANN401  whatever the browser says
        while b"\0" not in self._rest:
            part = os.read(self._from, 1 << 16)
            assert part, "the browser is gone"
            self._rest += part
        one, self._rest = self._rest.split(b"\0", 1)
        return json.loads(one)


class Checker(Browser):
    """A browser at the checking page of an evidence package."""

    def __init__(self, folder: Path, page: Path) -> None:
        super().__init__(folder)
        self._page = page
        self.reload()

    def reload(self) -> None:
        self.open(self._page.as_uri())
        self.wait("!!document.getElementById('go')")

    def check(self, words: str) -> tuple[str, set[str], str]:
        """Press the button; gives the verdict, the numbers of the checks that failed, and what is said."""
        self.ask(f"document.getElementById('told').value = {json.dumps(words)}")
        self.ask("document.getElementById('go').click()")
        self.wait("!!document.getElementById('answer').dataset.verdict")
        verdict = self.ask("document.getElementById('answer').dataset.verdict")
        failed = self.ask("document.getElementById('answer').dataset.failed")
        return verdict, set(failed.split()), self.ask("document.getElementById('answer').textContent")
