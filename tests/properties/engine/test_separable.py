"""What always holds of the engine's answer, whatever the problem."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.engine.answer import Answer
from evenkeel.engine.checks.assertions import violations
from evenkeel.engine.checks.program import Programs, quiet_solver
from evenkeel.engine.problem import Tables
from evenkeel.engine.solve import solve
from tests.unit.engine.problems import random_tables

SEEDS = st.integers(0, 2**32 - 1)
LAMBDAS = st.sampled_from([0.0, 0.001, 0.05, 1.0])
QUICK = settings(max_examples=40, deadline=None)
SOLVED = pl.col("outcome").is_in(["traded", "nothing_to_trade"])
TOLERANCE = 1e-9


@cache
def _warm() -> None:
    solve(random_tables(0, 1))


def small(seed: int, target_cost: float | None = None, *, washed: bool = False, dust: float = 0.0) -> Tables:
    return random_tables(seed, 12, target_cost=target_cost, washed=washed, dust=dust)


def shuffled(tables: Tables, seed: int) -> Tables:
    return Tables(
        **{part.name: getattr(tables, part.name).sample(fraction=1, shuffle=True, seed=seed) for part in fields(tables)}
    )


@QUICK
@given(SEEDS, st.booleans(), st.sampled_from([0.0, 1.0, 250.0]))
def test_no_rule_is_broken(seed: int, washed: bool, dust: float) -> None:
    tables = small(seed, washed=washed, dust=dust)
    assert violations(tables, solve(tables)) == []


@QUICK
@given(SEEDS, LAMBDAS)
def test_the_objective_is_that_of_the_exact_program(seed: int, target_cost: float) -> None:
    tables = small(seed, target_cost)
    programs, solver = Programs(tables), quiet_solver()
    for row in solve(tables).accounts.filter(SOLVED).iter_rows(named=True):
        exact = programs.least_objective(row["account_id"], solver)
        assert row["objective_usd"] == pytest.approx(exact, abs=TOLERANCE * row["nav_usd"])
        assert row["bound_usd"] == pytest.approx(exact, abs=TOLERANCE * row["nav_usd"])


@QUICK
@given(SEEDS, LAMBDAS)
def test_where_losses_are_disallowed_the_exact_objective_is_between_bound_and_list(
    seed: int, target_cost: float
) -> None:
    tables = small(seed, target_cost, washed=True)
    programs, solver = Programs(tables), quiet_solver()
    for row in solve(tables).accounts.filter(SOLVED).iter_rows(named=True):
        exact = programs.least_objective(row["account_id"], solver)
        assert row["bound_usd"] <= exact + TOLERANCE * row["nav_usd"]
        assert row["objective_usd"] >= exact - TOLERANCE * row["nav_usd"]


@QUICK
@given(SEEDS, LAMBDAS)
def test_every_account_is_certified(seed: int, target_cost: float) -> None:
    rows = solve(small(seed, target_cost)).accounts.filter(SOLVED)
    assert rows["gap_frac"].min() >= -TOLERANCE  # type: ignore[operator]
    assert rows["gap_frac"].max() <= TOLERANCE  # type: ignore[operator]


@QUICK
@given(SEEDS, SEEDS)
def test_the_order_of_rows_does_not_matter(seed: int, order: int) -> None:
    tables = small(seed, washed=True)
    one, other = solve(tables), solve(shuffled(tables, order))
    for part in fields(Answer):
        assert getattr(one, part.name).equals(getattr(other, part.name)), part.name


@QUICK
@given(SEEDS, st.sampled_from([0.25, 2.0, 1024.0]))
def test_a_book_in_other_units_of_money_trades_the_same_shares(seed: int, scale: float) -> None:
    # Powers of two: floating point scales exactly, so that the answer must.
    tables = small(seed)
    money = {
        "accounts": ["cash_usd", "spoken_for_usd"],
        "securities": ["price_usd"],
        "lots": ["unit_basis_usd"],
        "cash_terms": ["at_usd"],
        "restrictions": ["buy_cap_usd"],
    }
    scaled = replace(
        tables, **{name: getattr(tables, name).with_columns(pl.col(columns) * scale) for name, columns in money.items()}
    )
    one, other = solve(tables), solve(scaled)
    assert one.trades["lot_id"].equals(other.trades["lot_id"])
    assert one.trades["traded_qty"].equals(other.trades["traded_qty"])
    assert (one.accounts["objective_usd"] * scale).equals(other.accounts["objective_usd"])


@QUICK
@given(SEEDS, LAMBDAS)
def test_what_has_been_traded_is_not_traded_again(seed: int, target_cost: float) -> None:
    """Solved lists are at rest: after the trades, doing nothing is as good as any list."""
    tables = random_tables(seed, 12, target_cost=target_cost, losses=False)
    answer = solve(tables)
    lots = tables.lots.join(
        answer.trades.filter(pl.col("side") == "sell").select("account_id", "security_id", "lot_id", "traded_qty"),
        on=["account_id", "security_id", "lot_id"],
        how="left",
    )
    kept = lots.with_columns((pl.col("held_qty") - pl.col("traded_qty").fill_null(0)).clip(0)).drop("traded_qty")
    bought = answer.trades.filter(pl.col("side") == "buy").select(
        "account_id",
        "security_id",
        pl.lit("new").alias("lot_id"),
        pl.col("traded_qty").alias("held_qty"),
        pl.col("price_usd").alias("unit_basis_usd"),
        pl.lit(0.0).alias("gain_rate_frac"),
        pl.lit(0.0).alias("washed_qty"),
        pl.lit(True).alias("is_sellable"),
        pl.lit(None, pl.Boolean).alias("is_long_term"),
    )
    cash = answer.accounts.select("account_id", (pl.col("sold_usd") - pl.col("bought_usd")).fill_null(0).alias("moved"))
    accounts = (
        tables.accounts.join(cash, on="account_id").with_columns(pl.col("cash_usd") + pl.col("moved")).drop("moved")
    )
    # What was bought may be bought on: a cap is what may still be bought.
    spent = answer.trades.filter(pl.col("side") == "buy").select("account_id", "security_id", "value_usd")
    limits = (
        tables.restrictions.join(spent, on=["account_id", "security_id"], how="left")
        .with_columns((pl.col("buy_cap_usd") - pl.col("value_usd").fill_null(0)).clip(0))
        .drop("value_usd")
    )
    again = solve(replace(tables, accounts=accounts, lots=pl.concat([kept, bought]), restrictions=limits))
    both = again.accounts.filter(SOLVED)
    saved = both["objective_before_usd"] - both["bound_usd"]
    assert (saved / both["nav_usd"]).max() <= 1e-8  # type: ignore[operator]
