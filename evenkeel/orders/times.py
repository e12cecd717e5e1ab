"""When a batch of orders goes, on which session an order trades, and when it settles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from data_contracts.vocab import OrderType
from evenkeel import calendar
from evenkeel.errors import UsageError
from evenkeel.rules.fund_orders import USUAL_CLOSE, fund_trade_date, order_by
from evenkeel.rules.settlement import settle_date


@dataclass(frozen=True)
class Timing:
    """The session an order trades on (a fund's: whose net asset value it gets), by when it must be in (funds), and settlement."""

    trade_date: dt.date
    order_by_at: dt.datetime | None
    settle_date: dt.date


def batch_at(session: dt.date, batch_time: dt.time) -> dt.datetime:
    """Return the instant (UTC) of the batch of a session.

    On a session that closes at or before the batch time it goes as long before the close as on any other.

    Raises:
        UsageError: `session` is no session.
    """
    close = calendar.session_close(session)
    planned = dt.datetime.combine(session, batch_time, calendar.EASTERN).astimezone(dt.UTC)
    if planned < close:
        return planned
    return close - (dt.datetime.combine(session, USUAL_CLOSE) - dt.datetime.combine(session, batch_time))


def next_batch_at(decided_at: dt.datetime, batch_time: dt.time) -> dt.datetime:
    """Return the instant (UTC) of the first batch at or after `decided_at`: consent at 09:45:00 is still in time, at 09:45:01 not.

    Raises:
        UsageError: The instant names no zone.
    """
    if decided_at.tzinfo is None:
        raise UsageError("an instant needs a zone; write it with an offset, for example 2026-07-02T13:45:00Z")
    date = decided_at.astimezone(calendar.EASTERN).date()
    session = date if calendar.is_session(date) else calendar.next_session(date)
    at = batch_at(session, batch_time)
    return at if decided_at <= at else batch_at(calendar.next_session(session), batch_time)


def timing_of(
    order_type: OrderType, custodian: str, send_at: dt.datetime, fund_cutoffs: Mapping[str, dt.time]
) -> Timing:
    """Return when an order sent at that instant trades and settles: for a fund by its custodian's cut-off, T+1 for all."""
    if order_type == OrderType.NAV:
        cutoff = fund_cutoffs.get(custodian, USUAL_CLOSE)
        session = fund_trade_date(send_at, cutoff)
        return Timing(session, order_by(session, cutoff), settle_date(session))
    session = send_at.astimezone(calendar.EASTERN).date()
    return Timing(session, None, settle_date(session))
