"""Targets and bands of the nodes that a list is solved for.

A node is the sleeve where the model names sleeves in the class, else the class; cash is a class. What cannot be sold, or would cost more
tax than the move is worth, is `stuck`: it keeps its weight, and the other targets share what is left, first within its class, then
across classes. So a client's legacy shares count towards their class, and no class is bought up around them. Cash that must stay is
stuck too: what it takes beyond its target comes from all others alike, not from the one that is cheapest to sell.
"""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import AssetClass, NodeLevel, RebalanceKind
from evenkeel.stages.propose.kinds import TERMS

CASH = AssetClass.CASH.value
NO_TARGET = 1e-12
ROUNDS = 40
"""Sharing settles after as many rounds as there are nodes in a portfolio; more never come."""


def node_of(model_targets: pl.DataFrame) -> pl.DataFrame:
    """Return `model_id`, `asset_class` of the classes that the model splits into sleeves."""
    return model_targets.filter(pl.col("level") == NodeLevel.SLEEVE.value).select("model_id", "asset_class").unique()


def nodes_of(portfolios: pl.DataFrame, drift: pl.DataFrame, bands: pl.DataFrame, deep: pl.DataFrame) -> pl.DataFrame:
    """Return every node of the portfolios with its weight, the policy's target and the bands that hold for it.

    Args:
        portfolios: `portfolio_id`, `model_id`.
        drift: Dataset of the day.
        bands: Dataset of the day.
        deep: As `node_of` returns it.

    Returns:
        `portfolio_id`, `node_id`, `asset_class`, `weight_frac`, `target_frac`, `class_target`, `class_lower`, `class_upper`
        (null: no band), `own_lower`, `own_upper` (null: no band of its own).
    """
    key = ["portfolio_id", "level", "node_id"]
    rows = (
        drift.join(portfolios, on="portfolio_id", how="inner")
        .join(bands.select(*key, "lower_frac", "upper_frac"), on=key, how="left")
        .select(*key, "model_id", "asset_class", "weight_frac", "target_frac", "lower_frac", "upper_frac")
    )
    classes = rows.filter(pl.col("level") == NodeLevel.CLASS.value)
    split = ["model_id", "asset_class"]
    whole = classes.join(deep, on=split, how="anti").with_columns(
        pl.lit(None, pl.Float64).alias("own_lower"), pl.lit(None, pl.Float64).alias("own_upper")
    )
    sleeves = (
        rows.filter(pl.col("level") == NodeLevel.SLEEVE.value)
        .join(deep, on=split, how="semi")
        .with_columns(pl.col("lower_frac").alias("own_lower"), pl.col("upper_frac").alias("own_upper"))
    )
    of_class = classes.select(
        "portfolio_id",
        "asset_class",
        pl.col("target_frac").alias("class_target"),
        pl.col("lower_frac").alias("class_lower"),
        pl.col("upper_frac").alias("class_upper"),
    )
    columns = ["portfolio_id", "node_id", "asset_class", "weight_frac", "target_frac", "own_lower", "own_upper"]
    return (
        pl.concat([whole.select(columns), sleeves.select(columns)])
        .join(of_class, on=["portfolio_id", "asset_class"], how="left")
        .sort("portfolio_id", "node_id")
    )


def shared(rows: pl.DataFrame, group: list[str], total: str, target: str, stuck: str) -> pl.Series:
    """Return `max(stuck, s * target)` with the one `s` of each group that makes it sum to the group's `total`.

    Where what is stuck is more than the total, the stuck weights stand and the others are 0.
    """
    work = rows.select(*group, total, target, stuck).with_columns(pl.lit(False).alias("is_stuck"))
    is_free = ~pl.col("is_stuck")
    for _ in range(ROUNDS):
        left = pl.col(total).first() - pl.col(stuck).filter(pl.col("is_stuck")).sum()
        free = pl.col(target).filter(is_free).sum()
        scale = pl.when(free > NO_TARGET).then((left / free).clip(lower_bound=0.0)).otherwise(0.0)
        work = work.with_columns(scale.over(group).alias("scale")).with_columns(
            (pl.col("is_stuck") | (pl.col(stuck) > pl.col("scale") * pl.col(target) + 1e-12)).alias("is_now")
        )
        if (work["is_now"] == work["is_stuck"]).all():
            break
        work = work.with_columns(pl.col("is_now").alias("is_stuck"))
    return work.select(
        pl.when("is_stuck").then(pl.col(stuck)).otherwise(pl.col("scale") * pl.col(target)).alias("shared")
    ).to_series()


def stuck_cash(least_cash: pl.DataFrame) -> pl.DataFrame:
    """Return the cash that must stay as `with_stuck` takes it; `least_cash`: `portfolio_id`, `min_cash_frac` (null: none)."""
    asked = least_cash.filter(pl.col("min_cash_frac") > 0)
    return asked.select("portfolio_id", pl.lit(CASH).alias("node_id"), pl.col("min_cash_frac").alias("stuck_frac"))


def with_stuck(nodes: pl.DataFrame, stuck: pl.DataFrame) -> pl.DataFrame:
    """Return the nodes with `aim_frac`, the target once what is stuck keeps its weight; it sums to 1 in each portfolio.

    Args:
        nodes: As `nodes_of` returns them.
        stuck: `portfolio_id`, `node_id`, `stuck_frac`: weight that stays.
    """
    rows = nodes.join(stuck, on=["portfolio_id", "node_id"], how="left").with_columns(
        pl.col("stuck_frac").fill_null(0.0)
    )
    by_class = rows.group_by("portfolio_id", "asset_class", maintain_order=True).agg(
        pl.col("stuck_frac").sum(), pl.col("target_frac").sum().alias("class_target"), pl.lit(1.0).alias("whole")
    )
    by_class = by_class.with_columns(
        shared(by_class, ["portfolio_id"], "whole", "class_target", "stuck_frac").alias("class_aim")
    )
    rows = rows.join(
        by_class.select("portfolio_id", "asset_class", "class_aim"), on=["portfolio_id", "asset_class"], how="left",
        maintain_order="left",
    )  # fmt: skip
    rows = rows.with_columns(
        shared(rows, ["portfolio_id", "asset_class"], "class_aim", "target_frac", "stuck_frac").alias("aim_frac")
    )
    # What is stuck can be more than the whole; a model sums to 1 all the same.
    total = pl.col("aim_frac").sum().over("portfolio_id")
    return rows.with_columns(
        pl.when(total > 0).then(pl.col("aim_frac") / total).otherwise(pl.col("target_frac")).alias("aim_frac")
    )


def engine_models(nodes: pl.DataFrame, portfolios: pl.DataFrame, min_cash: pl.DataFrame) -> pl.DataFrame:
    """Return the engine's `models`, one a portfolio, named by it.

        lower, upper = the node's share of its class's band, within its own band where it has one
        midpoint     : half of that width around the aim
        sell only    : nothing is aimed at more than it weighs, and cash at the rest
        partial      : the aim is `partial_frac` of the way from today's weight

    Args:
        nodes: As `with_stuck` returns them.
        portfolios: `portfolio_id`, `kind`, `partial_frac`.
        min_cash: `portfolio_id`, `min_cash_frac`: the least share of cash that the IPS and the accounts allow; null: any.
    """
    class_aim = pl.col("aim_frac").sum().over("portfolio_id", "asset_class")
    share = pl.when(class_aim > 0).then(pl.col("aim_frac") / class_aim).otherwise(0.0)
    class_lower = pl.col("class_lower").fill_null(0.0)
    class_upper = pl.col("class_upper").fill_null(pl.max_horizontal(class_aim, "class_target"))
    lower, upper = share * class_lower, share * class_upper
    own_lower = pl.when(pl.col("own_lower") <= pl.col("aim_frac")).then("own_lower").otherwise(0.0).fill_null(0.0)
    own_upper = pl.when(pl.col("own_upper") >= pl.col("aim_frac")).then("own_upper").fill_null(1.0)
    is_narrow = pl.col("kind") == RebalanceKind.TO_MIDPOINT.value
    is_partial = pl.col("kind") == RebalanceKind.PARTIAL.value
    is_sale_alone = pl.col("kind") == RebalanceKind.SELL_ONLY.value
    # What is sold stays in cash: cash is aimed at what the others leave.
    others = pl.when(pl.col("node_id") != CASH).then(
        pl.min_horizontal("aim_frac", pl.col("weight_frac").clip(lower_bound=0.0))
    )
    kept = pl.when(pl.col("node_id") == CASH).then(1.0 - others.sum().over("portfolio_id")).otherwise(others)
    is_harvest = pl.col("kind").is_in([kind.value for kind, terms in TERMS.items() if terms.only_losses])
    aim = (
        pl.when(is_harvest)
        .then("weight_frac")
        .when(is_sale_alone)
        .then(kept)
        .when(is_partial)
        .then(pl.col("weight_frac") + pl.col("partial_frac") * (pl.col("aim_frac") - pl.col("weight_frac")))
        .otherwise("aim_frac")
    )
    low = pl.max_horizontal(lower, own_lower)
    # A node of which something is stuck may hold at least that.
    high = pl.max_horizontal(pl.min_horizontal(upper, own_upper), pl.col("stuck_frac"))
    half = TERMS[RebalanceKind.TO_MIDPOINT].band
    rows = (
        nodes.join(portfolios.select("portfolio_id", "kind", "partial_frac"), on="portfolio_id", how="inner")
        .join(min_cash, on="portfolio_id", how="left")
        .with_columns(aim.alias("aim"), low.alias("low"), pl.max_horizontal(low, high).alias("high"))
        .with_columns(
            pl.when(is_narrow)
            .then(pl.col("aim") - half * (pl.col("aim") - pl.col("low")))
            .otherwise("low")
            .alias("low"),
            pl.when(is_narrow)
            .then(pl.col("aim") + half * (pl.col("high") - pl.col("aim")))
            .otherwise("high")
            .alias("high"),
        )
        .with_columns(pl.when(is_sale_alone & (pl.col("node_id") == CASH)).then(1.0).otherwise("high").alias("high"))
        .with_columns(
            pl.when(is_harvest).then(pl.lit(-1.0)).otherwise(pl.min_horizontal("low", "aim")).alias("low"),
            pl.when(is_harvest).then(pl.lit(2.0)).otherwise("high").alias("high"),
        )
        .with_columns(
            pl.when(pl.col("node_id") == CASH)
            .then(pl.max_horizontal("low", pl.col("min_cash_frac").fill_null(0.0)))
            .otherwise("low")
            .alias("low")
        )
        .with_columns(pl.max_horizontal("low", "high").alias("high"))
    )
    total = pl.col("aim").sum().over("portfolio_id")
    return rows.select(
        pl.col("portfolio_id").alias("model_id"),
        pl.col("node_id").alias("asset_class"),
        (pl.col("aim") / total).alias("target_frac"),
        pl.col("low").alias("lower_frac"),
        pl.col("high").alias("upper_frac"),
    ).sort("model_id", "asset_class")
