"""The read side: questions to an archive, answered from its index alone; plain sqlite3, quick to import.

``Archive`` in ``store`` is the door. Behind it: ``syntax`` reads search expressions, ``names`` finds what a person
calls a post, ``posts``, ``captures``, ``pages``, ``runs`` and ``walks`` hold the questions, ``answers`` what they are
answered with, ``rows`` turns rows into the model's nouns.
"""

from archive.query.answers import (
    AsOf,
    Counts,
    Filters,
    FormerReading,
    Gap,
    Hit,
    Hits,
    Marked,
    Order,
    PostDetail,
    PostSummary,
    RunSummary,
    Seen,
    SiteStatus,
    Status,
    StoredCapture,
    StoredOmission,
    TimedEvent,
    Version,
)
from archive.query.store import Archive
from archive.query.walks import Known, KnownIdentity, WalkState

__all__ = [
    "Archive",
    "AsOf",
    "Counts",
    "Filters",
    "FormerReading",
    "Gap",
    "Hit",
    "Hits",
    "Known",
    "KnownIdentity",
    "Marked",
    "Order",
    "PostDetail",
    "PostSummary",
    "RunSummary",
    "Seen",
    "SiteStatus",
    "Status",
    "StoredCapture",
    "StoredOmission",
    "TimedEvent",
    "Version",
    "WalkState",
]
