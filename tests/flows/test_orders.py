"""The orders flow: idle before the first run, nothing due before 09:45, and the same again changes nothing."""

from __future__ import annotations

import datetime as dt

from evenkeel.run.sequence import run_date
from flows.orders import orders
from tests.flows.practice import Practice


def test_the_flow_plans_at_the_batch_time_and_twice_is_once(server: str, practice: Practice) -> None:
    date = practice.plan.dates[0]
    morning = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(12, 30), dt.UTC)
    with practice.at(morning):
        assert orders(return_state=True).message == "nothing has been run yet"
        run_date(practice.house(), date)
        assert (orders(return_state=True).message or "").startswith("0 executions taken")
    with practice.at(morning.replace(hour=14, minute=45)):
        first, second = orders(return_state=True), orders(return_state=True)
    assert first.message == second.message
    assert first.is_completed()
