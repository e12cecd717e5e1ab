"""Our own orders from one session to the next: what was filled, and what has vanished without a word.

An order that was open and is neither told of tonight nor seen as a trade would be proposed again, so its account stops.
"""

from __future__ import annotations

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope, Explanation, OrderSide, OrderState
from evenkeel.stages.reconcile.counted import OPEN_STATES
from evenkeel.stages.reconcile.findings import Findings

_ORDER = ["account_id", "order_id"]
_PAIR = ["account_id", "instrument"]


def fills_since(today: pl.DataFrame, before: pl.DataFrame | None, legs: pl.DataFrame) -> pl.DataFrame:
    """Return `account_id`, `instrument`, `qty` (bought > 0) of our orders filled since the session before and not yet in a history.

    Args:
        today: Tonight's `OpenOrders`.
        before: Those of the session before.
        legs: Transactions, as `legs_of` returns them (with names).
    """
    known = pl.DataFrame(schema={name: pl.String for name in _ORDER}) if before is None else _filled(before)
    news = _filled(today).join(known.select(_ORDER), on=_ORDER, how="anti")
    if not news.height:
        return pl.DataFrame(schema={"account_id": pl.String(), "instrument": pl.String(), "qty": FACT_DTYPE})
    sign = pl.when(pl.col("side") == OrderSide.BUY.value).then(1).otherwise(-1)
    booked = legs.filter("is_new").select(_PAIR).unique()
    return (
        news.with_columns((pl.col("filled_qty") * sign).cast(FACT_DTYPE).alias("qty"))
        .group_by("account_id", pl.col("security_id").alias("instrument"))
        .agg(pl.col("qty").sum())
        .join(booked, on=_PAIR, how="anti")
    )


def _filled(orders: pl.DataFrame) -> pl.DataFrame:
    states = [OrderState.FILLED.value, OrderState.PART_FILLED.value]
    return orders.filter(
        pl.col("state").is_in(states),
        pl.col("account_id").is_not_null(),
        pl.col("security_id").is_not_null(),
        (pl.col("filled_qty") > 0).fill_null(False),
    )


def check_lost_orders(today: pl.DataFrame, before: pl.DataFrame | None, legs: pl.DataFrame, findings: Findings) -> None:
    """Stop accounts with an order that was open on the session before, of which nothing is heard tonight."""
    if before is None or not before.height:
        return
    was_open = before.filter(pl.col("state").is_in(OPEN_STATES), pl.col("account_id").is_not_null())
    is_buy = pl.col("side") == OrderSide.BUY.value
    traded = (
        legs.filter("is_new")
        .select("account_id", pl.col("instrument").alias("security_id"), (pl.col("amount") > 0).alias("is_buy"))
        .unique()
    )
    lost = (
        was_open.join(today.select(_ORDER), on=_ORDER, how="anti")
        .with_columns(is_buy.alias("is_buy"))
        .join(traded, on=["account_id", "security_id", "is_buy"], how="anti")
        .sort(_ORDER)
    )
    findings.add(
        lost,
        Check.ORDER_LOST,
        ExceptionEffect.STOP,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.format(
            "account {}: order {} was open on the session before and no file tells of it now, nor does a trade; ask the order system "
            "what became of it",
            "account_id",
            "order_id",
        ),
        detail="order_id",
    )


def check_outdated_orders(
    today: pl.DataFrame, before: pl.DataFrame | None, legs: pl.DataFrame, enabled: pl.DataFrame, findings: Findings
) -> None:
    """Stop accounts with an order told of as open although it was traded tonight; all accounts where the file is that of the night before.

    An order counted as in flight after it was filled would count twice, and one placed since is not in an old file.

    Args:
        today: Tonight's `OpenOrders`.
        before: Those of the session before.
        legs: Transactions, as `legs_of` returns them (with names).
        enabled: Accounts that the run must account for.
        findings: Gets the stops.
    """
    if before is None or not before.height or not today.height:
        return
    states = ["account_id", "order_id", "state", "filled_qty"]
    still = today.filter(pl.col("state").is_in(OPEN_STATES), pl.col("account_id").is_not_null()).join(
        before.filter(pl.col("state").is_in(OPEN_STATES)).select(_ORDER), on=_ORDER, how="semi"
    )
    side = ["account_id", "security_id", "is_buy"]
    traded = (
        legs.filter("is_new", pl.col("explanation") == Explanation.TRADE.value)
        .select(
            "account_id", pl.col("instrument").alias("security_id"), (pl.col("amount") > 0).alias("is_buy"), "amount"
        )
        .group_by(side)
        .agg(pl.col("amount").abs().sum().alias("traded"))
    )
    is_buy = (pl.col("side") == OrderSide.BUY.value).alias("is_buy")
    filled = _filled(today).with_columns(is_buy).group_by(side).agg(pl.col("filled_qty").sum().alias("told"))
    outdated = (
        still.with_columns(is_buy)
        .join(traded, on=side, how="inner")
        .join(filled, on=side, how="left")
        .filter(pl.col("traded") > pl.col("told").fill_null(0))
        .sort(_ORDER)
    )
    if not outdated.height:
        return
    is_same = today.select(states).sort(_ORDER).equals(before.select(states).sort(_ORDER), null_equal=True)
    rows = outdated
    if is_same:
        first = outdated.head(1).select("feed", "file_id", "row_no", "order_id")
        rows = enabled.select("account_id").join(first, how="cross")
    findings.add(
        rows,
        Check.ORDER_OUTDATED,
        ExceptionEffect.STOP,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.format(
            "account {}: order {} is told of as open and was traded tonight{}; ask the order system for tonight's file",
            "account_id",
            "order_id",
            pl.lit(", in a file that is that of the night before" if is_same else ""),
        ),
        detail="order_id",
    )
