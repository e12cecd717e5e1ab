"""Two JSON values held against each other: each member that differs, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.audit.comparing import ABSENT, Difference, differences

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("was", "now", "wanted"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, [Difference("a.b[1]", 2, 3)]),
        ({"a": None}, {}, [Difference("a", None, ABSENT)]),
        ([1], [1, 2], [Difference("[1]", ABSENT, 2)]),
        ({"a": 1}, {"a": 1.0}, [Difference("a", 1, 1.0)]),
        ({"a": 1}, {"a": True}, [Difference("a", 1, True)]),
        ({"b": 1, "a": 1}, {"a": 2, "b": 2}, [Difference("a", 1, 2), Difference("b", 1, 2)]),
        ({"a": [1]}, {"a": {"0": 1}}, [Difference("a", [1], {"0": 1})]),
        (None, {"a": 1}, [Difference("", None, {"a": 1})]),
    ],
)
def test_known_differences(was: Any, now: Any, wanted: list[Difference]) -> None:
    assert list(differences(was, now)) == wanted


@settings(deadline=None)
@given(JSON)
def test_what_is_equal_has_no_difference(value: Any) -> None:
    assert list(differences(value, copy.deepcopy(value))) == []
