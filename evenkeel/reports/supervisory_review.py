"""Supervisory review: who decided what, what was overridden, escalated, late or left unanswered, and who has reviewed it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from data_contracts.vocab import ConsentState, Role, Step
from evenkeel.audit.canonical import canonical, plain
from evenkeel.reports.answers import Answer
from evenkeel.reports.facts import Facts
from evenkeel.reports.kpis import Derived, derive
from evenkeel.reports.model import Column, Report, Table, Unit

NAME = "supervisory-review"
REVIEWS = "reviews"
"""The table of sign-offs: what is signed does not include it."""
_DECIDED = frozenset(
    each.value
    for each in (
        Step.APPROVE,
        Step.DECLINE,
        Step.DEFER,
        Step.SNOOZE,
        Step.ESCALATE,
        Step.OVERRIDE_WASH,
        Step.SUPERSEDE,
        Step.UNSTAGE,
    )
)
_STEP = (
    Column("at", "When", Unit.INSTANT),
    Column("actor", "Who", Unit.CODE),
    Column("role", "In what role", Unit.WORDS),
    Column("step", "What", Unit.WORDS),
    Column("proposal_id", "Proposal", Unit.CODE),
    Column("household_id", "Household", Unit.CODE),
    Column("portfolio_id", "Portfolio", Unit.CODE),
    Column("value_usd", "Value", Unit.DOLLARS),
    Column("to_state", "Then", Unit.WORDS),
    Column("reason", "Why"),
)
_LATE = (
    Column("what", "What"),
    Column("subject_id", "Which", Unit.CODE),
    Column("portfolio_id", "Portfolio", Unit.CODE),
    Column("waited_for", "Waited for", Unit.CODE),
    Column("due_at", "Due", Unit.INSTANT),
    Column("done_at", "Done", Unit.INSTANT),
    Column("late_hours", "Hours late", Unit.HOURS),
)
_REVIEW = (
    Column("period", "Period"),
    Column("at", "Signed", Unit.INSTANT),
    Column("actor", "By", Unit.CODE),
    Column("role", "In what role", Unit.WORDS),
    Column("is_this", "What is shown here", Unit.FLAG),
    Column("own_count", "Own decisions among it", Unit.COUNT),
    Column("comment", "Comment"),
    Column("digest", "Digest", Unit.CODE),
)


def supervisory_review(facts: Facts) -> Report:
    """Return the report. Its digest (`content_digest`) is what a reviewer signs."""
    derived = derive(facts)
    steps = list(_steps(derived))
    people = [row for row in steps if row["role"] != Role.AUTOMATION.value and row["step"] in _DECIDED]
    made = Report(
        NAME,
        "Supervisory review",
        "Who decided what in the period, what was overridden, escalated, late or never answered, and who has reviewed it.",
        facts.period,
        facts.as_of_at,
        facts.is_period_over,
        (
            Table("decisions", "Decisions of people", _STEP, people),
            Table(
                "automation",
                "Let through by the policy without a person",
                _STEP,
                [row for row in steps if row["role"] == Role.AUTOMATION.value and row["step"] == Step.APPROVE.value],
                "Small discretionary lists, where the policy allows them.",
            ),
            Table("overrides", "Wash sales let pass", _STEP, _only(steps, Step.OVERRIDE_WASH)),
            Table("escalations", "Escalated", _STEP, _only(steps, Step.ESCALATE, Step.FOLLOW_UP)),
            Table("withdrawn", "Approvals that were withdrawn or became stale", _STEP, _withdrawn(steps)),
            Table("expired", "Never answered", _STEP, _only(steps, Step.EXPIRE)),
            Table("late", "Late", _LATE, _late(derived), "Against the due times of consents and alerts."),
        ),
        run_ids=facts.run_ids,
    )
    return _with_reviews(made, facts)


def content_digest(report: Report) -> str:
    """Return the SHA-256 of what a report shows, without its sign-offs and the time it was made: what a reviewer puts their name to."""
    shown = {
        "name": report.name,
        "period": report.period.name,
        "tables": {each.name: [dict(row) for row in each.rows] for each in report.tables if each.name != REVIEWS},
    }
    return hashlib.sha256(canonical(plain(shown))).hexdigest()


def own_decisions(report: Report, actor: str) -> int:
    """Return how many of the decisions somebody took themselves."""
    return sum(row["actor"] == actor for row in report.table("decisions").rows)


def _with_reviews(made: Report, facts: Facts) -> Report:
    digest = content_digest(made)
    rows = [
        {
            "period": each["period"],
            "at": each["at"],
            "actor": each["actor"],
            "role": each["role"],
            "is_this": each["digest"] == digest if each["period"] == facts.period.name else None,
            "own_count": each["own_count"],
            "comment": each["comment"],
            "digest": each["digest"],
        }
        for each in facts.reviews
    ]
    this = [row for row in rows if row["period"] == facts.period.name]
    table = Table(
        REVIEWS,
        "Who has reviewed it",
        _REVIEW,
        rows,
        f"What is shown here has the digest {digest}. A sign-off with another one was given to other rows: they have changed since.",
        "Nobody has signed a review yet: `evenkeel report sign`.",
    )
    missing = () if this else (f"Nobody has reviewed {facts.period.name} yet.",)
    return Report(
        made.name,
        made.title,
        made.about,
        made.period,
        made.as_of_at,
        made.is_period_over,
        (*made.tables, table),
        made.figures,
        (*missing, *made.notes),
        made.run_ids,
    )


def _steps(derived: Derived) -> Iterable[dict[str, Any]]:
    """Yield the steps of the period and the decisions on alerts without a case, in order of time."""
    facts = derived.facts
    rows = [{**step, **_where(each)} for each in derived.answers for step in each.steps if facts.has(step["at"])]
    of_case = {(row["actor"], row["at"]) for row in rows}
    alerts = {each.alert_id: each for each in derived.tasks}
    for row in facts.decisions.iter_rows(named=True):
        # A decline of a case writes a decision too; it is the same decision.
        if not facts.has(row["decided_at"]) or (row["actor"], row["decided_at"]) in of_case:
            continue
        alert = alerts.get(row["episode_id"])
        rows.append(
            {
                "at": row["decided_at"],
                "actor": row["actor"],
                "role": row["role"],
                "step": row["kind"],
                "proposal_id": row["episode_id"],
                "household_id": alert.last["household_id"] if alert else None,
                "portfolio_id": alert.portfolio_id if alert else None,
                "value_usd": alert.last["value_usd"] if alert else None,
                "from_state": None,
                "to_state": "quiet",
                "reason": row["reason"],
            }
        )
    return sorted(rows, key=lambda row: (row["at"], row["proposal_id"], row.get("version") or 0))


def _where(each: Answer) -> Mapping[str, Any]:
    return {name: each.case[name] for name in ("household_id", "portfolio_id", "value_usd")}


def _only(steps: Iterable[dict[str, Any]], *wanted: Step) -> list[dict[str, Any]]:
    return [row for row in steps if row["step"] in {each.value for each in wanted}]


def _withdrawn(steps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        row
        for row in steps
        if row["step"] == Step.INVALIDATE.value
        or (row["step"] == Step.DECLINE.value and row.get("from_state") == "approved")
    ]


def _late(derived: Derived) -> list[dict[str, Any]]:
    facts = derived.facts
    case_of = {each.case["proposal_id"]: each for each in derived.answers}
    rows = []
    for one in facts.consents.sort("due_at", "consent_id").iter_rows(named=True):
        case, due_at = case_of.get(one["proposal_id"]), one["due_at"]
        if case is None or not facts.has(due_at) or one["state"] == ConsentState.WAIVED.value:
            continue
        given_at = one["given_at"] if one["given_at"] and facts.is_by_then(one["given_at"]) else None
        if given_at is None and not _is_waited_for(case, one):
            continue
        rows += _late_row(
            "answer", one["proposal_id"], case.case["portfolio_id"], one["person_id"], due_at, given_at, facts
        )
    for task in derived.tasks:
        if not facts.has(task.due_at):
            continue
        ends = [at for at in (task.acted_at, task.filled_at, task.over_at) if at is not None and facts.is_by_then(at)]
        done_at = min(ends, default=None)
        rows += _late_row("alert", task.alert_id, task.portfolio_id, task.adviser_id, task.due_at, done_at, facts)
    return sorted(rows, key=lambda row: (row["due_at"], row["subject_id"]))


def _is_waited_for(case: Answer, one: Mapping[str, Any]) -> bool:
    """Return whether a consent without answer was still asked for then, or ran out unanswered."""
    is_asked = one["state"] != ConsentState.LAPSED.value and case.answer is None
    return is_asked or case.answer == "expired"


def _late_row(
    what: str, subject: str, portfolio: str, whom: str | None, due_at: Any, done_at: Any, facts: Facts
) -> list[dict[str, Any]]:
    until = done_at or facts.until_at
    if until <= due_at:
        return []
    return [
        {
            "what": what,
            "subject_id": subject,
            "portfolio_id": portfolio,
            "waited_for": whom,
            "due_at": due_at,
            "done_at": done_at,
            "late_hours": (until - due_at).total_seconds() / 3600,
        }
    ]
