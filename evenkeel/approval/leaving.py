"""What becomes of a proposal when somebody of the firm has left: whoever has the household now is asked, with a clock of their own.

Gone is who stands no longer in advisers.csv; who is away has a deputy, and nothing is handed over. What somebody said before they left
stays said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace

from data_contracts.vocab import ConsentKind, ConsentState, Step
from evenkeel.approval.acting import COMPLIANCE, FIRM_KINDS, client_within, rule_of
from evenkeel.approval.moving import automation, message, move, requests
from evenkeel.approval.people import People
from evenkeel.approval.states import HANDED_OVER_STATES, WAITING_STATES
from evenkeel.approval.turns import start_turn
from evenkeel.calendar import EASTERN
from evenkeel.ports.approvals import Case, Consent, Move


def adviser_for(then: str, now: str | None, people: People, on: dt.date) -> str:
    """Return whose proposals a household's are.

    Args:
        then: The adviser when the run was made or the case opened; theirs as long as they are in the firm.
        now: The household's adviser of record by the book of today.
        people: The firm.
        on: The day, Eastern.

    Returns:
        `then`; else `now`; else the first senior adviser there is; `then` again in a firm that has none of them.
    """
    if then in people:
        return then
    if now is not None and now in people:
        return now
    return people.senior_for(then, on) or then


def hand_over(case: Case, now: dt.datetime, people: People, adviser_now: str | None) -> Move | None:
    """Return the step by which a proposal leaves somebody who is gone, or None where it waits for nobody who is.

    Args:
        case: In any state before staging.
        now: The moment.
        people: The firm, as the book of today has it.
        adviser_now: The household's adviser of record today.
    """
    if case.state not in HANDED_OVER_STATES:
        return None
    on = now.astimezone(EASTERN).date()
    adviser = adviser_for(case.adviser_id, adviser_now, people, on)
    consents = _consents(case, adviser, people, on)
    if case.state in WAITING_STATES:
        consents = start_turn(consents, rule_of(case), client_within(case), now)
    above = _escalated_to(case, adviser, people, on)
    if (adviser, consents, above) == (case.adviser_id, case.consents, case.escalated_to):
        return None
    by_id = {one.consent_id: one.person_id for one in case.consents}
    passed = [one for one in consents if one.person_id != by_id[one.consent_id]]
    gone = {case.adviser_id, case.escalated_to, *(by_id[one.consent_id] for one in passed)}
    left = sorted(one for one in gone if one not in (None, COMPLIANCE, adviser) and one not in people)
    handed = replace(case, adviser_id=adviser)
    told = requests(handed, consents)
    if above is not None and above != case.escalated_to:
        told.append(message(handed, "approval_escalated", to=above, escalated_from=case.escalated_to))
    detail = {
        "left": left,
        "adviser_before": case.adviser_id,
        "adviser_after": adviser,
        "consents": [
            {"consent_id": one.consent_id, "from": by_id[one.consent_id], "to": one.person_id} for one in passed
        ],
        "escalated_before": case.escalated_to,
        "escalated_after": above,
    }
    by = automation(now, f"{', '.join(str(one) for one in left)} left the firm")
    return move(
        case,
        Step.HAND_OVER,
        case.state,
        by,
        consents=consents,
        told=told,
        detail=detail,
        adviser_id=adviser,
        escalated_to=above,
    )


def _consents(case: Case, adviser: str, people: People, on: dt.date) -> tuple[Consent, ...]:
    """Return the consents with those of people who are gone given to others; their clocks are not started."""
    had_say = {one.given_by for one in case.consents if one.kind in FIRM_KINDS and one.state is ConsentState.GIVEN}
    made = []
    for one in case.consents:
        person = one.person_id
        if one.state is ConsentState.PENDING and one.kind in FIRM_KINDS and person is not None and person not in people:
            person = _instead(one, adviser, people, on, had_say)
        if person == one.person_id:
            made.append(one)
        elif one.started_at is not None and one.due_at is None:
            made.append(replace(one, person_id=person))  # for manual follow-up: no clock runs on
        else:
            made.append(replace(one, person_id=person, started_at=None, remind_at=None, escalate_at=None, due_at=None))
    return tuple(made)


def _instead(one: Consent, adviser: str, people: People, on: dt.date, had_say: Collection[str | None]) -> str | None:
    if one.kind is ConsentKind.COMPLIANCE_REVIEW:
        return people.compliance(on)
    asked = adviser if one.kind is ConsentKind.ADVISER else people.senior_for(adviser, on)
    first = [] if asked is None else [asked]
    seniors = sorted(each.person_id for each in people if each.is_senior and not each.is_absent(on))
    # Two consents are two people's: one who has had their say is asked again only where there is nobody else.
    return _first([*first, *seniors], had_say) or next(iter(first), one.person_id)


def _first(candidates: Sequence[str], had_say: Collection[str | None]) -> str | None:
    return next((each for each in candidates if each not in had_say), None)


def _escalated_to(case: Case, adviser: str, people: People, on: dt.date) -> str | None:
    to = case.escalated_to
    if to is None or to == COMPLIANCE or to in people:
        return to
    if any(one.kind is ConsentKind.COMPLIANCE_REVIEW and one.state is ConsentState.PENDING for one in case.consents):
        return people.compliance(on) or COMPLIANCE
    senior = people.senior_for(adviser, on)
    above = people.principal_of(adviser, on) or (senior if senior != adviser else None)
    return above or people.compliance(on) or adviser
