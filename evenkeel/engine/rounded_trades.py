"""Trades of one account in a program: which may be part of a better list, in steps, with smallest orders and one side of a security."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import highspy

from evenkeel.engine.checks.program import Program, Row, add_sales

CENT = 0.01
HAIR = 1e-9

Entries = list[tuple[int, float]]


@dataclass(frozen=True)
class Trade:
    """What may be traded of a lot or a security: up to `room` dollars, each losing `reduced` to the bound."""

    place: int
    security: Row
    lot: Row | None
    room: float
    reduced: float

    def span(self, spare: float) -> tuple[float, float]:
        """Return from and to how many dollars of it may be part of a list that loses no more than `spare`."""
        if self.reduced > 0:
            return 0.0, min(self.room, spare / self.reduced)
        # Purchases of a class share the account's value: what is not bought of one may be bought of another.
        if self.reduced < 0 and self.lot is not None:
            return max(0.0, self.room - spare / -self.reduced), self.room
        return 0.0, self.room


@dataclass
class Draft:
    """An account in a program as it is written: what it holds and may trade, what flows into each class, the columns of each trade.

    Dollars of a trade are units times price here, and whole cents in a list: `hidden_usd` is what all of them may differ by together.
    """

    account: Row
    shelf: Mapping[str, Row]
    net: float
    held: dict[str, float]
    terms: list[Row]
    sales: list[Trade]
    buys: list[Trade]
    program: Program
    flows: dict[str, Entries]
    sold: dict[int, list[int]] = field(default_factory=dict)
    bought: dict[int, int] = field(default_factory=dict)
    sides: dict[str, list[int]] = field(default_factory=dict)
    hidden_usd: float = 0.0


def sale_of(lot: Row, security: Row, limits: Mapping[str, Row], mu: float, pi: Mapping[str, float]) -> Trade | None:
    """Return what may be sold of a lot, at the price of cash and prices of classes; None: nothing."""
    limit = limits.get(lot["security_id"])
    room = lot["held_qty"] * security["price_usd"]
    is_kept = not lot["is_sellable"] or room < CENT / 2 or (limit is not None and limit["is_sell_barred"])
    if is_kept or (lot["unit_basis_usd"] is None and lot["gain_rate_frac"] > 0):
        return None
    tax = 0.0
    if lot["gain_rate_frac"] > 0:
        tax = lot["gain_rate_frac"] * (1 - lot["unit_basis_usd"] / security["price_usd"])
        if tax < 0:
            tax *= 1 - min(lot["washed_qty"], lot["held_qty"]) / lot["held_qty"]
    price = mu + pi.get(security["asset_class"], 0.0)
    return Trade(lot["place"], security, lot, room, security["sell_cost_frac"] + tax - price)


def most_bought(net: float, cash: float) -> float:
    """Return the most that a class of an account of value `net` may buy: as `kernels.load.spendable`."""
    return net - min(0.0, cash) if net > 0 else 0.0


def purchase_of(
    security: Row, limits: Mapping[str, Row], most: float, mu: float, pi: Mapping[str, float]
) -> Trade | None:
    """Return what an account that may buy for `most` dollars may buy of a security; None: nothing."""
    limit = limits.get(security["security_id"])
    is_barred = limit is not None and limit["is_buy_barred"]
    if not security["is_buyable"] or is_barred or not (security["price_usd"] or 0) > 0:
        return None
    room = most if limit is None or limit["buy_cap_usd"] is None else min(most, limit["buy_cap_usd"])
    reduced = security["buy_cost_frac"] + mu + pi.get(security["asset_class"], 0.0)
    return Trade(security["place"], security, None, room, reduced)


def add_trades(draft: Draft, spare: float) -> None:
    """Add all trades that a list may have which loses no more than `spare` to the bound."""
    for sale in draft.sales:
        _add_sale(draft, sale, spare)
    for buy in draft.buys:
        _add_purchase(draft, buy, spare)
    _add_sides(draft)


def _steps(draft: Draft, trade: Trade, low: float, high: float) -> tuple[Entries, float]:
    """Add the steps of a trade of `low` to `high` dollars. Return what its dollars are, and the least of them where it trades at all."""
    program, security = draft.program, trade.security
    step = security["unit_step_qty"]
    if step is None:
        draft.hidden_usd += CENT / 2 if trade.lot is not None else 0.0
        return _at_least(program, [(program.variable(0.0, high), 1.0)], low), CENT
    unit = step * security["price_usd"]
    has_cents = abs(unit * 100 - round(unit * 100)) > 1e-6
    most = math.floor(trade.room / unit + HAIR)
    entries: Entries = []
    whole = trade.room if trade.lot is not None and trade.room - most * unit > HAIR * trade.room else None
    if trade.lot is not None and whole is not None:
        # The highest level is all of the lot: the one below leaves a step or more.
        most = max(0, most - 1)
    top = min(most, math.floor(high / unit + HAIR))
    if top > 0:
        entries.append((program.variable(0.0, top, is_binary=True), unit))
    if whole is not None and whole <= high * (1 + HAIR):
        is_whole = program.variable(0.0, 1.0, is_binary=True)
        if entries:
            program.row(-highspy.kHighsInf, top, [(entries[0][0], 1.0), (is_whole, float(top))])
        entries.append((is_whole, whole))
        draft.hidden_usd += CENT / 2
    if has_cents:
        draft.hidden_usd += CENT / 2
    return _at_least(program, entries, low), unit if whole is None else min(unit, whole)


def _at_least(program: Program, entries: Entries, low: float) -> Entries:
    if low > CENT and entries:
        program.row(low - CENT, highspy.kHighsInf, entries)
    return entries


def _add_sale(draft: Draft, sale: Trade, spare: float) -> None:
    """Add the sale of a lot, as far as a list may have it that loses no more than `spare`."""
    low, high = sale.span(spare)
    entries, least = _steps(draft, sale, low, high)
    if not entries or sale.lot is None:
        return
    columns, _ = add_sales(draft.program, sale.lot, sale.security, sale.room)
    dollars = [(column, 1.0) for column in columns]
    draft.program.row(0.0, 0.0, [*dollars, *((column, -usd) for column, usd in entries)])
    draft.sold[sale.place] = columns
    draft.flows[sale.security["asset_class"]] += [(column, -1.0) for column in columns]
    draft.flows["cash"] += dollars
    side = f"sell {sale.security['security_id']}"
    draft.sides.setdefault(side, []).extend(columns)
    if draft.account["dust_usd"] > least:
        _or_nothing(draft.program, dollars, draft.account["dust_usd"] - CENT, sale.room)


def _add_purchase(draft: Draft, buy: Trade, spare: float) -> None:
    """Add the purchase of a security, likewise."""
    low, high = buy.span(spare)
    entries, _ = _steps(draft, buy, low, high)
    if not entries:
        return
    column = draft.program.variable(buy.security["buy_cost_frac"], buy.room)
    draft.program.row(0.0, 0.0, [(column, 1.0), *((step, -usd) for step, usd in entries)])
    draft.bought[buy.place] = column
    draft.flows[buy.security["asset_class"]].append((column, 1.0))
    draft.flows["cash"].append((column, -1.0))
    draft.sides[f"buy {buy.security['security_id']}"] = [column]


def _or_nothing(program: Program, entries: Entries, least: float, most: float) -> int:
    """Let an amount be 0, or from `least` to `most`. Return the column that says which."""
    is_any = program.variable(0.0, 1.0, is_binary=True)
    program.row(0.0, highspy.kHighsInf, [*entries, (is_any, -max(0.0, least))])
    program.row(-highspy.kHighsInf, 0.0, [*entries, (is_any, -most)])
    return is_any


def _add_sides(draft: Draft) -> None:
    """Keep every order at its minimum or out, and one side of every security."""
    program = draft.program
    for name, security in draft.shelf.items():
        sales, buys = draft.sides.get(f"sell {name}"), draft.sides.get(f"buy {name}")
        least = security["min_ticket_usd"] or 0.0
        is_any = []
        for side in (sales, buys):
            if side and (least > 0 or (sales and buys) or (side is buys and draft.account["dust_usd"] > CENT)):
                most = sum(program.upper[column] for column in side)
                smallest = max(least, draft.account["dust_usd"] if side is buys else 0.0) - CENT * len(side)
                is_any.append(_or_nothing(program, [(column, 1.0) for column in side], smallest, most))
        if len(is_any) == 2:
            program.row(0.0, 1.0, [(column, 1.0) for column in is_any])
