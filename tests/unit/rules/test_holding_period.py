"""Long-term from which day: known answers."""

import datetime as dt

import polars as pl
import pytest

from evenkeel.rules.holding_period import (
    days_held,
    is_long_term,
    is_long_term_expr,
    long_term_from,
    long_term_from_expr,
    tacked_start,
)

KNOWN = [
    ("2012-09-19", "2013-09-20"),  # the day after purchase counts first
    ("2023-02-28", "2024-03-01"),  # month-end to month-end, into a leap year
    ("2024-02-29", "2025-03-01"),
    ("2024-02-28", "2025-03-01"),  # not a month's last day in a leap year
    ("2022-02-28", "2023-03-01"),
    ("2023-02-27", "2024-02-28"),
    ("2023-03-01", "2024-03-02"),
    ("2024-04-30", "2025-05-01"),
    ("2024-12-31", "2026-01-01"),
    ("2023-12-30", "2024-12-31"),
    ("2099-02-28", "2100-03-01"),  # 2100 is no leap year
]


@pytest.mark.parametrize(("bought", "expected"), KNOWN)
def test_rev_rul_66_7_and_70_598_long_term_from(bought: str, expected: str) -> None:
    acquired, first = dt.date.fromisoformat(bought), dt.date.fromisoformat(expected)
    assert long_term_from(acquired) == first
    assert is_long_term(acquired, first)
    assert not is_long_term(acquired, first - dt.timedelta(days=1))


def test_a_leap_year_is_held_366_days_and_still_short() -> None:
    assert days_held(dt.date(2023, 6, 1), dt.date(2024, 6, 1)) == 366
    assert not is_long_term(dt.date(2023, 6, 1), dt.date(2024, 6, 1))


def test_irc_1223_3_tacks_the_days_held_and_not_the_gap() -> None:
    bought, sold, again = dt.date(2024, 1, 2), dt.date(2024, 12, 2), dt.date(2024, 12, 20)
    start = tacked_start(again, bought, sold)
    assert start == again - dt.timedelta(days=335)
    assert start == dt.date(2024, 1, 20)
    assert long_term_from(start) == dt.date(2025, 1, 21)


def test_every_day_of_thirty_years_alike_in_both_forms() -> None:
    days = [dt.date(1996, 1, 1) + dt.timedelta(days=n) for n in range(30 * 366)]
    frame = pl.DataFrame({"acquired_date": days})
    assert frame.select(long_term_from_expr("acquired_date")).to_series().to_list() == [long_term_from(d) for d in days]


def test_an_unknown_date_is_neither_short_nor_long() -> None:
    frame = pl.DataFrame({"a": [None, dt.date(2020, 1, 1)], "s": [dt.date(2024, 1, 1), None]})
    assert frame.select(is_long_term_expr("a", "s")).to_series().to_list() == [None, None]
