"""The holdings that drift measures: of the accounts that are believed, with what is in flight or spoken for counted as done."""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.fields import FACT_DTYPE, MONEY_DTYPE
from data_contracts.holdings import Holdings
from data_contracts.vocab import AssetClass, Check, CoverageStatus, ExceptionEffect, ExceptionScope
from evenkeel.book.model import Book
from evenkeel.stages.reconcile.counted import CASH_SECURITY, held_cash
from evenkeel.stages.reconcile.findings import Findings
from evenkeel.stages.reconcile.places import PLACE, Places, account_number, instrument_number

MEASURED = (CoverageStatus.SCANNED.value, CoverageStatus.NO_MODEL.value)
"""Accounts whose holdings go on; those without a model only to be matched to the nearest one."""


def trusted_holdings(
    business_date: dt.date,
    coverage: pl.DataFrame,
    positions: pl.DataFrame,
    cash: pl.DataFrame,
    orders: pl.DataFrame,
    reserved: pl.DataFrame,
    book: Book,
) -> DataFrame[Holdings]:
    """Return the holdings of the accounts that are measured.

    Args:
        business_date: The session.
        coverage: What became of each enabled account.
        positions: As `believed_positions` returns them.
        cash: As `cash_in_dollars` returns it.
        orders: As `orders_in_flight` returns them.
        reserved: As `spoken_for` returns it.
        book: As it holds on the date.
    """
    accounts = (
        coverage.filter(pl.col("status").is_in(MEASURED))
        .select("portfolio_id", "account_id", "household_id")
        .sort("portfolio_id", "account_id")
    )
    instruments = _instruments(book)
    # Rows are put in order as numbers; names are given to them at the end.
    places = Places.in_order(accounts["account_id"], instruments["security_id"])
    # Into dollars row by row, before rows are added: one security may be held in two currencies.
    held = _added_up(
        # A security that the book does not know has no class; its account is stopped, and that stop cannot be released.
        places.placed(
            positions.select(
                "account_id",
                "security_id",
                "feed",
                "file_id",
                "row_no",
                "held_qty",
                _in_dollars("price_ccy").alias("price_usd"),
                "price_date",
                _in_dollars("cost_ccy").alias("cost_usd"),
                "value_usd",
            ),
            "security_id",
        )
    )
    securities = (
        _with_orders(held, places.placed(orders, "security_id"))
        .with_columns((pl.col("value_usd") + pl.col("change_usd").fill_null(0)).alias("proforma_usd"))
        .filter((pl.col("held_qty") != 0) | (pl.col("value_usd") != 0) | (pl.col("proforma_usd") != 0))
        .select(PLACE, *_FIGURES)
    )
    spent = orders.group_by("account_id").agg(pl.col("change_usd").sum())
    cash_rows = (
        accounts.select("account_id")
        .join(held_cash(cash), on="account_id", how="left")
        .join(spent, on="account_id", how="left")
        .join(reserved, on="account_id", how="left")
        .with_columns(pl.col("value_usd").fill_null(0))
        .with_columns(
            (
                pl.col("value_usd")
                + pl.col("pending_usd").fill_null(0)
                - pl.col("change_usd").fill_null(0)
                - pl.col("spoken_for_usd").fill_null(0)
            ).alias("proforma_usd")
        )
        .select(
            "account_id",
            pl.lit(CASH_SECURITY).alias("security_id"),
            pl.col("value_usd").cast(FACT_DTYPE).alias("held_qty"),
            pl.lit(1).cast(FACT_DTYPE).alias("price_usd"),
            pl.lit(business_date).alias("price_date"),
            pl.col("value_usd").cast(FACT_DTYPE).alias("cost_usd"),
            pl.col("value_usd").cast(MONEY_DTYPE),
            pl.col("proforma_usd").cast(MONEY_DTYPE),
        )
    )
    rows = pl.concat([securities, places.placed(cash_rows, "security_id").select(securities.columns)]).sort(PLACE)
    named = pl.concat(
        [
            accounts[rows.select(account_number()).to_series()],
            instruments[rows.select(instrument_number()).to_series()],
            rows.drop(PLACE),
        ],
        how="horizontal",
    )
    return conform(named.with_columns(pl.lit(business_date).alias("business_date")), Holdings, is_sorted=True)


_FIGURES = ("held_qty", "price_usd", "price_date", "cost_usd", "value_usd", "proforma_usd")


def _instruments(book: Book) -> pl.DataFrame:
    """Return what can be held, in the order of its id, with its class: the book's securities, and cash."""
    securities = book.securities.select(
        "security_id", "asset_class", pl.coalesce("sleeve", "asset_class").alias("sleeve"), "is_illiquid"
    )
    cash = pl.DataFrame(
        [(CASH_SECURITY, AssetClass.CASH.value, AssetClass.CASH.value, False)], securities.schema, orient="row"
    )
    return pl.concat([securities, cash]).sort("security_id")


def _with_orders(held: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Return the holdings with `change_usd` by orders in flight, those of nothing but an order among them. Both are placed."""
    if not orders.height:
        return held.with_columns(pl.lit(None, MONEY_DTYPE).alias("change_usd"))
    return held.join(orders.select(PLACE, "change_usd"), on=PLACE, how="full", coalesce=True).with_columns(
        pl.col("value_usd").fill_null(0), pl.col("held_qty").fill_null(0).cast(FACT_DTYPE)
    )


def _added_up(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row a place: most are one row already, the others are added up."""
    columns = [PLACE, "held_qty", "price_usd", "price_date", "cost_usd", "value_usd"]
    filled = rows.with_columns(pl.col("held_qty").fill_null(0), pl.col("value_usd").fill_null(0))
    is_many = filled[PLACE].is_duplicated()
    if not is_many.any():
        return filled.select(columns)
    summed = (
        filled.filter(is_many)
        .sort("feed", "file_id", "row_no")
        .group_by(PLACE, maintain_order=True)
        .agg(
            pl.col("held_qty").sum(),
            pl.col("price_usd").drop_nulls().first(),
            pl.col("price_date").max(),
            pl.when(pl.col("cost_usd").null_count() == 0).then(pl.col("cost_usd").sum()).alias("cost_usd"),
            pl.col("value_usd").sum(),
        )
    )
    return pl.concat([filled.filter(~is_many).select(columns), summed.select(columns)])


def _in_dollars(name: str) -> pl.Expr:
    converted = (pl.col(name).cast(pl.Float64) * pl.col("usd_rate")).round(12).cast(FACT_DTYPE)
    return pl.when(pl.col("usd_rate") == 1.0).then(pl.col(name)).otherwise(converted)


def note_missing_cash(coverage: pl.DataFrame, cash: pl.DataFrame, findings: Findings) -> None:
    """Note accounts that are measured and for which no cash line came."""
    without = coverage.filter(pl.col("status").is_in(MEASURED)).join(cash, on="account_id", how="anti")
    findings.add(
        without,
        Check.CASH_MISSING,
        ExceptionEffect.NOTE,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.format("account {}: its custodian sent no cash line; it is measured as holding none", "account_id"),
    )


def note_nothing_held(holdings: pl.DataFrame, findings: Findings) -> None:
    """Note portfolios of which all accounts hold nothing."""
    empty = (
        holdings.group_by("portfolio_id")
        .agg((pl.col("value_usd") != 0).any().alias("has_value"))
        .filter(~pl.col("has_value"))
        .sort("portfolio_id")
    )
    findings.add(
        empty,
        Check.NOTHING_HELD,
        ExceptionEffect.NOTE,
        ExceptionScope.PORTFOLIO,
        "portfolio_id",
        pl.format(
            "portfolio {}: its accounts hold nothing, so it cannot be measured; set their state to new until money comes, or to closed",
            "portfolio_id",
        ),
    )
