"""A run that has ended is sealed, and what earlier runs left owed is finished; no trouble with that fails the run."""

import asyncio
import logging

from archive.collection import Collection
from archive.config import Settings
from archive.errors import VigilError
from archive.evidence.clock import ClockState
from archive.evidence.owed import told_stamps
from archive.evidence.sealing import finish

log = logging.getLogger(__name__)


async def seal_run(collection: Collection, settings: Settings, run: str, before: ClockState) -> None:
    """Seal ``run``, whose files are closed; the caller holds the collection's lock.

    What could not be done stays owed: ``vigil status`` tells, the next run or ``vigil seal`` finishes it.
    """
    try:
        outcome = await asyncio.to_thread(finish, collection, settings, run=run, before=before)
    except VigilError as error:
        log.warning("the run is NOT sealed: %s %s", error, error.hint)
        return
    for name in outcome.sealed:
        log.info("sealed: %s", name)
    for sentence in told_stamps(outcome.owed.pending):
        log.warning("owed: %s", sentence)
