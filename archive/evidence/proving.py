"""By which seal a capture is proved, and from when on: for people who ask, and for packages."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from archive.collection import Collection
from archive.errors import IntegrityError, NotFoundError, VigilError
from archive.evidence.ledger import seal_names, seal_of
from archive.evidence.seal import SIGNATURE, SUMS, Seal, read_sums, record_name, token_name
from archive.evidence.signature import check_signature
from archive.evidence.tokens import Stamp, TimeAuthority, check_token
from archive.evidence.trust import Trust
from archive.model import Capture, CaptureKind, Sha256, sha256_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The seal that lists a record, and its stamps by file name; tokens that do not hold are left out.

    ``digest`` is that of the record's gzip member, as it was sealed.
    """

    seal: Seal
    stamps: tuple[tuple[str, Stamp], ...]
    digest: Sha256

    @property
    def proved_by(self) -> datetime | None:
        """The earliest time at which an authority had seen the sealed list; ``None`` while no stamp has come."""
        return min((stamp.time for name, stamp in self.stamps if token_name(name)[0] == SUMS), default=None)

    def require(self, data: bytes) -> None:
        """Make sure that a gzip member is, to the last byte, what was sealed.

        Raises:
            IntegrityError: it is not.
        """
        if sha256_of(data) != self.digest:
            raise IntegrityError(
                f"the record is not the one that the seal {self.seal.name} lists",
                hint="Run vigil verify, and bring the WARC file back from a copy.",
            )

    @property
    def is_test(self) -> bool:
        """Whether a test authority gave any of the stamps, which then prove nothing."""
        return any(stamp.is_test for _, stamp in self.stamps)


class Proofs:
    """Finds the seals of records; each seal is read once."""

    def __init__(self, collection: Collection, trust: Trust) -> None:
        self._collection = collection
        self._trust = trust
        self._names = seal_names(collection)
        self._known: dict[str, tuple[Seal, tuple[tuple[str, Stamp], ...], dict[str, Sha256]]] = {}

    def of(self, capture: Capture) -> Proof | None:
        """Give the proof of a capture; ``None`` where its run is not sealed yet.

        Raises:
            IntegrityError: a seal cannot be read, or its list is not signed by the archive.
        """
        kind = "response" if capture.kind is CaptureKind.RESPONSE else "revisit"
        kind = "metadata" if capture.kind is CaptureKind.FAILURE else kind
        return self.of_record(capture.run, record_name(kind, capture.record.record_id))

    def of_record(self, run: str, name: str) -> Proof | None:
        """Give the proof of a run's record by its name in the list.

        Raises:
            IntegrityError: a seal cannot be read, or its list is not signed by the archive.
        """
        for seal in self._names:
            if seal == run or seal.startswith(f"{run}.part"):
                read, stamps, lines = self._read(seal)
                if name in lines:
                    return Proof(seal=read, stamps=stamps, digest=lines[name])
        return None

    def _read(self, name: str) -> tuple[Seal, tuple[tuple[str, Stamp], ...], dict[str, Sha256]]:
        if name not in self._known:
            seal = seal_of(self._collection, name)
            stamps = tuple((file, stamp) for file, token in seal.tokens if (stamp := self._stamp(seal, file, token)))
            if self._trust.roots:
                signed = [stamp.time for file, stamp in stamps if token_name(file)[0] == SIGNATURE]
                check_signature(seal.sums, seal.signature, self._trust.roots, min(signed, default=datetime.now(UTC)))
            self._known[name] = seal, stamps, read_sums(seal.sums)
        return self._known[name]

    def _stamp(self, seal: Seal, file: str, token: bytes) -> Stamp | None:
        try:
            authority = self._trust.authority(token_name(file)[1])
            if authority is None:
                return None
            return check_token(token, seal.stamped(file), authority, now=datetime.now(UTC))
        except IntegrityError:
            return None


def proof_or_refuse(proofs: Proofs, run: str, name: str) -> Proof:
    """Give the proof of a record.

    Raises:
        NotFoundError: its run is not sealed.
    """
    proof = proofs.of_record(run, name)
    if proof is None:
        raise NotFoundError(
            f"run {run} is not sealed, so nothing can be proved of it yet", hint="Finish what is owed: vigil seal."
        )
    return proof


def needed_roots(authority: TimeAuthority, seals: tuple[Seal, ...]) -> TimeAuthority:
    """Keep of an authority's roots those that a token of these seals leads to."""

    def holds(root: TimeAuthority) -> bool:
        for seal in seals:
            for file, token in seal.tokens:
                try:
                    if token_name(file)[1] == authority.name:
                        check_token(token, seal.stamped(file), root, now=datetime.now(UTC))
                        return True
                except VigilError:
                    continue
        return False

    kept = tuple(root for root in authority.roots if holds(replace(authority, roots=(root,))))
    return replace(authority, roots=kept)
