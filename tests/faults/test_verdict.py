"""The verdict itself can fail: each definition is broken once, on a run of a small practice."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from data_contracts.alerts import Alerts
from data_contracts.breaks import Breaks
from data_contracts.coverage import Coverage
from data_contracts.doubts import Doubts
from data_contracts.exceptions import Exceptions
from data_contracts.vocab import Check
from evenkeel.sandbox.faults.verdict import Outcome, Verdict, judge

DAY = dt.date(2026, 3, 6)
CASH = frozenset({Check.BREAK_CASH})


def alert(household: str, **more: object) -> dict[str, object]:
    name = f"E-{household}"
    return {
        "business_date": DAY, "alert_id": name, "household_id": household, "portfolio_id": household.replace("H", "P"), "rule": "drift",
        "status": "open", "severity_frac": 0.02, "due_at": dt.datetime(2026, 3, 9, tzinfo=dt.UTC), "how_far": "target", "score": 40.0,
        "adviser_rank": 1, **more,
    }  # fmt: skip


def account(household: str, status: str = "scanned") -> dict[str, object]:
    return {
        "business_date": DAY,
        "account_id": f"A-{household}",
        "household_id": household,
        "status": status,
        "reason": None,
    }


def finding(check: Check, name: str = "X1") -> dict[str, object]:
    return {"business_date": DAY, "exception_id": name, "check": check.value}


def outcome(
    alerts: list[dict[str, object]],
    coverage: list[dict[str, object]],
    exceptions: list[dict[str, object]] | None = None,
) -> Outcome:
    def filled(contract: type, rows: list[dict[str, object]]) -> pl.DataFrame:
        schema = contract.polars_schema()  # type: ignore[attr-defined]
        return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)

    return Outcome(
        filled(Alerts, alerts),
        filled(Coverage, coverage),
        filled(Exceptions, exceptions or []),
        filled(Breaks, []),
        filled(Doubts, []),
    )


CLEAN = outcome([alert("H1"), alert("H2")], [account("H1"), account("H2")])


def judged(damaged: Outcome, touched: tuple[str, ...] = ("H1",), expected: frozenset[Check] = frozenset()) -> Verdict:
    return judge(CLEAN, damaged, touched, expected, 0.0005)


def with_first(row: dict[str, object] | None, status: str = "scanned") -> Outcome:
    rows = [alert("H2")] if row is None else [row, alert("H2")]
    return outcome(rows, [account("H1", status), account("H2")])


def test_the_same_outcome_is_right() -> None:
    assert judged(CLEAN).is_right


@pytest.mark.parametrize(
    "change",
    [
        {"status": "closed"},
        {"status": "in_flight"},
        {"how_far": "edge"},
        {"due_at": dt.datetime(2026, 3, 10, tzinfo=dt.UTC)},
        {"severity_frac": 0.0206},
    ],
)
def test_a_changed_alert_is_false(change: dict[str, object]) -> None:
    verdict = judged(with_first(alert("H1", **change)))
    assert len(verdict.false_alerts) == 1
    assert not verdict.is_right


def test_a_slip_inside_the_tolerance_is_not() -> None:
    assert judged(with_first(alert("H1", severity_frac=0.0204))).is_right


def test_a_raised_alert_is_false() -> None:
    verdict = judged(outcome([alert("H1"), alert("H2"), alert("H1", alert_id="E-9")], [account("H1"), account("H2")]))
    assert verdict.false_alerts == ("2026-03-06 H1 P1 drift: raised, open",)


def test_an_alert_held_up_with_a_stop_is_neither_false_nor_harm() -> None:
    verdict = judged(with_first(alert("H1", status="frozen", severity_frac=0.01), "quarantined"))
    assert verdict.is_right
    assert verdict.stopped_count == 1


def test_an_alert_held_up_without_a_stop_is_false() -> None:
    assert judged(with_first(alert("H1", status="frozen"))).false_alerts


def test_a_stop_excuses_no_alert_that_is_open_and_differs() -> None:
    assert judged(with_first(alert("H1", severity_frac=0.05), "quarantined")).false_alerts


def test_a_missing_alert_is_harm_unless_a_stop_says_so() -> None:
    assert judged(with_first(None)).unnoticed
    assert judged(with_first(None, "household_waits")).is_right


def test_a_stop_of_an_untouched_household_is_wrong() -> None:
    stopped = outcome([alert("H1"), alert("H2", status="frozen")], [account("H1"), account("H2", "quarantined")])
    verdict = judged(stopped)
    assert len(verdict.wrongly_stopped) == 1
    assert len(verdict.changed_elsewhere) == 1
    assert not verdict.is_right


def test_an_untouched_household_has_exactly_its_alerts() -> None:
    assert judged(outcome([alert("H1"), alert("H2", adviser_rank=7)], [account("H1"), account("H2")])).is_right
    verdict = judged(outcome([alert("H1"), alert("H2", score=41.0)], [account("H1"), account("H2")]))
    assert verdict.changed_elsewhere == ("2026-03-06 H2 P2: score",)


def test_a_reason_is_one_that_the_clean_run_has_not() -> None:
    found = outcome([alert("H1"), alert("H2")], [account("H1"), account("H2")], [finding(Check.BREAK_CASH)])
    assert judged(found, expected=CASH).is_right
    assert not judged(found, expected=frozenset({Check.ROLL_CASH})).has_reason
    assert not judge(found, found, ("H1",), CASH, 0.0005).has_reason
