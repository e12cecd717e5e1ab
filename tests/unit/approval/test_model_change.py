"""A model changes across 400 accounts, half of them discretionary: half are approved at the desk, half wait for their clients."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from data_contracts.vocab import ProposalState, Role, StaleCause
from evenkeel.approval import acting, staleness
from evenkeel.approval.moving import By, automation
from evenkeel.approval.staleness import Basis
from evenkeel.ports.approvals import Case
from tests.support.consenting import NOON, PEOPLE, account, case, facts

COUNT = 400
S = ProposalState
ADA = By("ada", Role.ADVISER, NOON, "the new model")


def opened(number: int, name: str) -> Case:
    """Return the case of one account; every other one is discretionary."""
    one = account(f"AC-{number}", asks=bool(number % 2), owners="" if number % 2 == 0 else f"client-{number}")
    new = case(facts(90_000, one, household_id=f"H{number}"), proposal_id=name, alert_id=f"ep-{number}")
    return acting.open_case(new, [], NOON)[-1].after


def test_half_are_approved_at_the_desk_and_half_wait_for_their_clients() -> None:
    old = [acting.approve(opened(number, f"old-{number}"), ADA, PEOPLE).after for number in range(COUNT)]
    assert Counter(one.state for one in old) == {S.APPROVED: COUNT // 2, S.WITH_CLIENT: COUNT // 2}

    before, after = Basis("2026-03-02", model="balanced/1/aa"), Basis("2026-03-03", model="balanced/2/bb")
    assert [one.cause for one in staleness.model_changed(before, after)] == [StaleCause.MODEL_CHANGED]
    replaced = [acting.supersede(one, automation(NOON), f"new-{number}").after for number, one in enumerate(old)]
    assert {one.state for one in replaced} == {S.SUPERSEDED}

    new = [opened(number, f"new-{number}") for number in range(COUNT)]
    batch = [acting.approve(one, replace(ADA, reason="all at once"), PEOPLE) for one in new]
    assert Counter(one.after.state for one in batch) == {S.APPROVED: COUNT // 2, S.WITH_CLIENT: COUNT // 2}
    asked = [
        each.payload["recipient_id"] for one in batch for each in one.messages if each.kind == "approval_requested"
    ]
    assert sorted(asked) == sorted(f"client-{number}" for number in range(1, COUNT, 2))
    ids = [each.message_id for one in batch for each in one.messages]
    assert len(ids) == len(set(ids))
