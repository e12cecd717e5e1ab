"""A Merkle tree in the shape of RFC 6962, grown leaf by leaf: its root stands for all leaves and their order.

    leaf = SHA-256(0x00 || data)        node = SHA-256(0x01 || left || right)

Only the roots of its perfect subtrees are kept, some thirty for a billion leaves, so that a tree is continued without its leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence


class Tree:
    """A tree that can grow.

    Args:
        count: Leaves so far.
        peaks: Roots of the perfect subtrees they make, largest first.
    """

    def __init__(self, count: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if count.bit_count() != len(peaks):
            raise ValueError(f"{count} leaves make {count.bit_count()} perfect subtrees, not {len(peaks)}")
        self._count = count
        self._peaks = list(peaks)

    @property
    def count(self) -> int:
        """Return the number of leaves."""
        return self._count

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """Return the roots of the perfect subtrees, largest first."""
        return tuple(self._peaks)

    def add(self, data: Iterable[bytes]) -> None:
        """Append leaves."""
        for each in data:
            node, rest = hashlib.sha256(b"\x00" + each).digest(), self._count
            while rest & 1:
                node, rest = _node(self._peaks.pop(), node), rest >> 1
            self._peaks.append(node)
            self._count += 1

    def root(self) -> bytes:
        """Return the root; that of no leaves is the hash of nothing."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = _node(peak, root)
        return root


class Paths:
    """Proofs that single leaves are in a tree: for each the hashes beside its way to the root, the nearest first (RFC 9162, 2.1.3).

    Args:
        leaves: All leaves of the tree, in order.
    """

    def __init__(self, leaves: Iterable[bytes]) -> None:
        level = [hashlib.sha256(b"\x00" + each).digest() for each in leaves]
        self._levels = [level]
        while len(level) > 1:
            above = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
            # A node without a partner goes up as it is: so the tree is split at the largest power of two.
            level = [*above, level[-1]] if len(level) % 2 else above
            self._levels.append(level)

    def of(self, index: int) -> list[bytes]:
        """Return the path of a leaf, counted from 0."""
        path = []
        for level in self._levels[:-1]:
            beside = index ^ 1
            if beside < len(level):
                path.append(level[beside])
            index >>= 1
        return path


def root_by_path(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that a leaf's path leads to in a tree of `count` leaves (RFC 9162, 2.1.3.2); None where it is no path of one."""
    if not 0 <= index < count:
        return None
    found, here, last = hashlib.sha256(b"\x00" + leaf).digest(), index, count - 1
    for each in path:
        if last == 0:
            return None
        if here & 1 or here == last:
            found = _node(each, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = _node(found, each)
        here, last = here >> 1, last >> 1
    return found if last == 0 else None


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
