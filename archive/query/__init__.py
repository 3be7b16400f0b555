"""The read side: questions to an archive, answered from its index alone; plain sqlite3, quick to import.

``store`` opens an archive, ``walks`` tells a crawl what came before it, ``rows`` turns rows into the model's nouns.
"""

from archive.query.store import Archive
from archive.query.walks import Known, KnownIdentity, WalkState

__all__ = ["Archive", "Known", "KnownIdentity", "WalkState"]
