"""The writer that keeps the index abreast: what was laid down and is on disk is read into it, in the same order."""

from collections.abc import Callable
from concurrent.futures import Future

from archive.indexer import Indexer
from archive.model import Capture, Exchange, Omission, Reading, RecordRef, RunEnd
from archive.warc import Laid, LaidExchange, LaidOmission, RunEnded, WarcWriter, entity_of


class KeepingWriter:
    """A ``Writer`` for the writer thread: appends to the WARC, and after each sync indexes what the sync made safe.

    No row is ever ahead of its record. ``on_read`` is told, in the writer's thread, the future reading of each
    exchange by its sequence number.
    """

    def __init__(
        self, writer: WarcWriter, indexer: Indexer, on_read: Callable[[int, Future[Reading | None]], None]
    ) -> None:
        self._writer = writer
        self._indexer = indexer
        self._on_read = on_read
        self._waiting: list[Laid] = list(writer.opening)

    def append(self, exchange: Exchange) -> Capture:
        """Lay an exchange down; see ``WarcWriter.append``."""
        capture = self._writer.append(exchange)
        unit = LaidExchange(capture=capture, head=exchange.head, entity=lambda: entity_of(exchange))
        self._waiting.append(unit)
        return capture

    def note(self, omission: Omission) -> RecordRef:
        """Lay an omission down; see ``WarcWriter.note``."""
        record = self._writer.note(omission)
        self._waiting.append(LaidOmission(omission=omission, record=record))
        return record

    def sync(self) -> None:
        """Have it all on disk, then in the index."""
        self._writer.sync()
        waiting, self._waiting = self._waiting, []
        for unit in waiting:
            reading = self._indexer.take(unit)
            if isinstance(unit, LaidExchange):
                self._on_read(unit.capture.sequence, reading)

    def close(self, end: RunEnd) -> None:
        """Write the run's end, close the file, and index the end."""
        self.sync()
        record = self._writer.close(end)
        self._indexer.take(RunEnded(run_end=end, record=record))
