"""Which session a file belongs to.

A file that carries values (positions, cash, lots) must say as of when, and that moment must belong to an exchange session; a history
belongs to the session on or before its own date. What cannot be dated is stopped and shown with the run that first saw it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.parsed import AS_OF_TIME
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.tax_lots import TaxLots
from data_contracts.vocab import Check
from evenkeel import calendar
from evenkeel.ports import ParsedFile

VALUE_CONTRACTS: tuple[type[Contract], ...] = (Positions, CashBalances, TaxLots)
"""Tables whose rows are worth something only with a date."""

OLDEST = calendar.FIRST_DATE + dt.timedelta(days=7)
"""No session is known before; a source writes such a date (1 January 1970, say) where it has none."""


@dataclass(frozen=True)
class FileDate:
    """The session a file belongs to, or why it has none; `stated_date` is the calendar date it states."""

    business_date: dt.date | None
    stated_date: dt.date | None
    check: Check | None = None
    message: str | None = None


def date_file(parsed: ParsedFile, today: dt.date, weekend: Literal["stop", "previous_session"]) -> FileDate:
    """Return the session of `parsed`.

    Args:
        parsed: What the adapter read.
        today: Calendar date of the clock in New York; a file stated for a later date is stopped.
        weekend: What to do with a moment that belongs to no session (the feed's or the policy's rule).

    Returns:
        A `business_date` of None without a check: the file states no date and needs none (a history); the run's date is taken.
    """
    moments = _value_moments(parsed)
    if moments:
        return _date_values(moments, today, weekend)
    stated = parsed.as_of_date or _newest_price(parsed)
    if stated is None:
        return FileDate(None, None)
    if stated > today:
        return _in_the_future(stated, today)
    if stated < OLDEST:
        return _too_old(stated)
    return FileDate(calendar.session_on_or_before(stated), stated)


def _value_moments(parsed: ParsedFile) -> set[tuple[dt.date | None, dt.time | None]]:
    moments: set[tuple[dt.date | None, dt.time | None]] = set()
    for contract in VALUE_CONTRACTS:
        frame = parsed.tables.get(contract)
        if frame is not None and frame.height:
            rows = frame.select("as_of_date", AS_OF_TIME).unique().rows()
            moments.update((date or parsed.as_of_date, time if date else parsed.as_of_time) for date, time in rows)
    return moments


def _date_values(
    moments: set[tuple[dt.date | None, dt.time | None]], today: dt.date, weekend: Literal["stop", "previous_session"]
) -> FileDate:
    if any(date is None for date, _ in moments):
        return FileDate(
            None,
            None,
            Check.NO_AS_OF_DATE,
            "the file does not say as of which date its values are; ask for a file with its date line, or one named with its date",
        )
    dated = sorted((date, time) for date, time in moments if date is not None)
    stated = dated[-1][0]
    if stated > today:
        return _in_the_future(stated, today)
    if dated[0][0] < OLDEST:
        return _too_old(dated[0][0])
    sessions = {calendar.business_date_of(date, time, weekend) for date, time in dated}
    if None in sessions:
        return FileDate(
            None,
            stated,
            Check.NOT_A_SESSION,
            f"its values are as of {stated:%A %Y-%m-%d}, which is no exchange session; ask for the file of "
            f"{calendar.session_on_or_before(stated)}, or set weekend_as_of: previous_session for the feed",
        )
    if len(sessions) > 1:
        named = ", ".join(sorted(str(session) for session in sessions))
        return FileDate(
            None,
            stated,
            Check.MIXED_DATES,
            f"it mixes values of several sessions ({named}); ask for one file a session",
        )
    return FileDate(sessions.pop(), stated)


def _newest_price(parsed: ParsedFile) -> dt.date | None:
    frame = parsed.tables.get(Prices)
    if frame is None or not frame.height:
        return None
    newest = frame.get_column("price_date").max()
    return newest if isinstance(newest, dt.date) else None


def _in_the_future(stated: dt.date, today: dt.date) -> FileDate:
    return FileDate(
        None,
        stated,
        Check.FUTURE_FILE,
        f"it is dated {stated}, after today ({today}), and waits for that day; if the date is wrong, ask for the right file",
    )


def _too_old(stated: dt.date) -> FileDate:
    return FileDate(
        None,
        stated,
        Check.NOT_A_SESSION,
        f"it is dated {stated}, before any known exchange session; ask the sender for a file with its true date",
    )


def accounts_in(parsed: ParsedFile) -> frozenset[str]:
    """Return the account texts of all rows of a file, as the source has them."""
    texts: set[str] = set()
    for frame in parsed.tables.values():
        if "source_account" in frame.columns:
            texts.update(frame.get_column("source_account").drop_nulls().unique().cast(pl.String).to_list())
    return frozenset(texts)
