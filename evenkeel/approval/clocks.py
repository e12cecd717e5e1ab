"""When a period ends: in elapsed hours, in business hours, in business days.

- Hours are elapsed: every hour counts, those of nights, weekends and holidays too. 72 hours that begin on Friday 2 November 2007 at
  10:23 end on Monday at 9:23, since the clocks went back between (Committee Notes on Rule 6 of the Federal Rules of Civil Procedure, 2009).
- Business hours count between opening and closing, Eastern wall clock, on business days; a period that begins outside begins at the next
  opening, and one that ends at closing ends there and not at the next opening.
- Business days: the day it begins on is not counted (the same rule, (a)(1)); the last one ends at closing.

A business day is an exchange session on which banks are open (`evenkeel.rules.settlement`): not Good Friday, not Columbus Day.
"""

from __future__ import annotations

import datetime as dt

from data_contracts.vocab import TimeUnit
from evenkeel import calendar
from evenkeel.calendar import EASTERN
from evenkeel.policy.approval import Period
from evenkeel.rules.settlement import is_bank_holiday_on_a_session

Day = tuple[dt.time, dt.time]
"""Opening and closing of a business day, Eastern."""


def is_business_day(date: dt.date) -> bool:
    """Return whether people are expected at work."""
    return calendar.is_session(date) and not is_bank_holiday_on_a_session(date)


def next_business_day(date: dt.date) -> dt.date:
    """Return the first business day after a date."""
    following = calendar.next_session(date)
    while is_bank_holiday_on_a_session(following):
        following = calendar.next_session(following)
    return following


def end_of(start: dt.datetime, period: Period, day: Day) -> dt.datetime:
    """Return the instant (UTC) at which a period that begins at `start` ends.

    Args:
        start: With a zone.
        period: How long.
        day: Opening and closing of a business day.
    """
    if period.unit is TimeUnit.HOURS:
        return start.astimezone(dt.UTC) + dt.timedelta(hours=period.amount)
    if period.unit is TimeUnit.BUSINESS_DAYS:
        date = start.astimezone(EASTERN).date()
        for _ in range(period.amount):
            date = next_business_day(date)
        return _at(date, day[1])
    return _after_business_time(start, dt.timedelta(hours=period.amount), day)


def part_of(start: dt.datetime, period: Period, share: float, day: Day) -> dt.datetime:
    """Return the instant at which a share of a period has passed, counted as the period itself is: half of 5 business days is 2.5.

    A business day's share is that share of its business hours from the opening after `start` on.
    """
    if period.unit is TimeUnit.HOURS:
        return start.astimezone(dt.UTC) + dt.timedelta(hours=period.amount) * share
    length = _between(day)
    if period.unit is TimeUnit.BUSINESS_DAYS:
        opening = _at(next_business_day(start.astimezone(EASTERN).date()), day[0])
        return _after_business_time(opening, length * period.amount * share, day)
    return _after_business_time(start, dt.timedelta(hours=period.amount) * share, day)


def _after_business_time(start: dt.datetime, left: dt.timedelta, day: Day) -> dt.datetime:
    """Return when `left` has passed on business days between opening and closing."""
    local = start.astimezone(EASTERN)
    date = local.date()
    here = max(local, _local(date, day[0])) if is_business_day(date) else _local(date, day[1])
    while True:
        if is_business_day(date):
            # Opening and closing lie on one side of a change of clocks, which falls on a Sunday night.
            rest = _local(date, day[1]) - here
            if left <= rest:
                return (here + left).astimezone(dt.UTC)
            left -= max(rest, dt.timedelta())
        date = next_business_day(date)
        here = _local(date, day[0])


def _between(day: Day) -> dt.timedelta:
    return dt.datetime.combine(dt.date.min, day[1]) - dt.datetime.combine(dt.date.min, day[0])


def _local(date: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(date, time, EASTERN)


def _at(date: dt.date, time: dt.time) -> dt.datetime:
    return _local(date, time).astimezone(dt.UTC)
