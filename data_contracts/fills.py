"""Executions of block orders."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, Instant, code, column, key


class Fills(Contract):
    """One row per execution that a custodian reported of a block order, as it stands after what was taken back or corrected.

    Produced by `evenkeel.orders.fills`; read by the sharing out of fills and by the comparison after them.
    """

    order_id: str = key("The block.")
    execution_id: str = key("The custodian's own id of the execution.")
    filled_qty: Fact = column("Units, > 0.")
    price_usd: Fact = column("Price of one unit, > 0.")
    filled_at: Instant = column("When it was done.")
    trade_date: dt.date = column("Session it was done on.")
    status: str = code(vocab.FillStatus, "What became of it.")
    replaced_by_id: str = column("The execution that took it back or corrected it; null: it stands.", null=True)
