"""Answers to a proposal, one by one: whose turn it is, what a yes leads to, what is refused and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from data_contracts.vocab import (
    ConsentKind,
    ConsentState,
    EventKind,
    HouseholdKind,
    ProposalState,
    Role,
    Step,
)
from evenkeel.approval import acting
from evenkeel.approval.moving import By, message, withheld
from evenkeel.approval.people import People, Person
from evenkeel.errors import UsageError
from evenkeel.policy.approval import ApprovalRule
from evenkeel.ports.approvals import Case, Move
from tests.support.consenting import ALONE, NOON, PEOPLE, TUESDAY, account, case, facts

S = ProposalState
TWO = ApprovalRule.model_validate(
    {"rows": [{"name": "all", "firm": ["adviser", "senior_adviser"], "client_within": {"amount": 24}}]}
)
FREE = account(asks=False)


def by(actor: str, role: Role = Role.ADVISER, reason: str = "because", hours: int = 0) -> By:
    return By(actor, role, NOON + dt.timedelta(hours=hours), reason)


def with_adviser(new: Case) -> Case:
    return acting.open_case(new, [], NOON)[-1].after


def yes(of: Case, who: By, people: People = PEOPLE, **more: Any) -> Case:
    return acting.approve(of, who, people, **more).after


def said(step: Move) -> list[tuple[str, str]]:
    return [(one.kind, one.payload["recipient_id"]) for one in step.messages]


def test_discretion_ends_with_the_adviser() -> None:
    step = acting.approve(with_adviser(case(facts(90_000, FREE))), by("ada"), PEOPLE)
    assert step.after.state is S.APPROVED
    assert said(step) == [("proposal_approved", "ada")]
    assert [event.kind for event in step.events] == [EventKind.PROPOSAL_MOVED, EventKind.CONSENT_GIVEN]


def test_without_discretion_every_owner_is_asked_and_each_clock_starts_with_its_step() -> None:
    opened = with_adviser(case(facts(90_000, account(owners="pat lou"))))
    assert [one.started_at for one in opened.consents] == [NOON, None, None]
    asked = acting.approve(opened, by("ada", hours=5), PEOPLE)
    assert said(asked) == [("approval_requested", "pat"), ("approval_requested", "lou")]
    clients = [one for one in asked.after.consents if one.kind is ConsentKind.CLIENT]
    start = NOON + dt.timedelta(hours=5)
    assert {(one.started_at, one.remind_at, one.due_at) for one in clients} == {
        (start, start + dt.timedelta(hours=36), start + dt.timedelta(hours=72))
    }
    half = yes(asked.after, by("lou", Role.CLIENT, hours=6))
    assert half.state is S.WITH_CLIENT
    assert yes(half, by("pat", Role.CLIENT, hours=7)).state is S.APPROVED


def test_nobody_answers_for_somebody_else() -> None:
    opened = with_adviser(case(facts(90_000, account(owners="pat"))))
    with pytest.raises(UsageError, match="waits for ada"):
        yes(opened, by("ben"))
    with pytest.raises(UsageError, match="waits for ada"):
        yes(opened, by("pat", Role.CLIENT))
    asked = yes(opened, by("ada"))
    with pytest.raises(UsageError, match="ada has said yes"):
        yes(asked, by("ada"))
    with pytest.raises(UsageError, match="waits for pat"):
        yes(asked, by("lou", Role.CLIENT))


def test_nobody_approves_their_own_work_where_two_are_required() -> None:
    sols = case(facts(90_000, FREE, adviser_id="sol"), TWO)
    once = yes(with_adviser(sols), by("sol"))
    assert once.state is S.WITH_ADVISER
    with pytest.raises(UsageError, match="second is another person"):
        yes(once, by("sol", Role.SENIOR_ADVISER))
    assert yes(once, by("uma", Role.SENIOR_ADVISER)).state is S.APPROVED


def test_in_a_firm_of_one_the_same_person_says_it_once() -> None:
    alone = case(facts(900_000, FREE, adviser_id="solo"), TWO, people=ALONE)
    assert yes(with_adviser(alone), by("solo", Role.SENIOR_ADVISER), ALONE).state is S.APPROVED


def test_a_deputy_only_while_the_other_is_away() -> None:
    away = Person("ada", deputy_id="ben", absent_from=TUESDAY, absent_until=TUESDAY)
    people = People([away, Person("ben")])
    opened = with_adviser(case(facts(90_000, FREE)))
    assert yes(opened, by("ben"), people).state is S.APPROVED
    with pytest.raises(UsageError, match="waits for ada"):
        yes(opened, by("ben", hours=24), people)


def test_a_committee_has_a_quorum_and_its_documents() -> None:
    board = facts(900_000, account(owners="cfo chair treasurer"), relationship=HouseholdKind.INSTITUTIONAL)
    asked = yes(with_adviser(case(board)), by("sol", Role.SENIOR_ADVISER))
    assert asked.state is S.WITH_CLIENT
    due = {one.due_at for one in asked.consents if one.kind is ConsentKind.COMMITTEE}
    assert due == {dt.datetime(2026, 3, 10, 21, 0, tzinfo=dt.UTC)}, (
        "five business days, to closing, the clocks gone forward"
    )
    papers = ("proposal", "IPS")
    with pytest.raises(UsageError, match="missing: IPS"):
        yes(asked, by("cfo", Role.CLIENT), documents=("proposal",))
    one = yes(asked, by("cfo", Role.CLIENT), documents=papers)
    with pytest.raises(UsageError, match="cfo has said yes"):
        yes(one, by("cfo", Role.CLIENT), documents=papers)
    two = yes(one, by("treasurer", Role.CLIENT), documents=papers)
    assert two.state is S.APPROVED
    states = {each.person_id: each.state for each in two.consents if each.kind is ConsentKind.COMMITTEE}
    assert states == {"cfo": ConsentState.GIVEN, "treasurer": ConsentState.GIVEN, "chair": ConsentState.WAIVED}


def test_compliance_comes_before_everybody_and_the_clocks_begin_anew() -> None:
    opened = with_adviser(case(facts(90_000, FREE)))
    asked = acting.escalate(opened, by("ada"), PEOPLE)
    assert said(asked) == [("approval_escalated", "cora")]
    with pytest.raises(UsageError, match="waits for cora"):
        yes(asked.after, by("ada"))
    cleared = acting.approve(asked.after, by("cora", Role.COMPLIANCE, hours=30), PEOPLE)
    assert cleared.after.state is S.WITH_ADVISER
    assert cleared.after.consents[1].started_at == NOON + dt.timedelta(hours=30)
    assert said(cleared) == [("approval_requested", "ada")]
    assert acting.decline(asked.after, by("cora", Role.COMPLIANCE)).after.state is S.DECLINED


def test_a_no_is_to_the_whole_and_may_come_until_staging() -> None:
    asked = yes(with_adviser(case(facts(90_000, account(owners="pat lou")))), by("ada"))
    no = acting.decline(asked, by("pat", Role.CLIENT, "too soon"))
    assert [one.state for one in no.after.consents] == [ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.LAPSED]
    assert EventKind.CONSENT_REFUSED in [event.kind for event in no.events]
    assert EventKind.NO_RESPONSE not in [event.kind for event in no.events], "lou was not silent: nobody waits any more"
    ready = yes(yes(asked, by("pat", Role.CLIENT)), by("lou", Role.CLIENT))
    assert acting.decline(ready, by("lou", Role.CLIENT, "has changed her mind")).after.state is S.DECLINED
    with pytest.raises(UsageError, match="cannot be: decline"):
        acting.decline(replace(ready, state=S.STAGED), by("lou", Role.CLIENT))


def test_what_a_check_holds_back_is_shown_to_nobody_until_a_person_has_looked() -> None:
    [only] = acting.open_case(case(), ["wash_sale"], NOON)
    assert only.after.state is S.DRAFTED
    with pytest.raises(UsageError, match="cannot be: approve"):
        yes(only.after, by("ada"))
    assert acting.escalate(only.after, by("ada"), PEOPLE).after.state is S.ESCALATED


def test_the_last_word_of_an_adviser_who_has_left_is_their_successors() -> None:
    gone = People([Person("ben"), Person("sol", is_senior=True)])
    opened = with_adviser(case(facts(90_000, FREE)))
    with pytest.raises(UsageError, match="waits for ada"):
        yes(opened, by("ben"), gone)
    handed = replace(opened, route={**opened.route, "adviser_now": "ben"})
    assert yes(handed, by("ben"), gone).state is S.APPROVED


def test_putting_off_keeps_the_date_and_a_newer_list_takes_the_place() -> None:
    opened = with_adviser(case())
    until = TUESDAY + dt.timedelta(days=7)
    later = acting.put_off(opened, Step.DEFER, by("ada"), until)
    assert (later.after.state, later.after.until_date, later.after.wake_at) == (S.DEFERRED, until, None)
    assert acting.supersede(later.after, by("ada"), "pro-2").after.state is S.SUPERSEDED


def test_a_pilot_records_what_it_does_not_send() -> None:
    step = withheld(acting.approve(with_adviser(case(facts(90_000, FREE))), by("ada"), PEOPLE))
    assert [each.is_withheld for each in step.messages] == [True]
    assert step.detail["not_sent"] == ["proposal_approved"]


def test_a_message_has_ids_only() -> None:
    step = acting.approve(with_adviser(case(facts(90_000, account(owners="pat")))), by("ada"), PEOPLE)
    [asked] = step.messages
    assert set(asked.payload) == {
        "proposal_id",
        "alert_id",
        "adviser_id",
        "household_id",
        "consent_id",
        "recipient_id",
        "recipient_role",
        "due_at",
        "case_version",
    }
    assert asked.payload["recipient_role"] == "client"
    assert asked.payload["case_version"] == step.after.version, "what a link must state"


def test_a_decision_says_who_took_it_and_why() -> None:
    opened = with_adviser(case())
    why = By("ada", Role.ADVISER, NOON, "the client sells a house")
    said = {"decided_by": "ada", "decided_role": "adviser", "reason": "the client sells a house"}
    approved = yes(with_adviser(case(facts(90_000, FREE))), by("ada"))
    newer, stale = acting.supersede(opened, why, "pro-2"), acting.invalidate(approved, NOON, [], "a price moved")
    for step in (acting.decline(opened, why), newer):
        [told] = step.messages
        assert {name: told.payload[name] for name in said} == said
    [told] = stale.messages
    assert (told.payload["decided_role"], told.payload["reason"]) == ("automation", "a price moved")


def test_what_anybody_may_answer_is_asked_of_the_adviser() -> None:
    anybody = replace(with_adviser(case()).consents[0], person_id=None)
    told = message(case(), "approval_requested", anybody)
    assert (told.payload["recipient_id"], told.payload["recipient_role"]) == ("ada", "adviser")
