"""Checkpoints go where we cannot take them back: into folders, and to addresses. What fails is tried again, and told.

``state/published.jsonl`` holds how each place was served last; a line is added when that changes.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive import journal
from archive.collection import Collection
from archive.config import Settings
from archive.errors import IntegrityError, StorageError, VigilError
from archive.evidence import log
from archive.evidence.keys import read_public
from archive.evidence.ledger import CHECKPOINT, Ledger
from archive.evidence.storing import write_whole
from archive.model import sha256_of
from archive.sending import Address, addresses, names_of

_log = logging.getLogger(__name__)
_STATE = "published.jsonl"
_NOT_OURS = "not one of this log"
_KEEP = "Keep it: it is the proof that this log was altered or rolled back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """How one place was served: ``place`` stands for it in our own state, ``name`` where others read it.

    ``problem`` is ``None`` where the newest checkpoint is there; ``is_new`` when it came there just now.
    """

    place: str
    name: str
    problem: str | None = None
    is_new: bool = False

    @property
    def shown(self) -> str:
        """What the operator is shown: a folder's whole path."""
        return self.place if self.place.endswith(self.name) else self.name


def publish(collection: Collection, settings: Settings) -> tuple[Publication, ...]:
    """Bring the newest checkpoint to every place that is configured; whoever calls holds the collection's lock.

    Raises:
        StorageError: the disk of the archive refused.
    """
    ledger = Ledger(collection)
    note = ledger.checkpoint()
    if note is None:
        return ()
    before = _newest(collection)
    found = [_put(folder, note, ledger, settings) for folder in settings.publish]
    found += _sent(settings, note, ledger.folder / CHECKPOINT, before)
    for one in found:
        if one.problem is not None:
            _log.warning("the checkpoint is not published: %s: %s", one.name, one.problem)
        row = {"checkpoint": sha256_of(note), "problem": one.problem}
        if {name: before.get(one.place, {}).get(name) for name in row} != row:
            _note(collection, {"time": datetime.now(UTC).isoformat(), "place": one.place, **row})
    return tuple(found)


def unpublished(collection: Collection, settings: Settings) -> tuple[Publication, ...]:
    """Name the places that are configured and failed the last time. Reads only."""
    newest = _newest(collection)
    names = {str(folder): folder.name for folder in settings.publish}
    if settings.publish_file is not None:
        names |= {str(settings.publish_file): settings.publish_file.name, **names_of(settings.publish_file)}
    return tuple(
        Publication(place=place, name=name, problem=str(newest[place]["problem"]))
        for place, name in names.items()
        if newest.get(place, {}).get("problem")
    )


def _put(folder: Path, note: bytes, ledger: Ledger, settings: Settings) -> Publication:
    try:
        is_new = _put_checkpoint(folder, note, [leaf.hash for leaf in ledger.leaves()], read_public(settings.keys).logs)
    except (VigilError, OSError) as error:
        return Publication(place=str(folder), name=folder.name, problem=str(error))
    return Publication(place=str(folder), name=folder.name, is_new=is_new)


def _sent(settings: Settings, note: bytes, file: Path, before: dict[str, dict[str, object]]) -> Iterator[Publication]:
    """Send the checkpoint to every address that does not have it."""
    if settings.publish_file is None:
        return
    try:
        targets = addresses(settings.publish_file)
    except VigilError as error:
        yield Publication(place=str(settings.publish_file), name=settings.publish_file.name, problem=str(error))
        return
    yield Publication(place=str(settings.publish_file), name=settings.publish_file.name)
    for target in targets:
        row = before.get(target.digest, {})
        if row.get("checkpoint") == sha256_of(note) and row.get("problem") is None:
            yield Publication(place=target.digest, name=target.name)
        else:
            yield _send(target, note, file)


def _send(target: Address, note: bytes, file: Path) -> Publication:
    state = log.read_checkpoint(note)
    title = f"vigil: checkpoint {state.size} of {state.origin}"
    if target.send(title, note.decode(), attached=file):
        return Publication(place=target.digest, name=target.name, is_new=True)
    return Publication(place=target.digest, name=target.name, problem="the message was not taken")


def _put_checkpoint(folder: Path, note: bytes, leaves: list[bytes], keys: tuple[log.LogKey, ...]) -> bool:
    """Put a checkpoint into a folder, with the proof that the log only grew since the one that lies there.

    One that is not of this log is never written over. Tells whether the checkpoint was new there.
    """
    if not folder.is_dir():
        raise StorageError(f"there is no folder {folder.name}", hint="Make it, or mount it.")
    newest = folder / "checkpoint"
    there = newest.read_bytes() if newest.exists() else None
    if there == note:
        return False
    size = log.read_checkpoint(note).size
    if there is not None:
        old = log.read_checkpoint(there).size
        if not 1 <= old <= size:
            raise IntegrityError(f"{folder.name} holds a checkpoint of {old} leaves, {_NOT_OURS}", hint=_KEEP)
        growth = log.prove_growth(leaves, old, note)
        try:
            log.check_growth(growth, there, keys)
        except IntegrityError as error:
            raise IntegrityError(f"{folder.name} holds a checkpoint that is {_NOT_OURS}: {error}", hint=_KEEP) from None
        write_whole(folder / f"growth.{old}-{size}", growth, mode=0o644)
    write_whole(folder / f"checkpoint.{size}", note, mode=0o644)
    write_whole(newest, note, mode=0o644)
    return True


def _newest(collection: Collection) -> dict[str, dict[str, object]]:
    return {str(row.get("place")): row for row in journal.entries(collection.state / _STATE)}


def _note(collection: Collection, row: dict[str, object]) -> None:
    path = collection.state / _STATE
    try:
        journal.append(path, row)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="It is tried again; make room for it.") from None
