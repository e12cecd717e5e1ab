"""Rounded lists of a household that a careful person works out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from evenkeel.engine.households.answer import HouseholdAnswer
from evenkeel.engine.households.solve import solve_households
from tests.unit.engine.household_scene import Member, household, traded


def rounded(
    members: dict[str, Member], steps: dict[str, float | None] | None = None, least: float | None = None, **given: Any
) -> tuple[dict[str, Any], HouseholdAnswer]:
    """Return the household's row and the rounded answer; `steps` by security, whole shares unless said."""
    tables = household(members, **given)
    step = [(steps or {}).get(name, 1.0) for name in tables.securities["security_id"]]
    securities = tables.securities.with_columns(
        pl.Series("unit_step_qty", step, pl.Float64), pl.lit(least, pl.Float64).alias("min_ticket_usd")
    )
    answer = solve_households(replace(tables, securities=securities), is_rounded=True)
    return answer.households.row(0, named=True), answer


def cash_after(answer: HouseholdAnswer) -> dict[str, float]:
    return dict(answer.household_accounts.select("account_id", "cash_after_usd").iter_rows())


def test_each_account_buys_whole_shares_with_its_own_cash() -> None:
    """16,000 of cash, 60/40: 9,600 of equity are 96 shares, of which the IRA's 10,050 pay for those that the taxable account cannot."""
    members = {"taxable": Member(cash=5_950.0), "ira": Member(cash=10_050.0)}
    row, answer = rounded(members)
    assert traded(answer, "taxable", "buy", "VTI") + traded(answer, "ira", "buy", "VTI") == 9_600.0
    assert traded(answer, "taxable", "buy", "BND") + traded(answer, "ira", "buy", "BND") == 6_400.0
    assert cash_after(answer) == {"taxable": 0.0, "ira": 0.0}
    assert row["gap_usd"] == pytest.approx(0, abs=1e-6)


def test_a_rest_that_buys_no_share_stays_where_it_is() -> None:
    """70 in one account and 70 in another would buy a share together; no account pays with the other's money."""
    members = {"taxable": Member(cash=70.0), "ira": Member(cash=70.0)}
    _, answer = rounded(members, {"VTI": 1.0}, targets={"equity": 1.0})
    assert answer.trades.height == 0
    assert cash_after(answer) == {"taxable": 70.0, "ira": 70.0}


def test_the_account_whose_shares_fit_makes_the_household_whole() -> None:
    """Thousandths in the IRA's universe take what whole shares in the other leave."""
    members = {
        "taxable": Member(lots=[{"security": "VTI", "qty": 650}]),
        "ira": Member(cash=35_000.0, universe="F"),
    }
    tables = household(members, targets={"equity": 0.603, "bond": 0.397}, shelves={"U": {"BND"}, "F": {"BND"}})
    step = pl.when(pl.col("universe_id") == "F").then(0.001).otherwise(1.0).alias("unit_step_qty")
    securities = tables.securities.with_columns(step, pl.lit(None, pl.Float64).alias("min_ticket_usd"))
    answer = solve_households(replace(tables, securities=securities), is_rounded=True)
    # 60,300 of equity: 47 shares are sold in the taxable account; its own bonds take the 4,700.
    assert traded(answer, "taxable", "sell", "VTI") == 4_700.0
    assert traded(answer, "taxable", "buy", "BND") == 4_700.0
    assert traded(answer, "ira", "buy", "BND") == 35_000.0


def test_orders_of_two_accounts_do_not_make_one_minimum() -> None:
    """300 each are under a minimum of 500 each: a broker sees two orders."""
    members = {"taxable": Member(cash=300.0), "ira": Member(cash=300.0)}
    _, answer = rounded(members, least=500.0, targets={"equity": 1.0})
    assert answer.trades.height == 0


def test_a_floor_of_one_account_is_kept() -> None:
    members = {
        "taxable": Member(cash=10_000.0, plan="P"),
        "ira": Member(lots=[{"security": "BND", "qty": 800}]),
    }
    _, answer = rounded(members, terms={"P": [("minimum", 0.0, 2_017.0, 20.0, 0.0)]})
    assert cash_after(answer)["taxable"] >= 2_017.0
    assert cash_after(answer)["ira"] >= 0.0


def test_a_swap_of_location_moves_the_same_shares_both_ways() -> None:
    """Bonds cost where they are taxed: they go to the IRA and equity comes back; the 401st bond buys no share, and cash has no target."""
    members = {
        "taxable": Member(lots=[{"security": "BND", "qty": 401}], location="taxable"),
        "ira": Member(lots=[{"security": "VTI", "qty": 300}], location="deferred"),
    }
    _, answer = rounded(members)
    assert traded(answer, "taxable", "sell", "BND") == traded(answer, "taxable", "buy", "VTI") == 20_000.0
    assert traded(answer, "ira", "sell", "VTI") == traded(answer, "ira", "buy", "BND") == 20_000.0
    assert cash_after(answer) == {"taxable": 0.0, "ira": 0.0}


def test_a_trade_under_an_accounts_dust_is_left_out() -> None:
    """The IRA's 900 would buy nine shares; it trades nothing under 1,000. The other account has no such threshold."""
    members = {"taxable": Member(cash=800.0), "ira": Member(cash=900.0, dust=1_000.0)}
    _, answer = rounded(members, targets={"equity": 1.0})
    assert traded(answer, "taxable", "buy", "VTI") == 800.0
    assert cash_after(answer)["ira"] == 900.0


def test_what_is_harvested_is_not_bought_back() -> None:
    """A loss of 100 a share saves 30; sold and bought back at once it would be harvested for a basis point or two."""
    members = {
        "taxable": Member(lots=[{"security": "VTI", "qty": 100, "basis": 200.0, "rate": 0.3}], cash=70.0),
        "ira": Member(cash=5_000.0),
    }
    _, answer = rounded(members, targets={"equity": 1.0}, target_cost=0.01, band_cost=0.02)
    assert traded(answer, "taxable", "sell", "VTI") == 10_000.0
    assert traded(answer, "taxable", "buy", "VTI") == 0.0
    assert traded(answer, "ira", "buy", "VTI") == 5_000.0


@pytest.mark.parametrize("step", [0.0, -1.0])
@pytest.mark.parametrize("is_held", [True, False])
def test_a_step_that_makes_no_sense_stops_its_account_and_the_others_wait(step: float, is_held: bool) -> None:
    lots = [{"security": "VTI", "qty": 1}] if is_held else []
    members = {"taxable": Member(cash=5_000.0, universe="V", lots=lots), "ira": Member(cash=5_000.0)}
    tables = household(members, shelves={"U": {"BND"}, "V": {"VTI", "BND"}})
    odd = pl.when(pl.col("universe_id") == "V").then(step).otherwise(1.0).alias("unit_step_qty")
    answer = solve_households(replace(tables, securities=tables.securities.with_columns(odd)), is_rounded=True)
    outcomes = dict(answer.household_accounts.select("account_id", "outcome").iter_rows())
    if not is_held:
        # Where nobody holds the security it is not bought, and stops nobody.
        assert outcomes == {"taxable": "nothing_to_trade", "ira": "traded"}
        return
    assert outcomes == {"taxable": "figure_invalid", "ira": "household_waits"}
    row = answer.households.row(0, named=True)
    assert (row["outcome"], row["unsolved_account_id"]) == ("account_unsolved", "taxable")
    assert answer.trades.height == 0
