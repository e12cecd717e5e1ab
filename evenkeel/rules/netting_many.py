"""The year's tax of many tax units at once: the rule of `netting`, over a frame. A property holds the two equal to the cent."""

from __future__ import annotations

import polars as pl

from evenkeel.rules.netting import LOSS_LIMIT_CENTS, NIIT_PARTS, NIIT_THRESHOLD_CENTS
from evenkeel.rules.whole_numbers import PARTS, cents_expr, half_even_expr, parts_expr, usd_expr

_NETTED = ("net_short", "net_long", "taxed_short", "taxed_long", "deducted", "carry_short", "carry_long")
_OUT = (*_NETTED, "federal_gain", "federal_saving", "state", "niit", "total")


def year_tax_of_many(units: pl.DataFrame) -> pl.DataFrame:
    """Return `year_tax` of many tax units at once, to the cent.

    Args:
        units: `tax_unit_id`, `realised_short_usd`, `realised_long_usd`, `carry_short_usd`, `carry_long_usd`, `filing_status`,
            `short_rate_frac`, `long_rate_frac`, `ordinary_rate_frac`, `state_rate_frac`, and `ordinary_usd`, `investment_usd`,
            `adjusted_gross_usd`, `niit_threshold_usd` (null as in `OtherIncome`).

    Returns:
        One row a unit, in the order given: `tax_unit_id`, the fields of `Netted`, `federal_gain_usd`, `federal_saving_usd`, `state_usd`,
        `niit_usd`, `total_usd`, and `reason`: null, or why there is no tax: `input_unknown` (an amount, rate or status is null),
        `negative_carry_over`, `threshold_unknown` (a trust without one).
    """
    zero = pl.lit(0, pl.Int128)
    status = pl.col("filing_status")
    limit = status.replace_strict(LOSS_LIMIT_CENTS, default=None, return_dtype=pl.Int64).cast(pl.Int128)
    stated = status.replace_strict(NIIT_THRESHOLD_CENTS, default=None, return_dtype=pl.Int64).cast(pl.Int128)
    rates = ("short", "long", "ordinary", "state")
    amounts = ("realised_short", "realised_long", "carry_short", "carry_long")
    rows = units.select(
        "tax_unit_id",
        *(cents_expr(f"{name}_usd").alias(name) for name in amounts),
        *(parts_expr(f"{name}_rate_frac").cast(pl.Int128).alias(f"{name}_rate") for name in rates),
        cents_expr("ordinary_usd").alias("ordinary"),
        cents_expr("investment_usd").alias("investment"),
        cents_expr("adjusted_gross_usd").alias("gross"),
        limit.alias("limit"),
        pl.coalesce(cents_expr("niit_threshold_usd"), stated).alias("threshold"),
    )
    needed = [*amounts, *(f"{name}_rate" for name in rates), "limit"]
    has_income = pl.col("investment").is_not_null() & pl.col("gross").is_not_null()
    reason = (
        pl.when(pl.any_horizontal(pl.col(needed).is_null()))
        .then(pl.lit("input_unknown"))
        .when(pl.min_horizontal("carry_short", "carry_long") < 0)
        .then(pl.lit("negative_carry_over"))
        .when(has_income & pl.col("threshold").is_null())
        .then(pl.lit("threshold_unknown"))
    )
    rows = rows.with_columns(
        reason.alias("reason"),
        (pl.col("realised_short") - pl.col("carry_short")).alias("net_short"),
        (pl.col("realised_long") - pl.col("carry_long")).alias("net_long"),
    )
    total = pl.col("net_short") + pl.col("net_long")
    rows = rows.with_columns(
        pl.min_horizontal("net_short", total).clip(0, None).alias("taxed_short"),
        pl.min_horizontal("net_long", total).clip(0, None).alias("taxed_long"),
        pl.min_horizontal((0 - total).clip(0, None), "limit").alias("deducted"),
    ).with_columns(
        pl.when(pl.col("ordinary").is_null())
        .then("deducted")
        .otherwise(pl.min_horizontal("deducted", pl.col("ordinary").clip(0, None)))
        .alias("used")
    )
    left = pl.col("net_short") + pl.col("used")
    gain = pl.col("taxed_short") + pl.col("taxed_long")
    moved = gain - pl.col("deducted")
    base = pl.min_horizontal(pl.col("investment") + moved, pl.col("gross") + moved - pl.col("threshold")).clip(0, None)
    of_gain = pl.col("short_rate") * pl.col("taxed_short") + pl.col("long_rate") * pl.col("taxed_long")
    rows = rows.with_columns(
        (0 - left - pl.col("net_long").clip(0, None)).clip(0, None).alias("carry_short"),
        (0 - pl.col("net_long") - left.clip(0, None)).clip(0, None).alias("carry_long"),
        _of_parts(of_gain).alias("federal_gain"),
        (0 - _of_parts(pl.col("ordinary_rate") * pl.col("used"))).alias("federal_saving"),
        _of_parts(pl.col("state_rate") * (gain - pl.col("used"))).alias("state"),
        pl.when(has_income).then(_of_parts(base * NIIT_PARTS)).alias("niit"),
    ).with_columns(
        (pl.col("federal_gain") + pl.col("federal_saving") + pl.col("state") + pl.coalesce("niit", zero)).alias("total")
    )
    return rows.select(
        "tax_unit_id",
        *(pl.when(pl.col("reason").is_null()).then(usd_expr(name)).alias(f"{name}_usd") for name in _OUT),
        "reason",
    )


def _of_parts(product: pl.Expr) -> pl.Expr:
    return half_even_expr(product, pl.lit(PARTS, pl.Int128))
