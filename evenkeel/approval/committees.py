"""A committee's member has left the firm: nobody takes their place, and compliance is told where the others are too few.

Who sits on a committee, and how many must say yes, is the policy's and the account's to say. So a member's consent goes to nobody else.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from data_contracts.vocab import ConsentKind, ConsentState, ProposalState, Role, Step
from evenkeel.approval.acting import COMPLIANCE
from evenkeel.approval.moving import automation, message, move
from evenkeel.approval.people import People
from evenkeel.approval.states import WAITING_STATES
from evenkeel.approval.turns import can_reach_quorum
from evenkeel.audit.event import SYSTEM
from evenkeel.calendar import EASTERN
from evenkeel.ports.approvals import Case, Move


def lose_members(case: Case, now: dt.datetime, people: People) -> Move | None:
    """Return the step by which a proposal waits no longer for a committee's members who are gone, or None where it waits for none.

    Where the others can still reach the quorum, those who are gone are waived, and the rest have the time they had. Where they cannot, no
    yes of the committee can come any more: compliance is told, and it is theirs to see to. The others' clocks run on.

    Args:
        case: In any state; only one that waits changes.
        now: The moment.
        people: The firm, as the book of today has it.
    """
    gone = [
        one
        for one in case.consents
        if one.kind is ConsentKind.COMMITTEE
        and one.state is ConsentState.PENDING
        and one.role is Role.ADVISER
        and one.person_id not in people
    ]
    if case.state not in WAITING_STATES or not gone:
        return None
    ids = {one.consent_id for one in gone}
    others = [one for one in case.consents if one.consent_id not in ids]
    is_reachable = can_reach_quorum([*others, *(replace(one, state=ConsentState.LAPSED) for one in gone)])
    became = ConsentState.WAIVED if is_reachable else ConsentState.LAPSED
    consents = [replace(one, state=became) if one.consent_id in ids else one for one in case.consents]
    left = sorted({str(one.person_id) for one in gone})
    quorum = gone[0].quorum
    detail = {"left": left, "quorum": quorum, "is_reachable": is_reachable, "consent_ids": sorted(ids)}
    reason = f"{', '.join(left)} left the firm"
    if is_reachable:
        by = automation(now, reason)
        return move(case, Step.HAND_OVER, case.state, by, consents=consents, detail=detail)
    to = people.compliance(now.astimezone(EASTERN).date()) or COMPLIANCE
    by = automation(now, f"{reason}: the committee's quorum of {quorum} cannot be reached any more")
    told = [message(case, "approval_escalated", to=to, escalated_by=SYSTEM, reason=by.reason, is_follow_up=True)]
    is_escalated = case.state is ProposalState.ESCALATED
    step = Step.HAND_OVER if is_escalated else Step.ESCALATE
    detail |= {"escalated_before": case.escalated_to, "escalated_after": to}
    return move(
        case,
        step,
        ProposalState.ESCALATED,
        by,
        consents=consents,
        told=told,
        detail=detail,
        escalated_to=to,
    )
