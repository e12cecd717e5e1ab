import datetime as dt

import pytest

from data_contracts.vocab import Cadence, Workflow
from evenkeel.stages.threshold.cadence import Schedule, is_weekly_look
from tests.golden.scene import policy_of

D = dt.date


@pytest.mark.parametrize(
    ("date", "weekday", "expected"),
    [
        (D(2026, 3, 6), "friday", True),
        (D(2026, 3, 5), "friday", False),
        (D(2026, 4, 2), "friday", True),  # Good Friday: the Thursday before
        (D(2026, 1, 20), "monday", True),  # Martin Luther King day: no session of the week comes before, so its first
        (D(2026, 1, 16), "monday", False),  # never the Friday of the week before
        (D(2026, 11, 25), "thursday", True),  # Thanksgiving: the Wednesday
    ],
)
def test_weekly_look(date: dt.date, weekday: str, expected: bool) -> None:
    assert is_weekly_look(date, weekday) is expected


def test_every_week_of_a_decade_has_one_weekly_look() -> None:
    for weekday in ("monday", "wednesday", "friday"):
        looks = [d for d in (D(2020, 1, 6) + dt.timedelta(days=n) for n in range(3640)) if is_weekly_look(d, weekday)]
        weeks = [d.isocalendar()[:2] for d in looks]
        assert len(weeks) == len(set(weeks)) == 520


def test_hybrid_is_due_by_cadence_and_by_calendar() -> None:
    schedule = Schedule(Workflow.HYBRID, Cadence.WEEKLY, policy_of({}))
    assert schedule.is_due(D(2026, 4, 1))
    assert schedule.is_calendar_look(D(2026, 4, 1))
    assert schedule.next_due(D(2026, 4, 1)) == D(2026, 4, 2)
    assert schedule.next_due(D(2026, 6, 26)) == D(2026, 7, 1)


def test_illiquid_holdings_are_judged_on_the_first_look_of_their_period() -> None:
    weekly = Schedule(Workflow.THRESHOLD, Cadence.WEEKLY, policy_of({}))
    assert not weekly.is_illiquid_look(D(2026, 4, 1))  # the quarter's first session is no weekly look
    assert weekly.is_illiquid_look(D(2026, 4, 2))
    assert not weekly.is_illiquid_look(D(2026, 4, 10))
    calendar = Schedule(Workflow.CALENDAR, Cadence.DAILY, policy_of({"calendar": {"frequency": "monthly"}}))
    assert calendar.is_illiquid_look(D(2026, 4, 1))
    assert not calendar.is_illiquid_look(D(2026, 5, 1))
