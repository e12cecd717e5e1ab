"""Drift compliance and monthly compliance, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from evenkeel.reports.drift_compliance import drift_compliance
from evenkeel.reports.facts import Facts
from evenkeel.reports.model import Report
from evenkeel.reports.monthly_compliance import monthly_compliance
from evenkeel.reports.period import month_of
from tests.support.reporting import Telling, at, day


def row(report: Report, table: str, **wanted: Any) -> dict[str, Any]:
    """Return the one row of a table that has these values."""
    found = [each for each in report.table(table).rows if all(each[name] == value for name, value in wanted.items())]
    assert len(found) == 1, found
    return dict(found[0])


def three_accounts() -> Telling:
    """Two accounts of one portfolio that goes out of its band on the 3rd, one that was never measured."""
    told = Telling()
    told.account("AC-1", "P-1")
    told.account("AC-2", "P-1", registration="traditional_ira", tax_status="tax_deferred", custodian="fidelity")
    told.account("AC-3", "P-2", status="quarantined")
    told.measured("2", "P-1", 0.015)
    told.measured("3", "P-1", 0.06)
    told.measured("4", "P-1", 0.025, is_outside=True)
    told.alert("4", "ep-1", "P-1", opened_date=day("3"))
    return told


def test_each_account_with_its_history() -> None:
    report = drift_compliance(three_accounts().facts())
    found = row(report, "accounts", account_id="AC-2")
    assert (found["max_drift_frac"], found["is_inside"], found["is_within_2"], found["is_within_3"]) == (
        0.025,
        False,
        False,
        True,
    )
    assert (found["measured_count"], found["outside_count"], found["peak_drift_frac"]) == (3, 2, 0.06)
    assert (found["open_since_date"], found["rebalanced_date"]) == (day("3"), None)
    unmeasured = row(report, "accounts", account_id="AC-3")
    assert {unmeasured[name] for name in ("max_drift_frac", "is_inside", "is_within_2", "is_within_3")} == {None}
    assert (unmeasured["status"], unmeasured["measured_count"]) == ("quarantined", 0)


def test_shares_are_of_what_was_measured() -> None:
    report = drift_compliance(three_accounts().facts())
    schwab = row(report, "custodians", custodian="schwab")
    assert (schwab["account_count"], schwab["measured_count"], schwab["inside_frac"]) == (2, 1, 0.0)
    assert row(report, "models", model_id="M-1")["within_3_frac"] == 1.0
    nobody = row(report, "models", model_id=None)
    assert (nobody["account_count"], nobody["inside_frac"], nobody["average_drift_frac"]) == (1, None, None)
    history = {each["business_date"]: each for each in report.table("history").rows}
    assert [history[day(on)]["inside_frac"] for on in "234"] == [1.0, 0.0, 0.0]
    assert [history[day(on)]["within_2_frac"] for on in "234"] == [1.0, 0.0, 0.0]
    assert [history[day(on)]["open_count"] for on in "234"] == [0, 0, 1]
    assert history[day("4")]["measured_count"] == 2


def test_an_account_held_up_is_not_judged_by_its_portfolio() -> None:
    told = Telling()
    told.account("AC-1", "P-1", status="quarantined")
    told.measured("4", "P-1", 0.01)
    report = drift_compliance(told.facts())
    assert row(report, "accounts", account_id="AC-1")["max_drift_frac"] is None
    assert report.figures[0].value is None


def test_an_empty_firm_and_a_month_without_runs() -> None:
    empty = Facts(month_of("2026-03"), at("2026-04-06 09:00"))
    for report in (drift_compliance(empty), monthly_compliance(empty)):
        assert all(not table.rows for table in report.tables)
        assert {each.value for each in report.figures} == {None}
    assert drift_compliance(empty).table("accounts").when_empty == "No session of the period was run."


def test_rates_by_adviser_and_account_type() -> None:
    told = three_accounts()
    told.alert("3", "ep-2", "P-2", adviser_id="A-2")
    ask = ("present", "with_adviser", "2026-03-03 08:00")
    told.case(
        "pp-1",
        "ep-1",
        "P-1",
        ask,
        ("approve", "approved", "2026-03-03 11:00", "A-1", "adviser"),
        account_ids=["AC-1", "AC-2"],
    )
    told.case(
        "pp-2", "ep-1", "P-1", ask, ("decline", "declined", "2026-03-04 08:00", "A-1", "adviser"), account_ids=["AC-1"]
    )
    told.case("pp-3", "ep-2", "P-2", ask, adviser_id="A-2", account_ids=["AC-3"])
    report = monthly_compliance(told.facts())
    first = row(report, "advisers", adviser_id="A-1")
    assert (first["portfolio_count"], first["alert_count"]) == (1, 1)
    assert (first["answered_count"], first["approved_count"], first["approval_rate_frac"]) == (2, 1, 0.5)
    assert first["approval_hours"] == 3
    assert first["average_drift_frac"] == pytest.approx((0.015 + 0.06 + 0.025) / 3)
    assert (first["rebalanced_count"], first["filled_count"]) == (1, None)
    second = row(report, "advisers", adviser_id="A-2")
    assert (second["alert_count"], second["answered_count"], second["approval_rate_frac"]) == (1, 0, None)
    assert second["average_drift_frac"] is None
    taxable = row(report, "account_types", account_type="individual, taxable")
    assert (taxable["account_count"], taxable["answered_count"], taxable["approval_rate_frac"]) == (2, 2, 0.5)
    ira = row(report, "account_types", account_type="traditional_ira, tax_deferred")
    assert (ira["answered_count"], ira["approval_rate_frac"]) == (1, 1.0)
    often = {each["rebalances"]: each for each in report.table("frequency").rows}
    assert [often[name]["approved_portfolio_count"] for name in ("0", "1", "2", "3 or more")] == [1, 1, 0, 0]
    assert often["0"]["filled_portfolio_count"] is None


def test_one_account() -> None:
    told = Telling(sessions=(day("2"),))
    told.account("AC-1", "P-1")
    told.measured("2", "P-1", 0.0)
    report = drift_compliance(told.facts())
    assert [each.value for each in report.figures] == [1.0, 1.0]
    assert len(report.table("advisers").rows) == 1
