"""Transactions as legs: what each moved, units of a security and money of a currency, and by when it should be on whose books.

A leg is known by its account and its instrument: a security of the book, or `CASH:` and a currency. Which leg explains which
difference belongs in `explaining`.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.transactions import Transactions
from data_contracts.vocab import Explanation, TransactionType
from evenkeel.stages.reconcile.places import PLACE

CASH_PREFIX = "CASH:"

TRADES = frozenset(
    {
        TransactionType.BUY,
        TransactionType.SELL,
        TransactionType.BUY_TO_OPEN,
        TransactionType.BUY_TO_CLOSE,
        TransactionType.SELL_TO_OPEN,
        TransactionType.SELL_TO_CLOSE,
    }
)
_T, _E = TransactionType, Explanation
_REASONS: dict[TransactionType, Explanation] = {
    **dict.fromkeys(TRADES, _E.TRADE),
    _T.SPLIT: _E.SPLIT,
    _T.MERGER: _E.MERGER,
    _T.SPIN_OFF: _E.MERGER,
    _T.NAME_CHANGE: _E.SYMBOL_CHANGE,
    _T.REINVEST: _E.REINVESTMENT,
    _T.TRANSFER_IN: _E.TRANSFER,
    _T.TRANSFER_OUT: _E.TRANSFER,
    _T.JOURNAL: _E.TRANSFER,
    _T.DEPOSIT: _E.DEPOSIT,
    _T.WITHDRAWAL: _E.WITHDRAWAL,
    _T.FEE: _E.FEE,
    _T.TAX: _E.FEE,
    _T.DIVIDEND: _E.INCOME,
    _T.INTEREST: _E.INCOME,
    _T.CAPITAL_GAIN: _E.INCOME,
    _T.RETURN_OF_CAPITAL: _E.INCOME,
}
REASON_OF = {kind.value: _REASONS.get(kind, _E.OTHER_TRANSACTION).value for kind in TransactionType}
"""The explanation that a transaction of each type gives."""

RANK = {code: place for place, code in enumerate(dict.fromkeys([*REASON_OF.values(), *(each.value for each in _E)]))}
"""Which explanation names a difference that several transactions make: trades and corporate actions before income and fees."""

_COLUMNS = (
    "transaction_id",
    "account_id",
    "instrument",
    "amount",
    "transaction_type",
    "explanation",
    "is_new",
    "is_unsettled",
)


def legs_of(
    business_date: dt.date,
    today: pl.DataFrame,
    before: pl.DataFrame | None,
    rolled: pl.DataFrame | None,
    feeds: list[str],
) -> pl.DataFrame:
    """Return the legs of what the custodians' histories of tonight and of the session before hold, done by tonight.

    Args:
        business_date: The session.
        today: Tonight's `Transactions`.
        before: Those of the session before, where there was one.
        rolled: The ledger's `RolledTransactions` of the session before; a transaction that is not among them is new.
        feeds: The custodians' feeds.

    Returns:
        `transaction_id`, `account_id`, `instrument`, `amount` (into the account > 0), `transaction_type`, `explanation`, `is_new`
        (the ledger has not taken it in), `is_unsettled` (it settles after tonight).
    """
    sent = [today] if before is None else [today, _believed_before(before, rolled)]
    columns = [name for name in Transactions.polars_schema() if name != "business_date"]
    done = (
        pl.concat(frame.select(columns) for frame in sent)
        .filter(pl.col("feed").is_in(feeds), pl.col("account_id").is_not_null(), pl.col("trade_date") <= business_date)
        .unique("transaction_id", keep="first", maintain_order=True)
    )
    known = pl.DataFrame(schema={"transaction_id": pl.String}) if rolled is None else rolled.select("transaction_id")
    marked = done.join(
        known.with_columns(pl.lit(False).alias("is_new")), on="transaction_id", how="left", maintain_order="left"
    ).with_columns(
        pl.col("is_new").fill_null(True),
        (pl.col("settle_date") > business_date).fill_null(False).alias("is_unsettled"),
        pl.col("transaction_type").replace_strict(REASON_OF, return_dtype=pl.String).alias("explanation"),
    )
    units = marked.filter(
        pl.col("security_id").is_not_null(), (pl.col("traded_qty") != 0).fill_null(False)
    ).with_columns(pl.col("security_id").alias("instrument"), pl.col("traded_qty").alias("amount"))
    money = marked.filter((pl.col("net_cash_ccy") != 0).fill_null(False)).with_columns(
        pl.format(CASH_PREFIX + "{}", "currency").alias("instrument"), pl.col("net_cash_ccy").alias("amount")
    )
    return pl.concat([units.select(_COLUMNS), money.select(_COLUMNS)])


def _believed_before(before: pl.DataFrame, rolled: pl.DataFrame | None) -> pl.DataFrame:
    """Return what of the session before is evidence: what the ledger took in, and what was dated after that session.

    A file that was not believed then is not believed tonight either.
    """
    if rolled is None:
        return before
    is_rolled = pl.col("transaction_id").is_in(rolled["transaction_id"].implode())
    return before.filter(is_rolled | (pl.col("trade_date") > pl.col("business_date")))


def summed(legs: pl.DataFrame) -> pl.DataFrame:
    """Return `place`, `amount`, `transaction_ids` and the `explanation` that names them, one row a place. `legs`: placed."""
    return (
        legs.with_columns(pl.col("explanation").replace_strict(RANK, return_dtype=pl.Int64).alias("rank"))
        .sort("rank", "transaction_id")
        .group_by(PLACE, maintain_order=True)
        .agg(
            pl.col("amount").sum(),
            pl.col("transaction_id").unique(maintain_order=True).alias("transaction_ids"),
            pl.col("explanation").first(),
        )
    )
