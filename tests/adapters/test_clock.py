"""The time is in UTC, and stands still where it is told to."""

import datetime as dt

import pytest

from evenkeel.adapters.clock import FixedClock, SystemClock


def test_the_system_clock_goes_on_in_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is dt.UTC
    assert SystemClock().now() >= now


def test_a_fixed_clock_stands_still() -> None:
    eastern = dt.timezone(dt.timedelta(hours=-4))
    clock = FixedClock(dt.datetime(2026, 7, 27, 18, 0, tzinfo=eastern))
    assert clock.now() == dt.datetime(2026, 7, 27, 22, 0, tzinfo=dt.UTC)
    assert clock.now().tzinfo is dt.UTC
    with pytest.raises(ValueError, match="time zone"):
        FixedClock(dt.datetime(2026, 7, 27, 18, 0))
