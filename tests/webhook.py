"""A web service on this machine to which messages are posted, as apprise's ``json://`` posts them."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(kw_only=True)
class Webhook:
    """Keeps what is posted to it; answers 503 while it is down, and late while it is slow."""

    port: int = 0
    is_down: bool = False
    delay: float = 0.0
    got: list[dict[str, Any]] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        return [message["message"] for message in self.got]

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.got]

    @property
    def attached(self) -> list[bytes]:
        return [base64.b64decode(one["base64"]) for message in self.got for one in message.get("attachments", [])]


@contextmanager
def listening() -> Iterator[Webhook]:
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(hook.delay)
            if not hook.is_down:
                hook.got.append(json.loads(body))
            self.send_response(503 if hook.is_down else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.port = server.server_port
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield hook
        finally:
            server.shutdown()
