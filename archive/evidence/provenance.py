"""``provenance/run.json``: with which software and settings, by whom, on what machine and by what clock a run was made.

Role names in place of personal ones; nothing in it is secret. Keys are sorted, so the same facts give the same bytes.
"""

import hashlib
import importlib.metadata
import json
import platform
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import archive
from archive.config import Settings
from archive.evidence.asking import Question, ask
from archive.evidence.clock import ClockState, step_between
from archive.evidence.members import RunFiles
from archive.model import Route, RunEnd, RunStart, Sha256, sha256_of

FORMAT = "vigil-run-1"
_PATIENCE = 10.0
_LONGEST = 4096
_NOWHERE = ("192.0.2.1", 9)
"""TEST-NET-1 (RFC 5737): choosing a route to it tells the machine's own address and sends nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """What is known when a part of a run is sealed.

    ``before`` is the clock when the run began, where this very process made the run; ``is_late`` when another did, or
    keys were missing then. ``custody`` is the chain of custody's head, ``heard`` what other services answered.
    """

    files: RunFiles
    start: RunStart | None
    end: RunEnd | None
    part: int
    parts: int
    records: int
    names: tuple[str, ...]
    before: ClockState | None
    after: ClockState
    is_late: bool
    custody: Sha256 | None
    checkpoint: bytes | None
    heard: Mapping[str, "Heard | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What someone else's service answered when the run was sealed, or why it did not; recorded as it came."""

    url: str
    answer: str | None = None
    problem: str | None = None


def hear(settings: Settings) -> dict[str, Heard | None]:
    """Ask the services that are configured; none is needed, and none can hold up a seal for long."""
    services = {"beacon": settings.beacon, "public_address": settings.address_service}
    asked = {name: url for name, url in services.items() if url is not None}
    answers = ask([Question(url=url, body=None, timeout=_PATIENCE) for url in asked.values()]) if asked else []
    found: dict[str, Heard | None] = dict.fromkeys(services)
    for (name, url), answer in zip(asked.items(), answers, strict=True):
        if not isinstance(answer, bytes):
            found[name] = Heard(url=url, problem=str(answer))
        elif len(answer) > _LONGEST:
            found[name] = Heard(url=url, problem=f"its answer is longer than {_LONGEST} bytes")
        else:
            found[name] = Heard(url=url, answer=answer.decode("utf-8", "replace"))
    return found


def run_json(sealing: Sealing, settings: Settings) -> bytes:
    """Write what is known of a run."""
    start, end = sealing.start, sealing.end
    before, after = sealing.before, sealing.after
    value = {
        "format": FORMAT,
        "run": sealing.files.run,
        "part": sealing.part,
        "parts": sealing.parts,
        "site": start and start.site,
        "route": sealing.files.route.value,
        "began": _spelled(start.started if start else after.time),
        "ended": _spelled(end.ended) if end else None,
        "sealed": _spelled(after.time),
        "late": sealing.is_late,
        "stop_reason": end and end.stop_reason,
        "exit_code": end and end.exit_code,
        "counts": dict(end.counts) if end else None,
        "recovered": list(start.recovered) if start else [],
        "files": list(sealing.names),
        "records": sealing.records,
        "operator": start and start.operator,
        "contact": start and start.contact,
        "user_agent": start and start.user_agent,
        "mode": start and start.mode,
        "robots_exceptions": list(start.robots_exceptions) if start else [],
        "site_config_sha256": start and start.config_digest,
        "settings_sha256": _digest_of(settings.file),
        "role": settings.role,
        "outgoing_address": None if sealing.files.route is not Route.SITE else _own_address(),
        **{name: heard and asdict(heard) for name, heard in sealing.heard.items()},
        "software": {"made_by": start and start.software, "sealed_by": software()},
        "clock": {
            "before": _clock(before),
            "after": _clock(after),
            "step_seconds": step_between(before, after) if before else None,
            "ntp_offset_seconds": after.ntp_offset,
        },
        "custody": sealing.custody,
        "previous_checkpoint_sha256": sha256_of(sealing.checkpoint) if sealing.checkpoint else None,
    }
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


@cache
def software() -> dict[str, object]:
    """Versions, and digests of what is installed: our own source, and every package's list of its files' digests."""
    source = hashlib.sha256()
    for path in sorted(Path(archive.__file__).parent.rglob("*.py")):
        source.update(sha256_of(path.read_bytes()).encode())
    packages = {}
    lock = hashlib.sha256()
    installed: dict[str, importlib.metadata.Distribution] = {}
    for one in importlib.metadata.distributions():
        installed.setdefault(one.metadata["Name"], one)  # of a package that is there twice the first is imported
    for name, one in sorted(installed.items()):
        packages[name] = one.version
        lock.update(f"{name}=={one.version} {sha256_of((one.read_text('RECORD') or '').encode())}\n".encode())
    return {
        "vigil": archive.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "source_sha256": source.hexdigest(),
        "packages": packages,
        "packages_sha256": lock.hexdigest(),
    }


def _clock(state: ClockState | None) -> dict[str, object] | None:
    if state is None:
        return None
    return {**asdict(state), "time": _spelled(state.time)}


def _digest_of(path: Path | None) -> Sha256 | None:
    try:
        return sha256_of(path.read_bytes()) if path else None
    except OSError:
        return None


def _own_address() -> str | None:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.connect(_NOWHERE)
            return str(wire.getsockname()[0])
    except OSError:
        return None


def _spelled(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
