"""One move of a rounded list: what it does to the objective, and the best level of one lot or purchase with all others as they are.

The cost of each is convex but for disallowed losses, so the best level lies next to a place where a penalty bends, or is a step away.
"""

from __future__ import annotations

import numpy as np

from evenkeel.engine.kernels.jit import called, inner
from evenkeel.engine.kernels.levels import cents_at, cost_at, level_of, loss_of, qty_at
from evenkeel.engine.kernels.penalties import penalty, plan_cost

FLOOR_COST = 1e4
"""Objective of a dollar under a floor that the exact list keeps: more than anything a policy asks for."""


@inner
def class_cost(s, k, h, nav, target_cost, band_cost):  # type: ignore[no-untyped-def]
    """Return the penalty of class k at value h."""
    return penalty(h, s.target[k] * nav, s.lower[k] * nav, s.upper[k] * nav, target_cost, band_cost)


@inner
def cash_cost(s, c, nav, target_cost, band_cost, plan, plans, floor):  # type: ignore[no-untyped-def]
    """Return the cost of cash c, and of what it lacks of `floor`."""
    r0, r1 = (plans.rows_from[plan], plans.rows_from[plan + 1]) if plan >= 0 else (0, 0)
    total = class_cost(s, 0, c, nav, target_cost, band_cost)
    total += plan_cost(c, nav, r0, r1, plans.at_frac, plans.at_usd, plans.below, plans.above)
    return total + FLOOR_COST * (floor - c) if c < floor - 1e-9 else total


@inner
def bends_of_cash(r, s, nav, plan, plans, floor):  # type: ignore[no-untyped-def]
    """Write where the cost of cash bends and return how many places."""
    r.bends[0], r.bends[1], r.bends[2] = s.lower[0] * nav, s.target[0] * nav, s.upper[0] * nav
    n = 3
    if plan >= 0:
        for t in range(plans.rows_from[plan], plans.rows_from[plan + 1]):
            r.bends[n] = plans.at_frac[t] * nav + plans.at_usd[t]
            n += 1
    r.bends[n] = floor
    return n + 1


@inner
def item_cost(r, s, n, level, first, lot_count, universes, lots):  # type: ignore[no-untyped-def]
    """Return what a level of lot or purchase n costs in tax, half-spread and fees."""
    if n < lot_count:
        row, j = s.row[n], first + n
        qty = qty_at(level, r.most[n], r.units[n], universes.price[row], lots.qty[j])
        usd = cents_at(level, r.most[n], r.units[n], universes.price[row], r.whole[n]) * 0.01
        return cost_at(lots.basis[j], lots.rate[j], lots.washed[j], qty, usd, universes.sell_cost[row])
    row = s.buy_row[n - lot_count]
    return universes.buy_cost[row] * cents_at(level, r.most[n], r.units[n], universes.price[row], r.whole[n]) * 0.01


@inner
def put(r, s, n, level, start, first, lot_count, local, universes):  # type: ignore[no-untyped-def]
    """Set the level of lot or purchase n, and return by how many cents it moves cash."""
    row = s.row[n] if n < lot_count else s.buy_row[n - lot_count]
    cents = cents_at(level, r.most[n], r.units[n], universes.price[row], r.whole[n])
    moved = cents - r.cents[n]
    r.level[n], r.cents[n] = level, cents
    if n < lot_count:
        r.sold[row - start] += moved
        r.now[local] -= moved * 0.01
        return moved
    r.bought[row - start] += moved
    r.now[local] += moved * 0.01
    return -moved


@inner
def is_ticket(r, row, start, universes):  # type: ignore[no-untyped-def]
    """Tell whether the orders of a security may stand: one side only, none under its minimum."""
    sold, bought = r.sold[row - start], r.bought[row - start]
    least = universes.min_ticket[row] * 100.0 - 1e-6
    return (sold == 0 or sold >= least) and (bought == 0 or bought >= least) and (sold == 0 or bought == 0)


@called
def best_level(  # type: ignore[no-untyped-def]
    r, s, n, a, start, first, lot_count, local, cash, floor, bends, spare, nav, accounts, universes, lots, plans
):
    """Return the best other level of lot or purchase n, and what it changes: below 0 is better; infinite where it has none.

    `spare`: what a list may lose to the bound at most, to be better than the one at hand.
    """
    target_cost, band_cost, plan, dust = (
        accounts.target_cost[a],
        accounts.band_cost[a],
        accounts.plan[a],
        accounts.dust[a],
    )
    is_lot = n < lot_count
    row = s.row[n] if is_lot else s.buy_row[n - lot_count]
    sign = 1.0 if is_lot else -1.0
    most, level, units, price, whole = r.most[n], r.level[n], r.units[n], universes.price[row], r.whole[n]
    h, usd = r.now[local], r.cents[n] * 0.01
    before = item_cost(r, s, n, level, first, lot_count, universes, lots)
    before += class_cost(s, local, h, nav, target_cost, band_cost)
    before += cash_cost(s, cash, nav, target_cost, band_cost, plan, plans, floor)
    side = r.sold[row - start] if is_lot else r.bought[row - start]
    other = r.bought[row - start] if is_lot else r.sold[row - start]
    ticket = universes.min_ticket[row] * 100.0 - 1e-6
    least = max(dust, (ticket - (side - r.cents[n])) * 0.01)
    best, best_change = np.int64(-1), np.inf
    for t in range(5 + 2 * (3 + bends)):
        if t < 2:
            to = level - 1 + 2 * t
        elif t == 2:
            to = np.int64(0)
        elif t == 3:
            to = most
        elif t == 4:
            to = level_of(least, r.unit_usd[n], most)
            if to * r.unit_usd[n] < least - 1e-9:
                to += 1
        else:
            place = (t - 5) // 2
            if place < 3:
                at = s.lower[local] if place == 0 else (s.target[local] if place == 1 else s.upper[local])
                more = sign * (h - at * nav)
            else:
                more = sign * (r.bends[place - 3] - cash)
            to = level_of(usd + more, r.unit_usd[n], most) + (t - 5) % 2
        if to < 0 or to > most or to == level:
            continue
        cents = cents_at(to, most, units, price, whole)
        now = cents * 0.01
        if to > 0 and (now < dust or other > 0):
            continue
        total = side - r.cents[n] + cents
        if total != 0 and total < ticket:
            continue
        if loss_of(r.reduced[n], r.room[n], now) > spare:
            continue
        moved = sign * (now - usd)
        change = item_cost(r, s, n, to, first, lot_count, universes, lots) - before
        change += class_cost(s, local, h - moved, nav, target_cost, band_cost)
        change += cash_cost(s, cash + moved, nav, target_cost, band_cost, plan, plans, floor)
        if change < best_change:
            best, best_change = to, change
    return best, best_change
