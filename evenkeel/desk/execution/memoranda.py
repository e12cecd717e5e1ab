"""What the trail is told of orders: the memorandum that 17 CFR 275.204-2(a)(3) asks for, and what became of it.

A memorandum shows the terms of the order, who recommended the transaction and who placed it, the account, the date of entry, the broker
through whom it was executed, and whether discretion was used. Ids only: names are in the book.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from data_contracts.vocab import BlockState, EventKind, FillStatus
from evenkeel.approval.moving import By
from evenkeel.audit.event import Event, id_of
from evenkeel.calendar import EASTERN
from evenkeel.ports.approvals import Case
from evenkeel.ports.orders import AccountShare, Batch, Block, Fill, HandedOver


def planned(batch: Batch, block: Block, cases: Mapping[str, Case], discretionary: Collection[str], by: By) -> Event:
    """Return the memorandum of an order as it is entered."""
    return _event(
        EventKind.ORDER_PLANNED,
        block,
        by,
        {
            **terms(block),
            "batch_id": batch.batch_id,
            "placed_by": by.actor,
            "entered_on": block.send_at.astimezone(EASTERN).date(),
            "accounts": [
                {
                    "account_id": part.account_id,
                    "is_discretionary": part.account_id in discretionary,
                    "order_qty": part.order_qty,
                    "order_value_usd": part.order_value_usd,
                    "relief_method": part.relief_method.value,
                    "lots": [
                        {
                            "proposal_id": lot.proposal_id,
                            "trade_no": lot.trade_no,
                            "recommended_by": cases[lot.proposal_id].adviser_id,
                            "policy_version": cases[lot.proposal_id].policy_version,
                            "lot_id": lot.lot_id,
                            "lot_opened_date": lot.lot_opened_date,
                            "instruction": lot.instruction.value,
                            "order_qty": lot.order_qty,
                        }
                        for lot in part.lots
                    ],
                }
                for part in block.allocations
            ],
        },
    )


def terms(block: Block) -> dict[str, Any]:
    """Return the terms of an order, and the broker."""
    return {
        "broker": block.custodian,
        "security_id": block.security.security_id,
        "side": block.side.value,
        "order_type": block.order_type.value,
        "order_size": block.order_size.value,
        "order_qty": block.order_qty,
        "order_value_usd": block.order_value_usd,
        "limit_price_usd": block.limit_price_usd,
        "time_in_force": block.time_in_force.value,
        "hand_over": block.hand_over.value,
        "trade_date": block.trade_date,
        "settle_date": block.settle_date,
    }


def handed_over(batch: Batch, block: Block, files: Sequence[HandedOver], by: By) -> Event:
    """Return that an order has left: when, by whom, to whom, in which file."""
    mine = [one for one in files if block.order_id in one.order_ids]
    told = [{"name": one.name, "sha256": one.digest} for one in mine]
    return _event(
        EventKind.ORDER_HANDED_OVER,
        block,
        by,
        {
            "batch_id": batch.batch_id,
            "broker": block.custodian,
            "hand_over": block.hand_over.value,
            "placed_by": by.actor,
            "files": told,
        },
    )


def answered(block: Block, state: BlockState, text: str, by: By) -> Event:
    """Return that an order has ended otherwise than whole."""
    return _event(
        EventKind.ORDER_ANSWERED,
        block,
        by,
        {"broker": block.custodian, "state": state.value, "text": text},
        state.value,
    )


def fill_taken(fill: Fill, broker: str | None, by: By) -> Event:
    """Return that an execution was told; `broker` is null where the order is none of ours."""
    return Event(
        event_id=id_of(EventKind.FILL_TAKEN, fill.order_id, fill.execution_id),
        kind=EventKind.FILL_TAKEN,
        business_date=fill.trade_date,
        subject=fill.order_id,
        run_id=None,
        actor=by.actor,
        role=by.role.value,
        occurred_at=by.at,
        payload={
            "execution_id": fill.execution_id,
            "broker": broker,
            "status": fill.status.value,
            "refers_to_id": fill.refers_to_id,
            "filled_qty": fill.filled_qty,
            "price_usd": fill.price_usd,
            "filled_at": fill.filled_at,
        },
    )


def allocated(block: Block, shares: Sequence[AccountShare], allocation: str, replaces: str | None, by: By) -> Event:
    """Return who gets what of an order's fills; `status` is `broken` where all of them were, and nobody gets anything."""
    return _event(
        EventKind.ORDER_ALLOCATED,
        block,
        by,
        {
            "allocation_id": allocation,
            "replaces_id": replaces,
            "broker": block.custodian,
            "status": (FillStatus.GOOD if any(share.filled_qty for share in shares) else FillStatus.BROKEN).value,
            "accounts": [
                {
                    "account_id": share.account_id,
                    "ordered_qty": share.ordered_qty,
                    "filled_qty": share.filled_qty,
                    "average_price_usd": share.average_price_usd,
                    "value_usd": share.value_usd,
                    "lots": [{"lot_id": one.lot.lot_id, "filled_qty": one.filled_qty} for one in share.lots],
                }
                for share in shares
            ],
        },
        allocation,
    )


def compared(case: Case, trade_date: dt.date, counts: Mapping[str, int], by: By) -> Event:
    """Return that what was done was held against what was approved, with how many differences of each kind."""
    return Event(
        event_id=id_of(EventKind.EXECUTION_COMPARED, case.proposal_id, case.version),
        kind=EventKind.EXECUTION_COMPARED,
        business_date=trade_date,
        subject=case.proposal_id,
        run_id=None,
        actor=by.actor,
        role=by.role.value,
        occurred_at=by.at,
        payload={"alert_id": case.alert_id, "household_id": case.household_id, "differences": dict(counts)},
    )


def _event(kind: EventKind, block: Block, by: By, payload: Mapping[str, Any], *identity: object) -> Event:
    return Event(
        event_id=id_of(kind, block.order_id, *identity),
        kind=kind,
        business_date=block.trade_date,
        subject=block.order_id,
        run_id=None,
        actor=by.actor,
        role=by.role.value,
        occurred_at=by.at,
        payload=payload,
    )
