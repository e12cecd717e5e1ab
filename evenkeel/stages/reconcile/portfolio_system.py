"""The custodians against the portfolio system: account by account, then units, price, value, cost and cash, so that one cause is told once.

The single comparisons stand in `comparing`; here is their order, and what is the same under two names on the two sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope, FeedRole
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.reconcile.accounts import feeds_of
from evenkeel.stages.reconcile.comparing import (
    compare_cash,
    compare_costs,
    compare_prices,
    compare_units,
    compare_values,
    lacking_accounts,
    swept_differences,
)
from evenkeel.stages.reconcile.figures import (
    accounts_of,
    cash_of,
    positions_of,
    side_by_side,
    sweep_funds,
    swept_into_cash,
)
from evenkeel.stages.reconcile.findings import Findings
from evenkeel.stages.reconcile.places import PLACE, Places, instrument_number


@dataclass(frozen=True)
class CustodianSide:
    """What the custodians say tonight. Every frame but `accounts` is placed.

    `positions`, `cash`: as `positions_of` and `cash_of` return them. `accounts`: `number`, `account_id` and `custodian` of those that
    have come. `groups`: transactions as `by_group` returns them. `fills`: our own orders that are not booked yet. `split`: places whose
    units have the shape of a split.
    """

    positions: pl.DataFrame
    cash: pl.DataFrame
    accounts: pl.DataFrame
    groups: pl.DataFrame
    fills: pl.DataFrame
    split: pl.DataFrame


@dataclass(frozen=True)
class PriceTerms:
    """What is known of prices.

    `rules`: as `price_rules` returns them. `others`: what other sources have. `factors`: `unit_factor` by `instrument_number`.
    """

    rules: pl.DataFrame
    others: pl.DataFrame
    factors: pl.DataFrame


def compare_portfolio_system(
    book: Book,
    positions: pl.DataFrame,
    balances: pl.DataFrame,
    custodians: CustodianSide,
    terms: PriceTerms,
    places: Places,
    policy: Policy,
    findings: Findings,
) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Return the differences in holdings and cash (placed), and the accounts that the portfolio system lacks.

    Args:
        book: As it holds on the date.
        positions: Tonight's `Positions` of all feeds that are evidence.
        balances: Tonight's `CashBalances` of these.
        custodians: The one side.
        terms: What is known of prices.
        places: The places of the date.
        policy: Tolerances.
        findings: Gets a note where nothing could be compared.
    """
    nobody = lacking_accounts(custodians.accounts.clear(), custodians.accounts.clear().select("number"), "")
    feeds = feeds_of(book, FeedRole.PORTFOLIO_SYSTEM)
    if not feeds:
        return [], nobody
    theirs = positions_of(positions, feeds, places)
    their_money = cash_of(balances, feeds, places)
    if not theirs.height:
        _note_nothing_came(feeds[0], findings)
        return [], nobody
    rule = policy.reconciliation
    sent = accounts_of(theirs, their_money)
    accounts = custodians.accounts.join(sent, on="number", how="semi")
    funds = sweep_funds(book)
    numbers = places.instruments(funds)
    as_funds = side_by_side(_only(custodians.positions, numbers), _only(theirs, numbers), accounts)
    swept = swept_differences(as_funds, numbers, feeds[0])
    ours, money = swept_into_cash(custodians.positions, custodians.cash, funds, places)
    theirs, their_swept = swept_into_cash(theirs, their_money, funds, places)
    both = side_by_side(ours, theirs, accounts)
    units = compare_units(both, custodians.groups, custodians.fills, custodians.split, feeds[0], rule)
    numbered = _numbered(terms, feeds[0], places)
    parts = [
        swept,
        units,
        compare_prices(both, units, numbered, feeds[0]),
        compare_values(both, units, numbered, feeds[0], rule),
        compare_costs(both, units, feeds[0], rule),
    ]
    if their_money.height:
        price = pl.coalesce(pl.col("price").cast(pl.Float64), pl.col("price_theirs").cast(pl.Float64))
        worth = both.join(units.select(PLACE), on=PLACE, how="semi").select(
            PLACE, (price * unit_factor(terms.factors)).alias("unit_value")
        )
        cash = side_by_side(money, their_swept, accounts)
        parts.append(compare_cash(cash, custodians.groups, units, worth, feeds[0], rule))
    holders = accounts_of(*(each.filter((pl.col("qty") != 0).fill_null(True)) for each in (ours, money)))
    return parts, lacking_accounts(custodians.accounts.join(holders, on="number", how="semi"), sent, feeds[0])


def unit_factor(factors: pl.DataFrame) -> pl.Expr:
    """Return the value of a unit of a place's instrument at price 1. `factors`: `instrument_number`, `unit_factor`."""
    return instrument_number().replace_strict(
        factors["instrument_number"], factors["unit_factor"], default=None, return_dtype=pl.Float64
    )


def _note_nothing_came(feed: str, findings: Findings) -> None:
    findings.add(
        pl.DataFrame({"feed": [feed]}),
        Check.NOT_COMPARED,
        ExceptionEffect.NOTE,
        ExceptionScope.FEED,
        "feed",
        pl.format(
            "feed {}: no believable positions of the portfolio system have come, so the custodians are not held against it",
            "feed",
        ),
    )


def _numbered(terms: PriceTerms, feed: str, places: Places) -> pl.DataFrame:
    """Return the rules by `instrument_number`, with the price that the portfolio system usually has (`usual`)."""
    usual = terms.others.filter(pl.col("source") == feed).unique("security_id", keep="first", maintain_order=True)
    known = terms.rules.join(usual.select("security_id", pl.col("price").alias("usual")), on="security_id", how="left")
    return known.select(
        pl.Series("instrument_number", [places.instrument(name) for name in known["security_id"]], dtype=pl.UInt64),
        "is_illiquid",
        "is_evaluated",
        "price_rel",
        "usual",
    )


def _only(figures: pl.DataFrame, numbers: list[int]) -> pl.DataFrame:
    return figures.filter(instrument_number().is_in(numbers))
