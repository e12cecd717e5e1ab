"""When a trade settles: one business day after it (T+1, 17 CFR 240.15c6-1(a), since 2024-05-28), funds at net asset value the same.

A business day for settlement is an exchange session on which banks are open: on Columbus Day and on Veterans Day the exchange trades and
nothing settles (5 U.S.C. 6103; a Veterans Day on a Saturday is not moved for the Federal Reserve, one on a Sunday is, to Monday).
"""

from __future__ import annotations

import datetime as dt

from evenkeel import calendar

_MONDAY, _SUNDAY = 0, 6


def settle_date(trade_date: dt.date) -> dt.date:
    """Return the settlement date of a trade: Fri 2026-10-09 settles on Tue 2026-10-13, since Monday is Columbus Day."""
    date = calendar.next_session(trade_date)
    while is_bank_holiday_on_a_session(date):
        date = calendar.next_session(date)
    return date


def is_bank_holiday_on_a_session(date: dt.date) -> bool:
    """Return whether the exchange trades on the date and banks are closed."""
    is_columbus_day = date.month == 10 and date.weekday() == _MONDAY and 8 <= date.day <= 14
    is_veterans_day = date.month == 11 and (
        date.day == 11 or (date.day == 12 and date.weekday() == _MONDAY)  # moved from Sunday the 11th
    )
    return is_columbus_day or is_veterans_day
