"""What a dollar of gain is taxed at in each account: federal and state together, the policy's where a tax unit states none."""

from __future__ import annotations

import polars as pl

from evenkeel.book.model import Book
from evenkeel.policy.model import TradingRule


def gain_rates(book: Book, trading: TradingRule) -> pl.DataFrame:
    """Return `account_id`, `short_rate_frac`, `long_rate_frac` of every account of the book, as if it were taxable.

    An account without a tax unit has the policy's federal rates alone.
    """
    short, long = pl.col("short_term_rate_frac"), pl.col("long_term_rate_frac")
    state = pl.col("state_rate_frac").fill_null(0.0)
    return (
        book.accounts.select("account_id", "tax_unit_id")
        .join(book.tax_units, on="tax_unit_id", how="left")
        .select(
            "account_id",
            (short.fill_null(trading.short_term_rate_frac) + state).alias("short_rate_frac"),
            (long.fill_null(trading.long_term_rate_frac) + state).alias("long_rate_frac"),
        )
    )
