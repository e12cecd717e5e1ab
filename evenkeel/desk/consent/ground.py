"""What proposals stand on: the tables of one committed run, read once, and what a list of trades rests on in them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.alerts import Alerts
from data_contracts.book.accounts import Accounts
from data_contracts.book.households import Households
from data_contracts.book.model_targets import ModelTargets
from data_contracts.book.planned_cash import PlannedCash
from data_contracts.book.portfolios import Portfolios
from data_contracts.coverage import Coverage
from data_contracts.holdings import Holdings
from data_contracts.prices import Prices
from data_contracts.proposals import Proposals
from data_contracts.trades import Trades
from data_contracts.valuations import Valuations
from data_contracts.vocab import AssetClass, CoverageStatus, PlannedCashKind, ProposalStatus
from evenkeel.approval.staleness import Basis
from evenkeel.audit.canonical import canonical, plain
from evenkeel.desk.reading import dataset
from evenkeel.ports import RunRecord
from evenkeel.run.house import House
from evenkeel.stages.propose.shelf import usual_values

Row = Mapping[str, Any]
_LEAVING = (PlannedCashKind.WITHDRAWAL.value, PlannedCashKind.REQUIRED_DISTRIBUTION.value)
_WITH_TRADES = (ProposalStatus.DRAFTED.value, ProposalStatus.HELD_BACK.value)


@dataclass(frozen=True)
class Ground:
    """A run's tables by what they are asked for."""

    run: RunRecord
    proposals: Mapping[str, Row]
    """By portfolio: those that have trades."""
    trades: Mapping[str, list[Row]]
    """By proposal, in order."""
    alerts: Mapping[str, Row]
    accounts: Mapping[str, Row]
    households: Mapping[str, Row]
    models: Mapping[str, str]
    """By portfolio: the model with its version and a digest of its targets."""
    values: Mapping[str, Row]
    """By portfolio."""
    stopped: Mapping[str, str]
    """Accounts that were not scanned, with their status."""
    cash: Mapping[str, Decimal]
    holdings: Mapping[str, str]
    """Digest of what each account holds."""
    prices: Mapping[tuple[str, str], Decimal]
    """By custodian and security: the value of one unit."""
    planned: Mapping[str, frozenset[str]]
    """Withdrawals and distributions that are not done, by account."""


def ground_of(house: House, run: RunRecord, planned: pl.DataFrame | None = None) -> Ground:
    """Return what a run's proposals stand on; `planned`: cash spoken for as the book has it now, where that is asked."""
    holdings = dataset(house, run, Holdings)
    trades: dict[str, list[Row]] = defaultdict(list)
    for row in dataset(house, run, Trades).sort("proposal_id", "trade_no").iter_rows(named=True):
        trades[row["proposal_id"]].append(row)
    proposals = dataset(house, run, Proposals).filter(pl.col("status").is_in(_WITH_TRADES))
    coverage = dataset(house, run, Coverage).filter(pl.col("status") != CoverageStatus.SCANNED.value)
    cash = holdings.filter(pl.col("asset_class") == AssetClass.CASH.value).group_by("account_id")
    book = house.book(run.business_date)
    prices = usual_values(holdings, dataset(house, run, Prices), book) if holdings.height else None
    return Ground(
        run=run,
        proposals={row["portfolio_id"]: row for row in proposals.iter_rows(named=True)},
        trades=trades,
        alerts=_by(dataset(house, run, Alerts), "alert_id"),
        accounts=_by(dataset(house, run, Accounts), "account_id"),
        households=_by(dataset(house, run, Households), "household_id"),
        models=_models(dataset(house, run, Portfolios), dataset(house, run, ModelTargets)),
        values=_by(dataset(house, run, Valuations), "portfolio_id"),
        stopped=dict(coverage.select("account_id", "status").iter_rows()),
        cash=dict(cash.agg(pl.col("proforma_usd").sum()).iter_rows()),
        holdings=_digests(holdings),
        prices={} if prices is None else {(row[0], row[1]): Decimal(repr(row[2])) for row in prices.iter_rows()},
        planned=_planned(dataset(house, run, PlannedCash) if planned is None else planned),
    )


def basis(ground: Ground, portfolio_id: str, pairs: Collection[tuple[str, str]]) -> Basis:
    """Return what a list rests on in a run.

    Args:
        ground: The run.
        portfolio_id: The list's portfolio.
        pairs: Account and security of each trade.
    """
    accounts = sorted({account for account, _ in pairs})
    prices: dict[str, Decimal] = {}
    for account, security in sorted(pairs):
        custodian = ground.accounts[account]["custodian"] if account in ground.accounts else ""
        price = ground.prices.get((custodian, security))
        if price is not None:
            prices.setdefault(security, price)
    return Basis(
        business_date=ground.run.business_date.isoformat(),
        prices=prices,
        cash={account: ground.cash.get(account, Decimal()) for account in accounts},
        holdings={account: ground.holdings[account] for account in accounts if account in ground.holdings},
        planned=frozenset(one for account in accounts for one in ground.planned.get(account, ())),
        model=ground.models.get(portfolio_id, ""),
    )


def basis_as_json(made: Basis) -> dict[str, Any]:
    """Return a basis as it is stored with a case."""
    return {
        "business_date": made.business_date,
        "prices": {security: str(price) for security, price in made.prices.items()},
        "cash": {account: str(amount) for account, amount in made.cash.items()},
        "holdings": dict(made.holdings),
        "planned": sorted(made.planned),
        "model": made.model,
    }


def basis_from_json(stored: Mapping[str, Any]) -> Basis:
    """Return the basis that was stored."""
    return Basis(
        business_date=stored["business_date"],
        prices={security: Decimal(price) for security, price in stored["prices"].items()},
        cash={account: Decimal(amount) for account, amount in stored["cash"].items()},
        holdings=stored["holdings"],
        planned=frozenset(stored["planned"]),
        model=stored["model"],
    )


def orders(trades: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, str], Decimal]:
    """Return the dollars of a list by account, side and security."""
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in trades:
        sums[row["account_id"], row["side"], row["security_id"]] += Decimal(row["value_usd"])
    return dict(sums)


def pairs_of(trades: Sequence[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Return account and security of each trade."""
    return {(row["account_id"], row["security_id"]) for row in trades}


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(plain(value))).hexdigest()


def _by(frame: pl.DataFrame, name: str) -> dict[str, Row]:
    return {row[name]: row for row in frame.iter_rows(named=True)}


def _digests(holdings: pl.DataFrame) -> dict[str, str]:
    held: dict[str, list[Any]] = defaultdict(list)
    for account, security, quantity in (
        holdings.select("account_id", "security_id", "held_qty").sort("account_id", "security_id").iter_rows()
    ):
        held[account].append([security, f"{quantity.normalize():f}"])
    return {account: digest_of(rows) for account, rows in held.items()}


def _models(portfolios: pl.DataFrame, targets: pl.DataFrame) -> dict[str, str]:
    nodes: dict[str, list[Any]] = defaultdict(list)
    versions: dict[str, int] = {}
    ordered = targets.sort("model_id", "level", "node_id")
    for row in ordered.select("model_id", "level", "node_id", "target_frac", "model_version").iter_rows():
        nodes[row[0]].append(row[1:4])
        versions[row[0]] = row[4]
    named = {model: f"{model}/{versions[model]}/{digest_of(rows)[:16]}" for model, rows in nodes.items()}
    return {
        portfolio: named.get(model, model)
        for portfolio, model in portfolios.select("portfolio_id", "model_id").drop_nulls().iter_rows()
    }


def _planned(table: pl.DataFrame) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    leaving = table.filter(pl.col("kind").is_in(_LEAVING), ~pl.col("is_done"))
    for account, planned in leaving.select("account_id", "planned_id").iter_rows():
        found[account].add(planned)
    return {account: frozenset(ids) for account, ids in found.items()}
