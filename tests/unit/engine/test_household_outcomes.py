"""Bad input in a household: which account, what becomes of the others, and other households untouched."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from evenkeel.engine.households.answer import HouseholdAnswer
from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.households.solve import solve_households
from evenkeel.engine.households.tables import Households
from tests.unit.engine.household_scene import Member, household
from tests.unit.engine.problems import frame

LOTS = [{"security": "VTI", "qty": 700}, {"security": "BND", "qty": 300}]
GOOD = {"a": Member(lots=LOTS), "b": Member(lots=LOTS, cash=5_000.0)}


def beside(tables: HouseholdTables) -> HouseholdTables:
    """Return the problem with a second household, Z, that nothing is wrong with."""
    other = household({"z": Member(lots=LOTS)})
    return replace(
        tables,
        accounts=pl.concat([tables.accounts, other.accounts.with_columns(pl.lit("Z").alias("household_id"))]),
        lots=pl.concat([tables.lots, other.lots]),
        households=pl.concat([tables.households, frame(Households, [("Z", "M", 0.5, 5.0)])]),
    )


def outcomes(answer: HouseholdAnswer) -> dict[str, str]:
    return dict(answer.household_accounts.select("account_id", "outcome").iter_rows())


def change(tables: HouseholdTables, account: str, **columns: object) -> HouseholdTables:
    is_it = pl.col("account_id") == account
    return replace(
        tables,
        accounts=tables.accounts.with_columns(
            pl.when(is_it).then(pl.lit(value, dtype=tables.accounts.schema[name])).otherwise(pl.col(name)).alias(name)
            for name, value in columns.items()
        ),
    )


@pytest.mark.parametrize(
    ("columns", "outcome"),
    [
        ({"universe_id": "NONE"}, "universe_unknown"),
        ({"cash_plan_id": "NONE"}, "cash_plan_unknown"),
        ({"location_id": "NONE"}, "location_unknown"),
        ({"spoken_for_usd": -1.0}, "figure_invalid"),
        ({"cash_usd": float("nan")}, "figure_invalid"),
        ({"cash_usd": None}, "figure_invalid"),
    ],
)
def test_one_account_that_cannot_be_solved_is_named_and_the_others_wait(
    columns: dict[str, object], outcome: str
) -> None:
    tables = beside(household(GOOD))
    alone = solve_households(tables)
    answer = solve_households(change(tables, "b", **columns))
    row = answer.households.row(0, named=True)
    assert (row["outcome"], row["unsolved_account_id"]) == ("account_unsolved", "b")
    assert row["nav_usd"] is None
    assert row["bound_usd"] is None
    assert outcomes(answer) == {"a": "household_waits", "b": outcome, "z": "traded"}
    assert answer.trades["account_id"].unique().to_list() == ["z"]
    assert answer.trades.equals(alone.trades.filter(account_id="z"))
    assert answer.households.row(1) == alone.households.row(1)
    told = [("b", "accounts", "b", name, "unsolved") for name in columns if outcome == "figure_invalid"]
    assert answer.remarks.drop("remark", "value").rows() == told


def test_a_figure_of_the_household_is_named_there() -> None:
    tables = beside(household(GOOD))
    costs = pl.when(pl.col("household_id") == "H").then(-1.0).otherwise("band_cost_frac").alias("band_cost_frac")
    answer = solve_households(replace(tables, households=tables.households.with_columns(costs)))
    assert outcomes(answer) == {"a": "figure_invalid", "b": "figure_invalid", "z": "traded"}
    assert answer.remarks.rows() == [
        (account, "households", "H", "band_cost_frac", "too_low", "unsolved", "-1.0") for account in "ab"
    ]


def test_a_security_without_a_price_names_its_account() -> None:
    tables = beside(household(GOOD))
    lots = tables.lots.with_columns(
        pl.when(pl.col("account_id") == "a").then(pl.lit("UNKNOWN")).otherwise("security_id").alias("security_id"),
        pl.concat_str("lot_id", "security_id").alias("lot_id"),
    )
    answer = solve_households(replace(tables, lots=lots))
    assert outcomes(answer) == {"a": "security_unpriced", "b": "household_waits", "z": "traded"}
    assert [row[1:5] for row in answer.remarks.rows()] == [("securities", "U / UNKNOWN", "security_id", "not_listed")]


def test_a_model_that_cannot_be_measured_against_stops_every_account() -> None:
    tables = household(GOOD, targets={"equity": 0.6, "bond": 0.3})
    answer = solve_households(tables)
    assert set(outcomes(answer).values()) == {"targets_not_one"}
    assert answer.households["outcome"].item() == "account_unsolved"


def test_a_location_cost_that_is_no_number_names_the_accounts_it_is_for() -> None:
    members = {"a": Member(lots=LOTS, location="t"), "b": Member(lots=LOTS)}
    answer = solve_households(household(members, locations={("t", "bond"): float("nan")}))
    assert outcomes(answer) == {"a": "figure_invalid", "b": "household_waits"}
    assert answer.remarks.rows() == [
        ("a", "location_costs", "t / bond", "location_cost_frac", "not_finite", "unsolved", "NaN")
    ]


def test_a_household_without_value() -> None:
    answer = solve_households(household({"a": Member(cash=-100.0), "b": Member(cash=100.0)}))
    assert answer.households["outcome"].item() == "no_value"
    assert answer.households["objective_usd"].item() is None
    assert set(outcomes(answer).values()) == {"no_value"}


def test_unknown_households_and_households_without_accounts_are_told() -> None:
    tables = household(GOOD)
    named = frame(Households, [("EMPTY", "M", 0.5, 5.0)])
    answer = solve_households(replace(tables, households=named))
    assert dict(answer.households.select("household_id", "outcome").iter_rows()) == {
        "EMPTY": "no_account",
        "H": "household_unknown",
    }
    assert answer.households["account_count"].to_list() == [0, 2]
    assert set(outcomes(answer).values()) == {"household_unknown"}
    assert answer.trades.is_empty()


def test_an_account_alone_is_not_looked_at() -> None:
    tables = change(household(GOOD), "b", household_id=None)
    answer = solve_households(tables)
    assert outcomes(answer) == {"a": "traded"}
    assert answer.findings.is_empty()


def test_no_household_gives_no_answer() -> None:
    tables = household(GOOD)
    answer = solve_households(replace(tables, accounts=tables.accounts.clear(), households=tables.households.clear()))
    assert (answer.households.height, answer.trades.height, answer.household_accounts.height) == (0, 0, 0)


def test_a_missing_basis_is_found_in_a_household_too() -> None:
    members = {"a": Member(lots=[{"security": "VTI", "qty": 700, "rate": 0.2}]), "b": Member(lots=LOTS)}
    answer = solve_households(household(members))
    assert answer.findings.filter(finding="basis_missing")["account_id"].to_list() == ["a"]
    assert answer.trades.filter(account_id="a", side="sell").is_empty()
