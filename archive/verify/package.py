"""Checks of an evidence package: the same eight, in the same order, as its verify.sh and verify.html make."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from archive.errors import IntegrityError
from archive.evidence.claim import SEALED, Claim, spelled
from archive.evidence.custody import EventKind
from archive.evidence.keys import log_fingerprint
from archive.evidence.log import LogProof, check_proof, read_proof
from archive.evidence.owed import NEEDED
from archive.evidence.package import LIST, LIST_SIGNATURE, WARC, Packed
from archive.evidence.seal import STAMPED, SUMS, read_sums
from archive.evidence.segment import check_segment
from archive.evidence.signature import check_signature, fingerprint_of
from archive.evidence.tokens import AGREEMENT, Stamp, check_token
from archive.model import Sha256, sha256_of
from archive.verify.findings import Finding, check
from archive.verify.packaged import check_published, damages, facts, is_of_its_run
from archive.verify.packed import PackageScope, PackedSeal, Published, export_tokens, open_package

_AGAIN = "Ask the archive for the package again, and compare both."


def check_package(packed: Packed, published: Published, now: datetime) -> tuple[Finding, ...]:
    """Make every check of a package; ``now`` is the time after which no token may be dated."""
    scope = open_package(packed, published, now)
    found = []
    for one in PACKAGE_CHECKS:
        found += list(one(scope))
    return tuple(found)


@check
def package_trust(scope: PackageScope) -> Iterator[Finding]:
    """The package's root certificate, log key and time authorities' roots are those that were published.

    They are compared with fingerprints from outside the package, where these are given; without them this check says
    only that there are keys to check by.
    """
    yield from _faults(scope, "package-trust")
    if len(scope.roots) != 1:
        yield _about("package-trust", "trust/root.crt", f"{len(scope.roots)} certificates", "one root")
    if len({key.name for key in scope.log_keys}) != 1:
        yield _about("package-trust", "trust/log.vkey", "not the keys of one log", "a line for each key of the log")
    published = scope.published
    told: list[tuple[str, Sha256, frozenset[Sha256]]] = [
        *(("trust/root.crt", fingerprint_of(root), published.root) for root in scope.roots),
        *(("trust/log.vkey", log_fingerprint(key), published.log) for key in scope.log_keys),
    ]
    for name, authority in sorted(scope.authorities.items()):
        told += [(f"trust/tsa-{name}.pem", fingerprint_of(root), published.tsa) for root in authority.roots]
    for file, digest, known in told:
        if known and digest not in known:
            yield _about("package-trust", file, f"a key with sha256:{digest}", "a key that was published")


@check
def package_files(scope: PackageScope) -> Iterator[Finding]:
    """The package holds exactly the files of its own list, unchanged: none more, none less, no links."""
    for name in scope.odd:
        yield _about("package-files", name, "a link, or a name that stands there twice", "plain files only")
    listed = scope.files.get(LIST)
    if listed is None:
        yield _about("package-files", LIST, "no list of the files", "the list of the files")
        return
    try:
        lines = read_sums(listed)
    except IntegrityError as error:
        yield _about("package-files", LIST, str(error), "a sorted list of digests")
        return
    own = {LIST, LIST_SIGNATURE, *(f"{LIST}.{name}.tst" for name in export_tokens(scope))}
    there = {name: sha256_of(data) for name, data in scope.files.items() if name not in own}
    for name in sorted(there.keys() | lines.keys()):
        if there.get(name) != lines.get(name):
            yield _about("package-files", name, _digest(there.get(name)), _digest(lines.get(name)))


@check
def package_tokens(scope: PackageScope) -> Iterator[Finding]:
    """Two independent time authorities stamped each seal's list and signature, and their times agree.

    A token holds when its certificate is for time stamps, leads to the authority's root in ``trust/`` and was valid at
    the token's own time, when it is over these very bytes, and is not dated in the future. Times may lie ten minutes
    apart, but for a token of which the chain of custody tells that it came late.
    """
    seen: dict[str, str] = {}
    for name, authority in sorted(scope.authorities.items()):
        for root in authority.roots:
            other = seen.setdefault(fingerprint_of(root), name)
            if other != name:
                yield _about("package-tokens", f"trust/tsa-{name}.pem", f"the root of {other}", "a root of its own")
    for one in scope.seals:
        yield from _seal_tokens(scope, one)
    listed = scope.files.get(LIST, b"")
    for name, token in export_tokens(scope).items():
        yield from _export_token(scope, name, token, listed)


@check
def package_signatures(scope: PackageScope) -> Iterator[Finding]:
    """Each seal's list, and the package's own list, are signed with a certificate that the root issued.

    A seal's certificate must have been valid when the signature was stamped; the package's, when it was exported.
    """
    yield from _faults(scope, "package-signatures")
    if not scope.seals:
        yield _about("package-signatures", "seals/", "no seal", "the seal of each record")
    signed = []
    for one in scope.seals:
        when = one.proved_by(STAMPED[1]) or scope.now
        signed.append((f"seals/{one.seal.name}/{SUMS}", one.seal.sums, one.seal.signature, when))
    files, claim = scope.files, scope.claim
    exported = _time(claim.exported_at if claim else "") or scope.now
    signed.append((LIST, files.get(LIST, b""), files.get(LIST_SIGNATURE, b""), exported))
    for name, data, signature, when in signed:
        try:
            check_signature(data, signature, scope.roots, when)
        except IntegrityError as error:
            yield _about("package-signatures", name, str(error), "a signature under the root")


@check
def package_sealed(scope: PackageScope) -> Iterator[Finding]:
    """Every record is in the list of a seal, as it was sealed, and so is every file of provenance."""
    yield from _faults(scope, "package-sealed")
    listed: dict[str, Sha256] = {}
    for one in scope.seals:
        name = one.seal.name
        try:
            lines = read_sums(one.seal.sums)
        except IntegrityError as error:
            yield _about("package-sealed", f"seals/{name}/{SUMS}", str(error), "a list as a seal writes it")
            continue
        if not any(record in lines for record in scope.members):
            yield _about("package-sealed", f"seals/{name}", "a seal of none of the records", "their seals only")
        listed |= lines
        there = {file: sha256_of(data) for file, data in one.seal.provenance}
        stated = {file: digest for file, digest in lines.items() if file.startswith("provenance/")}
        for file in sorted(there.keys() | stated.keys()):
            if there.get(file) != stated.get(file):
                found, expected = _digest(there.get(file)), _digest(stated.get(file))
                yield _about("package-sealed", f"seals/{name}/{file}", found, expected)
    for record, member in scope.members.items():
        if listed.get(record) != sha256_of(member.data):
            yield _about("package-sealed", record, _digest(sha256_of(member.data)), _digest(listed.get(record)))


@check
def package_records(scope: PackageScope) -> Iterator[Finding]:
    """The WARC file is exactly the records, no part of the capture is left out, and the claim says what they say.

    The sealed metadata record names every record of its capture, the certificates shown and, for a revisit, the
    original; the page record names every capture that the page needs. All must be there whole, and nothing else. URL,
    time, address, ids, digest, run, route and seal in the claim must be those of the records, ``proved_by`` the
    earliest time stamp, and the capture not later than that.
    """
    yield from _faults(scope, "package-records")
    names = sorted(name for name in scope.files if name.startswith("records/"))
    if not names or b"".join(scope.files[name] for name in names) != scope.files.get(WARC):
        yield _about("package-records", WARC, "other bytes than those of the records", "the records, one by one")
    for what in damages(scope.members, scope.claim):
        yield _about("package-records", "records/", what, "every record of the capture and nothing else")
    if scope.claim is not None:
        yield from _claimed(scope, scope.claim)
    for one in scope.seals:
        if not is_of_its_run(one):
            found = "provenance of another run"
            yield _about("package-records", f"seals/{one.seal.name}", found, "provenance of the run that it names")


def _claimed(scope: PackageScope, claim: Claim) -> Iterator[Finding]:
    told, actual = asdict(claim), facts(scope)
    for field in (*SEALED, "seal", "proved_by"):
        if actual.get(field) != told[field]:
            found = f"{field} is {told[field]!r}"
            yield _about("package-records", "claim.json", found, f"{actual.get(field)!r}, as the records say")
    captured, proved = _time(claim.captured_at), _time(claim.proved_by)
    if captured and proved and captured > proved + AGREEMENT:
        found = f"captured {claim.captured_at}, after it was stamped"
        yield _about("package-records", "claim.json", found, "a capture before its time stamps")


@check
def package_log(scope: PackageScope) -> Iterator[Finding]:
    """Each seal is in the archive's log, and the log is the one whose checkpoint was published.

    Without a checkpoint from outside, only the log key vouches for the log.
    """
    proofs: dict[bytes, LogProof] = {}
    for one in scope.seals:
        try:
            check_proof(one.proof, one.seal.sums, scope.log_keys)
            proofs[read_proof(one.proof).checkpoint] = read_proof(one.proof)
        except IntegrityError as error:
            yield _about("package-log", f"seals/{one.seal.name}", str(error), "a proof that the log holds it")
    if len(proofs) > 1:
        yield _about("package-log", "seals/", "proofs of several states of the log", "one checkpoint")
    elif proofs and scope.published.checkpoint is not None:
        try:
            check_published(scope, next(iter(proofs.values())), scope.published.checkpoint)
        except IntegrityError as error:
            yield _about("package-log", "log-leaves", str(error), "the log whose checkpoint was published")


@check
def package_custody(scope: PackageScope) -> Iterator[Finding]:
    """The chain of custody is whole from what the oldest seal states to the export of this very claim."""
    heads = tuple(one.custody for one in scope.seals)
    try:
        check_segment(scope.files.get("custody.jsonl", b""), heads or (None,), scope.files.get("claim.json", b""))
    except IntegrityError as error:
        yield _about("package-custody", "custody.jsonl", str(error), "a chain without a break")


PACKAGE_CHECKS: tuple[Callable[[PackageScope], Iterator[Finding]], ...] = (
    package_trust,
    package_files,
    package_tokens,
    package_signatures,
    package_sealed,
    package_records,
    package_log,
    package_custody,
)


def _seal_tokens(scope: PackageScope, one: PackedSeal) -> Iterator[Finding]:
    for file, stamp in one.stamps:
        if not isinstance(stamp, Stamp):
            yield _about("package-tokens", f"seals/{one.seal.name}/{file}", str(stamp), "a token that holds")
    for stamped in STAMPED:
        times = one.times(stamped)
        if len(times) < NEEDED:
            found = f"time stamps of {len(times)} authorities"
            yield _about("package-tokens", f"seals/{one.seal.name}/{stamped}", found, f"{NEEDED} authorities")
        prompt = [time for who, time in times.items() if not _is_late(scope, one.seal.name, stamped, who)]
        if prompt and max(prompt) - min(prompt) > AGREEMENT:
            found = f"time stamps from {spelled(min(prompt))} to {spelled(max(prompt))}"
            yield _about("package-tokens", f"seals/{one.seal.name}/{stamped}", found, "ten minutes at most")


def _is_late(scope: PackageScope, seal: str, stamped: str, who: str) -> bool:
    """Tell whether the chain of custody tells of that token that it was owed."""
    details = f'"details":{{"authority":"{who}","over":"{stamped}"'
    event = f'"kind":"{EventKind.STAMP_OWED.value}","subject":"{seal}",{details}'
    return event.encode() in scope.files.get("custody.jsonl", b"")


def _export_token(scope: PackageScope, name: str, token: bytes, listed: bytes) -> Iterator[Finding]:
    file = f"{LIST}.{name}.tst"
    authority = scope.authorities.get(name)
    exported = _time(scope.claim.exported_at if scope.claim else "")
    try:
        if authority is None:
            raise IntegrityError("trust/ has no root for it")
        stamp = check_token(token, listed, authority, now=scope.now)
        if exported is None or abs(stamp.time - exported) > AGREEMENT:
            raise IntegrityError(f"it is of {spelled(stamp.time)}")
    except IntegrityError as error:
        yield _about("package-tokens", file, str(error), "a token of the time of export")


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else None


def _faults(scope: PackageScope, check_id: str) -> Iterator[Finding]:
    for what in scope.faults.get(check_id, ()):
        yield _about(check_id, "package", what, "what a package holds")


def _digest(digest: Sha256 | None) -> str:
    return f"sha256:{digest}" if digest else "no such file"


def _about(check_id: str, file: str, found: str, expected: str) -> Finding:
    return Finding(check=check_id, file=file, found=found, expected=expected, hint=_AGAIN)
