"""Months and quarters as people write them, by New York's clock."""

from __future__ import annotations

import datetime as dt

import pytest

from evenkeel.errors import UsageError
from evenkeel.reports.period import before, day_of, month_of, quarter_of


def test_months_and_quarters() -> None:
    assert (month_of("2024-02").first, month_of("2024-02").last) == (dt.date(2024, 2, 1), dt.date(2024, 2, 29))
    assert month_of("2026-12").last == dt.date(2026, 12, 31)
    quarter = quarter_of("2026-q4")
    assert (quarter.name, quarter.first, quarter.last) == ("2026-Q4", dt.date(2026, 10, 1), dt.date(2026, 12, 31))
    assert quarter_of("2026Q1") == quarter_of("2026-Q1")


def test_a_day_of_a_clock_change_is_23_hours() -> None:
    day = day_of(dt.date(2026, 3, 8))
    assert day.ends_at - day.starts_at == dt.timedelta(hours=23)
    assert day.starts_at == dt.datetime(2026, 3, 8, 5, tzinfo=dt.UTC)
    assert not day.has(day.ends_at)
    assert not day.has(None)


def test_the_one_before() -> None:
    assert before(month_of("2026-01"), is_quarter=False).name == "2025-12"
    assert before(quarter_of("2026-Q1"), is_quarter=True).name == "2025-Q4"


@pytest.mark.parametrize("text", ["2026-13", "2026-3", "March", "", "2026-00", "1066-01"])
def test_no_month(text: str) -> None:
    with pytest.raises(UsageError):
        month_of(text)


@pytest.mark.parametrize("text", ["2026-Q5", "Q1", "2026", "2026-03"])
def test_no_quarter(text: str) -> None:
    with pytest.raises(UsageError):
        quarter_of(text)
