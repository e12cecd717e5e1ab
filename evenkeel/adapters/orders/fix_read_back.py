"""What an order's message says, read back from its fields and compared with the block, before it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from data_contracts.vocab import HandOver, OrderSide, OrderType, TimeInForce
from evenkeel.adapters.orders.fix_checking import FixFields
from evenkeel.errors import UsageError
from evenkeel.ports.orders import Block

SIDES = {OrderSide.BUY: "1", OrderSide.SELL: "2"}
TYPES = {OrderType.MARKET: "1", OrderType.LIMIT: "2", OrderType.NAV: "M"}
IN_FORCE = {TimeInForce.DAY: "0", TimeInForce.GOOD_TILL_CANCELLED: "1"}
HANDLING = {HandOver.STAGED: "3", HandOver.SUBMITTED: "1"}
NO_SYMBOL = "[N/A]"
CANCELLED_ALLOCATION = "2"
"""`71 AllocTransType` of an allocation that is void."""


@dataclass(frozen=True)
class _Said:
    """What a message says of an order, read back from its fields, to be compared with what the block says."""

    order_id: str
    side: str
    identifiers: tuple[str | None, str | None]
    size: tuple[Decimal | None, Decimal | None]
    order_type: str
    limit: Decimal | None
    in_force: str
    handling: str
    parts: tuple[tuple[str, Decimal], ...]


def compare_orders(blocks: Sequence[Block], read_back: Sequence[FixFields], numbers: Mapping[str, str]) -> None:
    """Compare blocks with what their messages say.

    Raises:
        UsageError: A message says something else than its block.
    """
    for block, fields in zip(blocks, read_back, strict=True):
        if _said(fields) != _meant(block, numbers):
            raise UsageError(f"order {block.order_id}: the message read back differs from the order; nothing is sent")


def _said(fields: FixFields) -> _Said:
    def figure(tag: int) -> Decimal | None:
        text = fields.get(tag)
        return None if text is None else Decimal(text)

    size = (figure(38), figure(152))
    parts = tuple((one.get(79) or "", Decimal(one.get(80) or 0)) for one in fields.groups.get(78, ()))
    alone = fields.get(1)
    return _Said(
        fields.get(11) or "",
        fields.get(54) or "",
        (fields.get(55), fields.get(48)),
        size,
        fields.get(40) or "",
        figure(44),
        fields.get(59) or "",
        fields.get(21) or "",
        parts if alone is None else ((alone, size[0] or size[1] or Decimal(0)),),
    )


def _meant(block: Block, numbers: Mapping[str, str]) -> _Said:
    in_dollars = block.order_value_usd is not None
    return _Said(
        block.order_id,
        SIDES[block.side],
        (block.security.symbol or NO_SYMBOL, block.security.cusip or block.security.isin),
        (block.order_qty, block.order_value_usd),
        TYPES[block.order_type],
        block.limit_price_usd,
        IN_FORCE[block.time_in_force],
        HANDLING[block.hand_over],
        tuple(
            (numbers[part.account_id], part.order_value_usd if in_dollars else part.order_qty)
            for part in block.allocations
        ),
    )
