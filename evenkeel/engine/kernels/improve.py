"""The search for a better rounded list: single moves, then pairs, until none of them improves it.

What cannot be part of a better list is left out: trading it would lose more to the bound than the list at hand does.
"""

from __future__ import annotations

import numpy as np

from evenkeel.engine.kernels.jit import called, inner
from evenkeel.engine.kernels.levels import level_of, loss_of
from evenkeel.engine.kernels.moves import best_level, cash_cost, class_cost, is_ticket, item_cost, put

SWEEPS = 100
PAIRS_OF = 64
"""Pairs are tried among at most so many lots and purchases."""


@inner
def local_of(s, n, lot_count):  # type: ignore[no-untyped-def]
    """Return the class of lot or purchase n."""
    return s.local[n] if n < lot_count else s.emit_local[n - lot_count]


@inner
def total_cost(r, s, a, first, lot_count, items, count, cash, floor, nav, accounts, universes, lots, plans):  # type: ignore[no-untyped-def]
    """Return the objective of the levels at hand, with what cash lacks of the floor."""
    target_cost, band_cost, plan = accounts.target_cost[a], accounts.band_cost[a], accounts.plan[a]
    total = cash_cost(s, cash, nav, target_cost, band_cost, plan, plans, floor)
    for k in range(1, count):
        total += class_cost(s, k, r.now[k], nav, target_cost, band_cost)
    for n in range(items):
        if r.level[n] > 0:
            total += item_cost(r, s, n, r.level[n], first, lot_count, universes, lots)
    return total


@inner
def pick(r, items, spare):  # type: ignore[no-untyped-def]
    """List what may move, and return how many there are."""
    m = 0
    for n in range(items):
        if r.most[n] == 0:
            continue
        up = min(r.level[n] + 1, r.most[n]) if r.level[n] < r.most[n] else r.level[n] - 1
        low = min(
            loss_of(r.reduced[n], r.room[n], up * r.unit_usd[n]), loss_of(r.reduced[n], r.room[n], r.cents[n] * 0.01)
        )
        if low <= spare:
            r.active[m] = n
            m += 1
    return m


@called
def improve(r, s, a, start, first, lot_count, items, count, cash_before, net, floor, bends, bound, stop, nav, accounts, universes, lots, plans):  # type: ignore[no-untyped-def]  # noqa: E501  # fmt: skip
    """Search from the levels at hand. Return the net cents into cash and the objective, with what cash lacks of the floor."""
    least = max(1e-6, 1e-11 * nav)
    objective = total_cost(
        r, s, a, first, lot_count, items, count, cash_before + net * 0.01, floor, nav, accounts, universes, lots, plans
    )
    target_cost, band_cost, plan = accounts.target_cost[a], accounts.band_cost[a], accounts.plan[a]
    for _ in range(SWEEPS):
        spare = max(0.0, objective - bound)
        m = pick(r, items, spare)
        is_better = False
        for t in range(m):
            n = r.active[t]
            to, change = best_level(
                r, s, n, a, start, first, lot_count, local_of(s, n, lot_count), cash_before + net * 0.01, floor, bends, spare, nav,
                accounts, universes, lots, plans,
            )  # fmt: skip
            if change < -least:
                net += put(r, s, n, to, start, first, lot_count, local_of(s, n, lot_count), universes)
                objective += change
                is_better = True
        if is_better:
            continue
        if objective - bound <= stop:
            break
        m = min(m, PAIRS_OF)
        for t in range(m * 2):
            n, way = r.active[t // 2], 2 * (t % 2) - 1
            level, local = r.level[n], local_of(s, n, lot_count)
            row = s.row[n] if n < lot_count else s.buy_row[n - lot_count]
            # A cent more of one and less of another creeps: of what is traded in cents all or nothing is tried, the rest follows others.
            to = level + way if r.units[n] > 0.0 else (r.most[n] if way > 0 else np.int64(0))
            smallest = max(accounts.dust[a], universes.min_ticket[row])
            if to > 0 and to * r.unit_usd[n] < smallest:
                to = level_of(smallest, r.unit_usd[n], r.most[n]) + 1 if way > 0 else np.int64(0)
            if to < 0 or to > r.most[n] or to == level:
                continue
            if loss_of(r.reduced[n], r.room[n], to * r.unit_usd[n]) > spare:
                continue
            cash = cash_before + net * 0.01
            one = -item_cost(r, s, n, level, first, lot_count, universes, lots)
            one -= class_cost(s, local, r.now[local], nav, target_cost, band_cost)
            one -= cash_cost(s, cash, nav, target_cost, band_cost, plan, plans, floor)
            moved = put(r, s, n, to, start, first, lot_count, local, universes)
            if to > 0 and r.cents[n] * 0.01 < accounts.dust[a]:
                put(r, s, n, level, start, first, lot_count, local, universes)
                continue
            one += item_cost(r, s, n, to, first, lot_count, universes, lots)
            one += class_cost(s, local, r.now[local], nav, target_cost, band_cost)
            cash = cash_before + (net + moved) * 0.01
            one += cash_cost(s, cash, nav, target_cost, band_cost, plan, plans, floor)
            is_alone = is_ticket(r, row, start, universes)
            best, best_to, best_change = -1, np.int64(0), np.inf
            for q in range(m):
                other = r.active[q]
                other_row = s.row[other] if other < lot_count else s.buy_row[other - lot_count]
                if other == n or (not is_alone and other_row != row):
                    continue
                to_other, change = best_level(
                    r, s, other, a, start, first, lot_count, local_of(s, other, lot_count), cash, floor, bends, spare, nav,
                    accounts, universes, lots, plans,
                )  # fmt: skip
                if change < best_change:
                    best, best_to, best_change = other, to_other, change
            if one + best_change < -least:
                back, best_local = r.level[best], local_of(s, best, lot_count)
                more = put(r, s, best, best_to, start, first, lot_count, best_local, universes)
                if is_ticket(r, row, start, universes):
                    net += moved + more
                    objective += one + best_change
                    is_better = True
                    break
                put(r, s, best, back, start, first, lot_count, best_local, universes)
            put(r, s, n, level, start, first, lot_count, local, universes)
        if not is_better:
            break
    return net, objective
