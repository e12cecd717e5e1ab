"""Short-term or long-term: how long shares were held.

IRC 1222: long-term is "more than 1 year". Rev. Rul. 66-7, 66-97 and 70-598: trade dates count, the day of purchase is left out and the day
of sale is counted. Rev. Rul. 66-7: shares bought on the last day of a month have months that end on month-ends. So the period is one of
calendar months, never 365 days:

    bought 2012-09-19: the year ends on 2013-09-19, long-term from 2013-09-20
    bought 2023-02-28 (a month's last day): the year ends on 2024-02-29, long-term from 2024-03-01
    bought 2024-02-29: the year ends on 2025-02-28, long-term from 2025-03-01

IRC 1223(3): replacement shares of a wash sale add the time the sold shares were held ("tacking"); the gap between is not counted. The
start of such a period is counted back in days (Pub. 550 states no other way), so it may lie on a day on which nothing was traded.
IRC 1223(9): inherited shares are long-term whatever the dates; the caller says which they are (`lots.Lot.is_inherited`).

Which date a lot counts from belongs to the caller: acquisition, or `holding_start_date` where a period is tacked.
"""

from __future__ import annotations

import calendar
import datetime as dt

import polars as pl

_DAY = dt.timedelta(days=1)


def long_term_from(acquired_date: dt.date) -> dt.date:
    """Return the first trade date on which a sale is long-term."""
    month_end = calendar.monthrange(acquired_date.year, acquired_date.month)[1]
    year, month = acquired_date.year + 1, acquired_date.month
    day = calendar.monthrange(year, month)[1] if acquired_date.day == month_end else acquired_date.day
    return dt.date(year, month, day) + _DAY


def is_long_term(acquired_date: dt.date, sold_date: dt.date) -> bool:
    """Return whether a sale on `sold_date` is long-term; both are trade dates."""
    return sold_date >= long_term_from(acquired_date)


def days_held(acquired_date: dt.date, sold_date: dt.date) -> int:
    """Return the days held: the day after purchase is the first, the day of sale the last."""
    return (sold_date - acquired_date).days


def tacked_start(replacement_date: dt.date, sold_shares_from: dt.date, sold_date: dt.date) -> dt.date:
    """Return where the period of replacement shares starts (IRC 1223(3)).

        start = replacement_date - days_held(sold_shares_from, sold_date)

    Args:
        replacement_date: Trade date of the replacement.
        sold_shares_from: Where the sold shares' own period started, itself tacked if they were replacements.
        sold_date: Trade date of the loss sale.
    """
    return replacement_date - _DAY * days_held(sold_shares_from, sold_date)


def long_term_from_expr(acquired_date: str | pl.Expr) -> pl.Expr:
    """Return `long_term_from` of a date column; null where the date is unknown."""
    date = pl.col(acquired_date) if isinstance(acquired_date, str) else acquired_date
    anniversary = date.dt.offset_by("1y")  # of a 29th of February: the 28th
    # Of all month-ends only February's moves between years: bought on the last, the 28th, the year ends on the 29th.
    is_month_end_moved = (date.dt.month() == 2) & (date.dt.day() == 28) & anniversary.dt.is_leap_year()
    return (anniversary.to_physical() + 1 + is_month_end_moved.cast(pl.Int32)).cast(pl.Date)


def is_long_term_expr(acquired_date: str | pl.Expr, sold_date: str | pl.Expr) -> pl.Expr:
    """Return `is_long_term` of two date columns; null where a date is unknown."""
    sold = pl.col(sold_date) if isinstance(sold_date, str) else sold_date
    return sold >= long_term_from_expr(acquired_date)
