"""Record ids met so far, at memory that does not grow with the archive."""

import re
import sqlite3
from collections.abc import Collection as Several

from archive.errors import StorageError

_UUID = re.compile(r"<urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})>")
_CACHE_KIB = 32_768


class Ids:
    """The ids of the files read so far, whole: no digest takes two for one.

    They are in a nameless file of SQLite's, which lies in the folder for temporary files (``TMPDIR``, else
    ``/var/tmp``) once it is larger than 32 MB, and is gone with the process.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._db.execute("CREATE TABLE ids (id PRIMARY KEY, file INTEGER NOT NULL) WITHOUT ROWID")
        self._files = 0

    def close(self) -> None:
        """Forget them."""
        self._db.close()

    def take(self, ids: Several[str]) -> set[str]:
        """Take the ids of one more file; give those that a file before it has.

        Raises:
            StorageError: the folder for temporary files has no room for them.
        """
        self._files += 1
        keys = {_key(one): one for one in ids}
        before = self._db.total_changes
        try:
            # In the order of the table, so that each of its pages is visited once.
            with self._db:
                self._db.execute("BEGIN")
                rows = ((key, self._files) for key in sorted(keys))
                self._db.executemany("INSERT OR IGNORE INTO ids VALUES (?, ?)", rows)
            if self._db.total_changes - before == len(keys):
                return set()
            return {one for key, one in keys.items() if self._file_of(key) != self._files}
        except sqlite3.Error as error:
            raise StorageError(
                f"the ids of records cannot be kept in the folder for temporary files: {error}",
                hint="Make room there, or name another folder: TMPDIR=/folder vigil verify.",
            ) from error

    def _file_of(self, key: bytes) -> int:
        number: int = self._db.execute("SELECT file FROM ids WHERE id = ?", (key,)).fetchone()[0]
        return number


def _key(record_id: str) -> bytes:
    """Write an id as briefly as can be: a UUID as its 16 bytes; any other as it is, and longer than those."""
    found = _UUID.fullmatch(record_id)
    if found:
        return bytes.fromhex(found[1].replace("-", ""))
    return bytes(16) + record_id.encode("utf-8", "surrogatepass")
