"""Whose parts make up a block order, lot by lot."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, Money, code, column, key


class OrderAllocations(Contract):
    """One row per block order and approved trade: an account's lot sold, or its purchase.

    Produced by `evenkeel.orders.blocks`; read by the adapters, by the sharing out of fills and by the comparison after them. The rows of
    a block add up to its size.
    """

    order_id: str = key("The block.")
    proposal_id: str = key("The approved proposal.")
    trade_no: int = key("The trade within the proposal.")
    account_id: str = column("The account.")
    order_qty: Fact = column("Units; of an order in dollars the units that were estimated.")
    order_value_usd: Money = column("Estimated value; of an order in dollars what is ordered.")
    lot_id: str = column("The lot sold; null: a purchase.", null=True)
    lot_opened_date: dt.date = column("When the lot was acquired.", null=True)
    lot_instruction: str = code(vocab.LotInstruction, "How the custodian is told which lots go.")
    relief_method: str = code(vocab.ReliefMethod, "What the custodian sells where no lot is named.")
    gain_usd: Money = column("Gain that was approved.", null=True)
    tax_usd: Money = column("Tax that was approved.")
