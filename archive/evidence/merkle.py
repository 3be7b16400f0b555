"""The hash tree of RFC 6962 section 2.1: roots, proofs that a leaf is in it, proofs that it only grew.

Pure: hashes in, hashes or a yes or no out. All hashes are 32 raw bytes of SHA-256.
"""

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Hash what a leaf stands for: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\0" + data).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Give the root over leaf hashes."""
    level = list(leaves)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


def prove_inclusion(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Give the proof that leaf ``index`` (from 0) is in the tree over ``leaves``.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} among {len(leaves)}")
    proof, level = [], list(leaves)
    while len(level) > 1:
        if index ^ 1 < len(level):
            proof.append(level[index ^ 1])
        level, index = _level_above(level), index >> 1
    return tuple(proof)


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether ``proof`` shows that ``leaf`` is number ``index`` of a tree of ``size`` leaves with this root."""
    if not 0 <= index < size:
        return False
    node, last, rest = leaf, size - 1, list(proof)
    while last > 0:
        if index & 1 or index < last:
            if not rest:
                return False
            beside = rest.pop(0)
            node = _node(beside, node) if index & 1 else _node(node, beside)
        index, last = index >> 1, last >> 1
    return not rest and node == root


def prove_consistency(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """Give the proof that the tree over ``leaves`` only grew since it had ``old_size`` leaves.

    Raises:
        ValueError: ``old_size`` is not between 1 and the present size.
    """
    if not 1 <= old_size <= len(leaves):
        raise ValueError(f"no tree of {old_size} leaves within one of {len(leaves)}")
    return () if old_size == len(leaves) else tuple(_subproof(old_size, leaves, is_whole=True))


def is_consistent(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether ``proof`` shows that the tree with the new root begins with the one with the old root."""
    if not 1 <= old_size <= new_size:
        return False
    rest = list(proof)
    try:
        roots = _roots_by(old_size, new_size, rest, old_root)
    except IndexError:
        return False
    return not rest and roots == (old_root, new_root)


def _roots_by(old_size: int, size: int, proof: list[bytes], known: bytes | None) -> tuple[bytes, bytes]:
    """Give both roots as a proof tells them; the mirror of ``_subproof``, it takes hashes from the proof's end."""
    if old_size == size:
        node = proof.pop() if known is None else known
        return node, node
    split, beside = _split(size), proof.pop()
    if old_size <= split:
        old, new = _roots_by(old_size, split, proof, known)
        return old, _node(new, beside)
    old, new = _roots_by(old_size - split, size - split, proof, None)
    return _node(beside, old), _node(beside, new)


def _subproof(old_size: int, leaves: Sequence[bytes], *, is_whole: bool) -> list[bytes]:
    size = len(leaves)
    if old_size == size:
        return [] if is_whole else [root_of(leaves)]
    split = _split(size)
    if old_size <= split:
        return [*_subproof(old_size, leaves[:split], is_whole=is_whole), root_of(leaves[split:])]
    return [*_subproof(old_size - split, leaves[split:], is_whole=False), root_of(leaves[:split])]


def _split(size: int) -> int:
    """Give the largest power of two below ``size``: the leaves of the left subtree."""
    return 1 << (size - 1).bit_length() - 1


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    """Hash neighbours together; one without a neighbour rises as it is."""
    digest = hashlib.sha256
    above = [digest(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    if len(level) & 1:
        above.append(level[-1])
    return above


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
