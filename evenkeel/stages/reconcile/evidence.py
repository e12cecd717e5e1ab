"""Source against source and night against night: gathers the figures, holds them against each other, keeps what the ledger needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.breaks import Breaks
from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.ledger import Ledger
from data_contracts.open_orders import OpenOrders
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.rolled_transactions import RolledTransactions
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope, FeedRole
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.ingest.read_file import FileKey
from evenkeel.stages.reconcile import ledger as ledgers
from evenkeel.stages.reconcile.accounts import custodian_feeds, feeds_of
from evenkeel.stages.reconcile.before import Before
from evenkeel.stages.reconcile.breaking import once
from evenkeel.stages.reconcile.explaining import by_group
from evenkeel.stages.reconcile.figures import accounts_of, cash_of, of_accounts, positions_of
from evenkeel.stages.reconcile.file_totals import FileTotals
from evenkeel.stages.reconcile.findings import Findings
from evenkeel.stages.reconcile.legs import CASH_PREFIX, legs_of
from evenkeel.stages.reconcile.ordering import check_lost_orders, check_outdated_orders, fills_since
from evenkeel.stages.reconcile.places import PLACE, Places, account_number
from evenkeel.stages.reconcile.portfolio_system import CustodianSide, PriceTerms, compare_portfolio_system, unit_factor
from evenkeel.stages.reconcile.pricing import Priced, judge_prices, price_rules
from evenkeel.stages.reconcile.quotes import (
    equity_move,
    implied_price,
    last_prices,
    market_prices,
    note_silent_markets,
    quotes_of,
    system_prices,
)
from evenkeel.stages.reconcile.rolling import Rolled, is_next, roll_forward, rolling_custodians

Facts = dict[type[Contract], pl.DataFrame]
DIFFERENCE = (
    *(name for name in Breaks.polars_schema() if name not in ("business_date", "break_id", "transaction_ids_json")),
    "transaction_ids",
)
"""Columns of a difference until it becomes a row of `breaks`."""


@dataclass(frozen=True)
class Evidence:
    """What the sources say against each other.

    `doubts`: `account_id`, `security_id`, `check`, `price`, `sources`: the holdings whose price is not believed.
    """

    business_date: dt.date
    places: Places
    differences: pl.DataFrame
    doubts: pl.DataFrame
    equity_move: float | None
    rolled: Rolled
    opened: pl.DataFrame
    before: Before
    legs: pl.DataFrame

    def moved_on(self, findings: Findings) -> tuple[DataFrame[Ledger], DataFrame[RolledTransactions]]:
        """Return the ledger of tonight, once it is known what was released and who is stopped."""
        stopped = self.places.accounts(findings.stopped_accounts(ExceptionEffect.STOP).select("account_id"))
        released = self.places.placed(
            findings.released(Check.ROLL_QUANTITY, Check.ROLL_CASH).select("account_id", "detail"), "detail"
        )
        doubted = self.places.placed(self.doubts.select("account_id", "security_id"), "security_id")
        kept = ledgers.moved_on(self.business_date, self.rolled.state, doubted, released)
        # What a check has stopped is no beginning to roll forward from.
        opened = (
            self.opened.with_columns(account_number().alias("number"))
            .join(stopped.select("number"), on="number", how="anti")
            .drop("number")
        )
        return (
            ledgers.to_ledger(self.business_date, [kept, opened], self.places),
            ledgers.fold_rolled(self.business_date, self.before.rolled, self.legs),
        )


def gather(
    business_date: dt.date,
    landed: Landed,
    totals: FileTotals,
    positions: pl.DataFrame,
    book: Book,
    policy: Policy,
    enabled: pl.DataFrame,
    incomplete: pl.DataFrame,
    before: Before,
    findings: Findings,
) -> Evidence:
    """Hold the custodians against the session before, the portfolio system and each other.

    Args:
        business_date: The session.
        landed: The day's tables.
        totals: What the files' own totals said: a file whose rows do not meet them is no evidence.
        positions: The custodians' rows, as `believed_positions` returns them.
        book: As it holds on the date.
        policy: Tolerances.
        enabled: Accounts that the run must account for.
        incomplete: `custodian` of those that have not delivered.
        before: What the session before left.
        findings: Gets notes of what could not be held against anything, and orders that vanished.
    """
    feeds = custodian_feeds(book)
    facts: Facts = {
        contract: believed(landed.fact(contract), totals.not_believed)
        for contract in (Positions, CashBalances, Transactions, OpenOrders, Prices)
    }
    named = legs_of(business_date, facts[Transactions], before.transactions, before.rolled, feeds)
    check_lost_orders(facts[OpenOrders], before.orders, named, findings)
    check_outdated_orders(facts[OpenOrders], before.orders, named, enabled, findings)
    places = _places(book, enabled, landed, before, named)
    legs = places.placed(named)
    fills = places.placed(fills_since(facts[OpenOrders], before.orders, named))
    ours = positions_of(positions, feeds, places)
    money = cash_of(landed.fact(CashBalances), feeds, places)
    numbered = places.accounts(enabled.select("account_id", "custodian", pl.col("account_id").alias("name")))
    present = (
        numbered.join(incomplete.select("custodian"), on="custodian", how="anti")
        .join(accounts_of(ours, money), on="number", how="semi")
        .rename({"name": "account_id"})
    )
    held = pl.concat(
        [ours.select(PLACE, "qty", "price", pl.col("currency").alias("price_currency")), money], how="diagonal"
    )
    found = of_accounts(held, present)
    factors = _unit_factors(positions, places)
    ledger = _placed_ledger(before.ledger, places)
    opening, judged = _who_rolls(business_date, book, before.ledger, ledger, present, findings)
    kept = of_accounts(ledger, _others(ledger, opening))
    newly = of_accounts(found, _others(found, opening)) if opening.height else found
    rolled = roll_forward(kept, legs, newly, judged, fills, unit_factor(factors), places.is_cash(), policy)
    opened = ledgers.opened(business_date, found, opening, places)

    rules = price_rules(book, policy)
    doubtful_files = list(totals.mismatches.select("feed", "file_id").unique().iter_rows())
    quotes = quotes_of(believed(positions, doubtful_files)).join(_custodian_of(book), on="feed", how="inner")
    last = last_prices(before.ledger)
    markets = market_prices(facts[Prices], feeds_of(book, FeedRole.MARKET), business_date)
    others = pl.concat([system_prices(facts[Positions], feeds_of(book, FeedRole.PORTFOLIO_SYSTEM)), markets])
    note_silent_markets(quotes, facts[Prices], markets, feeds_of(book, FeedRole.MARKET), rules, findings)
    priced = judge_prices(_by_custodian(quotes), others, last, rules, policy)
    doubts = _doubted(priced, positions, present, rolled, places)

    custodians = CustodianSide(ours, money, present, by_group(legs), fills, rolled.split)
    terms = PriceTerms(rules, others, factors)
    compared, lacking = compare_portfolio_system(
        book, facts[Positions], facts[CashBalances], custodians, terms, places, policy, findings
    )
    holding = [part for part in (rolled.differences, *compared) if part.height]
    by_account = [places.named(pl.concat(holding, how="vertical_relaxed"), "security_id")] if holding else []
    held_at = enabled.select("account_id", "custodian")
    parts = [part.join(held_at, on="account_id", how="left") for part in [*by_account, lacking] if part.height]
    parts.append(priced.differences)
    differences = once(pl.concat([part.select(DIFFERENCE) for part in parts], how="vertical_relaxed"), findings)
    return Evidence(
        business_date,
        places,
        differences,
        doubts,
        equity_move(_without_doubtful(quotes, priced), last, book.securities),
        rolled,
        opened,
        before,
        named,
    )


def believed(rows: pl.DataFrame, untrusted: Collection[FileKey]) -> pl.DataFrame:
    """Return the rows of files that are evidence."""
    if not untrusted:
        return rows
    named = pl.DataFrame(list(untrusted), schema={"feed": pl.String, "file_id": pl.String}, orient="row")
    return rows.join(named, on=["feed", "file_id"], how="anti", maintain_order="left")


def _places(book: Book, enabled: pl.DataFrame, landed: Landed, before: Before, legs: pl.DataFrame) -> Places:
    currencies = landed.fact(CashBalances)["currency"].unique()
    cash = pl.Series([f"{CASH_PREFIX}USD", *(f"{CASH_PREFIX}{currency}" for currency in currencies)])
    held = [before.ledger["security_id"].unique()] if before.ledger is not None else []
    return Places(enabled["account_id"], [book.securities["security_id"], cash, legs["instrument"], *held])


def _custodian_of(book: Book) -> pl.DataFrame:
    rows = [(feed.feed, feed.delivers_for) for feed in book.feeds]
    return pl.DataFrame(rows, schema={"feed": pl.String, "custodian": pl.String}, orient="row")


def _by_custodian(quotes: pl.DataFrame) -> pl.DataFrame:
    return quotes.group_by("custodian", "security_id", "currency", "price").agg(
        pl.col("holders").sum(), pl.col("first_account").min()
    )


def _without_doubtful(quotes: pl.DataFrame, priced: Priced) -> pl.DataFrame:
    """Return the prices that are believed: one custodian's wrong column is no move of the market."""
    same = ["custodian", "security_id", "currency", "price"]
    return quotes.join(priced.doubtful.select(same), on=same, how="anti")


def _unit_factors(positions: pl.DataFrame, places: Places) -> pl.DataFrame:
    """Return `instrument_number`, `unit_factor` of the securities held."""
    factors = (
        positions.filter(pl.col("security_id").is_not_null())
        .group_by("security_id")
        .agg(pl.col("factor").drop_nulls().first().alias("unit_factor"))
    )
    numbers = [places.instrument(name) for name in factors["security_id"]]
    return factors.select(pl.Series("instrument_number", numbers, dtype=pl.UInt64), "unit_factor")


def _placed_ledger(ledger: pl.DataFrame | None, places: Places) -> pl.DataFrame:
    rows = (Ledger.empty_frame() if ledger is None else ledger).drop("business_date")
    return places.placed(rows, "security_id")


def _others(figures: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return the accounts that have a figure and are not among these."""
    return accounts_of(figures).join(accounts.select("number"), on="number", how="anti")


def _who_rolls(
    business_date: dt.date,
    book: Book,
    ledger: pl.DataFrame | None,
    placed: pl.DataFrame,
    present: pl.DataFrame,
    findings: Findings,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the accounts to open in the ledger, and those to judge; note what cannot be judged for a session left out."""
    rolling = rolling_custodians(book)
    follows = is_next(ledger, business_date)
    is_rolling = pl.col("custodian").is_in(rolling)
    if ledger is not None and ledger.height and not follows:
        findings.add(
            present.filter(is_rolling).select("custodian").unique().sort("custodian"),
            Check.NOT_ROLLED,
            ExceptionEffect.NOTE,
            ExceptionScope.FEED,
            "custodian",
            pl.format(
                "custodian {}: the session before has not been run, so its holdings are not held against it; run that date, then this "
                "one again",
                "custodian",
            ),
        )
    if ledger is None or not follows:
        return present, present.clear()
    judged = present.filter(is_rolling).join(accounts_of(placed), on="number", how="semi")
    return present.join(judged.select("number"), on="number", how="anti"), judged


def _doubted(
    priced: Priced, positions: pl.DataFrame, present: pl.DataFrame, rolled: Rolled, places: Places
) -> pl.DataFrame:
    """Return the holdings that have a doubtful price; one that looks like a split's only where the units have not moved."""
    schema = ("account_id", "security_id", "check", "price", "sources")
    if not priced.doubtful.height:
        return pl.DataFrame(
            schema={**dict.fromkeys(schema[:3], pl.String()), "price": pl.Float64(), "sources": pl.List(_SOURCE)}
        )
    named = priced.doubtful["security_id"].unique().to_list()
    rows = (
        positions.filter(pl.col("security_id").is_in(named))
        .join(present.select("account_id", "custodian"), on="account_id", how="inner")
        .with_columns(pl.coalesce(pl.col("price_ccy").cast(pl.Float64), implied_price()).alias("price"))
        .join(priced.doubtful, on=["custodian", "security_id", "currency", "price"], how="inner")
        .select(schema)
    )
    is_split = pl.col("check") == Check.SPLIT_DOUBT.value
    unmoved = places.named(
        rolled.state.filter((pl.col("found") == pl.col("ledger_qty")).fill_null(False)).select(PLACE), "security_id"
    )
    still = rows.filter(is_split).join(unmoved, on=["account_id", "security_id"], how="semi")
    return pl.concat([rows.filter(~is_split), still]).sort("account_id", "security_id")


_SOURCE = pl.Struct({"source": pl.String, "price": pl.Float64})
