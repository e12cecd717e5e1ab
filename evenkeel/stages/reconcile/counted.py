"""What is in flight or spoken for, counted as done: open orders, pending cash, planned cash.

Yesterday's orders are then neither proposed again nor read as drift, and cash that is promised to the client is not invested.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.fields import FACT_DTYPE, MONEY_DTYPE
from data_contracts.open_orders import OpenOrders
from data_contracts.vocab import (
    CashBucket,
    Check,
    ExceptionEffect,
    ExceptionScope,
    OrderSide,
    OrderState,
    PlannedCashKind,
)
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.accounts import custodian_feeds
from evenkeel.stages.reconcile.findings import Findings
from evenkeel.stages.reconcile.totals import HELD_CASH

CASH_SECURITY = "CASH:USD"
OPEN_STATES = (OrderState.STAGED.value, OrderState.SENT.value, OrderState.PART_FILLED.value)


def cash_in_dollars(landed: Landed, book: Book, rates: pl.DataFrame) -> pl.DataFrame:
    """Return `feed, account_id, currency, bucket, file_id, row_no, amount_usd` of the custodians' cash.

    `amount_usd` is in cents, null without a rate.
    """
    converted = pl.col("amount_ccy").cast(pl.Float64) * pl.col("usd_rate")
    return (
        landed.fact(CashBalances)
        .filter(pl.col("feed").is_in(custodian_feeds(book)), pl.col("account_id").is_not_null())
        .join(rates, on="currency", how="left")
        .select(
            "feed",
            "account_id",
            "currency",
            "bucket",
            "file_id",
            "row_no",
            # Dollars keep the custodian's own decimals until the one rounding to the cent; only conversions go through float.
            pl.when(pl.col("usd_rate") == 1.0)
            .then(pl.col("amount_ccy").round(2))
            .otherwise(converted.round(2).cast(FACT_DTYPE))
            .cast(MONEY_DTYPE)
            .alias("amount_usd"),
        )
    )


def held_cash(cash: pl.DataFrame) -> pl.DataFrame:
    """Return `account_id, value_usd, pending_usd` (cents): cash held, and cash on its way in (+) or out (-)."""
    return cash.group_by("account_id").agg(
        pl.col("amount_usd").filter(pl.col("bucket").is_in(HELD_CASH)).sum().alias("value_usd"),
        pl.col("amount_usd").filter(pl.col("bucket") == CashBucket.PENDING.value).sum().alias("pending_usd"),
    )


def spoken_for(business_date: dt.date, book: Book, policy: Policy) -> pl.DataFrame:
    """Return `account_id, spoken_for_usd` (cents, > 0): cash that must leave by the end of the policy's reserve days."""
    until = business_date + dt.timedelta(days=policy.cash.reserve_days)
    return (
        book.planned_cash.filter(
            pl.col("kind") != PlannedCashKind.CONTRIBUTION.value, ~pl.col("is_done"), pl.col("due_date") <= until
        )
        .group_by("account_id")
        .agg(pl.col("amount_usd").sum().round(2).cast(MONEY_DTYPE).alias("spoken_for_usd"))
    )


def orders_in_flight(
    landed: Landed, positions: pl.DataFrame, book: Book, rates: pl.DataFrame, findings: Findings
) -> pl.DataFrame:
    """Return `account_id, security_id, change_usd` (cents; bought > 0) of what open orders have still to do.

    The rest of an order in units is valued at its own estimated price, else at the highest price of a position in its security and
    currency; of an order in dollars, what is filled already is taken off at that price. An order that cannot be valued, whose security
    the book does not know, or that stands twice, stops its account.
    """
    still_open = landed.fact(OpenOrders).filter(pl.col("state").is_in(OPEN_STATES), pl.col("account_id").is_not_null())
    if not still_open.height:
        return pl.DataFrame(schema={"account_id": pl.String, "security_id": pl.String, "change_usd": MONEY_DTYPE})
    orders = (
        still_open.join(rates, on="currency", how="left")
        .join(
            book.securities.select(
                "security_id", pl.col("price_factor").cast(pl.Float64), pl.col("multiplier").cast(pl.Float64)
            ),
            on="security_id",
            how="left",
        )
        .join(_prices(positions), on=["security_id", "currency"], how="left")
    )
    _check_ordered_twice(orders, findings)
    # An order that was sent and says nothing of fills has none; one that is partly filled must say how much.
    filled_qty = (
        pl.when((pl.col("state") != OrderState.PART_FILLED.value) | pl.col("filled_qty").is_not_null())
        .then(pl.col("filled_qty").fill_null(0))
        .cast(pl.Float64)
    )
    price = pl.coalesce(pl.col("estimated_price_ccy").cast(pl.Float64), "known_price_ccy")
    unit = price * pl.col("price_factor") * pl.col("multiplier")
    left_qty = pl.col("order_qty").cast(pl.Float64) - filled_qty
    left_value = pl.col("order_value_ccy").cast(pl.Float64) - pl.when(filled_qty == 0).then(0.0).otherwise(
        filled_qty * unit
    )
    known = pl.col("price_factor").is_not_null()
    value = pl.when(known & (left_qty >= 0).fill_null(True)).then(
        pl.coalesce(left_qty * unit, left_value.clip(lower_bound=0.0))
    )
    sign = pl.when(pl.col("side") == OrderSide.BUY.value).then(1.0).otherwise(-1.0)
    valued = orders.with_columns((sign * value * pl.col("usd_rate")).round(2).cast(MONEY_DTYPE).alias("change_usd"))
    findings.add(
        valued.filter(pl.col("change_usd").is_null()),
        Check.SECURITY_UNKNOWN,
        ExceptionEffect.STOP,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.format(
            "account {}: order {} cannot be counted: its security is not in the book, or nothing tells its price or what of it is filled; "
            "complete securities.csv or the order file",
            "account_id",
            "order_id",
        ),
        detail="order_id",
    )
    return valued.drop_nulls("change_usd").group_by("account_id", "security_id").agg(pl.col("change_usd").sum())


def _prices(positions: pl.DataFrame) -> pl.DataFrame:
    return (
        positions.filter(pl.col("security_id").is_not_null(), pl.col("price_ccy").is_not_null())
        .group_by("security_id", "currency")
        .agg(pl.col("price_ccy").cast(pl.Float64).max().alias("known_price_ccy"))
    )


def _check_ordered_twice(orders: pl.DataFrame, findings: Findings) -> None:
    """One order in two rows, be they of two feeds: a log of its states, or a row sent twice. Its rest would count twice."""
    same = ["account_id", "order_id", "security_id", "side"]
    findings.add(
        orders.filter(pl.len().over(same) > 1)
        .sort("feed", "file_id", "row_no")
        .unique(same, keep="last", maintain_order=True),
        Check.DUPLICATE_POSITION,
        ExceptionEffect.STOP,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.format(
            "account {}: row {}: order {} stands twice; ask for an order file with one row an order",
            "account_id",
            "row_no",
            "order_id",
        ),
        detail="order_id",
    )
