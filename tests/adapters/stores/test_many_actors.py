"""Many proposals, fifty people at once (`make load`: ten thousand): none in two states, none lost, no message twice, no consent missing."""

from __future__ import annotations

import datetime as dt
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from data_contracts.alerts import Alerts
from data_contracts.vocab import ConsentState, ProposalState, Role, Step
from evenkeel.adapters.stores.approvals_db import SqlApprovals
from evenkeel.adapters.stores.database import reading
from evenkeel.adapters.stores.records_approvals import case_log, consents, proposal_cases
from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.adapters.stores.records_schema import outbox
from evenkeel.adapters.stores.trail_tables import trail_events
from evenkeel.approval import acting, moving
from evenkeel.approval.acting import open_case
from evenkeel.approval.moving import By
from evenkeel.approval.sweeping import sweep_case
from evenkeel.errors import ActedBefore, UsageError
from evenkeel.ports.approvals import Case, Move
from tests.adapters.stores.samples import run
from tests.support.consenting import NOON, PEOPLE, account, case, facts

PROPOSALS, ACTORS, TOGETHER = int(os.environ.get("EVENKEEL_LOAD", "1000")), 50, 100
SHARE = 0.4
"""Of the proposals of their block that each actor looks at."""
S = ProposalState
STAFF = [
    ("ada", Role.ADVISER),
    ("sol", Role.SENIOR_ADVISER),
    ("uma", Role.SENIOR_ADVISER),
    ("pat", Role.CLIENT),
    ("lou", Role.CLIENT),
]


@pytest.fixture
def records(records_url: str) -> Iterator[SqlRecords]:
    opened = SqlRecords(records_url)
    with opened.begin() as work:
        work.commit_run(run("run-1"), Alerts.empty_frame(), [])
    yield opened
    opened.close()


def step_of(found: Case, actor: str, role: Role, at: dt.datetime, dice: random.Random) -> Move | None:
    """Return what this actor does to a case as they see it; None: nothing."""
    by = By(actor, role, at, "looked at it")
    if found.state is S.APPROVED and dice.random() < 0.5:
        return moving.move(found, Step.STAGE, S.STAGED, moving.automation(at))
    draw = dice.random()
    try:
        if draw < 0.9:
            return acting.approve(found, by, PEOPLE, signature=actor)
        if draw < 0.93:
            return acting.decline(found, by)
        return sweep_case(found, at + dt.timedelta(hours=dice.choice([1, 40])), PEOPLE)
    except UsageError:
        return None


def act(approvals: SqlApprovals, seed: int, ids: list[str]) -> Counter[str]:
    """One actor goes over a block of proposals, as four others do in the same order, and acts on what they see."""
    dice, told = random.Random(seed), Counter[str]()
    actor, role = STAFF[seed % len(STAFF)]
    blocks = ACTORS // len(STAFF)
    block = ids[seed // len(STAFF) :: blocks]
    for number, proposal_id in enumerate(each for each in block if dice.random() < SHARE):
        seen = approvals.case(proposal_id)
        assert seen is not None, "a proposal was lost"
        step = step_of(seen, actor, role, NOON + dt.timedelta(seconds=number), dice)
        if step is None:
            told["nothing to do"] += 1
            continue
        try:
            approvals.store([step])
            told["won"] += 1
        except ActedBefore:
            told["told so"] += 1
    return told


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_proposals_and_fifty_actors(records: SqlRecords, records_url: str) -> None:
    approvals = records.approvals()
    joint = facts(90_000, account(owners="pat lou", registration="joint"))
    started = time.perf_counter()
    ids = [f"pro-{number:05d}" for number in range(PROPOSALS)]
    for first in range(0, PROPOSALS, TOGETHER):
        batch = [
            move
            for proposal_id in ids[first : first + TOGETHER]
            for move in open_case(case(joint, proposal_id=proposal_id, alert_id=f"ep-{proposal_id}"), [], NOON)
        ]
        approvals.store(batch)
    opening = time.perf_counter() - started
    started = time.perf_counter()
    with ThreadPoolExecutor(ACTORS) as pool:
        told = sum(pool.map(lambda seed: act(approvals, seed, ids), range(ACTORS)), Counter[str]())
    seconds = time.perf_counter() - started
    kind = records_url.partition(":")[0].partition("+")[0]
    print(
        f"\n{kind}: {PROPOSALS:,} opened in {opening:.1f} s ({PROPOSALS / opening:,.0f}/s); {ACTORS} actors: {told['won']:,} steps "
        f"in {seconds:.1f} s ({told['won'] / seconds:,.0f}/s), {told['told so']:,} were told that somebody was faster"
    )
    _look_at_what_is_left(records, told["won"])


def _look_at_what_is_left(records: SqlRecords, won: int) -> None:
    with reading(records._engine) as connection:
        log = connection.execute(select(case_log).order_by(case_log.c.proposal_id, case_log.c.version)).mappings().all()
        cases = {row["proposal_id"]: row for row in connection.execute(select(proposal_cases)).mappings()}
        needed = connection.execute(select(consents)).mappings().all()
        messages = connection.execute(select(outbox.c.message_id, outbox.c.payload, outbox.c.kind)).all()
        moved = connection.execute(select(func.count()).where(trail_events.c.kind == "proposal_moved")).scalar_one()
    assert len(cases) == PROPOSALS
    assert len(log) == 3 * PROPOSALS + won, "every step that was stored, and no other"
    assert moved == 2 * PROPOSALS + won
    by_case: dict[str, list[str]] = {}
    for row in log:
        steps = by_case.setdefault(row["proposal_id"], [])
        assert row["version"] == len(steps) // 2 + 1, "no version twice, none left out"
        assert not steps or row["from_state"] == steps[-1], "each step goes on from where the last one led"
        steps += [row["step"], row["to_state"]]
    assert {name: steps[-1] for name, steps in by_case.items()} == {name: row["state"] for name, row in cases.items()}
    missing = {row["proposal_id"] for row in needed if row["state"] not in (ConsentState.GIVEN, ConsentState.WAIVED)}
    gone_on = {name for name, row in cases.items() if row["state"] in (S.APPROVED, S.STAGED)}
    assert not missing & gone_on
    asked = Counter(
        (kind, payload["proposal_id"], payload["consent_id"])
        for _, payload, kind in messages
        if kind == "approval_requested"
    )
    assert max(asked.values()) == 1, "nobody is asked twice"
    staged = [name for name, steps in by_case.items() if steps.count(S.STAGED) > 1]
    assert staged == []
    print(
        {
            state: sum(row["state"] == state for row in cases.values())
            for state in sorted({row["state"] for row in cases.values()})
        }
    )
