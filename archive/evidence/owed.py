"""What is still owed to an archive: runs without a seal, seals without two time stamps. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archive.collection import Collection
from archive.errors import VigilError
from archive.evidence.custody import Custody, CustodyEvent, EventKind
from archive.evidence.ledger import seal_names, seal_of, seals_folder
from archive.evidence.members import RunFiles, runs_of
from archive.evidence.seal import STAMPED, read_facts, token_name

NEEDED = 2
"""Authorities whose tokens a seal needs, over its list and over its signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingStamp:
    """A seal whose list or signature has fewer stamps than it needs; ``reasons`` are what authorities last said."""

    seal: str
    stamped: str
    have: tuple[str, ...]
    since: datetime
    reasons: tuple[str, ...]

    def is_overdue(self, hours: int, now: datetime) -> bool:
        """Tell whether it has been owed for longer than so many hours."""
        return now - self.since > timedelta(hours=hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What is owed; ``is_begun`` once anything shows that the archive is meant to be sealed."""

    seals: int
    unsealed: tuple[tuple[str, str], ...]
    pending: tuple[PendingStamp, ...]
    is_begun: bool


def owed(collection: Collection) -> Owed:
    """Say what is owed.

    Raises:
        IntegrityError: the chain of custody is broken.
        StorageError: the disk refused.
    """
    events = Custody(collection).events()
    names = seal_names(collection)
    said = {event.subject: event.detail("reason") or "" for event in events if event.kind is EventKind.SEAL_OWED}
    unsealed = tuple(
        (run.run, said.get(run.run, "it has not been tried yet")) for run in unsealed_runs(collection, names)
    )
    return Owed(
        seals=len(names),
        unsealed=unsealed,
        pending=tuple(stamp for name in names for stamp in pending_of(collection, name, events)),
        is_begun=bool(names) or any(event.kind in {EventKind.SEALED, EventKind.STAMPED} for event in events),
    )


def told_runs(runs: Sequence[str]) -> str:
    """Name runs that share a fate, in few words however many: the first and the last."""
    return f"run {runs[0]} is" if len(runs) == 1 else f"{len(runs):,} runs ({runs[0]} to {runs[-1]}) are"


def told_stamps(pending: Sequence[PendingStamp]) -> list[str]:
    """Name missing time stamps in one sentence for each reason, however many they are."""
    told = []
    for reasons in dict.fromkeys(stamp.reasons for stamp in pending):
        stamps = [stamp for stamp in pending if stamp.reasons == reasons]
        seals = list(dict.fromkeys(stamp.seal for stamp in stamps))
        if len(seals) == 1:
            what = f"time stamp on {', '.join(stamp.stamped for stamp in stamps)} of {seals[0]}"
        else:
            what = f"{len(stamps):,} time stamps on {len(seals):,} seals ({seals[0]} to {seals[-1]})"
        since = min(stamp.since for stamp in stamps)
        told.append(f"{what}, since {since:%Y-%m-%d %H:%M} UTC: {'; '.join(reasons)}")
    return told


def unsealed_runs(collection: Collection, names: tuple[str, ...]) -> tuple[RunFiles, ...]:
    """Name the closed runs that lack a seal, or a part of one, in the order of writing.

    Raises:
        StorageError: the disk refused.
    """
    return tuple(run for run in runs_of(collection) if not is_sealed(collection, run.run, names))


def is_sealed(collection: Collection, run: str, names: tuple[str, ...]) -> bool:
    """Tell whether a run has its seal, or all parts of it."""
    if run in names:
        return True
    if part_name(run, 1, 2) not in names:
        return False
    try:
        parts = read_facts(seal_of(collection, part_name(run, 1, 2))).parts
    except VigilError:
        return False
    return all(part_name(run, part, parts) in names for part in range(1, parts + 1))


def part_name(run: str, part: int, parts: int) -> str:
    """Name the seal of a run, or of one of its parts."""
    return run if parts == 1 else f"{run}.part{part}"


def tokens_there(collection: Collection, name: str) -> dict[str, tuple[str, ...]]:
    """Name the authorities whose tokens a seal has, by what they are over."""
    folder = seals_folder(collection) / name
    there = [token_name(path.name) for path in sorted(folder.glob("SHA256SUMS*.tst"))]
    return {stamped: tuple(who for what, who in there if what == stamped) for stamped in STAMPED}


def pending_of(collection: Collection, name: str, events: tuple[CustodyEvent, ...]) -> tuple[PendingStamp, ...]:
    """Say which stamps of a seal are owed."""
    found = []
    for stamped, have in tokens_there(collection, name).items():
        if len(have) >= NEEDED:
            continue
        said = {
            event.detail("authority"): event.detail("reason") or ""
            for event in events
            if event.kind is EventKind.STAMP_OWED and event.subject == name and event.detail("over") == stamped
        }
        reasons = tuple(f"{who}: {why}" for who, why in said.items() if who and who not in have)
        found.append(
            PendingStamp(
                seal=name,
                stamped=stamped,
                have=have,
                since=_sealed_at(collection, name),
                reasons=reasons or (_unasked(len(have)),),
            )
        )
    return tuple(found)


def _unasked(have: int) -> str:
    asked = "no second authority was asked" if have else "no authority was asked"
    where = "under [[authorities]] of vigil.toml (docs/how-to/keys.md)"
    return f"{asked}; name {NEEDED - have} {where}, then vigil seal"


def _sealed_at(collection: Collection, name: str) -> datetime:
    try:
        return read_facts(seal_of(collection, name)).sealed
    except VigilError:
        return datetime.fromtimestamp(0, UTC)
