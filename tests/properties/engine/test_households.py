"""What always holds of the engine's answer for households, whatever the problem."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.engine.checks.household_assertions import household_violations
from evenkeel.engine.checks.household_program import HouseholdPrograms
from evenkeel.engine.checks.program import quiet_solver
from evenkeel.engine.households.answer import HouseholdAnswer
from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.households.solve import solve_households
from evenkeel.engine.problem import Tables
from evenkeel.engine.solve import solve
from tests.unit.engine.household_problems import random_households

SEEDS = st.integers(0, 2**32 - 1)
LAMBDAS = st.sampled_from([0.0, 0.001, 0.05, 1.0])
QUICK = settings(max_examples=25, deadline=None)
TOLERANCE = 1e-9


@cache
def _warm() -> None:
    solve_households(random_households(0, 1))


def shuffled(tables: HouseholdTables, seed: int) -> HouseholdTables:
    return HouseholdTables(
        **{part.name: getattr(tables, part.name).sample(fraction=1, shuffle=True, seed=seed) for part in fields(tables)}
    )


@QUICK
@given(SEEDS, st.booleans(), st.sampled_from([0.0, 1.0, 250.0]))
def test_no_rule_is_broken(seed: int, washed: bool, dust: float) -> None:
    tables = random_households(seed, 6, washed=washed, dust=dust)
    assert household_violations(tables, solve_households(tables)) == []


@QUICK
@given(SEEDS, LAMBDAS)
def test_objective_and_bound_are_those_of_the_exact_program(seed: int, target_cost: float) -> None:
    tables = random_households(seed, 5, target_cost=target_cost)
    programs, solver = HouseholdPrograms(tables), quiet_solver()
    for row in solve_households(tables).households.drop_nulls("nav_usd").iter_rows(named=True):
        exact = programs.least_objective(row["household_id"], solver)
        assert row["objective_usd"] == pytest.approx(exact, abs=TOLERANCE * row["nav_usd"])
        assert row["bound_usd"] == pytest.approx(exact, abs=TOLERANCE * row["nav_usd"])
        assert row["residual_cycle_frac"] == 0


@QUICK
@given(SEEDS, LAMBDAS)
def test_where_losses_are_disallowed_the_exact_objective_is_between_bound_and_lists(
    seed: int, target_cost: float
) -> None:
    tables = random_households(seed, 5, target_cost=target_cost, washed=True)
    programs, solver = HouseholdPrograms(tables), quiet_solver()
    for row in solve_households(tables).households.drop_nulls("nav_usd").iter_rows(named=True):
        exact = programs.least_objective(row["household_id"], solver)
        assert row["bound_usd"] <= exact + TOLERANCE * row["nav_usd"]
        assert row["objective_usd"] >= exact - TOLERANCE * row["nav_usd"]


@QUICK
@given(SEEDS, st.sampled_from([0.0, 1.0, 250.0]), st.booleans())
def test_the_bound_is_below_and_doing_nothing_is_no_better(seed: int, dust: float, washed: bool) -> None:
    rows = solve_households(random_households(seed, 6, dust=dust, washed=washed)).households.drop_nulls("nav_usd")
    slack = TOLERANCE * rows["nav_usd"]
    assert (rows["bound_usd"] <= rows["objective_usd"] + slack).all()
    assert (rows["objective_usd"] <= rows["objective_before_usd"] + slack).all()


@QUICK
@given(SEEDS, SEEDS)
def test_the_order_of_rows_does_not_matter(seed: int, order: int) -> None:
    tables = random_households(seed, 6, washed=True)
    one, other = solve_households(tables), solve_households(shuffled(tables, order))
    for part in fields(HouseholdAnswer):
        assert getattr(one, part.name).equals(getattr(other, part.name)), part.name


@QUICK
@given(SEEDS, LAMBDAS)
def test_a_household_of_one_account_is_that_account(seed: int, target_cost: float) -> None:
    """Where the account alone would not overdraw: in a household that costs once more, for each account by itself."""
    tables = random_households(seed, 12, most_accounts=1, target_cost=target_cost)
    tables = replace(tables, accounts=tables.accounts.with_columns(pl.lit(None, pl.String).alias("location_id")))
    policy = ["model_id", "target_cost_frac", "band_cost_frac"]
    alone = tables.accounts.drop(policy).join(tables.households, on="household_id")
    single = solve(Tables(alone, tables.models, tables.securities, tables.lots, tables.cash_terms, tables.restrictions))
    both = (
        solve_households(tables)
        .households.join(tables.accounts.select("household_id", "account_id"), on="household_id")
        .join(single.accounts, on="account_id", suffix="_alone")
        .filter((pl.col("nav_usd_alone") > 0) & (pl.col("cash_after_usd_alone") >= 0))
    )
    for name in ("objective_usd", "bound_usd"):
        off = ((both[name] - both[f"{name}_alone"]) / both["nav_usd"]).abs()
        assert off.max() is None or off.max() <= TOLERANCE  # type: ignore[operator]


@QUICK
@given(SEEDS, LAMBDAS)
def test_a_household_is_no_worse_than_any_lists_that_its_accounts_could_have(seed: int, target_cost: float) -> None:
    """Barring every trade in one account can only make the household worse: its freedom is worth something or nothing."""
    tables = random_households(seed, 4, target_cost=target_cost)
    first = tables.accounts.group_by("household_id").agg(pl.col("account_id").min())["account_id"].to_list()
    kept = replace(
        tables,
        lots=tables.lots.with_columns(pl.col("is_sellable") & ~pl.col("account_id").is_in(first)),
    )
    free, barred = solve_households(tables).households, solve_households(kept).households
    slack = TOLERANCE * free["nav_usd"]
    assert (free["objective_usd"] <= barred["objective_usd"] + slack).fill_null(True).all()
