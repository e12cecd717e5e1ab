"""What a list of trades is checked for before anybody is told of it.

Everything is worked out anew from the trades, the holdings before them and the book: nothing that the solver was given, or made ready
for it, is read. So a mistake in how the problem was stated shows here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from evenkeel.book.model import Book
from evenkeel.policy.model import Policy


def prechecks(
    trades: pl.DataFrame,
    proposals: pl.DataFrame,
    holdings: pl.DataFrame,
    washes: pl.DataFrame,
    book: Book,
    policies: Mapping[str, Policy],
    business_date: dt.date,
    trade_date: dt.date,
    account_cash: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return the checks of each proposal and how the worst came out.

    Args:
        trades: All trades of the batch: `portfolio_id` and of `data_contracts.trades` `account_id`, `security_id`, `side`, `traded_qty`,
            `price_usd`, `value_usd`, `gain_usd`, `disallowed_usd`. More columns are passed over; none of the class or node is read.
        proposals: `portfolio_id`, `policy_version` (a policy's label): one row a proposal, with or without trades.
        holdings: `data_contracts.holdings` of the date. More portfolios than those proposed may be in it: they tell how old the price of
            a security is that a portfolio does not hold yet.
        washes: What is known of wash sales, a row a sale or purchase that was asked about: `portfolio_id`, `security_id`, `answer` (a
            code of `evenkeel.rules.wash_sales.WashAnswer`).
        book: As it holds on the date.
        policies: Policies by label.
        business_date: Session of the holdings and prices.
        trade_date: When the trades would be done: the day that restrictions are read for.
        account_cash: What the solver says is left: `portfolio_id`, `account_id`, `cash_after_usd`. Held against the account's cash
            before with its sales and purchases; null: not compared.

    Returns:
        One row a row of `proposals`, in its order: `portfolio_id`, `checks_json` (array of `check`, `result`, `figures`, `text`; every
        check of `vocab.PreCheck`, in that order), `worst` (`vocab.CheckResult`: failed before not known, before warned, before passed).

    Raises:
        ValueError: A proposal names a policy that was not given.
    """
    raise NotImplementedError
