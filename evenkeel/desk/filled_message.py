"""What a client is told once all orders of a proposal are done: what was traded, at which prices, what it cost (EXE-05).

An announcement is made from a case and its allocated fills, in the transaction that writes the fill down; it carries what was done, by
ids. Names and words come when it is sent. Pure but for the composing half, which is handed the case.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from data_contracts.vocab import AssetClass, ConsentKind, MessageKind, OrderSide, Role
from evenkeel.approval.acting import rule_of
from evenkeel.approval.moving import message
from evenkeel.desk.directory import Directory
from evenkeel.messages.fields import ProposalFields, TradeLine
from evenkeel.ports.approvals import Case, Message
from evenkeel.ports.orders import AccountShare, Block, LotShare

TELL_WITHIN = dt.timedelta(minutes=15)
"""After the last fill; one that is told later is told all the same, and counted."""
FOLLOW_UP = "We look at your portfolio again every business day, and write to you when there is something to decide."
_CENT = Decimal("0.01")
Done = Iterable[tuple[Block, Iterable[AccountShare]]]
"""Blocks with trades of a proposal, with their accounts' shares."""


@dataclass(frozen=True)
class FilledPart:
    """One security in one account, as it was traded; gain and tax of sales, None where they are not known."""

    side: OrderSide
    account_id: str
    security_id: str
    filled_qty: Decimal
    price_usd: Decimal
    value_usd: Decimal
    gain_usd: Decimal | None


def announce_filled(case: Case, done: Done, filled_at: dt.datetime) -> list[Message]:
    """Return one announcement for each client of a proposal, for the step that fills it; none where nothing was done.

    It goes into that step's transaction: `move(case, Step.FILL, ..., told=announce_filled(...))`. Those who consented are told, and where
    the firm had discretion the household is. The case's policy says whether in short.

    Args:
        case: Before the step.
        done: Its blocks and what its accounts got of them.
        filled_at: When the last order filled.
    """
    done = [(block, list(shares)) for block, shares in done]
    parts = filled_parts(case, done)
    if not parts:
        return []
    detailed = rule_of(case).after_fill == "detailed"
    kind = MessageKind.CLIENT_AFTER_FILL_DETAILED if detailed else MessageKind.CLIENT_AFTER_FILL_SHORT
    gains = [one.gain_usd for one in parts if one.side is OrderSide.SELL]
    known = [each for each in gains if each is not None]
    tax, after = tax_after(case, done), weights_after(case, done)
    what: dict[str, Any] = {
        "fills": [_as_json(one) for one in parts],
        "filled_at": filled_at.isoformat(),
        "tell_by_at": (filled_at + TELL_WITHIN).isoformat(),
        "gain_usd": str(sum(known, Decimal())) if len(known) == len(gains) else None,
        "tax_usd": None if tax is None else str(tax),
        "cost_usd": str(cost_of(case, done)),
        "after": {name: round(weight, 6) for name, weight in after.items()},
    }
    clients = [one.person_id for one in case.consents if one.kind is ConsentKind.CLIENT and one.person_id]
    whom = list(dict.fromkeys(clients)) or [case.household_id]
    return [message(case, kind.value, to=each, recipient_role=Role.CLIENT.value, **what) for each in whom]


def parts_told(case: Case, done: Done) -> list[dict[str, Any]]:
    """Return what was traded as an announcement has it: ids and figures."""
    return [_as_json(one) for one in filled_parts(case, done)]


def filled_parts(case: Case, done: Done) -> list[FilledPart]:
    """Return what was traded for a case, a security in an account each, sales first; prices are averages, values to the cent."""
    found: dict[tuple[str, str, str], list[tuple[Decimal, Decimal, Decimal | None]]] = defaultdict(list)
    for block, share, lot, value in _lots(case, done):
        key = (block.side.value, share.account_id, block.security.security_id)
        found[key].append((lot.filled_qty, value, _gain(block, lot, value)))
    parts = []
    for (side, account_id, security_id), rows in found.items():
        quantity = sum((each for each, _, _ in rows), Decimal())
        value = sum((each for _, each, _ in rows), Decimal())
        gains = [each for _, _, each in rows]
        gain = None if None in gains else sum((each for each in gains if each is not None), Decimal()).quantize(_CENT)
        price = (value / quantity).quantize(Decimal("0.0001"))
        is_sale = side == OrderSide.SELL.value
        made = FilledPart(
            OrderSide(side), account_id, security_id, quantity, price, value.quantize(_CENT, ROUND_HALF_EVEN), gain
        )
        parts.append(made if is_sale else replace(made, gain_usd=None))
    return sorted(parts, key=lambda one: (one.side is not OrderSide.SELL, one.account_id, one.security_id))


def tax_after(case: Case, done: Done) -> Decimal | None:
    """Return the year's tax as approved, moved by what was done: less where less was sold, and each lot's rate on what its gain differs.

    None where the approved tax, a sale's gain or its rate is not known.
    """
    approved = case.content["list"]["figures"]["net_tax_usd"]
    rows = {row["trade_no"]: row for row in case.content["list"]["trades"]}
    if approved is None:
        return None
    sold: dict[int, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(), Decimal()))
    for block, _, lot, value in _lots(case, done):
        if block.side is OrderSide.SELL:
            gain = _gain(block, lot, value)
            if gain is None:
                return None
            share, gained = sold[lot.lot.trade_no]
            sold[lot.lot.trade_no] = share + lot.filled_qty / lot.lot.order_qty, gained + gain
    total = Decimal(approved)
    for number, row in rows.items():
        if row["side"] != OrderSide.SELL.value:
            continue
        share, gained = sold[number]
        total += Decimal(row["tax_usd"] or 0) * (share - 1)
        differs = gained - Decimal(row["gain_usd"] or 0) * share
        if differs and row.get("tax_rate_frac") is None:
            return None
        total += Decimal(str(row.get("tax_rate_frac") or 0)) * differs
    return total.quantize(_CENT, ROUND_HALF_EVEN)


def cost_of(case: Case, done: Done) -> Decimal:
    """Return commissions and redemption fees as approved, for what was filled; half the spread is in the prices already."""
    rows = {row["trade_no"]: row for row in case.content["list"]["trades"]}
    total = Decimal()
    for _, _, lot, _ in _lots(case, done):
        row = rows.get(lot.lot.trade_no, {})
        fees = sum((Decimal(row.get(name) or 0) for name in ("commission_usd", "redemption_fee_usd")), Decimal())
        total += fees * lot.filled_qty / lot.lot.order_qty
    return total.quantize(_CENT, ROUND_HALF_EVEN)


def weights_after(case: Case, done: Done) -> dict[str, float]:
    """Return the weight of each class after the fills, at the approved prices; none where the list says nothing of it.

    What was not bought lies in cash: weight[c] = approved[c] + sum of (filled - approved value, signed) / value of the portfolio. A list
    that was changed by hand has no approved weights; then weight[c] = before[c] + sum of (filled value, signed) / value of the portfolio.
    """
    listed = case.content["list"]
    nodes = listed.get("classes", ())
    is_approved = all(node["after_frac"] is not None for node in nodes)
    known = [node["after_frac"] if is_approved else node.get("before_frac") for node in nodes]
    if not nodes or None in known or not case.value_usd:
        return {}
    weights: dict[str, float] = defaultdict(float)
    for node, weight in zip(nodes, known, strict=True):
        weights[node["asset_class"]] += float(weight)
    filled: dict[int, Decimal] = defaultdict(Decimal)
    for _, _, lot, _ in _lots(case, done):
        filled[lot.lot.trade_no] += lot.filled_qty / lot.lot.order_qty
    for row in listed["trades"]:
        sign = 1 if row["side"] == OrderSide.BUY.value else -1
        share = filled[row["trade_no"]] - (1 if is_approved else 0)
        moved = sign * float(Decimal(row["value_usd"]) * share / case.value_usd)
        weights[row["asset_class"]] += moved
        weights[AssetClass.CASH.value] -= moved
    return dict(weights)


def filled_values(told: Mapping[str, Any], proposal: ProposalFields, directory: Directory) -> dict[str, Any]:
    """Return the merge fields (`evenkeel.messages.fields.Filled`) of an announcement, but for who is told and who may be asked.

    Args:
        told: The announcement.
        proposal: The case's fields, their classes with `told["after"]` in the place of what was approved (`case_fields(after=...)`).
        directory: Names.
    """
    return {
        "proposal": proposal,
        "fills": tuple(_line(row, directory) for row in told["fills"]),
        "filled_at": dt.datetime.fromisoformat(told["filled_at"]),
        "gain_usd": _amount(told["gain_usd"]),
        "tax_usd": _amount(told["tax_usd"]),
        "cost_usd": Decimal(told["cost_usd"]),
        "follow_up": told.get("follow_up") or FOLLOW_UP,
    }


def broken_values(told: Mapping[str, Any], directory: Directory) -> dict[str, Any]:
    """Return the merge fields (`evenkeel.messages.fields.Broken`) of an announcement, but for proposal and names."""
    return {
        "fills": tuple(_line(row, directory) for row in told["fills"]),
        "broken_at": dt.datetime.fromisoformat(told["broken_at"]),
        "follow_up": told.get("follow_up") or FOLLOW_UP,
    }


def _lots(case: Case, done: Done) -> Sequence[tuple[Block, AccountShare, LotShare, Decimal]]:
    """Return the case's lots that were filled, with what each came to: its part of its account's value, by units."""
    return [
        (block, share, lot, share.value_usd * lot.filled_qty / share.filled_qty)
        for block, shares in done
        for share in shares
        for lot in share.lots
        if lot.lot.proposal_id == case.proposal_id and lot.filled_qty
    ]


def _gain(block: Block, lot: LotShare, value: Decimal) -> Decimal | None:
    """Return what a sale realised: what it came to less the approved basis of what was filled."""
    if block.side is not OrderSide.SELL or lot.lot.gain_usd is None:
        return None
    basis = (lot.lot.order_value_usd - lot.lot.gain_usd) * lot.filled_qty / lot.lot.order_qty
    return value - basis


def _as_json(one: FilledPart) -> dict[str, Any]:
    return {
        "side": one.side.value,
        "account_id": one.account_id,
        "security_id": one.security_id,
        "filled_qty": f"{one.filled_qty:f}",
        "price_usd": f"{one.price_usd:f}",
        "value_usd": str(one.value_usd),
        "gain_usd": None if one.gain_usd is None else str(one.gain_usd),
    }


def _line(row: Mapping[str, Any], directory: Directory) -> TradeLine:
    security, account = row["security_id"], row["account_id"]
    return TradeLine(
        side=row["side"],
        symbol=security,
        security_name=directory.security_names.get(security) or security,
        account_mask=directory.account_masks.get(account) or account,
        share_count=Decimal(row["filled_qty"]),
        price_usd=Decimal(row["price_usd"]),
        value_usd=Decimal(row["value_usd"]),
        gain_usd=_amount(row["gain_usd"]),
    )


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
