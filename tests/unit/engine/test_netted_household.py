"""Netted taxes of one household, each case worked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from evenkeel.engine.households.answer import HouseholdAnswer
from evenkeel.engine.households.solve import solve_households
from evenkeel.engine.netted.rounded_bound import OF_CENTS
from tests.unit.engine.household_scene import Member, household
from tests.unit.engine.netted_scene import unit_table

WINNER = {"security": "VTI", "qty": 100, "basis": 50.0}
"""Worth 10,000, half of it gain."""
LOSER = {"security": "VTI", "qty": 40, "basis": 150.0}
"""Worth 4,000 with a loss of 2,000."""


@pytest.fixture(params=[False, True], ids=["exact", "in whole shares"])
def is_rounded(request: pytest.FixtureRequest) -> bool:
    """Every case holds for both: what is sold here are whole lots, or whole shares."""
    return bool(request.param)


def netted(
    is_rounded: bool,
    members: dict[str, Member],
    units: dict[str, str | None],
    years: list[dict[str, Any]],
    turnover: dict[str, float] | None = None,
    **given: Any,
) -> HouseholdAnswer:
    """Return the answer where each account has its unit, and every lot is long-term."""
    tables = household(members, locations={}, **given)
    if is_rounded:
        step = pl.lit(1.0).alias("unit_step_qty")
        tables = replace(tables, securities=tables.securities.with_columns(step))
    return solve_households(
        replace(
            tables,
            accounts=tables.accounts.with_columns(
                pl.col("account_id").replace_strict(units, return_dtype=pl.String).alias("tax_unit_id"),
                pl.col("account_id")
                .replace_strict(turnover or {}, default=None, return_dtype=pl.Float64)
                .alias("turnover_budget_frac"),
            ),
            lots=tables.lots.with_columns(pl.lit(True).alias("is_long_term")),
            tax_units=unit_table(*years),
        ),
        is_rounded=is_rounded,
    )


def near(value: float) -> Any:
    return pytest.approx(value, abs=1e-6)


TWO = {"one": Member(lots=[WINNER]), "two": Member(lots=[LOSER])}
ALL_CASH = {"cash": 1.0}


def test_gains_and_losses_of_two_accounts_of_one_unit_net(is_rounded: bool) -> None:
    answer = netted(is_rounded, TWO, {"one": "T", "two": "T"}, [{}], targets=ALL_CASH)
    row = answer.tax_results.row(0, named=True)
    assert (row["problem_id"], row["long_gain_usd"], row["tax_usd"]) == ("H", near(3_000), near(600))
    house = answer.households.row(0, named=True)
    assert house["tax_usd"] == near(600)
    assert house["gap_usd"] <= (OF_CENTS + 1e-6 if is_rounded else 1e-6)
    # Each account's part is its gain at the average rate: 20 per cent.
    taxes = dict(answer.household_accounts.select("account_id", "tax_usd").iter_rows())
    assert taxes == {"one": near(1_000), "two": near(-400)}


def test_gains_of_two_units_do_not_net(is_rounded: bool) -> None:
    answer = netted(is_rounded, TWO, {"one": "T", "two": "S"}, [{}, {"tax_unit_id": "S"}], targets=ALL_CASH)
    rows = {row["tax_unit_id"]: row for row in answer.tax_results.to_dicts()}
    assert rows["T"]["tax_usd"] == near(1_000)
    # Its own loss of 2,000 is deducted at 37 per cent.
    assert (rows["S"]["tax_usd"], rows["S"]["deducted_usd"]) == (near(-740), near(2_000))


def test_an_account_without_a_unit_has_its_lots_own_rates(is_rounded: bool) -> None:
    members = {"one": Member(lots=[WINNER]), "ira": Member(lots=[{**LOSER, "rate": 0.0}])}
    answer = netted(is_rounded, members, {"one": "T", "ira": None}, [{}], targets=ALL_CASH)
    assert answer.tax_results["tax_usd"].to_list() == [near(1_000)]
    taxes = dict(answer.household_accounts.select("account_id", "tax_usd").iter_rows())
    assert taxes == {"one": near(1_000), "ira": near(0)}


def test_one_gain_budget_holds_over_all_accounts_of_the_unit(is_rounded: bool) -> None:
    members = {"one": Member(lots=[WINNER]), "two": Member(lots=[WINNER])}
    answer = netted(is_rounded, members, {"one": "T", "two": "T"}, [{"gain_budget_usd": 3_000.0}], targets=ALL_CASH)
    row = answer.tax_results.row(0, named=True)
    assert (row["budget_used_usd"], row["is_budget_binding"]) == (near(3_000), True)
    assert answer.households["sold_usd"].to_list() == [near(6_000)]


def test_an_unknown_unit_makes_its_household_wait(is_rounded: bool) -> None:
    answer = netted(is_rounded, TWO, {"one": "T", "two": "nobody"}, [{}], targets=ALL_CASH)
    assert answer.households.select("outcome", "unsolved_account_id").rows() == [("account_unsolved", "two")]
    outcomes = dict(answer.household_accounts.select("account_id", "outcome").iter_rows())
    assert outcomes == {"one": "household_waits", "two": "tax_unit_unknown"}


def test_losses_of_one_account_take_up_what_the_couple_has_gained_this_year(is_rounded: bool) -> None:
    """10,000 of short-term gains this year: the loss of 2,000 saves 37 per cent, whichever account of the couple holds it.

    At the lot's own rate of 20 per cent it would save 400, less than the half-spread of 0.12 costs on 4,000.
    """
    members = {"one": Member(lots=[], cash=6_000.0), "two": Member(lots=[{**LOSER, "rate": 0.2}])}
    years = [{"realised_short_usd": 10_000.0}]
    for cost, sold in ((0.12, 4_000.0), (0.2, 0.0)):
        answer = netted(
            is_rounded, members, {"one": "T", "two": "T"}, years, targets={"equity": 0.4, "cash": 0.6}, width=1.0,
            target_cost=0.0, cost=cost,
        )  # fmt: skip
        house = answer.households.row(0, named=True)
        assert house["sold_usd"] == near(sold)
        assert house["tax_usd"] == near(-740.0 if sold else 0.0)
        assert 0.0 <= house["gap_usd"] <= (OF_CENTS + 1e-6 if is_rounded else 1e-6)


def test_an_account_worth_less_than_nothing_keeps_its_turnover_budget_by_selling_nothing(is_rounded: bool) -> None:
    """It owes 500 and holds nothing; the other account goes to cash all the same."""
    members = {"one": Member(lots=[WINNER]), "owes": Member(lots=[], cash=-500.0)}
    answer = netted(is_rounded, members, {"one": None, "owes": None}, [{}], {"owes": 0.1}, targets=ALL_CASH)
    assert answer.households["sold_usd"].to_list() == [near(10_000)]
