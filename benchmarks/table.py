"""Figures with their goals, line by line, and how they are taken."""

import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from statistics import quantiles


def talk(words: str) -> None:
    """Say what is going on, on stderr."""
    print(f"  … {words}", file=sys.stderr, flush=True)


def header(what: str) -> None:
    """Say what is measured, and on what."""
    load = os.getloadavg()[0]
    print(
        f"{what}\nPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} cores, load {load:.1f}\n",
        flush=True,
    )


def line(what: str, value: float, unit: str, *, most: float | None = None, least: float | None = None) -> None:
    """Print a figure, and whether it meets its goal."""
    goal = ""
    if most is not None:
        goal = f"goal ≤ {most:g}: {'met' if value <= most else 'MISSED'}"
    if least is not None:
        goal = f"goal ≥ {least:g}: {'met' if value >= least else 'MISSED'}"
    digits = 0 if value >= 100 else 1 if value >= 10 else 3
    print(f"{what:<62} {value:>10,.{digits}f} {unit:<8} {goal}".rstrip(), flush=True)


def spent(what: Callable[[], object]) -> float:
    """Give the milliseconds of CPU that a call takes of this thread: all of it, where nothing is waited for."""
    begun = time.thread_time()
    what()
    return 1000 * (time.thread_time() - begun)


def waited(what: Callable[[], object]) -> float:
    """Give the milliseconds that pass during a call."""
    begun = time.perf_counter()
    what()
    return 1000 * (time.perf_counter() - begun)


def share(times: Sequence[float], percent: int) -> float:
    """Give the time within which so many percent were done."""
    return quantiles(times, n=100, method="inclusive")[percent - 1]
