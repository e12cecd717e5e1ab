"""A synthetic book for the trade engine: accounts of fifteen positions of three lots, fifty models, sixty securities, one plan of cash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from data_contracts.contract import Contract
from evenkeel.engine.columns import ABSENT_COLUMNS
from evenkeel.engine.problem import Tables
from evenkeel.engine.tables.inputs import Accounts, CashTerms, Lots, Models, Restrictions, Securities

POSITIONS, LOTS_EACH = 15, 3
CLASSES = (
    "us_equity",
    "intl_equity",
    "emerging_equity",
    "us_bond",
    "muni_bond",
    "real_estate",
    "commodity",
    "alternative",
)
WEIGHTS = (0.30, 0.16, 0.06, 0.22, 0.10, 0.06, 0.03, 0.05)
MODELS, SECURITIES = 50, 60
LAMBDAS = (0.0, 0.0005, 0.01, 1.0)
SHARD = 50_000
DRIFTED = 0.21
"""Of a large book; with those that must pay more than their cash, a quarter are outside their bands."""


def shared_tables(rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    """Return models, securities and cash terms of a practice: fifty models, sixty securities, a plan with a floor and a ceiling."""
    models: list[tuple[object, ...]] = []
    for m in range(MODELS):
        weights = np.array(WEIGHTS) * np.exp(rng.normal(0, 0.3, len(WEIGHTS)))
        weights = weights / weights.sum() * 0.98
        for name, weight in zip(CLASSES, weights, strict=True):
            models.append((f"M{m:02}", name, float(weight), float(weight) * 0.8, float(weight) * 1.2))
        models.append((f"M{m:02}", "cash", 1 - float(weights.sum()), 0.005, 0.04))
    securities = [
        (
            "U",
            f"S{s:02}",
            CLASSES[s % 8],
            round(float(price), 2),
            0.0001 + 0.0002 * (s % 3),
            0.0001 + 0.0002 * (s % 3),
            s % 5 > 0,
            s,
        )
        for s, price in enumerate(rng.uniform(10, 400, SECURITIES))
    ]
    terms = [
        ("P", "minimum", 0.005, 0.0, 0.5, 0.0),
        ("P", "overdraft", 0.0, 0.0, 5.0, 0.0),
        ("P", "maximum", 0.1, 0.0, 0.0, 0.05),
    ]
    return {
        "models": _frame(Models, models),
        "securities": _frame(Securities, securities),
        "cash_terms": _frame(CashTerms, terms),
        "restrictions": Restrictions.empty_frame(),
    }


def book(
    accounts: int,
    first: int,
    shared: dict[str, pl.DataFrame],
    target_cost: float | None = 0.0005,
    drifted: float | None = None,
) -> Tables:
    """Return accounts of fifteen positions of three lots; one in ten holds losses worth taking. The same `first` gives the same book.

    Args:
        accounts: How many.
        first: Number of the first.
        shared: What `shared_tables` returns.
        target_cost: Lambda; None: at random of LAMBDAS, without a dust threshold.
        drifted: Share of accounts that have drifted far from their model, all others being within its bands but for what they need to pay;
            None: every account is somewhere near the average of all models, so that nearly all are outside bands of their own.
    """
    rng = np.random.default_rng(first + 1)
    rows = accounts * POSITIONS
    size = np.exp(rng.normal(12.5, 1.2, accounts))
    start = rng.integers(0, SECURITIES, accounts)
    held = np.sort((start[:, None] + np.arange(POSITIONS)) % SECURITIES, axis=1).reshape(rows)
    prices = shared["securities"]["price_usd"].to_numpy()
    klass = held % 8
    per_class = np.zeros((accounts, 8))
    np.add.at(per_class, (np.repeat(np.arange(accounts), POSITIONS), klass), 1)
    is_drifted = rng.random(accounts) < (0.25 if drifted is None else drifted)
    spread = np.repeat(np.where(is_drifted, 0.4, 0.04), POSITIONS)
    model = rng.integers(0, MODELS, accounts)
    if drifted is None:
        weight = np.array(WEIGHTS)[klass]
        cash = rng.uniform(0.0, 0.05, accounts)
    else:
        weight = shared["models"]["target_frac"].to_numpy().reshape(MODELS, -1)[np.repeat(model, POSITIONS), klass]
        cash = rng.uniform(0.012, 0.028, accounts)
    value = np.repeat(size, POSITIONS) * weight / per_class[np.repeat(np.arange(accounts), POSITIONS), klass]
    value = value * np.exp(rng.normal(0, 1, rows) * spread)
    shares = rng.uniform(0.5, 1.5, rows * LOTS_EACH).reshape(rows, LOTS_EACH)
    if drifted is not None:
        shares = shares * (LOTS_EACH / shares.sum(axis=1, keepdims=True))
    qty = np.round(np.repeat(value / prices[held] / LOTS_EACH, LOTS_EACH) * shares.reshape(-1), 4) + 0.001
    ratio = rng.uniform(0.35, np.repeat(np.where(rng.random(accounts) < 0.1, 1.15, 1.0), POSITIONS * LOTS_EACH))
    rate = np.repeat(rng.choice([0.0, 0.0, 0.15, 0.238], accounts), POSITIONS * LOTS_EACH)
    names = pl.DataFrame({"n": np.arange(first, first + accounts)}).select(
        pl.format("A-{}", pl.col("n").cast(pl.String).str.zfill(8)).alias("account_id")
    )["account_id"]
    lot_count = rows * LOTS_EACH
    lots = pl.DataFrame(
        {
            "account_id": names.gather(np.repeat(np.arange(accounts), POSITIONS * LOTS_EACH)),
            "security_id": shared["securities"]["security_id"].gather(np.repeat(held, LOTS_EACH)),
            "lot_id": pl.Series(["L1", "L2", "L3"]).gather(np.tile(np.arange(LOTS_EACH), rows)),
            "held_qty": qty,
            "unit_basis_usd": np.round(np.repeat(prices[held], LOTS_EACH) * ratio, 2),
            "gain_rate_frac": rate,
            "washed_qty": np.zeros(lot_count),
            "is_sellable": rng.random(lot_count) < 0.98,
        },
        schema=_needed(Lots),
    )
    lam = rng.choice(LAMBDAS, accounts) if target_cost is None else np.full(accounts, target_cost)
    table = pl.DataFrame(
        {
            "account_id": names,
            "model_id": shared["models"]["model_id"].unique(maintain_order=True).gather(model),
            "universe_id": pl.repeat("U", accounts, eager=True),
            "cash_plan_id": pl.repeat("P", accounts, eager=True),
            "cash_usd": np.round(size * cash, 2),
            "spoken_for_usd": np.where(rng.random(accounts) < 0.05, np.round(size * 0.03, 2), 0.0),
            "target_cost_frac": lam,
            "band_cost_frac": np.full(accounts, 2.0),
            "dust_usd": np.full(accounts, 0.01 if target_cost is not None else 0.0),
        },
        schema=_needed(Accounts),
    )
    return Tables(table, shared["models"], shared["securities"], lots, shared["cash_terms"], shared["restrictions"])


def first_of(tables: Tables, accounts: int) -> Tables:
    """Return the problem of the first accounts."""
    some = tables.accounts.head(accounts)
    return replace(tables, accounts=some, lots=tables.lots.join(some, on="account_id", how="semi"))


def write_book(folder: Path, accounts: int) -> None:
    """Write the tables of a book of which a quarter is outside its bands, a shard at a time; lots by account, ten thousand a row group."""
    shared = shared_tables(np.random.default_rng(0))
    for name, table in shared.items():
        table.write_parquet(folder / f"{name}.parquet")
    writers: dict[str, pq.ParquetWriter] = {}
    for first in range(0, accounts, SHARD):
        tables = book(min(SHARD, accounts - first), first, shared, drifted=DRIFTED)
        for name in ("accounts", "lots"):
            arrow = getattr(tables, name).to_arrow()
            if name not in writers:
                writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", arrow.schema, compression="zstd")
            writers[name].write_table(arrow, row_group_size=10_000 * POSITIONS * LOTS_EACH)
    for writer in writers.values():
        writer.close()


def _needed(contract: type[Contract]) -> dict[str, pl.DataType]:
    """Return the contract's columns that a table may not lack."""
    return {
        str(name): dtype
        for name, dtype in contract.polars_schema().items()
        if name not in ABSENT_COLUMNS.get(contract, ())
    }


def _frame(contract: type[Contract], rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    schema = contract.polars_schema()
    return pl.DataFrame([row + (None,) * (len(schema) - len(row)) for row in rows], schema=schema, orient="row")
