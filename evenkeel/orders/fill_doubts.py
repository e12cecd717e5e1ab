"""Fills that cannot be what was ordered, and fills that must be missing: told before anything is shared out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from data_contracts.vocab import DifferenceKind, OrderSide
from evenkeel.decimals import digits
from evenkeel.orders.fills import done, standing
from evenkeel.ports.order_book import Difference
from evenkeel.ports.orders import Block, Fill, OrderNews


def fill_doubts(blocks: Iterable[Block], news: Iterable[OrderNews]) -> list[Difference]:
    """Return what is odd in the news of orders, by order.

    Told are fills of an order that we did not hand over, more units than ordered, a price worse than the limit, another session than the
    order's, and fewer units by the fills we have than the custodian's last count says (a report was lost). Only standing fills are judged.
    """
    told = list(news)
    by_id = {block.order_id: block for block in blocks}
    fills: dict[str, list[Fill]] = {order_id: [] for order_id in by_id}
    for fill in standing(_fills(told)):
        fills.setdefault(fill.order_id, []).append(fill)
    counts = _last_counts(told)
    found: list[Difference] = []
    for order_id in sorted(fills):
        block, mine = by_id.get(order_id), fills[order_id]
        if block is None:
            found += [_unknown(order_id, fill) for fill in mine]
            continue
        found += [_beyond(block, fill) for fill in mine if _is_beyond(block, fill)]
        found += [_other_date(block, fill) for fill in mine if fill.trade_date != block.trade_date]
        found += _count(block, mine, counts.get(order_id))
    return found


def _fills(news: Iterable[OrderNews]) -> list[Fill]:
    return [one.fill for one in news if one.fill is not None]


def _last_counts(news: Iterable[OrderNews]) -> dict[str, Decimal]:
    """Return the custodian's newest count by order; of several at one moment the largest, since reports of one moment have no order."""
    last: dict[str, tuple[dt.datetime, Decimal]] = {}
    for one in news:
        if one.said_at is not None and one.told_filled_qty is not None:
            said = (one.said_at, one.told_filled_qty)
            last[one.order_id] = max(said, last.get(one.order_id, said))
    return {order_id: count for order_id, (_, count) in last.items()}


def _count(block: Block, fills: list[Fill], told: Decimal | None) -> list[Difference]:
    filled = done(block, fills).filled_qty
    found = []
    if block.order_qty is not None and filled > block.order_qty:
        text = (
            f"order {block.order_id}: {digits(filled)} units were filled of {digits(block.order_qty)} ordered; "
            "ask for what is too much to be broken"
        )
        found.append(
            _difference(
                DifferenceKind.OVERFILLED, block, block.security.security_id, block.order_qty, filled, "qty", text
            )
        )
    if told is not None and told != filled:
        text = (
            f"order {block.order_id}: the custodian counts {digits(told)} units, its fills say {digits(filled)}; "
            "ask for the reports again"
        )
        found.append(
            _difference(DifferenceKind.FILLS_MISSING, block, block.security.security_id, told, filled, "qty", text)
        )
    return found


def _is_beyond(block: Block, fill: Fill) -> bool:
    limit = block.limit_price_usd
    if limit is None:
        return False
    return fill.price_usd > limit if block.side == OrderSide.BUY else fill.price_usd < limit


def _beyond(block: Block, fill: Fill) -> Difference:
    limit = block.limit_price_usd or Decimal(0)
    text = (
        f"order {block.order_id}: execution {fill.execution_id} is at {fill.price_usd:f}, beyond the limit of {limit:f}"
    )
    return _difference(DifferenceKind.BEYOND_LIMIT, block, fill.execution_id, limit, fill.price_usd, "usd", text)


def _other_date(block: Block, fill: Fill) -> Difference:
    text = f"order {block.order_id}: execution {fill.execution_id} is of {fill.trade_date}, the order was for {block.trade_date}"
    return _difference(DifferenceKind.OTHER_DATE, block, fill.execution_id, Decimal(0), fill.filled_qty, "qty", text)


def _unknown(order_id: str, fill: Fill) -> Difference:
    text = f"execution {fill.execution_id} is of order {order_id}, which is none of ours; ask the custodian whose it is"
    return Difference(
        DifferenceKind.UNKNOWN_ORDER, None, None, fill.execution_id, Decimal(0), fill.filled_qty, "qty", text, order_id
    )


def _difference(
    kind: DifferenceKind, block: Block, subject: str, expected: Decimal, found: Decimal, unit: str, text: str
) -> Difference:
    return Difference(kind, None, None, subject, expected, found, unit, text, block.order_id)
