"""The stages as one table: what each reads, what it writes, and how; and all of them in memory.

The table is what every driver goes by: `evenkeel.run.steps` over a store, `compute_day` here without one, as the oracle that the
drivers are held against and the engine of replays. A stage can read only what the table says it reads. How a figure comes about
belongs in `evenkeel.stages`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar, cast

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.alerts import Alerts
from data_contracts.bands import Bands
from data_contracts.breaches import Breaches
from data_contracts.breaks import Breaks
from data_contracts.conform import conform
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.custodian_totals import CustodianTotals
from data_contracts.decisions import Decisions
from data_contracts.doubts import Doubts
from data_contracts.drift import Drift
from data_contracts.episodes import Episodes
from data_contracts.exception_ages import ExceptionAges
from data_contracts.exceptions import Exceptions
from data_contracts.gate_results import GateResults
from data_contracts.harvests import Harvests
from data_contracts.holdings import Holdings
from data_contracts.household_drift import HouseholdDrift
from data_contracts.indicators import Indicators
from data_contracts.ledger import Ledger
from data_contracts.looks import Looks
from data_contracts.notices import Notices
from data_contracts.open_orders import OpenOrders
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.prices import Prices
from data_contracts.priorities import Priorities
from data_contracts.proposals import Proposals
from data_contracts.realized_lots import RealizedLots
from data_contracts.rejects import Rejects
from data_contracts.releases import Releases
from data_contracts.rolled_transactions import RolledTransactions
from data_contracts.source_files import SourceFiles
from data_contracts.tax_histories import TaxHistories
from data_contracts.tax_lots import TaxLots
from data_contracts.tax_sales import TaxSales
from data_contracts.trades import Trades
from data_contracts.transactions import Transactions
from data_contracts.unmeasured_portfolios import UnmeasuredPortfolios
from data_contracts.valuations import Valuations
from data_contracts.vocab import RebalanceKind
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.alerts.notices import write_notices
from evenkeel.stages.alerts.rows import raise_alerts
from evenkeel.stages.drift import Measured, measure_drift, nearest_models
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.prioritize.episodes import fold_episodes
from evenkeel.stages.prioritize.exception_ages import fold_exception_ages
from evenkeel.stages.prioritize.priority import score_episodes
from evenkeel.stages.prioritize.settings import portfolio_settings
from evenkeel.stages.propose.by_hand import propose_asked
from evenkeel.stages.propose.daily import Facts, propose_daily
from evenkeel.stages.propose.stage import Proposed
from evenkeel.stages.reconcile.before import Before
from evenkeel.stages.reconcile.files import EarlierFile
from evenkeel.stages.reconcile.stage import Reconciled
from evenkeel.stages.reconcile.stage import reconcile as check
from evenkeel.stages.taxes.believing import believed_accounts
from evenkeel.stages.taxes.histories import fold_histories
from evenkeel.stages.taxes.sales import Told, fold_sales
from evenkeel.stages.threshold import Rulebook, judge
from evenkeel.stages.threshold.widening import widening_of

ContractT = TypeVar("ContractT", bound=Contract)
Frames = Mapping[type[Contract], pl.DataFrame]
"""Datasets of one date by contract."""


@dataclass(frozen=True)
class Inputs:
    """What a stage computes with.

    `today` holds what earlier stages of the date made, `before` datasets of the newest session before it that was run (empty on the
    first). `is_past_deadline`: what has not come by now is missing, no longer late. `decisions`: all that people have taken.
    """

    business_date: dt.date
    book: Book
    policy: Policy
    is_past_deadline: bool
    decisions: DataFrame[Decisions]
    today: Frames
    before: Frames
    releases: DataFrame[Releases] = field(default_factory=Releases.empty_frame)
    """All that people have released from quarantine."""
    earlier_files: Mapping[str, EarlierFile] = field(default_factory=dict)
    """By feed, what it sent last before the date: said where its file is missing."""
    scanned: Mapping[type[Contract], pl.LazyFrame] = field(default_factory=dict)
    """Large datasets of that session before, of which the stage reads only some rows."""

    def read(self, contract: type[ContractT]) -> DataFrame[ContractT]:
        """Return a dataset of the date."""
        return cast("DataFrame[ContractT]", self.today[contract])

    def yesterday(self, contract: type[ContractT]) -> DataFrame[ContractT] | None:
        """Return a dataset of the session before; None on the first."""
        return cast("DataFrame[ContractT] | None", self.before.get(contract))


@dataclass(frozen=True)
class Stage:
    """One stage: the datasets it reads, of its date and of the session before, those it writes, and its function.

    `scans_before` are of the session before too, read only as far as the stage asks.
    """

    name: str
    reads: tuple[type[Contract], ...]
    reads_before: tuple[type[Contract], ...]
    writes: tuple[type[Contract], ...]
    compute: Callable[[Inputs], Frames]
    scans_before: tuple[type[Contract], ...] = ()

    @property
    def is_fold(self) -> bool:
        """Tell whether it builds on the session before: oldest date first."""
        return bool(self.reads_before)


def _reconcile(inputs: Inputs) -> Frames:
    landed = Landed(
        source_files=inputs.read(SourceFiles),
        rejects=inputs.read(Rejects),
        facts={contract: inputs.today[contract] for contract in FACT_CONTRACTS},
    )
    result = check(
        inputs.business_date,
        landed,
        inputs.book,
        inputs.policy,
        is_past_deadline=inputs.is_past_deadline,
        earlier_files=inputs.earlier_files,
        before=Before(
            ledger=inputs.yesterday(Ledger),
            rolled=inputs.yesterday(RolledTransactions),
            totals=inputs.yesterday(CustodianTotals),
            transactions=inputs.yesterday(Transactions),
            orders=inputs.yesterday(OpenOrders),
            indicators=inputs.yesterday(Indicators),
        ),
        releases=inputs.releases,
    )
    return {
        Holdings: result.holdings,
        Exceptions: result.exceptions,
        Coverage: result.coverage,
        Breaks: result.breaks,
        Doubts: result.doubts,
        GateResults: result.gate_results,
        CustodianTotals: result.custodian_totals,
        Ledger: result.ledger,
        RolledTransactions: result.rolled_transactions,
        **_taxes(inputs, result),
    }


def _taxes(inputs: Inputs, result: Reconciled) -> Frames:
    believed = believed_accounts(result.coverage, result.exceptions)
    coverage, exceptions = inputs.yesterday(Coverage), inputs.yesterday(Exceptions)
    told = Told(
        transactions=inputs.read(Transactions),
        transactions_before=inputs.yesterday(Transactions),
        rolled=result.rolled_transactions,
        realized=inputs.read(RealizedLots),
        lots=inputs.read(TaxLots),
        lots_before=inputs.scanned.get(TaxLots),
        believed=believed,
        believed_before=believed.clear()
        if coverage is None or exceptions is None
        else believed_accounts(coverage, exceptions),
        not_believed=result.not_believed,
    )
    date, book = inputs.business_date, inputs.book
    enabled = result.coverage.select("account_id")
    return {
        TaxSales: fold_sales(date, inputs.yesterday(TaxSales), told, enabled, book),
        TaxHistories: fold_histories(date, inputs.yesterday(TaxHistories), result.coverage, believed, book),
    }


def _drift(inputs: Inputs) -> Frames:
    book = inputs.book
    measured = measure_drift(inputs.business_date, inputs.read(Holdings), book.portfolios, book.model_targets)
    unmeasured = measured.unmeasurable.with_columns(pl.lit(inputs.business_date).alias("business_date"))
    return {
        Valuations: measured.valuations,
        Drift: measured.drift,
        HouseholdDrift: measured.household_drift,
        UnmeasuredPortfolios: conform(unmeasured, UnmeasuredPortfolios),
    }


def _threshold(inputs: Inputs) -> Frames:
    measured = Measured(
        valuations=inputs.read(Valuations),
        drift=inputs.read(Drift),
        household_drift=HouseholdDrift.empty_frame(),
        unmeasurable=inputs.read(UnmeasuredPortfolios).select("portfolio_id", "reason"),
    )
    judged = judge(
        inputs.business_date,
        measured,
        inputs.read(Holdings),
        inputs.read(Coverage),
        inputs.read(Indicators),
        Rulebook.from_book(inputs.book, inputs.business_date),
    )
    outside = conform(pl.concat([judged.breaches, judged.standing]), Breaches)
    return {Looks: judged.looks, Bands: judged.bands, Breaches: outside}


def _prioritize(inputs: Inputs) -> Frames:
    settings = portfolio_settings(inputs.book)
    breaches, looks = inputs.read(Breaches), inputs.read(Looks)
    yesterday, clocks = inputs.yesterday(Episodes), inputs.yesterday(Priorities)
    episodes = fold_episodes(inputs.business_date, yesterday, breaches, looks, inputs.decisions, settings)
    return {
        Episodes: episodes,
        ExceptionAges: fold_exception_ages(
            inputs.business_date, inputs.yesterday(ExceptionAges), inputs.read(Exceptions)
        ),
        Priorities: score_episodes(
            inputs.business_date,
            episodes,
            breaches,
            looks,
            inputs.read(Valuations),
            inputs.book,
            settings,
            None if yesterday is None or clocks is None else (yesterday, clocks),
        ),
    }


def _propose(inputs: Inputs) -> Frames:
    proposed, harvests = propose_daily(_facts(inputs), inputs.read(Episodes), inputs.read(Breaches))
    return {Proposals: proposed.proposals, Trades: proposed.trades, Harvests: harvests}


def propose_by_hand(
    inputs: Inputs,
    portfolio_ids: Sequence[str],
    kind: RebalanceKind,
    set_aside: Mapping[str, Decimal] | None = None,
) -> Proposed:
    """Return the lists that a person asks for, one a portfolio, as the daily run would make them.

    Args:
        inputs: As for the stage `propose`, of a date that was run.
        portfolio_ids: Whose; one that was not measured on the date gets none.
        kind: What the lists may do.
        set_aside: Dollars by account that must be there in cash after the trades, beyond what is spoken for already.
    """
    return propose_asked(_facts(inputs), inputs.read(Breaches), portfolio_ids, kind, set_aside)


def _facts(inputs: Inputs) -> Facts:
    return Facts(
        business_date=inputs.business_date,
        holdings=inputs.read(Holdings),
        drift=inputs.read(Drift),
        bands=inputs.read(Bands),
        tax_lots=inputs.read(TaxLots),
        tax_sales=inputs.read(TaxSales),
        tax_histories=inputs.read(TaxHistories),
        orders=inputs.read(OpenOrders),
        prices=inputs.read(Prices),
        book=inputs.book,
        policies=Rulebook.from_book(inputs.book, inputs.business_date).policies,
    )


def _alerts(inputs: Inputs) -> Frames:
    book = inputs.book
    raised = raise_alerts(
        inputs.business_date,
        inputs.read(Episodes),
        inputs.read(Priorities),
        inputs.read(Breaches),
        inputs.read(Looks),
        inputs.read(Drift),
        inputs.read(Bands),
        inputs.read(Valuations),
        inputs.read(Proposals),
        book,
        inputs.yesterday(Alerts),
    )
    policies = Rulebook.from_book(book, inputs.business_date).policies.values()
    widenings = [widening_of(inputs.business_date, policy, inputs.read(Indicators)) for policy in policies]
    notices = write_notices(
        inputs.business_date,
        book,
        inputs.read(Coverage),
        nearest_models(inputs.read(Holdings), book.portfolios, book.model_targets),
        {widening.policy_version: widening.text for widening in widenings if widening.text},
    )
    return {Alerts: raised, Notices: notices}


STAGES: tuple[Stage, ...] = (
    Stage(
        "reconcile",
        (SourceFiles, Rejects, *FACT_CONTRACTS),
        (
            Ledger,
            RolledTransactions,
            CustodianTotals,
            Transactions,
            OpenOrders,
            Indicators,
            Coverage,
            Exceptions,
            TaxSales,
            TaxHistories,
        ),
        (
            Holdings,
            Exceptions,
            Coverage,
            Breaks,
            Doubts,
            GateResults,
            CustodianTotals,
            Ledger,
            RolledTransactions,
            TaxSales,
            TaxHistories,
        ),
        _reconcile,
        scans_before=(TaxLots,),
    ),
    Stage("drift", (Holdings,), (), (Valuations, Drift, HouseholdDrift, UnmeasuredPortfolios), _drift),
    Stage(
        "threshold",
        (Valuations, Drift, UnmeasuredPortfolios, Holdings, Coverage, Indicators),
        (),
        (Looks, Bands, Breaches),
        _threshold,
    ),
    Stage(
        "prioritize",
        (Breaches, Looks, Valuations, Exceptions),
        (Episodes, ExceptionAges, Priorities),
        (Episodes, ExceptionAges, Priorities),
        _prioritize,
    ),
    Stage(
        "propose",
        (Episodes, Breaches, Holdings, Drift, Bands, TaxLots, TaxSales, TaxHistories, OpenOrders, Prices),
        (),
        (Proposals, Trades, Harvests),
        _propose,
    ),
    Stage(
        "alerts",
        (Episodes, Priorities, Breaches, Looks, Drift, Bands, Valuations, Proposals, Coverage, Holdings, Indicators),
        (Alerts,),
        (Alerts, Notices),
        _alerts,
    ),
)
"""Reconcile to alerts, in order. Ingest, which reads files, and records, which commits, are the drivers' own."""


def compute_day(
    business_date: dt.date,
    landed: Landed,
    book: Book,
    policy: Policy,
    decisions: DataFrame[Decisions],
    before: Frames,
    *,
    is_past_deadline: bool,
    releases: DataFrame[Releases] | None = None,
    earlier_files: Mapping[str, EarlierFile] | None = None,
) -> Frames:
    """Return every dataset of a date, from its landed tables, in memory.

    Args:
        business_date: The session.
        landed: What ingest made of its files.
        book: As it holds on the date.
        policy: The house policy of the date.
        decisions: All that people have taken.
        before: What this function returned for the session before; empty on the first.
        is_past_deadline: What has not come by now is missing, no longer late.
        releases: All that people have released from quarantine.
        earlier_files: By feed, what it sent last before the date.
    """
    lifted = Releases.empty_frame() if releases is None else releases
    today: dict[type[Contract], pl.DataFrame] = {
        SourceFiles: landed.source_files,
        Rejects: landed.rejects,
        **landed.facts,
    }
    for stage in STAGES:
        inputs = Inputs(
            business_date=business_date,
            book=book,
            policy=policy,
            is_past_deadline=is_past_deadline,
            decisions=decisions,
            today={contract: today[contract] for contract in stage.reads},
            before={contract: before[contract] for contract in stage.reads_before if contract in before},
            releases=lifted,
            earlier_files=earlier_files or {},
            scanned={contract: before[contract].lazy() for contract in stage.scans_before if contract in before},
        )
        today |= stage.compute(inputs)
    return today
