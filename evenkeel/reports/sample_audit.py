"""Quarterly sample audit: alerts drawn at random, each with its whole chain from the alert to the client's message, gaps marked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from data_contracts.vocab import ConsentState, DeliveryState, EventKind, FillStatus, ProposalState
from evenkeel.reports.answers import Answer
from evenkeel.reports.facts import Facts
from evenkeel.reports.kpis import derive
from evenkeel.reports.model import Column, Report, Table, Unit
from evenkeel.reports.tasks import Task

NAME = "sample-audit"
SAMPLE_SIZE = 25
_SENT = frozenset(each.value for each in (ProposalState.SENT, ProposalState.FILLED, ProposalState.RECONCILED))
_FILLED = frozenset(each.value for each in (ProposalState.FILLED, ProposalState.RECONCILED))
_SAMPLED = (
    Column("alert_id", "Alert", Unit.CODE),
    Column("portfolio_id", "Portfolio", Unit.CODE),
    Column("adviser_id", "Adviser", Unit.CODE),
    Column("status", "Stood at the end", Unit.WORDS),
    Column("proposal_count", "Proposals", Unit.COUNT),
    Column("outcome", "Came to", Unit.WORDS),
    Column("event_count", "Events in the trail", Unit.COUNT),
    Column("gap_count", "Gaps", Unit.COUNT),
)
_CHAIN = (
    Column("alert_id", "Alert", Unit.CODE),
    Column("part", "Part", Unit.WORDS),
    Column("subject_id", "Which", Unit.CODE),
    Column("at", "When", Unit.INSTANT),
    Column("who", "Who", Unit.CODE),
    Column("says", "What it says"),
    Column("seqs", "Entries of the trail", Unit.CODE),
)
_GAPS = (
    Column("alert_id", "Alert", Unit.CODE),
    Column("part", "Where", Unit.WORDS),
    Column("subject_id", "Which", Unit.CODE),
    Column("says", "What is missing"),
)
Events = Mapping[str, Sequence[Mapping[str, Any]]]
"""Events of the trail by alert: those that are about it or its proposals, or mention them; as `Records.find_events` returns them."""


def draw(alert_ids: Iterable[str], quarter: str, firm: str, size: int = SAMPLE_SIZE) -> list[str]:
    """Return a sample that anybody can draw again: the ids with the smallest SHA-256 of firm, quarter and id.

    Nobody chooses, the order in which alerts are listed does not count, and an alert that is found later displaces one at most.
    """

    def place(alert_id: str) -> bytes:
        return hashlib.sha256(f"{firm}\x1f{quarter}\x1f{alert_id}".encode()).digest()

    return sorted(set(alert_ids), key=place)[:size]


def sampled(facts: Facts, size: int = SAMPLE_SIZE) -> list[Task]:
    """Return the alerts that are drawn of those that asked for work in the period."""
    asked = {each.alert_id: each for each in derive(facts).tasks if each.was_open}
    return [asked[each] for each in draw(asked, facts.period.name, facts.firm, size)]


def sample_audit(facts: Facts, events: Events, size: int = SAMPLE_SIZE) -> Report:
    """Return the report."""
    derived = derive(facts)
    population = sum(each.was_open for each in derived.tasks)
    chains, gaps, rows = [], [], []
    for task in sampled(facts, size):
        cases = [each for each in derived.answers if each.case["alert_id"] == task.alert_id]
        said = list(events.get(task.alert_id, ()))
        chain = list(_chain(facts, task, cases, said))
        missing = list(_gaps(facts, task, cases, said))
        chains += chain
        gaps += missing
        rows.append(
            {
                "alert_id": task.alert_id,
                "portfolio_id": task.portfolio_id,
                "adviser_id": task.adviser_id,
                "status": task.last["status"],
                "proposal_count": len(cases),
                "outcome": cases[-1].state if cases else None,
                "event_count": len(said),
                "gap_count": len(missing),
            }
        )
    how = (
        f"Drawn of {population} alerts that asked for work in the period: those with the smallest SHA-256 of firm ({facts.firm}), "
        f"quarter ({facts.period.name}) and alert, with the character 31 between them."
    )
    notes = (
        []
        if facts.is_execution_kept
        else ["Orders and fills are not kept in this home: the chain ends at the hand-over."]
    )
    return Report(
        NAME,
        "Sample audit",
        "A random sample of the quarter's alerts, each with everything on record about it.",
        facts.period,
        facts.as_of_at,
        facts.is_period_over,
        (
            Table("alerts", "The sample", _SAMPLED, rows, how, "No alert asked for work in the period."),
            Table("gaps", "Gaps", _GAPS, gaps, when_empty="No gap was found." if rows else "Nothing was sampled."),
            Table("chain", "Each alert's chain", _CHAIN, chains),
        ),
        notes=notes,
        run_ids=facts.run_ids,
    )


def _chain(
    facts: Facts, task: Task, cases: Sequence[Answer], said: Sequence[Mapping[str, Any]]
) -> Iterable[dict[str, Any]]:
    def link(part: str, subject: str, at: Any, who: str | None, says: str) -> dict[str, Any]:
        return {
            "alert_id": task.alert_id,
            "part": part,
            "subject_id": subject,
            "at": at,
            "who": who,
            "says": says,
            "seqs": _seqs(said, subject),
        }

    yield link("alert", task.alert_id, task.opened_at, task.adviser_id, task.last["reason"])
    for row in facts.decisions.filter(pl.col("episode_id") == task.alert_id).sort("decided_at").iter_rows(named=True):
        yield link(
            "decision", row["decision_id"], row["decided_at"], row["actor"], f"{_words(row['kind'])}: {row['reason']}"
        )
    for each in cases:
        proposal = each.case["proposal_id"]
        failed = ", ".join(each.case["failed_checks"] or ())
        checks = f"checks that kept it back: {failed}" if failed else "no check kept it back"
        yield link("proposal", proposal, each.case["opened_at"], None, f"{each.case['line']}; {checks}")
        for step in each.steps:
            words = _words(f"{step['step']}: {step['to_state']}") + (f": {step['reason']}" if step["reason"] else "")
            yield link("step", proposal, step["at"], step["actor"], words)
        for one in facts.consents.filter(pl.col("proposal_id") == proposal).iter_rows(named=True):
            yield link(
                "consent", one["consent_id"], one["given_at"], one["given_by"] or one["person_id"], _consent(one)
            )
        for row in _orders(facts, proposal).iter_rows(named=True):
            yield link(
                "order", row["order_id"], row["send_at"], row["custodian"], f"{row['side']} {row['security_id']}"
            )
        for row in _fills(facts, proposal).iter_rows(named=True):
            says = f"{row['filled_qty'].normalize():f} at {row['price_usd'].normalize():f}, {row['status']}"
            yield link("fill", row["execution_id"], row["filled_at"], None, says)
        for row in facts.messages.filter(pl.col("subject_id") == proposal).sort("queued_at").iter_rows(named=True):
            says = _words(f"{row['kind']} by {row['channel'] or 'announcement'}: {row['state']}")
            yield link("message", row["message_id"], row["sent_at"] or row["queued_at"], row["recipient_ref"], says)


def _consent(one: Mapping[str, Any]) -> str:
    seen = f", saw version {one['version_seen']}" if one["version_seen"] is not None else ""
    return _words(f"{one['kind']} {one['state']}") + seen + (f": {one['reason']}" if one["reason"] else "")


def _words(codes: str) -> str:
    return codes.replace("_", " ")


def _gaps(
    facts: Facts, task: Task, cases: Sequence[Answer], said: Sequence[Mapping[str, Any]]
) -> Iterable[dict[str, Any]]:
    def gap(part: str, subject: str, says: str) -> dict[str, Any]:
        return {"alert_id": task.alert_id, "part": part, "subject_id": subject, "says": says}

    kinds = {(each["kind"], each["subject"]) for each in said}
    if (EventKind.ALERT_OPENED.value, task.alert_id) not in kinds:
        yield gap("trail", task.alert_id, "the trail has no event that it opened")
    open_events = sum(each["seq"] is None for each in said)
    if open_events:
        yield gap("trail", task.alert_id, f"{open_events} of its events are not sealed yet")
    if not cases and task.acted_at is None and task.over_at is None:
        yield gap("proposal", task.alert_id, "nobody was asked, nobody decided, and it is not over")
    for each in cases:
        proposal = each.case["proposal_id"]
        if (EventKind.PROPOSAL_OPENED.value, proposal) not in kinds:
            yield gap("trail", proposal, "the trail has no event that it was opened")
        moved = sum(row["kind"] == EventKind.PROPOSAL_MOVED.value and row["subject"] == proposal for row in said)
        if moved < len(each.steps) - 1:
            yield gap("trail", proposal, f"the log has {len(each.steps) - 1} steps after the first, the trail {moved}")
        yield from (gap("consent", subject, says) for subject, says in _consent_gaps(facts, each))
        yield from (gap(part, proposal, says) for part, says in _execution_gaps(facts, each))


def _consent_gaps(facts: Facts, each: Answer) -> Iterable[tuple[str, str]]:
    needed = facts.consents.filter(pl.col("proposal_id") == each.case["proposal_id"]).to_dicts()
    given = [one for one in needed if one["state"] == ConsentState.GIVEN.value]
    for one in given:
        if one["digest_seen"] != each.case["digest"]:
            yield one["consent_id"], "was given to another list than the proposal has"
    if each.answer == ProposalState.APPROVED.value and each.state not in ("declined", "expired", "superseded"):
        for one in needed:
            if one["state"] not in (ConsentState.GIVEN.value, ConsentState.WAIVED.value):
                yield one["consent_id"], f"the proposal was approved while this consent is {one['state']}"
        if not given:
            yield each.case["proposal_id"], "it was approved, and no consent is on record"


def _execution_gaps(facts: Facts, each: Answer) -> Iterable[tuple[str, str]]:
    if not facts.is_execution_kept or each.state not in _SENT:
        return
    if not _orders(facts, each.case["proposal_id"]).height:
        yield "order", "it was sent, and no order is on record"
    if each.state not in _FILLED:
        return
    if not _fills(facts, each.case["proposal_id"]).filter(pl.col("status") == FillStatus.GOOD.value).height:
        yield "fill", "it was filled, and no execution is on record"
    told = facts.messages.filter(
        pl.col("subject_id") == each.case["proposal_id"],
        pl.col("kind").str.starts_with("client_after_fill"),
        pl.col("state").is_in([DeliveryState.SENT.value, DeliveryState.WITHHELD.value]),
    )
    if not told.height:
        yield "message", "it was filled, and no message to the client was sent"


def _orders(facts: Facts, proposal: str) -> pl.DataFrame:
    own = facts.allocations.filter(pl.col("proposal_id") == proposal)
    return facts.orders.join(own, on="order_id", how="semi").sort("sequence_no", "order_id")


def _fills(facts: Facts, proposal: str) -> pl.DataFrame:
    own = facts.allocations.filter(pl.col("proposal_id") == proposal)
    return facts.fills.join(own, on="order_id", how="semi").sort("filled_at", "execution_id")


def _seqs(said: Sequence[Mapping[str, Any]], subject: str) -> str:
    """Return the entries of the trail that are about something: `12, 15`."""
    return ", ".join(str(each["seq"]) for each in said if each["seq"] is not None and _is_about(each, subject))


def _is_about(event: Mapping[str, Any], subject: str) -> bool:
    return bool(event["subject"] == subject or f'"{subject}"' in event["payload"])
