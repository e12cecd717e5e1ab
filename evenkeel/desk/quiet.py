"""Snooze, decline, defer: what keeps an alert quiet, with who said so and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from data_contracts.alerts import Alerts
from data_contracts.vocab import DecisionKind, EpisodeStatus, EventKind
from evenkeel import calendar
from evenkeel.audit.event import Event, id_of
from evenkeel.desk.reading import dataset, of_id, run_of
from evenkeel.errors import UsageError
from evenkeel.identity import stable_id
from evenkeel.ports import RunRecord
from evenkeel.run.house import House


def decide(
    house: House, kind: DecisionKind, alert_id: str, until: dt.date | None, reason: str, actor: str, role: str
) -> dt.date:
    """Store a decision about an alert of the newest run; its id may be shortened to a beginning that no other alert has.

    It counts from the first session that has not been run yet, so that what was shown on past dates stays as it was shown.

    Returns:
        The session from which it counts.

    Raises:
        UsageError: The alert is not open, the reason is empty, or the date has passed.
    """
    run = run_of(house)
    standing = dataset(house, run, Alerts).filter(pl.col("status") != EpisodeStatus.CLOSED.value)
    alerts = of_id(standing, "alert_id", alert_id, "alerts")
    if not alerts.height:
        raise UsageError(
            f"alert {alert_id!r} is not open on {run.business_date}; `evenkeel alerts` lists those that are"
        )
    alert_id = alerts["alert_id"].item()
    if not reason.strip() or not actor.strip():
        raise UsageError("a decision needs a reason and an actor")
    counts_from = calendar.next_session(run.business_date)
    if until is not None and until < counts_from:
        raise UsageError(f"--until {until} has passed; the decision counts from {counts_from}")
    now = house.clock.now()
    decision = _row(alert_id, kind, counts_from, until, alerts["severity_frac"].item(), actor, role, reason, now)
    house.records.add_decision(decision, _event(decision, run))
    house.records.checkpoint(now)
    return counts_from


def decision_about(
    house: House,
    kind: DecisionKind,
    alert_id: str,
    until: dt.date | None,
    reason: str,
    actor: str,
    role: str,
    at: dt.datetime,
) -> tuple[dict[str, Any], Event] | None:
    """Return the decision that goes with an answer to the alert's proposal, and its event, to be stored by whoever stores the answer.

    None where the newest run does not show the alert any more: there is nothing to keep quiet.

    Raises:
        UsageError: `until` has passed.
    """
    run = run_of(house)
    shown = dataset(house, run, Alerts).filter(
        pl.col("alert_id") == alert_id, pl.col("status") != EpisodeStatus.CLOSED.value
    )
    if not shown.height:
        return None
    counts_from = calendar.next_session(run.business_date)
    if until is not None and until < counts_from:
        raise UsageError(f"--until {until} has passed; the decision counts from {counts_from}")
    decision = _row(alert_id, kind, counts_from, until, shown["severity_frac"].item(), actor, role, reason, at)
    return decision, _event(decision, run)


def _row(
    alert_id: str,
    kind: DecisionKind,
    counts_from: dt.date,
    until: dt.date | None,
    severity_frac: float,
    actor: str,
    role: str,
    reason: str,
    at: dt.datetime,
) -> dict[str, Any]:
    return {
        "decision_id": stable_id("de", alert_id, kind.value, actor, at.isoformat()),
        "episode_id": alert_id,
        "kind": kind.value,
        "decided_date": counts_from,
        "until_date": until,
        "severity_frac": severity_frac,
        "actor": actor,
        "role": role,
        "reason": reason,
        "decided_at": at,
    }


def _event(decision: Mapping[str, Any], run: RunRecord) -> Event:
    """Return what the trail is told: the decision, and the run whose alert the person saw."""
    return Event(
        event_id=id_of(EventKind.DECISION_TAKEN, decision["decision_id"]),
        kind=EventKind.DECISION_TAKEN,
        business_date=run.business_date,
        subject=decision["episode_id"],
        run_id=run.run_id,
        actor=decision["actor"],
        role=decision["role"],
        occurred_at=decision["decided_at"],
        payload=decision,
    )
