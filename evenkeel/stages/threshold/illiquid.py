"""Which nodes are illiquid, and what is left beside them."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import AssetClass, NodeLevel
from evenkeel.stages.drift.deeper import SLEEVE_NODE
from evenkeel.stages.drift.nodes import cents

ILLIQUID_SHARE = 0.5
"""A node of which more than this share of value is privately priced is illiquid as a whole."""


def illiquid_rows(drift: pl.DataFrame, holdings: pl.DataFrame) -> pl.Series:
    """Return whether each row of drift is an illiquid node.

    Class `private` and what belongs to it is, held or not; any other node by the share of its pro-forma value in illiquid holdings.
    """
    private = pl.col("asset_class") == AssetClass.PRIVATE.value
    marked = drift.select(private.alias("is_illiquid"))["is_illiquid"]
    priced = holdings.filter("is_illiquid", ~private)
    if not priced.height:
        return marked
    amounts = priced.select(
        "portfolio_id", "asset_class", "sleeve", "security_id", cents("proforma_usd").abs().alias("illiquid_cents")
    )
    nodes = pl.concat(
        amounts.select("portfolio_id", pl.lit(level.value).alias("level"), node.alias("node_id"), "illiquid_cents")
        for level, node in (
            (NodeLevel.CLASS, pl.col("asset_class")),
            (NodeLevel.SLEEVE, SLEEVE_NODE),
            (NodeLevel.SECURITY, pl.col("security_id")),
        )
    )
    keys = ["portfolio_id", "level", "node_id"]
    sums = nodes.group_by(keys).agg(pl.col("illiquid_cents").sum())
    # Few portfolios hold any: only their rows are joined.
    own = drift.select(pl.col("portfolio_id").is_in(sums["portfolio_id"].unique().implode()).alias("has"))["has"]
    rows = own.arg_true()
    found = (
        drift.select(*keys, cents("proforma_usd").alias("node_cents"))
        .select(pl.all().gather(rows))
        .with_columns(rows.alias("row"))
        .join(sums, on=keys, how="inner")
        .filter(pl.col("illiquid_cents") > ILLIQUID_SHARE * pl.col("node_cents"))
    )["row"]
    return marked.scatter(found.sort(), True) if found.len() else marked


def left_beside(class_rows: pl.DataFrame, portfolio_count: int) -> pl.Series | None:
    """Return by what factor each portfolio's liquid targets are scaled, None where none is.

        (1 - weight of its illiquid classes) / (1 - their targets)

    Where the illiquid classes are, or should be, everything, the factor is 1.

    Args:
        class_rows: Class rows of drift: `portfolio` (number), `is_illiquid`, `weight_frac`, `target_frac`.
        portfolio_count: How many portfolios there are.
    """
    beside = (
        class_rows.filter("is_illiquid")
        .sort("portfolio")
        .group_by("portfolio", maintain_order=True)
        .agg(pl.col("weight_frac", "target_frac").sum())
        .filter(pl.col("weight_frac") < 1, pl.col("target_frac") < 1)
        .select("portfolio", ((1 - pl.col("weight_frac")) / (1 - pl.col("target_frac"))).alias("scale"))
    )
    if not beside.height:
        return None
    return pl.repeat(1.0, portfolio_count, eager=True).alias("scale").scatter(beside["portfolio"], beside["scale"])
