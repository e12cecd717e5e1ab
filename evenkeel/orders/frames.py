"""Batches as the datasets `orders` and `order_allocations`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.order_allocations import OrderAllocations
from data_contracts.orders import Orders
from data_contracts.vocab import (
    BlockState,
    HandOver,
    LotInstruction,
    OrderSide,
    OrderSize,
    OrderType,
    ReliefMethod,
    TimeInForce,
)
from evenkeel.ports.orders import Allocation, Batch, Block, OrderedLot, OrderedSecurity


def orders_frame(batch: Batch) -> DataFrame[Orders]:
    """Return the blocks of a batch as the dataset `orders`."""
    rows = [
        {
            "order_id": block.order_id,
            "batch_id": batch.batch_id,
            "sequence_no": place,
            "custodian": block.custodian,
            "security_id": block.security.security_id,
            "side": block.side.value,
            "order_type": block.order_type.value,
            "order_size": block.order_size.value,
            "order_qty": block.order_qty,
            "order_value_usd": block.order_value_usd,
            "estimated_price_usd": block.estimated_price_usd,
            "limit_price_usd": block.limit_price_usd,
            "time_in_force": block.time_in_force.value,
            "hand_over": block.hand_over.value,
            "state": block.state.value,
            "send_at": block.send_at,
            "trade_date": block.trade_date,
            "order_by_at": block.order_by_at,
            "settle_date": block.settle_date,
        }
        for place, block in enumerate(batch.blocks, start=1)
    ]
    return conform(pl.DataFrame(rows, schema=Orders.polars_schema()), Orders)


def allocations_frame(batch: Batch) -> DataFrame[OrderAllocations]:
    """Return the parts of a batch's blocks as the dataset `order_allocations`."""
    rows = [
        {
            "order_id": block.order_id,
            "proposal_id": lot.proposal_id,
            "trade_no": lot.trade_no,
            "account_id": part.account_id,
            "order_qty": lot.order_qty,
            "order_value_usd": lot.order_value_usd,
            "lot_id": lot.lot_id,
            "lot_opened_date": lot.lot_opened_date,
            "lot_instruction": lot.instruction.value,
            "relief_method": part.relief_method.value,
            "gain_usd": lot.gain_usd,
            "tax_usd": lot.tax_usd,
        }
        for block in batch.blocks
        for part in block.allocations
        for lot in part.lots
    ]
    return conform(pl.DataFrame(rows, schema=OrderAllocations.polars_schema()), OrderAllocations)


def batches_of(
    orders: DataFrame[Orders], allocations: DataFrame[OrderAllocations], securities: Mapping[str, OrderedSecurity]
) -> list[Batch]:
    """Return stored batches, oldest first; the inverse of `orders_frame` and `allocations_frame`."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in allocations.sort("order_id", "account_id", "proposal_id", "trade_no").iter_rows(named=True):
        parts.setdefault(row["order_id"], []).append(row)
    ordered = orders.sort("send_at", "batch_id", "sequence_no").iter_rows(named=True)
    batches = []
    for (send_at, batch_id), rows in groupby(ordered, key=lambda row: (row["send_at"], row["batch_id"])):
        blocks = tuple(_block(row, parts.get(row["order_id"], []), securities[row["security_id"]]) for row in rows)
        batches.append(Batch(batch_id, send_at, blocks))
    return batches


def _block(row: Mapping[str, Any], parts: list[dict[str, Any]], security: OrderedSecurity) -> Block:
    return Block(
        order_id=row["order_id"],
        custodian=row["custodian"],
        security=security,
        side=OrderSide(row["side"]),
        order_type=OrderType(row["order_type"]),
        order_size=OrderSize(row["order_size"]),
        order_qty=row["order_qty"],
        order_value_usd=row["order_value_usd"],
        estimated_price_usd=row["estimated_price_usd"],
        limit_price_usd=row["limit_price_usd"],
        time_in_force=TimeInForce(row["time_in_force"]),
        hand_over=HandOver(row["hand_over"]),
        send_at=row["send_at"],
        trade_date=row["trade_date"],
        order_by_at=row["order_by_at"],
        settle_date=row["settle_date"],
        allocations=tuple(
            _allocation(account_id, list(mine))
            for account_id, mine in groupby(parts, key=lambda part: str(part["account_id"]))
        ),
        state=BlockState(row["state"]),
    )


def _allocation(account_id: str, rows: list[dict[str, Any]]) -> Allocation:
    lots = tuple(
        OrderedLot(
            row["proposal_id"],
            row["trade_no"],
            row["order_qty"],
            row["order_value_usd"],
            row["lot_id"],
            row["lot_opened_date"],
            LotInstruction(row["lot_instruction"]),
            row["gain_usd"],
            row["tax_usd"],
        )
        for row in rows
    )
    return Allocation(
        account_id,
        sum((lot.order_qty for lot in lots), Decimal(0)),
        sum((lot.order_value_usd for lot in lots), Decimal(0)),
        ReliefMethod(rows[0]["relief_method"]),
        lots,
    )
