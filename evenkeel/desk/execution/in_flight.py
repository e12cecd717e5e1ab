"""Our own orders told to the run, so that they are neither proposed again nor read as drift (DRF-03).

A file a session in the folder of the feed `own_orders`, where the book has one: orders that work are counted as done, filled ones explain
what a custodian's file shows. Who has an order system that tells of our orders leaves the feed out: told twice, an order stops its account.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from data_contracts.vocab import BlockState, OrderState
from evenkeel import calendar
from evenkeel.calendar import EASTERN
from evenkeel.desk.execution.comparing import shares_of
from evenkeel.desk.execution.ground import blocks_of
from evenkeel.errors import UsageError
from evenkeel.policy.model import Policy
from evenkeel.ports.orders import Block, Fill
from evenkeel.run.house import House, house_policy

FEED = "own_orders"
"""The feed's name in feeds.yaml (docs/orders.md has it with its map)."""
SESSIONS_TOLD = 5
"""For how many sessions after its own an order is told of."""
HEADER = (
    "Account", "Order", "Ticker", "CUSIP", "ISIN", "Side", "State", "Placed", "Settles", "Units", "Filled", "Dollars", "Price",
)  # fmt: skip
_STATES = {
    BlockState.STAGED: OrderState.STAGED,
    BlockState.SENT: OrderState.SENT,
    BlockState.PARTLY_FILLED: OrderState.PART_FILLED,
    BlockState.FILLED: OrderState.FILLED,
    BlockState.CANCELLED: OrderState.CANCELLED,
    BlockState.REJECTED: OrderState.REJECTED,
}


def in_flight(
    blocks: Iterable[Block], fills: Sequence[Fill], session: dt.date, policy: Policy
) -> list[tuple[str, Block, OrderState, Decimal | None, Decimal, Decimal | None]]:
    """Return what a session's run is told, by account and order: account, block, state, units ordered, units filled, dollars ordered.

    Of an order that has ended with a part filled, that part is told as an order that was filled: the rest will not be done.
    """
    rows = []
    of_order: dict[str, list[Fill]] = {}
    for one in fills:
        of_order.setdefault(one.order_id, []).append(one)
    for block in blocks:
        state = _STATES.get(block.state)
        if state is None or (
            block.trade_date < session and calendar.sessions_apart(block.trade_date, session) > SESSIONS_TOLD
        ):
            continue
        filled = _filled(block, of_order.get(block.order_id, []), policy)
        for part in block.allocations:
            got = filled.get(part.account_id, Decimal(0))
            has_ended = state in (OrderState.CANCELLED, OrderState.REJECTED)
            told = OrderState.FILLED if has_ended and got else state
            ordered = got if has_ended and got else part.order_qty
            in_dollars = block.order_qty is None and told is not OrderState.FILLED
            rows.append(
                (
                    part.account_id,
                    block,
                    told,
                    None if in_dollars else ordered,
                    got,
                    part.order_value_usd if in_dollars else None,
                )
            )
    return sorted(rows, key=lambda row: (row[0], row[1].order_id))


def _filled(block: Block, fills: Sequence[Fill], policy: Policy) -> dict[str, Decimal]:
    """Return units by account; where more was filled than ordered, which is told, each account has got what it ordered at least."""
    try:
        return {share.account_id: share.filled_qty for share in shares_of(block, fills, policy)}
    except UsageError:
        return {part.account_id: part.order_qty for part in block.allocations}


def tell_the_run(house: House) -> bool:
    """Write the session's file where the book has the feed, and what it says has changed; tell whether it was written."""
    book = house.book(house.today())
    feed = next((one for one in book.feeds if one.feed == FEED), None)
    if feed is None:
        return False
    today = house.clock.now().astimezone(EASTERN).date()
    session = today if calendar.is_session(today) else calendar.previous_session(today)
    first = session
    for _ in range(SESSIONS_TOLD):
        first = calendar.previous_session(first)
    blocks = blocks_of(house.order_book.batches(traded_from=first))
    fills = house.order_book.fills([block.order_id for block in blocks]) if blocks else []
    rows = in_flight(blocks, fills, session, house_policy(book))
    if not rows:
        return False
    data = _csv(rows, house.account_numbers())
    folder = house.home / feed.location
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"own-orders_{session:%Y%m%d}.csv"
    if path.is_file() and path.read_bytes() == data:
        return False
    making = path.with_suffix(f".{os.getpid()}.tmp")
    making.write_bytes(data)
    making.chmod(0o600)
    making.replace(path)
    return True


def _csv(
    rows: Iterable[tuple[str, Block, OrderState, Decimal | None, Decimal, Decimal | None]], numbers: Mapping[str, str]
) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADER)
    for account_id, block, state, ordered, filled, dollars in rows:
        security = block.security
        writer.writerow(
            [
                numbers.get(account_id, account_id),
                block.order_id,
                security.symbol or "",
                security.cusip or "",
                security.isin or "",
                block.side.value,
                state.value,
                block.send_at.astimezone(EASTERN).date().isoformat(),
                block.settle_date.isoformat(),
                "" if ordered is None else f"{ordered:f}",
                f"{filled:f}",
                "" if dollars is None else f"{dollars:f}",
                f"{block.estimated_price_usd:f}",
            ]
        )
    return buffer.getvalue().encode()
