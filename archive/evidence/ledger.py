"""The log of seals on disk: ``seals/log``.

``leaves`` has one line for each seal, ``HEX-OF-LEAF NAME``, in order; ``checkpoint`` is the newest signed state,
``checkpoint.N`` that of N leaves. Whoever writes holds the collection's lock.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from archive.collection import Collection
from archive.errors import IntegrityError, NotFoundError, StorageError
from archive.evidence import merkle
from archive.evidence.keys import SigningKeys
from archive.evidence.log import prove, sign_checkpoint
from archive.evidence.seal import Seal, read_seal
from archive.evidence.storing import append_line, write_whole

CHECKPOINT = "checkpoint"
LEAVES = "leaves"
_LEAF = re.compile(rb"([0-9a-f]{64}) ([A-Za-z0-9][A-Za-z0-9._-]{0,200})")
_HINT = "Restore seals/log from a copy; compare it with a published checkpoint."


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One leaf: its hash, and the seal's name."""

    hash: bytes
    name: str


class Ledger:
    """The log of a collection."""

    def __init__(self, collection: Collection) -> None:
        self._seals = seals_folder(collection)
        self.folder = self._seals / "log"

    def leaves(self) -> tuple[Leaf, ...]:
        """Read every leaf, in order; a last line that a crash cut short is none.

        Raises:
            IntegrityError: a line is no leaf.
            StorageError: the disk refused.
        """
        lines = self._lines()
        found = [_LEAF.fullmatch(line) for line in lines[:-1]]
        if None in found:
            raise IntegrityError(f"line {found.index(None) + 1} of the log's leaves cannot be read", hint=_HINT)
        return tuple(Leaf(hash=bytes.fromhex(one[1].decode()), name=one[2].decode()) for one in found if one)

    def checkpoint(self) -> bytes | None:
        """Give the newest checkpoint; ``None`` of an empty log.

        Raises:
            StorageError: the disk refused.
        """
        return _bytes(self.folder / CHECKPOINT)

    def checkpoints(self) -> dict[int, bytes]:
        """Give every kept checkpoint by its number.

        Raises:
            StorageError: the disk refused.
        """
        paths = {int(path.suffix[1:]): path for path in self.folder.glob("checkpoint.*") if path.suffix[1:].isdecimal()}
        return {number: _bytes(paths[number]) or b"" for number in sorted(paths)}

    def add(self, seal: Seal, keys: SigningKeys) -> bytes:
        """Add a seal's leaf and sign the new state; gives the checkpoint. Done twice, it does nothing more.

        Raises:
            IntegrityError: the log cannot be read.
            StorageError: the disk refused.
        """
        self.folder.mkdir(exist_ok=True)
        leaves = [leaf.hash for leaf in self.leaves()]
        names = [leaf.name for leaf in self.leaves()]
        if seal.name not in names:
            line = f"{seal.leaf.hex()} {seal.name}\n".encode()
            append_line(self.folder / LEAVES, line, after=sum(len(one) + 1 for one in self._lines()[:-1]))
            leaves.append(seal.leaf)
        return self.sign(leaves, keys)

    def sign(self, leaves: list[bytes], keys: SigningKeys) -> bytes:
        """Sign the present state where that was not done yet.

        Raises:
            StorageError: the disk refused.
        """
        numbered = self.folder / f"{CHECKPOINT}.{len(leaves)}"
        note = _bytes(numbered)
        if note is None:
            note = sign_checkpoint(len(leaves), merkle.root_of(leaves), keys.log.name, keys.log_key)
            write_whole(numbered, note)
        if self.checkpoint() != note:
            write_whole(self.folder / CHECKPOINT, note)
        return note

    def proof(self, name: str) -> bytes:
        """Write the proof that a seal is in the log, under the newest checkpoint.

        Raises:
            NotFoundError: the log has no leaf of that name, or no checkpoint.
            IntegrityError: leaves and checkpoint do not go together.
        """
        leaves = self.leaves()
        index = next((number for number, leaf in enumerate(leaves) if leaf.name == name), None)
        checkpoint = self.checkpoint()
        if index is None or checkpoint is None:
            raise NotFoundError(f"the log has no seal {name}", hint="Finish what is owed: vigil seal.")
        return prove([leaf.hash for leaf in leaves], index, checkpoint)

    def _lines(self) -> list[bytes]:
        """Give the lines; the last is what stands behind the last line feed."""
        return (_bytes(self.folder / LEAVES) or b"").split(b"\n")


def seals_folder(collection: Collection) -> Path:
    """Folder of the seals."""
    return collection.root / "seals"


def seal_names(collection: Collection) -> tuple[str, ...]:
    """Name every seal that lies there, sorted."""
    folder = seals_folder(collection)
    kept = (path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ()
    return tuple(sorted(path.name for path in kept if path.name not in {"log", "trust"} and path.name[0] != "."))


def seal_of(collection: Collection, name: str) -> Seal:
    """Read the seal of that name.

    Raises:
        NotFoundError: there is none.
        StorageError: the disk refused.
    """
    return read_seal(seals_folder(collection) / name)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", hint=_HINT) from None
