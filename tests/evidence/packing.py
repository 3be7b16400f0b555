"""An evidence package, and the hands that tamper with it: an outsider's, and an insider's who holds our keys."""

import gzip
import re
import subprocess
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from archive.evidence.claim import read_claim, write_claim
from archive.evidence.exporting import Request, export, fingerprints
from archive.evidence.keys import SigningKeys, read_signing
from archive.evidence.ledger import seal_of
from archive.evidence.log import prove, sign_checkpoint
from archive.evidence.merkle import leaf_hash, root_of
from archive.evidence.package import LIST, LIST_SIGNATURE, WARC, Packed, complete, shipped, write_package
from archive.evidence.seal import SIGNATURE, STAMPED, SUMS, read_sums, token_file, write_sums
from archive.evidence.signature import sign
from archive.evidence.trust import trust_of
from archive.model import sha256_of
from archive.query import Archive
from archive.verify.package import check_package
from archive.verify.packed import Published
from tests.evidence.makers import NAMES, Sealed, now, serving, token_of

SEAL = "seals/run-2"
CHECKS = {
    "1": "package-trust",
    "2": "package-files",
    "3": "package-tokens",
    "4": "package-signatures",
    "5": "package-sealed",
    "6": "package-records",
    "7": "package-log",
    "8": "package-custody",
}


@dataclass(kw_only=True)
class Bench:
    """A package on the work bench: its files, and the archive whose keys an insider has."""

    sealed: Sealed
    stamped: datetime
    files: dict[str, bytes]
    links: dict[str, str] = field(default_factory=dict)
    is_checkpoint_told: bool = True

    @property
    def keys(self) -> SigningKeys:
        return read_signing(self.sealed.settings.keys, None, now())

    def published(self, *, with_checkpoint: bool = True) -> Published:
        told = fingerprints(trust_of(self.sealed.settings, self.sealed.collection))
        return Published(
            root=frozenset(digest for role, digest in told if role == "root"),
            log=frozenset(digest for role, digest in told if role == "log"),
            tsa=frozenset(digest for role, digest in told if role == "tsa"),
            checkpoint=self.sealed.published if with_checkpoint else None,
        )

    # --- what the checkers say ---------------------------------------------------------------------------

    def found(self, published: Published | None = None) -> set[str]:
        packed = Packed(files=self.files, odd=tuple(self.links))
        told = published or self.published(with_checkpoint=self.is_checkpoint_told)
        return {finding.check for finding in check_package(packed, told, now())}

    def write(self, folder: Path) -> Path:
        write_package(self.files, folder)
        for name, target in self.links.items():
            (folder / name).symlink_to(target)
        return folder

    def words(self, folder: Path) -> list[str]:
        """What is told to verify.sh from outside."""
        checkpoint = folder / "checkpoint"
        checkpoint.write_bytes(self.sealed.published)
        told = fingerprints(trust_of(self.sealed.settings, self.sealed.collection))
        words = [f"{role}={digest}" for role, digest in told]
        return [*words, f"checkpoint={checkpoint}"] if self.is_checkpoint_told else words

    # --- hands ----------------------------------------------------------------------------------------------

    def record(self, kind: str) -> str:
        """The file of the capture's own record of that kind."""
        return max(name for name in self.files if re.fullmatch(rf"records/\d+-{kind}-.*", name))

    def relist(self) -> None:
        """An outsider makes the list anew; he cannot sign, and takes away the stamps that no longer fit."""
        signature = self.files[LIST_SIGNATURE]
        for name in [name for name in self.files if name.startswith(LIST)]:
            del self.files[name]
        self.files[LIST] = write_sums({name: sha256_of(data) for name, data in self.files.items()})
        self.files[LIST_SIGNATURE] = signature

    def resign(self) -> None:
        """An insider lists and signs the package anew."""
        self.files = {name: data for name, data in self.files.items() if not name.startswith(LIST)}
        self.files = complete(self.files, self.keys)

    def rewarc(self) -> None:
        """Make the WARC file from the records as they are."""
        self.files[WARC] = b"".join(self.files[name] for name in sorted(self.files) if name.startswith("records/"))

    def alter(self, name: str, old: bytes, new: bytes) -> None:
        """Change a record, and every digest in it, so that it is right in itself."""
        whole = gzip.decompress(self.files[name]).replace(old, new)
        header, block = whole.removesuffix(b"\r\n\r\n").split(b"\r\n\r\n", 1)
        header = re.sub(rb"(WARC-Block-Digest: sha256:)\w+", rb"\g<1>" + sha256_of(block).encode(), header)
        header = re.sub(rb"(Content-Length: )\d+", rb"\g<1>%d" % len(block), header)
        payload = block.split(b"\r\n\r\n", 1)[-1]
        header = re.sub(rb"(WARC-Payload-Digest: sha256:)\w+", rb"\g<1>" + sha256_of(payload).encode(), header)
        self.files[name] = gzip.compress(header + b"\r\n\r\n" + block + b"\r\n\r\n", mtime=0)
        self.rewarc()

    def claim(self, **changes: str) -> None:
        """Change the claim, and the event of the chain that names its digest."""
        self.files["claim.json"] = write_claim(replace(read_claim(self.files["claim.json"]), **changes))
        *events, last = self.files["custody.jsonl"].splitlines(keepends=True)
        event = re.sub(rb'"claim":"\w+"', b'"claim":"%s"' % sha256_of(self.files["claim.json"]).encode(), last)
        self.files["custody.jsonl"] = b"".join([*events, event])

    def reseal(self) -> None:
        """Write the night's list anew from the records in the package, and sign it."""
        there = {
            re.sub(r"records/\d+-", "records/", name): sha256_of(data)
            for name, data in self.files.items()
            if name.startswith("records/")
        }
        self.files[f"{SEAL}/{SUMS}"] = write_sums(read_sums(self.files[f"{SEAL}/{SUMS}"]) | there)
        self.files[f"{SEAL}/{SIGNATURE}"] = sign(self.files[f"{SEAL}/{SUMS}"], self.keys.certificate, self.keys.key)

    def restamp(self, at: datetime, *names: str, over: tuple[str, ...] = STAMPED) -> None:
        """Have authorities stamp the night anew, by the clock that is wanted."""
        for stamped in over:
            for name in names or NAMES:
                authority = self.sealed.authorities[NAMES.index(name)]
                token = token_of(authority, self.files[f"{SEAL}/{stamped}"], at)
                self.files[f"{SEAL}/{token_file(stamped, name)}"] = token

    def relog(self, leaves: list[bytes], index: int) -> None:
        """Sign another history of the log."""
        note = sign_checkpoint(len(leaves), root_of(leaves), self.keys.log.name, self.keys.log_key)
        self.files[f"{SEAL}/log.tlog-proof"] = prove(leaves, index, note)
        self.files["log-leaves"] = "".join(f"{leaf.hex()}\n" for leaf in leaves).encode()

    @property
    def leaves(self) -> list[bytes]:
        """The leaves of the log, the night's own made from its list as it is now."""
        names = self.sealed.names
        leaves = [seal_of(self.sealed.collection, name).leaf for name in names]
        leaves[names.index("run-2")] = leaf_hash(self.files[f"{SEAL}/{SUMS}"])
        return leaves


def make_bench(sealed: Sealed, folder: Path, what: str = "101", at: int = 1) -> Bench:
    """Export a capture (the one at that place, newest first) of an archive whose stamps are all of one second."""
    stamped = now().replace(microsecond=0) - timedelta(seconds=5)
    for number in range(3):
        sealed.restamp(number, at=stamped)
    with serving(folder, *sealed.authorities) as entries, Archive.open(sealed.collection) as archive:
        authorities = tuple(
            replace(one, url=entry.url) for one, entry in zip(sealed.settings.authorities, entries, strict=True)
        )
        request = Request(stored=archive.captures(what)[at], asked_for=what, as_of=None, recipient="Example & Partners")
        exported = export(
            sealed.collection,
            replace(sealed.settings, authorities=authorities),
            archive,
            request,
            lambda _archive, _contents: (
                {"page.html": b"<p>A keeper counts gulls.</p>\n"},
                {"README.txt": b"Read\n"},
                (),
            ),
        )
    assert not any("lacks" in warning for warning in exported.warnings)
    return Bench(sealed=sealed, stamped=stamped, files=dict(exported.files))


def run_shell(words: list[str], folder: Path, shell: tuple[str, ...] = ("dash",)) -> tuple[int, set[str], str]:
    """Run verify.sh over a package; gives its exit code, the checks that failed, and what it said."""
    checker = folder.parent / "verify.sh"
    checker.write_bytes(shipped("verify.sh"))
    done = subprocess.run(
        [*shell, str(checker), *words, str(folder)], capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, {CHECKS[one] for one in re.findall(r"^FAILED (\d)", done.stdout, re.MULTILINE)}, done.stdout
