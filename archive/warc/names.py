"""How WARC files are called, and in which order they were written."""

import re
from datetime import UTC, datetime
from pathlib import Path

from archive.collection import Collection
from archive.errors import ConfigError
from archive.model import IMPORTS

OPEN = ".open"
"""Ends the name of a file that is being written, or that a crash left."""
INVALID = ".invalid"
"""Ends the name of a file that failed its read-back."""

_NAME = re.compile(r"(?P<prefix>.+)-(?P<stamp>\d{17})-(?P<serial>\d{5,})-(?P<host>[^-]+)\.warc\.gz(\.open|\.invalid)?")
_LABEL = re.compile(r"[A-Za-z0-9_.]{1,64}")


def new_name(collection: Collection, prefix: str, host_label: str, time: datetime) -> str:
    """Name the next file: PREFIX-TIMESTAMP17-SERIAL-HOST.warc.gz (WARC/1.1 Annex C), serial one above every other.

    Raises:
        ConfigError: ``host_label`` holds other characters than letters, digits, dot and underscore.
    """
    if not _LABEL.fullmatch(host_label):
        raise ConfigError(
            f"the host label {host_label!r} cannot be part of a file name",
            hint="Use up to 64 letters, digits, dots and underscores.",
        )
    serials = [serial for path in collection.warcs.iterdir() if (serial := _serial(path)) is not None]
    stamp = time.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")[:17].rjust(17, "0")
    return f"{prefix}-{stamp}-{max(serials, default=0) + 1:05}-{host_label}.warc.gz"


def warc_files(collection: Collection) -> tuple[Path, ...]:
    """List the readable WARC files, closed and ``.open`` ones, in the order in which they were written.

    Files that are not named as ours come first, by name. A pipe or folder with such a name is none, nor is a file whose
    name is no text; `vigil verify` names them all.
    """
    paths = [
        path
        for path in collection.warcs.glob("*.warc.gz*")
        if path.name.endswith((".warc.gz", ".warc.gz" + OPEN)) and path.is_file() and path.name.isprintable()
    ]
    return tuple(sorted(paths, key=lambda path: (_serial(path) or 0, path.name)))


def closed_name(path: Path) -> str:
    """Give the name that the file has, or will have, once closed."""
    return path.name.removesuffix(OPEN)


def path_of(collection: Collection, name: str) -> Path:
    """Find a file by its closed name, whether it is closed or still being written."""
    if name.startswith(IMPORTS):
        return collection.warcs / IMPORTS / Path(name).name
    path = collection.warcs / Path(name).name
    open_path = path.with_name(path.name + OPEN)
    return open_path if not path.exists() and open_path.exists() else path


def _serial(path: Path) -> int | None:
    match = _NAME.fullmatch(path.name)
    return int(match["serial"]) if match else None
