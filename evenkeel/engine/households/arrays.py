"""A problem of households as arrays, beyond those of its accounts; and working space of one household."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8, U1, Problem


class HouseholdArrays(NamedTuple):
    """Members of household h: `member[members_from[h]:members_from[h + 1]]`, places of accounts.

    `location` is, by account, a row of `location_cost` (by class number); -1: it names none that is known; -2: it names none.
    """

    members_from: I8
    member: I8
    location: I8
    location_cost: F8_2D


class HouseholdProblem(NamedTuple):
    """Accounts with their household's model and costs, and how they belong together."""

    problem: Problem
    households: HouseholdArrays


HOUSEHOLD_FIGURES = (
    "nav_usd",
    "cash_before_usd",
    "cash_after_usd",
    "sold_usd",
    "bought_usd",
    "objective_before_usd",
    "objective_usd",
    "tax_usd",
    "trade_cost_usd",
    "location_cost_before_usd",
    "location_cost_usd",
    "target_penalty_usd",
    "band_penalty_usd",
    "cash_penalty_usd",
    "band_excess_before_usd",
    "band_excess_usd",
    "bound_usd",
    "residual_cycle_frac",
)
"""Columns of `HouseholdAnswerArrays.figures`, in order."""

MEMBER_FIGURES = (
    "nav_usd",
    "cash_before_usd",
    "cash_after_usd",
    "cash_short_usd",
    "sold_usd",
    "bought_usd",
    "tax_usd",
    "trade_cost_usd",
    "location_cost_before_usd",
    "location_cost_usd",
    "cash_penalty_usd",
    "cash_price_frac",
)
"""Columns of `HouseholdAnswerArrays.member_figures`, in order."""


class HouseholdAnswerArrays(NamedTuple):
    """What the kernel writes. By class: NaN where the class is not the household's, or not the account's."""

    outcome: I8
    figures: F8_2D  # households x HOUSEHOLD_FIGURES
    before: F8_2D  # households x classes
    after: F8_2D
    price: F8_2D
    member_outcome: I8
    member_figures: F8_2D  # accounts x MEMBER_FIGURES
    cell_before: F8_2D  # accounts x classes
    cell_after: F8_2D
    cell_price: F8_2D
    cell_location: F8_2D
    trades_begin: I8  # by account
    trades_end: I8
    trade_lot: I8  # -1: a purchase
    trade_row: I8
    trade_usd: F8
    trade_tax: F8
    trade_gain: F8
    trade_disallowed: F8
    trade_margin: F8
    trade_qty: F8


class House(NamedTuple):
    """One household's lots, purchases and network. Cell (m, k), of member m and local class k, is m * width + k.

    Arcs are the cells (from account to class; class 0 is cash) and, after them, one from each class to the sink. Each arc's cost is convex:
    segments by rising slope, filled up to `part` of segment `at`. Nodes are accounts, classes and the sink.
    """

    # members
    nav: F8
    cash: F8
    lots_first: I8
    mu: F8
    best_mu: F8
    # lots
    lot_row: I8
    lot_cell: I8
    room: F8
    cost: F8
    sold: F8
    order: I8  # by cell, dearest to sell first
    sell_off: U1
    best_sold: F8
    sold_qty: F8  # of rounded lists
    # cells
    lots_from: I8
    lots_to: I8
    buys_from: I8
    buys_to: I8
    held: F8
    moved: F8
    location: F8
    is_here: U1
    # purchases, by cell and cost
    buy_row: I8
    buy_room: F8
    buy_usd: F8
    buy_off: U1
    best_bought: F8
    buy_qty: F8
    # classes
    klass: I8
    target: F8
    lower: F8
    upper: F8
    class_held: F8
    pi: F8
    best_pi: F8
    class_of: I8  # by class number, -1: not met
    # pieces of segments: lot, or -1 - purchase
    piece_source: I8
    piece_width: F8
    # segments
    seg_slope: F8
    seg_width: F8
    seg_piece: I8
    # arcs
    segs_from: I8
    segs_to: I8
    at: I8
    part: F8
    flow: F8
    up: F8  # slope of a dollar more; infinite: no room
    down: F8  # slope of the last dollar; minus infinite: none
    # nodes
    p: F8
    excess: F8
    dist: F8
    hops: I8
    via: I8
    previous: I8
    done: U1
    # branches
    branch_cell: I8
    branch_row: I8
    branch_second: U1


def make_house(members: int, lots: int, rows: int, classes: int, terms: int) -> House:
    """Return space for households of at most so many members, lots, purchases, classes and terms in a plan."""
    types = {"I8": np.int64, "F8": np.float64, "U1": np.uint8}
    cells = members * classes
    segments = lots + rows + members * (terms + 2) + 4 * classes
    sizes = dict.fromkeys(("nav", "cash", "lots_first", "mu", "best_mu"), members)
    sizes |= dict.fromkeys(
        ("lot_row", "lot_cell", "room", "cost", "sold", "order", "sell_off", "best_sold", "sold_qty"), lots
    )
    sizes |= dict.fromkeys(("branch_cell", "branch_row", "branch_second"), lots)
    sizes |= dict.fromkeys(
        ("lots_from", "lots_to", "buys_from", "buys_to", "held", "moved", "location", "is_here"), cells
    )
    sizes |= dict.fromkeys(("buy_row", "buy_room", "buy_usd", "buy_off", "best_bought", "buy_qty"), rows)
    sizes |= dict.fromkeys(("piece_source", "piece_width"), lots + rows)
    sizes |= dict.fromkeys(("seg_slope", "seg_width", "seg_piece"), segments)
    sizes |= dict.fromkeys(("segs_from", "segs_to", "at", "part", "flow", "up", "down"), cells + classes)
    sizes |= dict.fromkeys(("p", "excess", "dist", "hops", "via", "previous", "done"), members + classes)
    spaces = {
        name: np.zeros(sizes.get(name, classes) + 4, types[kind.__forward_arg__])
        for name, kind in House.__annotations__.items()
    }
    spaces["class_of"][:] = -1
    return House(**spaces)
