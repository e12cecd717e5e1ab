"""Harvest a security or buy it, not both.

A loss that pays more than the round trip would be sold and bought back at once, which the linear problem cannot forbid. Where it happens,
both sides are tried: a branch for each, left as soon as its own bound says that it cannot win. The bound of the whole is the least of all
branches' bounds.
"""

from __future__ import annotations

import numpy as np

from evenkeel.engine.arrays import F8
from evenkeel.engine.kernels.certificate import bound, class_prices
from evenkeel.engine.kernels.fill import fill
from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.judge import clean, judge
from evenkeel.engine.kernels.segments import build_cash, build_segments
from evenkeel.engine.scratch import Scratch

NODES = 2_000


@inner
def copy(source: F8, target: F8, count: int) -> None:
    """Copy the first `count` numbers."""
    for i in range(count):
        target[i] = source[i]


@inner
def both_sides(s: Scratch, lot_count: int, buys: int) -> int:
    """Return a purchase whose security is sold too, or -1."""
    for b in range(buys):
        if s.buy_usd[b] > 0.0:
            for i in range(lot_count):
                if s.sold[i] > 0.0 and s.row[i] == s.buy_row[b]:
                    return b
    return -1


@inner
def solve_once(s, a, lot_count, count, nav, cash, accounts, universes, plans, sell_off, buy_off):  # type: ignore[no-untyped-def]
    """Fill `sold`, `buy_usd` and `pi`, and return mu. Prices come before crumbs are cleaned away, which would blur them."""
    target_cost, band_cost, plan = accounts.target_cost[a], accounts.band_cost[a], accounts.plan[a]
    build_segments(s, count, nav, target_cost, band_cost, universes.buy_cost, sell_off, buy_off)
    places, first_slope = build_cash(s, a, nav, cash, target_cost, band_cost, plan, plans)
    mu = fill(s, count, cash, places, first_slope)
    class_prices(s, count, nav, mu, target_cost, band_cost, universes.buy_cost, sell_off, buy_off)
    clean(s, lot_count, count, nav, accounts.dust[a])
    return mu


@inner
def mark(s: Scratch, lot_count: int, buys: int, row: int, no_sell: int, no_buy: int, sell_off, buy_off) -> None:  # type: ignore[no-untyped-def]
    """Bar or allow both sides of a security."""
    for i in range(lot_count):
        if s.row[i] == row:
            sell_off[i] = no_sell
    for b in range(buys):
        if s.buy_row[b] == row:
            buy_off[b] = no_buy


@inner
def choose(s, a, first, lot_count, count, nav, cash, accounts, universes, lots, plans, figures, sell_off, buy_off):  # type: ignore[no-untyped-def]
    """Search the branches, leave the best trades in `s`, and return their mu and the bound of all branches.

    Past NODES branches what is left is not searched: its bound counts, so that the gap says what may have been missed.
    """
    target_cost, band_cost, plan, buys = (
        accounts.target_cost[a],
        accounts.band_cost[a],
        accounts.plan[a],
        s.buys_at[count],
    )
    best, best_mu, proven = np.inf, 0.0, np.inf
    rows, is_second = s.branch_row, s.branch_second
    depth, nodes = 0, 0
    while True:
        mu = solve_once(s, a, lot_count, count, nav, cash, accounts, universes, plans, sell_off, buy_off)
        node = bound(
            s,
            count,
            lot_count,
            nav,
            cash,
            mu,
            target_cost,
            band_cost,
            plan,
            plans,
            universes.buy_cost,
            sell_off,
            buy_off,
        )
        nodes += 1
        b = both_sides(s, lot_count, buys)
        is_left = node >= best or (nodes > NODES and best < np.inf)
        if b >= 0 and not is_left:
            rows[depth], is_second[depth] = s.buy_row[b], 0
            mark(s, lot_count, buys, rows[depth], 0, 1, sell_off, buy_off)
            depth += 1
            continue
        proven = min(proven, node)
        if b < 0:
            objective = judge(
                s, a, first, lot_count, count, nav, cash, accounts, universes, lots, plans, figures, False
            )
            if objective < best:
                best, best_mu = objective, mu
                copy(s.sold, s.best_sold, lot_count)
                copy(s.buy_usd, s.best_bought, buys)
                copy(s.pi, s.best_pi, count)
        while depth > 0 and is_second[depth - 1]:
            depth -= 1
            mark(s, lot_count, buys, rows[depth], 0, 0, sell_off, buy_off)
        if depth == 0:
            break
        is_second[depth - 1] = 1
        mark(s, lot_count, buys, rows[depth - 1], 1, 0, sell_off, buy_off)
    copy(s.best_sold, s.sold, lot_count)
    copy(s.best_bought, s.buy_usd, buys)
    copy(s.best_pi, s.pi, count)
    return best_mu, proven
