"""The archive's keys: a root that issues, a seal key that signs lists, a log key that signs checkpoints.

A folder holds ``root.key root.crt``, ``seal-N.key seal-N.crt`` (the highest N signs), ``log.vkey`` with a line for each
log key so far (the last signs, by ``log.key``, or ``log-N.key`` where it is line N). What is public stays for good; a
private key goes when the next one comes. ``root.key`` is needed for a new seal certificate only, and belongs in a safe
(docs/how-to/keys.md). A rotation that was cut off is none, or is finished when the next run is sealed.
"""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from archive.errors import ConfigError, NotFoundError, StorageError, UsageError
from archive.evidence.log import LogKey, key_of, parse_key, write_keys
from archive.evidence.signature import fingerprint_of
from archive.evidence.storing import write_whole
from archive.model import Sha256, sha256_of

ROOT_YEARS = 20
SEAL_DAYS = 400
"""A year, and a month in which to rotate."""
_SECRET, _PUBLIC = 0o600, 0o644
_Private = ec.EllipticCurvePrivateKey | Ed25519PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeys:
    """What a run is sealed with."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    log: LogKey
    log_key: Ed25519PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKeys:
    """What others check by: the root, every seal certificate and every log key so far, the oldest first."""

    root: x509.Certificate
    seals: tuple[x509.Certificate, ...]
    logs: tuple[LogKey, ...]

    @property
    def log(self) -> LogKey:
        """The log key that signs now."""
        return self.logs[-1]

    def fingerprints(self) -> Iterator[tuple[str, str]]:
        """Name each key with the SHA-256 that is to be published."""
        yield "archive root", fingerprint_of(self.root)
        for number, certificate in enumerate(self.seals, 1):
            yield f"seal certificate {number}", fingerprint_of(certificate)
        for number, key in enumerate(self.logs, 1):
            yield f"log key {number}", log_fingerprint(key)


def log_fingerprint(key: LogKey) -> Sha256:
    """Digest a log's key as people compare it: SHA-256 over its line, ``NAME+HINT+KEY``, without line feed."""
    return sha256_of(str(key).encode())


def make_keys(folder: Path, *, owner: str, log_name: str, passphrase: bytes | None, now: datetime) -> PublicKeys:
    """Make root, seal key and log key in a folder that holds none.

    Raises:
        UsageError: the folder holds keys, or ``log_name`` holds white space or a plus sign.
        StorageError: the disk refused.
    """
    if folder.is_dir() and any(folder.glob("*.key")):
        raise UsageError(f"{folder} holds keys already", hint="`vigil keys rotate` makes a new seal key beside them.")
    log_key = Ed25519PrivateKey.generate()
    try:
        public = key_of(log_name, log_key)
    except ValueError as error:
        raise UsageError(str(error), hint="Name it like a web address: archive.example/watch.") from None
    _make_folder(folder)
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _certificate(owner, "archive root", root_key, now, timedelta(days=365 * ROOT_YEARS))
    _write_key(folder / "root.key", root_key, passphrase)
    _write_key(folder / _log_file(1), log_key, passphrase)
    write_whole(folder / "log.vkey", write_keys([public]), mode=_PUBLIC)
    write_whole(folder / "root.crt", root.public_bytes(Encoding.PEM), mode=_PUBLIC)
    _issue(folder, 1, owner, root, root_key, passphrase, now)
    return read_public(folder)


def rotate(folder: Path, passphrase: bytes | None, now: datetime) -> PublicKeys:
    """Issue the next seal certificate with a new key; the former one's private key is removed.

    Raises:
        NotFoundError: there are no keys, or ``root.key`` is not there.
        ConfigError: a key cannot be read.
        StorageError: the disk refused.
    """
    public = read_public(folder)
    root_key = _read_key(folder / "root.key", passphrase)
    if not isinstance(root_key, ec.EllipticCurvePrivateKey) or root_key.public_key() != public.root.public_key():
        raise ConfigError(f"{folder / 'root.key'} is not the key of root.crt", hint="Put the right one back.")
    number = len(public.seals) + 1
    _issue(folder, number, _owner(public.root), public.root, root_key, passphrase, now)
    forget_former(folder)
    return read_public(folder)


def rotate_log(folder: Path, passphrase: bytes | None) -> PublicKeys:
    """Make the log's next key; what former keys signed stays signed, their private side is removed.

    Raises:
        NotFoundError: there are no keys.
        ConfigError: a key cannot be read.
        StorageError: the disk refused.
    """
    public = read_public(folder)
    key = Ed25519PrivateKey.generate()
    logs = (*public.logs, key_of(public.log.name, key))
    _write_key(folder / _log_file(len(logs)), key, passphrase)
    write_whole(folder / "log.vkey", write_keys(logs), mode=_PUBLIC)
    forget_former(folder)
    return read_public(folder)


def forget_former(folder: Path) -> None:
    """Remove private keys that have a successor, as a rotation that was cut off may have left them.

    Raises:
        NotFoundError: there are no keys.
        ConfigError: a public key cannot be read.
        StorageError: the disk refused.
    """
    public = read_public(folder)
    former = [f"seal-{number}.key" for number in range(1, len(public.seals))]
    former += [_log_file(number) for number in range(1, len(public.logs))]
    for name in former:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{folder / name}: {error.strerror}", hint="Remove it; it has a successor.") from None


def read_signing(folder: Path, passphrase: bytes | None, now: datetime) -> SigningKeys:
    """Read what a run is sealed with.

    Raises:
        NotFoundError: there are no keys.
        ConfigError: a key cannot be read, others may read it, or the seal certificate has expired.
    """
    public = read_public(folder)
    if not public.seals:
        raise NotFoundError(f"no seal certificate in {folder}", hint="`vigil keys rotate` makes one.")
    certificate = public.seals[-1]
    key = _read_key(folder / f"seal-{len(public.seals)}.key", passphrase)
    log_file = _log_file(len(public.logs))
    log_key = _read_key(folder / log_file, passphrase)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ConfigError(f"seal-{len(public.seals)}.key is not the key of its certificate", hint="Put it back.")
    if not isinstance(log_key, Ed25519PrivateKey) or key_of(public.log.name, log_key) != public.log:
        raise ConfigError(f"{log_file} is not the last key of log.vkey", hint="Put the right one back.")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        end = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
        raise ConfigError(f"the seal certificate is valid until {end}", hint="Make the next one: vigil keys rotate.")
    return SigningKeys(certificate=certificate, key=key, log=public.log, log_key=log_key)


def read_public(folder: Path) -> PublicKeys:
    """Read the public side of a folder of keys, or of one that ``vigil keys export-public`` wrote.

    Raises:
        NotFoundError: there are no keys.
        ConfigError: a file is not what its name says.
    """
    try:
        root = read_certificates(folder / "root.crt")[0]
        logs = tuple(map(parse_key, (folder / "log.vkey").read_text(encoding="utf-8").splitlines()))
        paths = sorted(folder.glob("seal-*.crt"), key=lambda path: int(re.sub(r"\D", "", path.stem) or 0))
        if not logs or {key.name for key in logs} != {logs[0].name}:
            raise ConfigError(f"{folder / 'log.vkey'} holds no keys of one log", hint="Bring it back from a copy.")
        return PublicKeys(root=root, seals=tuple(read_certificates(path)[0] for path in paths), logs=logs)
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise NotFoundError(f"no keys in {folder} ({missing} is missing)", hint="Make them: vigil keys init.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the keys in {folder} cannot be read: {error}", hint="Look at their permissions.") from None


def read_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """Read the certificates of a PEM file.

    Raises:
        FileNotFoundError: it is not there.
        ConfigError: it holds none.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (ValueError, x509.InvalidVersion):
        raise ConfigError(f"{path} holds no certificates", hint="It must be in PEM form.") from None


def read_passphrase(path: Path | None) -> bytes | None:
    """Read the first line of a passphrase file; ``None`` where none is configured.

    Raises:
        ConfigError: it cannot be read, is empty, or others may read it.
    """
    if path is None:
        return None
    _require_private(path)
    try:
        line = path.read_bytes().split(b"\n")[0].strip()
    except OSError as error:
        raise ConfigError(f"the passphrase file {path}: {error.strerror}", hint="See passphrase_file.") from None
    if not line:
        raise ConfigError(f"the passphrase file {path} is empty", hint="Its first line is the passphrase.")
    return line


def _issue(
    folder: Path,
    number: int,
    owner: str,
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    passphrase: bytes | None,
    now: datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = f"archive seal {number}"
    certificate = _certificate(owner, name, key, now, timedelta(days=SEAL_DAYS), issuer=(root, root_key))
    _write_key(folder / f"seal-{number}.key", key, passphrase)
    write_whole(folder / f"seal-{number}.crt", certificate.public_bytes(Encoding.PEM), mode=_PUBLIC)


def _certificate(
    owner: str,
    name: str,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    lasts: timedelta,
    *,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, owner[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{owner[:40]}: {name}"),
        ]
    )
    is_root = issuer is None
    end = now + lasts if issuer is None else min(now + lasts, issuer[0].not_valid_after_utc)
    usage = x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=not is_root,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )
    signer = key if issuer is None else issuer[1]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    return builder.sign(signer, hashes.SHA256())


def _log_file(number: int) -> str:
    return "log.key" if number == 1 else f"log-{number}.key"


def _owner(root: x509.Certificate) -> str:
    return str(root.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}", hint="Name another place with keys in vigil.toml.") from None


def _write_key(path: Path, key: _Private, passphrase: bytes | None) -> None:
    secrecy = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    write_whole(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secrecy), mode=_SECRET)


def _read_key(path: Path, passphrase: bytes | None) -> object:
    _require_private(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"{path} is not there", hint="Bring it back from the safe, or from a copy.") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="It must belong to who seals, with mode 600.") from None
    try:
        return load_pem_private_key(data, passphrase)
    except TypeError:
        hint = "passphrase_file in vigil.toml names the file with the passphrase, and only where there is one."
        raise ConfigError(f"{path} does not go with the passphrase configured", hint=hint) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{path} cannot be read: wrong passphrase, or no key", hint="See passphrase_file.") from None


def _require_private(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return
    if mode & 0o077:
        raise ConfigError(f"others may read {path} (mode {mode:o})", hint=f"Take that away: chmod 600 {path.name}.")
