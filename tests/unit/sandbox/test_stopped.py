"""What reconcile stops is what the plan says it should, and nothing else."""

import datetime as dt

import polars as pl
import pytest

from data_contracts.vocab import Check
from evenkeel.sandbox.plan import eastern
from evenkeel.stages.reconcile.stage import Reconciled, reconcile
from tests.unit.sandbox.conftest import Made
from tests.unit.sandbox.landing import land_day
from tests.unit.sandbox.test_book import book_of


def run(made: Made, date: dt.date, until: dt.datetime) -> Reconciled:
    book = book_of(made.home, date)
    landed = land_day(made, date, book, until)
    return reconcile(date, landed, book, book.policies.held_on("house", date), is_past_deadline=True)


def found(reconciled: Reconciled) -> set[tuple[str, str | None]]:
    rows = reconciled.exceptions.select("check", "effect", "account_id")
    return {
        (check, account) for check, effect, account in rows.iter_rows() if effect != "note" or check == "total_mismatch"
    }


@pytest.mark.parametrize("which", ["clean", "one", "three"])
def test_nothing_but_the_expected_is_found(which: str, request: pytest.FixtureRequest) -> None:
    made: Made = request.getfixturevalue(which)
    for date in made.plan.dates:
        today = [each for each in made.plan.expected if each.business_date == date]
        expected = {
            (str(e.check), account) for e in today if e.check and e.fault != "late" for account in e.account_ids
        }
        assert found(run(made, date, eastern(date, 23, days_later=6))) == expected


def test_faults_are_stopped_where_the_plan_says(faulty: Made) -> None:
    for date in faulty.plan.dates:
        today = [each for each in faulty.plan.expected if each.business_date == date and each.check is not None]
        # The deadline of Friday's session is on Monday.
        deadline = eastern(date, 7, days_later=3 if date.weekday() == 4 else 1)
        reconciled = run(faulty, date, deadline)
        late = [each for each in today if each.check == Check.FEED_MISSING]
        expected = {(str(each.check), account) for each in today if each not in late for account in each.account_ids}
        assert found(reconciled) == expected | {("feed_missing", None) for _ in late}
        waits = reconciled.coverage.filter(pl.col("status") == "waiting")["account_id"]
        if late:
            assert set(waits) <= set(late[0].account_ids)
            assert len(waits) > 10
