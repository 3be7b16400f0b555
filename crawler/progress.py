"""What a run shows while it works: pages, posts, new ones, bytes, rate. On standard error, never in a record."""

import sys
from dataclasses import dataclass, field
from time import monotonic
from typing import TextIO

EVERY_SECONDS = 30.0
"""How often a line is printed where standard error is no terminal; a cron mail stays short."""


@dataclass(slots=True)
class Progress:
    """Counts of a run so far."""

    pages: int = 0
    posts: int = 0
    new: int = 0
    requests: int = 0
    received: int = 0
    began: float = field(default_factory=monotonic)

    def line(self) -> str:
        """Say where the run stands, in one line."""
        seconds = max(monotonic() - self.began, 0.001)
        return (
            f"{self.pages} listing pages, {self.posts} posts ({self.new} new), {self.requests} requests, "
            f"{self.received / 1e6:.1f} MB, {self.requests / seconds:.1f} requests/s"
        )


@dataclass(slots=True)
class ProgressLine:
    """Shows a run's progress on ``stream``: one line drawn over itself on a terminal, else one now and then."""

    progress: Progress
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    is_shown: bool = True
    last: float = field(default_factory=monotonic)

    def refresh(self) -> None:
        """Show the progress if it is time to; cheap enough to call after every exchange."""
        now = monotonic()
        pause = 0.2 if self.stream.isatty() else EVERY_SECONDS
        if self.is_shown and now - self.last >= pause:
            self.last = now
            self._write()

    def finish(self) -> None:
        """Leave the last state standing."""
        if self.is_shown and self.stream.isatty():
            self._write()
            self.stream.write("\n")

    def _write(self) -> None:
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[2K{self.progress.line()}")
        else:
            self.stream.write(f"{self.progress.line()}\n")
        self.stream.flush()
