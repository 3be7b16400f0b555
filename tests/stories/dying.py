"""``vigil`` on a machine that dies within a system call: ``python -m tests.stories.dying MOMENT NUMBER WORD…``.

The process ends by SIGKILL when the call that the moment names is made for the NUMBER-th time.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from crawler.cli import main


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL came back")


class Moment:
    """Stands before system calls of ``os`` until the wanted one comes."""

    def __init__(self, number: int) -> None:
        self.left = number

    def has_come(self) -> bool:
        self.left -= 1
        return self.left == 0

    def in_write(self, ending: str, written: Callable[[int], int]) -> None:
        """Die at a write to a file whose name ends in ``ending``, when so many of its bytes have been written."""
        real = os.write

        def write(handle: int, data: bytes | memoryview) -> int:
            if file_of(handle).endswith(ending) and self.has_come():
                real(handle, data[: written(len(data))])
                die()
            return real(handle, data)

        put(write, "write")

    def at(self, name: str, ending: str, *, is_done: bool) -> None:
        """Die before a call about such a file, or once it ``is_done``."""
        real: Callable[..., object] = getattr(os, name)

        def call(about: int | Path, *arguments: object) -> object:
            path = file_of(about) if isinstance(about, int) else str(about)
            if path.endswith(ending) and self.has_come():
                if is_done:
                    real(about, *arguments)
                die()
            return real(about, *arguments)

        put(call, name)


def put(function: Callable[..., object], name: str) -> None:
    setattr(os, name, function)


def file_of(handle: int) -> str:
    path = Path(f"/proc/self/fd/{handle}")
    return str(path.readlink()) if path.is_symlink() else ""


OPEN, ASKED = ".warc.gz.open", ".asked"
MOMENTS: dict[str, Callable[[Moment], None]] = {
    "while-a-request-is-announced": lambda moment: moment.in_write(ASKED, lambda length: length // 2),
    "before-the-request-goes-out": lambda moment: moment.in_write(ASKED, lambda length: length),
    "before-records-are-written": lambda moment: moment.in_write(OPEN, lambda _: 0),
    "while-records-are-written": lambda moment: moment.in_write(OPEN, lambda length: length * 2 // 3),
    "before-records-are-synced": lambda moment: moment.at("fdatasync", OPEN, is_done=False),
    "between-sync-and-index": lambda moment: moment.at("fdatasync", OPEN, is_done=True),
    "before-the-file-is-read-only": lambda moment: moment.at("fchmod", OPEN, is_done=False),
    "before-the-file-is-closed": lambda moment: moment.at("rename", OPEN, is_done=False),
    "when-the-file-is-closed": lambda moment: moment.at("rename", OPEN, is_done=True),
    "before-the-announcements-are-settled": lambda moment: moment.at("unlink", ASKED, is_done=False),
}

if __name__ == "__main__":
    MOMENTS[sys.argv[1]](Moment(int(sys.argv[2])))
    del sys.argv[1:3]
    sys.exit(main())
