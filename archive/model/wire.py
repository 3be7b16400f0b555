"""What went over the wire: exchanges, byte for byte."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Purpose(StrEnum):
    """Why a URL was asked for; kept in the exchange's metadata record, read by ``rebuild``."""

    ROBOTS = "robots"
    LISTING = "listing"
    DAY_PAGE = "day-page"
    POST = "post"
    FEED = "feed"
    SITEMAP = "sitemap"
    REQUISITE = "requisite"
    OTHER = "other"


class Framing(StrEnum):
    """How the end of a response's body was known (RFC 9112 section 6.3)."""

    BODILESS = "bodiless"
    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


class Truncation(StrEnum):
    """Why a stored body is shorter than the one that was sent (WARC/1.1 section 5.15)."""

    LENGTH = "length"
    TIME = "time"
    DISCONNECT = "disconnect"
    UNSPECIFIED = "unspecified"


class FailureKind(StrEnum):
    """Why an exchange has no answer."""

    NAME = "name-not-resolved"
    REFUSED = "connection-refused"
    TIMEOUT = "timeout"
    TLS = "tls"
    RESET = "reset"
    EMPTY = "closed-without-answer"
    GARBLED = "not-http"
    ADDRESS = "refused-address"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an exchange has no answer, and the network's own words for it."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """The very connection's TLS: ``version`` like ``1.3``, IANA ``cipher`` name, DER ``chain`` leaf first."""

    version: str
    cipher: str
    server_name: str | None
    alpn: str | None
    chain: tuple[bytes, ...]
    is_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who answered: the address connected to, and what the name resolver had said.

    ``is_routed`` is true where ``--resolve`` chose the address in place of the resolver.
    """

    address: str
    port: int
    resolved: tuple[str, ...] = ()
    is_routed: bool = False
    tls: TlsFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The exact bytes sent and received for one request, in memory.

    What came is ``interim + head + body + surplus`` in this order, nothing left out: ``interim`` holds whole 1xx
    heads, ``head`` the final head with its blank line, ``body`` all up to the end of the message as framed on the
    wire (chunk lines and trailers included), ``surplus`` what came after it. With a ``failure`` there is no final
    head: ``head`` and ``body`` are empty and whatever bytes did come are in ``surplus``.
    """

    sequence: int
    url: str
    purpose: Purpose
    via: str | None
    began: datetime
    took_ms: int
    request: bytes
    interim: bytes = b""
    head: bytes = b""
    body: bytes = b""
    surplus: bytes = b""
    framing: Framing = Framing.BODILESS
    truncation: Truncation | None = None
    failure: Failure | None = None
    peer: Peer | None = None

    @property
    def received(self) -> bytes:
        """Every byte that came, in order."""
        return self.interim + self.head + self.body + self.surplus
