"""Funds' redemption fees: how much of a fund an account may redeem free, and which of its lots are left to sell.

A fund counts first in, first out, whatever lots are sold for tax: a sale of q units is free where q is at most the units that are past the
period, whichever lots it names. So the free units are given to the lots that are best to sell, and the rest is kept.

A lot whose date is not known counts as bought on the trade date: that it is free cannot be shown. Units reinvested from dividends count
like any other, though many funds charge nothing for them.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.vocab import Obstacle
from evenkeel.stages.propose.lots import KEY, SAME_QTY


def early_holdings(lots: pl.DataFrame, securities: pl.DataFrame, trade_date: dt.date) -> pl.DataFrame:
    """Return the funds of which an account holds units within the redemption period.

    Args:
        lots: `account_id`, `security_id`, `acquired_date` (null: not known), `held_qty`.
        securities: The book's: `security_id`, `redemption_fee_frac`, `redemption_days`.
        trade_date: When they would be redeemed.

    Returns:
        Sorted by `account_id`, `security_id`: `free_qty` (units past the period, >= 0), `early_qty` (> 0), `free_from_date` (from when on
        all are free; null: not known), `undated_qty` (units of unknown date, counted as early), `redemption_fee_frac`.
    """
    funds = securities.filter(pl.col("redemption_fee_frac") > 0).select(
        "security_id", "redemption_fee_frac", "redemption_days"
    )
    free_from = pl.col("acquired_date") + pl.duration(days=pl.col("redemption_days"))
    is_early = (pl.lit(trade_date) < free_from).fill_null(True)
    is_undated = pl.col("acquired_date").is_null()
    quantity = pl.col("held_qty").cast(pl.Float64)
    return (
        lots.filter(pl.col("held_qty") > 0)
        .join(funds, on="security_id", how="inner")
        .group_by(KEY)
        .agg(
            quantity.filter(~is_early).sum().alias("free_qty"),
            quantity.filter(is_early).sum().alias("early_qty"),
            pl.when(~is_undated.any()).then(free_from.max()).alias("free_from_date"),
            quantity.filter(is_undated).sum().alias("undated_qty"),
            pl.col("redemption_fee_frac").first(),
        )
        .filter(pl.col("early_qty") > 0)
        .sort(KEY)
    )


def keep_early(lots: pl.DataFrame, early: pl.DataFrame, *, is_fee_paid: bool) -> pl.DataFrame:
    """Return the lots with `free_qty`: how much of each may be sold, no more of a fund together than is free.

    Of a fund's lots that may be sold at all those with the least tax come first; what is left of the last of them is kept. A lot of which
    nothing is free is kept by `redemption_period`.

    Args:
        lots: As `Case.lots`, without `free_qty`.
        early: As `early_holdings` returns it.
        is_fee_paid: The policy pays the fee: nothing is kept for it.
    """
    if is_fee_paid or not early.height:
        return lots.with_columns(pl.col("held_qty").alias("free_qty"))
    may_go = pl.col("is_open") & pl.col("kept_by").is_null() & pl.col("fund_free_qty").is_not_null()
    tax = pl.col("rate") * pl.col("unit_gain") / pl.col("price_usd")
    ranked = (
        lots.join(early.select(*KEY, pl.col("free_qty").alias("fund_free_qty")), on=KEY, how="left")
        .with_columns(may_go.fill_null(False).alias("may_go"), tax.fill_null(0.0).fill_nan(0.0).alias("tax"))
        .sort(*KEY, "may_go", "tax", "acquired_date", "lot_id", descending=[False, False, True, False, False, False])
    )
    counted = pl.when("may_go").then("held_qty").otherwise(0.0)
    before = counted.cum_sum().over(KEY) - counted
    left = (pl.col("fund_free_qty") - before).clip(0.0, pl.col("held_qty"))
    free = pl.when(~pl.col("may_go")).then("held_qty").when(left < SAME_QTY).then(0.0).otherwise(left)
    return (
        ranked.with_columns(free.alias("free_qty"))
        .with_columns(
            pl.when(pl.col("may_go") & (pl.col("free_qty") == 0))
            .then(pl.lit(Obstacle.REDEMPTION_PERIOD.value))
            .otherwise("kept_by")
            .alias("kept_by")
        )
        .drop("may_go", "tax", "fund_free_qty")
    )


def kept_units() -> pl.Expr:
    """Return how many units of a lot are kept for the redemption period alone."""
    return (
        pl.when(pl.col("kept_by") == Obstacle.REDEMPTION_PERIOD.value)
        .then("held_qty")
        .when(pl.col("kept_by").is_null())
        .then(pl.col("held_qty") - pl.col("free_qty"))
        .otherwise(0.0)
    )
