"""What the checks look at: trades with what the book says of them, and positions before and after, in whole cents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data_contracts.fields import FACT_DTYPE, MONEY_DTYPE
from data_contracts.vocab import AssetClass, OrderSide
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.rules.wash_sales import wash_groups
from evenkeel.stages.drift.nodes import cents
from evenkeel.stages.taxes.wash_inputs import wash_units_of

CASH_ID = "CASH:USD"
POSITION = ["portfolio_id", "account_id", "security_id"]
IS_SALE = pl.col("side") == OrderSide.SELL.value


@dataclass(frozen=True)
class Situation:
    """The batch as the checks see it.

    `proposals`: `portfolio_id`, `policy_version`.
    `trades`: as given, with `value_cents`, of the book's security `asset_type`, `asset_class`, `issuer_id`, `wash_group`, `is_illiquid`,
    `max_price_age_sessions` and `is_known_security`, of its account `book_portfolio_id`, `household_id`, `custodian`, `tax_unit_id`,
    `wash_unit_id`, `tax_status` and `is_known_account`.
    `positions`: one row an account and security held or traded, `CASH:USD` among them: POSITION, `asset_class`, `held_qty`,
    `before_cents`, `after_cents` (pro forma; purchases and sales have moved `CASH:USD`).
    `nav`: `portfolio_id`, `nav_cents`: the value before, which trades do not change.
    `holdings`: as given, all portfolios. `lots`, `year`: as given; None: not known.
    """

    proposals: pl.DataFrame
    trades: pl.DataFrame
    positions: pl.DataFrame
    nav: pl.DataFrame
    holdings: pl.DataFrame
    washes: pl.DataFrame
    account_cash: pl.DataFrame | None
    lots: pl.DataFrame | None
    year: pl.DataFrame | None
    book: Book
    policies: Mapping[str, Policy]
    business_date: dt.date
    trade_date: dt.date


def told_by_book(trades: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Return the trades with what the book says of their securities and accounts, in the order given."""
    wanted = ["portfolio_id", "account_id", "security_id", "side", "traded_qty", "price_usd"]
    securities = book.securities.select(
        "security_id",
        "asset_type",
        "asset_class",
        "issuer_id",
        "is_illiquid",
        "max_price_age_sessions",
        pl.lit(True).alias("is_known_security"),
    ).join(wash_groups(book.securities), on="security_id", how="left")
    accounts = book.accounts.select(
        "account_id",
        pl.col("portfolio_id").alias("book_portfolio_id"),
        "household_id",
        "custodian",
        "tax_unit_id",
        "tax_status",
        pl.lit(True).alias("is_known_account"),
    )
    return (
        trades.select(
            *wanted,
            pl.col("value_usd").cast(MONEY_DTYPE),
            cents("value_usd").alias("value_cents"),
            cents("gain_usd").alias("gain_cents"),
            cents("disallowed_usd").alias("disallowed_cents"),
        )
        .join(securities, on="security_id", how="left", maintain_order="left")
        .join(accounts, on="account_id", how="left", maintain_order="left")
        .join(wash_units_of(book), on="tax_unit_id", how="left", maintain_order="left")
        .with_columns(pl.coalesce("wash_unit_id", "tax_unit_id").alias("wash_unit_id"))
        .with_columns(pl.col("is_known_security", "is_known_account").fill_null(False))
    )


def before_and_after(trades: pl.DataFrame, holdings: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Return the positions of the portfolios in `holdings`, before and after the trades (`told_by_book`)."""
    signed = pl.when(IS_SALE).then(-pl.col("value_cents")).otherwise("value_cents")
    nothing = pl.lit(0, pl.Int64)
    held = holdings.select(
        *POSITION,
        "asset_class",
        pl.col("held_qty").cast(FACT_DTYPE),
        cents("proforma_usd").alias("before_cents"),
        nothing.alias("change"),
    )
    moved = trades.select(
        *POSITION,
        "asset_class",
        pl.lit(0).cast(FACT_DTYPE).alias("held_qty"),
        nothing.alias("before_cents"),
        signed.alias("change"),
    )
    paid = moved.with_columns(
        pl.lit(CASH_ID).alias("security_id"),
        pl.lit(AssetClass.CASH.value).alias("asset_class"),
        -pl.col("change"),
    )
    of_book = book.securities.select("security_id", pl.col("asset_class").alias("book_class"))
    return (
        pl.concat([held, moved, paid])
        .group_by(POSITION)
        .agg(pl.col("asset_class").drop_nulls().first(), pl.col("held_qty", "before_cents", "change").sum())
        .join(of_book, on="security_id", how="left")
        .select(
            *POSITION,
            pl.coalesce("book_class", "asset_class", pl.lit(AssetClass.OTHER.value)).alias("asset_class"),
            "held_qty",
            "before_cents",
            (pl.col("before_cents") + pl.col("change")).alias("after_cents"),
        )
        .sort(POSITION)
    )
