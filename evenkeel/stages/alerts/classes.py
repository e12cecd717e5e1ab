"""Weights, targets and bands of a portfolio as one JSON array: every asset class, and each deeper node that is outside its band."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import AssetClass, NodeLevel

_FIELDS = (
    "level",
    "node",
    "asset_class",
    "weight_frac",
    "target_frac",
    "lower_frac",
    "upper_frac",
    "drift_frac",
    "is_outside",
    "band_source",
    "band_text",
)
DIGITS = 8
"""Ratios in JSON are rounded to this many decimals: a millionth of a per cent."""


def classes_by_portfolio(portfolios: pl.DataFrame, drift: pl.DataFrame, bands: pl.DataFrame) -> pl.DataFrame:
    """Return `portfolio_id` and `classes_json` for those of `portfolios` (column `portfolio_id`) that were measured.

    A class without a band (nothing in the policy judges it) has null bounds. Classes come in the order of `vocab.AssetClass`, then
    sleeves, then securities.
    """
    wanted = portfolios.select("portfolio_id").unique()
    keys = ["portfolio_id", "level", "node_id"]
    is_class = pl.col("level") == NodeLevel.CLASS.value
    measured = ["asset_class", "weight_frac", "target_frac", "drift_frac"]
    banded = bands.join(wanted, on="portfolio_id", how="semi")
    bounds = ["lower_frac", "upper_frac", "is_outside", "band_source", "band_text"]
    classes = (
        drift.filter(is_class)
        .join(wanted, on="portfolio_id", how="semi")
        .select(*keys, *measured)
        .join(banded.select(*keys, *bounds), on=keys, how="left")
    )
    deeper = banded.filter(~is_class & pl.col("is_outside")).select(*keys, *measured, *bounds)
    ratios = [name for name in _FIELDS if name.endswith("_frac")]
    return (
        pl.concat([classes, deeper])
        .with_columns(
            pl.col("is_outside").fill_null(False),
            pl.col("node_id").alias("node"),
            pl.col("level")
            .replace_strict({"class": 0, "sleeve": 1, "security": 2}, return_dtype=pl.Int64)
            .alias("depth"),
            pl.col("asset_class")
            .replace_strict({code.value: i for i, code in enumerate(AssetClass)}, return_dtype=pl.Int64)
            .alias("place"),
            *(pl.col(name).round(DIGITS) for name in ratios),
        )
        .sort("portfolio_id", "depth", "place", "node_id")
        .select("portfolio_id", pl.struct(_FIELDS).struct.json_encode().alias("node_json"))
        .group_by("portfolio_id", maintain_order=True)
        .agg(pl.col("node_json").str.join(","))
        .select("portfolio_id", pl.concat_str([pl.lit("["), "node_json", pl.lit("]")]).alias("classes_json"))
    )
