"""Sessions: known answers of the exchange, and what must hold for any date."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel import calendar
from evenkeel.errors import UsageError

DATES = st.dates(dt.date(1990, 2, 1), dt.date(2059, 12, 1))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("date", "is_open"),
    [
        ("2025-01-09", False),  # day of mourning
        ("2026-07-02", True),
        ("2026-07-03", False),
        ("2027-12-31", True),  # New Year's Day 2028 is a Saturday and is not observed
        ("2028-01-03", True),
        ("2001-09-11", False),
        ("2001-09-17", True),
        ("1990-01-02", True),
        ("1990-01-01", False),
    ],
)
def test_known_sessions(date: str, is_open: bool) -> None:
    assert calendar.is_session(day(date)) is is_open


@pytest.mark.parametrize(
    ("date", "close"),
    [
        ("2026-07-02", "2026-07-02T20:00:00+00:00"),  # a full day, summer time
        ("2026-11-27", "2026-11-27T18:00:00+00:00"),  # 13:00, winter time
        ("2026-12-24", "2026-12-24T18:00:00+00:00"),
        ("2026-01-02", "2026-01-02T21:00:00+00:00"),
    ],
)
def test_known_closes(date: str, close: str) -> None:
    assert calendar.session_close(day(date)) == dt.datetime.fromisoformat(close)


def test_close_of_a_holiday_names_the_session_to_use() -> None:
    with pytest.raises(UsageError, match=r"Friday 2026-07-03 is no exchange session; use 2026-07-02"):
        calendar.session_close(day("2026-07-03"))


def test_neighbours_are_strict() -> None:
    assert calendar.previous_session(day("2026-07-06")) == day("2026-07-02")
    assert calendar.next_session(day("2026-07-02")) == day("2026-07-06")
    assert calendar.session_on_or_before(day("2026-07-05")) == day("2026-07-02")
    assert calendar.session_on_or_before(day("2026-07-02")) == day("2026-07-02")
    assert calendar.sessions_between(day("2026-07-02"), day("2026-07-07")) == [
        day("2026-07-02"),
        day("2026-07-06"),
        day("2026-07-07"),
    ]
    assert calendar.sessions_between(day("2026-07-07"), day("2026-07-02")) == []


def test_last_closed_session_turns_at_the_close() -> None:
    close = calendar.session_close(day("2026-11-27"))
    assert calendar.last_closed_session(close) == day("2026-11-27")
    assert calendar.last_closed_session(close - dt.timedelta(seconds=1)) == day("2026-11-25")
    eastern = dt.datetime(2026, 11, 30, 7, 0, tzinfo=calendar.EASTERN)
    assert calendar.last_closed_session(eastern) == day("2026-11-27")
    with pytest.raises(UsageError, match="zone"):
        calendar.last_closed_session(dt.datetime(2026, 11, 27, 20))


@pytest.mark.parametrize(
    ("date", "time", "stop", "previous"),
    [
        ("2026-07-02", None, "2026-07-02", "2026-07-02"),
        ("2026-07-02", "09:29:59", "2026-07-01", "2026-07-01"),
        ("2026-07-02", "09:30", "2026-07-02", "2026-07-02"),
        ("2026-07-02", "22:00:26", "2026-07-02", "2026-07-02"),
        ("2026-07-06", "02:45", "2026-07-02", "2026-07-02"),  # Monday's early morning
        ("2026-11-28", "02:00", "2026-11-27", "2026-11-27"),  # Saturday, the morning after a session
        ("2026-11-28", "12:00", None, "2026-11-27"),
        ("2026-11-28", None, None, "2026-11-27"),
        ("2026-11-29", "02:00", None, "2026-11-27"),  # Sunday: not the morning after
        ("2023-04-23", "12:52", None, "2023-04-21"),
        ("2025-01-09", None, None, "2025-01-08"),
        ("2025-01-09", "02:00", "2025-01-08", "2025-01-08"),
    ],
)
def test_business_date_of(date: str, time: str | None, stop: str | None, previous: str) -> None:
    clock = dt.time.fromisoformat(time) if time else None
    assert calendar.business_date_of(day(date), clock, "stop") == (day(stop) if stop else None)
    assert calendar.business_date_of(day(date), clock, "previous_session") == day(previous)


@pytest.mark.parametrize(
    ("date", "frequencies"),
    [
        ("2026-01-02", {"monthly", "quarterly", "semi_annual", "annual"}),
        ("2026-01-05", set()),
        ("2026-02-02", {"monthly"}),
        ("2026-04-01", {"monthly", "quarterly"}),
        ("2026-07-01", {"monthly", "quarterly", "semi_annual"}),
        ("2026-08-01", set()),  # a Saturday
    ],
)
def test_first_session_of_period(date: str, frequencies: set[str]) -> None:
    every: list[calendar.Frequency] = ["monthly", "quarterly", "semi_annual", "annual"]
    assert {name for name in every if calendar.first_session_of_period(day(date), name)} == frequencies


def test_next_look() -> None:
    assert calendar.next_look(day("2026-01-01"), "annual") == day("2026-01-02")
    assert calendar.next_look(day("2026-01-02"), "annual") == day("2027-01-04")
    assert calendar.next_look(day("2026-07-31"), "monthly") == day("2026-08-03")
    assert calendar.next_look(day("2026-08-01"), "monthly") == day("2026-08-03")


@given(DATES, st.sampled_from(["monthly", "quarterly", "semi_annual", "annual"]))
def test_the_next_look_is_the_next_first_session(date: dt.date, frequency: calendar.Frequency) -> None:
    look = calendar.next_look(date, frequency)
    assert look > date
    assert calendar.first_session_of_period(look, frequency)
    between = calendar.sessions_between(date + dt.timedelta(days=1), look - dt.timedelta(days=1))
    assert not any(calendar.first_session_of_period(session, frequency) for session in between)


@given(DATES, DATES)
def test_sessions_apart_counts_sessions(first: dt.date, last: dt.date) -> None:
    apart = calendar.sessions_apart(first, last)
    assert apart == -calendar.sessions_apart(last, first)
    if first <= last:
        assert (
            apart == len(calendar.sessions_between(first + dt.timedelta(days=1), last)) if first < last else apart == 0
        )
    frame = pl.DataFrame({"a": [first, None], "b": [last, last]}, schema={"a": pl.Date, "b": pl.Date})
    column = frame.select(calendar.sessions_apart_expr(pl.col("a"), pl.col("b")).alias("apart")).get_column("apart")
    assert column.to_list() == [apart, None]


@given(DATES)
def test_neighbours_agree(date: dt.date) -> None:
    before, after = calendar.previous_session(date), calendar.next_session(date)
    assert before < date < after
    assert calendar.sessions_between(before, after) == [before, *([date] if calendar.is_session(date) else []), after]


def test_dates_outside_the_calendar_are_refused() -> None:
    with pytest.raises(UsageError, match="1989-12-31 is outside the exchange calendar"):
        calendar.is_session(day("1989-12-31"))
    with pytest.raises(UsageError, match="edge"):
        calendar.previous_session(day("1990-01-02"))
