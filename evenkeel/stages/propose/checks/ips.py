"""Whether a portfolio would be outside its IPS after the trades: limits by class, and the growth share the client tolerates."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import AssetClass
from evenkeel.stages.drift.growth import GROWTH_TENTHS
from evenkeel.stages.propose.checks.finding import TOLERANCE, chosen, findings, listed, sentences
from evenkeel.stages.propose.checks.situation import Situation
from evenkeel.stages.wording import class_name, percent, small_dollars


def check_ips_limits(situation: Situation) -> pl.DataFrame:
    """Judge the weights of classes against the IPS's limits; its least share of cash is one of them.

    Failed: outside after the trades, and further than before. Warned: outside, no further than before. Not known: limits, and no value.
    """
    weights = _weights(situation)
    limits = _limits(situation)
    judged = (
        limits.join(situation.nav.filter(pl.col("nav_cents") > 0), on="portfolio_id")
        .join(weights, on=["portfolio_id", "asset_class"], how="left")
        .with_columns(pl.col("before_cents", "after_cents").fill_null(0))
        .with_columns(
            (pl.col(f"{when}_cents") / pl.col("nav_cents")).alias(f"{when}_frac") for when in ("before", "after")
        )
        .with_columns(_excess("before").alias("before_excess"), _excess("after").alias("after_excess"))
        .filter(pl.col("after_excess") > TOLERANCE)
        .with_columns((pl.col("after_excess") > pl.col("before_excess") + TOLERANCE).alias("is_worse"))
        .with_columns(_said().alias("said"))
        .sort("portfolio_id", "after_excess", "asset_class", descending=[False, True, False])
        .group_by("portfolio_id", maintain_order=True)
        .agg(
            pl.col("said").filter("is_worse").alias("worse"),
            pl.col("said").filter(~pl.col("is_worse")).alias("still"),
            pl.col("after_excess").max().alias("largest_excess_frac"),
        )
    )
    count = limits.group_by("portfolio_id").agg(pl.len().cast(pl.Int64).alias("limit_count"))
    rows = (
        situation.proposals.select("portfolio_id")
        .join(count, on="portfolio_id", how="left", maintain_order="left")
        .join(situation.nav, on="portfolio_id", how="left", maintain_order="left")
        .join(judged, on="portfolio_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("worse", "still").fill_null([]),
            pl.col("limit_count").fill_null(0),
            pl.col("largest_excess_frac").fill_null(0.0),
        )
    )
    is_worse, is_still = pl.col("worse").list.len() > 0, pl.col("still").list.len() > 0
    no_value = (pl.col("limit_count") > 0) & (pl.col("nav_cents") <= 0).fill_null(True)
    return findings(
        rows,
        chosen(is_worse, no_value, is_still),
        sentences(
            (is_worse, pl.format("Outside the IPS, and further than before: {}.", listed(pl.col("worse")))),
            (is_still, pl.format("Still outside the IPS, no further than before: {}.", listed(pl.col("still")))),
            (no_value, pl.lit("The portfolio has no value to measure weights by.")),
            (pl.col("limit_count") == 0, pl.lit("The IPS limits no class.")),
            otherwise=pl.lit("Every class is inside the limits of the IPS."),
        ),
        ["limit_count", "largest_excess_frac"],
    )


def check_suitability(situation: Situation) -> pl.DataFrame:
    """Judge the share in growth classes against the most that the client tolerates (`max_growth_frac` of the IPS).

    Failed: above it, and the trades raise it. Warned: above it, and they do not. Not known: there is such a limit, and no value.
    """
    tenths = pl.col("asset_class").replace_strict(
        {code.value: number for code, number in GROWTH_TENTHS.items()}, return_dtype=pl.Int64
    )
    growth = (
        _weights(situation)
        .group_by("portfolio_id")
        .agg(((pl.col(f"{when}_cents") * tenths).sum()).alias(f"{when}_tenth_cents") for when in ("before", "after"))
    )
    rows = (
        _profiles(situation)
        .join(situation.nav, on="portfolio_id", how="left", maintain_order="left")
        .join(growth, on="portfolio_id", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("nav_cents") > 0)
            .then(pl.col(f"{when}_tenth_cents") / 10 / pl.col("nav_cents"))
            .alias(f"growth_{when}_frac")
            for when in ("before", "after")
        )
    )
    has_limit = pl.col("max_growth_frac").is_not_null()
    before, after = pl.col("growth_before_frac"), pl.col("growth_after_frac")
    is_over = (after > pl.col("max_growth_frac") + TOLERANCE).fill_null(False)
    is_raised = (after > before + TOLERANCE).fill_null(False)
    no_value = has_limit & after.is_null()
    figures = (percent(after), percent(before), percent(pl.col("max_growth_frac")))
    return findings(
        rows,
        chosen(is_over & is_raised, no_value, is_over),
        sentences(
            (
                is_over & is_raised,
                pl.format("The trades raise growth assets to {} % from {} %; the client tolerates {} %.", *figures),
            ),
            (
                is_over & ~is_raised,
                pl.format("Growth assets are {} % after the trades, {} % before; the client tolerates {} %.", *figures),
            ),
            (no_value, pl.lit("The portfolio has no value to measure growth assets by.")),
            (~has_limit, pl.lit("The IPS sets no limit on growth assets.")),
            otherwise=pl.format(
                "Growth assets are {} % after the trades; the client tolerates {} %.",
                percent(after),
                percent(pl.col("max_growth_frac")),
            ),
        ),
        ["max_growth_frac", "growth_before_frac", "growth_after_frac"],
    )


def _weights(situation: Situation) -> pl.DataFrame:
    return situation.positions.group_by("portfolio_id", "asset_class").agg(pl.col("before_cents", "after_cents").sum())


def _profiles(situation: Situation) -> pl.DataFrame:
    """Return each proposal's `portfolio_id`, `ips_id`, `max_growth_frac`, `min_cash_frac`, in order."""
    portfolios = situation.book.portfolios.select("portfolio_id", "ips_id")
    profiles = situation.book.ips_profiles.select("ips_id", "max_growth_frac", "min_cash_frac")
    return (
        situation.proposals.select("portfolio_id")
        .join(portfolios, on="portfolio_id", how="left", maintain_order="left")
        .join(profiles, on="ips_id", how="left", maintain_order="left")
    )


def _limits(situation: Situation) -> pl.DataFrame:
    """Return `portfolio_id`, `asset_class`, `min_frac`, `max_frac`: one row a class that the IPS limits."""
    profiles = _profiles(situation)
    by_class = profiles.join(
        situation.book.ips_limits.select("ips_id", "asset_class", "min_frac", "max_frac"), on="ips_id"
    ).select("portfolio_id", "asset_class", "min_frac", "max_frac")
    cash = profiles.filter(pl.col("min_cash_frac") > 0).select(
        "portfolio_id",
        pl.lit(AssetClass.CASH.value).alias("asset_class"),
        pl.col("min_cash_frac").alias("min_frac"),
        pl.lit(None, pl.Float64).alias("max_frac"),
    )
    return (
        pl.concat([by_class, cash])
        .group_by("portfolio_id", "asset_class")
        .agg(pl.col("min_frac").max(), pl.col("max_frac").min())
        .filter(pl.col("min_frac").is_not_null() | pl.col("max_frac").is_not_null())
    )


def _excess(when: str) -> pl.Expr:
    weight = pl.col(f"{when}_frac")
    return pl.max_horizontal(weight - pl.col("max_frac"), pl.col("min_frac") - weight, 0.0)


def _said() -> pl.Expr:
    is_above = pl.col("after_frac") > pl.col("max_frac")
    weight, bound = percent(pl.col("after_frac")), percent(pl.when(is_above).then("max_frac").otherwise("min_frac"))
    side = pl.when(is_above).then(pl.lit("at most")).otherwise(pl.lit("at least"))
    # Where both print alike, the dollars say that there is a difference.
    missed = pl.when(weight == bound).then(
        pl.format(", missed by {}", small_dollars(pl.col("after_excess") * pl.col("nav_cents") / 100))
    )
    words = [
        class_name(pl.col("asset_class")),
        pl.lit(" "),
        weight,
        pl.lit(" % ("),
        side,
        pl.lit(" "),
        bound,
        pl.lit(" %"),
    ]
    return pl.concat_str([*words, missed, pl.lit(")")], ignore_nulls=True)
