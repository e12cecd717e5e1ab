"""FIX 4.4 messages for blocks: NewOrderSingle (D), NewOrderList (E) and, after the fills, AllocationInstruction (J).

Built with simplefix, which sets body length and checksum. No message leaves before it was held against the dictionary and our own rules,
parsed back, and found to say what the block says. Pure: the sending time is the caller's.

Choices that the standard leaves open: `21 HandlInst` is 3 (manual) for what is staged and 1 (automated) for what is submitted; an order at
net asset value has `40 OrdType` M (next fund valuation point), `167 SecurityType` MF and, in dollars, `152 CashOrderQty`, where
`80 AllocQty` counts dollars too; what has no symbol has `55 Symbol` [N/A] beside `48 SecurityID`. FIX 4.4 has no field for tax lots: they
stand as text, in `58 Text` of an order for one account and in `161 AllocText` of each account's allocation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from simplefix import FixMessage  # type: ignore[import-untyped]

from data_contracts.vocab import AssetType, LotInstruction
from evenkeel.adapters.orders.fix_checking import FixFields, check_message
from evenkeel.adapters.orders.fix_dictionary import fix44
from evenkeel.adapters.orders.fix_read_back import (
    CANCELLED_ALLOCATION,
    HANDLING,
    IN_FORCE,
    NO_SYMBOL,
    SIDES,
    TYPES,
    compare_orders,
)
from evenkeel.adapters.orders.fix_rules import rule_problems
from evenkeel.adapters.orders.plain import account_number, utc, word
from evenkeel.decimals import digits
from evenkeel.errors import UsageError
from evenkeel.identity import stable_id
from evenkeel.orders.allocate import allocation_id
from evenkeel.ports.orders import AccountShare, Allocation, Block, LotShare

_SECURITY_TYPES = {AssetType.STOCK: "CS", AssetType.MUTUAL_FUND: "MF", AssetType.MONEY_MARKET: "MF"}

Pairs = list[tuple[int, str]]


@dataclass(frozen=True)
class FixSession:
    """Who sends and who receives (tags 49 and 56), and the number of the next message (34)."""

    sender: str
    target: str
    next_number: int = 1


def new_order_single(block: Block, numbers: Mapping[str, str], session: FixSession, sent_at: dt.datetime) -> bytes:
    """Return the block as one order.

    Args:
        block: With one allocation it names the account, with several it is allocated beforehand.
        numbers: What the custodian calls each account.
        session: Sender, receiver and number.
        sent_at: Sending time.

    Raises:
        UsageError: The block cannot be said in FIX; the message says why.
    """
    checked = emit_message("D", _order_pairs(block, numbers, sent_at), session, sent_at, block.order_id)
    compare_orders([block], [checked[1]], numbers)
    return checked[0]


def new_order_list(
    list_id: str, blocks: Sequence[Block], numbers: Mapping[str, str], session: FixSession, sent_at: dt.datetime
) -> bytes:
    """Return blocks of one custodian as one list, in their order, which has sales first.

    Raises:
        UsageError: There are none, or one of them cannot be said in FIX.
    """
    if not blocks:
        raise UsageError(f"list {list_id} has no orders; nothing is sent")
    pairs: Pairs = [(66, list_id), (394, "3"), (68, str(len(blocks))), (73, str(len(blocks)))]
    for place, block in enumerate(blocks, start=1):
        first, *rest = _order_pairs(block, numbers, sent_at)
        pairs += [first, (67, str(place)), *rest]
    raw, fields = emit_message("E", pairs, session, sent_at, list_id)
    compare_orders(blocks, fields.groups[73], numbers)
    return raw


def allocation_instruction(
    block: Block,
    shares: Iterable[AccountShare],
    numbers: Mapping[str, str],
    session: FixSession,
    sent_at: dt.datetime,
    replaces_id: str | None = None,
    after_id: str | None = None,
) -> bytes:
    """Return what each account gets of a block's fills, with its lots; accounts that get nothing are left out.

    Args:
        block: The order.
        shares: As `evenkeel.orders.allocate.share_out` returns them.
        numbers: What the custodian calls each account.
        session: Sender, receiver and number.
        sent_at: Sending time.
        replaces_id: `allocation_id` of what was sent before, where a fill was broken or corrected since.
        after_id: That of the one that took it back, where there are fills again.

    Raises:
        UsageError: Nothing was filled, or it cannot be said in FIX.
    """
    given = [share for share in shares if share.filled_qty]
    if not given:
        raise UsageError(f"order {block.order_id}: nothing was filled, so there is nothing to allocate")
    total = sum((share.filled_qty for share in given), Decimal(0))
    pairs: Pairs = [(70, allocation_id(block, given, after_id)), (71, "1" if replaces_id else "0"), (626, "2")]
    pairs += [(72, word(replaces_id, "allocation", block.order_id))] if replaces_id else []
    # Replacing asks for a reason: 2, quantity or price have changed.
    pairs += [(796, "2")] if replaces_id else []
    pairs += [(857, "1"), (73, "1"), (11, block.order_id), (54, SIDES[block.side]), *_instrument(block)]
    pairs += [(53, digits(total)), (6, digits(given[0].average_price_usd)), (15, "USD")]
    pairs += [(75, f"{block.trade_date:%Y%m%d}"), (60, utc(sent_at)), (64, f"{block.settle_date:%Y%m%d}")]
    pairs += [(381, digits(sum((share.value_usd for share in given), Decimal(0)))), (78, str(len(given)))]
    ordered = {part.account_id: part for part in block.allocations}
    for share in given:
        pairs += [(79, account_number(share.account_id, numbers, block.order_id)), (80, digits(share.filled_qty))]
        text = _lots_text(ordered[share.account_id], share.lots)
        pairs += [(161, text)] if text else []
        pairs += [(153, digits(share.average_price_usd))]
    raw, fields = emit_message("J", pairs, session, sent_at, block.order_id)
    told = [(one.get(79), Decimal(one.get(80) or 0)) for one in fields.groups[78]]
    meant = [(account_number(share.account_id, numbers, block.order_id), share.filled_qty) for share in given]
    if told != meant or Decimal(fields.get(53) or 0) != total:
        raise UsageError(
            f"order {block.order_id}: the allocation read back differs from what was meant; nothing is sent"
        )
    return raw


def allocation_cancellation(block: Block, replaces_id: str, session: FixSession, sent_at: dt.datetime) -> bytes:
    """Return that an allocation is void: every fill was broken, so that nothing is left to allocate.

    It is known by `72 RefAllocID`; it names no accounts, and its quantity and average price are 0.

    Raises:
        UsageError: It cannot be said in FIX.
    """
    # Cancelling asks for a reason: 2, the order's details have changed.
    pairs: Pairs = [(70, allocation_id(block, (), replaces_id)), (71, CANCELLED_ALLOCATION), (626, "2")]
    pairs += [(72, word(replaces_id, "allocation", block.order_id)), (796, "2"), (857, "1"), (73, "1")]
    pairs += [(11, block.order_id), (54, SIDES[block.side]), *_instrument(block), (53, "0"), (6, "0"), (15, "USD")]
    pairs += [(75, f"{block.trade_date:%Y%m%d}"), (60, utc(sent_at))]
    raw, fields = emit_message("J", pairs, session, sent_at, block.order_id)
    if (fields.get(71), fields.get(72)) != (CANCELLED_ALLOCATION, replaces_id):
        raise UsageError(
            f"order {block.order_id}: the cancellation read back differs from what was meant; nothing is sent"
        )
    return raw


def emit_message(
    message_type: str, pairs: Pairs, session: FixSession, sent_at: dt.datetime, what: str
) -> tuple[bytes, FixFields]:
    """Return a message as bytes and as it reads back.

    Args:
        message_type: Tag 35.
        pairs: Tags and values of the body.
        session: Sender, receiver and number.
        sent_at: Tag 52.
        what: Id of what it says, for errors.

    Raises:
        UsageError: Dictionary or rules find anything in it.
    """
    message = FixMessage()
    header = [(8, fix44().begin_string), (35, message_type), (49, word(session.sender, "sender", what))]
    header += [(56, word(session.target, "target", what)), (34, str(session.next_number)), (52, utc(sent_at))]
    for tag, value in header:
        message.append_pair(tag, value, header=True)
    for tag, value in pairs:
        message.append_pair(tag, value)
    raw: bytes = message.encode()
    checked = check_message(raw, fix44())
    wrong = [problem.text for problem in checked.problems] or rule_problems(checked)
    if wrong:
        raise UsageError(f"{what} cannot be sent as FIX: {wrong[0]}")
    return raw, checked.fields


def _order_pairs(block: Block, numbers: Mapping[str, str], sent_at: dt.datetime) -> Pairs:
    """Return the fields of an order, `11 ClOrdID` first."""
    pairs: Pairs = [(11, block.order_id)]
    in_dollars = block.order_value_usd is not None
    parts = [
        (
            account_number(part.account_id, numbers, block.order_id),
            part.order_value_usd if in_dollars else part.order_qty,
        )
        for part in block.allocations
    ]
    if len(parts) == 1:
        pairs += [(1, parts[0][0])]
    else:
        pairs += [(591, "0"), (70, stable_id("pre", block.order_id)), (78, str(len(parts)))]
        for name, size in parts:
            pairs += [(79, name), (80, digits(size))]
    pairs += [(63, "0"), (21, HANDLING[block.hand_over]), *_instrument(block), (54, SIDES[block.side])]
    pairs += [(60, utc(sent_at))]
    whole = block.order_value_usd if in_dollars else block.order_qty
    assert whole is not None
    pairs += [(152 if in_dollars else 38, digits(whole)), (40, TYPES[block.order_type])]
    if block.limit_price_usd is not None:
        pairs += [(44, digits(block.limit_price_usd))]
    pairs += [(15, "USD"), (59, IN_FORCE[block.time_in_force])]
    if len(parts) == 1:
        only = block.allocations[0]
        text = _lots_text(only, [LotShare(lot, lot.order_qty) for lot in only.lots])
        pairs += [(58, text)] if text else []
    return pairs


def _instrument(block: Block) -> Pairs:
    security = block.security
    pairs: Pairs = [(55, word(security.symbol, "symbol", block.order_id) if security.symbol else NO_SYMBOL)]
    if security.cusip:
        pairs += [(48, word(security.cusip, "CUSIP", block.order_id)), (22, "1")]
    elif security.isin:
        pairs += [(48, word(security.isin, "ISIN", block.order_id)), (22, "4")]
    elif not security.symbol:
        raise UsageError(
            f"order {block.order_id}: {security.security_id} has no symbol, CUSIP or ISIN; add one to securities.csv"
        )
    kind = _SECURITY_TYPES.get(security.asset_type)
    return [*pairs, (167, kind)] if kind else pairs


def _lots_text(part: Allocation, lots: Iterable[LotShare]) -> str:
    """Return `lots: 10 of 2020-01-02 (L1); 5 of ...`, or the account's method where no lot is named; empty for a purchase."""
    told = [one for one in lots if one.lot.instruction != LotInstruction.NONE]
    if not told:
        return ""
    if any(one.lot.instruction == LotInstruction.ACCOUNT_METHOD for one in told):
        return f"lots by the account's method: {part.relief_method}"
    named = (
        f"{digits(one.filled_qty)} of {one.lot.lot_opened_date or 'unknown date'} ({one.lot.lot_id})" for one in told
    )
    text = "lots: " + "; ".join(named)
    return text if text.isascii() and text.isprintable() else text.encode("ascii", "replace").decode()
