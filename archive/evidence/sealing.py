"""A run is sealed when it has ended; whatever an earlier run, a crash or a silent authority left owed is finished.

In this order, so that a death at any moment leaves either nothing or something the next call finishes: the records are
read back from disk · list, signature and provenance are written to a scratch folder, which then gets its name · the
log gets its leaf and signs its new state · the authorities stamp · the checkpoint is published. A seal is never
changed; tokens are added to it.
"""

import logging
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from archive.collection import Collection
from archive.config import Authority, Settings
from archive.durable import sync_folder
from archive.errors import IntegrityError, StorageError, VigilError
from archive.evidence import clock, log
from archive.evidence.asking import Question, ask
from archive.evidence.custody import Custody, EventKind, head_of
from archive.evidence.keys import (
    SigningKeys,
    forget_former,
    read_certificates,
    read_passphrase,
    read_public,
    read_signing,
)
from archive.evidence.ledger import Ledger, seal_names, seal_of, seals_folder
from archive.evidence.members import RunFiles, SealedFile, facts_of, read_file
from archive.evidence.owed import NEEDED, Owed, owed, part_name, tokens_there, told_runs, unsealed_runs
from archive.evidence.provenance import Heard, Sealing, hear, run_json
from archive.evidence.publishing import Publication, publish
from archive.evidence.seal import PREVIOUS, RUN, SIGNATURE, STAMPED, SUMS, Seal, token_file, write_sums
from archive.evidence.signature import check_signature, sign
from archive.evidence.storing import refused, write_whole
from archive.evidence.tokens import Stamp, TimeAuthority, TokenRequest, accept_answer, request_for
from archive.evidence.trust import leave_copies
from archive.model import Sha256, as_sha256, sha256_of

_log = logging.getLogger(__name__)
_SCRATCH = ".new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a call did, and what is still owed after it."""

    sealed: tuple[str, ...]
    stamped: int
    published: tuple[str, ...]
    unpublished: tuple[tuple[str, str], ...]
    owed: Owed


def finish(
    collection: Collection, settings: Settings, *, run: str | None = None, before: clock.ClockState | None = None
) -> Outcome:
    """Seal every closed run that has no seal, and ask for every time stamp that is owed.

    ``run`` is the one that ends now, ``before`` the clock when it began. The caller holds the collection's lock; not to
    be called on an event loop. What cannot be done is written down as owed, with the reason, and raises nothing.

    Raises:
        IntegrityError: chain of custody or log are damaged: nothing more may be bound to them.
        StorageError: the disk refused; what is whole stays.
    """
    sealer = _Sealer(collection, settings, run, before)
    sealed = sealer.seal_runs()
    stamped = sealer.stamp()
    publications = sealer.publish()
    return Outcome(
        sealed=sealed,
        stamped=stamped,
        published=tuple(one.shown for one in publications if one.problem is None),
        unpublished=tuple((one.shown, one.problem) for one in publications if one.problem is not None),
        owed=owed(collection),
    )


class _Sealer:
    def __init__(
        self, collection: Collection, settings: Settings, run: str | None, before: clock.ClockState | None
    ) -> None:
        self._collection = collection
        self._settings = settings
        self._run = run
        self._before = before
        self._folder = seals_folder(collection)
        self._folder.mkdir(exist_ok=True)
        self._ledger = Ledger(collection)
        self._custody = Custody(collection)
        self._events = self._custody.events()
        self._heard: Mapping[str, Heard | None] = {}

    # --- seals ---------------------------------------------------------------------------------------

    def seal_runs(self) -> tuple[str, ...]:
        """Seal every run that is not, in the order of writing; gives the names of the new seals."""
        names = seal_names(self._collection)
        waiting = unsealed_runs(self._collection, names)
        try:
            passphrase = read_passphrase(self._settings.passphrase_file)
            keys = read_signing(self._settings.keys, passphrase, datetime.now(UTC))
        except VigilError as error:
            reason = f"{error}. {error.hint}".replace(str(self._settings.keys), "keys")
            for run in waiting:
                self._tell_once(EventKind.SEAL_OWED, run.run, {"reason": reason})
            if waiting:
                _log.warning("%s NOT sealed: %s", told_runs([run.run for run in waiting]), reason)
            return ()
        forget_former(self._settings.keys)
        self._tell_keys()
        leave_copies(self._collection, self._settings)
        self._heal(keys)
        if waiting:
            self._heard = hear(self._settings)
        return tuple(name for run in waiting for name in self._seal_run(run, keys))

    def _tell_keys(self) -> None:
        """Write down a rotation that was cut off before the chain of custody was told."""
        present = dict(read_public(self._settings.keys).fingerprints())
        told = [event for event in self._events if event.kind in {EventKind.KEYS_MADE, EventKind.KEYS_ROTATED}]
        if told and dict(told[-1].details) != present:
            self._tell_once(EventKind.KEYS_ROTATED, "keys", present)

    def _heal(self, keys: SigningKeys) -> None:
        """Finish what a death between a seal and its leaf, or a leaf and its checkpoint, left."""
        for path in self._folder.glob(f".*{_SCRATCH}"):
            shutil.rmtree(path)
        leaves = [leaf.name for leaf in self._ledger.leaves()]
        for name in seal_names(self._collection):
            if name not in leaves:
                self._ledger.add(seal_of(self._collection, name), keys)
        leaves = [leaf.name for leaf in self._ledger.leaves()]
        if leaves:
            self._ledger.sign([leaf.hash for leaf in self._ledger.leaves()], keys)
        told = {event.subject for event in self._events if event.kind is EventKind.SEALED}
        for number, name in enumerate(leaves):
            if name not in told:
                self._tell_sealed(name, number)

    def _seal_run(self, files: RunFiles, keys: SigningKeys) -> Iterator[str]:
        try:
            read = [read_file(path) for path in files.paths]
            start, end = facts_of(files, read[-1].last_offset)
        except IntegrityError as error:
            self._owe(files.run, str(error))
            return
        there = seal_names(self._collection)
        parts = _parts(read, self._settings.seal_records)
        for number, part in enumerate(parts, 1):
            name = part_name(files.run, number, len(parts))
            if name in there:
                continue
            sealing = Sealing(
                files=files,
                start=start,
                end=end,
                part=number,
                parts=len(parts),
                records=sum(len(one.records) for one in part),
                names=tuple(one.name for one in part),
                before=self._before if files.run == self._run else None,
                after=clock.look(self._settings.ntp),
                is_late=files.run != self._run,
                custody=head_of(self._custody.data()),
                checkpoint=self._ledger.checkpoint(),
                heard=self._heard,
            )
            yield self._seal_part(name, part, sealing, keys)

    def _seal_part(self, name: str, part: list[SealedFile], sealing: Sealing, keys: SigningKeys) -> str:
        provenance = {RUN: run_json(sealing, self._settings)}
        if sealing.checkpoint is not None:
            provenance[PREVIOUS] = sealing.checkpoint
        lines: dict[str, Sha256] = {file: sha256_of(data) for file, data in provenance.items()}
        for one in part:
            lines[f"archive/{one.name}"] = one.digest
            lines.update(one.records)
        sums = write_sums(lines)
        signature = sign(sums, keys.certificate, keys.key)
        self._write(name, {**provenance, SUMS: sums, SIGNATURE: signature})
        seal = seal_of(self._collection, name)
        if (seal.sums, seal.signature) != (sums, signature):
            raise IntegrityError(f"the seal {name} does not read back as it was written", hint="Check disk and memory.")
        check_signature(
            seal.sums, seal.signature, [read_certificates(self._settings.keys / "root.crt")[0]], sealing.after.time
        )
        self._ledger.add(seal, keys)
        self._tell_sealed(name, log.read_checkpoint(self._ledger.checkpoint() or b"").size - 1)
        return name

    def _write(self, name: str, files: dict[str, bytes]) -> None:
        """Write a seal's folder, whole or not at all."""
        scratch = self._folder / f".{name}{_SCRATCH}"
        try:
            shutil.rmtree(scratch, ignore_errors=True)
            (scratch / "provenance").mkdir(parents=True)
            for file, data in files.items():
                write_whole(scratch / file, data)
            sync_folder(scratch)
            scratch.rename(self._folder / name)
            sync_folder(self._folder)
        except OSError as error:
            raise refused(scratch, error) from error
        except StorageError:
            shutil.rmtree(scratch, ignore_errors=True)
            raise

    def _tell_sealed(self, name: str, index: int) -> None:
        leaf = seal_of(self._collection, name).leaf.hex()
        self._custody.append(EventKind.SEALED, name, {"leaf": leaf, "index": str(index)})

    def _owe(self, run: str, reason: str) -> None:
        _log.warning("%s NOT sealed: %s", told_runs([run]), reason)
        self._tell_once(EventKind.SEAL_OWED, run, {"reason": reason})

    def _tell_once(self, kind: EventKind, subject: str, details: dict[str, str]) -> None:
        """Write an event down unless the very same was."""
        same = ((one.kind, one.subject, dict(one.details)) for one in self._events)
        if (kind, subject, details) not in same:
            self._events += (self._custody.append(kind, subject, details),)

    # --- time ------------------------------------------------------------------------------------------

    def stamp(self) -> int:
        """Ask for every token that is owed; gives how many came. An authority that is silent is asked once a call."""
        asked = [one for one in self._settings.authorities if not one.is_retired]
        silent: set[str] = set()
        came = 0
        for name in seal_names(self._collection):
            there = tokens_there(self._collection, name)
            wanted = [
                (stamped, one)
                for stamped in STAMPED
                if len(there[stamped]) < NEEDED
                for one in asked
                if one.name not in there[stamped] and one.name not in silent
            ]
            if wanted:
                came += self._stamp_seal(seal_of(self._collection, name), wanted, silent)
        return came

    def _stamp_seal(self, seal: Seal, wanted: list[tuple[str, Authority]], silent: set[str]) -> int:
        requests = [request_for(seal.sums if stamped == SUMS else seal.signature) for stamped, _ in wanted]
        answers = ask(
            [
                Question(url=one.url, body=request.body, timeout=one.timeout)
                for (_, one), request in zip(wanted, requests, strict=True)
            ]
        )
        came = 0
        for (stamped, authority), request, answer in zip(wanted, requests, answers, strict=True):
            details = {"authority": authority.name, "over": stamped}
            try:
                token, _ = _accepted(answer, request, authority)
            except VigilError as error:
                if not isinstance(answer, bytes):
                    silent.add(authority.name)
                _log.warning("seal %s has no time stamp of %s yet: %s", seal.name, authority.name, error)
                self._tell_once(EventKind.STAMP_OWED, seal.name, {**details, "reason": str(error)})
                continue
            write_whole(self._folder / seal.name / token_file(stamped, authority.name), token)
            self._custody.append(EventKind.STAMPED, seal.name, details)
            came += 1
        return came

    # --- publication -------------------------------------------------------------------------------------

    def publish(self) -> tuple[Publication, ...]:
        """Publish the newest checkpoint, and write down where it came newly, or did not come."""
        found = publish(self._collection, self._settings)
        note = self._ledger.checkpoint()
        for one in found:
            if one.problem is not None:
                self._tell_once(EventKind.PUBLISH_FAILED, one.name, {"reason": one.problem})
            elif one.is_new and note is not None:
                self._custody.append(EventKind.PUBLISHED, one.name, {"checkpoint": sha256_of(note)})
        return found


def _parts(files: list[SealedFile], most: int) -> list[list[SealedFile]]:
    """Group whole files so that no group has more than ``most`` records, where files allow."""
    parts: list[list[SealedFile]] = [[]]
    for one in files:
        if parts[-1] and sum(len(there.records) for there in parts[-1]) + len(one.records) > most:
            parts.append([])
        parts[-1].append(one)
    return parts


def try_authority(authority: Authority) -> Stamp:
    """Ask an authority for a stamp on chance, and say how it stamps.

    Raises:
        VigilError: none came that holds, and why.
    """
    request = request_for(secrets.token_bytes(32))
    (answer,) = ask([Question(url=authority.url, body=request.body, timeout=authority.timeout)])
    return _accepted(answer, request, authority)[1]


def _accepted(answer: bytes | VigilError, request: TokenRequest, authority: Authority) -> tuple[bytes, Stamp]:
    """Give the token in an answer that holds.

    Raises:
        VigilError: there is none, and why.
    """
    if not isinstance(answer, bytes):
        raise answer
    try:
        roots = read_certificates(authority.root)
    except OSError as error:
        raise StorageError(f"{authority.root.name}: {error.strerror}", hint="See [[authorities]] root.") from None
    pin = as_sha256(authority.pin) if authority.pin else None
    known = TimeAuthority(name=authority.name, roots=roots, pin=pin)
    return accept_answer(answer, request, known, now=datetime.now(UTC))
