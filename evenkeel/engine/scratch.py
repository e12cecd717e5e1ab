"""Working space of one account, made once a call and used again for every account."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evenkeel.engine.arrays import F8, I8, U1


class Scratch(NamedTuple):
    """Lots, classes, purchases and segments of the account at hand. Classes are local: in the order in which they were met."""

    # one entry a lot of the account
    row: I8  # row of the universe
    local: I8  # class
    value: F8  # dollars held
    room: F8  # dollars that may be sold
    cost: F8  # cost of a dollar sold: tax and half-spread
    sold: F8
    # one entry a class of the account
    klass: I8
    held: F8
    bought: F8
    target: F8
    lower: F8
    upper: F8
    pi: F8
    lots_at: I8  # place in `order`
    order: I8  # lots by class, dearest to sell first
    # one entry a purchase that may be made, by class and cost
    buys_at: I8
    buy_row: I8
    buy_room: F8
    buy_usd: F8
    # segments by class and slope
    segs_at: I8
    filled: I8
    slope: F8
    width: F8
    source: I8  # lot, or -1 - purchase
    # places where the slope of the cost of cash changes
    cash_at: F8
    cash_jump: F8
    local_of: I8  # by class number, -1: not met
    barred: U1  # by row of the universe from its start: 1 not sold, 2 not bought
    # corners of a penalty
    corner_at: F8
    corner_up: F8
    # what may not be sold, by lot, or bought, by purchase, on the branch at hand; and the best branch so far
    sell_off: U1
    buy_off: U1
    best_sold: F8
    best_bought: F8
    best_pi: F8
    branch_row: I8
    branch_second: U1
    # purchases by security, and their classes
    emit_order: I8
    emit_local: I8
    # units sold and bought, of a rounded list
    sold_qty: F8
    buy_qty: F8


def make_scratch(lots: int, classes: int, rows: int, terms: int) -> Scratch:
    """Return space for accounts of at most so many lots, classes, securities in a universe and terms in a plan."""
    types = {"I8": np.int64, "F8": np.float64, "U1": np.uint8}
    sizes = dict.fromkeys(
        ("row", "local", "value", "room", "cost", "sold", "order", "sell_off", "best_sold", "sold_qty"), lots
    )
    sizes |= dict.fromkeys(
        ("buy_row", "buy_room", "buy_usd", "barred", "buy_off", "best_bought", "emit_order", "emit_local", "buy_qty"),
        rows,
    )
    sizes |= dict.fromkeys(("slope", "width", "source"), lots + rows + 4 * classes)
    sizes |= dict.fromkeys(("cash_at", "cash_jump"), terms + 4)
    sizes |= dict.fromkeys(("branch_row", "branch_second"), lots)
    spaces = {
        name: np.zeros(sizes.get(name, classes) + 4, types[kind.__forward_arg__])
        for name, kind in Scratch.__annotations__.items()
    }
    spaces["local_of"][:] = -1
    return Scratch(**spaces)


class RoundSpace(NamedTuple):
    """Lots, then purchases, of the account whose list is rounded. Amounts are whole cents, levels whole steps."""

    level: I8
    most: I8
    cents: I8
    best: I8  # the best list so far
    whole: I8  # cents of the whole lot, or of the highest level
    units: F8  # units a level; 0: a level is a cent
    unit_usd: F8  # dollars a level
    reduced: F8  # what a dollar traded adds to the bound
    room: F8
    active: I8
    # cents of each security, by row of the universe from its start
    sold: I8
    bought: I8
    # by class: value now; places where its penalty bends are the model's
    now: F8
    # places where the cost of cash bends, the floor last
    bends: F8


def make_round_space(lots: int, classes: int, rows: int, terms: int) -> RoundSpace:
    """Return space for accounts of the sizes of `make_scratch`."""
    types = {"I8": np.int64, "F8": np.float64}
    sizes = {"sold": rows, "bought": rows, "now": classes, "bends": terms + 4}
    return RoundSpace(
        **{
            name: np.zeros(sizes.get(name, lots + rows) + 4, types[kind.__forward_arg__])
            for name, kind in RoundSpace.__annotations__.items()
        }
    )
