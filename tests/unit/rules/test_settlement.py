"""T+1 with the days on which the exchange trades and banks are closed."""

from __future__ import annotations

import datetime as dt

import pytest

from evenkeel.rules.settlement import settle_date


@pytest.mark.parametrize(
    ("traded", "settles"),
    [
        ("2026-03-03", "2026-03-04"),
        ("2026-03-06", "2026-03-09"),  # over a weekend
        ("2026-10-09", "2026-10-13"),  # Columbus Day, Monday 12 October: a session, and banks are closed
        ("2026-11-10", "2026-11-12"),  # Veterans Day, Wednesday
        ("2029-11-09", "2029-11-13"),  # Veterans Day on a Sunday is kept on Monday
        ("2028-11-10", "2028-11-13"),  # on a Saturday it moves nothing
        ("2026-11-25", "2026-11-27"),  # Thanksgiving between; Friday is short and settles
        ("2026-12-24", "2026-12-28"),
    ],
)
def test_a_trade_settles_on_the_next_business_day(traded: str, settles: str) -> None:
    assert settle_date(dt.date.fromisoformat(traded)) == dt.date.fromisoformat(settles)
