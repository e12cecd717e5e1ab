"""An order all of whose executions were broken after its proposal was done: the proposal says so, and clients who were told are told again.

The order ends like one that was never filled. Nothing is ordered again by itself: the next run measures what is held, and proposes anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from data_contracts.vocab import ConsentKind, DifferenceKind, MessageKind, ProposalState, Role, Step
from evenkeel.approval.moving import By, message, move
from evenkeel.decimals import digits
from evenkeel.desk.execution.ground import proposals_in
from evenkeel.orders.after_fill import unfilled
from evenkeel.ports.approvals import Case, Entry, Move
from evenkeel.ports.order_book import Difference
from evenkeel.ports.orders import Block
from evenkeel.run.house import House


@dataclass(frozen=True)
class Voided:
    """An order of which nothing stands any more.

    Attributes:
        block: The order.
        broken_qty: Units that were done and taken back.
        earlier: The allocation that its custodian was told; None: none.
        is_told: The custodian was told that it is void.
    """

    block: Block
    broken_qty: Decimal
    earlier: str | None
    is_told: bool


@dataclass(frozen=True)
class TakenBack:
    """What follows: the steps of the proposals, and what differs."""

    moves: tuple[Move, ...]
    differences: tuple[Difference, ...]


def take_back(house: House, voided: Sequence[Voided], by: By) -> TakenBack:
    """Return what orders of which nothing stands mean for their proposals; one that is not done yet is compared in its turn."""
    moves: list[Move] = []
    differences = [_broken(one) for one in voided]
    blocks = [one.block for one in voided]
    for proposal_id in sorted(proposals_in(blocks)):
        case = house.approvals.case(proposal_id)
        if case is None or case.state is not ProposalState.RECONCILED:
            continue
        mine = [block for block in blocks if case.proposal_id in proposals_in([block])]
        moves.append(_step(case, mine, house.approvals.entries(case.proposal_id), by))
        differences += [one for block in mine for one in unfilled(block, []) if one.proposal_id == case.proposal_id]
    return TakenBack(tuple(moves), tuple(differences))


def _step(case: Case, blocks: Sequence[Block], entries: Sequence[Entry], by: By) -> Move:
    orders = sorted(block.order_id for block in blocks)
    fills = _told_and_void(case, blocks, entries)
    detail: dict[str, Any] = {"order_ids": orders, "fills": fills}
    because = By(by.actor, by.role, by.at, f"every execution of {', '.join(orders)} was broken")
    told = []
    if fills:
        clients = [one.person_id for one in case.consents if one.kind is ConsentKind.CLIENT and one.person_id]
        whom = list(dict.fromkeys(clients)) or [case.household_id]
        what: dict[str, Any] = {"fills": fills, "broken_at": by.at.isoformat(), "recipient_role": Role.CLIENT.value}
        told = [message(case, MessageKind.CLIENT_FILL_BROKEN.value, to=each, **what) for each in whom]
    return move(case, Step.TAKE_BACK, case.state, because, told=told, detail=detail)


def _told_and_void(case: Case, blocks: Sequence[Block], entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """Return what clients were told was traded and is void now, as they were told, but for what they were told is void already."""
    void = {
        (block.side.value, part.account_id, block.security.security_id)
        for block in blocks
        for part in block.allocations
        if any(lot.proposal_id == case.proposal_id for lot in part.lots)
    }
    told = [row for one in entries if one.step is Step.FILL for row in one.detail.get("fills", ())]
    known = [_place(row) for one in entries if one.step is Step.TAKE_BACK for row in one.detail.get("fills", ())]
    return [row for row in told if _place(row) in void and _place(row) not in known]


def _place(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["side"], row["account_id"], row["security_id"]


def _broken(one: Voided) -> Difference:
    block = one.block
    text = f"order {block.order_id}: every execution was broken, {digits(one.broken_qty)} units in all; nothing of it stands"
    if one.earlier is not None and not one.is_told:
        text += f"; {block.custodian}'s form cannot take allocation {one.earlier} back: have it done there"
    return Difference(
        DifferenceKind.BROKEN,
        None,
        None,
        block.security.security_id,
        one.broken_qty,
        Decimal(0),
        "qty",
        text,
        block.order_id,
    )
