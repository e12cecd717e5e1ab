"""A custodian's desk, made up: what becomes of a batch on its day, as ExecutionReports.

Orders at the market fill in one to three executions within a few minutes and basis points; a limit order only while the price is inside
its limit, some of them half, and what is left expires at the close; funds get their one value in the evening. Now and then an execution
is broken and done again, or its price is corrected. The same seed and batch give the same bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from data_contracts.vocab import OrderSide, OrderType
from evenkeel import calendar
from evenkeel.adapters.orders.fix_messages import FixSession, emit_message
from evenkeel.adapters.orders.plain import utc
from evenkeel.decimals import digits
from evenkeel.ports.orders import Batch, Block
from evenkeel.sandbox.draws import Draws

_CENT, _THOUSANDTH = Decimal("0.01"), Decimal("0.001")
_NAV_TOLD = dt.time(18, 30)
_NEW, _PART, _WHOLE, _EXPIRED = "0", "1", "2", "C"
_HALF_PER_THOUSAND, _BUST_PER_THOUSAND, _CORRECT_PER_THOUSAND = 100, 20, 20


@dataclass(frozen=True)
class _Event:
    """Something that happens to an order; `kind` and `status` are tags 150 and 39."""

    at: dt.datetime
    block: Block
    execution_id: str
    kind: str
    status: str
    quantity: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    refers_to: str | None = None


def executions(
    batch: Batch,
    prices: Mapping[str, Decimal],
    seed: int,
    session: FixSession,
    custodian: str | None = None,
    until: dt.datetime | None = None,
) -> bytes:
    """Return what a custodian (null: all) reports of a batch, in the order of time, up to the evening.

    Args:
        batch: As it was handed over.
        prices: By security id, at the time of the batch; for funds the value of the evening.
        seed: Of the draws.
        session: The custodian sends.
        custodian: Whose orders.
        until: Only what happens up to then; None: the whole day.
    """
    events = [
        event
        for block in batch.blocks
        if custodian in (None, block.custodian)
        for event in _day_of(block, prices[block.security.security_id], Draws(seed, block.order_id))
    ]
    events.sort(key=lambda event: event.at)  # stable: an order's own events stay in their order
    return b"".join(
        _report(event, replace(session, next_number=session.next_number + place))
        for place, event in enumerate(events)
        if until is None or event.at <= until
    )


def _day_of(block: Block, price: Decimal, draws: Draws) -> Iterator[_Event]:
    yield _Event(block.send_at + dt.timedelta(seconds=1), block, "new", "0", _NEW)
    if block.order_type == OrderType.NAV:
        told = dt.datetime.combine(block.trade_date, _NAV_TOLD, calendar.EASTERN).astimezone(dt.UTC)
        units = block.order_qty
        if units is None:
            units = ((block.order_value_usd or Decimal(0)) / price).quantize(_THOUSANDTH, ROUND_DOWN)
        yield _Event(told, block, "1", "F", _WHOLE, units, price, units, units * price)
        return
    assert block.order_qty is not None
    wanted = block.order_qty if _is_inside(block, price) else Decimal(0)
    if block.order_type == OrderType.LIMIT and wanted and draws.happens(_HALF_PER_THOUSAND, 1)[0]:
        wanted = (wanted / 2).quantize(Decimal(1), ROUND_DOWN)
    total = value = Decimal(0)
    priced: dict[str, Decimal] = {}
    for each in sorted(_fills(block, wanted, price, draws), key=lambda event: event.at):
        before = priced.get(each.refers_to or "", Decimal(0))
        priced[each.execution_id] = each.price
        if each.kind == "F":
            total, value = total + each.quantity, value + each.quantity * each.price
        elif each.kind == "H":
            total, value = total - each.quantity, value - each.quantity * before
        else:
            value += each.quantity * (each.price - before)
        status = _WHOLE if total == block.order_qty else _PART
        yield replace(each, status=status if total else _NEW, total=total, value=value)
    if total < block.order_qty:
        close = calendar.session_close(block.trade_date)
        yield _Event(close, block, "end", "C", _EXPIRED, total=total, value=value)


def _fills(block: Block, wanted: Decimal, price: Decimal, draws: Draws) -> Iterator[_Event]:
    count = int(draws.between(1, 3, 1)[0])
    slips, seconds = draws.between(-5, 5, count), draws.between(20, 240, count)
    busted, corrected = draws.happens(_BUST_PER_THOUSAND, count), draws.happens(_CORRECT_PER_THOUSAND, count)
    left, at = wanted, block.send_at
    for place in range(count):
        share = left if place == count - 1 else (wanted / count).quantize(Decimal(1), ROUND_DOWN)
        share, at = min(share, left), at + dt.timedelta(seconds=int(seconds[place]))
        left -= share
        if not share:
            continue
        done_at = _within(block, (price * (1 + Decimal(int(slips[place])) / 10_000)).quantize(_CENT))
        first = _Event(at, block, f"{place + 1}", "F", _PART, share, done_at)
        yield first
        if busted[place]:
            yield replace(
                first, at=at + dt.timedelta(minutes=6), execution_id=f"{place + 1}H", kind="H", refers_to=f"{place + 1}"
            )
            yield replace(first, at=at + dt.timedelta(minutes=7), execution_id=f"{place + 1}R")
        elif corrected[place]:
            yield replace(
                first,
                at=at + dt.timedelta(minutes=8),
                execution_id=f"{place + 1}G",
                kind="G",
                price=_within(block, done_at + _CENT),
                refers_to=f"{place + 1}",
            )


def _is_inside(block: Block, price: Decimal) -> bool:
    limit = block.limit_price_usd
    return limit is None or (price <= limit if block.side == OrderSide.BUY else price >= limit)


def _within(block: Block, price: Decimal) -> Decimal:
    limit = block.limit_price_usd
    if limit is None:
        return price
    return min(price, limit) if block.side == OrderSide.BUY else max(price, limit)


def _report(event: _Event, session: FixSession) -> bytes:
    block = event.block
    left = Decimal(0) if event.status == _EXPIRED or block.order_qty is None else block.order_qty - event.total
    average = event.value / event.total if event.total else Decimal(0)
    own = f"{block.order_id}-{event.execution_id}"
    pairs = [(37, f"desk-{block.order_id}"), (11, block.order_id), (17, own)]
    pairs += [(19, f"{block.order_id}-{event.refers_to}")] if event.refers_to else []
    pairs += [(150, event.kind), (39, event.status), (55, block.security.symbol or "[N/A]")]
    pairs += [(48, block.security.cusip), (22, "1")] if block.security.cusip else []
    pairs += [(54, "1" if block.side == OrderSide.BUY else "2")]
    pairs += [(32, digits(event.quantity)), (31, digits(event.price))] if event.kind in "FGH" else []
    pairs += [(151, digits(left)), (14, digits(event.total)), (6, digits(average.quantize(Decimal("0.000001"))))]
    pairs += [(75, f"{block.trade_date:%Y%m%d}"), (60, utc(event.at))]
    return emit_message("8", pairs, session, event.at, block.order_id)[0]
