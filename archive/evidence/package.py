"""An evidence package: one capture with all that proves it, for people who have neither this software nor the archive.

``assemble`` is pure: the same inputs give the same files, but for signatures, tokens, the signed PDF and a screenshot.
docs/how-to/for-opposing-experts.md describes every file.
"""

import io
import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from tempfile import TemporaryFile

from cryptography.hazmat.primitives.serialization import Encoding

from archive.durable import sync_folder
from archive.errors import IntegrityError, StorageError, UsageError
from archive.evidence.claim import Claim, name_of, write_claim
from archive.evidence.gather import Member
from archive.evidence.keys import SigningKeys
from archive.evidence.ledger import Leaf
from archive.evidence.log import write_keys
from archive.evidence.seal import SIGNATURE, SUMS, Seal, write_sums
from archive.evidence.signature import sign
from archive.evidence.storing import refused, write_whole
from archive.evidence.tokens import TimeAuthority
from archive.evidence.trust import Trust
from archive.model import sha256_of

LIST = "PACKAGE.SHA256SUMS"
LIST_SIGNATURE = "PACKAGE.SHA256SUMS.p7s"
WARC = "evidence.warc.gz"
CHECKERS = ("verify.sh", "verify.html")
_ELSEWHERE = "Nothing is left there; make room, or name another place."
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A seal that lists records of the package, and the proof that it is in the log (a ``.tlog-proof`` file)."""

    seal: Seal
    proof: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All that goes into a package.

    ``custody`` is the chain of custody from the oldest seal on, ``derived`` and ``papers`` are files by name that
    prove nothing by themselves.
    """

    claim: Claim
    members: tuple[Member, ...]
    seals: tuple[Sealed, ...]
    leaves: tuple[Leaf, ...]
    trust: Trust
    custody: bytes
    derived: Mapping[str, bytes]
    papers: Mapping[str, bytes]


def assemble(contents: Contents) -> dict[str, bytes]:
    """Give every file of a package by name, but for the package's own list and what is made over that."""
    files = {name: shipped(name) for name in CHECKERS}
    files |= contents.papers
    files |= {f"derived/{name}": data for name, data in contents.derived.items()}
    files["claim.json"] = write_claim(contents.claim)
    files["custody.jsonl"] = contents.custody
    files[WARC] = b"".join(member.data for member in contents.members)
    digits = max(3, len(str(len(contents.members))))
    for number, member in enumerate(contents.members, 1):
        files[f"records/{number:0{digits}}-{name_of(member).removeprefix('records/')}"] = member.data
    for one in contents.seals:
        folder = f"seals/{one.seal.name}"
        files |= {f"{folder}/{SUMS}": one.seal.sums, f"{folder}/{SIGNATURE}": one.seal.signature}
        files |= {f"{folder}/{name}": data for name, data in (*one.seal.tokens, *one.seal.provenance)}
        files[f"{folder}/log.tlog-proof"] = one.proof
    files["log-leaves"] = "".join(f"{leaf.hash.hex()}\n" for leaf in contents.leaves).encode()
    return files | _trust_files(contents.trust)


def complete(files: Mapping[str, bytes], keys: SigningKeys) -> dict[str, bytes]:
    """Add the list of all files, and its signature."""
    listed = write_sums({name: sha256_of(data) for name, data in files.items()})
    return {**files, LIST: listed, LIST_SIGNATURE: sign(listed, keys.certificate, keys.key)}


def shipped(name: str) -> bytes:
    """Give a file that came with this software: a checker or a template."""
    return (resources.files("archive.evidence") / "shipped" / name).read_bytes()


def _trust_files(trust: Trust) -> dict[str, bytes]:
    files = {f"trust/tsa-{one.name}.pem": _pem(one) for one in trust.authorities if one.roots}
    files["trust/root.crt"] = b"".join(root.public_bytes(Encoding.PEM) for root in trust.roots)
    files["trust/log.vkey"] = write_keys(trust.log_keys)
    return files


def _pem(authority: TimeAuthority) -> bytes:
    return b"".join(root.public_bytes(Encoding.PEM) for root in authority.roots)


def write_package(files: Mapping[str, bytes], output: Path) -> None:
    """Write a package as a new folder, or as a ZIP where the name ends so; whole or not at all.

    Raises:
        UsageError: something of that name is there already.
        StorageError: the disk refused.
    """
    refuse_place(output)
    try:
        if output.suffix.lower() == ".zip":
            write_whole(output, zipped(files, output.stem), mode=0o644)
        else:
            _write_folder(files, output)
    except StorageError as error:
        error.hint = _ELSEWHERE
        raise


def _write_folder(files: Mapping[str, bytes], output: Path) -> None:
    scratch = output.with_name(f".{output.name}.new")
    try:
        for name, data in sorted(files.items()):
            path = scratch / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data, mode=0o644)
        scratch.rename(output)
        sync_folder(output.parent)
    except (OSError, StorageError) as error:
        shutil.rmtree(scratch, ignore_errors=True)
        raise error if isinstance(error, StorageError) else refused(output, error) from error


def refuse_place(output: Path) -> None:
    """Refuse a name that is taken, and a folder that takes nothing: before a package is made and written down.

    Raises:
        UsageError: something lies there, or its folder does not.
        StorageError: the disk refused.
    """
    if output.exists() or output.is_symlink():
        raise UsageError(f"{output} is there already", hint="Choose another name, or move that away.")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {output.parent}", hint="Make it first.")
    try:
        with TemporaryFile(dir=output.parent):
            pass
    except OSError as error:
        raise StorageError(f"nothing can be written to {output.parent}: {error.strerror}", hint=_ELSEWHERE) from error


def zipped(files: Mapping[str, bytes], folder: str) -> bytes:
    """Pack files below one folder into a ZIP; the same files give the same bytes, none is compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as pack:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", _ZIP_TIME)
            entry.create_system = 3
            entry.external_attr = (0o100644) << 16
            pack.writestr(entry, data)
    return buffer.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A package as it came: files by name; ``odd`` names what is neither a file nor a folder, or stands there twice."""

    files: Mapping[str, bytes]
    odd: tuple[str, ...] = ()


_MOST_BYTES = 4 << 30


def read_package(path: Path) -> Packed:
    """Read a package's folder or ZIP; nothing is checked yet.

    Raises:
        IntegrityError: the ZIP is damaged.
        StorageError: the disk refused.
    """
    try:
        return _unzipped(path) if path.is_file() else _folder(path)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        hint = "Unpack it with another program and name the folder; or ask for it again."
        raise IntegrityError(f"{path} is no ZIP that can be read whole ({error})", hint=hint) from None
    except OSError as error:
        raise StorageError(f"{error.filename or path}: {error.strerror}", hint="Copy it to another disk.") from error


def _folder(top: Path) -> Packed:
    files: dict[str, bytes] = {}
    odd: list[str] = []
    for folder, folders, names in os.walk(top):
        odd += [str((Path(folder) / name).relative_to(top)) for name in folders if (Path(folder) / name).is_symlink()]
        for name in names:
            path = Path(folder) / name
            relative = str(path.relative_to(top))
            if path.is_symlink() or not path.is_file():
                odd.append(relative)
            else:
                files[relative] = path.read_bytes()
    return Packed(files=files, odd=tuple(sorted(odd)))


def _unzipped(path: Path) -> Packed:
    files: dict[str, bytes] = {}
    odd: list[str] = []
    with zipfile.ZipFile(path) as pack:
        entries = [entry for entry in pack.infolist() if not entry.is_dir()]
        if sum(entry.file_size for entry in entries) > _MOST_BYTES:
            raise ValueError("more than 4 GB")
        tops = {entry.filename.partition("/")[0] for entry in entries}
        for entry in entries:
            _top, _, name = entry.filename.partition("/")
            kind = entry.external_attr >> 28
            if len(tops) != 1 or not name or name in files or kind not in {0, 8}:
                odd.append(entry.filename)
            else:
                files[name] = pack.read(entry)
    return Packed(files=files, odd=tuple(sorted(odd)))
