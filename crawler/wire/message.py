"""One answer as its bytes come: every byte is kept, h11 finds where the message ends."""

from dataclasses import dataclass
from enum import Enum, auto

import h11

from archive import chunked
from archive.model import Failure, FailureKind, Framing, Truncation
from crawler.wire.head import Head, UnreadableHeadError, cleaned, find_end, is_interim, may_begin_head, read_head

MAX_HEAD_BYTES = 256 * 1024
"""More head than this, interim ones included, is no answer."""


class End(Enum):
    """Why no more bytes of an answer are waited for."""

    DONE = auto()
    """The reader wants no more."""
    TIME = auto()
    """The time for this exchange is up."""
    CLOSED = auto()
    """The server closed the connection in good order."""
    RESET = auto()
    """The connection broke."""


class _Stage(Enum):
    HEAD = auto()
    BODY = auto()
    WHOLE = auto()
    OVERSIZE = auto()
    LOST = auto()
    """Where the message ends can no longer be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """All that came, cut as ``Exchange`` wants it, and what it says.

    ``head_read`` is ``None`` where there is no final head. ``entity`` is the body with chunk framing removed,
    content-encoding kept. ``may_reuse`` says that the connection can take another request.
    """

    interim: bytes = b""
    head: bytes = b""
    body: bytes = b""
    surplus: bytes = b""
    framing: Framing = Framing.BODILESS
    truncation: Truncation | None = None
    failure: Failure | None = None
    head_read: Head | None = None
    entity: bytes = b""
    may_reuse: bool = False


class MessageReader:
    """Takes one answer's bytes as they come; ``max_body`` is in bytes as framed on the wire."""

    __slots__ = (
        "_body",
        "_body_size",
        "_final_head",
        "_front",
        "_head_start",
        "_max_body",
        "_method",
        "_parser",
        "_searched",
        "_stage",
        "_surplus_size",
        "_trouble",
        "head",
    )

    def __init__(self, method: str, max_body: int) -> None:
        self._method = method
        self._max_body = max_body
        self._stage = _Stage.HEAD
        self._front = bytearray()
        self._head_start = 0
        self._searched = 0
        self._final_head = b""
        self._body: list[bytes] = []
        self._body_size = 0
        self._surplus_size = 0
        self._parser = h11.Connection(h11.CLIENT)
        self._trouble = ""
        self.head: Head | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing more is wanted: the message is whole, or over its limit."""
        return self._stage in (_Stage.WHOLE, _Stage.OVERSIZE)

    @property
    def is_lost(self) -> bool:
        """Whether the end of the message can no longer be told, so that only the connection's end can show it."""
        return self._stage is _Stage.LOST

    @property
    def is_closing(self) -> bool:
        """Whether the message is whole and the server said that it will close the connection."""
        return self._stage is _Stage.WHOLE and self._parser.their_state is not h11.DONE

    @property
    def has_bytes(self) -> bool:
        """Whether anything has come."""
        return bool(self._front)

    def feed(self, data: bytes) -> None:
        """Take what came next."""
        if self.head is not None:
            self._take_body(data)
            return
        self._front += data
        if self._stage is _Stage.HEAD:
            self._read_heads()

    def close(self) -> None:
        """Take note that the server closed in good order: that may be the message's end (RFC 9112 section 6.3)."""
        if self._stage is _Stage.BODY and self.head is not None and self.head.framing is Framing.CLOSE:
            self._stage = _Stage.WHOLE

    def finish(self, end: End, detail: str) -> Message:
        """Cut what came, as nothing more will be waited for; ``detail`` is the network's own words."""
        if self.head is None:
            return Message(surplus=bytes(self._front), failure=self._failure(end, detail))
        body = b"".join(self._body)
        cut = len(body) - self._surplus_size
        return Message(
            interim=bytes(self._front[: self._head_start]),
            head=self._final_head,
            body=body[:cut],
            surplus=body[cut:],
            framing=self.head.framing,
            truncation=self._truncation(end),
            head_read=self.head,
            entity=chunked.split(body[:cut]).entity if self.head.framing is Framing.CHUNKED else body[:cut],
            may_reuse=self._stage is _Stage.WHOLE and not self._surplus_size and not self.is_closing,
        )

    def _read_heads(self) -> None:
        front = self._front
        while (end := find_end(front, self._searched)) >= 0:
            head = bytes(front[self._head_start : end])
            if not is_interim(head):
                self._begin_body(head, bytes(front[end:]))
                return
            self._head_start = self._searched = end
        self._searched = max(len(front), self._head_start)
        if len(front) > MAX_HEAD_BYTES:
            self._lose("the head is too long")
        elif not may_begin_head(front[self._head_start : self._head_start + 8]):
            self._lose(f"no HTTP/1 answer: {bytes(front[self._head_start : self._head_start + 60])!r}")

    def _begin_body(self, head: bytes, rest: bytes) -> None:
        try:
            self.head = read_head(head, self._method)
        except UnreadableHeadError as error:
            self._lose(str(error))
            return
        self._final_head = head
        del self._front[self._head_start + len(head) :]
        self._stage = _Stage.BODY
        if self.head.status == 101:
            self._parser = _parser_of("GET", b"HTTP/1.1 204 \r\nConnection: close\r\n\r\n")
        else:
            self._parser = _parser_of(self._method, cleaned(self.head))
        if self.head.length is not None and self.head.length > self._max_body:
            self._stage = _Stage.OVERSIZE
        self._take_body(rest)

    def _take_body(self, data: bytes) -> None:
        if data:
            self._body.append(data)
            self._body_size += len(data)
        if self._stage is _Stage.WHOLE:
            self._surplus_size += len(data)
        elif self._stage is _Stage.BODY:
            self._parse_body(data)
        if self._stage is _Stage.BODY and self._body_size > self._max_body:
            self._stage = _Stage.OVERSIZE

    def _parse_body(self, data: bytes) -> None:
        if self.head is not None and self.head.framing is Framing.CLOSE:
            return
        try:
            if data:
                self._parser.receive_data(data)
            while self._stage is _Stage.BODY:
                event = self._parser.next_event()
                if isinstance(event, h11.EndOfMessage):
                    self._stage = _Stage.WHOLE
                    self._surplus_size = len(self._parser.trailing_data[0])
                elif not isinstance(event, h11.Data):
                    break
        except h11.RemoteProtocolError as error:
            self._lose(str(error))

    def _lose(self, trouble: str) -> None:
        self._stage = _Stage.LOST
        self._trouble = trouble

    def _failure(self, end: End, detail: str) -> Failure:
        if self._stage is _Stage.LOST:
            return Failure(kind=FailureKind.GARBLED, message=self._trouble)
        if end is End.TIME:
            return Failure(kind=FailureKind.TIMEOUT, message=detail)
        if end is End.RESET:
            return Failure(kind=FailureKind.RESET, message=detail)
        where = f"within the head, after {len(self._front)} bytes" if self._front else "without an answer"
        return Failure(kind=FailureKind.EMPTY, message=f"the server closed the connection {where}")

    def _truncation(self, end: End) -> Truncation | None:
        if self._stage is _Stage.WHOLE:
            return None
        if self._stage is _Stage.LOST:
            return Truncation.UNSPECIFIED
        if self._stage is _Stage.OVERSIZE:
            return Truncation.LENGTH
        return Truncation.TIME if end is End.TIME else Truncation.DISCONNECT


def _parser_of(method: str, head: bytes) -> h11.Connection:
    """Make a parser that has read ``head``, an answer to a request of ``method``."""
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    parser.send(h11.Request(method=method, target="/", headers=[("Host", "vigil.invalid")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(head)
    parser.next_event()
    return parser
