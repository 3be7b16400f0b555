"""The log of seals as text: signed notes, checkpoints and proofs of C2SP (signed-note, tlog-checkpoint, tlog-proof).

Pure: bytes in, values out; what does not hold raises ``IntegrityError``. Leaf number n is the hash of the n-th seal's
``SHA256SUMS``; a checkpoint is the log key's signature over the number of leaves and the tree's root.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from archive.errors import IntegrityError
from archive.evidence import merkle

PROOF_HEADER = b"c2sp.org/tlog-proof@v1"
_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "
_SIGNATURE = re.compile(rf"{_DASH}(?P<name>[^\s+]+) (?P<data>[A-Za-z0-9+/]+={{0,2}})")
_MOST_BYTES = 1_000_000
_HINT = "Compare it with a published checkpoint; restore the log from a copy."


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKey:
    """The public key by which checkpoints are checked: its name, which is the log's origin, and 32 bytes of Ed25519."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The key's four-byte hint in signature lines."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """Write the key as a vkey: ``NAME+HINT+KEY``."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The state of a log: whose it is, how many leaves it has, and the root over them."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProof:
    """That leaf ``index`` is in the log of ``checkpoint`` (the signed note's bytes)."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes


def parse_key(vkey: str) -> LogKey:
    """Read a vkey.

    Raises:
        IntegrityError: it is none of Ed25519, or its hint is not its own.
    """
    name, _, rest = vkey.strip().partition("+")
    hint, _, key = rest.partition("+")
    data = _decoded(key)
    found = LogKey(name=name, public=data[1:])
    if not _is_name(name) or data[:1] != _ED25519 or len(data) != 33 or found.id.hex() != hint:
        raise IntegrityError(f"{vkey.strip()[:100]!r} is no key of a log", hint="It is written NAME+HINT+KEY.")
    return found


def write_keys(keys: Iterable[LogKey]) -> bytes:
    """Write a log's keys as ``log.vkey`` holds them, one a line, the oldest first."""
    return "".join(f"{key}\n" for key in keys).encode()


def key_of(name: str, private: Ed25519PrivateKey) -> LogKey:
    """Give the public side of a log's key.

    Raises:
        ValueError: the name holds white space or a plus sign.
    """
    if not _is_name(name):
        raise ValueError(f"{name!r} cannot name a log")
    return LogKey(name=name, public=private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign_note(text: str, name: str, private: Ed25519PrivateKey) -> bytes:
    """Make a signed note; ``text`` ends with a line feed."""
    data = base64.b64encode(key_of(name, private).id + private.sign(text.encode())).decode()
    return f"{text}\n{_DASH}{name} {data}\n".encode()


def open_note(note: bytes, key: LogKey) -> str:
    """Give a note's text once the signature by ``key`` was found right.

    Raises:
        IntegrityError: it is no signed note, or ``key`` did not sign it.
    """
    text, lines = _split(note)
    for line in lines:
        found = _SIGNATURE.fullmatch(line)
        if found is None:
            raise IntegrityError("a signature line of the checkpoint cannot be read", hint=_HINT)
        data = _decoded(found["data"])
        if found["name"] != key.name or data[:4] != key.id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(data[4:], text.encode())
        except InvalidSignature:
            raise IntegrityError(f"the signature of {key.name} is not over this text", hint=_HINT) from None
        return text
    raise IntegrityError(f"{key.name} did not sign it", hint=_HINT)


def sign_checkpoint(size: int, root: bytes, name: str, private: Ed25519PrivateKey) -> bytes:
    """Make the checkpoint of a log."""
    return sign_note(f"{name}\n{size}\n{base64.b64encode(root).decode()}\n", name, private)


def open_checkpoint(note: bytes, keys: Sequence[LogKey]) -> Checkpoint:
    """Read a checkpoint once the signature by one of ``keys`` was found right.

    Raises:
        IntegrityError: none of them signed it, or it is no checkpoint.
    """
    problem = IntegrityError("there is no log key to check it by", hint="Name the folder of the public keys.")
    for key in keys:
        try:
            open_note(note, key)
        except IntegrityError as error:
            problem = error
            continue
        checkpoint = read_checkpoint(note)
        if checkpoint.origin != key.name:
            raise IntegrityError(f"the checkpoint is of {checkpoint.origin}, signed by {key.name}", hint=_HINT)
        return checkpoint
    raise problem


def read_checkpoint(note: bytes) -> Checkpoint:
    """Read a checkpoint without asking who signed it.

    Raises:
        IntegrityError: it is none.
    """
    lines = _split(note)[0].split("\n")
    if len(lines) < 4 or not lines[0] or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
        raise IntegrityError("it is no checkpoint of a log", hint=_HINT)
    root = _decoded(lines[2])
    if len(root) != 32:
        raise IntegrityError("the checkpoint's root is no SHA-256", hint=_HINT)
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def prove(leaves: Sequence[bytes], index: int, checkpoint: bytes) -> bytes:
    """Write the proof (a ``.tlog-proof`` file) that leaf ``index`` is in the log that ``checkpoint`` signs.

    ``leaves`` are the hashes of at least as many leaves as the checkpoint counts.

    Raises:
        IntegrityError: the checkpoint is none, or not of these leaves.
        IndexError: the leaf is not among those that it counts.
    """
    state = read_checkpoint(checkpoint)
    counted = leaves[: state.size]
    hashes = merkle.prove_inclusion(counted, index)
    if not merkle.is_included(counted[index], index, state.size, hashes, state.root):
        raise IntegrityError("the checkpoint is not one of this log", hint=_HINT)
    lines = [PROOF_HEADER, b"index %d" % index, *map(base64.b64encode, hashes), b"", checkpoint]
    return b"\n".join(lines)


def prove_growth(leaves: Sequence[bytes], old_size: int, checkpoint: bytes) -> bytes:
    """Write the proof that the log of ``checkpoint`` only grew since it had ``old_size`` leaves.

    The form is that of a request to a witness (c2sp.org/tlog-witness): ``old N``, hashes, a blank line, the checkpoint.

    Raises:
        IntegrityError: the checkpoint is none.
        ValueError: the log never had so many leaves.
    """
    counted = leaves[: read_checkpoint(checkpoint).size]
    hashes = map(base64.b64encode, merkle.prove_consistency(counted, old_size))
    return b"\n".join([b"old %d" % old_size, *hashes, b"", checkpoint])


def check_growth(data: bytes, old: bytes, keys: Sequence[LogKey]) -> Checkpoint:
    """Give the newer checkpoint, once it was proved that its log begins with the one of the checkpoint ``old``.

    Raises:
        IntegrityError: a checkpoint is not signed by one of ``keys``, or the log was rewritten in between.
    """
    before = open_checkpoint(old, keys)
    head, _, note = data[:_MOST_BYTES].partition(b"\n\n")
    first, *lines = head.decode("ascii", "replace").split("\n")
    after = open_checkpoint(note, keys)
    hashes = [_decoded(line) for line in lines]
    is_grown = merkle.is_consistent(before.size, before.root, after.size, after.root, hashes)
    if first != f"old {before.size}" or not is_grown:
        raise IntegrityError(f"the log of {after.size} leaves does not begin with that of {before.size}", hint=_HINT)
    return after


def read_proof(data: bytes) -> LogProof:
    """Read a ``.tlog-proof`` file; nothing is checked yet.

    Raises:
        IntegrityError: it is none.
    """
    head, _, checkpoint = data[:_MOST_BYTES].partition(b"\n\n")
    lines = head.split(b"\n")
    if len(lines) > 1 and lines[1].startswith(b"extra "):
        del lines[1]
    found = re.fullmatch(rb"index (0|[1-9][0-9]{0,15})", lines[1]) if len(lines) > 1 else None
    hashes = tuple(_decoded(line.decode("ascii", "replace")) for line in lines[2:])
    if lines[0] != PROOF_HEADER or found is None or any(len(one) != 32 for one in hashes):
        raise IntegrityError("it is no proof of a log", hint=_HINT)
    return LogProof(index=int(found[1]), hashes=hashes, checkpoint=checkpoint)


def check_proof(data: bytes, leaf: bytes, keys: Sequence[LogKey]) -> Checkpoint:
    """Give the checkpoint by which ``leaf`` (its data, not its hash) is in the log.

    Raises:
        IntegrityError: none of ``keys`` signed the checkpoint, or the leaf is not where the proof says.
    """
    proof = read_proof(data)
    checkpoint = open_checkpoint(proof.checkpoint, keys)
    hashed = merkle.leaf_hash(leaf)
    if not merkle.is_included(hashed, proof.index, checkpoint.size, proof.hashes, checkpoint.root):
        raise IntegrityError(f"it is not leaf {proof.index} of the log", hint=_HINT)
    return checkpoint


def _split(note: bytes) -> tuple[str, list[str]]:
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError:
        raise IntegrityError("the checkpoint is not UTF-8", hint=_HINT) from None
    text, blank, signatures = whole.rpartition("\n\n")
    if (
        len(note) > _MOST_BYTES
        or not blank
        or not signatures.endswith("\n")
        or re.search(r"[\x00-\x09\x0b-\x1f]", whole)
    ):
        raise IntegrityError("it is no signed note", hint=_HINT)
    return text + "\n", signatures[:-1].split("\n")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise IntegrityError(f"{text[:60]!r} is not base64", hint=_HINT) from None


def _is_name(name: str) -> bool:
    return bool(name) and not re.search(r"[\s+]", name)
