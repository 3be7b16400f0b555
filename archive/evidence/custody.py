"""The chain of custody: what was done with the archive and by whom, each event bound to the one before it.

One JSON object a line. ``previous`` is the SHA-256 of the whole line before, line feed included, so none can be taken
out, put in or altered without a trace; each seal states how far the chain had come (``provenance/run.json``).
The functions are pure; ``Custody`` is the file, ``state/custody.jsonl``, append-only.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from archive.collection import Collection
from archive.errors import IntegrityError
from archive.evidence.storing import append_line
from archive.model import Sha256, as_sha256, sha256_of

_HINT = "Restore state/custody.jsonl from a copy; events before the first damage can be trusted."


class EventKind(StrEnum):
    """What happened."""

    KEYS_MADE = "keys-made"
    KEYS_ROTATED = "keys-rotated"
    SEAL_OWED = "seal-owed"
    SEALED = "sealed"
    STAMP_OWED = "stamp-owed"
    STAMPED = "stamped"
    PUBLISHED = "published"
    PUBLISH_FAILED = "publish-failed"
    EXPORTED = "exported"
    HOLD_ADDED = "hold-added"
    HOLD_RELEASED = "hold-released"
    REDACTED = "redacted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyEvent:
    """One event: its number from 1, when, what, about what (a run, a seal, a file), and words for the rest."""

    number: int
    time: datetime
    kind: EventKind
    subject: str
    details: tuple[tuple[str, str], ...] = ()
    previous: Sha256 | None = None

    def detail(self, name: str) -> str | None:
        """Give the detail of that name."""
        return dict(self.details).get(name)


def line_of(event: CustodyEvent) -> bytes:
    """Write an event as its line."""
    value = {
        "number": event.number,
        "time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "kind": event.kind.value,
        "subject": event.subject,
        "details": dict(event.details),
        "previous": event.previous,
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_custody(data: bytes) -> tuple[CustodyEvent, ...]:
    """Read a chain of custody and check that it is whole.

    Raises:
        IntegrityError: a line cannot be read, or is not bound to the one before it; its number is named.
    """
    events: list[CustodyEvent] = []
    previous: Sha256 | None = None
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        event = _event(line, number)
        if event.number != number or event.previous != previous or line_of(event) != line:
            raise IntegrityError(f"event {number} of the chain of custody is not bound to the one before", hint=_HINT)
        events.append(event)
        previous = sha256_of(line)
    return tuple(events)


def head_of(data: bytes) -> Sha256 | None:
    """Digest the last line of a chain; ``None`` of an empty one."""
    return sha256_of(data.splitlines(keepends=True)[-1]) if data else None


class Custody:
    """The chain of a collection; whoever appends holds the collection's lock."""

    def __init__(self, collection: Collection) -> None:
        self.path: Path = collection.state / "custody.jsonl"

    def data(self) -> bytes:
        """Give the chain's bytes as they lie there, without a line that a crash cut short."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return b""
        return data[: data.rfind(b"\n") + 1]

    def events(self) -> tuple[CustodyEvent, ...]:
        """Read every event.

        Raises:
            IntegrityError: the chain is broken.
        """
        return read_custody(self.data())

    def append(
        self, kind: EventKind, subject: str, details: Mapping[str, str] | None = None, *, now: datetime | None = None
    ) -> CustodyEvent:
        """Add an event, on disk when this returns; ``now`` is the present time where it is left out.

        Raises:
            StorageError: the disk refused; the chain is as before.
        """
        data = self.data()
        last = data.splitlines(keepends=True)[-1:]
        event = CustodyEvent(
            number=data.count(b"\n") + 1,
            time=now or datetime.now(UTC),
            kind=kind,
            subject=subject,
            details=tuple((details or {}).items()),
            previous=sha256_of(last[0]) if last else None,
        )
        append_line(self.path, line_of(event), after=len(data))
        return event


def _event(line: bytes, number: int) -> CustodyEvent:
    try:
        value = json.loads(line)
        return CustodyEvent(
            number=value["number"],
            time=datetime.fromisoformat(value["time"]),
            kind=EventKind(value["kind"]),
            subject=str(value["subject"]),
            details=tuple((str(name), str(text)) for name, text in value["details"].items()),
            previous=None if value["previous"] is None else as_sha256(value["previous"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise IntegrityError(f"event {number} of the chain of custody cannot be read", hint=_HINT) from None
