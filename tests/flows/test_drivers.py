"""The flow and the in-process driver: the same datasets, and what a flow run does when it cannot or need not run."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest

from data_contracts.coverage import Coverage
from data_contracts.vocab import Role, SuspensionKind
from evenkeel.desk.consent.controls import suspend, unsuspend
from evenkeel.desk.consent.deciding import Asking
from evenkeel.desk.reading import dataset
from evenkeel.errors import EvenkeelError, LeaseHeld, TransientError
from evenkeel.run import driver, sequence
from evenkeel.run.desk_suspensions import suspensions_known
from evenkeel.run.house import House
from evenkeel.run.steps import Day, Staged
from flows import daily as daily_module
from flows.backfill import backfill
from flows.daily import daily
from flows.demo import Look, run_demo_days
from tasks.retries import RETRIES
from tests.flows.practice import Practice, make_practice

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.usefixtures("server"),
    pytest.mark.timeout(300),
]


def ran(business_date: dt.date | None = None, *, force: bool = False) -> dict[str, Any]:
    """Run the daily flow and return what its final state holds."""
    return cast(dict[str, Any], daily(business_date, force=force))


def test_both_drivers_write_the_same_datasets(practice: Practice, tmp_path: Path) -> None:
    for date in practice.plan.dates:
        sequence.run_date(practice.house(), date)
    by_process = practice.digests()

    other = make_practice(tmp_path / "other")
    with other.at():
        for date in other.plan.dates:
            assert ran(date)["status"] in {"done", "stopped"}
        by_flow = other.digests()
        runs = {date: other.manifest(date).run_id for date in other.plan.dates}

    assert len({date for date, _ in by_process}) == 3
    assert by_flow == by_process
    assert runs == {date: practice.manifest(date).run_id for date in practice.plan.dates}


def test_both_drivers_leave_out_what_the_desk_has_suspended(practice: Practice, tmp_path: Path) -> None:
    def suspend_after_first_run(each: Practice) -> None:
        house = each.house()
        covered = dataset(house, each.manifest(each.plan.dates[0]), Coverage)
        held = covered.filter(pl.col("status") == "scanned")["account_id"].sort()[0]
        suspend(house, held, SuspensionKind.TRANSITION, Asking("A-01", Role.SENIOR_ADVISER, "moving"))

    first, second, _ = practice.plan.dates
    sequence.run_date(practice.house(), first)
    suspend_after_first_run(practice)
    sequence.run_date(practice.house(), second)
    by_process = practice.digests()
    assert len(suspensions_known(practice.house(), practice.manifest(second))) == 1

    other = make_practice(tmp_path / "other")
    with other.at():
        ran(first)
        suspend_after_first_run(other)
        ran(second)
        assert other.digests() == by_process


def test_a_look_after_a_suspension_runs_the_date_again(practice: Practice) -> None:
    last = practice.plan.dates[-1]
    with practice.at(dt.datetime(2026, 3, 5, 13, 0, tzinfo=dt.UTC)):
        daily()
        run, house = practice.manifest(last), practice.house()
        held = dataset(house, run, Coverage).filter(pl.col("status") == "scanned")["account_id"].sort()[0]
        asking = Asking("A-01", Role.SENIOR_ADVISER, "moving")
        suspend(house, held, SuspensionKind.TRANSITION, asking)
        daily()
        assert practice.manifest(last).run_id != run.run_id
        unsuspend(house, held, asking)
        assert ran()["run_id"] == run.run_id


def test_a_backfill_writes_what_the_days_would_have(practice: Practice, tmp_path: Path) -> None:
    first, *_, last = practice.plan.dates
    for date in practice.plan.dates:
        sequence.run_date(practice.house(), date)

    other = make_practice(tmp_path / "other")
    with other.at():
        backfill(first, last)
        by_backfill = other.digests()

    assert by_backfill == practice.digests()


def test_a_look_without_news_changes_nothing(practice: Practice) -> None:
    last = practice.plan.dates[-1]
    with practice.at(dt.datetime(2026, 3, 5, 13, 0, tzinfo=dt.UTC)):
        daily()
        run = practice.manifest(last)
        state = daily(return_state=True)
        assert state.is_completed()
        assert state.message == f"{last}: nothing has come or changed since its last run"
        assert practice.manifest(last) == run

        assert ran(force=True)["run_id"] == run.run_id


def test_a_holiday_does_nothing_and_says_so(practice: Practice) -> None:
    with practice.at(dt.datetime(2026, 4, 3, 14, 0, tzinfo=dt.UTC)):
        state = daily(return_state=True)
        assert state.is_completed()
        assert state.message is not None
        assert state.message.startswith("Friday 2026-04-03 is no exchange session: nothing to do")
        assert practice.house().records.committed_dates() == []


def test_a_date_that_another_run_holds_is_waited_for_and_then_refused(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily_module, "WAIT_SECONDS", 1.5)
    date = practice.plan.dates[0]
    with practice.house().records.lease(f"date:{date}", "somebody else", 60):
        state = daily(date, return_state=True)
    assert state.is_failed()
    with pytest.raises(LeaseHeld, match=rf"date:{date} is held by somebody else .* since "):
        state.result()
    assert ran(date)["run_id"]


@pytest.mark.parametrize("failing", ["reconcile", "prioritize", "alerts"])
def test_a_step_that_fails_leaves_the_run_before(
    practice: Practice, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    date = practice.plan.dates[0]
    daily(date)
    before = practice.manifest(date)

    def break_down(house: House, day: Day, staged: Staged) -> list[object]:
        raise EvenkeelError(f"{failing} broke down")

    monkeypatch.setitem(driver.STEPS, failing, break_down)
    state = daily(date, return_state=True)
    assert state.is_failed()
    assert f"{failing} broke down" in (state.message or "")
    assert practice.manifest(date) == before


def test_the_outside_world_is_tried_again_and_nothing_else(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.drift import drift

    failures = {"transient": 0, "ours": 0}

    def unreachable(house: House, day: Day, staged: Staged) -> list[object]:
        failures["transient"] += 1
        raise TransientError("the store cannot be reached")

    def wrong(house: House, day: Day, staged: Staged) -> list[object]:
        failures["ours"] += 1
        raise EvenkeelError("the data are wrong")

    quick = drift.with_options(retry_delay_seconds=0)
    monkeypatch.setitem(driver.STEPS, "drift", unreachable)
    assert quick(practice.plan.dates[0], None, [], return_state=True).is_failed()
    monkeypatch.setitem(driver.STEPS, "drift", wrong)
    assert quick(practice.plan.dates[0], None, [], return_state=True).is_failed()
    assert failures == {"transient": 1 + RETRIES, "ours": 1}


def test_a_late_custodian_is_waited_for_and_then_merged(tmp_path: Path) -> None:
    practice = make_practice(tmp_path / "home", is_delivered=False)
    late = next(expected for expected in practice.plan.expected if expected.fault == "late")
    next_day = late.business_date + dt.timedelta(days=1)
    looks = [
        Look(late.business_date, dt.datetime.combine(next_day, dt.time(hour), dt.timezone(dt.timedelta(hours=-5))))
        for hour in (6, 8)
    ]
    with practice.at():
        os.environ.pop("EVENKEEL_CLOCK")
        early, merged = run_demo_days(practice.home, looks, practice.plan.deliver)
    assert early.run is not None
    assert merged.run is not None
    assert early.run.summary["coverage"].get("waiting", 0) > 0
    assert merged.run.summary["coverage"].get("waiting", 0) < early.run.summary["coverage"]["waiting"]
    files = {
        run.run_id: pl.Series([s.row_count for s in run.datasets if s.dataset == "source_files"]).sum()
        for run in (early.run, merged.run)
    }
    assert files[merged.run.run_id] > files[early.run.run_id]
