"""The wire to time authorities (RFC 3161 section 3.4) and other services: all at once, limited in time and size."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

from archive.errors import NetworkError

_MOST_BYTES = 64 * 1024
_HINT = "The token stays pending; the next run asks again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of which address, and how many seconds the whole answer may take.

    ``body`` is a time-stamp query that is posted; ``None`` only gets what is there.
    """

    url: str
    body: bytes | None
    timeout: float


def ask(questions: Sequence[Question]) -> list[bytes | NetworkError]:
    """Ask all at once; gives each answer's body, or why there is none. Must not be called on an event loop."""

    async def asked() -> list[bytes | NetworkError]:
        return list(await asyncio.gather(*map(answer_to, questions)))

    return asyncio.run(asked())


async def answer_to(question: Question) -> bytes | NetworkError:
    """Ask one; gives the answer's body, or why there is none."""
    try:
        async with asyncio.timeout(question.timeout):
            return await _asked(question)
    except TimeoutError:
        return NetworkError(f"no whole answer within {question.timeout:g} seconds", hint=_HINT)
    except NetworkError as error:
        return error
    except (OSError, ValueError, h11.RemoteProtocolError) as error:
        return NetworkError(_plain(error), hint=_HINT)


def _plain(error: Exception) -> str:
    """Say in words what the network did."""
    if isinstance(error, ConnectionRefusedError):
        return "it refused the connection"
    if isinstance(error, socket.gaierror):
        return "its name is not known here"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    return f"{type(error).__name__}: {error}"[:200]


async def _asked(question: Question) -> bytes:
    parts = urlsplit(question.url)
    is_tls = parts.scheme == "https"
    reader, writer = await asyncio.open_connection(
        parts.hostname,
        parts.port or (443 if is_tls else 80),
        ssl=ssl.create_default_context() if is_tls else None,
        limit=_MOST_BYTES,
    )
    try:
        writer.write(_request(question, parts.path or "/", parts.query, parts.netloc.rpartition("@")[2]))
        await writer.drain()
        return await _answer(reader)
    finally:
        writer.close()


def _request(question: Question, path: str, query: str, host: str) -> bytes:
    wire = h11.Connection(h11.CLIENT)
    headers = [("Host", host), ("Connection", "close")]
    if question.body is None:
        headers.append(("Accept", "*/*"))
    else:
        headers.append(("Content-Type", "application/timestamp-query"))
        headers.append(("Content-Length", str(len(question.body))))
        headers.append(("Accept", "application/timestamp-reply"))
    target = f"{path}?{query}" if query else path
    parts = [
        wire.send(h11.Request(method="GET" if question.body is None else "POST", target=target, headers=headers)),
        wire.send(h11.Data(data=question.body or b"")),
        wire.send(h11.EndOfMessage()),
    ]
    return b"".join(part or b"" for part in parts)


async def _answer(reader: asyncio.StreamReader) -> bytes:
    wire = h11.Connection(h11.CLIENT)
    # The reading side starts where the request was sent; what was sent is of no matter to it.
    wire.send(h11.Request(method="POST", target="/", headers=[("Host", "-"), ("Content-Length", "0")]))
    wire.send(h11.EndOfMessage())
    body = b""
    while True:
        event = wire.next_event()
        if event is h11.NEED_DATA:
            wire.receive_data(await reader.read(_MOST_BYTES))
        elif isinstance(event, h11.Response) and event.status_code != 200:
            raise NetworkError(f"it answered with status {event.status_code}", hint=_HINT)
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _MOST_BYTES:
                raise NetworkError(f"its answer is longer than {_MOST_BYTES} bytes", hint=_HINT)
        elif isinstance(event, h11.EndOfMessage):
            return body
        elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise NetworkError("it closed the connection without a whole answer", hint=_HINT)
