"""The Merkle tree of RFC 6962: one root hash vouches for every event before it, and short proofs show it.

A leaf is hashed with the prefix 0x00 and an inner node with 0x01, so that neither passes for the other. A *complete*
node, named by its level and position, covers the 2^level leaves from position·2^level on; once it has all of them it
never changes, so a log keeps complete nodes and works out everything else from them.

The algorithms are those of RFC 6962, section 2.1; the verifications are those of RFC 9162, sections 2.1.3.2 and
2.1.4.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchbound.domain.errors import InvalidValue

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeAt = Callable[[int, int], bytes]
"""The hash of the complete node at (level, position)."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry of the log."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A complete node and its hash."""

    level: int
    position: int
    hash: bytes

    @property
    def first_leaf(self) -> int:
        """The index of the first leaf that it covers."""
        return self.position << self.level


@dataclass(frozen=True, slots=True)
class Frontier:
    """As much of a tree as it takes to append to it: its complete nodes that no complete node covers.

    Attributes:
        size: how many leaves the tree has.
        peaks: the hashes of those nodes, the largest (leftmost) first: one for each bit that is set in `size`.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            msg = f"a tree of {self.size} leaves has {self.size.bit_count()} peaks, got {len(self.peaks)}"
            raise InvalidValue(msg)

    def append(self, leaf: bytes) -> tuple[Frontier, tuple[TreeNode, ...]]:
        """The tree with one more leaf hash, and the nodes that became complete by it, lowest first."""
        node = TreeNode(0, self.size, leaf)
        completed = [node]
        peaks = list(self.peaks)
        while node.position & 1:
            node = TreeNode(node.level + 1, node.position >> 1, node_hash(peaks.pop(), node.hash))
            completed.append(node)
        return Frontier(self.size + 1, (*peaks, node.hash)), tuple(completed)

    def root(self) -> bytes:
        """The tree's hash."""
        if not self.peaks:
            return EMPTY_ROOT
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found


def peaks_of(size: int) -> tuple[tuple[int, int], ...]:
    """Where (level, position) the peaks of a tree of `size` leaves stand, largest first."""
    places = []
    first = 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            places.append((level, first >> level))
            first += 1 << level
    return tuple(places)


def root_of(size: int, node: NodeAt) -> bytes:
    """The hash of the tree of the first `size` leaves."""
    return Frontier(size, tuple(node(level, position) for level, position in peaks_of(size))).root()


def inclusion_proof(index: int, size: int, node: NodeAt) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of the first `size` leaves, lowest first.

    Raises:
        InvalidValue: the tree of that size has no such leaf.
    """
    if not 0 <= index < size:
        msg = f"expected an index below the tree's size, got {index} of {size}"
        raise InvalidValue(msg)
    return _path(index, 0, size, node)


def consistency_proof(old: int, new: int, node: NodeAt) -> list[bytes]:
    """The hashes that show the tree of `old` leaves to be the beginning of that of `new` leaves.

    Raises:
        InvalidValue: not 0 < old ≤ new.
    """
    _require_sizes(old, new)
    return _subproof(old, 0, new, node, known=True)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash stands at `index` in the tree of that size and root."""
    if not 0 <= index < size:
        return False
    here, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node_hash(step, found)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, step)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `old` leaves is the beginning of the tree of `new` leaves."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    # A complete old tree is its own first step, which the proof leaves out.
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not steps:
        return False
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    found_old = found_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            found_old, found_new = node_hash(step, found_old), node_hash(step, found_new)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            found_new = node_hash(found_new, step)
        here, last = here >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root


def _path(index: int, first: int, end: int, node: NodeAt) -> list[bytes]:
    """PATH of RFC 6962 over leaves [first, end); `index` counts from the tree's beginning."""
    if end - first == 1:
        return []
    middle = first + _split(end - first)
    if index < middle:
        return [*_path(index, first, middle, node), _range(middle, end, node)]
    return [*_path(index, middle, end, node), _range(first, middle, node)]


def _subproof(old: int, first: int, end: int, node: NodeAt, *, known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 over leaves [first, end); `known`: the verifier has this very subtree as the old root."""
    if old == end:
        return [] if known else [_range(first, end, node)]
    middle = first + _split(end - first)
    if old <= middle:
        return [*_subproof(old, first, middle, node, known=known), _range(middle, end, node)]
    return [*_subproof(old, middle, end, node, known=False), _range(first, middle, node)]


def _range(first: int, end: int, node: NodeAt) -> bytes:
    """The hash over leaves [first, end) of a subtree as RFC 6962 splits them."""
    length = end - first
    if length & (length - 1) == 0:
        level = length.bit_length() - 1
        return node(level, first >> level)
    middle = first + _split(length)
    return node_hash(_range(first, middle, node), _range(middle, end, node))


def _split(length: int) -> int:
    """The largest power of two below `length`."""
    return 1 << ((length - 1).bit_length() - 1)


def _require_sizes(old: int, new: int) -> None:
    if not 0 < old <= new:
        msg = f"expected two sizes, the first above zero and not above the second, got {old} and {new}"
        raise InvalidValue(msg)
