"""Somebody has left the firm: who is asked instead, from when their time runs, and what is on record."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from data_contracts.vocab import ConsentState, ProposalState, Role, Step
from evenkeel.approval import acting
from evenkeel.approval.leaving import adviser_for, hand_over
from evenkeel.approval.moving import By
from evenkeel.approval.people import People, Person
from evenkeel.approval.sweeping import sweep_case
from evenkeel.policy.approval import ApprovalRule
from evenkeel.ports.approvals import Case, Move
from tests.support.consenting import NOON, PEOPLE, TUESDAY, account, case, facts

S = ProposalState
FREE = account(asks=False)
LATER = NOON + dt.timedelta(hours=20)
ADA = By("ada", Role.ADVISER, NOON)


def without(*gone: str) -> People:
    """Return the firm after these have left."""
    return People([one for one in PEOPLE if one.person_id not in gone])


def opened(one: Case) -> Case:
    return acting.open_case(one, [], NOON)[-1].after


def handed(one: Case, *gone: str, to: str | None = "ben") -> Move:
    step = hand_over(one, LATER, without(*gone), to)
    assert step is not None
    return step


def test_whoever_has_the_household_now_is_asked_with_time_of_their_own() -> None:
    step = handed(opened(case(facts(90_000, FREE))), "ada")
    [consent] = step.after.consents
    assert (step.step, step.after.state, step.after.adviser_id) == (Step.HAND_OVER, S.WITH_ADVISER, "ben")
    assert (consent.person_id, consent.started_at, consent.remind_at) == ("ben", LATER, LATER + dt.timedelta(hours=24))
    assert [(one.kind, one.payload["recipient_id"], one.payload["adviser_id"]) for one in step.messages] == [
        ("approval_requested", "ben", "ben")
    ]
    assert (step.actor, step.role, step.reason) == ("evenkeel", Role.AUTOMATION, "ada left the firm")
    assert step.detail["left"] == ["ada"]
    assert step.detail["consents"] == [{"consent_id": consent.consent_id, "from": "ada", "to": "ben"}]
    assert acting.approve(step.after, By("ben", Role.ADVISER, LATER), without("ada")).after.state is S.APPROVED


def test_nothing_is_handed_over_twice_nor_from_those_who_are_there_or_away() -> None:
    start = opened(case(facts(90_000, FREE)))
    assert hand_over(start, LATER, PEOPLE, "ben") is None, "the household has moved, ada is still there"
    away = People([replace(one, absent_from=TUESDAY) for one in PEOPLE])
    assert hand_over(start, LATER, away, "ada") is None
    after = handed(start, "ada").after
    assert hand_over(after, LATER, without("ada"), "ben") is None


def test_what_was_said_before_they_left_stays_said_and_the_client_keeps_their_time() -> None:
    asked = acting.approve(opened(case(facts(90_000, account(owners="pat")))), ADA, PEOPLE).after
    step = handed(asked, "ada")
    assert step.after.adviser_id == "ben"
    assert step.after.consents == asked.consents
    assert step.messages == []
    expired = sweep_case(step.after, NOON + dt.timedelta(hours=72), without("ada"))
    assert expired is not None
    assert [one.payload["recipient_id"] for one in expired.messages] == ["ben"], "nobody tells who is gone"


def test_an_approval_waits_for_its_batch_on_the_new_desk() -> None:
    approved = acting.approve(opened(case(facts(90_000, FREE))), ADA, PEOPLE).after
    step = handed(approved, "ada")
    assert (step.after.state, step.after.adviser_id, step.after.wake_at) == (S.APPROVED, "ben", None)


def test_a_senior_who_left_is_followed_by_another() -> None:
    step = handed(opened(case(facts(900_000, FREE))), "sol", to="ada")
    assert [one.person_id for one in step.after.consents] == ["uma"]
    assert step.after.adviser_id == "ada"


def test_two_consents_stay_two_peoples() -> None:
    rows = [{"name": "all", "firm": ["adviser", "senior_adviser"], "client_within": {"amount": 72, "unit": "hours"}}]
    rule = ApprovalRule.model_validate({"rows": rows})
    start = acting.approve(
        opened(case(facts(90_000, FREE), rule)), replace(ADA, actor="uma", role=Role.SENIOR_ADVISER), PEOPLE
    )
    assert start.after.consents[0].state is ConsentState.GIVEN
    assert start.after.consents[1].person_id == "sol"
    people = People([*without("sol"), Person("zoe", is_senior=True)])
    step = hand_over(start.after, LATER, people, "ada")
    assert step is not None
    assert step.after.consents[1].person_id == "zoe", "uma has had her say"


def test_what_was_escalated_to_who_left_goes_to_the_next_above() -> None:
    late = sweep_case(opened(case(facts(90_000, FREE))), NOON + dt.timedelta(hours=48), PEOPLE)
    assert late is not None
    assert late.after.escalated_to == "sol"
    step = handed(late.after, "sol", to="ada")
    assert step.after.escalated_to == "uma"
    assert [(one.kind, one.payload["recipient_id"]) for one in step.messages] == [("approval_escalated", "uma")]


def test_a_review_of_compliance_stays_with_compliance() -> None:
    asked = acting.escalate(opened(case(facts(90_000, FREE))), replace(ADA, reason="odd"), PEOPLE).after
    people = People([*without("cora"), Person("cody", is_compliance=True)])
    step = hand_over(asked, LATER, people, "ada")
    assert step is not None
    assert (step.after.escalated_to, step.after.consents[0].person_id) == ("cody", "cody")


def test_where_the_book_names_nobody_it_is_a_senior_advisers() -> None:
    gone = without("ada")
    assert adviser_for("ada", None, gone, TUESDAY) == "sol"
    assert adviser_for("ada", "ada", gone, TUESDAY) == "sol"
    assert adviser_for("ada", "ben", PEOPLE, TUESDAY) == "ada"
    assert adviser_for("ada", None, People([Person("ben")]), TUESDAY) == "ada"
