"""The trades of a proposal as orders: the lots of one security in one account taken together, as a person reads a list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from data_contracts.vocab import LotInstruction, OrderSide
from evenkeel.calendar import EASTERN
from evenkeel.decimals import digits
from evenkeel.desk.proposals import Proposal
from evenkeel.desk.words import counted

_SHOWN_DIGITS = 4
"""Of units, for reading; the JSON and `evenkeel trades` have them all."""


@dataclass(frozen=True)
class Order:
    """One order: `lots` says which lots go, empty for a purchase; `gain_usd` is null where a cost is not known, and for a purchase.

    `order_by`: `order by 15:30 ET` for a fund, else empty.
    """

    account_id: str
    account: str
    side: str
    units: str
    security_id: str
    security_name: str | None
    value_usd: Decimal
    lots: str
    gain_usd: Decimal | None
    tax_usd: Decimal
    order_by: str

    @property
    def notes(self) -> str:
        """Return the lots and the time together, as a list shows them."""
        return "; ".join(part for part in (self.lots, self.order_by) if part)

    @property
    def is_sale(self) -> bool:
        """Tell whether it sells."""
        return self.side == OrderSide.SELL


def orders_of(proposal: Proposal) -> list[Order]:
    """Return the orders of a proposal, in the order of its trades: sales first."""
    grouped = groupby(proposal["trades"], key=lambda one: (one["side"], one["account"]["id"], one["security"]["id"]))
    return [_order(list(trades)) for _, trades in grouped]


def _order(trades: Sequence[dict[str, Any]]) -> Order:
    first = trades[0]
    lots = [trade["lot"] for trade in trades if trade["lot"]]
    gains = [lot["gain_usd"] for lot in lots]
    quantity = sum((Decimal(trade["traded_qty"]) for trade in trades), Decimal())
    whole, _, rest = digits(round(quantity, _SHOWN_DIGITS)).partition(".")
    return Order(
        account_id=first["account"]["id"],
        account=first["account"]["mask"] or first["account"]["id"],
        side=first["side"],
        units=f"{int(whole):,}{'.' + rest if rest else ''}",
        security_id=first["security"]["id"],
        security_name=first["security"]["name"],
        value_usd=sum((Decimal(trade["value_usd"]) for trade in trades), Decimal()),
        lots=_lot_words(lots),
        gain_usd=None if not gains or None in gains else sum((Decimal(gain) for gain in gains), Decimal()),
        tax_usd=sum((Decimal(trade["tax_usd"]) for trade in trades), Decimal()),
        order_by=_order_by(first["order_by_at"]),
    )


def _order_by(instant: str | None) -> str:
    return "" if instant is None else f"order by {dt.datetime.fromisoformat(instant).astimezone(EASTERN):%H:%M} ET"


def _lot_words(lots: Sequence[dict[str, Any]]) -> str:
    """Return `lot of 2019-03-04, long-term`, `3 lots: 2 long-term, 1 short-term`, `by the account's own method`."""
    if not lots:
        return ""
    if all(lot["instruction"] == LotInstruction.ACCOUNT_METHOD for lot in lots):
        return "by the account's own method"
    terms = [
        (sum(lot["is_long_term"] is wanted for lot in lots), said)
        for wanted, said in ((True, "long-term"), (False, "short-term"), (None, "age not known"))
    ]
    present = [(count, said) for count, said in terms if count]
    if len(lots) == 1:
        opened = lots[0]["opened_date"]
        return f"lot of {opened}, {present[0][1]}" if opened else f"one lot, {present[0][1]}"
    which = present[0][1] if len(present) == 1 else ", ".join(f"{count} {said}" for count, said in present)
    return f"{counted(len(lots), 'lot')}{':' if len(present) > 1 else ','} {which}"
