"""For which session a flow run is."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from flows import when

NEW_YORK = ZoneInfo("America/New_York")


def occasion_at(monkeypatch: pytest.MonkeyPatch, text: str) -> when.Occasion:
    scheduled = dt.datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(dt.UTC)
    monkeypatch.delenv("EVENKEEL_CLOCK", raising=False)
    monkeypatch.setattr(when, "flow_run", type("Run", (), {"scheduled_start_time": scheduled}))
    return when.occasion()


@pytest.mark.parametrize(
    ("scheduled", "business_date", "is_on_session"),
    [
        ("2026-03-03T06:00", "2026-03-02", True),
        ("2026-03-03T18:00", "2026-03-03", True),
        ("2026-03-02T06:00", "2026-02-27", True),  # Monday morning closes Friday's day
        ("2026-03-07T02:00", "2026-03-06", False),  # Saturday
        ("2026-04-03T18:00", "2026-04-02", False),  # Good Friday
        ("2026-11-27T12:30", "2026-11-25", True),  # a shortened day before its close at 13:00
        ("2026-11-27T13:00", "2026-11-27", True),
        ("2026-03-09T18:00", "2026-03-09", True),  # the Monday after clocks went forward
    ],
)
def test_a_run_is_for_the_session_that_had_closed_by_its_scheduled_time(
    monkeypatch: pytest.MonkeyPatch, scheduled: str, business_date: str, is_on_session: bool
) -> None:
    found = occasion_at(monkeypatch, scheduled)
    assert found.business_date == dt.date.fromisoformat(business_date)
    assert found.is_on_session is is_on_session


def test_a_set_clock_counts_before_the_scheduled_time(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
    monkeypatch.setattr(when, "flow_run", type("Run", (), {"scheduled_start_time": scheduled}))
    monkeypatch.setenv("EVENKEEL_CLOCK", "2026-03-03T06:00:00-05:00")
    assert when.occasion().business_date == dt.date(2026, 3, 2)
