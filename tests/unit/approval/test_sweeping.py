"""What time does to a proposal that waits."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from data_contracts.vocab import EventKind, HouseholdKind, ProposalState, Role, Step
from evenkeel.approval import acting
from evenkeel.approval.moving import By
from evenkeel.approval.people import People, Person
from evenkeel.approval.sweeping import sweep_case
from evenkeel.calendar import EASTERN
from evenkeel.policy.approval import ApprovalRule
from evenkeel.ports.approvals import Case
from tests.support.consenting import ALONE, NOON, PEOPLE, account, case, facts

S = ProposalState
FREE = account(asks=False)
SMALL = {"small_trades": {"is_executed_on_timeout": True}}


def opened(new: Case, at: dt.datetime = NOON) -> Case:
    return acting.open_case(new, [], at)[-1].after


def lived(start: Case, people: People = PEOPLE, hours: int = 400, since: dt.datetime = NOON) -> list[str]:
    """Sweep every hour and return what happened, at which hour: `24 remind ada`."""
    current, happened = start, []
    for hour in range(hours):
        step = sweep_case(current, since + dt.timedelta(hours=hour), people)
        if step is not None:
            to = ",".join(sorted(one.payload["recipient_id"] for one in step.messages))
            happened.append(f"{hour} {step.step.value} {to}")
            current = step.after
    return happened


def asked_client(value: float) -> Case:
    senior = By("sol", Role.SENIOR_ADVISER, NOON)
    return acting.approve(opened(case(facts(value, account(owners="pat")))), senior, PEOPLE).after


def test_the_advisers_clock() -> None:
    assert lived(opened(case(facts(90_000, FREE)))) == ["24 remind ada", "48 escalate sol", "72 expire ada"]


@pytest.mark.parametrize(
    ("value", "happens"),
    [
        (99_000, ["36 remind pat", "72 expire ada"]),
        (100_000, ["24 remind pat", "48 expire ada"]),
        (500_000, ["12 remind pat", "24 expire ada"]),
    ],
)
def test_the_clients_clock_by_value(value: float, happens: list[str]) -> None:
    assert lived(asked_client(value)) == happens


def test_the_committees_clock_runs_in_business_days() -> None:
    board = facts(900_000, account(owners="cfo chair"), relationship=HouseholdKind.INSTITUTIONAL)
    current = acting.approve(opened(case(board)), By("sol", Role.SENIOR_ADVISER, NOON), PEOPLE).after
    # Tuesday noon: half of five business days is Friday 13:00; the fifth ends on the next Tuesday at 17:00.
    reminder, end = dt.datetime(2026, 3, 6, 13, tzinfo=EASTERN), dt.datetime(2026, 3, 10, 17, tzinfo=EASTERN)
    minute = dt.timedelta(minutes=1)
    assert sweep_case(current, reminder - minute, PEOPLE) is None
    reminded = sweep_case(current, reminder, PEOPLE)
    assert reminded is not None
    assert reminded.step is Step.REMIND
    assert sweep_case(reminded.after, end - minute, PEOPLE) is None
    ended = sweep_case(reminded.after, end, PEOPLE)
    assert ended is not None
    assert ended.after.state is S.EXPIRED


def test_manual_follow_up_stops_the_clocks_and_names_somebody() -> None:
    rule = ApprovalRule(on_timeout="follow_up")
    start = opened(case(facts(90_000, FREE), rule))
    assert lived(start) == ["24 remind ada", "48 escalate sol", "72 follow_up sol"]


def test_escalation_to_compliance() -> None:
    rule = ApprovalRule(escalates_to="compliance")
    assert lived(opened(case(facts(90_000, FREE), rule)))[1] == "48 escalate cora"


def test_whoever_has_nobody_above_is_reminded_once_more() -> None:
    alone = opened(case(facts(90_000, FREE, adviser_id="solo"), people=ALONE))
    assert lived(alone, ALONE) == ["24 remind solo", "48 remind solo", "72 expire solo"]


def test_the_principal_who_is_away_is_passed_over() -> None:
    away = NOON.date()
    people = People(
        [
            Person("ada", escalates_to="sol"),
            Person("sol", is_senior=True, escalates_to="uma", absent_from=away),
            Person("uma", is_senior=True),
        ]
    )
    assert lived(opened(case(facts(90_000, FREE), people=people)), people)[1] == "48 escalate uma"


def test_silence_never_executes_but_for_small_discretionary_lists_where_the_policy_says_so() -> None:
    little = {"traded_usd": Decimal(4_000), "tax_usd": Decimal(0)}
    rule = ApprovalRule.model_validate(SMALL)
    rows = [{**row.model_dump(mode="json"), "firm": ["adviser", "senior_adviser"]} for row in rule.rows]
    both = ApprovalRule.model_validate({**SMALL, "rows": rows})
    small = opened(case(facts(90_000, FREE, **little), rule))
    assert lived(small)[-1] == "72 approve ada"
    step = sweep_case(small, NOON + dt.timedelta(hours=72), PEOPLE)
    assert step is not None
    assert (step.after.state, step.role) == (S.APPROVED, Role.AUTOMATION)
    assert step.after.consents[0].given_role is Role.AUTOMATION
    assert "policy" in step.reason
    assert not [each for each in lived(opened(case(facts(90_000, FREE, **little), both))) if "approve" in each]
    for other in (
        case(facts(90_000, FREE, **little)),
        case(facts(90_000, account(owners="pat"), **little), rule),
        case(facts(90_000, FREE, traded_usd=Decimal(5_000), tax_usd=Decimal(0)), rule),
        case(facts(600_000, FREE, **little), rule),
        case(facts(90_000, FREE, **little), both),  # two people are asked: one's silence is not the other's yes
    ):
        assert lived(opened(other))[-1].split()[1] == "expire"


def test_who_did_not_answer_is_on_record() -> None:
    step = sweep_case(opened(case(facts(90_000, account(owners="pat")))), NOON + dt.timedelta(hours=72), PEOPLE)
    assert step is not None
    silent = [event.payload["person_id"] for event in step.events if event.kind is EventKind.NO_RESPONSE]
    assert silent == ["ada"], "pat was never asked"
    assert step.detail["unanswered_by"] == ["ada"]


def test_a_late_sweep_does_what_is_due_by_then_once() -> None:
    start = opened(case(facts(90_000, FREE)))
    late = NOON + dt.timedelta(hours=50)
    step = sweep_case(start, late, PEOPLE)
    assert step is not None
    assert step.step is Step.ESCALATE, "the reminder was overtaken"
    assert sweep_case(step.after, late, PEOPLE) is None


def test_two_sweeps_that_saw_the_same_make_the_same_step() -> None:
    start = opened(case(facts(90_000, FREE)))
    at = NOON + dt.timedelta(hours=24)
    first, second = sweep_case(start, at, PEOPLE), sweep_case(start, at, PEOPLE)
    assert first == second
    assert first is not None
    assert len({one.message_id for one in first.messages}) == 1


def test_an_escalation_says_who_was_slow_and_a_follow_up_has_no_end() -> None:
    start = opened(case(facts(90_000, FREE)))
    step = sweep_case(start, NOON + dt.timedelta(hours=48), PEOPLE)
    assert step is not None
    assert [one.payload["escalated_from"] for one in step.messages] == ["ada"]
    rule = ApprovalRule(on_timeout="follow_up")
    ended = sweep_case(opened(case(facts(90_000, FREE), rule)), NOON + dt.timedelta(hours=90), PEOPLE)
    assert ended is not None
    [told] = ended.messages
    assert (told.payload["escalated_from"], told.payload["due_at"], told.payload["is_follow_up"]) == ("ada", None, True)


def test_nothing_happens_to_what_waits_for_nobody() -> None:
    done = replace(opened(case(facts(90_000, FREE))), state=S.APPROVED)
    assert sweep_case(done, NOON + dt.timedelta(days=90), PEOPLE) is None


@pytest.mark.parametrize(
    ("start", "reminder", "end"),
    [
        # Over the change of clocks on 8 March 2026: elapsed hours, so the wall clock shows one more.
        ("2026-03-07 10:00", "2026-03-08 11:00", "2026-03-10 11:00"),
        ("2028-02-28 10:00", "2028-02-29 10:00", "2028-03-02 10:00"),
        ("2026-11-25 16:00", "2026-11-26 16:00", "2026-11-28 16:00"),
    ],
)
def test_a_clock_moved_through_daylight_saving_a_leap_day_and_thanksgiving(start: str, reminder: str, end: str) -> None:
    at = dt.datetime.fromisoformat(start).replace(tzinfo=EASTERN).astimezone(dt.UTC)
    waits = opened(case(facts(90_000, FREE), at=at), at)
    times = {
        f"{(at + dt.timedelta(hours=int(line.split()[0]))).astimezone(EASTERN):%Y-%m-%d %H:%M}"
        for line in lived(waits, since=at)
    }
    assert {reminder, end} <= times


def test_business_hours_wait_for_people_to_be_at_work() -> None:
    clock = {
        name: {"amount": hours, "unit": "business_hours"}
        for name, hours in (("reminder", 8), ("escalation", 16), ("after_escalation", 8))
    }
    rule = ApprovalRule.model_validate({"adviser_clock": clock})
    friday = dt.datetime(2026, 3, 6, 15, 0, tzinfo=EASTERN).astimezone(dt.UTC)
    waits = opened(case(facts(90_000, FREE), rule, at=friday), friday)
    [consent] = waits.consents
    moments = [
        f"{at.astimezone(EASTERN):%a %H:%M}" for at in (consent.remind_at, consent.escalate_at, consent.due_at) if at
    ]
    assert moments == ["Mon 15:00", "Tue 15:00", "Wed 15:00"]
