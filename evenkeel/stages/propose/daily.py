"""The step of the daily run: a proposal for every portfolio with an open alert that was measured today, and losses worth harvesting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.bands import Bands
from data_contracts.breaches import Breaches
from data_contracts.drift import Drift
from data_contracts.episodes import Episodes
from data_contracts.harvests import Harvests
from data_contracts.holdings import Holdings
from data_contracts.open_orders import OpenOrders
from data_contracts.prices import Prices
from data_contracts.tax_histories import TaxHistories
from data_contracts.tax_lots import TaxLots
from data_contracts.tax_sales import TaxSales
from data_contracts.vocab import RebalanceKind, TaxStatus
from evenkeel import calendar
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.propose.harvests import harvest_rows
from evenkeel.stages.propose.kinds import wanted_proposals
from evenkeel.stages.propose.lots import KEY, open_lots
from evenkeel.stages.propose.rates import gain_rates
from evenkeel.stages.propose.shelf import unit_values
from evenkeel.stages.propose.stage import Day, Proposed, propose
from evenkeel.stages.propose.tax_year import year_to_date
from evenkeel.stages.propose.washing import unit_accounts, wash_view


@dataclass(frozen=True)
class Facts:
    """The day's datasets that proposals are made from, the book as it holds, and the policies that hold by `policy_id`."""

    business_date: dt.date
    holdings: DataFrame[Holdings]
    drift: DataFrame[Drift]
    bands: DataFrame[Bands]
    tax_lots: DataFrame[TaxLots]
    tax_sales: DataFrame[TaxSales]
    tax_histories: DataFrame[TaxHistories]
    orders: DataFrame[OpenOrders]
    prices: DataFrame[Prices]
    book: Book
    policies: Mapping[str, Policy]


def propose_daily(
    facts: Facts, episodes: DataFrame[Episodes], breaches: DataFrame[Breaches]
) -> tuple[Proposed, DataFrame[Harvests]]:
    """Return the day's proposals with their trades, and the losses that may be harvested.

    Args:
        facts: What they are made from.
        episodes: Today's.
        breaches: Today's.
    """
    labels = policies_of(facts)
    wanted = _with_harvests(wanted_proposals(episodes, breaches).join(labels, on="portfolio_id", how="inner"), facts)
    down = _down_accounts(facts)
    named = facts.book.accounts.join(wanted.select("portfolio_id"), on="portfolio_id", how="semi").select("account_id")
    day, washed, lots = make_day(facts, pl.concat([named, down]).unique())
    harvests = harvest_rows(
        lots.join(down, on="account_id", how="semi"),
        washed,
        gain_rates(facts.book, next(iter(facts.policies.values())).trading),
        labels,
        facts.book,
        day.policies,
        facts.business_date,
        calendar.next_session(facts.business_date),
        day.no_buys.select(KEY),
    )
    return propose(day, wanted), harvests


def _with_harvests(wanted: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Let rebalances harvest too where the policy says so."""
    labels = [policy.label for policy in facts.policies.values() if policy.trading.is_harvested_with_rebalance]
    harvests = (pl.col("kind") == RebalanceKind.FULL.value) & pl.col("policy_version").is_in(labels)
    kind = pl.when(harvests).then(pl.lit(RebalanceKind.HARVEST_AND_REBALANCE.value)).otherwise("kind")
    return wanted.with_columns(kind.alias("kind"))


def policies_of(facts: Facts) -> pl.DataFrame:
    """Return `portfolio_id`, `policy_version`: the label of each portfolio's policy."""
    labels = pl.DataFrame(
        {"policy_id": list(facts.policies), "policy_version": [policy.label for policy in facts.policies.values()]},
        schema={"policy_id": pl.String, "policy_version": pl.String},
    )
    return (
        facts.book.portfolios.select("portfolio_id", "policy_id")
        .join(labels, on="policy_id", how="inner")
        .drop("policy_id")
    )


def make_day(facts: Facts, accounts: pl.DataFrame) -> tuple[Day, pl.DataFrame, pl.DataFrame]:
    """Return the day as `propose` takes it, what is washed of lots at a loss, and the lots with their value.

    Args:
        facts: What it is made from.
        accounts: `account_id`: for whom wash sales are looked at; all accounts of their tax units are.
    """
    book, trade_date = facts.book, calendar.next_session(facts.business_date)
    unit = unit_accounts(accounts, book)
    held = facts.holdings.join(unit, on="account_id", how="semi")
    lots = open_lots(held, facts.tax_lots, book, trade_date)
    valued = (
        lots.join(unit_values(held, book), on=KEY, how="left")
        .with_columns((pl.col("price_usd") * pl.col("held_qty")).alias("value_usd"))
        .drop("price_usd")
    )
    sales = facts.tax_sales.join(unit, on="account_id", how="semi")
    # Every measured account has a row, if only of cash.
    seen = held.select("account_id").unique()
    view = wash_view(trade_date, book, lots, sales, facts.tax_histories, facts.orders, seen)
    taxable = book.accounts.filter(pl.col("tax_status") == TaxStatus.TAXABLE.value).select("account_id")
    at_loss = valued.filter(pl.col("held_qty") > 0, pl.col("value_usd") < pl.col("cost_usd")).join(
        taxable, on="account_id", how="semi"
    )
    washed = view.washed(at_loss.select(*KEY, "lot_id", "held_qty"))
    day = Day(
        business_date=facts.business_date,
        holdings=facts.holdings,
        drift=facts.drift,
        bands=facts.bands,
        tax_lots=facts.tax_lots,
        prices=facts.prices,
        washed=washed,
        no_buys=view.no_buys,
        buyers=view.buyers,
        year=year_to_date(facts.tax_sales, facts.tax_histories, book, facts.business_date, view.disallowed),
        book=book,
        policies={policy.label: policy for policy in facts.policies.values()},
        wash_view=view,
    )
    return day, washed, valued


def _down_accounts(facts: Facts) -> pl.DataFrame:
    """Return `account_id` of taxable accounts with a lot that is down by the least share that any policy harvests at."""
    least = min(policy.trading.harvest_loss_frac for policy in facts.policies.values())
    taxable = facts.book.accounts.filter(pl.col("tax_status") == TaxStatus.TAXABLE.value).select("account_id")
    values = unit_values(facts.holdings.join(taxable, on="account_id", how="semi"), facts.book)
    cost = pl.col("cost_ccy").cast(pl.Float64)
    return (
        facts.tax_lots.filter(pl.col("held_qty") > 0, pl.col("cost_ccy") > 0)
        .join(values, on=KEY, how="inner")
        .filter(pl.col("price_usd") * pl.col("held_qty").cast(pl.Float64) <= cost * (1.0 - least) + 1e-9)
        .select("account_id")
        .unique()
        .sort("account_id")
    )
