"""The tree of RFC 6962: known roots and proofs, and laws against a tree written as the RFC's text says it."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.evidence import merkle

LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
"""The leaves of the reference tree of Certificate Transparency's own tests."""
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Roots over the first 0 to 8 of them."""
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]

leaves = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def naive_root(hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word by word."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\1" + naive_root(hashes[:split]) + naive_root(hashes[split:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_tree(size: int) -> None:
    assert merkle.root_of(HASHES[:size]).hex() == ROOTS[size]


def test_a_known_audit_path_is_given() -> None:
    assert [one.hex() for one in merkle.prove_inclusion(HASHES, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


@given(leaves)
def test_root_equals_one_written_as_the_text_says(hashes: list[bytes]) -> None:
    assert merkle.root_of(hashes) == naive_root(hashes)


@given(leaves, st.data())
def test_every_leaf_can_be_proved_and_no_other_in_its_place(hashes: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(hashes) - 1))
    root, size = merkle.root_of(hashes), len(hashes)
    proof = merkle.prove_inclusion(hashes, index)
    assert merkle.is_included(hashes[index], index, size, proof, root)
    assert not merkle.is_included(hashlib.sha256(hashes[index]).digest(), index, size, proof, root)
    assert not merkle.is_included(hashes[index], index, size, (*proof, root), root)
    assert not merkle.is_included(hashes[index], size, size, proof, root)
    if proof:
        assert not merkle.is_included(hashes[index], index, size, proof[:-1], root)


@given(leaves, st.data())
def test_growth_can_be_proved_and_a_rewrite_cannot(hashes: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(hashes)))
    old_root, root, size = merkle.root_of(hashes[:old]), merkle.root_of(hashes), len(hashes)
    proof = merkle.prove_consistency(hashes, old)
    assert merkle.is_consistent(old, old_root, size, root, proof)
    assert not merkle.is_consistent(old, hashlib.sha256(old_root).digest(), size, root, proof)
    assert not merkle.is_consistent(old, old_root, size, root, (*proof, root))
    if proof:
        assert not merkle.is_consistent(old, old_root, size, root, proof[:-1])
        assert not merkle.is_consistent(old, old_root, size, hashlib.sha256(root).digest(), proof)


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError):
        merkle.prove_inclusion(HASHES, 8)
    with pytest.raises(ValueError, match="no tree of 9"):
        merkle.prove_consistency(HASHES, 9)
    assert not merkle.is_consistent(0, merkle.EMPTY_ROOT, 8, merkle.root_of(HASHES), ())
