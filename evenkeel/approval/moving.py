"""A step as it is stored: the case after it, the trail's events, the messages. Every step of every use case is made here.

Ids are functions of the proposal and the version the step leads to: made twice, a step is one step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from data_contracts.vocab import ConsentState, EventKind, ProposalState, Role, Step
from evenkeel.approval.states import require
from evenkeel.approval.turns import wake_at
from evenkeel.audit.event import AUTOMATION, SYSTEM, Event, id_of
from evenkeel.identity import stable_id
from evenkeel.ports.approvals import Case, Consent, Message, Move, in_turn


@dataclass(frozen=True)
class By:
    """Who acts, in which role, when, and why."""

    actor: str
    role: Role
    at: dt.datetime
    reason: str = ""


def automation(at: dt.datetime, reason: str = "") -> By:
    """Return the system acting by itself."""
    return By(SYSTEM, Role(AUTOMATION), at, reason)


def move(
    case: Case,
    step: Step,
    target: ProposalState,
    by: By,
    *,
    consents: Sequence[Consent] | None = None,
    told: Sequence[Message] = (),
    detail: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Move:
    """Return a step.

    Args:
        case: The case as the actor saw it.
        step: The verb.
        target: Where it leads.
        by: Who.
        consents: The case's consents after it; None: as they are.
        told: Messages; a pilot's are kept back by `withheld`.
        detail: Particulars for log and trail: ids and codes, no client data.
        changes: Other fields of the case that it changes.

    Raises:
        UsageError: The state machine has no such step, for this role, or without a reason.
    """
    require(case.state, step, target, by.role, by.reason)
    after = replace(
        case,
        state=target,
        version=case.version + 1,
        consents=tuple(case.consents if consents is None else consents),
        changed_at=by.at,
        **changes,
    )
    clocked = target in (ProposalState.WITH_ADVISER, ProposalState.WITH_CLIENT, ProposalState.ESCALATED)
    after = replace(after, wake_at=wake_at(after.consents) if clocked else None)
    particulars = {
        "from_state": case.state.value,
        "to_state": target.value,
        "step": step.value,
        "version": after.version,
        "version_seen": case.version,
        "digest": case.digest,
        "reason": by.reason,
        **(detail or {}),
    }
    events = [_event(EventKind.PROPOSAL_MOVED, after, by, particulars), *_consent_events(case, after, by)]
    return Move(case, after, step, by.actor, by.role, by.at, by.reason, detail or {}, events, told)


def opened(case: Case, by: By, detail: Mapping[str, Any]) -> Move:
    """Return the step by which a case begins; `case.version` is 1."""
    about = {
        "alert_id": case.alert_id,
        "household_id": case.household_id,
        "portfolio_id": case.portfolio_id,
        "adviser_id": case.adviser_id,
        "digest": case.digest,
        "line": case.route["line"],
        "policy_version": case.policy_version,
        "modifies": case.modifies,
        "consents": [
            {"kind": one.kind.value, "person_id": one.person_id, "position": one.position} for one in case.consents
        ],
        **detail,
    }
    event = _event(EventKind.PROPOSAL_OPENED, case, by, about)
    return Move(None, case, Step.OPEN, by.actor, by.role, by.at, by.reason, detail, [event])


def message(case: Case, kind: str, consent: Consent | None = None, *, to: str | None = None, **more: Any) -> Message:
    """Return a message about a case, of ids only.

    `case` is as it is before the step; the message states the version that the step leads to, which is the one its reader will see.

    Args:
        case: What it is about.
        kind: A code of `vocab.MessageKind`, or `superseded`.
        consent: The consent it asks for.
        to: The person it goes to, where it is not the consent's. A consent that is anybody's is asked of the adviser.
        more: What else is known: `escalated_from`, and what `decided` returns.
    """
    to = to or (case.adviser_id if consent is not None and consent.person_id is None else None)
    recipient = to or (consent.person_id if consent else case.adviser_id)
    payload = {
        "proposal_id": case.proposal_id,
        "alert_id": case.alert_id,
        "adviser_id": case.adviser_id,
        "household_id": case.household_id,
        "consent_id": consent.consent_id if consent else None,
        "recipient_id": recipient,
        "recipient_role": consent.role.value if consent and to is None else Role.ADVISER.value,
        "due_at": consent.due_at.isoformat() if consent and consent.due_at else None,
        "case_version": case.version + 1,
        **more,
    }
    identity = (case.proposal_id, case.version + 1, consent.consent_id if consent else "", recipient)
    return Message(stable_id("ms", kind, *identity), kind, payload)


def decided(by: By) -> dict[str, Any]:
    """Return what a message says of a decision: who took it, in which role, and the reason as it was written."""
    return {"decided_by": by.actor, "decided_role": by.role.value, "reason": by.reason}


def requests(case: Case, consents: Sequence[Consent]) -> list[Message]:
    """Return the requests to those whose clock a step starts: `consents` are the case's after it."""
    was = {one.consent_id: one.started_at for one in case.consents}
    return [
        message(case, "approval_requested", one)
        for one in in_turn(consents)
        if one.started_at is not None and one.started_at != was.get(one.consent_id)
    ]


def withheld(one: Move) -> Move:
    """Return a pilot's step: everything is recorded, its messages too, nothing is sent, and the log says which messages were not."""
    if not one.messages:
        return one
    kept = [replace(each, is_withheld=True) for each in one.messages]
    return replace(one, messages=kept, detail={**one.detail, "not_sent": [each.kind for each in one.messages]})


def _consent_events(before: Case, after: Case, by: By) -> list[Event]:
    kinds = {
        ConsentState.GIVEN: EventKind.CONSENT_GIVEN,
        ConsentState.REFUSED: EventKind.CONSENT_REFUSED,
        ConsentState.LAPSED: EventKind.NO_RESPONSE,
    }
    was = {one.consent_id: one.state for one in before.consents}
    events = []
    for one in after.consents:
        kind = kinds.get(one.state)
        if kind is None or was.get(one.consent_id) is one.state:
            continue
        if kind is EventKind.NO_RESPONSE and (one.started_at is None or after.state is not ProposalState.EXPIRED):
            continue  # nobody had been asked, or nobody waits for the answer any more
        events.append(
            _event(
                kind,
                after,
                by,
                {
                    "consent_id": one.consent_id,
                    "kind": one.kind.value,
                    "person_id": one.person_id,
                    "version_seen": one.version_seen,
                    "digest_seen": one.digest_seen,
                    "has_signature": one.signature is not None,
                    "asked_at": one.started_at,
                    "due_at": one.due_at,
                    "reason": one.reason,
                },
                one.consent_id,
            )
        )
    return events


def _event(kind: EventKind, case: Case, by: By, payload: Mapping[str, Any], *identity: object) -> Event:
    return Event(
        event_id=id_of(kind, case.proposal_id, case.version, *identity),
        kind=kind,
        business_date=case.business_date,
        subject=case.proposal_id,
        run_id=None,
        actor=by.actor,
        role=by.role.value,
        occurred_at=by.at,
        payload={"alert_id": case.alert_id, "household_id": case.household_id, **payload},
    )
