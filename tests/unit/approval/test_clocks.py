"""Reminders and deadlines fall where a person would say."""

from __future__ import annotations

import datetime as dt

import pytest

from data_contracts.vocab import TimeUnit
from evenkeel.approval.clocks import end_of, is_business_day, part_of
from evenkeel.calendar import EASTERN
from evenkeel.policy.approval import Period

DAY = (dt.time(9, 0), dt.time(17, 0))


def eastern(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=EASTERN)


def ends(start: str, amount: int, unit: str) -> str:
    end = end_of(eastern(start), Period(amount=amount, unit=TimeUnit(unit)), DAY)
    assert end.tzinfo is dt.UTC
    return f"{end.astimezone(EASTERN):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        # Committee Notes on Rule 6 of the Federal Rules of Civil Procedure, 2009 amendment: the clocks went back between.
        ("2007-11-02 10:23", 72, "hours", "2007-11-05 09:23"),
        # They go forward on Sunday 8 March 2026: the wall clock shows an hour more.
        ("2026-03-07 10:00", 48, "hours", "2026-03-09 11:00"),
        ("2026-10-31 10:00", 48, "hours", "2026-11-02 09:00"),
        ("2026-03-03 10:00", 24, "hours", "2026-03-04 10:00"),
        # A leap day is a day like any other; 2028-02-29 is a Tuesday.
        ("2028-02-28 16:00", 24, "hours", "2028-02-29 16:00"),
        ("2028-02-28 16:00", 9, "business_hours", "2028-02-29 17:00"),
        ("2028-02-28 16:00", 2, "business_days", "2028-03-01 17:00"),
        # Business hours: over a night, a weekend, a change of clocks.
        ("2026-03-03 16:00", 2, "business_hours", "2026-03-04 10:00"),
        ("2026-03-06 15:00", 4, "business_hours", "2026-03-09 11:00"),
        ("2026-03-03 09:00", 8, "business_hours", "2026-03-03 17:00"),
        ("2026-03-03 17:00", 8, "business_hours", "2026-03-04 17:00"),
        ("2026-03-03 05:00", 1, "business_hours", "2026-03-03 10:00"),
        ("2026-03-07 12:00", 1, "business_hours", "2026-03-09 10:00"),
        # Thanksgiving week 2026: Thursday 26 November is a holiday, the short Friday is a business day.
        ("2026-11-25 12:00", 24, "business_hours", "2026-12-01 12:00"),
        ("2026-11-24 12:00", 5, "business_days", "2026-12-02 17:00"),
        # Monday to Monday: the day it begins on is not counted.
        ("2026-03-02 09:30", 5, "business_days", "2026-03-09 17:00"),
        ("2026-02-28 12:00", 5, "business_days", "2026-03-06 17:00"),
        # The exchange trades on Columbus Day (12 October 2026) and banks are closed; Good Friday 2026 is 3 April.
        ("2026-10-09 10:00", 1, "business_days", "2026-10-13 17:00"),
        ("2026-04-02 10:00", 1, "business_days", "2026-04-06 17:00"),
        # Christmas and New Year 2026/27: 25 December and 1 January are Fridays.
        ("2026-12-23 10:00", 5, "business_days", "2026-12-31 17:00"),
    ],
)
def test_a_period_ends_where_a_person_would_say(start: str, amount: int, unit: str, end: str) -> None:
    assert ends(start, amount, unit) == end


@pytest.mark.parametrize(
    ("start", "amount", "unit", "half"),
    [
        ("2026-03-03 10:00", 72, "hours", "2026-03-04 22:00"),
        ("2026-03-03 10:00", 24, "hours", "2026-03-03 22:00"),
        ("2026-03-02 10:00", 5, "business_days", "2026-03-05 13:00"),
        ("2026-03-03 16:00", 16, "business_hours", "2026-03-04 16:00"),
    ],
)
def test_a_reminder_comes_at_half(start: str, amount: int, unit: str, half: str) -> None:
    moment = part_of(eastern(start), Period(amount=amount, unit=TimeUnit(unit)), 0.5, DAY)
    assert f"{moment.astimezone(EASTERN):%Y-%m-%d %H:%M}" == half


def test_business_days_are_not_sessions() -> None:
    assert not is_business_day(dt.date(2026, 10, 12))
    assert not is_business_day(dt.date(2026, 11, 11))
    assert is_business_day(dt.date(2026, 11, 27))
