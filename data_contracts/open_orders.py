"""Orders on their way, from an order system or from us."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.fact_row import AccountRow, SecurityText
from data_contracts.fields import Fact, code, column


class OpenOrders(AccountRow, SecurityText):
    """One row per order line of a file.

    Produced by `evenkeel.stages.ingest`; read by reconcile, which counts what an open order will do as done.
    """

    order_id: str = column("The order system's id.")
    placed_date: dt.date = column("Date it was placed.")
    settle_date: dt.date = column("Date its fills settle.", null=True)
    side: str = code(vocab.OrderSide, "Buy or sell.")
    state: str = code(vocab.OrderState, "Where it stands.")
    currency: str = column("ISO currency of the row's money.")
    order_qty: Fact = column("Units ordered, > 0; null for an order in dollars.", null=True)
    filled_qty: Fact = column("Units filled and already in the custodian's positions.", null=True)
    order_value_ccy: Fact = column("Dollars ordered, for an order in dollars.", null=True)
    estimated_price_ccy: Fact = column("Price it was estimated at.", null=True)
