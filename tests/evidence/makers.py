"""A small sealed archive, and the hands that tamper with it: an outsider's, and an insider's who holds our keys."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asn1crypto import tsp

from archive.collection import Collection
from archive.config import Authority, Settings, load_settings
from archive.evidence.authority import AuthorityServer, TestAuthority
from archive.evidence.keys import make_keys, read_signing
from archive.evidence.ledger import Ledger, seal_of
from archive.evidence.log import sign_checkpoint
from archive.evidence.members import read_file, runs_of
from archive.evidence.merkle import leaf_hash, root_of
from archive.evidence.seal import SIGNATURE, STAMPED, SUMS, read_sums, token_file, write_sums
from archive.evidence.sealing import finish
from archive.evidence.signature import sign
from archive.evidence.trust import Trust, trust_of
from archive.model import sha256_of
from archive.verify import Finding, Round
from tests.cli.archives import build

NAMES = ("tsa1", "tsa2")


def now() -> datetime:
    return datetime.now(UTC)


def settings_of(folder: Path, authorities: tuple[Authority, ...] = ()) -> Settings:
    """Settings of an archive in ``folder``, with its keys there."""
    plain = load_settings(config=None, flags={"collection": str(folder / "collection")}, environ={})
    return replace(plain, keys=folder / "keys", operator="The Imaginary Archive", authorities=authorities)


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A sealed archive, its keys, the authorities that stamped it, and a checkpoint kept elsewhere."""

    folder: Path
    settings: Settings
    authorities: tuple[TestAuthority, ...]
    published: bytes

    @property
    def collection(self) -> Collection:
        return Collection(self.folder / "collection")

    @property
    def trust(self) -> Trust:
        """The keys to check by, from outside the archive."""
        return trust_of(self.settings, self.collection)

    @property
    def names(self) -> list[str]:
        """The seals in the order of the log."""
        return [leaf.name for leaf in Ledger(self.collection).leaves()]

    def seal(self, number: int = 1) -> Path:
        return self.collection.root / "seals" / self.names[number]

    def copied(self, folder: Path) -> "Sealed":
        """Copy it to where it may be tampered with."""
        shutil.copytree(self.folder, folder)
        for path in (folder / "collection").rglob("*"):
            if path.is_file():
                path.chmod(0o644)
        authorities = tuple(replace(one, root=folder / one.root.name) for one in self.settings.authorities)
        settings = replace(
            self.settings, collection=folder / "collection", keys=folder / "keys", authorities=authorities
        )
        return replace(self, folder=folder, settings=settings)

    def found(self, *, is_published: bool = False, trust: Trust | None = None) -> list[Finding]:
        """What verify finds; ``is_published`` when it has the checkpoint that was kept elsewhere."""
        given = trust or self.trust
        if is_published:
            given = replace(given, published=(("the notary", self.published),))
        return list(Round(self.collection, given).findings())

    def checks(self, *, is_published: bool = False) -> set[str]:
        return {finding.check for finding in self.found(is_published=is_published)}

    # --- an insider's hands -----------------------------------------------------------------------------

    def resign(self, number: int = 1) -> None:
        """Write the list of a seal anew from what lies there now, and sign it with our key."""
        seal = seal_of(self.collection, self.names[number])
        lines = {name: sha256_of(data) for name, data in seal.provenance}
        for name in read_sums(seal.sums):
            if name.startswith("archive/"):
                file = read_file(self.collection.warcs / name.removeprefix("archive/"))
                lines[name] = file.digest
                lines.update(file.records)
        self.put_list(write_sums(lines), number)

    def put_list(self, sums: bytes, number: int = 1) -> None:
        keys = read_signing(self.settings.keys, None, now())
        (self.seal(number) / SUMS).write_bytes(sums)
        (self.seal(number) / SIGNATURE).write_bytes(sign(sums, keys.certificate, keys.key))

    def restamp(self, number: int = 1, *, at: datetime | None = None, who: tuple[int, ...] = (0, 1)) -> None:
        """Have authorities stamp a seal anew, at whatever time they are told."""
        for stamped in STAMPED:
            data = (self.seal(number) / stamped).read_bytes()
            for one in who:
                (self.seal(number) / token_file(stamped, NAMES[one])).write_bytes(
                    token_of(self.authorities[one], data, at)
                )

    def relog(self) -> None:
        """Write the whole log anew from the seals as they are, with our log key."""
        ledger = Ledger(self.collection)
        names = self.names
        leaves = [leaf_hash((self.collection.root / "seals" / name / SUMS).read_bytes()) for name in names]
        lines = "".join(f"{leaf.hex()} {name}\n" for leaf, name in zip(leaves, names, strict=True))
        (ledger.folder / "leaves").write_text(lines)
        for number in range(1, len(leaves) + 1):
            self.put_checkpoint(number, leaves)

    def put_checkpoint(self, number: int, leaves: list[bytes]) -> bytes:
        keys = read_signing(self.settings.keys, None, now())
        note = sign_checkpoint(number, root_of(leaves[:number]), keys.log.name, keys.log_key)
        (Ledger(self.collection).folder / f"checkpoint.{number}").write_bytes(note)
        if number == len(leaves):
            (Ledger(self.collection).folder / "checkpoint").write_bytes(note)
        return note


def token_of(authority: TestAuthority, data: bytes, at: datetime | None = None) -> bytes:
    """Make a token over data, by the clock that the forger likes."""
    clock, authority.clock = authority.clock, (lambda: at) if at else authority.clock
    try:
        imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes.fromhex(sha256_of(data))}
        return bytes(authority.token(tsp.MessageImprint(imprint), None).dump())
    finally:
        authority.clock = clock


@contextmanager
def serving(folder: Path, *authorities: TestAuthority) -> Iterator[tuple[Authority, ...]]:
    """Serve authorities, and give what vigil.toml says of them."""
    servers = [AuthorityServer(one) for one in authorities]
    entries = []
    for server in servers:
        root = server.write_root(folder / f"{server.authority.name}-{os.urandom(3).hex()}.pem")
        entries.append(Authority(name=server.authority.name, url=server.url, root=root, timeout=5))
        server.__enter__()
    try:
        yield tuple(entries)
    finally:
        for server in servers:
            server.__exit__()


def build_sealed(folder: Path, build: Callable[[Path], Collection] = build) -> Sealed:
    """Lay down three nights of an invented blog and seal them one by one."""
    folder.mkdir(exist_ok=True)
    collection = build(folder / "collection")
    began = now() - timedelta(days=30)
    make_keys(
        folder / "keys", owner="The Imaginary Archive", log_name="archive.example/log", passphrase=None, now=began
    )
    authorities = tuple(map(TestAuthority, NAMES))
    with serving(folder, *authorities) as entries:
        settings = settings_of(folder, entries)
        outcome = finish(collection, settings)
    assert len(outcome.sealed) == len(runs_of(collection)) == 3
    assert not outcome.owed.pending
    published = Ledger(collection).checkpoint()
    assert published
    return Sealed(folder=folder, settings=settings, authorities=authorities, published=published)
