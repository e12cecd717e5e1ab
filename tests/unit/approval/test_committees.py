"""A committee's member has left the firm: who is waited for, who is told, and that no yes comes from too few."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from data_contracts.vocab import ConsentKind, ConsentState, HouseholdKind, ProposalState, Role, Step
from evenkeel.approval import acting
from evenkeel.approval.committees import lose_members
from evenkeel.approval.moving import By
from evenkeel.approval.people import People
from evenkeel.approval.sweeping import sweep_case
from evenkeel.errors import UsageError
from evenkeel.policy.approval import ApprovalRule
from evenkeel.ports.approvals import Case
from tests.support.consenting import NOON, PEOPLE, account, case, facts

S = ProposalState
LATER = NOON + dt.timedelta(hours=20)
PAPERS = ("memo",)


def without(*gone: str) -> People:
    """Return the firm after these have left."""
    return People([one for one in PEOPLE if one.person_id not in gone])


def opened(quorum: int) -> Case:
    """Return a proposal for a committee of ben, sol and uma, with its adviser."""
    board = {"members": ["ben", "sol", "uma"], "quorum": quorum, "documents": list(PAPERS)}
    seen = facts(90_000, account(owners="cfo"), relationship=HouseholdKind.INSTITUTIONAL)
    drafted = case(seen, ApprovalRule.model_validate({"committee": board}))
    return acting.open_case(drafted, [], NOON)[-1].after


def asked(quorum: int) -> Case:
    """Return it with the committee."""
    return acting.approve(opened(quorum), By("ada", Role.ADVISER, NOON), PEOPLE).after


def yes(of: Case, actor: str, people: People = PEOPLE) -> Case:
    return acting.approve(of, By(actor, Role.ADVISER, LATER), people, documents=PAPERS).after


def board(of: Case) -> dict[str | None, ConsentState]:
    return {one.person_id: one.state for one in of.consents if one.kind is ConsentKind.COMMITTEE}


def test_a_member_who_left_is_not_waited_for_where_the_others_suffice() -> None:
    before = asked(2)
    step = lose_members(before, LATER, without("ben"))
    assert step is not None
    assert (step.step, step.after.state, list(step.messages)) == (Step.HAND_OVER, S.WITH_CLIENT, [])
    assert board(step.after)["ben"] is ConsentState.WAIVED
    assert (step.detail["left"], step.detail["quorum"], step.detail["is_reachable"]) == (["ben"], 2, True)
    others = [one for one in before.consents if one.person_id != "ben"]
    assert [one for one in step.after.consents if one.person_id != "ben"] == others, "they keep their time"
    assert lose_members(step.after, LATER, without("ben")) is None
    half = yes(step.after, "sol")
    assert half.state is S.WITH_CLIENT
    assert yes(half, "uma").state is S.APPROVED
    reminder = sweep_case(step.after, NOON + dt.timedelta(days=4), without("ben"))
    assert reminder is not None
    assert "ben" not in [one.payload["recipient_id"] for one in reminder.messages]


@pytest.mark.parametrize("has_said", [False, True], ids=["before anybody said yes", "after the others did"])
def test_where_the_others_are_too_few_compliance_is_told_and_no_yes_comes_from_them(has_said: bool) -> None:
    before = asked(3)
    if has_said:
        before = yes(before, "sol")
    step = lose_members(before, LATER, without("ben"))
    assert step is not None
    assert (step.step, step.after.state, step.after.escalated_to) == (Step.ESCALATE, S.ESCALATED, "cora")
    assert step.reason == "ben left the firm: the committee's quorum of 3 cannot be reached any more"
    [told] = step.messages
    assert (told.kind, told.payload["recipient_id"]) == ("approval_escalated", "cora")
    assert (told.payload["escalated_by"], told.payload["reason"]) == ("evenkeel", step.reason)
    assert board(step.after)["ben"] is ConsentState.LAPSED
    assert lose_members(step.after, LATER, without("ben")) is None, "told once"
    for actor in ("uma",) if has_said else ("sol", "uma"):
        with pytest.raises(UsageError, match="cannot reach its quorum"):
            yes(step.after, actor, without("ben"))
    refused = acting.decline(step.after, By("cora", Role.COMPLIANCE, LATER, "the policy names others"))
    assert refused.after.state is S.DECLINED
    ended = sweep_case(step.after, NOON + dt.timedelta(days=10), without("ben"))
    assert ended is not None
    assert ended.after.state is S.EXPIRED, "at its time at the latest"


def test_it_is_told_before_the_adviser_is_asked_for_a_yes_that_leads_nowhere() -> None:
    step = lose_members(opened(3), LATER, without("ben", "cora"))
    assert step is not None
    assert (step.after.state, step.after.escalated_to) == (S.ESCALATED, "compliance"), "nobody of compliance is named"
    with pytest.raises(UsageError, match="cannot reach its quorum"):
        acting.approve(step.after, By("ada", Role.ADVISER, LATER), without("ben"))


def test_what_is_escalated_already_goes_to_compliance() -> None:
    late = sweep_case(opened(3), NOON + dt.timedelta(hours=48), PEOPLE)
    assert late is not None
    assert late.after.escalated_to == "sol"
    step = lose_members(late.after, LATER, without("ben"))
    assert step is not None
    assert (step.step, step.after.escalated_to) == (Step.HAND_OVER, "cora")
    assert (step.detail["escalated_before"], step.detail["escalated_after"]) == ("sol", "cora")


def test_members_who_are_there_or_away_and_outsiders_change_nothing() -> None:
    assert lose_members(asked(3), LATER, PEOPLE) is None
    away = People([replace(one, absent_from=NOON.date()) for one in PEOPLE])
    assert lose_members(asked(3), LATER, away) is None
    outside = case(facts(90_000, account(owners="cfo chair"), relationship=HouseholdKind.INSTITUTIONAL))
    waiting = acting.open_case(outside, [], NOON)[-1].after
    assert lose_members(waiting, LATER, without("ben")) is None, "the client's own people are in no book of ours"
