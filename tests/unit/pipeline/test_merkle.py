from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.errors import InvalidValue
from watchbound.pipeline.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The reference inputs, roots and proofs of certificate transparency, as in proof/verify_test.go of
# github.com/transparency-dev/merkle (there leaves count from 1) and cpp/merkletree of its C++ implementation.
INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
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
_A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
_B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
_C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
_D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
_E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
_F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
_G = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
INCLUSION = [
    (0, 1, []),
    (0, 8, [_A, _B, _C]),
    (5, 8, [_D, _E, ROOTS[3]]),
    (2, 3, [ROOTS[1]]),
    (1, 5, [ROOTS[0], _B, _D]),
]
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [_A, _B, _C]),
    (6, 8, [_F, _E, ROOTS[3]]),
    (2, 5, [_B, _D]),
    (6, 7, [_F, _G, ROOTS[3]]),
]


class Tree:
    """Leaves with every complete node, as the log keeps them."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.frontier = Frontier()
        self.leaves = leaves
        for leaf in leaves:
            self.frontier, completed = self.frontier.append(leaf)
            self.nodes |= {(node.level, node.position): node.hash for node in completed}

    def node(self, level: int, position: int) -> bytes:
        return self.nodes[level, position]

    def root(self, size: int) -> bytes:
        return root_of(size, self.node)


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def published() -> Tree:
    return Tree([leaf_hash(data) for data in INPUTS])


LEAVES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


@pytest.mark.parametrize(("size", "root"), list(enumerate(ROOTS, start=1)))
def test_the_published_roots(size: int, root: str) -> None:
    assert published().root(size).hex() == root


def test_the_root_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == root_of(0, published().node)
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_the_published_inclusion_proofs(index: int, size: int, proof: list[str]) -> None:
    tree = published()
    made = inclusion_proof(index, size, tree.node)
    assert [step.hex() for step in made] == proof
    assert verify_inclusion(tree.leaves[index], index, size, made, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY)
def test_the_published_consistency_proofs(old: int, new: int, proof: list[str]) -> None:
    made = consistency_proof(old, new, published().node)
    assert [step.hex() for step in made] == proof
    assert verify_consistency(old, new, bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[new - 1]), made)


@given(LEAVES)
def test_every_size_has_the_root_of_the_definition(leaves: list[bytes]) -> None:
    tree = Tree(leaves)
    assert tree.frontier.root() == naive_root(leaves)
    for size in range(len(leaves) + 1):
        assert tree.root(size) == naive_root(leaves[:size])


@given(LEAVES, st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_place_alone(leaves: list[bytes], data: st.DataObject) -> None:
    tree = Tree(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(index, size, tree.node), tree.root(size)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    assert not verify_inclusion(hashlib.sha256(leaves[index]).digest(), index, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)
    for cut in range(len(proof)):
        assert not verify_inclusion(leaves[index], index, size, proof[:cut], root)
        altered = [*proof[:cut], hashlib.sha256(proof[cut]).digest(), *proof[cut + 1 :]]
        assert not verify_inclusion(leaves[index], index, size, altered, root)
    for other in range(size):
        if leaves[other] != leaves[index]:
            assert not verify_inclusion(leaves[other], other, size, proof, root)


@given(LEAVES, st.data())
def test_a_consistency_proof_holds_for_its_two_trees_alone(leaves: list[bytes], data: st.DataObject) -> None:
    tree = Tree(leaves)
    new = data.draw(st.integers(1, len(leaves)))
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(old, new, tree.node)
    old_root, new_root = tree.root(old), tree.root(new)
    wrong = hashlib.sha256(old_root).digest()
    assert verify_consistency(old, new, old_root, new_root, proof)
    assert not verify_consistency(old, new, wrong, new_root, proof)
    assert not verify_consistency(old, new, old_root, wrong, proof)
    assert not verify_consistency(old, new, old_root, new_root, [*proof, wrong])
    for cut in range(len(proof)):
        assert not verify_consistency(old, new, old_root, new_root, proof[:cut])
        altered = [*proof[:cut], wrong, *proof[cut + 1 :]]
        assert not verify_consistency(old, new, old_root, new_root, altered)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_for_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(InvalidValue, match="below the tree's size"):
        inclusion_proof(index, size, published().node)
    assert not verify_inclusion(leaf_hash(b""), index, size, [], EMPTY_ROOT)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 1)])
def test_there_is_no_proof_between_sizes_out_of_order(old: int, new: int) -> None:
    with pytest.raises(InvalidValue, match="two sizes"):
        consistency_proof(old, new, published().node)
    assert not verify_consistency(old, new, EMPTY_ROOT, EMPTY_ROOT, [])


def test_a_frontier_has_as_many_peaks_as_its_size_has_bits() -> None:
    with pytest.raises(InvalidValue, match="3 leaves has 2 peaks"):
        Frontier(3, (EMPTY_ROOT,))
