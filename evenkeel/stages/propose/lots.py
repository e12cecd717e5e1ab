"""Open lots as a list is solved with: of each account and security the source whose lots add up to the position.

A custodian's own lots come before the portfolio system's. What no lot covers is a lot of its own, named `position`: with the position's
average cost where nothing is taxed, without a basis where something is, so that it is kept and said.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.vocab import FeedRole, TaxStatus
from evenkeel.book.model import Book
from evenkeel.rules.holding_period import long_term_from_expr

POSITION = "position"
IN_FLIGHT = "in_flight"
SAME_QTY = 1e-4
"""Units up to which lots add up to a position, as `Tolerances.lots_qty`."""

KEY = ["account_id", "security_id"]


def open_lots(holdings: pl.DataFrame, tax_lots: pl.DataFrame, book: Book, trade_date: dt.date) -> pl.DataFrame:
    """Return the lots of the accounts of `holdings`.

    Args:
        holdings: Dataset of the day, of the accounts wanted; cash is left out.
        tax_lots: Dataset of the day.
        book: For feeds and for how accounts are taxed.
        trade_date: When the trades are done: long-term or not is told for that day.

    Returns:
        Sorted by key: `account_id`, `security_id`, `lot_id`, `acquired_date` (null: not known), `holding_start_date` (the same, or earlier
        where a period is tacked), `held_qty`, `exact_qty` (the same as its source has it),
        `cost_usd` (null: not known, or below zero), `is_long_term` (null: not known), `long_term_date`,
        `lots_differ` (lots of the source do not add up to the position).
    """
    held = holdings.filter(pl.col("asset_class") != "cash").select(
        *KEY,
        pl.col("held_qty").cast(pl.Float64).alias("position_qty"),
        pl.col("held_qty").cast(FACT_DTYPE).alias("exact_qty"),
        pl.col("cost_usd").cast(pl.Float64).alias("position_cost"),
    )
    roles = {feed.feed: feed.role for feed in book.feeds}
    ours = [feed for feed, role in roles.items() if role == FeedRole.CUSTODIAN.value]
    rows = (
        tax_lots.filter(pl.col("account_id").is_not_null(), pl.col("security_id").is_not_null())
        .join(held.drop("exact_qty"), on=KEY, how="inner")
        .select(
            *KEY,
            "feed",
            "file_id",
            "row_no",
            "lot_id",
            pl.col("opened_date").alias("acquired_date"),
            pl.coalesce("holding_period_date", "opened_date").alias("holding_start_date"),
            pl.col("held_qty").cast(pl.Float64),
            pl.col("held_qty").cast(FACT_DTYPE).alias("exact_qty"),
            # A cost below zero is a slip, and no basis to tax by; what is owed has one.
            pl.when(pl.col("currency") == "USD", (pl.col("cost_ccy") >= 0) | (pl.col("held_qty") < 0))
            .then(pl.col("cost_ccy").cast(pl.Float64))
            .alias("cost_usd"),
            "position_qty",
        )
    )
    by_source = (
        rows.group_by(*KEY, "feed")
        .agg(pl.col("held_qty").sum().alias("lots_qty"), pl.col("position_qty").first())
        .with_columns(
            ((pl.col("lots_qty") - pl.col("position_qty")).abs() > SAME_QTY).alias("lots_differ"),
            (~pl.col("feed").is_in(ours)).alias("is_other"),
        )
        .sort(*KEY, "lots_differ", "is_other", "feed")
        .unique(KEY, keep="first", maintain_order=True)
    )
    chosen = (
        rows.join(by_source.select(*KEY, "feed", "lots_differ"), on=[*KEY, "feed"], how="inner")
        .filter(pl.col("held_qty") != 0, ~pl.col("lots_differ"))
        .sort(*KEY, "acquired_date", "lot_id", "file_id", "row_no", nulls_last=True)
        .with_columns(pl.int_range(1, pl.len() + 1).over(KEY).alias("place"))
        # Some sources number no lots; a number must be one lot's all the same.
        .with_columns(
            pl.when(pl.col("lot_id").is_null() | pl.struct(*KEY, "lot_id").is_duplicated())
            .then(pl.format("#{}", "place"))
            .otherwise("lot_id")
            .alias("lot_id")
        )
        .select(
            *KEY,
            "lot_id",
            "acquired_date",
            "holding_start_date",
            "held_qty",
            "exact_qty",
            "cost_usd",
            pl.lit(False).alias("lots_differ"),
        )
    )
    tax_free = book.accounts.filter(pl.col("tax_status") != TaxStatus.TAXABLE.value).select("account_id")
    rest = (
        held.join(chosen.select(KEY).unique(), on=KEY, how="anti")
        .join(by_source.select(*KEY, "lots_differ"), on=KEY, how="left")
        .join(tax_free.with_columns(pl.lit(True).alias("is_tax_free")), on="account_id", how="left")
        .filter(pl.col("position_qty") != 0)
        .select(
            *KEY,
            pl.lit(POSITION).alias("lot_id"),
            pl.lit(None, pl.Date).alias("acquired_date"),
            pl.lit(None, pl.Date).alias("holding_start_date"),
            pl.col("position_qty").alias("held_qty"),
            "exact_qty",
            pl.when(pl.col("is_tax_free")).then("position_cost").alias("cost_usd"),
            pl.col("lots_differ").fill_null(False),
        )
    )
    long_from = long_term_from_expr("holding_start_date")
    return (
        pl.concat([chosen, rest])
        .with_columns(long_from.alias("long_term_date"), (pl.lit(trade_date) >= long_from).alias("is_long_term"))
        .sort(*KEY, "lot_id")
    )


def in_flight(holdings: pl.DataFrame) -> pl.DataFrame:
    """Return what open orders will add to or take from a position: `account_id`, `security_id`, `change_usd`."""
    return (
        holdings.filter(pl.col("asset_class") != "cash", pl.col("proforma_usd") != pl.col("value_usd"))
        .select(*KEY, (pl.col("proforma_usd") - pl.col("value_usd")).cast(pl.Float64).alias("change_usd"))
        .sort(KEY)
    )
