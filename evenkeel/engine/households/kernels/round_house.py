"""From the exact lists of a household to rounded ones: what may be traded in which steps, where the search starts, what it found."""

from __future__ import annotations

import numpy as np

from evenkeel.engine.households.kernels.house_moves import may_stand, put_item
from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.levels import level_of, levels_of_lot, levels_of_purchase, lifted, makes_sense, qty_at
from evenkeel.engine.kernels.load import spendable
from evenkeel.engine.kernels.round_book import allowance_of_lot

MEMBER_CASH_AFTER = 2


@inner
def set_items(r, h, members, classes, width, rows, lot_count, accounts, universes, lots):  # type: ignore[no-untyped-def]
    """Write all lots and purchases, their steps and reduced costs at `h.mu` and `h.pi`. `rows`: the most securities of a universe.

    Return the first member with a step that makes no sense; -1: there is none.
    """
    for m in range(members):
        a = r.account[m]
        start = universes.rows_from[accounts.universe[a]]
        for k in range(1, classes):
            cell = m * width + k
            away = h.location[m * width] - h.location[cell]
            dollar = h.mu[m] + h.pi[k] + h.location[cell]
            for t in range(h.lots_to[cell] - h.lots_from[cell] + h.buys_to[cell] - h.buys_from[cell]):
                o = h.lots_from[cell] + t
                if o < h.lots_to[cell]:
                    n = h.order[o]
                    row, j = h.lot_row[n], accounts.lots_from[a] + n - h.lots_first[m]
                else:
                    b = h.buys_from[cell] + o - h.lots_to[cell]
                    n, row, j = lot_count + b, h.buy_row[b], -1
                step, price = universes.step[row], universes.price[row]
                if not makes_sense(step, universes.min_ticket[row]):
                    return m
                r.member[n], r.klass[n], r.row[n], r.lot[n], r.slot[n] = m, k, row, j, m * rows + row - start
                if j >= 0:
                    r.units[n], r.unit_usd[n], r.most[n], r.whole[n] = levels_of_lot(
                        step, price, h.room[n], lots.qty[j]
                    )
                    r.frac[n] = universes.sell_cost[row] + away
                    r.reduced[n], r.room[n] = h.cost[n] - dollar, h.room[n]
                else:
                    room = h.buy_room[n - lot_count]
                    r.units[n], r.unit_usd[n], r.most[n], r.whole[n] = levels_of_purchase(step, price, room)
                    r.frac[n] = universes.buy_cost[row] - away
                    r.reduced[n] = universes.buy_cost[row] + dollar
                    # One that pays without a cap of its own shares what the account could spend.
                    r.room[n] = room if room < spendable(h.nav[m], h.cash[m]) or r.reduced[n] >= 0.0 else np.nan
    return -1


@inner
def set_places(r, h, members, classes, total, accounts, plans, exact):  # type: ignore[no-untyped-def]
    """Write where penalties bend, and what no account's cash may fall under.

    That are floors which the exact lists keep, and no account overdrawn, or more so, by rounding.
    """
    for k in range(classes):
        r.lower[k], r.target[k], r.upper[k] = h.lower[k] * total, h.target[k] * total, h.upper[k] * total
    n = 0
    for m in range(members):
        a = r.account[m]
        plan, after = accounts.plan[a], exact.member_figures[a, MEMBER_CASH_AFTER]
        floor = min(0.0, max(after, min(0.0, h.cash[m])))
        r.bends_from[m] = n
        if plan >= 0:
            for t in range(plans.rows_from[plan], plans.rows_from[plan + 1]):
                at = plans.at_frac[t] * h.nav[m] + plans.at_usd[t]
                if plans.is_floor[t] and after >= at - 1e-6:
                    floor = max(floor, at)
                r.bends[n] = at
                n += 1
        r.bends[n], r.bends[n + 1] = 0.0, floor
        n += 2
        r.bends_to[m], r.floor[m] = n, floor


@inner
def clear_lists(r, h, members, classes, items):  # type: ignore[no-untyped-def]
    """Take every trade back."""
    for k in range(classes):
        r.now[k] = h.class_held[k]
    for m in range(members):
        r.net[m] = 0
    for n in range(items):
        r.sold[r.slot[n]], r.bought[r.slot[n]] = 0, 0
        r.level[n], r.cents[n] = 0, 0


@inner
def start_lists(r, h, members, classes, width, lot_count, items, accounts, universes, exact):  # type: ignore[no-untyped-def]
    """Set every level to the nearest of the exact lists, orders under their minimum left out."""
    for m in range(members):
        a = r.account[m]
        for t in range(exact.trades_begin[a], exact.trades_end[a]):
            n = -1
            if exact.trade_lot[t] >= 0:
                n = h.lots_first[m] + exact.trade_lot[t] - accounts.lots_from[a]
            else:
                for k in range(1, classes):
                    for b in range(h.buys_from[m * width + k], h.buys_to[m * width + k]):
                        if h.buy_row[b] == exact.trade_row[t]:
                            n = lot_count + b
            if n < 0 or r.most[n] == 0:
                continue
            usd = exact.trade_usd[t]
            level = level_of(usd, r.unit_usd[n], r.most[n])
            if n < lot_count and usd >= h.room[n] - 0.5 * r.unit_usd[n]:
                level = r.most[n]
            elif level < r.most[n] and usd - level * r.unit_usd[n] > 0.5 * r.unit_usd[n]:
                level += 1
            put_item(r, n, level, universes)
            if r.cents[n] * 0.01 < accounts.dust[a]:
                put_item(r, n, 0, universes)
    for n in range(items):
        if r.level[n] > 0 and not may_stand(r, n, universes):
            side = r.sold[r.slot[n]] if n < lot_count else r.bought[r.slot[n]]
            lacks = universes.min_ticket[r.row[n]] * 100.0 - side
            put_item(r, n, lifted(r.level[n], r.most[n], r.unit_usd[n], lacks), universes)


@inner
def write_lists(r, h, lot_count, items, universes, lots):  # type: ignore[no-untyped-def]
    """Write the levels as dollars and units."""
    for n in range(items):
        j = r.lot[n]
        qty = qty_at(r.level[n], r.most[n], r.units[n], universes.price[r.row[n]], lots.qty[j] if j >= 0 else -1.0)
        if j >= 0:
            h.sold[n], h.sold_qty[n] = r.cents[n] / 100.0, qty
        else:
            h.buy_usd[n - lot_count], h.buy_qty[n - lot_count] = r.cents[n] / 100.0, qty


@inner
def house_allowance(r, h, lot_count, universes, lots):  # type: ignore[no-untyped-def]
    """Return how far rounding values to the cent may take the lists under the bound."""
    total = 0.0
    for n in range(lot_count):
        if r.most[n] > 0:
            j, more, price = r.lot[n], r.whole[n] * 0.01 - h.room[n], universes.price[r.row[n]]
            total += allowance_of_lot(more, -r.reduced[n], lots.basis[j], lots.rate[j], price, r.units[n], r.most[n])
    return total
