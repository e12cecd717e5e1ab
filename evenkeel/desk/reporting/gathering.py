"""Read a home for a period: runs' datasets, cases and their steps, messages, orders and fills, sign-offs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from data_contracts.alerts import Alerts
from data_contracts.bands import Bands
from data_contracts.book.accounts import Accounts
from data_contracts.book.households import Households
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.drift import Drift
from data_contracts.valuations import Valuations
from data_contracts.vocab import EventKind, NodeLevel, ProposalState
from evenkeel.desk.reading import dataset
from evenkeel.desk.reporting.execution import Execution, KeptExecution
from evenkeel.desk.reporting.rows import case_row, consent_row, message_row, step_row
from evenkeel.ports import RunRecord, TrailQuery
from evenkeel.reports.facts import CASES, CONSENTS, DAYS, MESSAGES, STEPS, Facts
from evenkeel.reports.period import Period
from evenkeel.run.house import House

LOOK_BEHIND = dt.timedelta(days=7)
LOOK_AHEAD = dt.timedelta(days=10)
"""Days read around a period: an alert that was over on its first session, a measurement after a fill on its last."""
DEFAULT_FIRM = "evenkeel"
_EXECUTED = (ProposalState.SENT, ProposalState.FILLED, ProposalState.RECONCILED)
_ALL = 1_000_000


def gather(house: House, period: Period, execution: Execution | None = None, firm: str | None = None) -> Facts:
    """Return what is known of a period now.

    Cases that neither moved since the period began, nor belong to an alert of it, nor were executed are left out: they are in no figure.
    """
    held = execution or KeptExecution(house)
    first, last = period.first - LOOK_BEHIND, period.last + LOOK_AHEAD
    runs = [run for run in house.records.manifests() if first <= run.business_date <= last]
    within = [run for run in runs if period.first <= run.business_date <= period.last]
    before = [run for run in runs if run.business_date < period.first][-1:]
    alerts = _rows(house, [*before, *within], Alerts)
    named = set(alerts["alert_id"].to_list())
    cases = [
        case
        for case in house.approvals.cases()
        if case.changed_at >= period.starts_at or case.alert_id in named or case.state in _EXECUTED
    ]
    entries = house.approvals.entries_of([case.proposal_id for case in cases])
    messages = [each for each in house.records.outbox.find(limit=_ALL) if each.changed_at >= period.starts_at]
    return Facts(
        period=period,
        as_of_at=house.clock.now(),
        firm=firm or DEFAULT_FIRM,
        sessions=tuple(run.business_date for run in within),
        run_ids={run.business_date.isoformat(): run.run_id for run in within},
        days=_days(house, runs),
        coverage=_rows(house, within, Coverage),
        accounts=dataset(house, within[-1], Accounts) if within else Accounts.empty_frame(),
        alerts=alerts,
        decisions=house.records.decisions(),
        cases=pl.DataFrame([case_row(each) for each in cases], schema=CASES),
        consents=pl.DataFrame([consent_row(one) for each in cases for one in each.consents], schema=CONSENTS),
        steps=pl.DataFrame([step_row(each) for each in entries], schema=STEPS),
        messages=pl.DataFrame([message_row(each) for each in messages], schema=MESSAGES),
        orders=held.orders(first, last),
        allocations=held.allocations(first, last),
        fills=held.fills(first, last),
        differences=held.differences(first, last),
        is_execution_kept=held.is_kept,
        reviews=_reviews(house),
    )


def trail_of(house: House, alert_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the events of the trail that are about alerts or mention them: what happens to a proposal names its alert."""
    return {each: house.records.find_events(TrailQuery(subject=each, limit=_ALL)) for each in alert_ids}


def _days(house: House, runs: Sequence[RunRecord]) -> pl.DataFrame:
    """Return `facts.DAYS` of some runs."""
    drift = (
        _scan(house, runs, Drift)
        .filter(pl.col("level") == NodeLevel.CLASS.value)
        .group_by("business_date", "portfolio_id")
        .agg(pl.col("drift_frac").abs().max().alias("max_drift_frac"))
    )
    outside = _scan(house, runs, Bands).group_by("business_date", "portfolio_id").agg(pl.col("is_outside").any())
    advisers = _scan(house, runs, Households).select("business_date", "household_id", "adviser_id")
    keys = ["business_date", "portfolio_id"]
    return (
        _scan(house, runs, Valuations)
        .select(*keys, "household_id", "model_id", "value_usd")
        .join(drift, on=keys, how="left")
        .join(outside, on=keys, how="left")
        .join(advisers, on=["business_date", "household_id"], how="left")
        # A portfolio without any band can be outside none.
        .with_columns(pl.col("is_outside").fill_null(False))
        .select(pl.col(name).cast(kind) for name, kind in DAYS.items())
        .sort(keys)
        .collect()
    )


def _scan(house: House, runs: Sequence[RunRecord], contract: type[Contract]) -> pl.LazyFrame:
    """Return a dataset of several runs, with its date first."""
    name = contract.dataset_name()
    stored = [each for run in runs for each in run.datasets if each.dataset == name and each.row_count]
    if stored:
        return house.store.scan(contract, stored)
    schema = pl.Schema({"business_date": pl.Date(), **contract.polars_schema()})
    return pl.LazyFrame(schema=schema)


def _rows(house: House, runs: Sequence[RunRecord], contract: type[Contract]) -> pl.DataFrame:
    return _scan(house, runs, contract).select(contract.polars_schema().names()).collect()


def _reviews(house: House) -> list[Mapping[str, Any]]:
    """Return the sign-offs, oldest first."""
    found = house.records.find_events(TrailQuery(kind=EventKind.REPORT_SIGNED.value, limit=_ALL))
    reviews: list[Mapping[str, Any]] = []
    for event in found:
        told = json.loads(event["payload"])
        at = dt.datetime.fromisoformat(event["occurred_at"].replace("Z", "+00:00"))
        reviews.append({**told, "at": at, "actor": event["actor"], "role": event["role"]})
    return reviews
