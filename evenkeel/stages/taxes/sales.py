"""The fold of sales: yesterday's without what is too old, the custodians' word of today, and what we can tell ourselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.tax_sales import TaxSales
from data_contracts.vocab import FeedRole, ToldBy
from evenkeel.book.model import Book
from evenkeel.rules.wash_sales import WINDOW_DAYS
from evenkeel.stages.reconcile.accounts import feeds_of
from evenkeel.stages.taxes.by_lots import told_by_lots
from evenkeel.stages.taxes.rows import DAY, SALE, as_sales
from evenkeel.stages.taxes.sold import new_sales
from evenkeel.stages.taxes.stated import stated_sales, with_restated

KEPT_DAYS = 2 * WINDOW_DAYS + 1
"""A purchase of today may have replaced a loss of so long ago, so the loss is needed to know what is left of the purchase."""
_OURS = [ToldBy.LOTS.value, ToldBy.UNKNOWN.value]
_ORDER = [*DAY, "acquired_date", "lot_id", "sold_qty", "proceeds_usd", "basis_usd"]


@dataclass(frozen=True)
class Told:
    """What the date's files and those of the session before tell of sales.

    `rolled`: `RolledTransactions` of the date. `lots_before`: scanned, of which only accounts that sold are read; None on the first
    session. `not_believed`: `(feed, file_id)` of files that are no evidence. `believed`, `believed_before`: `account_id`.
    """

    transactions: pl.DataFrame
    transactions_before: pl.DataFrame | None
    rolled: pl.DataFrame
    realized: pl.DataFrame
    lots: pl.DataFrame
    lots_before: pl.LazyFrame | None
    believed: pl.DataFrame
    believed_before: pl.DataFrame
    not_believed: Collection[tuple[str, str]] = ()


def fold_sales(
    business_date: dt.date, yesterday: pl.DataFrame | None, told: Told, enabled: pl.DataFrame, book: Book
) -> DataFrame[TaxSales]:
    """Return the sales of this year and of the last 61 days.

    Of one account, security and day the first of these counts: the custodian's closed lots; ours, where the open lots tell all of it; the
    portfolio system's; ours. An account that is not believed today still sold what its transactions say, from unknown lots: a loss that a
    stopped account has taken must not be bought back. Its other facts wait until they come again.

    Sales to open (short), options that expire and mergers paid in cash are told by custodians only.

    Args:
        business_date: The session.
        yesterday: `TaxSales` of the session before.
        told: The files.
        enabled: `account_id` of the accounts that a run must account for.
        book: As it holds on the date.
    """
    first = first_kept(business_date)
    known = as_sales(TaxSales.empty_frame()) if yesterday is None else _kept(yesterday, first)
    realized = _evidence(told.realized, told.not_believed)
    custodians = feeds_of(book, FeedRole.CUSTODIAN)
    systems = feeds_of(book, FeedRole.PORTFOLIO_SYSTEM)
    stated = [
        stated_sales(realized, feeds, source, told.believed, first, business_date)
        for feeds, source in ((custodians, ToldBy.CUSTODIAN), (systems, ToldBy.PORTFOLIO_SYSTEM))
    ]
    sold = new_sales(
        business_date, told.transactions, told.transactions_before, told.rolled, custodians, enabled, first
    )
    ours = _ours(sold, told, custodians)
    touched = pl.concat(frame.select(DAY) for frame in (*stated, ours)).unique()
    old = known.join(touched, on=DAY, how="semi")
    redone = [
        with_restated(old.filter(pl.col("told_by") == source.value), now)
        for source, now in zip((ToldBy.CUSTODIAN, ToldBy.PORTFOLIO_SYSTEM), stated, strict=True)
    ]
    candidates = pl.concat([*redone, old.filter(pl.col("told_by").is_in(_OURS)), ours])
    rows = pl.concat([known.join(touched, on=DAY, how="anti"), _best(candidates)])
    numbered = (
        rows.sort(_ORDER, nulls_last=True)
        .with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(DAY).alias("sale_no"))
        .with_columns(pl.lit(business_date).alias("business_date"))
    )
    return conform(numbered, TaxSales, is_sorted=True)


def first_kept(business_date: dt.date) -> dt.date:
    """Return the trade date from which on sales are kept: the year's first day, or the first of the last 61 days."""
    return min(dt.date(business_date.year, 1, 1), business_date - dt.timedelta(days=KEPT_DAYS - 1))


def _kept(yesterday: pl.DataFrame, first: dt.date) -> pl.DataFrame:
    return as_sales(yesterday.filter(pl.col("sold_date") >= first))


def _evidence(rows: pl.DataFrame, not_believed: Collection[tuple[str, str]]) -> pl.DataFrame:
    if not not_believed:
        return rows
    named = pl.DataFrame(list(not_believed), schema={"feed": pl.String, "file_id": pl.String}, orient="row")
    return rows.join(named, on=["feed", "file_id"], how="anti")


def _ours(sold: pl.DataFrame, told: Told, custodians: list[str]) -> pl.DataFrame:
    """Return the new sales with their lots where those are told, without where they are not."""
    if not sold.height:
        return pl.DataFrame(schema=SALE)
    seen = sold.join(told.believed, on="account_id", how="semi").join(told.believed_before, on="account_id", how="semi")
    parts = []
    if seen.height and told.lots_before is not None:
        before = told.lots_before.filter(
            pl.col("account_id").is_in(seen["account_id"].unique().implode()), pl.col("feed").is_in(custodians)
        ).collect()
        parts.append(told_by_lots(seen, before, told.lots.filter(pl.col("feed").is_in(custodians))))
    found = pl.concat(parts) if parts else pl.DataFrame(schema=SALE)
    rest = sold.join(found, on=DAY, how="anti").with_columns(pl.lit(ToldBy.UNKNOWN.value).alias("told_by"))
    return pl.concat([found, as_sales(rest)])


def _best(candidates: pl.DataFrame) -> pl.DataFrame:
    """Return of each account, security and day the rows of who is believed first."""
    is_ours = pl.col("told_by").is_in(_OURS)
    all_told = (pl.col("told_by") == ToldBy.LOTS.value).all().over(*DAY, is_ours)
    rank = (
        pl.when(pl.col("told_by") == ToldBy.CUSTODIAN.value)
        .then(3)
        .when(is_ours & all_told)
        .then(2)
        .when(pl.col("told_by") == ToldBy.PORTFOLIO_SYSTEM.value)
        .then(1)
        .otherwise(0)
    )
    return (
        candidates.with_columns(rank.alias("rank"))
        .filter(pl.col("rank") == pl.col("rank").max().over(DAY))
        .drop("rank")
    )
