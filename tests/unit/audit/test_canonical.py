"""One form for one content, and one that a plain JSON library writes too."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.vocab import Owner
from evenkeel.audit.canonical import LARGEST_WHOLE, canonical, plain

UNTIMED = settings(deadline=None)

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NAMES = st.text(st.characters(max_codepoint=0xD7FF), max_size=8)
"""Names of columns are words; beyond the basic plane, sorting by code point and by UTF-16 differ."""

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    TEXT,
    st.dates(),
    st.datetimes(timezones=st.just(dt.UTC)),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)


def by_the_standard_library(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@UNTIMED
@given(VALUES)
def test_the_standard_library_writes_the_same_bytes(value: Any) -> None:
    said = plain(value)
    assert canonical(said) == by_the_standard_library(said)


@UNTIMED
@given(VALUES)
def test_what_was_read_is_written_again_alike(value: Any) -> None:
    once = canonical(plain(value))
    assert canonical(json.loads(once)) == once


@UNTIMED
@given(st.dictionaries(NAMES, SCALARS, min_size=2, max_size=5))
def test_the_order_of_names_does_not_count(value: dict[str, Any]) -> None:
    assert canonical(plain(value)) == canonical(plain(dict(reversed(value.items()))))


@UNTIMED
@given(VALUES, VALUES)
def test_other_content_has_other_bytes(one: Any, other: Any) -> None:
    # True == 1 in Python: types are compared too.
    assert (canonical(plain(one)) == canonical(plain(other))) == (repr(plain(one)) == repr(plain(other)))


def test_figures_are_text_exactly_as_they_are() -> None:
    said = plain({"share": 0.1, "amount": Decimal("1E+3"), "small": 1e-7, "count": 7, "beyond": LARGEST_WHOLE + 1})
    assert said == {"share": "0.1", "amount": "1000", "small": "1e-07", "count": 7, "beyond": "9007199254740992"}


def test_codes_dates_and_moments_are_text() -> None:
    moment = dt.datetime(2026, 3, 2, 7, 30, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    assert plain([Owner.ADVISER, dt.date(2026, 3, 2), moment]) == [
        "adviser",
        "2026-03-02",
        "2026-03-02T12:30:00.000000Z",
    ]


@pytest.mark.parametrize(
    ("value", "error"), [({1, 2}, TypeError), (dt.datetime(2026, 3, 2), ValueError), (b"x", TypeError)]
)
def test_what_the_trail_cannot_say_is_refused(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        plain({"a": [value]})


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        canonical("\ud800")
