"""What follows a run, once its records are closed and the collection is free again: copies."""

import logging

from archive.collection import Collection
from archive.config import Settings
from archive.copying import copy
from archive.errors import ExitCode, VigilError

log = logging.getLogger(__name__)


def look_after(settings: Settings) -> ExitCode:
    """Send the second copies that are configured; one that fails makes the night partial."""
    worst = ExitCode.OK
    for place in settings.copies:
        try:
            done = copy(Collection(settings.collection), place)
        except (VigilError, OSError) as error:
            log.error("the copy at %s failed: %s", place, error)  # noqa: TRY400 - the message says all
            worst = ExitCode.PARTIAL
        else:
            log.info("%d files were copied to %s", done.sent, place)
    return worst
