"""The gates in their place: tonight's totals join those of the nights before, and a custodian that fails is quarantined whole."""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.custodian_totals import CustodianTotals
from data_contracts.gate_results import GateResults
from data_contracts.releases import Releases
from data_contracts.vocab import ExceptionEffect, ExceptionScope
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.before import Before
from evenkeel.stages.reconcile.custodian_totals import (
    fold_totals,
    mark_baseline,
    previous_prices,
    released_gates,
    tonight,
)
from evenkeel.stages.reconcile.file_totals import FileTotals
from evenkeel.stages.reconcile.findings import Findings
from evenkeel.stages.reconcile.gates import CHECKS, judge_gates


def pass_gates(
    business_date: dt.date,
    landed: Landed,
    book: Book,
    policy: Policy,
    enabled: pl.DataFrame,
    positions: pl.DataFrame,
    cash: pl.DataFrame,
    totals: FileTotals,
    breaks: pl.DataFrame,
    before: Before,
    releases: DataFrame[Releases],
    findings: Findings,
) -> tuple[DataFrame[CustodianTotals], DataFrame[GateResults]]:
    """Judge each custodian's delivery as a whole; stop the accounts of those that fail and are not released.

    Args:
        business_date: The session.
        landed: The day's tables.
        book: As it holds on the date.
        policy: The house policy.
        enabled: Accounts that the run must account for.
        positions: As `believed_positions` returns them.
        cash: As `cash_in_dollars` returns it.
        totals: What the files' own totals said.
        breaks: The dataset of the date.
        before: What the session before left.
        releases: All that people have released.
        findings: What every check found; gets the gates' stops.
    """
    earlier = previous_prices(business_date, before.ledger, book)
    now = tonight(business_date, landed, book, enabled, positions, cash, earlier, totals.mismatches, breaks, findings)
    nights = fold_totals(business_date, before.totals, now, policy)
    judged = judge_gates(business_date, nights, book, policy, findings)
    nights = mark_baseline(business_date, nights, judged.results, releases)
    failed = judged.stopped.join(released_gates(business_date, releases), on=["custodian", "gate"], how="anti")
    for gate, check in CHECKS.items():
        findings.add(
            enabled.select("account_id", "custodian").join(
                failed.filter(pl.col("gate") == gate.value), on="custodian", how="inner"
            ),
            check,
            ExceptionEffect.STOP,
            ExceptionScope.ACCOUNT,
            "account_id",
            pl.format("account {}: {}", "account_id", "message"),
        )
    return nights, judged.results
