"""By when an order for a fund must be in, at the minute: an ordinary day, a shortened one, weekends, and bad input."""

from __future__ import annotations

import datetime as dt

import pytest

from evenkeel.errors import UsageError
from evenkeel.rules.fund_orders import fund_trade_date, order_by

HALF_PAST_THREE = dt.time(15, 30)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("session", "cutoff", "instant"),
    [
        ("2026-03-03", "16:00", "2026-03-03T21:00:00+00:00"),  # Eastern Standard Time, five hours
        ("2026-03-03", "15:30", "2026-03-03T20:30:00+00:00"),
        ("2026-03-09", "15:30", "2026-03-09T19:30:00+00:00"),  # daylight time since the day before
        ("2026-11-27", "16:00", "2026-11-27T18:00:00+00:00"),  # the day after Thanksgiving closes at 13:00
        ("2026-11-27", "15:30", "2026-11-27T17:30:00+00:00"),
        ("2026-12-24", "14:00", "2026-12-24T16:00:00+00:00"),  # two hours before 13:00
    ],
)
def test_an_order_must_be_in_by_the_cutoff(session: str, cutoff: str, instant: str) -> None:
    assert order_by(dt.date.fromisoformat(session), dt.time.fromisoformat(cutoff)) == at(instant)


@pytest.mark.parametrize(
    ("decided", "session"),
    [
        ("2026-03-03T15:29:59-05:00", "2026-03-03"),
        ("2026-03-03T15:30:00-05:00", "2026-03-03"),
        ("2026-03-03T15:30:01-05:00", "2026-03-04"),
        ("2026-03-03T20:31:00+00:00", "2026-03-04"),  # the same minute past, in UTC
        ("2026-03-04T01:00:00+00:00", "2026-03-04"),  # still the evening of the third in New York
        ("2026-03-03T06:00:00-05:00", "2026-03-03"),
        ("2026-03-06T15:31:00-05:00", "2026-03-09"),  # Friday, past it: Monday
        ("2026-03-07T10:00:00-05:00", "2026-03-09"),  # Saturday
        ("2026-03-08T23:59:00-04:00", "2026-03-09"),  # Sunday night
        ("2026-11-27T12:30:00-05:00", "2026-11-27"),  # a short Friday
        ("2026-11-27T12:31:00-05:00", "2026-11-30"),
        ("2026-11-26T12:00:00-05:00", "2026-11-27"),  # Thanksgiving itself
        ("2026-12-24T12:31:00-05:00", "2026-12-28"),  # Christmas on a Friday, then a weekend
    ],
)
def test_what_is_decided_after_the_cutoff_gets_the_next_sessions_price(decided: str, session: str) -> None:
    assert fund_trade_date(at(decided), HALF_PAST_THREE) == dt.date.fromisoformat(session)


def test_without_a_cutoff_of_its_own_a_custodian_takes_orders_until_the_close() -> None:
    assert fund_trade_date(at("2026-03-03T16:00:00-05:00")) == dt.date(2026, 3, 3)
    assert fund_trade_date(at("2026-03-03T16:00:01-05:00")) == dt.date(2026, 3, 4)
    assert fund_trade_date(at("2026-11-27T13:00:01-05:00")) == dt.date(2026, 11, 30)


def test_bad_input_is_refused() -> None:
    with pytest.raises(UsageError, match="needs a zone"):
        fund_trade_date(dt.datetime(2026, 3, 3, 15, 0))
    with pytest.raises(UsageError, match="after the close at 16:00"):
        order_by(dt.date(2026, 3, 3), dt.time(16, 1))
    with pytest.raises(UsageError, match="no exchange session"):
        order_by(dt.date(2026, 3, 7))
