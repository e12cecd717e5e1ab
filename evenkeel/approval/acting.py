"""What a person's step does to a proposal: open, approve, decline, defer, escalate. Pure: it returns the step to be stored.

Who may ask for it at all is in `rights`; whether the case is still as the person saw it is settled where the step is stored.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from data_contracts.vocab import ConsentKind, ConsentState, ProposalState, Role, Step
from evenkeel.approval.moving import By, automation, decided, message, move, opened, requests
from evenkeel.approval.people import People
from evenkeel.approval.routing import Route
from evenkeel.approval.turns import can_reach_quorum, give, lapse, restart_turn, start_turn, state_by
from evenkeel.calendar import EASTERN
from evenkeel.errors import UsageError
from evenkeel.identity import stable_id
from evenkeel.policy.approval import ApprovalRule, Period
from evenkeel.ports.approvals import Case, Consent, Move, in_turn

FIRM_KINDS = (ConsentKind.ADVISER, ConsentKind.SENIOR_ADVISER, ConsentKind.COMPLIANCE_REVIEW)
COMPLIANCE = "compliance"
"""To whom a case is escalated where no person of compliance is named."""


def rule_of(case: Case) -> ApprovalRule:
    """Return the policy's part on approval under which the case was opened; a later policy does not move its clocks."""
    return ApprovalRule.model_validate(case.route["approval"])


def client_within(case: Case) -> Period:
    """Return how long the client has."""
    return Period.model_validate(case.route["client_within"])


def consents_of(proposal_id: str, route: Route) -> tuple[Consent, ...]:
    """Return the consents a route needs, none asked for yet."""
    return tuple(
        Consent(
            stable_id("co", proposal_id, one.position, one.kind.value, one.person_id),
            proposal_id,
            one.position,
            one.kind,
            one.role,
            one.person_id,
            one.quorum,
        )
        for one in route.needed
    )


def open_case(case: Case, failed_checks: Sequence[str], at: dt.datetime, by: By | None = None) -> list[Move]:
    """Return the steps by which a new proposal reaches those who decide: drafted, checked, with the adviser.

    One that a check holds back stays drafted until a person has looked: nobody is asked for consent.

    Args:
        case: Drafted, version 1, its consents not asked yet.
        failed_checks: Codes of the checks that failed.
        at: Now.
        by: Who drafted it, where a person did.
    """
    first = opened(case, by or automation(at), {"failed_checks": list(failed_checks)})
    return [first] if failed_checks else [first, *check_and_present(case, at)]


def check_and_present(case: Case, at: dt.datetime) -> list[Move]:
    """Return the steps from drafted, every check passed, to those whose turn it is."""
    checked = move(case, Step.CHECK, ProposalState.CHECKED, automation(at))
    return [checked, present(checked.after, at)]


def present(case: Case, at: dt.datetime) -> Move:
    """Return the step that puts a checked proposal before those whose turn it is first."""
    consents = start_turn(case.consents, rule_of(case), client_within(case), at)
    told = requests(case, consents)
    return move(case, Step.PRESENT, ProposalState.WITH_ADVISER, automation(at), consents=consents, told=told)


def approve(
    case: Case, by: By, people: People, *, signature: str | None = None, documents: Collection[str] = ()
) -> Move:
    """Return the step of one yes to the whole; the proposal goes to whoever is next, or is approved.

    Raises:
        UsageError: It is not this person's turn, they have had their say, a committee lacks its documents, or its quorum cannot be
            reached any more.
    """
    if not can_reach_quorum(case.consents):
        raise UsageError(
            f"the committee of {case.proposal_id} cannot reach its quorum any more, since a member left the firm; decline it, and name "
            "other members in the policy: the next run's proposal is theirs"
        )
    consent = _consent_for(case, by, people)
    if consent.kind is ConsentKind.COMMITTEE:
        missing = [name for name in case.route.get("documents", ()) if name not in documents]
        if missing:
            raise UsageError(f"a committee decides with its documents in hand; missing: {', '.join(missing)}")
    given = give(case, consent.consent_id, by.actor, by.role, by.at, by.reason, signature)
    # Only a review of compliance stops the clocks of others; once it is given, they begin anew.
    starter = restart_turn if consent.kind is ConsentKind.COMPLIANCE_REVIEW else start_turn
    consents = starter(given, rule_of(case), client_within(case), by.at)
    target = state_by(consents)
    told = requests(case, consents)
    if target is ProposalState.APPROVED:
        told = [message(case, "proposal_approved", to=case.adviser_id, **decided(by))]
    detail = {"consent_id": consent.consent_id, "consent": consent.kind.value, "documents": sorted(documents)}
    return move(case, Step.APPROVE, target, by, consents=consents, told=told, detail=detail, escalated_to=None)


def decline(case: Case, by: By) -> Move:
    """Return the step that ends a proposal with a no to the whole of it, an approval before staging taken back included."""
    refused = _refused(case, by) if case.state is not ProposalState.APPROVED else case.consents
    told = [message(case, "proposal_declined", to=case.adviser_id, **decided(by))]
    return move(case, Step.DECLINE, ProposalState.DECLINED, by, consents=lapse(refused), told=told)


def put_off(case: Case, step: Step, by: By, until: dt.date | None) -> Move:
    """Return the step that puts a proposal off (`defer`, `snooze`): its alert stays quiet, and the next proposal is another one."""
    detail = {"until_date": until}
    return move(case, step, ProposalState.DEFERRED, by, consents=lapse(case.consents), detail=detail, until_date=until)


def escalate(case: Case, by: By, people: People) -> Move:
    """Return the step that asks compliance: its review comes before every consent that is still needed."""
    on = by.at.astimezone(EASTERN).date()
    person = people.compliance(on)
    if person is None and not people.is_firm_of_one:
        raise UsageError("nobody of compliance is named in advisers.csv (is_compliance); name somebody there")
    review = Consent(
        consent_id=stable_id("co", case.proposal_id, "review", case.version),
        proposal_id=case.proposal_id,
        position=min((one.position for one in in_turn(case.consents)), default=1) - 1,
        kind=ConsentKind.COMPLIANCE_REVIEW,
        role=Role.COMPLIANCE,
        person_id=person,
        quorum=1,
    )
    consents = start_turn((review, *case.consents), rule_of(case), client_within(case), by.at)
    asked = next(one for one in consents if one.consent_id == review.consent_id)
    told = [message(case, "approval_escalated", asked, escalated_by=by.actor, reason=by.reason)]
    return move(
        case,
        Step.ESCALATE,
        ProposalState.ESCALATED,
        by,
        consents=consents,
        told=told,
        escalated_to=person or COMPLIANCE,
    )


def supersede(case: Case, by: By, newer_id: str | None) -> Move:
    """Return the step by which a newer proposal, or the end of its alert, takes a proposal's place."""
    told = [message(case, "superseded", to=case.adviser_id, newer_proposal_id=newer_id, **decided(by))]
    detail = {"newer_proposal_id": newer_id}
    return move(
        case, Step.SUPERSEDE, ProposalState.SUPERSEDED, by, consents=lapse(case.consents), told=told, detail=detail
    )


def invalidate(case: Case, at: dt.datetime, causes: Sequence[Mapping[str, Any]], reason: str) -> Move:
    """Return the step by which a stale approval ends; the consents stay as they were given."""
    by = automation(at, reason)
    codes = [each["cause"] for each in causes]
    told = [message(case, "approval_expired", to=case.adviser_id, causes=codes, **decided(by))]
    return move(case, Step.INVALIDATE, ProposalState.EXPIRED, by, told=told, detail={"causes": list(causes)})


def may_give(one: Consent, case: Case, by: By, people: People) -> bool:
    """Return whether a person may give a consent: it is theirs, or they stand in, or it was escalated to them."""
    on = by.at.astimezone(EASTERN).date()
    if one.kind is ConsentKind.COMPLIANCE_REVIEW:
        return by.role is Role.COMPLIANCE
    if one.kind is ConsentKind.CLIENT:
        return by.role is Role.CLIENT and by.actor == one.person_id
    if one.kind is ConsentKind.COMMITTEE:
        is_of_firm = by.role in (Role.ADVISER, Role.SENIOR_ADVISER)
        return by.actor == one.person_id and (is_of_firm if one.role is Role.ADVISER else by.role is Role.CLIENT)
    if by.role is Role.SENIOR_ADVISER:
        return True
    if one.kind is ConsentKind.SENIOR_ADVISER or by.role is not Role.ADVISER or one.person_id is None:
        return False
    if by.actor == case.escalated_to or people.stands_in(by.actor, one.person_id, on):
        return True
    # The adviser of the consent has left the firm: whoever has the household now.
    return one.person_id not in people and by.actor == case.route.get("adviser_now", case.adviser_id)


def _consent_for(case: Case, by: By, people: People) -> Consent:
    turn = in_turn(case.consents)
    had_say = {one.given_by for one in case.consents if one.kind in FIRM_KINDS and one.state is ConsentState.GIVEN}
    for one in turn:
        if not may_give(one, case, by, people):
            continue
        if one.kind in FIRM_KINDS and by.actor in had_say and not people.is_firm_of_one:
            raise UsageError(
                f"{by.actor} has approved {case.proposal_id} already; where two are required the second is another person"
            )
        return one
    if any(one.given_by == by.actor for one in case.consents):
        raise UsageError(f"{by.actor} has said yes to {case.proposal_id} already; it waits for {_awaited(turn)}")
    raise UsageError(
        f"{case.proposal_id} waits for {_awaited(turn) or 'nobody'}, not for {by.actor} in the role {by.role.value}; --role names another"
    )


def _awaited(turn: Sequence[Consent]) -> str:
    return ", ".join(f"{one.person_id or 'anybody'} ({one.kind.value.replace('_', ' ')})" for one in turn)


def _refused(case: Case, by: By) -> tuple[Consent, ...]:
    """Mark the consent that the person was asked for as refused, where there is one."""
    own = next((one for one in in_turn(case.consents) if one.person_id == by.actor), None)
    own = own or next((one for one in in_turn(case.consents) if one.role is by.role), None)
    return tuple(
        replace(
            one,
            state=ConsentState.REFUSED,
            given_by=by.actor,
            given_role=by.role,
            given_at=by.at,
            reason=by.reason,
            version_seen=case.version,
            digest_seen=case.digest,
        )
        if own is not None and one.consent_id == own.consent_id
        else one
        for one in case.consents
    )
