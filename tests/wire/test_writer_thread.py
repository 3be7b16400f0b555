"""Group commit: what waits together is synced once, and nobody is told before it is on disk."""

import asyncio
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from archive.errors import DiskFullError
from archive.model import Capture, CaptureKind, Exchange, Omission, OmissionKind, Purpose, RecordRef, RunEnd
from archive.needs import PageRecord
from crawler.recording import WriterThread

NOW = datetime(2026, 11, 22, 3, 17, tzinfo=UTC)
END = RunEnd(uid="r", ended=NOW, stop_reason="done", exit_code=0, is_walk_complete=True)
OMISSION = Omission(run="r", url="http://blog.example/no", kind=OmissionKind.ROBOTS, reason="denied", time=NOW)


def exchange(sequence: int) -> Exchange:
    return Exchange(
        sequence=sequence,
        url=f"http://blog.example/{sequence}",
        purpose=Purpose.OTHER,
        via=None,
        began=NOW,
        took_ms=1,
        request=b"GET / HTTP/1.1\r\n\r\n",
    )


def record(sequence: int) -> RecordRef:
    return RecordRef(file="a.warc.gz", offset=sequence, length=1, record_id=f"<urn:uuid:{sequence}>")


@dataclass(slots=True)
class Tape:
    """A writer that keeps a list of what it was told; ``room`` is how many exchanges it takes, ``gate`` holds it up."""

    room: int = 1000
    is_sync_refused: bool = False
    said: list[str] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    gate: threading.Event = field(default_factory=threading.Event)

    def append(self, exchange: Exchange) -> Capture:
        self.gate.wait(5)
        self._say(str(exchange.sequence))
        if exchange.sequence > self.room:
            raise DiskFullError("no space is left", hint="Make room.")
        return Capture(
            run="r",
            sequence=exchange.sequence,
            url=exchange.url,
            purpose=exchange.purpose,
            via=None,
            time=exchange.began,
            kind=CaptureKind.RESPONSE,
            record=record(exchange.sequence),
            request=None,
            metadata=record(exchange.sequence),
            status=200,
            payload_digest=None,
            payload_bytes=0,
            content_type=None,
            location=None,
            etag=None,
            last_modified=None,
            truncation=None,
            failure=None,
        )

    def note(self, omission: Omission) -> RecordRef:
        self._say(omission.reason)
        return record(0)

    def note_page(self, page: PageRecord) -> RecordRef:
        self._say(page.url)
        return record(0)

    def sync(self) -> None:
        self._say("sync")
        if self.is_sync_refused:
            raise DiskFullError("no space is left", hint="Make room.")

    def close(self, end: RunEnd) -> None:
        self._say(end.stop_reason)

    def _say(self, what: str) -> None:
        self.threads.add(threading.get_ident())
        self.said.append(what)


def start(tape: Tape) -> tuple[WriterThread, list[Exception]]:
    faults: list[Exception] = []
    return WriterThread(tape, on_fault=faults.append), faults


async def test_what_waits_together_is_synced_once_and_told_in_order() -> None:
    tape = Tape()
    thread, faults = start(tape)
    told: list[int] = []

    async def lay(sequence: int) -> None:
        told.append((await thread.append(exchange(sequence))).sequence)

    tasks = [asyncio.ensure_future(lay(sequence)) for sequence in range(1, 11)]
    await asyncio.sleep(0.05)
    assert told == []
    tape.gate.set()
    await asyncio.gather(*tasks)
    await thread.close(END)

    assert told == list(range(1, 11))
    assert [what for what in tape.said if what.isdigit()] == [str(sequence) for sequence in range(1, 11)]
    assert tape.said.count("sync") <= 2
    assert tape.said[-1] == "done"
    assert len(tape.threads) == 1
    assert faults == []


async def test_nobody_is_told_before_the_sync() -> None:
    tape = Tape()
    tape.gate.set()
    thread, _ = start(tape)

    capture = await thread.append(exchange(1))
    assert tape.said == ["1", "sync"]
    note = await thread.note(OMISSION)
    assert tape.said == ["1", "sync", "denied", "sync"]
    await thread.close(END)

    assert capture.record == record(1)
    assert note == record(0)
    assert tape.said == ["1", "sync", "denied", "sync", "done"]


async def test_full_disk_fails_this_write_and_all_later_ones_and_is_told_once() -> None:
    tape = Tape(room=2)
    tape.gate.set()
    thread, faults = start(tape)

    results = await asyncio.gather(
        *(thread.append(exchange(sequence)) for sequence in range(1, 6)), return_exceptions=True
    )
    with pytest.raises(DiskFullError):
        await thread.note(OMISSION)
    await thread.close(END)

    assert [isinstance(result, DiskFullError) for result in results] == [False, False, True, True, True]
    assert tape.said == ["1", "2", "3", "sync", "done"]
    assert len(faults) == 1
    assert isinstance(faults[0], DiskFullError)


async def test_refused_sync_fails_what_was_appended() -> None:
    tape = Tape(is_sync_refused=True)
    tape.gate.set()
    thread, faults = start(tape)

    with pytest.raises(DiskFullError):
        await thread.append(exchange(1))
    await thread.close(END)

    assert len(faults) == 1


async def test_run_is_told_of_a_fault_before_the_write_fails() -> None:
    tape = Tape(room=0)
    tape.gate.set()
    order: list[str] = []
    thread = WriterThread(tape, on_fault=lambda _: order.append("run"))

    with pytest.raises(DiskFullError):
        await thread.append(exchange(1))
    order.append("write")
    await thread.close(END)

    assert order == ["run", "write"]


async def test_cancelled_wait_leaves_the_record_and_the_thread_whole() -> None:
    tape = Tape()
    thread, faults = start(tape)
    task = asyncio.ensure_future(thread.append(exchange(1)))
    await asyncio.sleep(0.02)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    tape.gate.set()
    await thread.append(exchange(2))
    await thread.close(END)

    assert [what for what in tape.said if what.isdigit()] == ["1", "2"]
    assert faults == []
