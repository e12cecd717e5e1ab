"""Tonight's new sales: what the custodians' histories say was sold, before it is known from which lots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.transactions import Transactions
from data_contracts.vocab import TransactionType
from evenkeel.rules.whole_numbers import cents_expr, usd_expr
from evenkeel.stages.taxes.rows import DAY, PLACE

_SELLS = [TransactionType.SELL.value, TransactionType.SELL_TO_CLOSE.value]
_BUYS = [TransactionType.BUY.value, TransactionType.BUY_TO_OPEN.value, TransactionType.REINVEST.value]


def new_sales(
    business_date: dt.date,
    today: pl.DataFrame,
    before: pl.DataFrame | None,
    rolled: pl.DataFrame,
    feeds: Sequence[str],
    accounts: pl.DataFrame,
    first: dt.date,
) -> pl.DataFrame:
    """Return the sales that the ledger has taken in tonight.

    Args:
        business_date: The session.
        today: `Transactions` of the date; `before`: of the session before, of which some are dated after it.
        before: See above.
        rolled: `RolledTransactions` of the date: what is believed, and since when.
        feeds: The custodians' feeds.
        accounts: `account_id` of those to look at.
        first: Sales from this date on.

    Returns:
        One row per account, security and trade date: `sold_qty` > 0, `proceeds_usd` (null where one is not known), `traded_qty` and
        `bought_qty` (all that was sold and bought tonight, whatever its date), `is_plain`: it is of one trade date, and nothing but trades
        moved units of the security tonight.
    """
    new = rolled.filter(pl.col("rolled_date") == business_date).select("transaction_id")
    columns = [name for name in Transactions.polars_schema() if name != "business_date"]
    moves = (
        pl.concat(frame.select(columns) for frame in (today, before) if frame is not None)
        .filter(
            pl.col("feed").is_in(feeds),
            pl.col("security_id").is_not_null(),
            (pl.col("traded_qty") != 0).fill_null(False),
        )
        .join(accounts, on="account_id", how="semi")
        .join(new, on="transaction_id", how="semi")
        .unique("transaction_id", keep="first", maintain_order=True)
    )
    kind, qty = pl.col("transaction_type"), pl.col("traded_qty")
    sells, buys = kind.is_in(_SELLS) & (qty < 0), kind.is_in(_BUYS) & (qty > 0)
    sold = (
        moves.filter(sells, pl.col("trade_date") >= first)
        .with_columns(_proceeds().alias("proceeds"))
        .group_by(*PLACE, pl.col("trade_date").alias("sold_date"))
        .agg(
            (0 - pl.col("traded_qty").sum()).cast(FACT_DTYPE).alias("sold_qty"),
            # One sale whose money is not known leaves the day's without.
            pl.when(pl.col("proceeds").is_not_null().all()).then(pl.col("proceeds").sum()).alias("proceeds"),
        )
        .with_columns(usd_expr("proceeds").alias("proceeds_usd"))
        .drop("proceeds")
    )
    of_place = moves.group_by(PLACE).agg(
        (0 - qty.filter(sells).sum()).cast(FACT_DTYPE).alias("traded_qty"),
        qty.filter(buys).sum().alias("bought_qty"),
        (sells | buys).all().alias("is_plain"),
        pl.col("trade_date").filter(sells).n_unique().alias("dates"),
    )
    return (
        sold.join(of_place, on=PLACE, how="left")
        .with_columns((pl.col("is_plain") & (pl.col("dates") == 1)).alias("is_plain"))
        .drop("dates")
        .sort(DAY)
    )


def _proceeds() -> pl.Expr:
    """Return the cash that came, in whole cents; costs are taken off it already."""
    return pl.when(pl.col("currency") == "USD").then(cents_expr("net_cash_ccy"))
