"""WARC files: the truth of the archive. Only this package knows warcio.

A run lays down its exchanges with ``WarcWriter``; ``recover`` closes what a crash left; ``groups`` gives whole units
back in the order of writing, ``load_exchange`` one exchange bit for bit, ``walk`` and ``read_record`` bare records.

Map of the room: ``names`` file names and order · ``notes`` warc-fields, URIs, dates · ``framing`` one record, one gzip
member · ``files`` one file, whole records or nothing · ``layout`` exchange to records · ``restore`` and back ·
``facts`` a run's facts as JSON · ``writer`` · ``reader`` · ``groups`` · ``recovery``.
For files by any writer: ``texts`` and ``digests`` · ``foreign`` their records · ``imported`` what we note of them.
"""

from archive.warc.groups import (
    Grouping,
    Laid,
    LaidExchange,
    LaidOmission,
    LaidPage,
    RunEnded,
    RunStarted,
    SiteRules,
    groups,
    load_exchange,
)
from archive.warc.layout import entity_of
from archive.warc.names import path_of, warc_files
from archive.warc.reader import Record, members, read_record, walk
from archive.warc.recovery import AskedLog, Lost, Recovery, recover
from archive.warc.writer import MOST_RECORDS, FileLimits, Original, WarcWriter

__all__ = [
    "MOST_RECORDS",
    "AskedLog",
    "FileLimits",
    "Grouping",
    "Laid",
    "LaidExchange",
    "LaidOmission",
    "LaidPage",
    "Lost",
    "Original",
    "Record",
    "Recovery",
    "RunEnded",
    "RunStarted",
    "SiteRules",
    "WarcWriter",
    "entity_of",
    "groups",
    "load_exchange",
    "members",
    "path_of",
    "read_record",
    "recover",
    "walk",
    "warc_files",
]
