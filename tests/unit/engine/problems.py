"""Random problems for the engine: accounts of all sizes, gains and losses, restrictions, cash plans, odd cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from data_contracts.contract import Contract
from evenkeel.engine.problem import Tables
from evenkeel.engine.tables.inputs import Accounts, CashTerms, Lots, Models, Restrictions, Securities

CLASSES = ("us_equity", "intl_equity", "us_bond", "muni_bond", "real_estate", "alternative")


def frame(contract: type[Contract], rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    """Return rows as a table of the contract; columns left out at the end are null."""
    schema = contract.polars_schema()
    return pl.DataFrame([row + (None,) * (len(schema) - len(row)) for row in rows], schema=schema, orient="row")


def random_tables(
    seed: int,
    accounts: int,
    *,
    target_cost: float | None = None,
    band_cost: float | None = None,
    dust: float = 0.0,
    washed: bool = False,
    losses: bool = True,
) -> Tables:
    """Return a problem; the same seed gives the same one. `washed`: some losses are partly disallowed."""
    rng = np.random.default_rng(seed)
    models = []
    for m in range(5):
        weights = rng.dirichlet(np.ones(len(CLASSES)))
        cash = float(rng.choice([0.0, 0.02, 0.05]))
        weights = np.round(weights * (1 - cash), 4)
        weights[-1] += 1 - cash - weights.sum()
        width = rng.choice([0.0, 0.02, 0.05])
        for name, weight in zip(CLASSES, weights, strict=True):
            if weight > 0.02 or rng.random() < 0.5:
                models.append((f"M{m}", name, float(weight), max(0.0, float(weight - width)), float(weight + width)))
            else:  # Not named: its share goes to cash, so that targets still sum to 1.
                cash += float(weight)
        models.append((f"M{m}", "cash", cash, max(0.0, cash - 0.01), cash + 0.02))
    securities: list[tuple[object, ...]] = []
    for u in range(2):
        for s in range(18):
            name = CLASSES[s % len(CLASSES)]
            price = float(np.round(rng.uniform(5, 400), 2))
            cost = float(rng.choice([0.0, 0.0001, 0.0005, 0.002]))
            securities.append((f"U{u}", f"S{s:02}", name, price, cost, cost, bool(rng.random() < 0.7), s))
    account_rows, lots, restrictions = [], [], []
    for a in range(accounts):
        size = float(np.exp(rng.normal(11.5, 1.5)))
        universe = int(rng.integers(2))
        rate = float(rng.choice([0.0, 0.15, 0.238, 0.37]))
        lam = target_cost if target_cost is not None else float(rng.choice([0.0, 0.001, 0.02, 0.5]))
        big = band_cost if band_cost is not None else float(rng.choice([0.5, 2.0]))
        plan = None if rng.random() < 0.4 else f"P{int(rng.integers(3))}"
        spoken = float(rng.choice([0.0, 0.0, 0.04, 0.3])) * size
        cash = float(rng.choice([0.0, 0.01, 0.05, 0.4, -0.02])) * size
        account = f"A{a:05}"
        account_rows.append((account, f"M{int(rng.integers(5))}", f"U{universe}", plan, cash, spoken, lam, big, dust))
        held = rng.choice(18, size=int(rng.integers(1, 12)), replace=False)
        for s in held:
            price = float(securities[universe * 18 + int(s)][3])  # type: ignore[arg-type]
            for lot in range(int(rng.integers(1, 5))):
                qty = float(np.round(size / len(held) / price * rng.uniform(0.05, 0.6), 4)) + 0.0001
                ratio = rng.uniform(0.3, 1.6) if losses else rng.uniform(0.2, 1.0)
                basis = None if rng.random() < 0.02 else float(np.round(price * ratio, 4))
                wash = float(np.round(qty * rng.uniform(0, 1.2), 4)) if washed and rng.random() < 0.3 else 0.0
                lots.append((account, f"S{s:02}", f"L{lot}", qty, basis, rate, wash, bool(rng.random() < 0.93)))
        for s in rng.choice(18, size=int(rng.integers(0, 4)), replace=False):
            cap = None if rng.random() < 0.5 else float(size * rng.uniform(0, 0.1))
            restrictions.append((account, f"S{s:02}", bool(rng.random() < 0.3), bool(rng.random() < 0.3), cap))
    terms = [
        ("P0", "minimum", 0.0, 2000.0, 1.0, 0.0),
        ("P0", "overdraft", 0.0, 0.0, 5.0, 0.0),
        ("P1", "target", 0.03, 0.0, 0.01, 0.01),
        ("P1", "maximum", 0.10, 0.0, 0.0, 0.5),
        ("P2", "minimum", 0.01, 500.0, 0.05, 0.0),
    ]
    return Tables(
        frame(Accounts, account_rows),
        frame(Models, models),
        frame(Securities, securities),
        frame(Lots, lots),
        frame(CashTerms, terms),
        frame(Restrictions, restrictions),
    )


def with_wide_bands(tables: Tables) -> Tables:
    """Return the problem with models M0 to M2 so wide that most of their accounts are within."""
    is_wide = pl.col("model_id").is_in(["M0", "M1", "M2"])
    lower = pl.when(is_wide).then(pl.lit(0.0)).otherwise("lower_frac").alias("lower_frac")
    upper = pl.when(is_wide).then(pl.lit(1.0)).otherwise("upper_frac").alias("upper_frac")
    return replace(tables, models=tables.models.with_columns(lower, upper))
