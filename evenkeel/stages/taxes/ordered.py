"""Our own open orders as trades that are done: what they buy, and which lots they sell."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.vocab import OrderSide, ReliefMethod
from evenkeel.book.model import Book
from evenkeel.rules.lots import relieve
from evenkeel.stages.reconcile.counted import OPEN_STATES
from evenkeel.stages.taxes.rows import PLACE
from evenkeel.stages.taxes.wash_inputs import exact, lot_name

_LOT = [*PLACE, "lot_id"]
_SALE_METHODS = [ReliefMethod.FIFO, ReliefMethod.LIFO, ReliefMethod.HIGHEST_COST, ReliefMethod.LOWEST_COST]


def purchases_ordered(orders: pl.DataFrame, trade_date: dt.date, book: Book) -> pl.DataFrame:
    """Return open buy orders as purchases of the trade date: `account_id`, `security_id`, `lot_id`, `acquired_date`, `bought_qty`.

    `bought_qty` is null where the order does not say how much it buys.
    """
    return _open_orders(orders, OrderSide.BUY, book).select(
        *PLACE,
        pl.col("order_name").alias("lot_id"),
        pl.lit(trade_date).alias("acquired_date"),
        pl.col("left_qty").alias("bought_qty"),
    )


def sales_ordered(orders: pl.DataFrame, held: pl.DataFrame, trade_date: dt.date, book: Book) -> pl.DataFrame:
    """Return open sell orders as sales of the trade date, with the columns of `wash_inputs.sold_lots` that the rules read.

    They take the lots that the account's relief method takes; where lots would be named, the dearest. Where no price or too few units are
    known they are of unknown lots, without a basis.

    Args:
        orders: `OpenOrders`.
        held: Open lots: `account_id`, `security_id`, `lot_id`, `acquired_date`, `held_qty`, `cost_usd`.
        trade_date: When they trade.
        book: For relief methods and what a unit is worth at its price.
    """
    methods = book.accounts.select(
        "account_id",
        pl.when(pl.col("relief_method").is_in([method.value for method in _SALE_METHODS]))
        .then("relief_method")
        .otherwise(pl.lit(ReliefMethod.HIGHEST_COST.value))
        .alias("relief_method"),
    )
    wanted = (
        _open_orders(orders, OrderSide.SELL, book)
        .group_by(PLACE)
        .agg(
            pl.when(pl.col("left_qty").is_not_null().all()).then(pl.col("left_qty").sum()).alias("sale_qty"),
            pl.when(pl.col("left_usd").is_not_null().all()).then(pl.col("left_usd").sum()).alias("proceeds_usd"),
        )
        .join(methods, on="account_id", how="inner")
        .with_columns(
            pl.format("{}|{}|ordered", *PLACE).alias("sale_id"),
            pl.lit(trade_date).alias("sold_date"),
        )
    )
    taken = relieve(held.select(*_LOT, "acquired_date", exact("held_qty").alias("held_qty"), "cost_usd"), wanted).lots
    of_lots = (
        taken.join(wanted.select("sale_id", *PLACE), on="sale_id", how="inner")
        .join(held.select(*_LOT, "acquired_date"), on=_LOT, how="left")
        .with_columns(lot_name().alias("lot_id"), pl.format("{}|{}", "sale_id", "relief_no").alias("sale_id"))
    )
    rest = wanted.join(taken, on="sale_id", how="anti").select(
        *PLACE,
        "sale_id",
        pl.col("sale_id").alias("lot_id"),
        # An order that does not say how much is of one unit at least.
        pl.col("sale_qty").fill_null(1).cast(FACT_DTYPE).alias("sold_qty"),
        pl.lit(0).cast(FACT_DTYPE).alias("proceeds_usd"),
        pl.lit(None, FACT_DTYPE).alias("basis_usd"),
    )
    columns = [*PLACE, "sale_id", "lot_id", "sold_qty", "proceeds_usd", "basis_usd", "acquired_date"]
    return (
        pl.concat([of_lots.select(columns).cast({"proceeds_usd": FACT_DTYPE, "basis_usd": FACT_DTYPE}), rest], how="diagonal")
        .with_columns(
            pl.lit(trade_date).alias("sold_date"),
            pl.col("acquired_date").fill_null(trade_date),
            pl.lit(None, pl.Date).alias("holding_start_date"),
        )
    )  # fmt: skip


def _open_orders(orders: pl.DataFrame, side: OrderSide, book: Book) -> pl.DataFrame:
    """Return what open orders of a side have still to do: `account_id`, `security_id`, `order_name`, `left_qty`, `left_usd`.

    Null where the order does not say. An order in dollars is in units at its own estimated price. Orders of securities that the book does
    not know are left out: such an order stops its account.
    """
    factor = book.securities.select(
        "security_id", (pl.col("price_factor") * pl.col("multiplier")).cast(pl.Float64).alias("factor")
    )
    price = pl.col("estimated_price_ccy").cast(pl.Float64) * pl.col("factor")
    filled = pl.col("filled_qty").cast(pl.Float64).fill_null(0.0)
    by_value = pl.col("order_value_ccy").cast(pl.Float64) / pl.when(price > 0).then(price)
    left = pl.coalesce(pl.col("order_qty").cast(pl.Float64), by_value) - filled
    return (
        orders.filter(
            pl.col("state").is_in(OPEN_STATES), pl.col("side") == side.value, pl.col("account_id").is_not_null()
        )
        .join(factor, on="security_id", how="inner")
        .select(
            *PLACE,
            pl.format("{}|order {} {}", "account_id", "order_id", "row_no").alias("order_name"),
            exact(left).alias("left_qty"),
            pl.when(pl.col("currency") == "USD").then(left * price).alias("left_usd"),
        )
        .filter((pl.col("left_qty") > 0).fill_null(True))
    )
