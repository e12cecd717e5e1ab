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


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
