"""What became of each alert: when it was due, who acted first, when it was over."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from data_contracts.vocab import EpisodeStatus, Role, Step
from evenkeel import calendar
from evenkeel.reports.answers import DECIDING, DONE_STATES, PUT_OFF, Answer
from evenkeel.reports.facts import Facts


@dataclass(frozen=True)
class Task:
    """One alert, up to the end of what counts.

    Attributes:
        alert_id: Its id.
        portfolio_id: The portfolio.
        adviser_id: Whose desk it was on last.
        rule: What was breached.
        last: Its last row in the task lists.
        opened_at: When its clock started.
        due_at: When somebody had to have acted, as the last list that asked for work said; None: it never did.
        was_open: It asked for work on a session of the period.
        acted_at: When somebody first decided something about it, or a small list was let through by the policy.
        put_off_at: When it was first declined, deferred or snoozed.
        over_at: Close of the session on which the breach was over; None: it is not.
        filled_at: When its trades were first known to be filled.
        is_done: Nobody is waited for at the end: over, quiet, in flight, or decided.
    """

    alert_id: str
    portfolio_id: str
    adviser_id: str
    rule: str
    last: Mapping[str, Any]
    opened_at: dt.datetime | None
    due_at: dt.datetime | None
    was_open: bool
    acted_at: dt.datetime | None
    put_off_at: dt.datetime | None
    over_at: dt.datetime | None
    filled_at: dt.datetime | None
    is_done: bool


_OVER = frozenset(each.value for each in (EpisodeStatus.CLOSED, EpisodeStatus.QUIET, EpisodeStatus.IN_FLIGHT))


def tasks(facts: Facts, answered: Iterable[Answer]) -> list[Task]:
    """Return every alert that stood in a list of the period, by id."""
    of_alert: dict[str, list[Answer]] = defaultdict(list)
    for each in answered:
        of_alert[each.case["alert_id"]].append(each)
    said: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in facts.decisions.sort("decided_at", "decision_id").iter_rows(named=True):
        if facts.is_by_then(row["decided_at"]):
            said[row["episode_id"]].append(row)
    rows = facts.alerts.filter(pl.col("business_date") <= facts.period.last).sort("alert_id", "business_date")
    grouped = {str(key[0]): part.to_dicts() for key, part in rows.group_by("alert_id", maintain_order=True)}
    return [_task(facts, listed, of_alert[alert_id], said[alert_id]) for alert_id, listed in grouped.items()]


def _task(facts: Facts, listed: list[dict[str, Any]], cases: list[Answer], said: list[Mapping[str, Any]]) -> Task:
    last = listed[-1]
    steps = [step for case in cases for step in case.steps if _is_decision(step)]
    decided = [row["decided_at"] for row in said]
    put_off = [step["at"] for step in steps if step["step"] in PUT_OFF] + decided
    is_over = last["status"] == EpisodeStatus.CLOSED.value
    is_open = [
        row["status"] == EpisodeStatus.OPEN.value and facts.period.first <= row["business_date"] for row in listed
    ]
    return Task(
        alert_id=last["alert_id"],
        portfolio_id=last["portfolio_id"],
        adviser_id=last["adviser_id"],
        rule=last["rule"],
        last=last,
        opened_at=_last(listed, "opened_at"),
        due_at=_last(listed, "due_at"),
        was_open=any(is_open),
        acted_at=min([step["at"] for step in steps] + decided, default=None),
        put_off_at=min(put_off, default=None),
        over_at=calendar.session_close(last["business_date"]) if is_over else None,
        filled_at=min((case.filled_at for case in cases if case.filled_at), default=None),
        is_done=last["status"] in _OVER or any(case.state in DONE_STATES for case in cases),
    )


def _is_decision(step: Mapping[str, Any]) -> bool:
    """Return whether a step is somebody's decision; of automation's only the yes to a small list is."""
    if step["role"] == Role.AUTOMATION.value:
        return bool(step["step"] == Step.APPROVE.value)
    return step["step"] in DECIDING


def _last(listed: list[dict[str, Any]], name: str) -> Any:
    return next((row[name] for row in reversed(listed) if row[name] is not None), None)
