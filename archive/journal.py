"""Append-only JSON lines under ``state/``: what belongs to no run. A torn line is what a crash left, and skipped."""

import json
import os
from collections.abc import Iterator
from pathlib import Path


def append(path: Path, *entries: object) -> None:
    """Add ``entries`` to the file, one line each, and have them on disk; the file is made where it is missing.

    Raises:
        OSError: the disk refused.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in entries)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            text = "\n" + text
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def entries(path: Path) -> Iterator[dict[str, object]]:
    """Give the entries, oldest first; none where there is no file. Lines that are no JSON object are skipped."""
    try:
        file = path.open(encoding="utf-8", errors="replace", newline="\n")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry
