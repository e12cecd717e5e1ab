"""From approved proposals to orders on record: stale ones expire, paused ones wait, the rest become blocks and are staged with them.

Orders and the steps of their proposals are one transaction: no order without its proposal staged, and none staged without its orders. A
trade that is in an order is not taken again, so that planning twice plans once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from data_contracts.vocab import ProposalState, Role, Step, UseCase, WaitReason
from evenkeel import calendar
from evenkeel.approval import acting
from evenkeel.approval.moving import By, move
from evenkeel.approval.rights import require_right
from evenkeel.audit.event import SYSTEM
from evenkeel.calendar import EASTERN
from evenkeel.desk.consent.deciding import Asking, store_moves
from evenkeel.desk.consent.people import firm, require_person
from evenkeel.desk.consent.staging import readiness
from evenkeel.desk.execution import memoranda
from evenkeel.desk.execution.ground import (
    OrderGround,
    approved_at,
    as_approved,
    discretionary_accounts,
    not_seen_yet,
    order_ground,
)
from evenkeel.errors import ActedBefore
from evenkeel.orders.blocks import by_custodian, plan_batch
from evenkeel.orders.times import batch_at, next_batch_at
from evenkeel.ports.approvals import Case
from evenkeel.ports.order_book import OrderChange, Waiting
from evenkeel.ports.orders import Batch
from evenkeel.run.house import House, house_policy

LEASE = "orders"
"""Name of the lease under which orders are planned, handed over and answered: one at a time."""
AUTOMATIC = Asking(SYSTEM, Role.AUTOMATION)
_TRIES = 3
_UNFINISHED = (ProposalState.STAGED, ProposalState.SENT)


@dataclass(frozen=True)
class Planned:
    """What planning did; `next_at` is given where no batch is due, and says when the next one is."""

    batches: tuple[Batch, ...]
    staged: tuple[str, ...]
    expired: tuple[tuple[str, str], ...]
    waiting: tuple[Waiting, ...]
    next_at: dt.datetime | None = None


def due_batch(house: House) -> dt.datetime | None:
    """Return the instant of the batch that is due: from its time to its session's close; None before and after."""
    now = house.clock.now()
    session = now.astimezone(EASTERN).date()
    if not calendar.is_session(session):
        return None
    at = batch_at(session, house_policy(house.book(house.today())).orders.batch_time)
    return at if at <= now < calendar.session_close(session) else None


def plan_and_stage(house: House, asking: Asking = AUTOMATIC) -> Planned:
    """Plan the batch that is due, and stage its proposals with it.

    Raises:
        UsageError: The role may not stage, or the home has no run.
        LeaseHeld: Orders are being worked on elsewhere.
    """
    require_execution(house, asking, UseCase.STAGE)
    send_at = due_batch(house)
    if send_at is None:
        rule = house_policy(house.book(house.today())).orders
        return Planned((), (), (), (), next_batch_at(house.clock.now(), rule.batch_time))
    with house.records.lease(LEASE, LEASE, house.lease_seconds):
        for left in reversed(range(_TRIES)):
            try:
                planned = _plan(house, asking, send_at)
                break
            except ActedBefore:
                # Somebody has decided about one of them meanwhile: planned again without it.
                if not left:
                    raise
    house.records.checkpoint(house.clock.now())
    return planned


def require_execution(house: House, asking: Asking, use_case: UseCase) -> None:
    """Refuse who may not work on orders.

    Raises:
        UsageError: The person is not in the book, or the role may not.
    """
    if asking.role is not Role.AUTOMATION:
        require_person(firm(house).people, asking.actor, asking.role)
    require_right(use_case, asking.role, is_own_book=False, is_own_household=False, is_escalated=False, what="orders")


def _plan(house: House, asking: Asking, send_at: dt.datetime) -> Planned:
    by = By(asking.actor, asking.role, house.clock.now(), asking.reason)
    in_time = [case for case in house.approvals.cases(states=[ProposalState.APPROVED]) if approved_at(case) <= send_at]
    ready, expired, waiting = _judged(house, in_time, by.at)
    begun = house.approvals.cases(states=_UNFINISHED)
    ground = order_ground(house, [case.proposal_id for case in (*ready, *begun)])
    unfinished = [
        case
        for case in begun
        if any(
            (case.proposal_id, row["trade_no"]) not in ground.situation.taken for row in case.content["list"]["trades"]
        )
    ]
    going_on, stopped = _still_good(house, unfinished)
    candidates, unseen = _seen([*ready, *going_on], ground)
    plan = plan_batch(
        [as_approved(case) for case in candidates],
        ground.situation,
        ground.policy.orders,
        send_at,
        ground.policy.trading.fund_cutoffs,
    )
    batches = by_custodian(plan.batch)
    going = {lot.proposal_id for block in plan.batch.blocks for part in block.allocations for lot in part.lots}
    cases = {case.proposal_id: case for case in candidates}
    moves = [
        move(case, Step.STAGE, ProposalState.STAGED, by)
        for proposal_id, case in sorted(cases.items())
        if proposal_id in going and case.state is ProposalState.APPROVED
    ]
    discretionary = discretionary_accounts(ground.book)
    events = [memoranda.planned(batch, block, cases, discretionary, by) for batch in batches for block in batch.blocks]
    waits = [*waiting, *stopped, *unseen, *plan.waiting]
    house.order_book.record(OrderChange(by.at, moves, batches, waits=waits, events=events))
    return Planned(tuple(batches), tuple(one.after.proposal_id for one in moves), tuple(expired), tuple(waits))


def _judged(
    house: House, cases: Collection[Case], at: dt.datetime
) -> tuple[list[Case], list[tuple[str, str]], list[Waiting]]:
    """Return which are still good, which have expired now, and which wait."""
    ready, expired, waiting = [], [], []
    found = readiness(house, cases)
    for case in cases:
        standing = found[case.proposal_id]
        if standing.stale:
            store_moves(house, [acting.invalidate(case, at, standing.causes, standing.text)])
            expired.append((case.proposal_id, standing.text))
        elif standing.waits:
            waiting.append(Waiting(case.proposal_id, WaitReason.PAUSED, standing.text))
        else:
            ready.append(case)
    return ready, expired, waiting


def _still_good(house: House, cases: Collection[Case]) -> tuple[list[Case], list[Waiting]]:
    """Return of which proposals with orders out the rest may follow, and why not of the others; it stays undone, and is told in the end."""
    going, stopped = [], []
    found = readiness(house, cases)
    for case in cases:
        standing = found[case.proposal_id]
        if standing.is_ready:
            going.append(case)
            continue
        reason = WaitReason.STALE if standing.stale else WaitReason.PAUSED
        stopped.append(Waiting(case.proposal_id, reason, standing.text))
    return going, stopped


def _seen(cases: Iterable[Case], ground: OrderGround) -> tuple[list[Case], list[Waiting]]:
    going, waiting = [], []
    for case in cases:
        unseen = not_seen_yet(case, ground)
        if unseen is None:
            going.append(case)
        else:
            waiting.append(unseen)
    return going, waiting
