"""RFC 6962 Merkle trees over SHA-256: append, root, inclusion and consistency proofs.

Pure: nodes are read through a function, so the tree may lie in a database or in a dictionary.
A node (level, index) is the hash of the complete subtree over the leaves
[index * 2^level, (index + 1) * 2^level); level 0 holds the leaf hashes. Incomplete subtrees are
never stored: they are computed from complete ones, at most one per bit of the size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

ReadNode = Callable[[int, int], bytes]
"""(level, index) -> 32 bytes of a complete subtree; level 0 are leaf hashes."""

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data), 32 bytes (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), 32 bytes (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def frontier(size: int) -> list[tuple[int, int]]:
    """(level, index) of the complete subtrees that make up a tree of `size`, largest first."""
    return [(level, (size >> level) - 1) for level in _bits(size)]


def append_nodes(
    size: int, leaf_hashes: Sequence[bytes], read_node: ReadNode
) -> list[tuple[int, int, bytes]]:
    """The subtrees (level >= 1, index, hash) that leaves appended to `size` leaves complete.

    Reads nodes of `frontier(size)` only.
    """
    fresh: dict[tuple[int, int], bytes] = {}
    for index, leaf in enumerate(leaf_hashes, start=size):
        level, at, value = 0, index, leaf
        fresh[level, at] = value
        while at & 1:
            left = fresh.get((level, at - 1)) or read_node(level, at - 1)
            level, at, value = level + 1, at >> 1, node_hash(left, value)
            fresh[level, at] = value
    return [(level, at, value) for (level, at), value in fresh.items() if level]


def root(size: int, read_node: ReadNode) -> bytes:
    """Root hash of the first `size` leaves, 32 bytes; of none the hash of nothing."""
    return _subtree(0, size, read_node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read_node: ReadNode) -> list[bytes]:
    """Audit path of the leaf at `index` in the tree of `size` (RFC 6962 section 2.1.1).

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    begin, end, path = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_subtree(middle, end, read_node))
            end = middle
        else:
            path.append(_subtree(begin, middle, read_node))
            begin = middle
    return path[::-1]


def consistency_proof(old: int, new: int, read_node: ReadNode) -> list[bytes]:
    """Proof that the tree of `new` leaves extends that of `old` (RFC 6962 section 2.1.2).

    Raises:
        ValueError: not 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"no consistency proof from {old} to {new}")
    begin, end, whole, path = 0, new, True, []
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            path.append(_subtree(middle, end, read_node))
            end = middle
        else:
            path.append(_subtree(begin, middle, read_node))
            begin, whole = middle, False
    if not whole:
        path.append(_subtree(begin, end, read_node))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes
) -> bool:
    """Whether a leaf hash is the leaf at `index` of the tree with that size and root."""
    if not 0 <= index < size:
        return False
    last, value = size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            value = node_hash(sibling, value)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and value == expected_root


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree (new, new_root) extends (old, old_root): nothing removed or altered.

    Every tree extends the empty one; that needs no proof and takes none.
    """
    if not 0 <= old <= new:
        return False
    if old in (0, new):
        return not proof and old_root == (EMPTY_ROOT if old == 0 else new_root)
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and (before, after) == (old_root, new_root)


def _bits(size: int) -> list[int]:
    return [level for level in reversed(range(size.bit_length())) if size >> level & 1]


def _split(count: int) -> int:
    """The largest power of two below `count` (RFC 6962's k); `count` is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def _subtree(begin: int, end: int, read_node: ReadNode) -> bytes:
    """Hash of the leaves [begin, end), where `begin` is a multiple of the next power of two."""
    count = end - begin
    if not count & count - 1:  # complete, as most are
        level = count.bit_length() - 1
        return read_node(level, begin >> level)
    parts = []
    for level in _bits(count):
        parts.append(read_node(level, begin >> level))
        begin += 1 << level
    value = parts.pop()
    while parts:
        value = node_hash(parts.pop(), value)
    return value
