"""The model that a portfolio without one is closest to."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import NodeLevel
from evenkeel.stages.drift.nodes import cents

NEAREST_SCHEMA = pl.Schema({"portfolio_id": pl.String, "model_id": pl.String, "distance_frac": pl.Float64})


def nearest_models(holdings: pl.DataFrame, portfolios: pl.DataFrame, model_targets: pl.DataFrame) -> pl.DataFrame:
    """Return the nearest model of every portfolio that is held and has none.

        distance_frac[p, m] = 1/2 * sum over classes a of |weight[p, a] - target[m, a]|

    That is the share of the portfolio that would have to be traded to follow the model: 0 is a perfect fit; more than 1 only with
    shorts. Weights are shares of pro-forma value. Of equally near models (to 1e-12) the first by `model_id` is taken. Such a portfolio
    has no row in `valuations`: it is measured against nothing.

    Args:
        holdings: `data_contracts.holdings`.
        portfolios: `data_contracts.book.portfolios`.
        model_targets: `data_contracts.book.model_targets`; the class level is compared.

    Returns:
        `portfolio_id`, `model_id`, `distance_frac`, sorted by portfolio. Portfolios whose value is not positive have no row.
    """
    without = portfolios.filter(pl.col("model_id").is_null()).select("portfolio_id")
    weights = (
        holdings.join(without, on="portfolio_id", how="semi")
        .group_by("portfolio_id", "asset_class")
        .agg(cents("proforma_usd").sum().alias("held"))
        .with_columns(pl.col("held").sum().over("portfolio_id").alias("total"))
        .filter(pl.col("total") > 0)
        .select("portfolio_id", "asset_class", (pl.col("held") / pl.col("total")).alias("weight"))
    )
    targets = model_targets.filter(pl.col("level") == NodeLevel.CLASS.value).select(
        "model_id", "asset_class", "target_frac"
    )
    if not weights.height or not targets.height:
        return pl.DataFrame(schema=NEAREST_SCHEMA)
    whole = targets.group_by("model_id").agg(pl.col("target_frac").sum().alias("whole"))
    # |w - t| is t for every class not held: the classes held, and the model's whole less their targets, are the sum.
    held_part = (
        weights.join(whole, how="cross")
        .join(targets, on=["model_id", "asset_class"], how="left")
        .with_columns(pl.col("target_frac").fill_null(0.0))
        .group_by("portfolio_id", "model_id")
        .agg(
            ((pl.col("weight") - pl.col("target_frac")).abs() - pl.col("target_frac")).sum().alias("held_part"),
            pl.col("whole").first(),
        )
    )
    return (
        held_part.select(
            "portfolio_id",
            "model_id",
            ((pl.col("held_part") + pl.col("whole")) / 2).round(12).clip(lower_bound=0.0).alias("distance_frac"),
        )
        .sort("portfolio_id", "distance_frac", "model_id")
        .unique("portfolio_id", keep="first", maintain_order=True)
    )
