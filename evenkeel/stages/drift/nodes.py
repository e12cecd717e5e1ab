"""Sums of money by portfolio and node, with the model's targets beside them.

A node is an asset class, a sleeve (`class/sleeve`) or a security. Rows are keyed by one integer, `portfolio * node_count + node`, both
counted in alphabetical order: sorted by it, rows stand in the order of the contracts, without sorting text. Sums are of whole cents.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from data_contracts.fields import MONEY_DTYPE
from data_contracts.vocab import AssetClass

CLASS_CODES = sorted(member.value for member in AssetClass)
CLASS_DTYPE = pl.Enum(CLASS_CODES)
"""Asset classes in alphabetical order; the physical value is the class's number."""

_CENT = pl.lit("0.01").cast(MONEY_DTYPE)


@dataclass(frozen=True)
class Nodes:
    """The nodes of one level: `node_id` sorted, and the class each belongs to."""

    level: str
    node_ids: pl.Series
    classes: pl.Series

    @property
    def count(self) -> int:
        """Return how many nodes the level has."""
        return self.node_ids.len()


def cents(name: str) -> pl.Expr:
    """Return a money column as whole cents (Int64: up to 92 quadrillion dollars; more raises)."""
    return pl.col(name).to_physical().cast(pl.Int64)


def dollars(column: pl.Expr) -> pl.Expr:
    """Return whole cents as money, exactly."""
    return column.cast(MONEY_DTYPE) * _CENT


def class_number(name: str = "asset_class") -> pl.Expr:
    """Return the number of each row's asset class."""
    return pl.col(name).cast(CLASS_DTYPE).to_physical().cast(pl.UInt32)


def class_nodes() -> Nodes:
    """Return the nodes of the class level."""
    codes = pl.Series("node_id", CLASS_CODES, dtype=pl.String)
    return Nodes("class", codes, codes)


def summed(held: pl.DataFrame, targets: pl.DataFrame, nodes: Nodes) -> pl.DataFrame:
    """Return value and target of every node held or targeted, in the order of portfolio and node.

    Args:
        held: `portfolio` (number), `node` (number), `value_cents`, `proforma_cents`; several rows a node are summed.
        targets: `portfolio`, `node`, `target_frac`; at most one row a node.
        nodes: The level's nodes.

    Returns:
        `portfolio`, `node`, `value_cents`, `proforma_cents`, `target_frac`: one row a portfolio and node.
    """
    key = (pl.col("portfolio").cast(pl.UInt64) * nodes.count + pl.col("node")).alias("key")
    sums = (
        held.select(key, "value_cents", "proforma_cents")
        .sort("key")
        .group_by("key", maintain_order=True)
        .agg(pl.col("value_cents").sum(), pl.col("proforma_cents").sum())
        .with_columns(pl.lit(0.0).alias("target_frac"))
    )
    wanted = targets.select(
        key, pl.lit(0, pl.Int64).alias("value_cents"), pl.lit(0, pl.Int64).alias("proforma_cents"), "target_frac"
    )
    # Two sorted runs: the sort is a merge, and a node both held and targeted stands in two neighbouring rows.
    both = pl.concat([sums, wanted]).sort("key", maintain_order=True)
    repeats = both.select((pl.col("key") == pl.col("key").shift()).fill_null(False).alias("repeats"))["repeats"]
    after = pl.lit(repeats).shift(-1).fill_null(False)
    return (
        both.with_columns(
            pl.when(after).then(pl.col("target_frac").shift(-1)).otherwise("target_frac").alias("target_frac")
        )
        .filter(~repeats)
        .select(
            (pl.col("key") // nodes.count).cast(pl.UInt32).alias("portfolio"),
            (pl.col("key") % nodes.count).cast(pl.UInt32).alias("node"),
            "value_cents",
            "proforma_cents",
            "target_frac",
        )
    )
