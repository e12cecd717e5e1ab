"""What an order needs and the dictionary leaves open: sizes, prices, accounts, identifiers, counts and sums.

The dictionary marks quantity, limit price, time in force, account and security id as optional; a desk that gets an order without one of
them must ask back. These rules hold for what evenkeel sends: NewOrderSingle (D), NewOrderList (E), AllocationInstruction (J).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from evenkeel.adapters.orders.fix_checking import Checked, FixFields
from evenkeel.adapters.orders.fix_read_back import CANCELLED_ALLOCATION

_LIMITED, _STOPPED = ("2", "4"), ("3", "4")
_SIDES = ("1", "2")


def rule_problems(checked: Checked) -> list[str]:
    """Return what breaks our own rules, a sentence each; nothing for message types that evenkeel does not send."""
    if checked.message_type == "D":
        return list(_order(checked.fields, "the order"))
    if checked.message_type == "E":
        return list(_list(checked.fields))
    if checked.message_type == "J":
        return list(_allocation(checked.fields))
    return []


def _order(fields: FixFields, what: str) -> Iterator[str]:
    if (fields.get(38) is None) == (fields.get(152) is None):
        yield f"{what}: exactly one of 38 OrderQty and 152 CashOrderQty must be given"
    size = _number(fields.get(38) or fields.get(152))
    if size is not None and size <= 0:
        yield f"{what}: its size must be above 0"
    order_type = fields.get(40)
    if (fields.get(44) is not None) != (order_type in _LIMITED):
        yield f"{what}: 44 Price must be given if, and only if, 40 OrdType is 2 or 4"
    if (fields.get(99) is not None) != (order_type in _STOPPED):
        yield f"{what}: 99 StopPx must be given if, and only if, 40 OrdType is 3 or 4"
    limit = _number(fields.get(44))
    if limit is not None and limit <= 0:
        yield f"{what}: 44 Price must be above 0"
    if fields.get(54) not in _SIDES:
        yield f"{what}: 54 Side must be 1 (buy) or 2 (sell)"
    if fields.get(59) is None:
        yield f"{what}: 59 TimeInForce is missing"
    yield from _instrument(fields, what)
    parts = fields.groups.get(78, ())
    if fields.get(1) is None and not parts:
        yield f"{what}: 1 Account or a group of 79 AllocAccount is missing"
    yield from _parts(parts, size, what)


def _list(fields: FixFields) -> Iterator[str]:
    orders = fields.groups.get(73, ())
    if not fields.get(68) == fields.get(73) == str(len(orders)):
        yield f"68 TotNoOrders, 73 NoOrders and the number of orders ({len(orders)}) must be the same"
    ids = [one.get(11) for one in orders]
    if len(set(ids)) != len(ids):
        yield "11 ClOrdID stands twice in the list"
    if [one.get(67) for one in orders] != [str(place) for place in range(1, len(orders) + 1)]:
        yield "67 ListSeqNo must count the orders from 1"
    sides = [one.get(54) or "" for one in orders]
    if sides != sorted(sides, reverse=True):
        yield "a purchase stands before a sale"
    for place, one in enumerate(orders, start=1):
        yield from _order(one, f"order {place} of the list")


def _allocation(fields: FixFields) -> Iterator[str]:
    quantity = _number(fields.get(53))
    if fields.get(71) == CANCELLED_ALLOCATION:
        yield from _cancelled_allocation(fields, quantity)
        return
    if quantity is None or quantity <= 0:
        yield "53 Quantity must be above 0"
    if fields.get(54) not in _SIDES:
        yield "54 Side must be 1 (buy) or 2 (sell)"
    parts = fields.groups.get(78, ())
    if not parts:
        yield "a group of 79 AllocAccount is missing"
    yield from _instrument(fields, "the allocation")
    if fields.get(857) == "1" and not fields.groups.get(73, ()):
        yield "857 AllocNoOrdersType says that the orders are listed, and 73 NoOrders is missing"
    total = sum((_number(one.get(80)) or Decimal(0) for one in parts), Decimal(0))
    if parts and quantity is not None and total != quantity:
        yield f"the sum of 80 AllocQty is {total:f}, 53 Quantity says {quantity:f}"
    yield from _parts(parts, None, "the allocation")


def _cancelled_allocation(fields: FixFields, quantity: Decimal | None) -> Iterator[str]:
    if fields.get(72) is None:
        yield "71 AllocTransType cancels, and 72 RefAllocID, what it cancels, is missing"
    if quantity != 0 or fields.groups.get(78, ()):
        yield "71 AllocTransType cancels: 53 Quantity must be 0, without a group of 79 AllocAccount"
    yield from _instrument(fields, "the allocation")


def _instrument(fields: FixFields, what: str) -> Iterator[str]:
    if (fields.get(48) is None) != (fields.get(22) is None):
        yield f"{what}: 48 SecurityID and 22 SecurityIDSource belong together"
    if fields.get(55) is None and fields.get(48) is None:
        yield f"{what}: 55 Symbol or 48 SecurityID is missing"
    if fields.get(55) == "[N/A]" and fields.get(48) is None:
        yield f"{what}: 55 Symbol says that there is none, and 48 SecurityID is missing"


def _parts(found: Sequence[FixFields], size: Decimal | None, what: str) -> Iterator[str]:
    accounts = [one.get(79) for one in found]
    if None in accounts or any(one.get(80) is None for one in found):
        yield f"{what}: each group of 78 NoAllocs needs 79 AllocAccount and 80 AllocQty"
    if len(set(accounts)) != len(accounts):
        yield f"{what}: an account stands twice in 78 NoAllocs"
    amounts = [_number(one.get(80)) or Decimal(0) for one in found]
    if any(amount <= 0 for amount in amounts):
        yield f"{what}: 80 AllocQty must be above 0"
    if found and size is not None and sum(amounts, Decimal(0)) != size:
        yield f"{what}: the sum of 80 AllocQty is {sum(amounts, Decimal(0)):f}, its size is {size:f}"


def _number(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None
