"""Rounded lists that a careful person works out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from evenkeel.engine.answer import Answer
from evenkeel.engine.solve import solve
from tests.unit.engine.scene import scene, traded


def rounded(steps: dict[str, float | None], least: float | None = None, **given: Any) -> tuple[dict[str, Any], Answer]:
    """Return the account's row and the rounded answer; `steps` by security, whole shares unless said."""
    tables = scene(**given)
    step = [steps.get(name, 1.0) for name in tables.securities["security_id"]]
    securities = tables.securities.with_columns(
        pl.Series("unit_step_qty", step, pl.Float64), pl.lit(least, pl.Float64).alias("min_ticket_usd")
    )
    answer = solve(replace(tables, securities=securities), is_rounded=True)
    return answer.accounts.row(0, named=True), answer


PRICES = {"VTI": ("equity", 150.0), "BND": ("bond", 50.0)}
LOTS = [{"security": "VTI", "qty": 468}, {"security": "BND", "qty": 596}]
"""70,200 of equity and 29,800 of bonds, to 60/40 with bands of five points: 5,200 must move."""


def test_whole_shares_reach_the_band_and_not_one_more() -> None:
    row, answer = rounded({}, prices=PRICES, lots=LOTS)
    # 34 shares are 5,100 and leave equity outside; 35 are 5,250, and 105 bonds take all of it.
    assert answer.trades.sort("security_id")["traded_qty"].to_list() == [105.0, 35.0]
    assert row["band_excess_usd"] == pytest.approx(0, abs=1e-9)
    assert row["cash_after_usd"] == pytest.approx(0, abs=1e-9)
    assert row["bound_usd"] <= row["objective_usd"]


def test_a_fund_takes_what_whole_shares_leave() -> None:
    row, answer = rounded({"BND": None}, prices={"VTI": ("equity", 151.37), "BND": ("bond", 13.0)}, lots=LOTS)
    sold, bought = traded(answer, "sell", "VTI"), traded(answer, "buy", "BND")
    assert sold == bought
    assert round(sold / 151.37, 9) == int(sold / 151.37 + 0.5)
    assert row["cash_after_usd"] == pytest.approx(0, abs=1e-9)


def test_no_crumb_of_a_share_remains() -> None:
    lots = [{"security": "VTI", "qty": 100}, {"security": "BND", "qty": 10.4}]
    _, answer = rounded({}, lots=lots, targets={"equity": 1.0})
    sale = answer.trades.filter(pl.col("side") == "sell").row(0, named=True)
    assert (sale["traded_qty"], sale["value_usd"]) == (10.4, 520.0)


def test_an_order_under_the_minimum_is_raised_where_that_pays() -> None:
    lots = [{"security": "VTI", "qty": 651}, {"security": "BND", "qty": 698}]
    _, answer = rounded({}, 250.0, lots=lots)
    # One share would do; three are the least order, and cost a basis point of what they are worth.
    assert traded(answer, "sell", "VTI") == traded(answer, "buy", "BND") == 300.0


def test_an_order_under_the_minimum_is_left_out_where_it_does_not() -> None:
    lots = [{"security": "VTI", "qty": 651, "basis": 10.0, "rate": 0.3}, {"security": "BND", "qty": 698}]
    row, answer = rounded({}, 5_000.0, lots=lots, band_cost=1.0)
    assert answer.trades.height == 0
    assert row["outcome"] == "nothing_to_trade"


def test_a_floor_that_the_exact_list_keeps_is_kept() -> None:
    row, _ = rounded({}, prices=PRICES, lots=LOTS, terms=[("minimum", 0.0, 3_017.0, 20.0, 0.0)])
    assert row["cash_after_usd"] >= 3_017.0
    assert row["cash_short_usd"] == 0.0


def test_rounding_overdraws_nothing() -> None:
    row, _ = rounded({}, prices=PRICES, lots=LOTS, cash=70.0, target_cost=1.0)
    assert row["cash_after_usd"] >= 0.0


@pytest.mark.parametrize("step", [0.0, -1.0])
def test_a_step_that_makes_no_sense_is_an_outcome(step: float) -> None:
    row, answer = rounded({"VTI": step}, lots=LOTS)
    assert row["outcome"] == "figure_invalid"
    assert answer.trades.height == 0
