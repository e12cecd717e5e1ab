"""Block orders: what is handed to custodians."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, Instant, Money, code, column, count, key


class Orders(Contract):
    """One row per block order: one security, side and kind of order at one custodian, across accounts.

    Produced by `evenkeel.orders.blocks`; read by the adapters that write order files, by fills and by the desk. Whose parts make up
    the block stands in `order_allocations`. Exactly one of `order_qty` and `order_value_usd` is given.
    """

    order_id: str = key(
        "Digest of the batch's session, what the block is, and the trades in it; the client order id in every file."
    )
    batch_id: str = column("Digest of the blocks that are handed over together.")
    sequence_no: int = count("Place in its batch from 1: sales first, then purchases.")
    custodian: str = column("Whom it goes to.")
    security_id: str = column("The security.")
    side: str = code(vocab.OrderSide, "Which way.")
    order_type: str = code(vocab.OrderType, "At what price it may be done.")
    order_size: str = code(vocab.OrderSize, "What its size is stated in.")
    order_qty: Fact = column("Units, > 0; null: stated in dollars.", null=True)
    order_value_usd: Money = column("Dollars, > 0; null: stated in units.", null=True)
    estimated_price_usd: Fact = column("Price that the approved trades were computed from.")
    limit_price_usd: Fact = column("Limit; null: not a limit order.", null=True)
    time_in_force: str = code(vocab.TimeInForce, "How long it stands.")
    hand_over: str = code(vocab.HandOver, "How it reaches the custodian.")
    state: str = code(vocab.BlockState, "Where it stands.")
    send_at: Instant = column("When the batch goes.")
    trade_date: dt.date = column("Session that it trades on; for a fund the one whose net asset value it gets.")
    order_by_at: Instant = column("By when an order for a fund must be in for that value; null: not a fund.", null=True)
    settle_date: dt.date = column("When it settles, if filled on its trade date.")
