"""Everything that outlives a crawl: records, text, the index, and the proof of them.

Knows no crawler: an outsider searches and verifies an archive with this package alone.

``open_archive`` is the door for programs; it imports nothing until it is called.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from archive.query import Archive

__version__ = "0.1.0"


def open_archive(folder: "str | PathLike[str]") -> "Archive":
    """Open the archive in ``folder`` for reading, also while a crawl writes to it; to be used in a ``with`` block.

    Raises:
        NotFoundError: there is none.
        DamagedIndexError: its index is corrupt, or written by newer software.
        LockedError: another process held it for too long.
    """
    from pathlib import Path  # noqa: PLC0415  see the docstring of the package

    from archive.collection import Collection  # noqa: PLC0415
    from archive.query import Archive  # noqa: PLC0415

    return Archive.open(Collection(Path(folder)))
