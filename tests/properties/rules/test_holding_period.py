"""What always holds of the holding period."""

from __future__ import annotations

import calendar
import datetime as dt

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.rules.holding_period import (
    days_held,
    is_long_term,
    is_long_term_expr,
    long_term_from,
    long_term_from_expr,
    tacked_start,
)

DAY = dt.timedelta(days=1)
dates = st.dates(dt.date(1950, 1, 1), dt.date(2150, 12, 31))


@given(st.lists(st.tuples(dates, dates), min_size=1, max_size=50))
def test_scalar_and_polars_form_agree(pairs: list[tuple[dt.date, dt.date]]) -> None:
    frame = pl.DataFrame(pairs, schema={"a": pl.Date, "s": pl.Date}, orient="row")
    got = frame.select(long_term_from_expr("a").alias("from"), is_long_term_expr("a", "s").alias("long"))
    assert got["from"].to_list() == [long_term_from(a) for a, _ in pairs]
    assert got["long"].to_list() == [is_long_term(a, s) for a, s in pairs]


@given(dates)
def test_more_than_twelve_calendar_months_and_never_more_than_367_days(acquired: dt.date) -> None:
    first = long_term_from(acquired)
    assert 366 <= days_held(acquired, first) <= 367
    assert first.year == acquired.year + 1 or (acquired.month, acquired.day) == (12, 31)


@given(dates)
def test_bought_on_a_month_end_turns_on_a_first(acquired: dt.date) -> None:
    is_month_end = acquired.day == calendar.monthrange(acquired.year, acquired.month)[1]
    assert not is_month_end or long_term_from(acquired).day == 1


@given(dates)
def test_bought_later_never_turns_long_term_earlier(acquired: dt.date) -> None:
    assert long_term_from(acquired) <= long_term_from(acquired + DAY)


@given(dates, st.integers(0, 4000), st.integers(-30, 30))
def test_tacking_adds_exactly_the_days_the_sold_shares_were_held(start: dt.date, held: int, gap: int) -> None:
    sold = start + held * DAY
    replacement = sold + gap * DAY
    assert days_held(tacked_start(replacement, start, sold), replacement) == held
