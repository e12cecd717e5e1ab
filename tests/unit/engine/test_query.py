"""The query for DuckDB, the compiled engine and the certificate agree: three computations that share nothing but the tables."""

from __future__ import annotations

import polars as pl
import pytest

from evenkeel.engine.checks.query import least_objectives
from evenkeel.engine.solve import solve
from tests.unit.engine.problems import random_tables


@pytest.mark.parametrize("target_cost", [0.0, 0.001, 0.05, 1.0])
def test_the_query_finds_the_engines_objective(target_cost: float) -> None:
    tables = random_tables(77, 60, target_cost=target_cost, losses=False)
    found = least_objectives(tables).join(
        solve(tables).accounts.drop_nulls("nav_usd"), on="account_id", suffix="_engine"
    )
    assert found.height >= 55
    off = ((found["least_objective_usd"] - found["objective_usd"]) / found["nav_usd"]).abs()
    assert off.max() <= 1e-9  # type: ignore[operator]


def test_with_losses_the_query_is_a_bound() -> None:
    tables = random_tables(78, 60, washed=True)
    found = least_objectives(tables).join(
        solve(tables).accounts.drop_nulls("nav_usd"), on="account_id", suffix="_engine"
    )
    assert found.filter(pl.col("least_objective_usd") > pl.col("objective_usd") + 1e-9 * pl.col("nav_usd")).is_empty()
