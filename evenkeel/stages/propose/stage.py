"""The step as a whole: from open alerts to lists of trades with their figures, one a portfolio."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.proposals import Proposals
from data_contracts.trades import Trades
from evenkeel import calendar
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.propose.case import make_case
from evenkeel.stages.propose.gain_budgets import PLANNED, gains_in_flight, gains_of_lists, with_planned
from evenkeel.stages.propose.lots import KEY, in_flight, open_lots
from evenkeel.stages.propose.prechecks import prechecks
from evenkeel.stages.propose.proposal_rows import proposal_rows
from evenkeel.stages.propose.solving import solve_case
from evenkeel.stages.propose.targets import node_of, nodes_of
from evenkeel.stages.propose.trade_rows import node_weights, trade_rows
from evenkeel.stages.propose.wash_answers import bought_answers, sold_answers
from evenkeel.stages.propose.washing import WashView
from evenkeel.stages.propose.year_taxes import year_taxes


@dataclass(frozen=True)
class Day:
    """The day's datasets that proposals are made from, and the book and policies that hold.

    `washed`, `no_buys`, `year`: as `make_case` and `year_taxes` take them. `buyers`: as `WashView` has them. `policies`: by label.
    `wash_view`: what a list's sales wash together; None: what is disallowed is told lot by lot.
    """

    business_date: dt.date
    holdings: pl.DataFrame
    drift: pl.DataFrame
    bands: pl.DataFrame
    tax_lots: pl.DataFrame
    prices: pl.DataFrame
    washed: pl.DataFrame
    no_buys: pl.DataFrame
    buyers: pl.DataFrame
    year: pl.DataFrame
    book: Book
    policies: dict[str, Policy]
    wash_view: WashView | None = None


@dataclass(frozen=True)
class Proposed:
    """Proposals and their trades."""

    proposals: DataFrame[Proposals]
    trades: DataFrame[Trades]


def propose(day: Day, wanted: pl.DataFrame) -> Proposed:
    """Return a proposal for each portfolio wanted.

    Args:
        day: What they are made from.
        wanted: `portfolio_id`, `household_id`, `alert_id` (null: by hand), `rule`, `kind`, `is_urgent`, `policy_version`.
    """
    with_model = wanted.join(
        day.book.portfolios.select("portfolio_id", "model_id"), on="portfolio_id", how="inner"
    ).join(day.holdings.select("portfolio_id").unique(), on="portfolio_id", how="semi")
    parts = []
    planned = _in_flight(day)
    for label, policy in sorted(day.policies.items()):
        of_label = with_model.filter(pl.col("policy_version") == label)
        if of_label.height:
            year = with_planned(day.year, planned)
            proposals, trades, added = _of_policy(replace(day, year=year), of_label, policy)
            planned = pl.concat([planned, added])
            parts.append((proposals, trades))
    if not parts:
        return Proposed(Proposals.empty_frame(), Trades.empty_frame())
    return Proposed(
        conform(pl.concat([proposals for proposals, _ in parts]), Proposals),
        conform(pl.concat([trades for _, trades in parts]), Trades),
    )


def _of_policy(day: Day, wanted: pl.DataFrame, policy: Policy) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return proposals and trades, and what the lists add to gains, as `PLANNED`."""
    trade_date = calendar.next_session(day.business_date)
    case = make_case(
        trade_date, wanted, day.holdings, day.tax_lots, day.prices, day.washed, day.no_buys, day.book, policy
    )
    nodes = nodes_of(wanted.select("portfolio_id", "model_id"), day.drift, day.bands, node_of(day.book.model_targets))
    lists = solve_case(case, nodes, day.year, day.book, policy)
    weights = node_weights(case, lists)
    trades = trade_rows(case, lists, weights, day.book, policy, day.wash_view)
    taxes = year_taxes(trades, case.accounts, day.year, day.book, policy.trading)
    checks = prechecks(
        trades,
        wanted.select("portfolio_id", "policy_version"),
        day.holdings,
        pl.concat([sold_answers(case.lots, trades), bought_answers(day.no_buys, day.buyers, trades, trade_date)]),
        day.book,
        day.policies,
        day.business_date,
        trade_date,
        lists.account_cash,
        case.lots.select("account_id", "security_id", "acquired_date", "held_qty"),
        day.year,
    )
    proposals = proposal_rows(day.business_date, case, lists, trades, weights, taxes, checks, day.policies)
    ids = proposals.select("portfolio_id", "proposal_id", "business_date")
    named = trades.join(ids, on="portfolio_id", how="inner")
    return (
        proposals.select(list(Proposals.polars_schema())),
        named.select(list(Trades.polars_schema())),
        gains_of_lists(trades, day.book),
    )


def _in_flight(day: Day) -> pl.DataFrame:
    """Return the gains of sales in flight, as `PLANNED`."""
    if day.book.tax_units["gain_budget_usd"].null_count() == day.book.tax_units.height:
        return pl.DataFrame(schema=PLANNED)
    held = day.holdings.join(in_flight(day.holdings).filter(pl.col("change_usd") < 0), on=KEY, how="semi")
    lots = open_lots(held, day.tax_lots, day.book, calendar.next_session(day.business_date))
    return gains_in_flight(day.holdings, lots, day.book)
