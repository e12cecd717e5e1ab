"""Exchange sessions of the New York Stock Exchange: which days count, when they close, and which one a moment belongs to.

Sessions, holidays and early closes come from the kept library exchange_calendars (XNYS), for 1990 to 2060; it is imported at the
first use, which then takes some half a second. Future holidays follow the rules known today: a day of mourning cannot be known ahead.

Business days for settlement and approvals are another set (bank holidays) and do not belong here.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl

from evenkeel.errors import UsageError

EASTERN = ZoneInfo("America/New_York")
FIRST_DATE = dt.date(1990, 1, 1)
LAST_DATE = dt.date(2060, 12, 31)
MARKET_OPEN = dt.time(9, 30)
"""Eastern time; before it a statement's values can only be those of an earlier session."""

Frequency = Literal["monthly", "quarterly", "semi_annual", "annual"]
WeekendRule = Literal["stop", "previous_session"]
_PERIOD_MONTHS: dict[str, int] = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12}


@dataclass(frozen=True)
class _Sessions:
    """All sessions, oldest first, and the instant at which each closes."""

    dates: list[dt.date]
    closes: list[dt.datetime]


@cache
def _sessions() -> _Sessions:
    # Imported here: the library brings pandas, which costs half a second that most commands need not pay.
    from exchange_calendars.exchange_calendar_xnys import XNYSExchangeCalendar

    closes = XNYSExchangeCalendar(start=FIRST_DATE.isoformat(), end=LAST_DATE.isoformat()).closes
    return _Sessions(
        [stamp.date() for stamp in closes.index],
        [stamp.to_pydatetime().astimezone(dt.UTC) for stamp in closes],
    )


def is_session(date: dt.date) -> bool:
    """Return whether the exchange trades on `date` (a shortened day is a session)."""
    dates = _covering(date)
    place = bisect_left(dates, date)
    return place < len(dates) and dates[place] == date


def previous_session(date: dt.date) -> dt.date:
    """Return the last session strictly before `date`."""
    dates = _covering(date)
    return _at(dates, bisect_left(dates, date) - 1, date)


def next_session(date: dt.date) -> dt.date:
    """Return the first session strictly after `date`."""
    dates = _covering(date)
    return _at(dates, bisect_right(dates, date), date)


def session_on_or_before(date: dt.date) -> dt.date:
    """Return `date` if it is a session, else the last one before it."""
    dates = _covering(date)
    return _at(dates, bisect_right(dates, date) - 1, date)


def sessions_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return all sessions from `first` to `last`, both included, oldest first; empty where `last` is earlier."""
    dates = _covering(first)
    _covering(last)
    return dates[bisect_left(dates, first) : bisect_right(dates, last)]


def sessions_apart(earlier: dt.date, later: dt.date) -> int:
    """Return how many sessions `later` is after `earlier`: sessions in (earlier, later]; negative where `later` is the earlier one.

    A price of Friday is 1 session old on Monday, and 0 sessions old on Saturday.
    """
    dates = _covering(earlier)
    _covering(later)
    return bisect_right(dates, later) - bisect_right(dates, earlier)


def sessions_apart_expr(earlier: pl.Expr, later: pl.Expr) -> pl.Expr:
    """Return `sessions_apart` of two Date columns as a polars expression (Int64, null where either is null).

    Unlike the scalar function it does not refuse dates outside the covered years: it counts the covered sessions between them.
    """
    sessions = session_series()

    def rank(column: pl.Expr) -> pl.Expr:
        found = pl.lit(sessions).search_sorted(column, side="right").cast(pl.Int64)
        return pl.when(column.is_not_null()).then(found)

    return rank(later) - rank(earlier)


@cache
def session_series() -> pl.Series:
    """Return all covered sessions as a sorted Date series named `session`."""
    return pl.Series("session", _sessions().dates, dtype=pl.Date)


def session_close(date: dt.date) -> dt.datetime:
    """Return the instant (UTC) at which the session `date` closes: 16:00 Eastern, or earlier on a shortened day.

    Raises:
        UsageError: `date` is no session.
    """
    dates = _covering(date)
    place = bisect_left(dates, date)
    if place == len(dates) or dates[place] != date:
        raise UsageError(f"{date:%A %Y-%m-%d} is no exchange session; use {session_on_or_before(date)}")
    return _sessions().closes[place]


def last_closed_session(instant: dt.datetime) -> dt.date:
    """Return the newest session whose close is at or before `instant` (any zone; it must name one)."""
    if instant.tzinfo is None:
        raise UsageError("an instant needs a zone; write it with an offset, for example 2026-07-02T21:00:00Z")
    date = instant.astimezone(EASTERN).date()
    _covering(date)
    sessions = _sessions()
    return _at(sessions.dates, bisect_right(sessions.closes, instant.astimezone(dt.UTC)) - 1, date)


def business_date_of(
    as_of_date: dt.date, as_of_time: dt.time | None = None, weekend: WeekendRule = "stop"
) -> dt.date | None:
    """Return the session that values stated as of a moment belong to.

    - A date alone is that session, if it is one.
    - With a time from 09:30 on, likewise: the date itself, if it is a session (values during the day are that day's).
    - With a time before 09:30 the values are those of the session before that day. This holds on a session's morning, and on the
      morning right after a session (Saturday 02:00 after a Friday session: the custodian worked through the night). Sunday 02:00
      is neither, and no session.
    - What belongs to no session by these rules is None under `stop`; under `previous_session` it is the last session before.

    Args:
        as_of_date: Calendar date stated, Eastern.
        as_of_time: Wall-clock time stated, Eastern; None where the source states none.
        weekend: What to do with a moment that belongs to no session.
    """
    if as_of_time is not None and as_of_time < MARKET_OPEN:
        before = previous_session(as_of_date)
        is_morning_after = before == as_of_date - dt.timedelta(days=1)
        return before if is_morning_after or is_session(as_of_date) or weekend == "previous_session" else None
    if is_session(as_of_date):
        return as_of_date
    return previous_session(as_of_date) if weekend == "previous_session" else None


def first_session_of_period(date: dt.date, frequency: Frequency) -> bool:
    """Return whether `date` is the first session of its month, quarter, half-year or year (calendar years)."""
    return _first_from(_period_start(date, frequency)) == date


def next_look(date: dt.date, frequency: Frequency) -> dt.date:
    """Return the first session after `date` that is the first one of its period."""
    start = _period_start(date, frequency)
    first = _first_from(start)
    if first > date:
        return first
    month = start.month - 1 + _PERIOD_MONTHS[frequency]
    following = dt.date(start.year + month // 12, month % 12 + 1, 1)
    return _first_from(following)


def _first_from(date: dt.date) -> dt.date:
    dates = _covering(date)
    return _at(dates, bisect_left(dates, date), date)


def _period_start(date: dt.date, frequency: Frequency) -> dt.date:
    months = _PERIOD_MONTHS[frequency]
    return dt.date(date.year, (date.month - 1) // months * months + 1, 1)


def _covering(date: dt.date) -> list[dt.date]:
    if not FIRST_DATE <= date <= LAST_DATE:
        raise UsageError(f"{date} is outside the exchange calendar; use a date from {FIRST_DATE} to {LAST_DATE}")
    return _sessions().dates


def _at(dates: list[dt.date], place: int, date: dt.date) -> dt.date:
    if not 0 <= place < len(dates):
        raise UsageError(f"{date} is at the edge of the exchange calendar; use a date from {FIRST_DATE} to {LAST_DATE}")
    return dates[place]
