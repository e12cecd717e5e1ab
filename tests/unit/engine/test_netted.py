"""Netted taxes and budgets of one account, each case worked by hand."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from evenkeel.engine.solve import solve
from tests.unit.engine.netted_scene import netted_scene, told, unit_table

ALL_EQUITY: dict[str, Any] = {
    "targets": {"equity": 1.0, "cash": 0.0},
    "prices": {"VTI": ("equity", 100.0), "VOO": ("equity", 100.0)},
    "buyable": {"VOO"},
    "width": 0.0,
}
"""What is sold is bought back as another fund of its class: nothing but tax can pay for a trade."""

HALF_GAIN = {"security": "VTI", "qty": 100, "basis": 50.0, "long": True}
"""Worth 10,000, half of it gain."""


def loss(qty: float, *, long: bool = False, lot: str = "L") -> dict[str, Any]:
    """Return a lot of VTI that has lost as much as it is worth: a dollar sold is a dollar of loss."""
    return {"security": "VTI", "qty": qty, "basis": 200.0, "long": long, "lot": lot}


def near(value: float) -> Any:
    return pytest.approx(value, abs=1e-6)


def test_a_short_term_loss_saves_short_term_tax_and_a_long_term_one_long_term_tax() -> None:
    # There and back costs 0.28 a dollar: it pays at 37 per cent, not at 20.
    lots = [loss(50, lot="short"), loss(50, long=True, lot="long")]
    year = {"realised_short_usd": 10_000.0, "realised_long_usd": 10_000.0}
    account, sold, taxes, _ = told(lots, year, cost=0.14, **ALL_EQUITY)
    assert sold == {"short": near(5_000)}
    assert (taxes["short_gain_usd"], taxes["long_gain_usd"]) == (near(-5_000), near(0))
    assert (taxes["federal_short_usd"], taxes["federal_long_usd"], taxes["tax_usd"]) == (
        near(-1_850),
        near(0),
        near(-1_850),
    )
    assert account["tax_usd"] == near(-1_850)


def test_a_long_term_loss_past_the_long_term_gains_saves_short_term_tax() -> None:
    # L is 2,000: the first 2,000 of loss save 20 per cent, what is beyond nets against short-term gain at 37.
    year = {"realised_short_usd": 10_000.0, "realised_long_usd": 2_000.0}
    account, sold, taxes, _ = told([loss(100, long=True)], year, cost=0.14, **ALL_EQUITY)
    # All 10,000: 2,000 at 20 and 8,000 at 37 per cent are 3,360, more than 2,800 of costs; a part would save less.
    assert sold == {"L": near(10_000)}
    assert taxes["tax_usd"] == near(-0.20 * 2_000 - 0.37 * 8_000)
    assert account["objective_usd"] == near(-3_360 + 2_800)
    # Twice the long-term gains: 4,000 at 20 and 6,000 at 37 per cent are 3,020: still more. Four times: 2,680, and nothing pays.
    assert told([loss(100, long=True)], year | {"realised_long_usd": 4_000.0}, cost=0.14, **ALL_EQUITY)[1]
    assert not told([loss(100, long=True)], year | {"realised_long_usd": 8_000.0}, cost=0.14, **ALL_EQUITY)[1]


@pytest.mark.parametrize("limit", [3_000.0, 1_500.0])
def test_no_more_loss_is_taken_than_may_be_deducted(limit: float) -> None:
    account, sold, taxes, _ = told([loss(100)], {"deduction_limit_usd": limit}, cost=0.01, **ALL_EQUITY)
    assert sold == {"L": near(limit)}
    assert (taxes["deducted_usd"], taxes["carry_short_after_usd"]) == (near(limit), near(0))
    assert taxes["federal_saving_usd"] == near(-0.37 * limit)
    assert account["gap_usd"] == near(0)


def test_a_loss_that_policy_values_is_taken_and_carried_over() -> None:
    account, sold, taxes, _ = told([loss(100)], {"carry_value_frac": 0.1}, cost=0.01, **ALL_EQUITY)
    assert sold == {"L": near(10_000)}
    assert (taxes["carry_short_after_usd"], taxes["carry_value_usd"]) == (near(7_000), near(700))
    assert taxes["tax_usd"] == near(-1_110)
    assert account["tax_usd"] == near(-1_810)


def test_a_gain_that_a_carry_over_swallows_costs_no_tax_this_year() -> None:
    # -8,000 of carry-over deducts 3,000 with or without the gain of 5,000: the whole account is sold.
    year = {"carry_short_usd": 8_000.0}
    account, sold, taxes, _ = told([HALF_GAIN], year, targets={"cash": 1.0}, width=0.0)
    assert sold == {"L0": near(10_000)}
    assert (taxes["tax_usd"], taxes["deducted_usd"], taxes["carry_short_after_usd"]) == (near(0), near(3_000), near(0))
    assert account["tax_usd"] == near(0)
    # Where policy values what is carried over, the gain costs that.
    account, _, taxes, _ = told([HALF_GAIN], year | {"carry_value_frac": 0.1}, targets={"cash": 1.0}, width=0.0)
    assert (taxes["carry_value_usd"], account["tax_usd"]) == (near(-500), near(500))


def test_state_tax_is_on_the_net_gain() -> None:
    account, _, taxes, _ = told(
        [HALF_GAIN], {"realised_short_usd": -1_000.0, "state_rate_frac": 0.05}, targets={"cash": 1.0}, width=0.0
    )
    # Before: 1,000 deducted at 37 and 5 per cent. After: 4,000 of net long-term gain at 20 and 5.
    assert (taxes["federal_long_usd"], taxes["federal_saving_usd"]) == (near(800), near(370))
    assert taxes["state_usd"] == near(0.05 * 4_000 + 0.05 * 1_000)
    assert account["tax_usd"] == near(800 + 370 + 250)


def test_a_binding_gain_budget_is_used_and_said() -> None:
    # 3,500 would have to be sold to the edge of the band; 1,000 of gain allow 2,000.
    account, sold, taxes, _ = told([HALF_GAIN], {"gain_budget_usd": 1_000.0})
    assert sold == {"L0": near(2_000)}
    assert (taxes["budget_used_usd"], taxes["is_budget_binding"]) == (near(1_000), True)
    assert account["gap_usd"] == near(0)
    _, sold, taxes, _ = told([HALF_GAIN], {"gain_budget_usd": 5_000.0})
    assert sold == {"L0": near(3_500)}
    assert (taxes["budget_used_usd"], taxes["is_budget_binding"]) == (near(1_750), False)


def test_a_loss_makes_room_in_a_gain_budget() -> None:
    lots = [{**HALF_GAIN, "lot": "gain"}, {"security": "OLD", "qty": 5, "basis": 300.0, "lot": "loss", "long": True}]
    prices = {"VTI": ("equity", 100.0), "BND": ("bond", 50.0), "OLD": ("bond", 100.0)}
    _, sold, taxes, _ = told(lots, {"gain_budget_usd": 0.0}, prices=prices, buyable={"BND"})
    # 500 of OLD lose 1,000: VTI for 2,000 may be sold.
    assert sold == {"gain": near(2_000), "loss": near(500)}
    assert taxes["is_budget_binding"]


def test_past_its_budget_already_a_year_takes_no_more_gain() -> None:
    _, sold, taxes, _ = told([HALF_GAIN], {"gain_budget_usd": 1_000.0, "realised_long_usd": 2_000.0})
    assert sold == {}
    assert (taxes["budget_used_usd"], taxes["is_budget_binding"]) == (near(2_000), True)


@pytest.mark.parametrize("year", [None, {}])
def test_a_binding_turnover_budget_is_used(year: dict[str, Any] | None) -> None:
    account, sold, _, _ = told([HALF_GAIN], year, turnover=0.1)
    assert sold == {"L0": near(1_000)}
    assert account["gap_usd"] == near(0)
    assert told([HALF_GAIN], year, turnover=0.5)[1] == {"L0": near(3_500)}
    assert told([HALF_GAIN], year, turnover=0.0)[1] == {}


def test_where_turnover_binds_the_lot_that_costs_least_is_sold() -> None:
    lots = [{**HALF_GAIN, "qty": 50, "lot": "dear"}, {**HALF_GAIN, "qty": 50, "basis": 90.0, "lot": "cheap"}]
    assert told(lots, {}, turnover=0.1)[1] == {"cheap": near(1_000)}


def test_a_rounded_list_states_the_tax_of_the_rule_to_the_cent() -> None:
    lots = [{"security": "VTI", "qty": 100.123, "basis": 33.337, "long": True}]
    account, sold, taxes, answer = told(lots, {"carry_long_usd": 123.45, "state_rate_frac": 0.0495}, is_rounded=True)
    gain = sum(row["gain_usd"] for row in answer.trades.filter(pl.col("side") == "sell").to_dicts())
    taxed = round(gain - 123.45, 2)
    # Before: 123.45 deducted at 37 and 4.95 per cent.
    before = -round(0.37 * 123.45, 2) - round(0.0495 * 123.45, 2)
    assert taxes["tax_usd"] == pytest.approx(round(0.20 * taxed, 2) + round(0.0495 * taxed, 2) - before, abs=0.0051)
    assert taxes["tax_usd"] == round(taxes["tax_usd"], 2)
    assert account["tax_usd"] == near(taxes["tax_usd"])
    assert account["bound_usd"] <= account["objective_usd"]
    assert sold


def test_a_rounded_list_keeps_its_budgets_to_the_cent() -> None:
    lots = [{"security": "VTI", "qty": 100.123, "basis": 33.337, "long": True}]
    _, sold, taxes, _ = told(lots, {"gain_budget_usd": 777.77}, is_rounded=True)
    assert 777.0 < taxes["budget_used_usd"] <= 777.77 + 1e-9
    account, sold, _, _ = told(lots, {}, turnover=0.1, is_rounded=True)
    assert 0.0999 < sum(sold.values()) / account["nav_usd"] <= 0.1


def test_accounts_alone_of_one_unit_are_each_taken_alone() -> None:
    one = netted_scene([loss(100)], {}, cost=0.01, **ALL_EQUITY)
    two = type(one)(
        **{
            **one.__dict__,
            "accounts": pl.concat([one.accounts, one.accounts.with_columns(pl.lit("B").alias("account_id"))]),
            "lots": pl.concat([one.lots, one.lots.with_columns(pl.lit("B").alias("account_id"))]),
        }
    )
    taxes = solve(two).tax_results
    assert taxes["problem_id"].to_list() == ["A", "B"]
    assert taxes["deducted_usd"].to_list() == [near(3_000), near(3_000)]


def test_what_is_not_known_is_kept_and_told() -> None:
    lots = [{**HALF_GAIN, "lot": "no term", "long": None}, {**HALF_GAIN, "lot": "no basis", "basis": None}]
    _, sold, _, answer = told(lots, {})
    assert sold == {}
    assert answer.findings.select("lot_id", "finding").rows() == [
        ("no basis", "basis_missing"),
        ("no term", "term_missing"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"long_rate_frac": 0.5},
        {"ordinary_rate_frac": 0.5},
        {"carry_short_usd": -1.0},
        {"deduction_limit_usd": 2_000.0},
        {"carry_value_frac": 0.4},
        {"state_rate_frac": None},
        {"gain_budget_usd": float("nan")},
    ],
)
def test_terms_that_make_no_sense_are_an_outcome(wrong: dict[str, Any]) -> None:
    account, _, taxes, answer = told([HALF_GAIN], wrong)
    assert account["outcome"] == "tax_terms_invalid"
    assert account["objective_usd"] is None
    assert (taxes, answer.trades.height) == ({}, 0)


def test_an_unknown_unit_or_a_negative_budget_is_an_outcome() -> None:
    tables = netted_scene([HALF_GAIN], {"tax_unit_id": "other"})
    assert solve(tables).accounts["outcome"].to_list() == ["tax_unit_unknown"]
    assert told([HALF_GAIN], None, turnover=-0.1)[0]["outcome"] == "figure_invalid"
    assert unit_table({}).height == 1
