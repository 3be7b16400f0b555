"""A capture becomes an evidence package: all is gathered, the export is logged, the package signed and stamped."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from archive.collection import Collection
from archive.config import Settings
from archive.errors import IntegrityError, UsageError, VigilError
from archive.evidence.asking import Question, ask
from archive.evidence.claim import Claim, facts_of_capture, name_of, spelled, write_claim
from archive.evidence.custody import Custody, EventKind
from archive.evidence.gather import Member, members_of
from archive.evidence.keys import SigningKeys, read_passphrase, read_signing
from archive.evidence.ledger import Ledger
from archive.evidence.log import read_checkpoint
from archive.evidence.package import LIST, Contents, Sealed, assemble, complete
from archive.evidence.papers import Paper, keep_paper
from archive.evidence.proving import Proof, Proofs, needed_roots, proof_or_refuse
from archive.evidence.seal import read_facts, token_name
from archive.evidence.segment import since
from archive.evidence.signature import fingerprint_of
from archive.evidence.tokens import accept_answer, request_for
from archive.evidence.trust import Trust, trust_of
from archive.model import Capture, Purpose, Route, Sha256, sha256_of
from archive.query import Archive
from archive.query.answers import StoredCapture

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for, and for whom: words of the person who exports."""

    stored: StoredCapture
    asked_for: str
    as_of: datetime | None
    case: str = ""
    recipient: str = ""
    purpose: str = ""
    allow_test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A package's files by name; ``warnings`` are what a lawyer must be told before it is used."""

    claim: Claim
    files: Mapping[str, bytes]
    warnings: tuple[str, ...]


Makers = Callable[[Archive, Contents], tuple[Mapping[str, bytes], Mapping[str, bytes], tuple[str, ...]]]
"""Makes the derived copies and the papers of a package; gives those, and why one could not be made."""


def export(collection: Collection, settings: Settings, archive: Archive, request: Request, makers: Makers) -> Exported:
    """Make the package of a capture, and log that it was given. The caller holds the collection's lock.

    Raises:
        UsageError: it is a capture of a test route, and ``allow_test`` is not set.
        NotFoundError: its run is not sealed, or there are no keys.
        IntegrityError: records, log or chain of custody are damaged.
        StorageError: the disk refused.
    """
    now = datetime.now(UTC)
    capture = request.stored.capture
    if archive.run(capture.run).route is Route.TEST and not request.allow_test:
        raise UsageError(
            "this is no capture of the real site, but one of a test route",
            hint="--allow-test makes a package that says so on every page.",
        )
    if capture.is_imported:
        raise UsageError(
            "others made this capture, so a package of ours cannot vouch for it",
            hint=f"Hand on the original file, {capture.record.file} in the archive folder; our seal proves its digest.",
        )
    keys = read_signing(settings.keys, read_passphrase(settings.passphrase_file), now)
    trust = trust_of(settings, collection)
    members = members_of(archive, collection, capture, with_page=True)
    proofs = _proofs(Proofs(collection, trust), members)
    main = proofs[_name_of_main(members, capture)]
    seals = tuple({proof.seal.name: proof.seal for proof in proofs.values()}.values())
    ledger = Ledger(collection)
    checkpoint = read_checkpoint(ledger.checkpoint() or b"")
    claim = _claim(archive, request, members, main, keys, now, len(_exports(collection)) + 1)
    contents = Contents(
        claim=claim,
        members=members,
        seals=tuple(Sealed(seal=seal, proof=ledger.proof(seal.name)) for seal in seals),
        leaves=ledger.leaves()[: checkpoint.size],
        trust=replace(trust, authorities=tuple(needed_roots(one, seals) for one in trust.authorities)),
        custody=b"",
        derived={},
        papers={},
    )
    custody = _logged(collection, claim, _oldest_head(ledger, contents), now)
    contents = replace(contents, custody=custody)
    derived, papers, problems = makers(archive, contents)
    files = complete(assemble(replace(contents, derived=derived, papers=papers)), keys)
    stamps, unstamped = _stamped(files[LIST], settings, contents.trust)
    warnings = (*_warnings(proofs), *_lacks(claim, capture), *problems, *unstamped)
    return Exported(claim=claim, files=files | stamps, warnings=warnings)


def _proofs(proofs: Proofs, members: tuple[Member, ...]) -> dict[str, Proof]:
    """Find the seal of each member: that of the run which its metadata, or its file's warcinfo, names."""
    runs = {}
    for member in members:
        for line in member.record.block.decode("utf-8", "replace").split("\r\n"):
            if member.record.type == "warcinfo" and line.startswith("vigil-run: "):
                runs[member.record.ref.record_id] = line.removeprefix("vigil-run: ")
    found = {}
    for member in members:
        record = member.record
        owner = record.ref.record_id if record.type == "warcinfo" else record.get("WARC-Warcinfo-ID") or ""
        proof = proof_or_refuse(proofs, runs.get(owner, ""), name_of(member))
        proof.require(member.data)
        found[name_of(member)] = proof
    return found


def _name_of_main(members: tuple[Member, ...], capture: Capture) -> str:
    return next(name_of(one) for one in members if one.record.ref.record_id == capture.record.record_id)


def _claim(
    archive: Archive,
    request: Request,
    members: tuple[Member, ...],
    proof: Proof,
    keys: SigningKeys,
    now: datetime,
    number: int,
) -> Claim:
    capture = request.stored.capture
    held = (one.capture for one in archive.captures(capture.url))
    others = [one.time for one in held if one.failure is None and not one.is_imported]
    before = max((time for time in others if time < capture.time), default=None)
    after = min((time for time in others if time > capture.time), default=None)
    return Claim(
        **facts_of_capture(members, capture),
        seal=proof.seal.name,
        proved_by=spelled(proof.proved_by.replace(microsecond=0)) if proof.proved_by else "",
        asked_for=request.asked_for,
        as_of=spelled(request.as_of) if request.as_of else "",
        capture_before=spelled(before) if before else "",
        capture_after=spelled(after) if after else "",
        archive=keys.certificate.subject.rfc4514_string(),
        number=str(number),
        exported_at=spelled(now),
        case=request.case,
        recipient=request.recipient,
        purpose=request.purpose,
    )


def _exports(collection: Collection) -> list[str]:
    return [event.subject for event in Custody(collection).events() if event.kind is EventKind.EXPORTED]


def _oldest_head(ledger: Ledger, contents: Contents) -> Sha256 | None:
    """Give the head of the chain that the first of the seals states, in the order of the log."""
    order = [leaf.name for leaf in ledger.leaves()]
    oldest = min(contents.seals, key=lambda one: order.index(one.seal.name))
    return read_facts(oldest.seal).custody


def _logged(collection: Collection, claim: Claim, head: Sha256 | None, now: datetime) -> bytes:
    """Log the export; gives the chain from ``head`` on. Who got it stays in the archive's own papers."""
    custody = Custody(collection)
    custody.events()
    since(custody.data(), head)
    data = write_claim(claim)
    keep_paper(collection, Paper.EXPORT, data)
    details = {"number": claim.number, "claim": sha256_of(data)}
    custody.append(EventKind.EXPORTED, f"package-{claim.number}", details, now=now)
    return since(custody.data(), head)


def _stamped(listed: bytes, settings: Settings, trust: Trust) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Ask the authorities to stamp the package's list; a package without these stamps is valid all the same."""
    asked = [one for one in settings.authorities if not one.is_retired]
    requests = [request_for(listed) for _ in asked]
    answers = ask(
        [
            Question(url=one.url, body=query.body, timeout=one.timeout)
            for one, query in zip(asked, requests, strict=True)
        ]
    )
    found, problems = {}, []
    for one, query, answer in zip(asked, requests, answers, strict=True):
        try:
            if not isinstance(answer, bytes):
                raise answer
            authority = trust.authority(one.name)
            if authority is None or not authority.roots:
                raise IntegrityError("it stamped none of the seals")
            found[f"{LIST}.{one.name}.tst"], _ = accept_answer(answer, query, authority, now=datetime.now(UTC))
        except VigilError as error:
            problems.append(f"the time of export is not stamped by {one.name}: {error}")
    return found, tuple(problems)


def _lacks(claim: Claim, capture: Capture) -> tuple[str, ...]:
    """Say that a page comes without what it needs to look as it did."""
    if claim.page_id or capture.purpose is not Purpose.POST or capture.status not in {200, 304}:
        return ()
    return ("the page is incomplete: it has no page record, so pictures and styles are not part of the package",)


def _warnings(proofs: Mapping[str, Proof]) -> tuple[str, ...]:
    told = []
    for proof in {one.seal.name: one for one in proofs.values()}.values():
        if len({token_name(name) for name, _ in proof.stamps}) < 4:
            told.append(f"seal {proof.seal.name} still lacks time stamps: a checker will refuse this package")
        if proof.is_test:
            told.append(f"seal {proof.seal.name} has stamps of a test authority, which prove nothing")
    return tuple(told)


def fingerprints(trust: Trust) -> tuple[tuple[str, Sha256], ...]:
    """Name what is to be compared with published fingerprints, by the words that checkers take."""
    roots = [("root", fingerprint_of(root)) for root in trust.roots]
    logs = [("log", sha256_of(str(key).encode())) for key in trust.log_keys]
    tsas = [("tsa", fingerprint_of(root)) for one in trust.authorities for root in one.roots]
    return (*roots, *logs, *tsas)
