"""The sweep as a flow: it opens what a run has proposed, once, and leaves a home without a run alone."""

from __future__ import annotations

import datetime as dt

from evenkeel.run.sequence import run_date
from flows.sweep import sweep
from tests.flows.practice import Practice


def test_a_sweep_opens_what_the_newest_run_proposed_and_the_next_finds_nothing(server: str, practice: Practice) -> None:
    date = practice.plan.dates[0]
    morning = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(12, 30), dt.UTC)
    with practice.at(morning):
        assert sweep(return_state=True).message == "nothing has been run yet"
        house = practice.house()
        run_date(house, date)
        first = sweep(return_state=True)
        second = sweep(return_state=True)
        count = len(house.approvals.cases())
    assert count > 0
    assert (first.message or "").startswith(f"Sweep: {count} opened")
    assert (second.message or "").startswith("Sweep: 0 opened")
