"""Times and words as order files have them: no formula that a spreadsheet runs, nothing but printable ASCII."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from data_contracts.vocab import LotInstruction
from evenkeel.errors import UsageError
from evenkeel.ports.orders import Block, OrderedLot

_FORMULA_STARTS = ("=", "+", "-", "@")


def utc(at: dt.datetime) -> str:
    """Return an instant as FIX has it: 20260304-14:45:00.000, in UTC."""
    moment = at.astimezone(dt.UTC)
    return f"{moment:%Y%m%d-%H:%M:%S}.{moment.microsecond // 1000:03d}"


def word(value: str, what: str, order_id: str) -> str:
    """Return a word that may stand in an order file.

    Raises:
        UsageError: It is empty, has other characters than printable ASCII, or begins as a spreadsheet's formula does.
    """
    if not value or not value.isascii() or not value.isprintable() or value != value.strip():
        raise UsageError(
            f"order {order_id}: its {what} is empty, has blanks at its ends or characters that no order file takes; correct it in the book"
        )
    if value.startswith(_FORMULA_STARTS):
        raise UsageError(
            f"order {order_id}: its {what} begins with {value[0]!r}, which a spreadsheet runs as a formula; correct it in the book"
        )
    return value


def account_number(account_id: str, numbers: Mapping[str, str], order_id: str) -> str:
    """Return what the custodian calls an account.

    Raises:
        UsageError: It is not known, or cannot stand in an order file.
    """
    found = numbers.get(account_id)
    if found is None:
        raise UsageError(
            f"order {order_id}: the custodian's number of account {account_id} is not known; add it to the account numbers of orders"
        )
    return word(found, f"number of account {account_id}", order_id)


def ticker(block: Block) -> str:
    """Return the symbol of what a block trades, else its CUSIP.

    Raises:
        UsageError: The book has neither, or it cannot stand in an order file.
    """
    found = block.security.symbol or block.security.cusip
    if found is None:
        raise UsageError(
            f"order {block.order_id}: {block.security.security_id} has neither symbol nor CUSIP; add one to securities.csv"
        )
    return word(found, f"symbol of {block.security.security_id}", block.order_id)


def refuse_named_lots(block: Block, lots: Iterable[OrderedLot], form: str) -> None:
    """Refuse lots that were to be named in a form that has no place for them: the tax that was approved would not come out.

    Raises:
        UsageError: A lot is to be named.
    """
    if any(lot.instruction == LotInstruction.SPECIFIC_LOT for lot in lots):
        raise UsageError(
            f"order {block.order_id}: {form} has no place for lots; list {block.custodian} under the policy's orders.takes_no_lots, "
            "or use a form that has"
        )
