"""SLA clocks against the exchange calendar and New York time, daylight saving included."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from evenkeel.stages.prioritize.due import desk_opening, due_time
from tests.small_practice import MONDAY, Told, book, day, decision, drifted, tell

SEVEN = dt.time(7)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("business_date", "expected"),
    [
        (dt.date(2026, 7, 6), "2026-07-07T11:00"),  # summer: New York is four hours behind
        (dt.date(2026, 1, 5), "2026-01-06T12:00"),  # winter: five
        (dt.date(2026, 7, 2), "2026-07-06T11:00"),  # the 3rd is a holiday, then a week-end
        (dt.date(2026, 3, 6), "2026-03-09T11:00"),  # the clocks change in between
    ],
)
def test_desk_opens_at_seven_eastern_on_the_next_session(business_date: dt.date, expected: str) -> None:
    assert desk_opening(business_date, SEVEN) == utc(expected)


@pytest.mark.parametrize(
    ("opened_at", "urgency", "weekly_on", "expected"),
    [
        ("2026-07-07T11:00", "same_day", "friday", "2026-07-07T20:00"),
        ("2026-11-27T12:00", "same_day", "friday", "2026-11-27T18:00"),  # closes at 13:00
        ("2026-07-07T11:00", "48_hours", "friday", "2026-07-09T11:00"),
        ("2026-07-10T11:00", "48_hours", "friday", "2026-07-14T11:00"),  # no desk is open on the week-end
        (
            "2026-03-06T12:00",
            "48_hours",
            "friday",
            "2026-03-10T11:00",
        ),  # the same hour in New York across the clock change
        ("2026-07-07T11:00", "weekly_batch", "friday", "2026-07-10T20:00"),
        ("2026-07-10T11:00", "weekly_batch", "friday", "2026-07-10T20:00"),  # on the day itself
        ("2026-07-10T11:00", "weekly_batch", "monday", "2026-07-13T20:00"),
        ("2026-06-30T11:00", "weekly_batch", "friday", "2026-07-02T20:00"),  # Friday the 3rd is a holiday
    ],
)
def test_due_time(opened_at: str, urgency: str, weekly_on: str, expected: str) -> None:
    assert due_time(utc(opened_at), urgency, weekly_on) == utc(expected)


HOUSE = book()


def clock(told: Told) -> tuple[str, dt.datetime, dt.datetime, bool]:
    [row] = told.priorities.select("urgency", "opened_at", "due_at", "is_overdue").rows()
    return row


def later(days: int) -> dt.date:
    return MONDAY + dt.timedelta(days=days)


def test_clock_starts_when_the_desk_first_sees_it_and_runs_out() -> None:
    told = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    assert clock(told) == ("48_hours", utc("2026-07-07T11:00"), utc("2026-07-09T11:00"), False)
    told = tell(day(later(1), [drifted("P1", 0.642)]), HOUSE, told)
    assert clock(told) == ("48_hours", utc("2026-07-07T11:00"), utc("2026-07-09T11:00"), False)
    # Wednesday's list is on the desk on Thursday at 07:00: whoever reads it then reads it too late.
    told = tell(day(later(2), [drifted("P1", 0.642)]), HOUSE, told)
    assert clock(told) == ("48_hours", utc("2026-07-07T11:00"), utc("2026-07-09T11:00"), True)


def test_more_urgent_moves_the_due_time_earlier_and_never_back() -> None:
    told = tell(day(MONDAY, [drifted("P1", 0.642, urgency="weekly_batch")]), HOUSE)
    assert clock(told)[2] == utc("2026-07-10T20:00")
    told = tell(day(later(1), [drifted("P1", 0.642, urgency="same_day")]), HOUSE, told)
    assert clock(told) == ("same_day", utc("2026-07-07T11:00"), utc("2026-07-08T20:00"), False)
    told = tell(day(later(2), [drifted("P1", 0.642, urgency="weekly_batch")]), HOUSE, told)
    assert clock(told) == ("same_day", utc("2026-07-07T11:00"), utc("2026-07-08T20:00"), True)


def test_clock_stands_still_while_quiet_and_starts_anew_after() -> None:
    told = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    episode = told.episodes["episode_id"][0]
    said = [decision(episode, later(1), kind="snooze", until=later(7))]
    for n in (1, 2, 3, 4, 7):
        told = tell(day(later(n), [drifted("P1", 0.642)]), HOUSE, told, said)
        assert not clock(told)[3]
    told = tell(day(later(8), [drifted("P1", 0.642)]), HOUSE, told, said)
    assert told.episodes["status"].to_list() == ["open"]
    assert clock(told) == ("48_hours", utc("2026-07-15T11:00"), utc("2026-07-17T11:00"), False)


def test_frozen_episode_is_not_overdue() -> None:
    told = tell(day(MONDAY, [drifted("P1", 0.642, urgency="same_day")]), HOUSE)
    told = tell(day(later(1), [drifted("P1", 0.0, look="unmeasured", reason="late")]), HOUSE, told)
    assert clock(told)[0] == "same_day"
    assert not clock(told)[3]
    assert told.priorities.filter(pl.col("is_overdue")).is_empty()
