"""What checks of an evidence package look at, read once; nothing in it is believed yet."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from archive.errors import DamagedRecordError, IntegrityError, VigilError
from archive.evidence.claim import Claim, read_claim
from archive.evidence.gather import Member
from archive.evidence.log import LogKey, parse_key, read_proof
from archive.evidence.package import LIST, Packed
from archive.evidence.seal import RUN, SIGNATURE, SUMS, Seal, read_facts, token_name
from archive.evidence.tokens import Stamp, TimeAuthority, check_token
from archive.model import Sha256
from archive.warc.reader import read_member

_RECORD = re.compile(r"records/[0-9]{3,6}-([a-z]+-[0-9a-f-]{36}\.warc\.gz)")
_SEAL_FILE = re.compile(r"seals/([A-Za-z0-9][A-Za-z0-9._-]*)/(.+)")
_PACKAGE_TOKEN = re.compile(rf"{re.escape(LIST)}\.([a-z0-9-]{{1,32}})\.tst")
PROOF = "log.tlog-proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was told from outside the package: fingerprints by role (``root``, ``log``, ``tsa``), and a checkpoint."""

    root: frozenset[Sha256] = frozenset()
    log: frozenset[Sha256] = frozenset()
    tsa: frozenset[Sha256] = frozenset()
    checkpoint: bytes | None = field(default=None, repr=False)

    @property
    def is_told(self) -> bool:
        """Whether there are fingerprints to compare with."""
        return bool(self.root or self.log or self.tsa)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedSeal:
    """A seal in a package: its files, its place in the log by its own proof, and its tokens' stamps or faults."""

    seal: Seal
    proof: bytes
    index: int
    custody: Sha256 | None
    stamps: tuple[tuple[str, Stamp | IntegrityError], ...]

    def times(self, stamped: str) -> dict[str, datetime]:
        """Give the times of the tokens that hold, by authority, over the list or over its signature."""
        held = ((token_name(name), stamp) for name, stamp in self.stamps if isinstance(stamp, Stamp))
        return {who: stamp.time for (what, who), stamp in held if what == stamped}

    def proved_by(self, stamped: str) -> datetime | None:
        """Give the earliest of these."""
        return min(self.times(stamped).values(), default=None)


@dataclass(slots=True, kw_only=True)
class PackageScope:
    """A package as checks look at it; what cannot be read is missing here, and ``faults`` says why, check by check."""

    files: Mapping[str, bytes]
    odd: tuple[str, ...]
    published: Published
    now: datetime
    roots: tuple[x509.Certificate, ...] = ()
    log_keys: tuple[LogKey, ...] = ()
    authorities: dict[str, TimeAuthority] = field(default_factory=dict)
    claim: Claim | None = None
    members: dict[str, Member] = field(default_factory=dict)
    seals: tuple[PackedSeal, ...] = ()
    faults: dict[str, list[str]] = field(default_factory=dict)

    def fault(self, check: str, what: str) -> None:
        """Note what cannot be read, for the check that is to say so."""
        self.faults.setdefault(check, []).append(what)


def open_package(packed: Packed, published: Published, now: datetime) -> PackageScope:
    """Read what can be read of a package."""
    scope = PackageScope(files=packed.files, odd=packed.odd, published=published, now=now)
    _read_trust(scope)
    try:
        scope.claim = read_claim(scope.files.get("claim.json", b""))
    except IntegrityError as error:
        scope.fault("package-records", str(error))
    for name, data in sorted(scope.files.items()):
        if name.startswith("records/"):
            _read_record(scope, name, data)
    seals = [_read_seal(scope, name) for name in _seal_names(scope)]
    scope.seals = tuple(sorted(seals, key=lambda one: one.index))
    return scope


def export_tokens(scope: PackageScope) -> dict[str, bytes]:
    """Give the tokens over the package's own list, by authority."""
    return {found[1]: data for name, data in scope.files.items() if (found := _PACKAGE_TOKEN.fullmatch(name))}


def _read_trust(scope: PackageScope) -> None:
    try:
        scope.roots = tuple(x509.load_pem_x509_certificates(scope.files.get("trust/root.crt", b"")))
    except (ValueError, x509.InvalidVersion):
        scope.fault("package-trust", "trust/root.crt holds no certificate")
    try:
        text = scope.files.get("trust/log.vkey", b"").decode("ascii")
        scope.log_keys = tuple(map(parse_key, text.splitlines()))
    except (UnicodeDecodeError, IntegrityError):
        scope.fault("package-trust", "trust/log.vkey holds no key")
    for name, data in scope.files.items():
        if name.startswith("trust/tsa-") and name.endswith(".pem"):
            who = name.removeprefix("trust/tsa-").removesuffix(".pem")
            try:
                roots = tuple(x509.load_pem_x509_certificates(data))
            except (ValueError, x509.InvalidVersion):
                scope.fault("package-trust", f"{name} holds no certificate")
                continue
            scope.authorities[who] = TimeAuthority(name=who, roots=roots)


def _read_record(scope: PackageScope, name: str, data: bytes) -> None:
    found = _RECORD.fullmatch(name)
    if found is None:
        scope.fault("package-sealed", f"{name} is no name of a record")
        return
    try:
        record = read_member(name, data)
    except DamagedRecordError as error:
        scope.fault("package-records", str(error))
        return
    scope.members[f"records/{found[1]}"] = Member(record=record, data=data)


def _seal_names(scope: PackageScope) -> list[str]:
    return sorted({found[1] for name in scope.files if (found := _SEAL_FILE.fullmatch(name))})


def _read_seal(scope: PackageScope, name: str) -> PackedSeal:
    top = f"seals/{name}/"
    its = {file.removeprefix(top): data for file, data in scope.files.items() if file.startswith(top)}
    for required in (SUMS, SIGNATURE, RUN, PROOF):
        if required not in its:
            scope.fault("package-signatures", f"the seal {name} has no {required}")
    seal = Seal(
        name=name,
        sums=its.get(SUMS, b""),
        signature=its.get(SIGNATURE, b""),
        tokens=tuple(sorted((file, data) for file, data in its.items() if file.endswith(".tst"))),
        provenance=tuple(sorted((file, data) for file, data in its.items() if file.startswith("provenance/"))),
    )
    known = {SUMS, SIGNATURE, PROOF, *dict(seal.tokens), *dict(seal.provenance)}
    for file in sorted(its.keys() - known):
        scope.fault("package-sealed", f"seals/{name}/{file} is no part of a seal")
    proof = its.get(PROOF, b"")
    return PackedSeal(
        seal=seal,
        proof=proof,
        index=_index(proof),
        custody=_custody(scope, seal),
        stamps=tuple((file, _stamp(scope, seal, file, token)) for file, token in seal.tokens),
    )


def _index(proof: bytes) -> int:
    try:
        return read_proof(proof).index
    except IntegrityError:
        return -1


def _custody(scope: PackageScope, seal: Seal) -> Sha256 | None:
    try:
        return read_facts(seal).custody
    except VigilError as error:
        scope.fault("package-sealed", str(error))
        return None


def _stamp(scope: PackageScope, seal: Seal, file: str, token: bytes) -> Stamp | IntegrityError:
    try:
        authority = scope.authorities.get(token_name(file)[1])
        if authority is None:
            return IntegrityError(f"trust/ has no root for {file}")
        return check_token(token, seal.stamped(file), authority, now=scope.now)
    except IntegrityError as error:
        return error
