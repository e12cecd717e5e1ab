"""Whether a date needs a run, and that a late file is not lost; in process, without a server."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from data_contracts.vocab import DecisionKind
from evenkeel.run.driver import IN_PROCESS
from evenkeel.run.late import late_dates, reason_to_run
from evenkeel.run.sequence import run_date
from evenkeel.run.steps import Day
from tests.adapters.stores.samples import event
from tests.flows.practice import Practice, make_practice

EVENING = dt.datetime(2026, 3, 3, 1, 0, tzinfo=dt.UTC)
BEFORE_DEADLINE = dt.datetime(2026, 3, 3, 11, 30, tzinfo=dt.UTC)
AT_DEADLINE = dt.datetime(2026, 3, 3, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def undelivered(tmp_path: Path) -> Practice:
    """A sandbox whose inbox is still empty."""
    return make_practice(tmp_path / "home", is_delivered=False)


def test_a_date_is_due_when_it_has_no_run_when_files_come_and_when_its_deadline_passes(undelivered: Practice) -> None:
    date = undelivered.plan.dates[0]
    first, second, *_ = undelivered.plan.of_date(date)
    undelivered.plan.deliver(date, undelivered.home, first.arrives_at)
    with undelivered.at(EVENING):
        house = undelivered.house()
        assert reason_to_run(house, date) == "it has not run yet"
        run_date(house, date)
        assert reason_to_run(house, date) is None
    with undelivered.at(BEFORE_DEADLINE):
        house = undelivered.house()
        assert reason_to_run(house, date) is None
        assert undelivered.plan.deliver(date, undelivered.home, second.arrives_at)
        assert "arrived" in (reason_to_run(house, date) or "")
        run_date(house, date)
        assert reason_to_run(house, date) is None
    with undelivered.at(AT_DEADLINE):
        house = undelivered.house()
        assert reason_to_run(house, date) == "its deadline has passed, and it still waits for files"
        run_date(house, date)
        assert reason_to_run(house, date) is None


def test_a_deadline_changes_nothing_where_nothing_is_waited_for(undelivered: Practice) -> None:
    date = undelivered.plan.dates[0]
    undelivered.plan.deliver(date, undelivered.home)
    with undelivered.at(BEFORE_DEADLINE):
        run_date(undelivered.house(), date)
    with undelivered.at(AT_DEADLINE):
        assert reason_to_run(undelivered.house(), date) is None


def test_a_date_is_due_when_a_decision_was_taken(practice: Practice) -> None:
    date = practice.plan.dates[0]
    house = practice.house()
    run_date(house, date)
    assert reason_to_run(house, date) is None
    house.records.add_decision(
        {
            "decision_id": "d1",
            "episode_id": "e1",
            "kind": DecisionKind.SNOOZE.value,
            "decided_date": date,
            "until_date": None,
            "severity_frac": 0.0,
            "actor": "somebody",
            "role": "adviser",
            "reason": "a test",
            "decided_at": house.clock.now() + dt.timedelta(minutes=1),
        },
        event("d1"),
    )
    assert reason_to_run(house, date) == "a decision was taken since its run"


def test_a_late_file_survives_a_run_killed_after_it_was_taken_in(undelivered: Practice) -> None:
    earlier, date, *_ = undelivered.plan.dates
    undelivered.plan.deliver(earlier, undelivered.home, undelivered.plan.of_date(earlier)[0].arrives_at)
    with undelivered.at():
        house = undelivered.house()
        run_date(house, earlier)
        before = undelivered.manifest(earlier).run_id
        undelivered.plan.deliver(earlier, undelivered.home)
        undelivered.plan.deliver(date, undelivered.home)
        # Taken in and assigned to its date; then the process is gone.
        IN_PROCESS.fetch(house, Day(date))
        assert late_dates(house, date, (), house.book(date)) == {earlier}

        outcome = run_date(house, date)
        assert [run.business_date for run in outcome.runs] == [earlier, date]
        assert undelivered.manifest(earlier).run_id != before
        assert late_dates(house, date, (), house.book(date)) == set()
