"""What follows a run, once its records are closed and the collection is free again: copies, alerts.

``vigil crawl`` and ``scrapy crawl`` both end with it.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from archive import journal
from archive.collection import Collection
from archive.config import Settings
from archive.copying import copy
from archive.errors import ExitCode, LockedError, StorageError, VigilError
from archive.fires import Fire, FireKind, record
from archive.watch import COPIES
from crawler.alerts import check

log = logging.getLogger(__name__)


@contextmanager
def told_if_refused(settings: Settings, site: str) -> Iterator[None]:
    """Write down that a run could not begin: it leaves no records of its own."""
    try:
        yield
    except (LockedError, StorageError) as error:
        kind = FireKind.SKIPPED if isinstance(error, LockedError) else FireKind.FAILED
        told = Fire(time=datetime.now(UTC), site=site, kind=kind, exit_code=int(error.exit_code), detail=str(error))
        with suppress(OSError):
            record(Collection(settings.collection), told)
        raise


def look_after(settings: Settings) -> ExitCode:
    """Send the second copies that are configured; one that fails makes the night partial."""
    collection = Collection(settings.collection)
    worst = ExitCode.OK
    for place in settings.copies:
        problem = ""
        try:
            done = copy(collection, place)
        except (VigilError, OSError) as error:
            log.error("the copy at %s failed: %s", place, error)  # noqa: TRY400 - the message says all
            worst, problem = ExitCode.PARTIAL, str(error)
        else:
            log.info("%d files were copied to %s", done.sent, place)
        with suppress(OSError):
            now = datetime.now(UTC).isoformat(timespec="seconds")
            journal.append(collection.state / COPIES, {"time": now, "place": place, "problem": problem})
    tell(settings)
    return worst


def tell(settings: Settings) -> None:
    """Send the alerts that are due; one that cannot be sent stops nothing."""
    try:
        check(settings)
    except (VigilError, OSError, sqlite3.Error) as error:
        log.error("alerts: %s", error)  # noqa: TRY400 - the message says all
