"""Losses that may be harvested: what it saves, what could be held instead, and whether to wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.harvests import Harvests
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy


def harvest_rows(
    lots: pl.DataFrame,
    washes: pl.DataFrame,
    rates: pl.DataFrame,
    book: Book,
    policies: Mapping[str, Policy],
    business_date: dt.date,
    trade_date: dt.date,
    shelf: pl.DataFrame | None = None,
) -> DataFrame[Harvests]:
    """Return the losses of each taxable account and security that are worth telling.

    A lot is down where its loss is at least the policy's `harvest_loss_frac` of its cost. Of the lots of an account and security that
    are down, each with the share of it that no purchase washes:

        benefit_usd = sum of (loss * rate of its term - 2 * half spread * value), over what is not washed

    Args:
        lots: Open long lots of taxable accounts: `account_id`, `security_id`, `lot_id`, `held_qty`, `cost_usd` (null: not known, not
            harvested), `value_usd`, `is_long_term` (on `trade_date`; null: taken for long-term, the lower rate). Lots of other
            accounts are passed over.
        washes: A row a lot that was asked about: `account_id`, `security_id`, `lot_id`, `washed_qty`, `clear_from_date` (null: clear
            already), `answer` (a code of `evenkeel.rules.wash_sales.WashAnswer`). A lot without a row is `coverage_incomplete`.
        rates: `account_id`, `short_rate_frac`, `long_rate_frac`: the tax unit's, the state's included.
        book: As it holds on the date.
        policies: Policies by `policy_id`, as they hold on the date.
        business_date: Session of the values.
        trade_date: When the sale would trade: the day that restrictions are read for.
        shelf: What the firm buys, best first: `security_id`. Null: the securities that the book's models name, by code.

    Returns:
        Rows whose benefit, counted as if nothing were washed, reaches the policy's `harvest_min_usd`; not those of securities that may
        not be sold, or are illiquid. `advice` is `wait` where what is not washed today falls short of it.
    """
    raise NotImplementedError
