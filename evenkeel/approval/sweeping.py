"""What time does to a proposal: reminder, escalation, and at the end auto-decline or manual follow-up. Never execution.

The one exception is the policy's: discretionary lists so small that silence lets them go (`small_trades`), with no tax.
A sweep that comes late does what is due by then, once; a reminder that a later step overtakes is not sent after it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from data_contracts.vocab import ClockKind, ConsentKind, ConsentState, ProposalState, Role, Step
from evenkeel.approval.acting import COMPLIANCE, client_within, rule_of
from evenkeel.approval.moving import automation, decided, message, move
from evenkeel.approval.people import People
from evenkeel.approval.states import WAITING_STATES
from evenkeel.approval.turns import give, lapse, start_turn, state_by
from evenkeel.calendar import EASTERN
from evenkeel.ports.approvals import Case, Consent, Move, in_turn


def due(case: Case, now: dt.datetime) -> tuple[ClockKind, list[Consent]] | None:
    """Return what has come due by `now`, the last in the order of a clock, and the consents it has come due for."""
    if case.state not in WAITING_STATES:
        return None
    turn = in_turn(case.consents)
    for kind, name in (
        (ClockKind.EXPIRY, "due_at"),
        (ClockKind.ESCALATION, "escalate_at"),
        (ClockKind.REMINDER, "remind_at"),
    ):
        late = [one for one in turn if (at := getattr(one, name)) is not None and at <= now]
        if late:
            return kind, late
    return None


def sweep_case(case: Case, now: dt.datetime, people: People) -> Move | None:
    """Return what has to be done to a case by now, or None."""
    found = due(case, now)
    if found is None:
        return None
    kind, late = found
    if kind is ClockKind.REMINDER:
        return _remind(case, late, now, people)
    if kind is ClockKind.ESCALATION:
        return _escalate(case, late, now, people)
    if _is_let_go(case):
        return _let_go(case, now)
    return _give_up(case, late, now, people)


def _remind(case: Case, late: Sequence[Consent], now: dt.datetime, people: People) -> Move:
    on = now.astimezone(EASTERN).date()
    ids = {one.consent_id for one in late}
    consents = [replace(one, remind_at=None) if one.consent_id in ids else one for one in case.consents]
    told = [message(case, "approval_reminder", one, to=_standing_in(one, people, on)) for one in late]
    detail = {"clock": ClockKind.REMINDER.value, "consent_ids": sorted(ids)}
    return move(case, Step.REMIND, case.state, automation(now), consents=consents, told=told, detail=detail)


def _escalate(case: Case, late: Sequence[Consent], now: dt.datetime, people: People) -> Move:
    on = now.astimezone(EASTERN).date()
    ids = {one.consent_id for one in late}
    consents = [
        replace(one, remind_at=None, escalate_at=None) if one.consent_id in ids else one for one in case.consents
    ]
    slow = late[0].person_id or case.adviser_id
    above = _above(slow, rule_of(case).escalates_to, people, on)
    detail = {"clock": ClockKind.ESCALATION.value, "consent_ids": sorted(ids), "escalated_to": above}
    if above is None:
        # A firm of one, or the head of the firm: there is nobody above, so the person is reminded once more.
        told = [message(case, "approval_reminder", one, to=_standing_in(one, people, on)) for one in late]
        return move(case, Step.REMIND, case.state, automation(now), consents=consents, told=told, detail=detail)
    told = [message(case, "approval_escalated", one, to=above, escalated_from=one.person_id or slow) for one in late]
    if case.state is ProposalState.ESCALATED:
        return move(
            case,
            Step.REMIND,
            case.state,
            automation(now),
            consents=consents,
            told=told,
            detail=detail,
            escalated_to=above,
        )
    return move(
        case,
        Step.ESCALATE,
        ProposalState.ESCALATED,
        automation(now, "no answer in time"),
        consents=consents,
        told=told,
        detail=detail,
        escalated_to=above,
    )


def _is_let_go(case: Case) -> bool:
    """Tell whether silence lets it go: a small list for which nobody but the adviser is waited for, now or after."""
    waited_for = [one for one in case.consents if one.state is ConsentState.PENDING]
    return (
        bool(case.route.get("is_small"))
        and bool(waited_for)
        and all(one.kind is ConsentKind.ADVISER for one in waited_for)
    )


def _let_go(case: Case, now: dt.datetime) -> Move:
    by = automation(now, "discretionary, small and without tax: the policy lets it go where nobody answers")
    current = case
    for one in in_turn(case.consents):
        consents = give(current, one.consent_id, by.actor, by.role, now, by.reason, None)
        current = replace(current, consents=consents)
    consents = start_turn(current.consents, rule_of(case), client_within(case), now)
    told = [message(case, "proposal_approved", to=case.adviser_id, **decided(by))]
    detail = {"clock": ClockKind.EXPIRY.value, "is_small": True}
    return move(
        case,
        Step.APPROVE,
        state_by(consents),
        by,
        consents=consents,
        told=told,
        detail=detail,
        escalated_to=None,
    )


def _give_up(case: Case, late: Sequence[Consent], now: dt.datetime, people: People) -> Move:
    detail = {
        "clock": ClockKind.EXPIRY.value,
        "consent_ids": sorted(one.consent_id for one in late),
        "unanswered_by": sorted(one.person_id or one.role.value for one in late),
    }
    if rule_of(case).on_timeout == "decline":
        by = automation(now, "no answer in time")
        told = [message(case, "approval_expired", to=case.adviser_id, **decided(by))]
        return move(
            case, Step.EXPIRE, ProposalState.EXPIRED, by, consents=lapse(case.consents), told=told, detail=detail
        )
    on = now.astimezone(EASTERN).date()
    above = _above(case.adviser_id, rule_of(case).escalates_to, people, on) or case.adviser_id
    stopped = [replace(one, remind_at=None, escalate_at=None, due_at=None) for one in late]
    by_id = {one.consent_id: one for one in stopped}
    consents = [by_id.get(one.consent_id, one) for one in case.consents]
    slow = late[0].person_id or late[0].role.value
    more: dict[str, Any] = {"due_at": None, "is_follow_up": True}  # no clock runs on
    told = [message(case, "approval_escalated", late[0], to=above, escalated_from=slow, **more)]
    by = automation(now, "no answer in time; somebody must see to it")
    return move(
        case,
        Step.FOLLOW_UP,
        ProposalState.ESCALATED,
        by,
        consents=consents,
        told=told,
        detail=detail,
        escalated_to=above,
    )


def _above(person_id: str, whom: str, people: People, on: dt.date) -> str | None:
    if people.is_firm_of_one:
        return None
    if whom == "compliance":
        return people.compliance(on) or COMPLIANCE
    senior = people.senior_for(person_id, on)
    return people.principal_of(person_id, on) or (senior if senior != person_id else None) or people.compliance(on)


def _standing_in(one: Consent, people: People, on: dt.date) -> str | None:
    """Return the deputy who acts for an absent person; None: the message goes to the person."""
    if one.person_id is None or one.role is Role.CLIENT:
        return None
    acting = people.acting_for(one.person_id, on)
    return acting if acting != one.person_id else None
