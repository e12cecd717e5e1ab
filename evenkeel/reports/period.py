"""The span of days that a report is about."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cached_property

from evenkeel.calendar import EASTERN
from evenkeel.errors import UsageError

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_QUARTER = re.compile(r"(\d{4})-?[Qq]([1-4])")


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both included, by New York's calendar.

    Attributes:
        name: As people write it: `2026-03`, `2026-Q1`, `2026-03-02`.
        first: First day.
        last: Last day.
    """

    name: str
    first: dt.date
    last: dt.date

    @cached_property
    def starts_at(self) -> dt.datetime:
        """Return the instant at which the first day begins."""
        return _midnight(self.first)

    @cached_property
    def ends_at(self) -> dt.datetime:
        """Return the instant at which the last day is over."""
        return _midnight(self.last + dt.timedelta(days=1))

    def has(self, instant: dt.datetime | None) -> bool:
        """Return whether an instant lies in it; none does not."""
        return instant is not None and self.starts_at <= instant < self.ends_at


def month_of(text: str) -> Period:
    """Return the calendar month written `2026-03`.

    Raises:
        UsageError: It is not written so, or there is no such month.
    """
    found = _MONTH.fullmatch(text.strip())
    if found is None or not 1 <= int(found[2]) <= 12:
        raise UsageError(f"{text!r} is no month; write it as 2026-03")
    return _months(f"{found[1]}-{found[2]}", int(found[1]), int(found[2]), 1)


def quarter_of(text: str) -> Period:
    """Return the calendar quarter written `2026-Q1`.

    Raises:
        UsageError: It is not written so.
    """
    found = _QUARTER.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no quarter; write it as 2026-Q1")
    return _months(f"{found[1]}-Q{found[2]}", int(found[1]), 3 * int(found[2]) - 2, 3)


def day_of(date: dt.date) -> Period:
    """Return one day."""
    return Period(date.isoformat(), date, date)


def month_containing(date: dt.date) -> Period:
    """Return the calendar month of a day."""
    return month_of(f"{date:%Y-%m}")


def quarter_containing(date: dt.date) -> Period:
    """Return the calendar quarter of a day."""
    return quarter_of(f"{date.year}-Q{(date.month - 1) // 3 + 1}")


def before(period: Period, *, is_quarter: bool) -> Period:
    """Return the month or quarter before a period."""
    last = period.first - dt.timedelta(days=1)
    return quarter_containing(last) if is_quarter else month_containing(last)


def _months(name: str, year: int, month: int, count: int) -> Period:
    if not 1990 <= year <= 2060:
        raise UsageError(f"{name} is outside the exchange calendar; use a year from 1990 to 2060")
    after = year * 12 + month - 1 + count
    following = dt.date(after // 12, after % 12 + 1, 1)
    return Period(name, dt.date(year, month, 1), following - dt.timedelta(days=1))


def _midnight(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), EASTERN).astimezone(dt.UTC)
