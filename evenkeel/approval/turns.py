"""Whose turn it is, and the clocks that start with it: each clock starts when its own step does (APR-04)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from data_contracts.vocab import ConsentKind, ConsentState, ProposalState, Role
from evenkeel.approval.clocks import end_of, part_of
from evenkeel.policy.approval import ApprovalRule, Period
from evenkeel.ports.approvals import Case, Consent, in_turn

_CLIENT_SIDE = (ConsentKind.CLIENT, ConsentKind.COMMITTEE)


def start_turn(
    consents: Sequence[Consent], rule: ApprovalRule, client_within: Period, now: dt.datetime
) -> tuple[Consent, ...]:
    """Return the consents with the clocks of those whose turn has come started."""
    coming = {one.consent_id for one in in_turn(consents) if one.started_at is None}
    return tuple(_started(one, rule, client_within, now) if one.consent_id in coming else one for one in consents)


def restart_turn(
    consents: Sequence[Consent], rule: ApprovalRule, client_within: Period, now: dt.datetime
) -> tuple[Consent, ...]:
    """Return the consents with the clocks of those whose turn it is started anew: after somebody else's answer was waited for."""
    turn = {one.consent_id for one in in_turn(consents)}
    return tuple(_started(one, rule, client_within, now) if one.consent_id in turn else one for one in consents)


def wake_at(consents: Sequence[Consent]) -> dt.datetime | None:
    """Return when time next does something to a proposal; None: never."""
    moments = [at for one in in_turn(consents) for at in (one.remind_at, one.escalate_at, one.due_at) if at is not None]
    return min(moments, default=None)


def state_by(consents: Sequence[Consent]) -> ProposalState:
    """Return where a proposal stands by its consents alone: approved, or with those whose turn it is."""
    turn = in_turn(consents)
    if not turn:
        return ProposalState.APPROVED
    kinds = {one.kind for one in turn}
    return ProposalState.WITH_CLIENT if kinds & set(_CLIENT_SIDE) else ProposalState.WITH_ADVISER


def can_reach_quorum(consents: Sequence[Consent]) -> bool:
    """Tell whether every committee among the consents can still say yes: with those who have, and those who are still to answer."""
    counted = (ConsentState.GIVEN, ConsentState.PENDING)
    boards = [one for one in consents if one.kind is ConsentKind.COMMITTEE]
    return all(
        sum(other.state in counted for other in boards if other.position == one.position) >= one.quorum
        for one in boards
    )


def lapse(consents: Sequence[Consent]) -> tuple[Consent, ...]:
    """Return the consents with those that never came marked so."""
    return tuple(
        replace(one, state=ConsentState.LAPSED) if one.state is ConsentState.PENDING else one for one in consents
    )


def give(
    case: Case, consent_id: str, actor: str, role: Role, now: dt.datetime, reason: str, signature: str | None
) -> tuple[Consent, ...]:
    """Return the case's consents with one given; where that is the quorum, the others of its position are waived."""
    given = tuple(
        replace(
            one,
            state=ConsentState.GIVEN,
            given_by=actor,
            given_role=role,
            given_at=now,
            reason=reason or None,
            version_seen=case.version,
            digest_seen=case.digest,
            signature=signature,
        )
        if one.consent_id == consent_id
        else one
        for one in case.consents
    )
    position = next(one.position for one in given if one.consent_id == consent_id)
    together = [one for one in given if one.position == position]
    count = sum(one.state is ConsentState.GIVEN for one in together)
    if count < together[0].quorum:
        return given
    return tuple(
        replace(one, state=ConsentState.WAIVED)
        if one.position == position and one.state is ConsentState.PENDING
        else one
        for one in given
    )


def _started(one: Consent, rule: ApprovalRule, client_within: Period, now: dt.datetime) -> Consent:
    day = (rule.opens, rule.closes)
    if one.kind in _CLIENT_SIDE:
        within = rule.committee.within if one.kind is ConsentKind.COMMITTEE else client_within
        remind = part_of(now, within, rule.client_reminder_frac, day)
        return replace(one, started_at=now, remind_at=remind, escalate_at=None, due_at=end_of(now, within, day))
    clock = rule.adviser_clock
    escalate = end_of(now, clock.escalation, day)
    due = end_of(escalate, clock.after_escalation, day)
    if one.kind is ConsentKind.COMPLIANCE_REVIEW:
        return replace(one, started_at=now, remind_at=end_of(now, clock.reminder, day), escalate_at=None, due_at=due)
    return replace(one, started_at=now, remind_at=end_of(now, clock.reminder, day), escalate_at=escalate, due_at=due)
