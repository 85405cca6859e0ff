"""Merkle trees of RFC 9162 §2.1: roots, inclusion and consistency proofs, and their verification.

leaf = SHA-256(0x00 ‖ entry), node = SHA-256(0x01 ‖ left ‖ right), empty tree = SHA-256("").
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

_sha256 = hashlib.sha256
EMPTY = _sha256(b"").digest()
SIZE = 32  # bytes of every hash
Node = Callable[[int, int], bytes]  # (level, index) → hash of a complete subtree of 2**level leaves


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Sequence[bytes]) -> list[bytes]:
    """Return the hash of each leaf. What stands before every entry is hashed once and copied, which is quicker."""
    begun, out = _sha256(b"\x00"), []
    for entry in entries:
        value = begun.copy()
        value.update(entry)
        out.append(value.digest())
    return out


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def peaks(size: int) -> list[tuple[int, int]]:
    """Return the complete subtrees of a tree of ``size`` leaves, left to right, as (level, index)."""
    out, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            out.append((level, start >> level))
            start += 1 << level
    return out


def root(size: int, node: Node) -> bytes:
    """Return the root of the tree of the first ``size`` leaves."""
    return span(0, size, node) if size else EMPTY


def span(start: int, end: int, node: Node) -> bytes:
    """Return the hash of leaves start..end; start is a multiple of the largest power of two within."""
    parts = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append(node(level, start >> level))
        start += 1 << level
    out = parts.pop()
    while parts:
        out = node_hash(parts.pop(), out)
    return out


def grown(edge: dict[int, bytes], size: int, leaves: list[bytes]) -> Iterator[tuple[int, int, list[bytes]]]:
    """Add leaves to a tree of ``size``; give what is new on each level that gets something: (level, first index, hashes).

    edge: the roots of the complete subtrees at the right edge by level (``peaks``); those of the larger tree afterwards.
    """
    begun = _sha256(b"\x01")
    level, start, row = 0, size, leaves
    while row:
        yield level, start, row
        if start & 1:
            start, row = start - 1, [edge[level], *row]
        if len(row) & 1:
            edge[level] = row[-1]
        each, above = iter(row), []
        for left, right in zip(each, each, strict=False):
            value = begun.copy()
            value.update(left + right)
            above.append(value.digest())
        row = above
        level, start = level + 1, start >> 1


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """Return the path that proves leaf ``index`` in the tree of ``size`` leaves (RFC 9162 §2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(span(middle, end, node))
            end = middle
        else:
            path.append(span(start, middle, node))
            start = middle
    return path[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of ``new`` leaves extends that of ``old`` (RFC 9162 §2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError(f"there is no proof from size {old} to {new}")
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(span(middle, end, node))
            end = middle
        else:
            path.append(span(start, middle, node))
            start, whole = middle, False
    if not whole:
        path.append(span(start, end, node))
    return path[::-1]


def stretch(start: int, end: int, size: int, node: Node) -> list[bytes]:
    """Return what proves that leaves start..end stand together in the tree of ``size``: the subtrees beside, left to right.

    Folded with the leaves between it gives the root, so nothing of the stretch can be missing, added or moved.
    """
    if not 0 <= start < end <= size:
        raise ValueError(f"there are no leaves {start} to {end} in a tree of {size}")
    path: list[bytes] = []

    def walk(low: int, high: int) -> None:
        if high <= start or low >= end:
            path.append(span(low, high, node))
        elif low < start or high > end:
            middle = low + _split(high - low)
            walk(low, middle)
            walk(middle, high)

    walk(0, size)
    return path


def _split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def _hashes(*values: bytes) -> bool:
    return all(len(v) == SIZE for v in values)


def verify_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], expected: bytes) -> bool:
    """Whether ``path`` proves the leaf hash at ``index`` under the root ``expected`` (RFC 9162 §2.1.3.2).

    What is not as long as a hash proves nothing: two empty texts are equal, and are no tree of one leaf.
    """
    if not 0 <= index < size or not _hashes(leaf, expected, *path):
        return False
    fn, sn, value = index, size - 1, leaf
    for part in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            value = node_hash(part, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node_hash(value, part)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and value == expected


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` proves that the new tree extends the old one (RFC 9162 §2.1.4.2). Size 0 is refused."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if not _hashes(old_root, new_root, *path):
        return False
    parts = list(path)
    if old & (old - 1) == 0:
        parts.insert(0, old_root)
    if not parts:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = parts[0]
    for part in parts[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(part, first), node_hash(part, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, part)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root
