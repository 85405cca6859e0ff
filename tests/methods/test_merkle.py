"""Against the reference tree of Certificate Transparency, a tree written from the definition, and properties."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from assay.methods import merkle

LEAVES = [
    bytes.fromhex(h)
    for h in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def _mth(leaves):
    """The definition of RFC 9162 §2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + _mth(leaves[:k]) + _mth(leaves[k:])).digest()


def _node(leaves):
    return lambda level, place: _mth(leaves[place << level : (place + 1) << level])


def test_the_published_roots():
    for size, expected in enumerate(ROOTS, 1):
        assert merkle.root(size, _node(LEAVES)).hex() == expected
    assert merkle.root(0, _node([])).hex() == hashlib.sha256(b"").hexdigest()


def test_every_proof_up_to_twenty_leaves():
    leaves = [bytes([i]) for i in range(20)]
    for size in range(1, 21):
        root = _mth(leaves[:size])
        for index in range(size):
            path = merkle.inclusion(index, size, _node(leaves))
            leaf = merkle.leaf_hash(leaves[index])
            assert merkle.verify_inclusion(index, size, leaf, path, root)
            assert not merkle.verify_inclusion(index, size, leaf, [*path, root], root)
            assert size == 1 or not merkle.verify_inclusion(index, size, leaf, path[:-1], root)
            assert not merkle.verify_inclusion(index, size, merkle.leaf_hash(b"x"), path, root)
        for old in range(1, size + 1):
            proof = merkle.consistency(old, size, _node(leaves))
            before = _mth(leaves[:old])
            assert merkle.verify_consistency(old, size, before, root, proof)
            assert not merkle.verify_consistency(old, size, merkle.leaf_hash(b"x"), root, proof)


def test_size_zero_proves_nothing():
    assert not merkle.verify_consistency(0, 0, merkle.EMPTY, merkle.EMPTY, [])
    assert not merkle.verify_consistency(0, 5, merkle.EMPTY, merkle.EMPTY, [])
    assert not merkle.verify_inclusion(2**64 - 1, 1, merkle.EMPTY, [], merkle.EMPTY)


@given(st.integers(1, 200), st.data())
def test_a_changed_proof_fails(size, data):
    leaves = [i.to_bytes(2, "big") for i in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion(index, size, _node(leaves))
    if not path:
        return
    at = data.draw(st.integers(0, len(path) - 1))
    wrong = [*path]
    wrong[at] = bytes([wrong[at][0] ^ 1]) + wrong[at][1:]
    assert not merkle.verify_inclusion(index, size, merkle.leaf_hash(leaves[index]), wrong, _mth(leaves))


def test_what_is_no_hash_proves_nothing():
    """An empty leaf under an empty root is a published vector that must fail; so must a hash cut elsewhere."""
    assert not merkle.verify_inclusion(0, 1, b"", [], b"")
    left, right = _mth([b"a"]), _mth([b"b"])
    root = merkle.node_hash(left, right)
    assert merkle.verify_inclusion(0, 2, left, [right], root)
    assert not merkle.verify_inclusion(0, 2, left + right[:1], [right[1:]], root)
    assert merkle.verify_consistency(1, 2, left, root, [right])
    assert not merkle.verify_consistency(1, 2, left + right[:1], root, [right[1:]])
