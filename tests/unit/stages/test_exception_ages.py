"""Since when an exception has stood."""

from __future__ import annotations

import datetime as dt

from evenkeel.stages.prioritize.exception_ages import fold_exception_ages
from tests.small_practice import MONDAY, exceptions


def found(date: dt.date, *ids: str) -> object:
    common = {"scope": "account", "subject_id": "a", "check": "lots_quantity", "effect": "stop", "owner": "operations"}
    return exceptions(date, [{**common, "exception_id": id_, "message": "lots do not add up"} for id_ in ids])


def test_ages_count_sessions_and_start_anew_after_a_gap() -> None:
    thursday, tuesday, wednesday = dt.date(2026, 7, 2), dt.date(2026, 7, 7), dt.date(2026, 7, 8)
    first = fold_exception_ages(thursday, None, found(thursday, "e1", "e2"))  # type: ignore[arg-type]
    second = fold_exception_ages(MONDAY, first, found(MONDAY, "e1"))  # type: ignore[arg-type]
    third = fold_exception_ages(tuesday, second, found(tuesday, "e1", "e2"))  # type: ignore[arg-type]
    fourth = fold_exception_ages(wednesday, third, found(wednesday))  # type: ignore[arg-type]
    assert second.rows() == [(MONDAY, "e1", thursday, 1)]  # the 3rd is a holiday
    assert third.rows() == [(tuesday, "e1", thursday, 2), (tuesday, "e2", tuesday, 0)]
    assert fourth.is_empty()
