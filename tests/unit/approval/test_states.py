"""The state machine: its page, and what must hold of any path through it."""

from __future__ import annotations

import re

import pytest

from data_contracts.vocab import ProposalState, Role, Step
from evenkeel.approval.page import rights_table, transitions_table
from evenkeel.approval.states import TRANSITIONS, pairs, require
from evenkeel.errors import UsageError
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "approval.md").read_text(encoding="utf-8")
S = ProposalState


def test_the_page_shows_the_table() -> None:
    assert "\n".join(transitions_table()) in PAGE
    assert "\n".join(rights_table()) in PAGE


def test_the_drawing_shows_every_arrow() -> None:
    drawn = set()
    for origin, target, steps in re.findall(r"^    (\w+) --> (\w+): (.+)$", PAGE, re.M):
        drawn |= {(origin, step.strip().replace(" ", "_"), target) for step in steps.split(",")}
    wanted = {
        (row.origin.value, row.step.value, row.target.value)
        for row in TRANSITIONS
        if row.step not in (Step.SUPERSEDE, Step.REMIND, Step.FOLLOW_UP) and row.origin is not row.target
    }
    assert drawn == wanted


def test_only_approved_leads_to_staged_and_only_an_approval_to_approved() -> None:
    assert {row.origin for row in TRANSITIONS if row.target is S.STAGED} == {S.APPROVED}
    into = {row.step for row in TRANSITIONS if row.target is S.APPROVED and row.origin is not S.APPROVED}
    assert into == {Step.APPROVE, Step.UNSTAGE}
    assert {row.step for row in TRANSITIONS if row.origin is row.target is S.APPROVED} == {Step.HAND_OVER}
    assert {row.origin for row in TRANSITIONS if row.target is S.SENT} == {S.STAGED}


def test_what_has_ended_stays_ended() -> None:
    ended = {S.DECLINED, S.EXPIRED, S.SUPERSEDED, S.RECONCILED}
    assert not {origin for origin, _ in pairs()} & ended


def test_every_state_can_be_reached_and_none_is_a_trap() -> None:
    reached, left = {S.DRAFTED}, pairs()
    while grown := {target for origin, target in left if origin in reached} - reached:
        reached |= grown
    assert reached == set(S)


@pytest.mark.parametrize(
    ("origin", "step", "target", "role", "reason", "says"),
    [
        (S.DECLINED, Step.APPROVE, S.APPROVED, Role.ADVISER, "", "its life is over"),
        (S.WITH_ADVISER, Step.STAGE, S.STAGED, Role.OPERATIONS, "", "cannot be: stage"),
        (S.WITH_ADVISER, Step.APPROVE, S.APPROVED, Role.CLIENT, "", "not for client"),
        (S.WITH_CLIENT, Step.DECLINE, S.DECLINED, Role.CLIENT, " ", "needs a reason"),
    ],
)
def test_what_is_refused_says_why(
    origin: ProposalState, step: Step, target: ProposalState, role: Role, reason: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        require(origin, step, target, role, reason)
