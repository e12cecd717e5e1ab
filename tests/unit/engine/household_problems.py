"""Random households: accounts of the random problems of one account, put together, with places that each class likes or not."""

from __future__ import annotations

import numpy as np
import polars as pl

from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.households.tables import Households, LocationCosts
from tests.unit.engine.problems import CLASSES, frame, random_tables

LAMBDAS = (0.0, 0.001, 0.02, 0.5)


def random_households(
    seed: int,
    households: int,
    *,
    most_accounts: int = 5,
    target_cost: float | None = None,
    dust: float = 0.0,
    washed: bool = False,
    losses: bool = True,
) -> HouseholdTables:
    """Return a problem; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, most_accounts + 1, households)
    tables = random_tables(seed, int(sizes.sum()), dust=dust, washed=washed, losses=losses)
    owner = np.repeat(np.arange(households), sizes)
    owner = owner[rng.permutation(len(owner))]  # An account's id does not say whose it is.
    kinds = [None, "taxable", "deferred", "roth"]
    accounts = tables.accounts.with_columns(
        pl.Series("household_id", [f"H{h:04}" for h in owner]),
        pl.Series("location_id", [kinds[i] for i in rng.integers(0, 4, len(owner))], dtype=pl.String),
    )
    costs: list[tuple[object, ...]] = []
    for kind in kinds[1:]:
        for name in (*CLASSES, "cash"):
            if rng.random() < 0.7:
                costs.append((kind, name, float(np.round(rng.choice([-0.01, 0.0, 0.002, 0.01, 0.03]), 4))))
        costs.append((kind, "not_held", -1.0))
    return HouseholdTables(
        accounts,
        tables.models,
        tables.securities,
        tables.lots,
        tables.cash_terms,
        tables.restrictions,
        frame(
            Households,
            [
                (
                    f"H{h:04}",
                    f"M{int(rng.integers(5))}",
                    float(rng.choice(LAMBDAS)) if target_cost is None else target_cost,
                    float(rng.choice([0.5, 2.0])),
                )
                for h in range(households)
            ],
        ),
        frame(LocationCosts, costs),
    )
