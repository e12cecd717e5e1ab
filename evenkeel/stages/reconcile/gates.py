"""The gates: each custodian's delivery of tonight as a whole, against other nights and against itself.

A failed gate stops its custodian and says how a person lets it through. What only concerns a few accounts is left to the checks that
stop those: a gate is there for a delivery that is wrong as a whole. How figures come about belongs in `custodian_totals`, the comparison
with the bounds in `data_contracts.expectations`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.expectations import FIGURES_SCHEMA, judge
from data_contracts.gate_results import GateResults
from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope, Gate
from evenkeel.book.model import Book
from evenkeel.policy.model import COMPARE_TOLERANCE, Policy
from evenkeel.stages.reconcile.custodian_totals import not_come
from evenkeel.stages.reconcile.findings import Findings
from evenkeel.stages.reconcile.gate_figures import gate_figures

CHECKS = {
    Gate.STALE: Check.GATE_STALE,
    Gate.ACCOUNTS: Check.GATE_ACCOUNTS,
    Gate.ROWS: Check.GATE_ROWS,
    Gate.VALUE: Check.GATE_VALUE,
    Gate.TOTALS: Check.GATE_TOTALS,
    Gate.PRICES: Check.GATE_PRICES,
    Gate.UNCHANGED: Check.GATE_UNCHANGED,
    Gate.BREAKS: Check.GATE_BREAKS,
    Gate.QUARANTINED: Check.GATE_QUARANTINED,
}

_FIGURES = pl.Schema([*FIGURES_SCHEMA.items(), ("message", pl.String()), ("is_judged", pl.Boolean())])

_WHOLE = (
    "ask it whether the delivery is whole; if it is, release this with the reason, for as many sessions as the nights before need to "
    "catch up"
)
WHAT_TO_DO = {
    Gate.STALE: "ask it for tonight's files, then run the date again",
    Gate.ACCOUNTS: _WHOLE,
    Gate.ROWS: _WHOLE,
    Gate.VALUE: _WHOLE,
    Gate.TOTALS: "ask it for a complete file, then run the date again",
    Gate.PRICES: "ask it for a file with prices, then run the date again",
    Gate.UNCHANGED: "ask it whether tonight's file has tonight's prices, then run the date again; release this if the market stood still",
    Gate.BREAKS: "find what the differences have in common, at the custodian or in the portfolio system; if it is explained, release this",
    Gate.QUARANTINED: "mend what has stopped them (`evenkeel status`); if the others may be believed, release this with the reason",
}


@dataclass(frozen=True)
class Judged:
    """What the gates said.

    `stopped` has one row per failed gate that stops: `custodian`, `gate`, `message`. Its accounts are to be quarantined unless that gate
    has been released (`custodian_totals.released_gates`).
    """

    results: DataFrame[GateResults]
    stopped: pl.DataFrame


def judge_gates(business_date: dt.date, totals: pl.DataFrame, book: Book, policy: Policy, findings: Findings) -> Judged:
    """Judge tonight's totals, and add a stop of the feed to `findings` for every gate that fails.

    A delivery that has not come is judged by its age alone. Where a check has said already that it is missing or late, its failed gate
    is recorded and stops nothing more.

    Args:
        business_date: The session.
        totals: `CustodianTotals`: tonight's rows, and those of the nights before it.
        book: As it holds on the date.
        policy: The house policy of the date.
        findings: Is added to.
    """
    rows = []
    for now in totals.filter(pl.col("session_date") == business_date).sort("custodian").iter_rows(named=True):
        is_before = (pl.col("custodian") == now["custodian"]) & (pl.col("session_date") < business_date)
        before = totals.filter(is_before & pl.col("is_baseline")).sort("session_date").to_dicts()
        for gate, figure in gate_figures(now, before, policy.gates).items():
            rows.append({"custodian": now["custodian"], "gate": gate.value, **vars(figure)})
    figures = pl.DataFrame(rows, schema=_FIGURES)
    judged = figures.filter("is_judged").with_columns(
        pl.col("lower") - COMPARE_TOLERANCE, pl.col("upper") + COMPARE_TOLERANCE
    )
    verdicts = judge(judged.select(list(FIGURES_SCHEMA)))
    results = figures.join(verdicts, on=["custodian", "gate"], how="left")
    return Judged(
        results=conform(results.with_columns(pl.lit(business_date).alias("business_date")), GateResults),
        stopped=_stop(results, not_come(book, findings), findings),
    )


def _stop(results: pl.DataFrame, said: list[str], findings: Findings) -> pl.DataFrame:
    """Add a stop for each failed gate; return them. `said`: custodians whose delivery `check_feeds` has called missing or late."""
    failed = results.filter(~pl.col("is_passed").fill_null(True)).with_columns(
        pl.format(
            "custodian {}: {}; {}",
            "custodian",
            "message",
            pl.col("gate").replace_strict({gate.value: text for gate, text in WHAT_TO_DO.items()}),
        ).alias("message")
    )
    is_said = pl.col("gate").eq(Gate.STALE.value) & pl.col("custodian").is_in(said)
    stopped = failed.filter(~is_said).select("custodian", "gate", "message", "observed")
    for gate, check in CHECKS.items():
        findings.add(
            stopped.filter(pl.col("gate") == gate.value),
            check,
            ExceptionEffect.STOP,
            ExceptionScope.FEED,
            "custodian",
            pl.col("message"),
            found=pl.col("observed"),
        )
    return stopped.drop("observed")
