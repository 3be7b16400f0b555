"""One answer as its bytes come: every byte is kept, and found to be head, body or surplus."""

import re
from dataclasses import dataclass
from enum import Enum, auto

import h11

from archive import chunked
from archive.model import Failure, FailureKind, Framing, Truncation
from crawler.wire.head import Head, UnreadableHeadError, find_end, is_interim, may_begin_head, read_head

MAX_HEAD_BYTES = 256 * 1024
"""More head than this, interim ones included, is no answer."""

_LAST_SIZE = re.compile(rb"[ \t]*0+(?![0-9A-Fa-f])")
_TRAILERS_END = re.compile(rb"(?:\A|\n)\r?\n")


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

    ``reading`` is ``None`` where there is no final head. ``entity`` is the body with chunk framing removed,
    content-encoding kept, as the archive will read it. ``may_reuse`` says that the connection takes another request.
    """

    interim: bytes = b""
    head: bytes = b""
    body: bytes = b""
    surplus: bytes = b""
    framing: Framing = Framing.BODILESS
    truncation: Truncation | None = None
    failure: Failure | None = None
    reading: Head | None = None
    entity: bytes = b""
    may_reuse: bool = False


class MessageReader:
    """Takes one answer's bytes as they come, in time linear in their number.

    ``max_body`` is in bytes as framed on the wire; what came in one piece beyond it is kept too.
    """

    __slots__ = (
        "_body",
        "_body_size",
        "_chunks",
        "_final_head",
        "_front",
        "_head_start",
        "_max_body",
        "_method",
        "_searched",
        "_stage",
        "_surplus_size",
        "_trouble",
        "reading",
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
        self._chunks: h11.Connection | None = None
        self._trouble = ""
        self.reading: Head | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing more is wanted: the message is whole, or more came than may."""
        if self._stage is _Stage.LOST:
            return len(self._front) + self._body_size > self._max_body
        return self._stage in (_Stage.WHOLE, _Stage.OVERSIZE)

    @property
    def is_lost(self) -> bool:
        """Whether the end of the message can no longer be told, so that only the connection's end can show it."""
        return self._stage is _Stage.LOST

    @property
    def is_whole(self) -> bool:
        """Whether the message has ended by its own framing."""
        return self._stage is _Stage.WHOLE

    @property
    def is_closing(self) -> bool:
        """Whether the message is whole and the connection will not be used again: the server said so, or said more."""
        return self.is_whole and self.reading is not None and (self.reading.is_last or self._surplus_size > 0)

    @property
    def has_bytes(self) -> bool:
        """Whether anything has come."""
        return bool(self._front)

    def feed(self, data: bytes) -> None:
        """Take what came next."""
        if self.reading is not None:
            self._take_body(data)
            return
        self._front += data
        if self._stage is _Stage.HEAD:
            self._read_heads()

    def finish(self, end: End, detail: str) -> Message:
        """Cut what came, as nothing more will be waited for; ``detail`` is the network's own words."""
        reading = self.reading
        if reading is None:
            return Message(surplus=bytes(self._front), failure=self._failure(end, detail))
        body = b"".join(self._body)
        self._judge_end(end, body)
        cut = len(body) - self._surplus_size
        framed = body[:cut]
        return Message(
            interim=bytes(self._front[: self._head_start]),
            head=self._final_head,
            body=framed,
            surplus=body[cut:],
            framing=reading.framing,
            truncation=self._truncation(end),
            reading=reading,
            entity=chunked.split(framed).entity if reading.framing is Framing.CHUNKED else framed,
            may_reuse=self.is_whole and not self.is_closing and reading.framing is not Framing.CLOSE,
        )

    def _read_heads(self) -> None:
        front = self._front
        while (end := find_end(front, self._searched)) >= 0:
            head = bytes(front[self._head_start : end])
            if not is_interim(head):
                self._begin_body(head, bytes(front[end:]))
                return
            self._head_start = self._searched = end
        self._searched = len(front)
        if len(front) > MAX_HEAD_BYTES:
            self._lose("the head is too long")
        elif not may_begin_head(front[self._head_start : self._head_start + 8]):
            self._lose("no HTTP/1 answer")

    def _begin_body(self, head: bytes, rest: bytes) -> None:
        try:
            self.reading = read_head(head, self._method)
        except UnreadableHeadError as error:
            self._lose(str(error))
            return
        self._final_head = head
        del self._front[self._head_start + len(head) :]
        self._stage = _Stage.BODY
        if self.reading.framing is Framing.CHUNKED and b"\r" in head:
            self._chunks = _chunk_reader()
        elif self.reading.framing is Framing.CHUNKED:
            self._lose("chunks with bare line feeds, without an end")
        elif self.reading.length is not None and self.reading.length > self._max_body:
            self._stage = _Stage.OVERSIZE
        self._take_body(rest)
        if self._stage is _Stage.LOST:
            self._end_leniently(rest)

    def _take_body(self, data: bytes) -> None:
        if data:
            self._body.append(data)
            self._body_size += len(data)
        if self._stage is _Stage.WHOLE:
            self._surplus_size += len(data)
        elif self._stage is _Stage.BODY:
            self._look_for_end(data)
            if self._body_size > self._max_body and not self.is_done:
                self._stage = _Stage.OVERSIZE

    def _look_for_end(self, data: bytes) -> None:
        if self._chunks is not None:
            self._read_chunks(self._chunks, data)
        elif self.reading is not None and self.reading.framing is not Framing.CLOSE:
            beyond = self._body_size - (self.reading.length or 0)
            if beyond >= 0:
                self._be_whole(surplus_size=beyond)

    def _read_chunks(self, chunks: h11.Connection, data: bytes) -> None:
        if not data:
            return
        try:
            chunks.receive_data(data)
            event = chunks.next_event()
            while isinstance(event, h11.Data):
                event = chunks.next_event()
        except h11.RemoteProtocolError as error:
            self._lose(str(error))
            self._end_leniently(b"".join(self._body))
            return
        if isinstance(event, h11.EndOfMessage):
            self._be_whole(surplus_size=len(chunks.trailing_data[0]))

    def _end_leniently(self, body: bytes) -> None:
        """Look for an end that browsers see and h11 does not: after bare line feeds, or a trailer without a colon."""
        parts = chunked.split(body)
        last_line = parts.layout[parts.layout.rfind(b"\n", 0, -1) + 1 :]
        end = _TRAILERS_END.search(parts.tail) if _LAST_SIZE.match(last_line) else None
        if end is not None:
            self._be_whole(surplus_size=len(parts.tail) - end.end())

    def _judge_end(self, end: End, body: bytes) -> None:
        """Say whether the connection's end is the message's end (RFC 9112 sections 6.3 and 8)."""
        if self._stage not in (_Stage.BODY, _Stage.LOST) or self.reading is None:
            return
        if self.reading.framing is Framing.CHUNKED:
            self._end_leniently(body)
        elif self.reading.framing is Framing.CLOSE and end is End.CLOSED:
            self._stage = _Stage.WHOLE

    def _be_whole(self, *, surplus_size: int) -> None:
        self._stage = _Stage.WHOLE
        self._surplus_size = surplus_size

    def _lose(self, trouble: str) -> None:
        self._stage = _Stage.LOST
        self._trouble = trouble

    def _failure(self, end: End, detail: str) -> Failure:
        if self._stage is _Stage.LOST:
            excerpt = bytes(self._front[self._head_start : self._head_start + 60])
            return Failure(kind=FailureKind.GARBLED, message=f"{self._trouble}: {excerpt!r}")
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


def _chunk_reader() -> h11.Connection:
    """Make a parser that stands at the beginning of a chunked body."""
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    parser.send(h11.Request(method="GET", target="/", headers=[("Host", "vigil.invalid")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n")
    parser.next_event()
    return parser
