"""What was planned is looked at once more before it leaves: orders with a part of a proposal that has gone stale are taken back (APR-06).

A block is what it was planned as, so it is taken back whole. The stale proposal expires with its causes; the others in the block are good
as before, and the next planning orders their parts again without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data_contracts.vocab import BlockState, ProposalState, Step
from evenkeel.approval import acting
from evenkeel.approval.moving import By, move
from evenkeel.desk.consent.staging import Readiness, readiness
from evenkeel.desk.execution import memoranda
from evenkeel.desk.execution.ground import blocks_of, proposals_in
from evenkeel.ports.approvals import Case, Move
from evenkeel.ports.order_book import OrderChange
from evenkeel.ports.orders import Batch
from evenkeel.run.house import House


@dataclass(frozen=True)
class Withdrawn:
    """Stale proposals with why, how many orders were taken back for them, and proposals that wait: nothing of theirs is to leave now."""

    stale: tuple[tuple[str, str], ...]
    orders: int
    waiting: frozenset[str]


def withdraw_stale(house: House, planned: Sequence[Batch], by: By) -> Withdrawn:
    """Take back the planned orders that have a part of a stale proposal, in one transaction with the steps of their proposals."""
    concerned = proposals_in(blocks_of(planned))
    on_way = house.approvals.cases(states=[ProposalState.STAGED, ProposalState.SENT])
    cases = {case.proposal_id: case for case in on_way if case.proposal_id in concerned}
    found = readiness(house, cases.values())
    stale = {proposal_id: standing for proposal_id, standing in found.items() if standing.stale}
    waiting = frozenset(proposal_id for proposal_id, standing in found.items() if standing.waits)
    if stale:
        _take_back(house, planned, cases, stale, by)
    told = tuple((proposal_id, standing.text) for proposal_id, standing in sorted(stale.items()))
    return Withdrawn(told, len(_touched(planned, stale)), waiting)


def _touched(planned: Sequence[Batch], stale: Mapping[str, Readiness]) -> set[str]:
    return {block.order_id for block in blocks_of(planned) if proposals_in([block]) & stale.keys()}


def _take_back(
    house: House, planned: Sequence[Batch], cases: Mapping[str, Case], stale: Mapping[str, Readiness], by: By
) -> None:
    gone = _touched(planned, stale)
    blocks = [block for block in blocks_of(planned) if block.order_id in gone]
    said = f"taken back before it left: {', '.join(sorted(stale))} went stale"
    moves: list[Move] = []
    for proposal_id in sorted(proposals_in(blocks)):
        case = cases.get(proposal_id)
        if case is None or case.state is not ProposalState.STAGED:
            continue  # other orders of it have left: what is not ordered by the end is told as not filled
        others = [
            block.state
            for block in blocks_of(house.order_book.batches(proposal_ids=[proposal_id]))
            if block.order_id not in gone and block.state is not BlockState.WITHDRAWN
        ]
        if not others:
            standing = stale.get(proposal_id)
            text = standing.text if standing is not None else said
            moves.append(move(case, Step.UNSTAGE, ProposalState.APPROVED, By(by.actor, by.role, by.at, text)))
            if standing is not None:
                moves.append(acting.invalidate(moves[-1].after, by.at, standing.causes, standing.text))
        elif BlockState.PLANNED not in others:
            moves.append(move(case, Step.SEND, ProposalState.SENT, by))
    house.order_book.record(
        OrderChange(
            by.at,
            moves,
            states={block.order_id: (BlockState.PLANNED, BlockState.WITHDRAWN) for block in blocks},
            events=[memoranda.answered(block, BlockState.WITHDRAWN, said, by) for block in blocks],
        )
    )
