"""The plainest client there is: it shows bytes as they come."""

import http.client
import socket
from dataclasses import dataclass

from crawler.replica import RawServer, ReplicaServer

AGENT = "Mozilla/5.0 (compatible; test)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def get(server: ReplicaServer | RawServer, target: str, *, host: str = "www.rferl.org", **headers: str) -> Got:
    """A GET through http.client; header names are given with underscores and come back in lower case."""
    connection = http.client.HTTPConnection(*server.address, timeout=20)
    try:
        sent = {"Host": host, "User-Agent": AGENT} | {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", target, headers=sent)
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Got(status=response.status, headers=fields, body=response.read())
    finally:
        connection.close()


def request_bytes(target: str, *more: str, host: str = "www.rferl.org") -> bytes:
    return "\r\n".join((f"GET {target} HTTP/1.1", f"Host: {host}", f"User-Agent: {AGENT}", *more, "", "")).encode()


def speak(address: tuple[str, int], *requests: bytes, patience: float = 5.0) -> bytes:
    """Send requests one after another on one connection, then read until it ends, is reset, or nothing comes."""
    received = b""
    with socket.create_connection(address, timeout=patience) as connection:
        try:
            for request in requests:
                connection.sendall(request)
            while piece := connection.recv(65536):
                received += piece
        except (ConnectionError, TimeoutError):
            pass
    return received
