"""Fires: the times at which a schedule wanted a run, and what became of them. ``state/fires.jsonl``, append-only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from archive import journal
from archive.collection import Collection


class FireKind(StrEnum):
    """What became of a fire."""

    ENDED = "ended"
    """Its crawl ended; the exit code says how."""
    SKIPPED = "skipped"
    """Another writer held the collection."""
    OVERLAPPED = "overlapped"
    """The run before it was still going."""
    MISSED = "missed"
    """Nothing was awake to start it in time."""
    FAILED = "failed"
    """The crawl could not begin."""
    CUT = "cut"
    """The night-time window closed while it ran; it was asked to end."""
    CLOCK = "clock"
    """The clock jumped while the schedule waited."""


TROUBLE = frozenset(FireKind) - {FireKind.ENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """One fire; ``due`` is when it should have been, where that is known. ``site`` is empty for what concerns all."""

    time: datetime
    site: str
    kind: FireKind
    due: datetime | None = None
    exit_code: int | None = None
    detail: str = ""


def record(collection: Collection, fire: Fire) -> None:
    """Write a fire down.

    Raises:
        OSError: the disk refused.
    """
    row = {"time": _spelled(fire.time), "site": fire.site, "kind": fire.kind.value}
    row |= {"due": _spelled(fire.due)} if fire.due else {}
    extra = {"exit_code": fire.exit_code, "detail": fire.detail}
    journal.append(_path(collection), row | {key: value for key, value in extra.items() if value not in {None, ""}})


def fires(collection: Collection, *, site: str | None = None, since: datetime | None = None) -> tuple[Fire, ...]:
    """List the fires, oldest first: one site's with those that concern all, or everything."""
    found = []
    for row in journal.entries(_path(collection)):
        try:
            fire = _fire(row)
        except (KeyError, ValueError, TypeError):
            continue
        if (site is None or fire.site in {site, ""}) and (since is None or fire.time >= since):
            found.append(fire)
    return tuple(found)


def unkept(collection: Collection, since: datetime) -> tuple[Fire, ...]:
    """List the fires since a time that brought no whole run."""
    return tuple(fire for fire in fires(collection, since=since) if fire.kind in TROUBLE)


def told(found: Iterable[Fire]) -> list[str]:
    """Say what came of fires, one sentence for each site and kind however many they are: the newest, and how many."""
    groups: dict[tuple[str, FireKind], list[Fire]] = {}
    for fire in found:
        groups.setdefault((fire.site, fire.kind), []).append(fire)
    sentences = []
    for (site, kind), several in groups.items():
        newest = several[-1]
        when = _minute(newest.due or newest.time)
        many = f", and {len(several) - 1:,} more since {_minute(several[0].due or several[0].time)}"
        detail = f": {newest.detail}" if newest.detail else ""
        sentences.append(f"{when}, {site or 'every site'} {kind}{detail}{many if len(several) > 1 else ''}")
    return sentences


def _minute(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _path(collection: Collection) -> Path:
    return collection.state / "fires.jsonl"


def _fire(row: dict[str, object]) -> Fire:
    code = row.get("exit_code")
    return Fire(
        time=datetime.fromisoformat(str(row["time"])),
        site=str(row["site"]),
        kind=FireKind(str(row["kind"])),
        due=datetime.fromisoformat(str(row["due"])) if "due" in row else None,
        exit_code=code if isinstance(code, int) else None,
        detail=str(row.get("detail", "")),
    )


def _spelled(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
