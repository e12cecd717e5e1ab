"""The tree of RFC 6962: known roots, and a tree that is continued is the tree that grew at once."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.audit.merkle import Paths, Tree, root_by_path

UNTIMED = settings(deadline=None)

LEAVES = [
    bytes.fromhex(text)
    for text in (
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
"""Roots of the first one to eight of these leaves, as the Certificate Transparency project publishes them."""


def defined(leaves: list[bytes]) -> bytes:
    """The root as section 2.1 of the RFC defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + defined(leaves[:split]) + defined(leaves[split:])).digest()


@pytest.mark.parametrize("count", range(1, 9))
def test_the_known_roots(count: int) -> None:
    tree = Tree()
    tree.add(LEAVES[:count])
    assert tree.root().hex() == ROOTS[count - 1]


@UNTIMED
@given(st.lists(st.binary(max_size=3), max_size=70), st.lists(st.binary(max_size=3), max_size=70))
def test_a_continued_tree_is_the_whole_one(first: list[bytes], later: list[bytes]) -> None:
    tree = Tree()
    tree.add(first)
    continued = Tree(tree.count, tree.peaks)
    continued.add(later)
    assert continued.count == len(first) + len(later)
    assert continued.root() == defined(first + later)


def test_peaks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="perfect subtrees"):
        Tree(3, [b"x" * 32])


@UNTIMED
@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_every_leaf_has_a_path_to_the_root_and_to_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    tree = Tree()
    tree.add(leaves)
    paths = Paths(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = paths.of(index)
    assert root_by_path(leaves[index], index, len(leaves), path) == tree.root()
    assert root_by_path(leaves[index] + b"x", index, len(leaves), path) != tree.root()
    assert root_by_path(leaves[index], index, len(leaves), [*path, b"x" * 32]) != tree.root()
    assert root_by_path(leaves[index], len(leaves), len(leaves), path) is None
    if path:
        assert root_by_path(leaves[index], index, len(leaves), path[:-1]) != tree.root()
