"""Planned orders leave, a batch a custodian; what has gone stale since, and a batch whose session has closed before it left, is taken back.

The file is written first, and is the same whenever it is written again: a process that is killed between the file and the record leaves
a batch that the next one hands over again, to the same file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from data_contracts.vocab import BlockState, ControlKind, HandOver, HandOverKind, ProposalState, Step, UseCase
from evenkeel import calendar
from evenkeel.approval import acting
from evenkeel.approval.moving import By, move
from evenkeel.calendar import EASTERN
from evenkeel.desk.consent.deciding import Asking
from evenkeel.desk.execution import memoranda
from evenkeel.desk.execution.ground import blocks_of, pauses_of, proposals_in
from evenkeel.desk.execution.in_flight import tell_the_run
from evenkeel.desk.execution.planning import AUTOMATIC, LEASE, require_execution
from evenkeel.desk.execution.withdrawing import withdraw_stale
from evenkeel.errors import TransientError, UsageError
from evenkeel.orders.approved import Pause
from evenkeel.ports.approvals import Case, Move
from evenkeel.ports.order_book import HandOverNote, OrderChange
from evenkeel.ports.orders import Batch, HandedOver
from evenkeel.run.house import House

MISSED = "batch_missed"
"""Why a proposal ends whose orders never left."""


@dataclass(frozen=True)
class Sent:
    """What handing over did.

    Batches that left, with their files; what is held back; what was missed; proposals whose orders were taken back since they went stale,
    with why; what could not be handed over, in words.
    """

    handed: tuple[tuple[Batch, tuple[HandedOver, ...]], ...]
    held: tuple[Batch, ...]
    missed: tuple[Batch, ...]
    stale: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]


def hand_over(house: House, asking: Asking = AUTOMATIC) -> Sent:
    """Hand over every batch that is planned, each custodian's by itself.

    Raises:
        UsageError: The role may not, or the settings of orders are wrong.
        LeaseHeld: Orders are being worked on elsewhere.
    """
    require_execution(house, asking, UseCase.STAGE)
    with house.records.lease(LEASE, LEASE, house.lease_seconds):
        planned = house.order_book.batches(states=[BlockState.PLANNED])
        if not planned:
            return Sent((), (), (), (), ())
        now = house.clock.now()
        by = By(asking.actor, asking.role, now, asking.reason)
        missed = [one for one in planned if now >= calendar.session_close(one.send_at.astimezone(EASTERN).date())]
        for batch in missed:
            _take_back(house, batch, by)
        due = [one for one in planned if one not in missed]
        withdrawn = withdraw_stale(house, due, by)
        if withdrawn.orders:
            due = house.order_book.batches(states=[BlockState.PLANNED])
        held = held_back(due, pauses_of(house.approvals.controls(ControlKind.PAUSE)), withdrawn.waiting)
        handed, problems = [], []
        desk, numbers = house.order_desk(), house.account_numbers()
        for batch in (one for one in due if one not in held):
            try:
                files = tuple(desk.hand_over(batch, numbers))
            except (UsageError, TransientError) as error:
                problems.append(f"{batch.blocks[0].custodian}, {batch.batch_id}: {error}")
                continue
            _record(house, batch, files, by)
            handed.append((batch, files))
        tell_the_run(house)
    house.records.checkpoint(house.clock.now())
    return Sent(tuple(handed), tuple(held), tuple(missed), withdrawn.stale, tuple(problems))


def held_back(batches: Sequence[Batch], pauses: Collection[Pause], waiting: Collection[str] = ()) -> list[Batch]:
    """Return the batches that wait, and those that share a proposal with them: a proposal waits whole.

    A batch waits that a pause touches, or that has a part of a proposal in `waiting`.
    """

    def is_paused(batch: Batch) -> bool:
        return not proposals_of([batch]).isdisjoint(waiting) or any(
            pause.touches(block.custodian, block.security.security_id) for block in batch.blocks for pause in pauses
        )

    held = [batch for batch in batches if is_paused(batch)]
    while True:
        stopped = {one for batch in held for one in proposals_of([batch])}
        more = [batch for batch in batches if batch not in held and proposals_of([batch]) & stopped]
        if not more:
            return [batch for batch in batches if batch in held]
        held += more


def proposals_of(batches: Iterable[Batch]) -> set[str]:
    """Return the proposals that have a part in batches."""
    return proposals_in(blocks_of(batches))


def _record(house: House, batch: Batch, files: Sequence[HandedOver], by: By) -> None:
    """Write down that a batch has left; proposals all of whose orders have left are sent."""
    left: dict[str, set[str]] = defaultdict(set)
    for other in house.order_book.batches(states=[BlockState.PLANNED], proposal_ids=proposals_of([batch])):
        for block in other.blocks:
            for proposal_id in proposals_of([Batch(other.batch_id, other.send_at, (block,))]):
                left[proposal_id].add(block.order_id)
    mine = {block.order_id for block in batch.blocks}
    moves: list[Move] = []
    for proposal_id in sorted(proposals_of([batch])):
        case = house.approvals.case(proposal_id)
        if case is not None and case.state is ProposalState.STAGED and left[proposal_id] <= mine:
            moves.append(move(case, Step.SEND, ProposalState.SENT, by))
    after = {HandOver.STAGED: BlockState.STAGED, HandOver.SUBMITTED: BlockState.SENT}
    house.order_book.record(
        OrderChange(
            by.at,
            moves,
            states={block.order_id: (BlockState.PLANNED, after[block.hand_over]) for block in batch.blocks},
            hand_overs=[
                HandOverNote(batch.batch_id, HandOverKind.ORDERS, one.name, one.digest, one.order_ids, by.at)
                for one in files
            ],
            events=[memoranda.handed_over(batch, block, files, by) for block in batch.blocks],
        )
    )


def _take_back(house: House, batch: Batch, by: By) -> None:
    """Cancel orders that never left, and end the proposals of which nothing has: the next run proposes them anew."""
    others = house.order_book.batches(proposal_ids=proposals_of([batch]))
    gone = {BlockState.PLANNED, BlockState.CANCELLED, BlockState.WITHDRAWN}
    alive = proposals_of(
        [
            Batch(one.batch_id, one.send_at, tuple(each for each in one.blocks if each.state not in gone))
            for one in others
        ]
    )
    text = "the session closed before the orders were handed over"
    moves: list[Move] = []
    planned = house.order_book.batches(states=[BlockState.PLANNED], proposal_ids=proposals_of([batch]))
    waits = proposals_of([one for one in planned if one.batch_id != batch.batch_id])
    for proposal_id in sorted(proposals_of([batch])):
        case = house.approvals.case(proposal_id)
        if case is None or case.state is not ProposalState.STAGED or proposal_id in waits:
            continue
        moves += [move(case, Step.SEND, ProposalState.SENT, by)] if proposal_id in alive else _ended(case, by, text)
    house.order_book.record(
        OrderChange(
            by.at,
            moves,
            states={block.order_id: (BlockState.PLANNED, BlockState.CANCELLED) for block in batch.blocks},
            events=[memoranda.answered(block, BlockState.CANCELLED, text, by) for block in batch.blocks],
        )
    )


def _ended(case: Case, by: By, text: str) -> list[Move]:
    back = move(case, Step.UNSTAGE, ProposalState.APPROVED, By(by.actor, by.role, by.at, text))
    return [back, acting.invalidate(back.after, by.at, [{"cause": MISSED, "text": text}], text)]
