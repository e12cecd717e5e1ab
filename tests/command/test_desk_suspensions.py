"""An account that the desk has set aside: runs leave it out, its household waits, and what a run knew of it stays on its record."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from data_contracts.coverage import Coverage
from data_contracts.notices import Notices
from data_contracts.run_inputs import RunInputs
from evenkeel.desk.reading import dataset
from evenkeel.desk.replaying import replay
from evenkeel.errors import RecordDamaged
from evenkeel.run.desk_suspensions import suspensions_known
from evenkeel.run.late import reason_to_run
from evenkeel.run.recompute import recompute
from evenkeel.sandbox.generate import generate
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.consent_home import Desk
from tests.command.practice import Home, deliver

BY_SENIOR = ("--actor", "A-01", "--role", "senior_adviser")
WHY = "papers are missing"


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, SandboxPlan]:
    """A home whose first date has run; to be copied."""
    path = tmp_path_factory.mktemp("suspending") / "home"
    plan = generate(path, 16, 3, 3, faults=False)
    home = Home(path)
    deliver(home, plan, plan.dates[0])
    home.run(plan.dates[0])
    home.house().records.close()  # type: ignore[attr-defined]
    return home, plan


@pytest.fixture
def plan(first_day: tuple[Home, SandboxPlan]) -> SandboxPlan:
    return first_day[1]


@pytest.fixture
def desk(first_day: tuple[Home, SandboxPlan], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """Commands on a home of one's own, from the morning after the first session on."""
    made = Desk(first_day[0].copy(tmp_path / "home"), capsys)
    made.now = morning_after(first_day[1], 0)
    return made


def morning_after(plan: SandboxPlan, number: int) -> dt.datetime:
    """Return ten o'clock on the session after the plan's session of that number: its deadline has passed."""
    return dt.datetime.fromisoformat(f"{plan.dates[number] + dt.timedelta(days=1)}T10:00:00-05:00")


def couple(home: Home, date: dt.date) -> tuple[str, str, str]:
    """Return a household of two scanned accounts with an open alert, the account to be set aside, and the other one."""
    coverage = covered(home, date)
    alerted = {row["household_id"] for row in home.records()["alerts"] if row["status"] == "open"}
    whole = (
        coverage.filter(pl.col("household_id").is_in(alerted))
        .group_by("household_id")
        .agg(pl.col("account_id").sort(), (pl.col("status") == "scanned").all().alias("is_scanned"))
        .filter(pl.col("is_scanned"), pl.col("account_id").list.len() == 2)
        .sort("household_id")
    )
    household, (one, other), _ = whole.row(0)
    return household, one, other


def covered(home: Home, date: dt.date) -> pl.DataFrame:
    """Return the coverage of a date."""
    return dataset(home.house(), home.manifest(date), Coverage)


def status_of(home: Home, date: dt.date, account: str) -> tuple[str, str | None]:
    """Return what became of an account, and why."""
    row = covered(home, date).row(by_predicate=pl.col("account_id") == account, named=True)
    return row["status"], row["reason"]


def run(desk: Desk, plan: SandboxPlan, number: int) -> None:
    """Run a session on the morning after it."""
    desk.now = morning_after(plan, number)
    deliver(desk.home, plan, plan.dates[number])
    desk("run", "--date", plan.dates[number])


def suspend(desk: Desk, account: str) -> None:
    """The desk sets an account aside."""
    desk("desk", "suspend", account, "--reason", WHY, "--kind", "compliance_hold", *BY_SENIOR)


def unsuspend(desk: Desk, account: str) -> None:
    """The desk releases it."""
    desk("desk", "unsuspend", account, "--reason", "they came", *BY_SENIOR)


def reason(desk: Desk, date: dt.date) -> str | None:
    """Return why a run of the date is due."""
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        return reason_to_run(desk.home.house(), date)


def test_the_household_waits_and_is_measured_again_when_it_is_released(desk: Desk, plan: SandboxPlan) -> None:
    home, dates = desk.home, plan.dates
    household, held, other = couple(home, dates[0])
    first, alerts_of_first = home.manifest(dates[0]), desk("alerts", "--date", dates[0], "--format", "json")

    suspend(desk, held)
    run(desk, plan, 1)
    told = f"suspended since {dates[1]} (compliance_hold): {WHY} (by A-01 on {dates[1]})"
    assert status_of(home, dates[1], held) == ("suspended", told)
    waits = f"its household is measured only whole and waits for {held} (suspended)"
    assert status_of(home, dates[1], other) == ("household_waits", waits)
    shown = json.loads(desk("alerts", "--date", dates[1], "--format", "json"))
    assert household not in {one["household"]["id"] for one in shown if one["status"] == "open"}
    [notice] = dataset(home.house(), home.manifest(dates[1]), Notices).filter(
        pl.col("kind") == "household_waiting", pl.col("subject_id") == household
    )["text"]
    assert f"{held} ({told})" in notice
    second = home.manifest(dates[1])

    desk.later(hours=1)
    unsuspend(desk, held)
    run(desk, plan, 2)
    assert {status_of(home, dates[2], one)[0] for one in (held, other)} == {"scanned"}

    for earlier in (first, second):
        assert recompute(home.house(), earlier).differing == ()
        assert replay(home.house(), None, run_id=earlier.run_id).is_equal
    desk("run", "--date", dates[1])
    assert home.manifest(dates[1]).run_id == second.run_id
    assert home.digests(dates[1]) == {one.dataset: one.digest for one in second.datasets}
    desk("run", "--date", dates[0])
    assert home.digests(dates[0]) == {one.dataset: one.digest for one in first.datasets}
    assert desk("alerts", "--date", dates[0], "--format", "json") == alerts_of_first
    kinds = [row["kind"] for row in home.records()["trail_events"] if row["subject"] == held]
    assert [kind for kind in sorted(kinds) if kind.startswith("suspension_")] == [
        "suspension_ended",
        "suspension_started",
    ], "no run tells the trail of it again"


def test_a_hold_that_is_set_or_released_is_news_to_the_newest_date_alone(desk: Desk, plan: SandboxPlan) -> None:
    home, date = desk.home, plan.dates[0]
    _, held, other = couple(home, date)
    first = home.digests(date)
    assert reason(desk, date) is None
    suspend(desk, held)
    assert reason(desk, date) == "an account was suspended or released at the desk since its run"
    desk("run", "--date", date)
    told = f"suspended since {date} (compliance_hold): {WHY} (by A-01 on {plan.dates[1]})"
    assert status_of(home, date, held) == ("suspended", told), "set on the morning after"
    assert status_of(home, date, other)[0] == "household_waits"
    assert reason(desk, date) is None
    unsuspend(desk, held)
    assert reason(desk, date) == "an account was suspended or released at the desk since its run"
    desk("run", "--date", date)
    assert home.digests(date) == first

    run(desk, plan, 1)
    suspend(desk, held)
    assert reason(desk, date) is None
    assert reason(desk, plan.dates[1]) is not None


def test_a_range_that_is_judged_as_known_then_goes_by_the_holds_of_then(desk: Desk, plan: SandboxPlan) -> None:
    home, dates = desk.home, plan.dates
    _, held, _ = couple(home, dates[0])
    desk.later(hours=1)
    suspend(desk, held)
    deliver(home, plan, *dates[1:])
    desk.now = morning_after(plan, 1) + dt.timedelta(hours=1)
    unsuspend(desk, held)
    desk.now = morning_after(plan, 2)
    desk("backfill", dates[0], dates[2], "--as-known", "then")
    assert [status_of(home, date, held)[0] for date in dates] == ["scanned", "suspended", "scanned"]


def test_a_list_by_hand_is_refused_for_an_account_that_the_run_left_out(desk: Desk, plan: SandboxPlan) -> None:
    _, held, _ = couple(desk.home, plan.dates[0])
    suspend(desk, held)
    run(desk, plan, 1)
    assert f"account {held}: suspended since {plan.dates[1]} (compliance_hold): {WHY}" in desk("propose", held, code=2)
    known = suspensions_known(desk.home.house(), desk.home.manifest(plan.dates[1]))
    stated = dataset(desk.home.house(), desk.home.manifest(plan.dates[1]), RunInputs)
    assert set(stated.filter(pl.col("kind") == "suspension")["input_id"]) == known
    assert len(known) == 1


def test_a_record_that_names_a_suspension_which_is_gone_is_damaged(desk: Desk, plan: SandboxPlan) -> None:
    date = plan.dates[0]
    suspend(desk, couple(desk.home, date)[1])
    desk("run", "--date", date)
    [known] = suspensions_known(desk.home.house(), desk.home.manifest(date))
    with closing(sqlite3.connect(desk.home.path / "records.db")) as connection, connection:
        connection.execute("DELETE FROM desk_controls")
    with pytest.raises(RecordDamaged, match=f"went by {known}, which the records do not have any more"):
        recompute(desk.home.house(), desk.home.manifest(date))


def test_a_review_date_only_reminds(desk: Desk, plan: SandboxPlan) -> None:
    _, held, _ = couple(desk.home, plan.dates[0])
    review = ("--review", plan.dates[1])
    desk("desk", "suspend", held, "--reason", WHY, "--kind", "transition", *review, *BY_SENIOR)
    run(desk, plan, 1)
    notices = dataset(desk.home.house(), desk.home.manifest(plan.dates[1]), Notices)
    [text] = notices.filter(pl.col("kind") == "suspension_review", pl.col("subject_id") == held)["text"]
    assert f"was to be looked at on {plan.dates[1]}" in text
    run(desk, plan, 2)
    assert status_of(desk.home, plan.dates[2], held)[0] == "suspended"


@pytest.mark.postgres
def test_both_databases_end_alike(
    sandbox: tuple[Home, SandboxPlan], tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dates = sandbox[1].dates
    found = []
    for name, more in (("sqlite", {}), ("postgresql", {"EVENKEEL_DATABASE_URL": postgres_url})):
        desk = Desk(Home(sandbox[0].copy(tmp_path / name).path, more), capsys)
        run(desk, sandbox[1], 0)
        held = covered(desk.home, dates[0]).filter(pl.col("status") == "scanned")["account_id"].sort()[0]
        suspend(desk, held)
        run(desk, sandbox[1], 1)
        known = desk.home.digests(dates[1])
        unsuspend(desk, held)
        run(desk, sandbox[1], 2)
        desk("run", "--date", dates[1])
        assert desk.home.digests(dates[1]) == known
        assert [status_of(desk.home, date, held)[0] for date in dates[:3]] == ["scanned", "suspended", "scanned"]
        assert recompute(desk.home.house(), desk.home.manifest(dates[1])).differing == ()
        found.append((held, desk.home.all_digests()))
    assert found[0] == found[1]
