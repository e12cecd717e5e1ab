"""Closed lots as a source states them: read from its files, and joined to what it stated before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from data_contracts.vocab import ToldBy
from evenkeel.rules.holding_period import is_long_term_expr
from evenkeel.rules.whole_numbers import cents_expr, usd_expr
from evenkeel.stages.taxes.rows import DAY, as_sales, gains_by_term

_CURRENCY = "USD"
_SAME = [*DAY, "acquired_date", "sold_qty", "proceeds_usd", "basis_usd"]
"""What two rows have in common that are one closed lot told twice."""


def stated_sales(
    realized: pl.DataFrame,
    feeds: Sequence[str],
    told_by: ToldBy,
    accounts: pl.DataFrame,
    first: dt.date,
    last: dt.date,
) -> pl.DataFrame:
    """Return the closed lots that these feeds state, each once although several files hold it.

    Two equal rows of one file are two lots; equal rows of two files are one.

    Args:
        realized: `RealizedLots` of the date.
        feeds: The feeds that are heard.
        told_by: What they are.
        accounts: `account_id` of those that are believed.
        first: Sales from this date on,
        last: to this one.
    """
    rows = (
        realized.filter(
            pl.col("feed").is_in(feeds),
            pl.col("security_id").is_not_null(),
            pl.col("closed_date").is_between(first, last),
            pl.col("closed_qty") > 0,
        )
        .join(accounts, on="account_id", how="semi")
        .select(
            "feed",
            "file_id",
            "row_no",
            "account_id",
            "security_id",
            pl.col("closed_date").alias("sold_date"),
            pl.col("opened_date").alias("acquired_date"),
            pl.col("closed_qty").alias("sold_qty"),
            _dollars("proceeds_ccy").alias("proceeds_usd"),
            _dollars("cost_ccy").alias("cost"),
            _dollars("short_term_gain_ccy").alias("short"),
            _dollars("long_term_gain_ccy").alias("long"),
            _dollars("disallowed_loss_ccy").alias("custodian_disallowed_usd"),
            pl.lit(told_by.value).alias("told_by"),
        )
    )
    # A stated gain gives the basis only where no disallowed loss may be in it already.
    is_raw = pl.col("custodian_disallowed_usd").fill_null(0) == 0
    stated = pl.when(is_raw).then(pl.sum_horizontal(pl.col("short", "long"), ignore_nulls=True))
    has_gain = pl.any_horizontal(pl.col("short", "long").is_not_null())
    implied = pl.when(has_gain).then(pl.col("proceeds_usd") - stated)
    rows = rows.with_columns(_is_long_term().alias("is_long_term"), pl.coalesce("cost", implied).alias("basis_usd"))
    gain = pl.coalesce(pl.col("proceeds_usd") - pl.col("basis_usd"), pl.when(has_gain).then(stated))
    short, long = gains_by_term(gain)
    rows = rows.with_columns(
        # A line of both terms has no gain of one term: the source's own split stands.
        pl.when(_has("short") & _has("long")).then("short").otherwise(short).alias("short_term_gain_usd"),
        pl.when(_has("short") & _has("long")).then("long").otherwise(long).alias("long_term_gain_usd"),
    )
    return as_sales(
        rows.sort("feed", "file_id", "row_no")
        .with_columns(pl.int_range(pl.len()).over("feed", "file_id", *_SAME).alias("ordinal"))
        .unique([*_SAME, "ordinal"], keep="last", maintain_order=True)
    )


def with_restated(known: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Return what a source has stated so far, with what it states today. Both are of one source, and of the days told today.

    A day told with the same units as before is told anew, whatever has changed in it. Otherwise rows that are not there yet are added: a
    file may bring a day's last lots later.
    """
    if not known.height:
        return told
    units = known.group_by(DAY).agg(pl.col("sold_qty").sum().alias("known_qty"))
    anew = (
        told.group_by(DAY)
        .agg(pl.col("sold_qty").sum())
        .join(units, on=DAY, how="inner")
        .filter(pl.col("sold_qty") == pl.col("known_qty"))
    )
    kept = known.join(anew, on=DAY, how="anti")
    marked = pl.concat([told.with_columns(pl.lit(0).alias("age")), kept.with_columns(pl.lit(1).alias("age"))])
    return (
        marked.with_columns(pl.int_range(pl.len()).over("age", *_SAME).alias("ordinal"))
        .unique([*_SAME, "ordinal"], keep="first", maintain_order=True)
        .drop("age", "ordinal")
    )


def _dollars(name: str) -> pl.Expr:
    return pl.when(pl.col("currency") == _CURRENCY).then(usd_expr(cents_expr(name)))


def _has(name: str) -> pl.Expr:
    return (pl.col(name) != 0).fill_null(False)


def _is_long_term() -> pl.Expr:
    """Return the term by the column that the gain stands in; by the dates where that does not say."""
    short, long = pl.col("short"), pl.col("long")
    return (
        pl.when(_has("short") & _has("long"))
        .then(None)
        .when(_has("long") | (long.is_not_null() & short.is_null()))
        .then(True)
        .when(_has("short") | (short.is_not_null() & long.is_null()))
        .then(False)
        .otherwise(is_long_term_expr("acquired_date", "sold_date"))
    )
