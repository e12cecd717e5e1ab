"""The convex cost of each class as segments: slope and width, by rising slope.

In a class, money flows net: d = bought - sold, from everything sold to everything bought. Along d the cheapest way is first to keep what is
dearest to sell (slope: minus its cost), last to buy (slope: its cost). The penalty adds its slope at V + d.
"""

from __future__ import annotations

from evenkeel.engine.arrays import F8, I8
from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.load import spendable
from evenkeel.engine.scratch import Scratch

INSERTION = 48


@inner
def is_after(cost: F8, one: int, other: int) -> bool:
    """Tell whether lot `one` comes after lot `other`: cheaper to sell, or equal and later."""
    if cost[one] != cost[other]:
        return bool(cost[one] < cost[other])
    return one > other


@inner
def heap_sort(order: I8, cost: F8, begin: int, end: int) -> None:
    """Sort order[begin:end] in place; for classes of very many lots."""
    count = end - begin
    for step in range(count // 2 + count - 1):
        if step < count // 2:
            root, size = count // 2 - 1 - step, count
        else:
            size = count - 1 - (step - count // 2)
            order[begin], order[begin + size] = order[begin + size], order[begin]
            root = 0
        while True:
            child = 2 * root + 1
            if child >= size:
                break
            if child + 1 < size and is_after(cost, order[begin + child + 1], order[begin + child]):
                child += 1
            if not is_after(cost, order[begin + child], order[begin + root]):
                break
            order[begin + root], order[begin + child] = order[begin + child], order[begin + root]
            root = child


@inner
def sort_lots(s: Scratch, lots: int, count: int) -> None:
    """Put the account's lots in order of class, dearest to sell first, equal ones as they came."""
    for k in range(count + 1):
        s.lots_at[k] = 0
    for i in range(lots):
        s.lots_at[s.local[i] + 1] += 1
    for k in range(count):
        s.lots_at[k + 1] += s.lots_at[k]
        s.filled[k] = s.lots_at[k]
    for i in range(lots):
        s.order[s.filled[s.local[i]]] = i
        s.filled[s.local[i]] += 1
    for k in range(count):
        begin, end = s.lots_at[k], s.lots_at[k + 1]
        if end - begin > INSERTION:
            heap_sort(s.order, s.cost, begin, end)
            continue
        for i in range(begin + 1, end):
            lot = s.order[i]
            j = i - 1
            while j >= begin and s.cost[s.order[j]] < s.cost[lot]:
                s.order[j + 1] = s.order[j]
                j -= 1
            s.order[j + 1] = lot


@inner
def corners(lower, target, upper, target_cost, band_cost, at, up):  # type: ignore[no-untyped-def]
    """Write where along the class's value the penalty's slope rises, ascending, and by how much."""
    at[0], at[1], at[2] = lower, target, upper
    up[0], up[1], up[2] = band_cost, 2.0 * target_cost, band_cost
    for i in (0, 1, 0):
        if at[i + 1] < at[i]:
            at[i], at[i + 1] = at[i + 1], at[i]
            up[i], up[i + 1] = up[i + 1], up[i]


@inner
def build_segments(s, count, nav, target_cost, band_cost, buy_cost, sell_off, buy_off):  # type: ignore[no-untyped-def]
    """Write the segments of every class but cash; lots and purchases marked in `sell_off` and `buy_off` are left out."""
    at, up = s.corner_at, s.corner_up
    n = 0
    s.segs_at[0] = 0
    s.segs_at[1] = 0
    for k in range(1, count):
        corners(s.lower[k] * nav, s.target[k] * nav, s.upper[k] * nav, target_cost, band_cost, at, up)
        h = s.held[k]
        for o in range(s.lots_at[k], s.lots_at[k + 1]):
            if not sell_off[s.order[o]]:
                h -= s.room[s.order[o]]
        corner, penalty, buy_left = 0, -(target_cost + band_cost), spendable(nav, s.held[0])
        o, b = s.lots_at[k], s.buys_at[k]
        while True:
            while o < s.lots_at[k + 1] and (s.room[s.order[o]] <= 0.0 or sell_off[s.order[o]]):
                o += 1
            while b < s.buys_at[k + 1] and (buy_off[b] or buy_left <= 0.0):
                b += 1
            has_lot, has_buy = o < s.lots_at[k + 1], b < s.buys_at[k + 1]
            if not has_lot and not has_buy:
                break
            if has_lot and (not has_buy or -s.cost[s.order[o]] <= buy_cost[s.buy_row[b]]):
                source, slope, left = s.order[o], -s.cost[s.order[o]], s.room[s.order[o]]
                o += 1
            else:
                source, slope, left = -1 - b, buy_cost[s.buy_row[b]], min(s.buy_room[b], buy_left)
                buy_left -= left
                b += 1
            while left > 0.0:
                while corner < 3 and at[corner] <= h:
                    penalty += up[corner]
                    corner += 1
                width = left
                if corner < 3 and at[corner] - h < left:
                    width = at[corner] - h
                    h = at[corner]
                else:
                    h += width
                s.slope[n], s.width[n], s.source[n] = slope + penalty, width, source
                n += 1
                left -= width
        s.segs_at[k + 1] = n


@inner
def build_cash(s, a, nav, cash, target_cost, band_cost, plan, plans):  # type: ignore[no-untyped-def]
    """Write where the slope of the cost of cash rises, ascending, and by how much; return how many places and the first slope.

    What the account has is one of the places, so that there always is one.
    """
    n, first = 4, -(target_cost + band_cost)
    s.cash_at[0], s.cash_at[1], s.cash_at[2] = s.lower[0] * nav, s.target[0] * nav, s.upper[0] * nav
    s.cash_jump[0], s.cash_jump[1], s.cash_jump[2] = band_cost, 2.0 * target_cost, band_cost
    s.cash_at[3], s.cash_jump[3] = cash, 0.0
    if plan >= 0:
        for r in range(plans.rows_from[plan], plans.rows_from[plan + 1]):
            s.cash_at[n] = plans.at_frac[r] * nav + plans.at_usd[r]
            s.cash_jump[n] = plans.below[r] + plans.above[r]
            first -= plans.below[r]
            n += 1
    for i in range(1, n):
        j = i
        while j > 0 and s.cash_at[j] < s.cash_at[j - 1]:
            s.cash_at[j], s.cash_at[j - 1] = s.cash_at[j - 1], s.cash_at[j]
            s.cash_jump[j], s.cash_jump[j - 1] = s.cash_jump[j - 1], s.cash_jump[j]
            j -= 1
    return n, first
