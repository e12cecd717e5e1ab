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

LARGEST_GRID = 20_000_000
"""Models times nodes up to which targets are looked up in a grid (160 MB); beyond it they are joined."""

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


@dataclass(frozen=True)
class Targets:
    """A level's targets: `models` sorted, and `rows` of `model` (place in `models`), `node`, `target_frac`, one a node."""

    models: pl.Series
    rows: pl.DataFrame

    def looked_up(self, model: pl.Series, node: pl.Series, node_count: int) -> pl.Series:
        """Return the target of each pair of model and node, null where the model does not name the node."""
        key = (pl.col("model").cast(pl.UInt64) * node_count + pl.col("node")).alias("key")
        wanted = pl.DataFrame({"model": model, "node": node}).select(key)
        named = self.rows.select(key, "target_frac")
        if self.models.len() * node_count > LARGEST_GRID:
            return wanted.join(named, on="key", how="left", maintain_order="left")["target_frac"]
        grid = pl.repeat(None, self.models.len() * node_count, dtype=pl.Float64, eager=True)
        named = named.sort("key")
        return grid.scatter(named["key"], named["target_frac"]).alias("target_frac").gather(wanted["key"])


def targets_of(model_targets: pl.DataFrame, nodes: Nodes) -> Targets:
    """Return the targets of a level from `data_contracts.book.model_targets`."""
    rows = model_targets.filter(pl.col("level") == nodes.level)
    models = rows["model_id"].unique().sort()
    return Targets(
        models,
        rows.join(pl.DataFrame({"node_id": nodes.node_ids}).with_row_index("node"), on="node_id", how="inner")
        .join(models.to_frame().with_row_index("model"), on="model_id", how="inner")
        .select("model", "node", "target_frac")
        .sort("model", "node"),
    )


def model_places(weighed: pl.DataFrame, targets: Targets) -> pl.Series:
    """Return the place in `targets.models` of each portfolio's `model_id`, null where the level has no targets of it."""
    places = targets.models.alias("model_id").to_frame().with_row_index("model")
    return weighed.select("model_id").join(places, on="model_id", how="left", maintain_order="left")["model"]


def summed(held: pl.DataFrame, model_of: pl.Series, targets: Targets, nodes: Nodes) -> pl.DataFrame:
    """Return value and target of every node held or targeted, in the order of portfolio and node.

    Args:
        held: `portfolio` (number), `node` (number), `value_cents`, `proforma_cents`; several rows a node are summed.
        model_of: Place in `targets.models` of each portfolio's model, in the order of their numbers; null without targets here.
        targets: The level's targets.
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
    )
    place = (pl.col("key") // nodes.count).cast(pl.UInt32).alias("portfolio")
    rows = sums.with_columns(
        place, (pl.col("key") - pl.col("key") // nodes.count * nodes.count).cast(pl.UInt32).alias("node")
    )
    target = targets.looked_up(model_of.gather(rows["portfolio"]), rows["node"], nodes.count)
    missing = _missing(rows.select("portfolio", "key"), target, model_of, targets, key)
    rows = rows.with_columns(target.fill_null(0.0))
    if missing.height:
        # Both are in order: the sort is a merge.
        rows = pl.concat([rows, missing.select(rows.columns)]).sort("key")
    return rows.drop("key")


def _missing(
    rows: pl.DataFrame, target: pl.Series, model_of: pl.Series, targets: Targets, key: pl.Expr
) -> pl.DataFrame:
    """Return rows of no value for nodes that are targeted and not held; only portfolios that lack one are looked at."""
    per_model = targets.rows["model"].value_counts().sort("model")["count"]
    wanted = per_model.gather(model_of).fill_null(0)
    runs = rows["portfolio"].filter(target.is_not_null()).rle().struct
    found = pl.repeat(0, model_of.len(), dtype=pl.UInt32, eager=True).scatter(runs.field("value"), runs.field("len"))
    lacking = pl.DataFrame({"model": model_of}).with_row_index("portfolio").filter(found < wanted)
    return (
        lacking.join(targets.rows, on="model", how="inner", maintain_order="left_right")
        .with_columns(key, pl.lit(0, pl.Int64).alias("value_cents"), pl.lit(0, pl.Int64).alias("proforma_cents"))
        .join(rows, on="key", how="anti", maintain_order="left")
    )
