"""Random problems with tax units and budgets: those of `problems`, each account with a year of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.problem import Tables
from evenkeel.engine.tables.inputs import TaxUnits
from tests.unit.engine.household_problems import random_households
from tests.unit.engine.problems import frame, random_tables


def random_units(
    rng: np.random.Generator, names: list[str], sizes: np.ndarray, *, budgets: bool = True
) -> pl.DataFrame:
    """Return tax units of every kind: years of gains and of losses, carry-overs, with and without a budget."""
    rows: list[tuple[object, ...]] = []
    for name, size in zip(names, sizes, strict=True):
        short = float(rng.choice([0.24, 0.35, 0.408]))
        year = float(size) * np.array([1.0, 1.0, -1.0, -1.0]) * rng.choice([0.0, 0.0, 0.01, 0.1], 4)
        gains = year[:2] * rng.choice([1.0, -1.0], 2)
        budget = (
            float(gains.sum() + size * rng.choice([-0.01, 0.002, 0.02])) if budgets and rng.random() < 0.3 else None
        )
        rows.append(
            (
                name, short, float(rng.choice([0.0, 0.15, 0.238])), float(min(short, rng.choice([0.24, 0.35]))),
                float(rng.choice([0.0, 0.05])), float(rng.choice([3000.0, 1500.0])), *(round(float(g), 2) for g in gains),
                *(round(float(-c), 2) for c in year[2:]), float(rng.choice([0.0, 0.0, 0.1])), budget,
            )
        )  # fmt: skip
    return frame(TaxUnits, rows)


def netted_households(
    seed: int, households: int, *, most_units: int = 2, budgets: bool = True, **given: Any
) -> HouseholdTables:
    """Return households of one or two tax units; a third of their accounts have none (deferred, Roth)."""
    tables = random_households(seed, households, **given)
    rng = np.random.default_rng(seed + 1)
    accounts = tables.accounts
    unit = [
        f"{household}-{rng.integers(most_units)}" if rng.random() < 0.7 else None
        for household in accounts["household_id"]
    ]
    has_share = rng.random(accounts.height) < (0.2 if budgets else 0.0)
    names = sorted({name for name in unit if name is not None})
    sizes = np.exp(rng.normal(11.5, 1.0, len(names)))
    return replace(
        tables,
        accounts=accounts.with_columns(
            pl.Series("tax_unit_id", unit, dtype=pl.String),
            pl.Series(
                "turnover_budget_frac",
                [float(rng.choice([0.0, 0.02, 0.1, 0.4])) if h else None for h in has_share],
                dtype=pl.Float64,
            ),
        ),
        lots=with_terms(tables.lots, rng),
        tax_units=random_units(rng, names, sizes, budgets=budgets),
    )


def with_terms(lots: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return the lots with terms, some of them not known."""
    terms = rng.choice(3, lots.height, p=[0.6, 0.38, 0.02])
    return lots.with_columns(pl.Series("is_long_term", [[True, False, None][i] for i in terms]))


def netted_tables(seed: int, accounts: int, *, budgets: bool = True, **given: Any) -> Tables:
    """Return a problem; most accounts have a tax unit, some a turnover budget."""
    tables = random_tables(seed, accounts, **given)
    rng = np.random.default_rng(seed + 1)
    held = tables.lots.join(tables.accounts.select("account_id", "universe_id"), on="account_id").join(
        tables.securities.select("universe_id", "security_id", "price_usd"), on=["universe_id", "security_id"]
    )
    worth = held.group_by("account_id").agg((pl.col("held_qty") * pl.col("price_usd")).sum().alias("worth"))
    sizes = tables.accounts.join(worth, on="account_id", how="left", maintain_order="left")["worth"].to_numpy()
    names = [f"T{i:04}" for i in range(accounts)]
    has_unit, has_share = rng.random(accounts) < 0.9, rng.random(accounts) < (0.3 if budgets else 0.0)
    return replace(
        tables,
        accounts=tables.accounts.with_columns(
            pl.Series("tax_unit_id", [n if h else None for n, h in zip(names, has_unit, strict=True)], dtype=pl.String),
            pl.Series(
                "turnover_budget_frac",
                [float(rng.choice([0.0, 0.02, 0.1, 0.4])) if h else None for h in has_share],
                dtype=pl.Float64,
            ),
        ),
        lots=with_terms(tables.lots, rng),
        tax_units=random_units(rng, names, sizes, budgets=budgets),
    )
