"""Which executions stand: each counted once, broken ones taken back, corrected ones replaced; how much was done, and at what average price.

News comes late, twice and out of order: the result is the same whatever the order in which the executions are given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.fills import Fills
from data_contracts.vocab import BlockState, FillStatus, OrderType, TimeInForce
from evenkeel import calendar
from evenkeel.errors import UsageError
from evenkeel.ports.orders import Block, Fill

PRICE_STEP = Decimal("0.000001")
"""Average prices are rounded half to even to a millionth of a dollar; money is computed from the executions, not from the average."""


@dataclass(frozen=True)
class Judged:
    """An execution, what became of it, and which one took it back or corrected it."""

    fill: Fill
    status: FillStatus
    replaced_by_id: str | None


@dataclass(frozen=True)
class Done:
    """What was done of a block: units, dollars (quantity times price times price factor, exact), average price (null: nothing)."""

    filled_qty: Decimal
    value_usd: Decimal
    average_price_usd: Decimal | None


def judged(fills: Iterable[Fill]) -> list[Judged]:
    """Return every execution once, with what became of it, by order and id.

    A correction may itself be corrected or taken back; the last word of a chain holds. What takes back an execution that was never seen
    stands against it when it comes.

    Raises:
        UsageError: Two different executions of an order have one id.
    """
    known: dict[tuple[str, str], Fill] = {}
    for fill in fills:
        earlier = known.setdefault((fill.order_id, fill.execution_id), fill)
        if earlier != fill:
            raise UsageError(
                f"order {fill.order_id}: execution {fill.execution_id} was told twice with different figures; ask the custodian which holds"
            )
    last: dict[tuple[str, str], tuple[tuple[int, dt.datetime, str], Fill]] = {}
    roots = {place: _root(place, known) for place in known}
    for place, fill in known.items():
        root, depth = roots[place]
        rank = (depth, fill.filled_at, fill.execution_id)
        if root not in last or rank > last[root][0]:
            last[root] = (rank, fill)
    result = []
    for place in sorted(known):
        fill, by = known[place], last[roots[place][0]][1]
        if by is not fill:
            became = FillStatus.BROKEN if by.status == FillStatus.BROKEN else FillStatus.CORRECTED
            result.append(Judged(fill, became, by.execution_id))
        else:
            # One that only takes another back brings nothing of its own.
            became = FillStatus.BROKEN if fill.status == FillStatus.BROKEN else FillStatus.GOOD
            result.append(Judged(fill, became, None))
    return result


def _root(place: tuple[str, str], known: dict[tuple[str, str], Fill]) -> tuple[tuple[str, str], int]:
    """Return the execution that a chain of corrections began with, and how many steps after it this one is.

    Some custodians refer to the first execution, some to the last correction: all that goes back to one root speaks of one trade.
    """
    seen = [place]
    while (fill := known.get(seen[-1])) is not None and fill.refers_to_id is not None:
        before = (fill.order_id, fill.refers_to_id)
        if before in seen:
            break
        seen.append(before)
    return seen[-1], len(seen) - 1


def standing(fills: Iterable[Fill]) -> list[Fill]:
    """Return the executions that stand, by order and id."""
    return [replace(one.fill, status=FillStatus.GOOD) for one in judged(fills) if one.status == FillStatus.GOOD]


def done(block: Block, fills: Iterable[Fill]) -> Done:
    """Return what was done of a block by its own standing executions; other orders' are left out.

    average_price = sum(quantity * price) / sum(quantity), rounded as `PRICE_STEP` says.
    """
    mine = standing(fill for fill in fills if fill.order_id == block.order_id)
    quantity = sum((fill.filled_qty for fill in mine), Decimal(0))
    gross = sum((fill.filled_qty * fill.price_usd for fill in mine), Decimal(0))
    average = (gross / quantity).quantize(PRICE_STEP, ROUND_HALF_EVEN) if quantity else None
    return Done(quantity, gross * block.security.price_factor, average)


def state_of(block: Block, fills: Iterable[Fill]) -> BlockState:
    """Return where a block stands by its fills.

    One without any keeps the state it has. One that had some, all of which were broken, works again: whether it goes on is for its day, or
    the custodian's word, to say.
    """
    filled = done(block, fills)
    if not filled.filled_qty:
        return BlockState.SENT if block.state in (BlockState.FILLED, BlockState.PARTLY_FILLED) else block.state
    if block.order_qty is not None:
        is_whole = filled.filled_qty >= block.order_qty
    else:
        # An order in dollars is whole once all but a unit's worth of rounding is done.
        assert block.order_value_usd is not None
        is_whole = filled.value_usd >= block.order_value_usd * Decimal("0.999")
    return BlockState.FILLED if is_whole else BlockState.PARTLY_FILLED


def broken_qty(block: Block, fills: Iterable[Fill]) -> Decimal:
    """Return how many units of a block were done and taken back since."""
    mine = (fill for fill in fills if fill.order_id == block.order_id)
    return sum(
        (
            one.fill.filled_qty
            for one in judged(mine)
            if one.status == FillStatus.BROKEN and one.fill.status == FillStatus.GOOD
        ),
        Decimal(0),
    )


def is_final(block: Block, fills: Iterable[Fill], at: dt.datetime) -> bool:
    """Tell whether what was done of a block is all there will be: it is whole, or its day is over.

    The day of an order on the exchange ends with its session; a fund's value is told in the night after it, so that it is waited for until
    the next session's close. A fill that is broken or corrected later still changes a final block.
    """
    if state_of(block, fills) == BlockState.FILLED:
        return True
    last = calendar.next_session(block.trade_date) if block.order_type == OrderType.NAV else block.trade_date
    return block.time_in_force == TimeInForce.DAY and at >= calendar.session_close(last)


def fills_frame(fills: Sequence[Fill]) -> DataFrame[Fills]:
    """Return all executions as the dataset."""
    rows = [
        {
            "order_id": one.fill.order_id,
            "execution_id": one.fill.execution_id,
            "filled_qty": one.fill.filled_qty,
            "price_usd": one.fill.price_usd,
            "filled_at": one.fill.filled_at,
            "trade_date": one.fill.trade_date,
            "status": one.status.value,
            "replaced_by_id": one.replaced_by_id,
        }
        for one in judged(fills)
    ]
    return conform(pl.DataFrame(rows, schema=Fills.polars_schema()), Fills)
