"""Which session's net asset value an order for a fund gets, and by when it must be in.

A fund sells and redeems at the net asset value next computed after it has the order (17 CFR 270.22c-1), as of the close. A custodian closes
its books earlier, by its own cut-off: what comes later gets the next session's value. On a shortened session the cut-off is as long before
the close as on any other (15:30 is 12:30 where the exchange closes at 13:00): no custodian's calendar is read, and too early costs nothing.
"""

from __future__ import annotations

import datetime as dt

from evenkeel import calendar
from evenkeel.errors import UsageError

USUAL_CLOSE = dt.time(16, 0)
"""Eastern; the latest cut-off there is, and the one of a custodian that states none."""


def order_by(session: dt.date, cutoff: dt.time = USUAL_CLOSE) -> dt.datetime:
    """Return the instant (UTC) by which an order must be in to get the net asset value of `session`.

    Args:
        session: An exchange session.
        cutoff: Time of day, Eastern, on a session of usual length; at most 16:00.

    Raises:
        UsageError: `session` is no session, or the cut-off is after the usual close.
    """
    if cutoff > USUAL_CLOSE:
        raise UsageError(
            f"a cut-off at {cutoff:%H:%M} is after the close at 16:00, when the net asset value is struck; use 16:00 or earlier"
        )
    usual = dt.datetime.combine(session, USUAL_CLOSE) - dt.datetime.combine(session, cutoff)
    return calendar.session_close(session) - usual


def fund_trade_date(decided_at: dt.datetime, cutoff: dt.time = USUAL_CLOSE) -> dt.date:
    """Return the session whose net asset value an order decided at that instant gets; at the cut-off itself it is still in time.

    Args:
        decided_at: Any zone; it must name one.
        cutoff: As `order_by` takes it.

    Raises:
        UsageError: The instant names no zone, or the cut-off is after the usual close.
    """
    if decided_at.tzinfo is None:
        raise UsageError("an instant needs a zone; write it with an offset, for example 2026-07-02T19:00:00Z")
    date = decided_at.astimezone(calendar.EASTERN).date()
    session = date if calendar.is_session(date) else calendar.next_session(date)
    return session if decided_at <= order_by(session, cutoff) else calendar.next_session(session)
