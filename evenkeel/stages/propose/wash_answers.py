"""What is known of wash sales for each trade of a list: of what is sold at a loss, and of what is bought."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.vocab import OrderSide
from evenkeel.rules.wash_sales import WashAnswer
from evenkeel.stages.propose.lots import KEY

WASHES = pl.Schema(
    [
        ("portfolio_id", pl.String()),
        ("account_id", pl.String()),
        ("security_id", pl.String()),
        ("side", pl.String()),
        ("answer", pl.String()),
        ("losses_from_date", pl.Date()),
        ("losses_to_date", pl.Date()),
    ]
)
"""A row a lot sold or a security bought that was asked about. `answer`: a code of `WashAnswer`. `losses_from_date`, `losses_to_date`: of a
purchase the days of which its wash unit's losses are known (null: of none); of a sale null."""


def sold_answers(lots: pl.DataFrame, trades: pl.DataFrame) -> pl.DataFrame:
    """Return what is known of the lots that taxed accounts sell at a loss, as `WASHES`.

    Args:
        lots: `account_id`, `security_id`, `lot_id`, `answer` (null: nobody asked, which is not known).
        trades: Of the lists: `portfolio_id`, `account_id`, `security_id`, `lot_id`, `side`, `gain_usd`, `short_rate_frac`.
    """
    key = [*KEY, "lot_id"]
    sold = trades.filter(pl.col("side") == OrderSide.SELL.value, pl.col("gain_usd") < 0, pl.col("short_rate_frac") > 0)
    return sold.join(lots.select(*key, "answer"), on=key, how="left").pipe(_washes)


def bought_answers(
    no_buys: pl.DataFrame, buyers: pl.DataFrame, trades: pl.DataFrame, trade_date: dt.date
) -> pl.DataFrame:
    """Return what is known of the purchases, as `WASHES`: washed where a loss is known, clear only where every loss would be.

    Args:
        no_buys: `account_id`, `security_id`, `last_date`: purchases that would wash a loss already taken.
        buyers: `account_id`, `is_loss_known`, `losses_from_date`, `losses_to_date`, as `WashView` has them.
        trades: Of the lists: `portfolio_id`, `account_id`, `security_id`, `side`.
        trade_date: When they are done.
    """
    barred = no_buys.filter(pl.col("last_date") >= trade_date).select(*KEY, pl.lit(True).alias("is_barred")).unique()
    bought = trades.filter(pl.col("side") == OrderSide.BUY.value).join(barred, on=KEY, how="left")
    answer = (
        pl.when("is_barred")
        .then(pl.lit(WashAnswer.WASHED.value))
        .when("is_loss_known")
        .then(pl.lit(WashAnswer.CLEAR.value))
        .otherwise(pl.lit(WashAnswer.COVERAGE_INCOMPLETE.value))
    )
    return bought.join(buyers, on="account_id", how="left").with_columns(answer.alias("answer")).pipe(_washes)


def _washes(rows: pl.DataFrame) -> pl.DataFrame:
    said = pl.col("answer").fill_null(WashAnswer.COVERAGE_INCOMPLETE.value).alias("answer")
    return rows.select(
        said if name == "answer" else (pl.col(name) if name in rows.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in WASHES.items()
    )
