"""The network's arcs: what each cell, each account's cash and each class cost along their flow, as segments by rising slope.

Flows are dollars held. A cell goes from everything sold to everything bought; cash and classes are bounded by more than there is.
"""

from __future__ import annotations

import numpy as np

from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.load import spendable
from evenkeel.engine.kernels.segments import corners


@inner
def build_cells(h, members, classes, width, universes):  # type: ignore[no-untyped-def]
    """Write the segments of every cell but cash; lots and purchases that are off are left out. Return how many.

    Lots of one cost are one segment; within it they are kept in their order.
    """
    g, n = 0, 0
    for m in range(members):
        for k in range(1, classes):
            cell = m * width + k
            h.segs_from[cell] = g
            least, buy_left = h.held[cell], spendable(h.nav[m], h.cash[m])
            o, b = h.lots_from[cell], h.buys_from[cell]
            was_keep, was_slope = False, np.nan
            while True:
                while o < h.lots_to[cell] and (h.room[h.order[o]] <= 0.0 or h.sell_off[h.order[o]]):
                    o += 1
                while b < h.buys_to[cell] and (h.buy_off[b] or buy_left <= 0.0):
                    b += 1
                has_lot, has_buy = o < h.lots_to[cell], b < h.buys_to[cell]
                if not has_lot and not has_buy:
                    break
                is_keep = has_lot and (not has_buy or -h.cost[h.order[o]] <= universes.buy_cost[h.buy_row[b]])
                if is_keep:
                    i = h.order[o]
                    source, slope, amount = i, -h.cost[i], h.room[i]
                    least -= amount
                    o += 1
                else:
                    source, slope, amount = -1 - b, universes.buy_cost[h.buy_row[b]], min(h.buy_room[b], buy_left)
                    buy_left -= amount
                    b += 1
                if not (is_keep == was_keep and slope == was_slope):
                    h.seg_slope[g], h.seg_width[g], h.seg_piece[g] = slope + h.location[cell], 0.0, n
                    was_keep, was_slope = is_keep, slope
                    g += 1
                h.piece_source[n], h.piece_width[n] = source, amount
                h.seg_width[g - 1] += amount
                n += 1
            h.segs_to[cell] = g
            h.flow[cell] = least
    h.seg_piece[g] = n
    return g


@inner
def add_places(h, g, arc, first_slope, at, up, count, start, edge):  # type: ignore[no-untyped-def]
    """Write the segments between ascending places, from start to edge, and return the count of segments."""
    h.segs_from[arc] = g
    h.flow[arc] = start
    slope, left = first_slope, start
    for i in range(count + 1):
        right = edge if i == count else min(max(at[i], start), edge)
        if right > left:
            h.seg_slope[g], h.seg_width[g] = slope, right - left
            g += 1
            left = right
        if i < count:
            slope += up[i]
    h.segs_to[arc] = g
    return g


@inner
def build_places(h, s, members, classes, width, g, total, edge, target_cost, band_cost, accounts, plans, member, place):  # type: ignore[no-untyped-def]
    """Write the segments of each member's cash and of each class."""
    for m in range(members):
        a = member[place + m]
        # Overdrawn cash costs as a dollar outside a band does, and no account pays with money that it does not have.
        first = -band_cost
        s.cash_at[0], s.cash_jump[0] = 0.0, band_cost
        n = 1
        if accounts.plan[a] >= 0:
            for r in range(plans.rows_from[accounts.plan[a]], plans.rows_from[accounts.plan[a] + 1]):
                s.cash_at[n] = plans.at_frac[r] * h.nav[m] + plans.at_usd[r]
                s.cash_jump[n] = plans.below[r] + plans.above[r]
                first -= plans.below[r]
                j = n
                while j > 0 and s.cash_at[j] < s.cash_at[j - 1]:
                    s.cash_at[j], s.cash_at[j - 1] = s.cash_at[j - 1], s.cash_at[j]
                    s.cash_jump[j], s.cash_jump[j - 1] = s.cash_jump[j - 1], s.cash_jump[j]
                    j -= 1
                n += 1
        g = add_places(
            h, g, m * width, first + h.location[m * width], s.cash_at, s.cash_jump, n, min(0.0, h.cash[m]), edge
        )
    for k in range(classes):
        corners(
            h.lower[k] * total,
            h.target[k] * total,
            h.upper[k] * total,
            target_cost,
            band_cost,
            s.corner_at,
            s.corner_up,
        )
        arc = members * width + k
        g = add_places(h, g, arc, -(target_cost + band_cost), s.corner_at, s.corner_up, 3, -edge, edge)


@inner
def refresh(h, arc):  # type: ignore[no-untyped-def]
    """Write the arc's slopes up and down from where it stands."""
    g = h.at[arc]
    h.up[arc] = h.seg_slope[g] if g < h.segs_to[arc] else np.inf
    if h.part[arc] > 0.0:
        h.down[arc] = h.seg_slope[g]
    else:
        h.down[arc] = h.seg_slope[g - 1] if g > h.segs_from[arc] else -np.inf


@inner
def settle(h, arc, price, wanted):  # type: ignore[no-untyped-def]
    """Put the arc at its own best where a dollar more costs its slope and `price`; among equals, as near to `wanted` dollars as can be."""
    g, flow = h.segs_from[arc], h.flow[arc]
    while g < h.segs_to[arc] and h.seg_slope[g] + price < 0.0:
        flow += h.seg_width[g]
        g += 1
    h.part[arc] = 0.0
    while g < h.segs_to[arc] and h.seg_slope[g] + price == 0.0 and flow < wanted:
        if wanted - flow < h.seg_width[g]:
            h.part[arc] = wanted - flow
            flow = wanted
            break
        flow += h.seg_width[g]
        g += 1
    h.at[arc], h.flow[arc] = g, flow
    refresh(h, arc)
