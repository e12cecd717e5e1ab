"""Households: their portfolios added up."""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.household_drift import HouseholdDrift
from evenkeel.stages.drift.nodes import CLASS_CODES, dollars


def add_up(business_date: dt.date, rows: pl.DataFrame, weighed: pl.DataFrame) -> DataFrame[HouseholdDrift]:
    """Return weight and target of every household and class.

        weight_frac[h, a] = sum over p in h of V[p, a] / sum over p in h of V[p]
        target_frac[h, a] = sum over p in h of target[p, a] * V[p] / sum over p in h of V[p]

    V is pro-forma value. The targets sum to 1 as the portfolios' do.

    Args:
        business_date: The session.
        rows: Class rows in order: `portfolio`, `node`, `proforma_cents`, `target_frac`.
        weighed: One row a portfolio, in its number's order: `household_id`, `proforma_cents`.
    """
    households = weighed.select("household_id").unique().sort("household_id").with_row_index("household")
    of_portfolio = weighed.join(households, on="household_id", how="left", maintain_order="left")
    totals = (
        of_portfolio.sort("household")
        .group_by("household", maintain_order=True)
        .agg(pl.col("proforma_cents").sum())["proforma_cents"]
        .cast(pl.Float64)
    )
    portfolio = rows["portfolio"]
    value = of_portfolio["proforma_cents"].cast(pl.Float64).gather(portfolio)
    # Floating-point sums depend on the order of rows: it is that of the portfolios.
    summed = (
        pl.DataFrame(
            {
                "key": of_portfolio["household"].gather(portfolio).cast(pl.UInt64) * len(CLASS_CODES) + rows["node"],
                "proforma_cents": rows["proforma_cents"],
                "target_cents": rows["target_frac"] * value,
            }
        )
        .sort("key", maintain_order=True)
        .group_by("key", maintain_order=True)
        .agg(pl.col("proforma_cents").sum(), pl.col("target_cents").sum())
        .with_columns(
            (pl.col("key") // len(CLASS_CODES)).cast(pl.UInt32).alias("household"),
            (pl.col("key") % len(CLASS_CODES)).cast(pl.UInt32).alias("node"),
        )
    )
    total = totals.gather(summed["household"])
    frame = summed.select(
        pl.lit(business_date).alias("business_date"),
        households["household_id"].gather(summed["household"]),
        pl.Series("asset_class", CLASS_CODES, dtype=pl.String).gather(summed["node"]),
        dollars(pl.col("proforma_cents")).alias("proforma_usd"),
        (pl.col("proforma_cents") / total).alias("weight_frac"),
        (pl.col("target_cents") / total).alias("target_frac"),
    ).with_columns((pl.col("weight_frac") - pl.col("target_frac")).alias("drift_frac"))
    return conform(frame, HouseholdDrift, is_sorted=True)
