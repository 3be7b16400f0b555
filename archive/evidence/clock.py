"""How right this machine's clock is: what the kernel says (adjtimex(2)), and an NTP server where one is asked."""

import ctypes
import os
import socket
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime

_UNSYNC = 0x0040
_TIME_ERROR = 5
_NTP_EPOCH = 2_208_988_800
_WAIT_SECONDS = 3.0


class _Timex(ctypes.Structure):
    """The head of Linux's ``struct timex``; the rest is room for what newer kernels write."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """The clock at one moment; what could not be had is ``None``.

    ``since_boot`` are seconds that no one can set, by which a jump of ``time`` shows. ``ntp_offset`` are the seconds by
    which this clock is ahead of the NTP server's.
    """

    time: datetime
    since_boot: float
    is_synchronised: bool | None
    max_error_seconds: float | None
    ntp_server: str | None = None
    ntp_offset: float | None = None
    ntp_problem: str | None = None


def look(ntp: str | None = None) -> ClockState:
    """Look at the clock; ``ntp`` is ``host`` or ``host:port`` of a server to ask."""
    is_synchronised, max_error = _kernel()
    offset, problem = (None, None) if ntp is None else _ask(ntp)
    return ClockState(
        time=datetime.now(UTC),
        since_boot=time.clock_gettime(time.CLOCK_BOOTTIME),
        is_synchronised=is_synchronised,
        max_error_seconds=max_error,
        ntp_server=ntp,
        ntp_offset=offset,
        ntp_problem=problem,
    )


def step_between(before: ClockState, after: ClockState) -> float:
    """Give the seconds by which the clock was set between two looks on one machine that was not restarted."""
    return (after.time - before.time).total_seconds() - (after.since_boot - before.since_boot)


def _kernel() -> tuple[bool | None, float | None]:
    state = _Timex()
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(state))
    except (OSError, AttributeError):
        return None, None
    if answer < 0:
        return None, None
    return answer != _TIME_ERROR and not state.status & _UNSYNC, state.maxerror / 1e6


def _ask(server: str) -> tuple[float | None, str | None]:
    """Ask an NTP server (RFC 4330) once; gives the offset, or why there is none."""
    host, _, port = server.partition(":")
    mark = os.urandom(8)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.settimeout(_WAIT_SECONDS)
            wire.connect((host, int(port or 123)))
            sent = time.time()
            wire.send(b"\x23" + b"\0" * 39 + mark)
            answer = wire.recv(512)
            came = time.time()
    except (OSError, ValueError) as error:
        return None, f"{type(error).__name__}: {error}"[:200]
    if len(answer) < 48 or answer[24:32] != mark or answer[0] & 7 != 4 or not 1 <= answer[1] <= 15:
        return None, "it answered with something that is no time"
    received, transmitted = (_seconds(answer[at : at + 8]) for at in (32, 40))
    return ((sent - received) + (came - transmitted)) / 2, None


def _seconds(stamp: bytes) -> float:
    whole, fraction = struct.unpack("!II", stamp)
    return float(whole - _NTP_EPOCH + fraction / 2**32)
