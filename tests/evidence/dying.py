"""Programs on a machine that dies at the so-manieth system call that changes the disk."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]


def die_at(call: int, *names: str) -> None:
    """Have this process killed when functions of ``os`` with these names are called for the ``call``-th time."""
    left = call

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def counting(*arguments: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        return counting

    for name in names:
        setattr(os, name, counted(getattr(os, name)))


def dies(program: str, *words: str | Path) -> bool:
    """Run a program of Python to its end, or to its death, which it has set with ``die_at``; say which it was."""
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0
