"""The order of the checks: what each source says by itself, then source against source and night against night, then what is believed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.breaks import Breaks
from data_contracts.coverage import Coverage
from data_contracts.custodian_totals import CustodianTotals
from data_contracts.doubts import Doubts
from data_contracts.exceptions import Exceptions
from data_contracts.gate_results import GateResults
from data_contracts.holdings import Holdings
from data_contracts.ledger import Ledger
from data_contracts.releases import Releases
from data_contracts.rolled_transactions import RolledTransactions
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.accounts import check_accounts, check_other_feeds, custodian_feeds, enabled_accounts
from evenkeel.stages.reconcile.before import Before
from evenkeel.stages.reconcile.breaking import find_open, to_breaks
from evenkeel.stages.reconcile.counted import cash_in_dollars, orders_in_flight, spoken_for
from evenkeel.stages.reconcile.coverage import cover
from evenkeel.stages.reconcile.currency import check_currencies, usd_rates
from evenkeel.stages.reconcile.evidence import gather
from evenkeel.stages.reconcile.file_totals import check_file_totals
from evenkeel.stages.reconcile.files import EarlierFile, check_feeds, check_files
from evenkeel.stages.reconcile.findings import Findings
from evenkeel.stages.reconcile.gating import pass_gates
from evenkeel.stages.reconcile.holding import note_missing_cash, note_nothing_held, trusted_holdings
from evenkeel.stages.reconcile.identifiers import check_identifiers
from evenkeel.stages.reconcile.lots import check_lots
from evenkeel.stages.reconcile.positions import believed_positions, check_positions
from evenkeel.stages.reconcile.releasing import standing_releases
from evenkeel.stages.reconcile.repeating import check_one_source
from evenkeel.stages.reconcile.suspecting import suspect
from evenkeel.stages.reconcile.totals import check_totals


@dataclass(frozen=True)
class Reconciled:
    """Holdings that may be measured, what was stopped and why, the proof of coverage, and what carries over.

    `not_believed`: `(feed, file_id)` of the files that are no evidence, of whatever they tell.
    """

    holdings: DataFrame[Holdings]
    exceptions: DataFrame[Exceptions]
    coverage: DataFrame[Coverage]
    breaks: DataFrame[Breaks]
    doubts: DataFrame[Doubts]
    gate_results: DataFrame[GateResults]
    custodian_totals: DataFrame[CustodianTotals]
    ledger: DataFrame[Ledger]
    rolled_transactions: DataFrame[RolledTransactions]
    not_believed: frozenset[tuple[str, str]]


def reconcile(
    business_date: dt.date,
    landed: Landed,
    book: Book,
    policy: Policy,
    *,
    is_past_deadline: bool,
    earlier_files: Mapping[str, EarlierFile] | None = None,
    before: Before | None = None,
    releases: DataFrame[Releases] | None = None,
) -> Reconciled:
    """Check the day's tables and return what may be believed.

    Args:
        business_date: The session.
        landed: The day's tables.
        book: As it holds on the date.
        policy: The house policy of the date (tolerances, deadline, gates, what waits for what).
        is_past_deadline: What has not come is missing, no longer late.
        earlier_files: By feed, what it sent last before the date, for the message about a missing one.
        before: What the session before left.
        releases: All that people have released.
    """
    before = before or Before()
    released = Releases.empty_frame() if releases is None else releases
    standing = standing_releases(released, business_date)
    findings = Findings()
    enabled = enabled_accounts(book, business_date)
    rates = usd_rates(business_date, landed, policy.max_fx_age_sessions)
    positions = believed_positions(landed, book, rates)
    cash = cash_in_dollars(landed, book, rates)

    check_files(landed, policy, findings)
    incomplete = check_feeds(business_date, landed, book.feeds, is_past_deadline, earlier_files or {}, findings)
    check_accounts(landed, book, enabled, incomplete, findings)
    check_other_feeds(landed, book, findings)
    money = [frame.select("feed", "account_id", "currency") for frame in (positions, cash)]
    check_currencies(pl.concat(money), rates, findings)
    check_positions(business_date, positions, book, policy, findings)
    check_identifiers(positions, book, findings)
    check_one_source(positions, cash, findings)
    check_lots(landed, positions, book, policy, findings)
    check_totals(landed, custodian_feeds(book), policy, findings)
    totals = check_file_totals(landed, book, enabled, findings)
    orders = orders_in_flight(landed, positions, book, rates, findings)

    evidence = gather(business_date, landed, totals, positions, book, policy, enabled, incomplete, before, findings)
    find_open(evidence.differences, policy, findings)
    findings.relax_outside(enabled)
    findings.release(standing)

    believed = _Believed(business_date, book, policy, enabled, incomplete, positions, cash, orders)
    doubts = suspect(
        business_date,
        evidence,
        believed.coverage(findings),
        believed.holdings,
        landed,
        totals.not_believed,
        book,
        policy,
        before,
        findings,
    )
    breaks = to_breaks(business_date, [evidence.differences])
    findings.relax_outside(enabled)
    findings.release(standing)
    nights, gates = pass_gates(
        business_date, landed, book, policy, enabled, positions, cash, totals, breaks, before, released, findings
    )
    findings.release(standing)
    ledger, rolled = evidence.moved_on(findings)
    coverage = believed.coverage(findings)
    holdings = believed.holdings(coverage)
    note_missing_cash(coverage, cash, findings)
    note_nothing_held(holdings, findings)
    return Reconciled(
        holdings=holdings,
        exceptions=findings.to_exceptions(business_date, book.accounts),
        coverage=coverage,
        breaks=breaks,
        doubts=doubts,
        gate_results=gates,
        custodian_totals=nights,
        ledger=ledger,
        rolled_transactions=rolled,
        not_believed=totals.not_believed,
    )


@dataclass(frozen=True)
class _Believed:
    """What coverage and holdings are made of, so that both can be looked at before and after the last checks."""

    business_date: dt.date
    book: Book
    policy: Policy
    enabled: pl.DataFrame
    incomplete: pl.DataFrame
    positions: pl.DataFrame
    cash: pl.DataFrame
    orders: pl.DataFrame

    def coverage(self, findings: Findings) -> DataFrame[Coverage]:
        """Return what becomes of each account by what has been found so far."""
        return cover(self.business_date, self.enabled, self.book, self.policy, self.incomplete, findings)

    def holdings(self, coverage: DataFrame[Coverage]) -> DataFrame[Holdings]:
        """Return the holdings of the accounts that are measured."""
        reserved = spoken_for(self.business_date, self.book, self.policy)
        return trusted_holdings(
            self.business_date, coverage, self.positions, self.cash, self.orders, reserved, self.book
        )
